/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's links: arithmetic of one transfer, sharing of many, and that no byte is lost. */
#include "tests/support/check_main.h"

#include "protocol/rng.h"
#include "sim/network.h"

enum { HOSTS = 6, SEGMENTS = 2, END = 1 };

static const uint32_t segment_of[HOSTS] = {0, 0, 0, 1, 1, 1};

/* 1 MB/s of payload on the LAN, a tenth of it on the WAN, two tenths at the source. */
static struct weft_sim_network *build(struct weft_sim_queue *queue)
{
    struct weft_sim_network_shape shape = {
        .host_count = HOSTS,
        .segment_count = SEGMENTS,
        .segment_of = segment_of,
        .lan_bytes_per_s = 1044933, /* times 957/1000 = 1,000,000 */
        .wan_bytes_per_s = 104494,
        .source_bytes_per_s = 208987,
        .lan_delay_ns = 200000,
        .wan_delay_ns = 10000000,
        .seed = 1,
    };
    return weft_sim_network_new(&shape, queue);
}

static weft_ns start(struct weft_sim_network *network, uint32_t from, uint32_t to, uint32_t bytes)
{
    struct weft_sim_transfer transfer = {
        .from = from, .to = to, .bytes = bytes, .kind = END, .node = to, .owner = bytes};
    return weft_sim_network_start(network, &transfer);
}

static weft_ns finish(struct weft_sim_queue *queue)
{
    struct weft_sim_entry *entry = weft_sim_queue_pop(queue);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(entry->kind, END);
    weft_ns time_ns = entry->time_ns;
    weft_sim_queue_drop(queue, entry);
    return time_ns;
}

static void near_to(weft_ns time_ns, weft_ns expected_ns)
{
    ck_assert_uint_ge(time_ns + expected_ns / 1000, expected_ns);
    ck_assert_uint_le(time_ns, expected_ns + expected_ns / 1000);
}

START_TEST(test_one_transfer)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    struct weft_sim_network *network = build(queue);
    ck_assert_uint_eq(start(network, 0, 1, 1000000), 0);
    near_to(finish(queue), WEFT_NS_PER_S);
    start(network, 0, 3, 100000);
    near_to(finish(queue), 2 * WEFT_NS_PER_S);
    start(network, WEFT_SIM_SOURCE, 4, 100000);
    near_to(finish(queue), 3 * WEFT_NS_PER_S);
    ck_assert_uint_eq(weft_sim_network_delay(network, 0, 1), 200000);
    ck_assert_uint_eq(weft_sim_network_delay(network, 0, 5), 10000000);
    ck_assert_uint_eq(weft_sim_network_delay(network, WEFT_SIM_SOURCE, 5), 10000000);
    weft_sim_network_free(network);
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_a_link_serves_in_order)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    struct weft_sim_network *network = build(queue);
    start(network, 0, 1, 100000);
    start(network, 0, 2, 100000); /* shares the up side of host 0 */
    start(network, 4, 5, 100000); /* shares nothing */
    near_to(finish(queue), WEFT_NS_PER_S / 10);
    near_to(finish(queue), WEFT_NS_PER_S / 10);
    near_to(finish(queue), WEFT_NS_PER_S / 5);
    weft_sim_network_free(network);
    weft_sim_queue_free(queue);
}
END_TEST

/* Four transfers of 100 ms are under way; one of 1 ms takes five times its own time. */
START_TEST(test_a_short_transfer_gets_its_share)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    struct weft_sim_network *network = build(queue);
    for (int i = 0; i < 4; i++) {
        start(network, 0, 1, 100000);
    }
    start(network, 0, 2, 1000);
    near_to(finish(queue), 5 * WEFT_NS_PER_MS);
    for (weft_ns i = 1; i <= 4; i++) {
        near_to(finish(queue), i * WEFT_NS_PER_S / 10);
    }
    start(network, 0, 1, 100000);
    near_to(finish(queue), 501 * WEFT_NS_PER_MS); /* its bytes have taken their time */
    weft_sim_network_free(network);
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_bytes_are_conserved_and_rates_kept)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    struct weft_sim_network *network = build(queue);
    uint64_t rng = (uint64_t)_i + 1;
    uint64_t total = 0;
    weft_ns last_ns = 0;
    for (int i = 0; i < 500; i++) {
        uint32_t to = weft_rng_below(&rng, HOSTS);
        uint32_t from = weft_rng_below(&rng, HOSTS + 1);
        from = from == HOSTS ? WEFT_SIM_SOURCE : (from == to ? (to + 1) % HOSTS : from);
        uint32_t bytes = 1 + weft_rng_below(&rng, 50000);
        start(network, from, to, bytes);
        total += bytes;
        if (weft_rng_below(&rng, 2) == 0) {
            last_ns = finish(queue);
        }
    }
    while (weft_sim_queue_count(queue) > 0) {
        last_ns = finish(queue);
    }
    uint64_t up = weft_sim_network_source(network).payload_bytes;
    uint64_t down = 0;
    for (uint32_t i = 0; i < HOSTS; i++) {
        struct weft_sim_link_bytes out = weft_sim_network_host(network, i, true);
        up += out.payload_bytes;
        down += weft_sim_network_host(network, i, false).payload_bytes;
        ck_assert_uint_le(out.payload_bytes * 999, last_ns + 50000000);
    }
    ck_assert_uint_eq(up, total);
    ck_assert_uint_eq(down, total);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        uint64_t in = weft_sim_network_wan(network, i, false).payload_bytes;
        ck_assert_uint_le(in * 9990, last_ns + 500000000); /* a long transfer still under way */
    }
    weft_sim_network_free(network);
    weft_sim_queue_free(queue);
}
END_TEST

START_TEST(test_control_is_counted_and_delayed)
{
    struct weft_sim_queue *queue = weft_sim_queue_new();
    struct weft_sim_network *network = build(queue);
    for (int i = 0; i < 100; i++) {
        weft_ns delay_ns = weft_sim_network_control(network, 0, 3, 10);
        ck_assert_uint_ge(delay_ns, 10000000);
        ck_assert_uint_le(delay_ns, 12500000);
    }
    ck_assert_uint_eq(weft_sim_network_host(network, 0, true).control_bytes, 1000);
    ck_assert_uint_eq(weft_sim_network_wan(network, 0, true).control_bytes, 1000);
    ck_assert_uint_eq(weft_sim_network_wan(network, 1, false).control_bytes, 1000);
    ck_assert_uint_eq(weft_sim_network_host(network, 3, false).control_bytes, 0);
    ck_assert_uint_eq(weft_sim_network_host(network, 3, true).control_bytes, 0);
    ck_assert(!weft_sim_network_loses(network, 0));
    weft_sim_network_free(network);
    weft_sim_queue_free(queue);
}
END_TEST

static Suite *sim_network_suite(void)
{
    Suite *suite = suite_create("sim_network");
    WEFT_ADD(suite, test_one_transfer);
    WEFT_ADD(suite, test_a_link_serves_in_order);
    WEFT_ADD(suite, test_a_short_transfer_gets_its_share);
    weft_check_add_rows(suite, "test_bytes_are_conserved_and_rates_kept",
                        test_bytes_are_conserved_and_rates_kept, 20);
    WEFT_ADD(suite, test_control_is_counted_and_delayed);
    return suite;
}

WEFT_CHECK_MAIN(sim_network_suite)
