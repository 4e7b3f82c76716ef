/* SPDX-License-Identifier: Apache-2.0 */
/* Who is where in the simulator: names and addresses lead back to the node, segments hold their
 * nodes; and the small languages of its flags. */
#include "tests/support/check_main.h"

#include "protocol/address.h"
#include "sim/bound.h"
#include "sim/options.h"
#include "sim/pool.h"
#include "sim/topology.h"

static const struct {
    uint32_t nodes;
    uint32_t segments;
} shapes[] = {{1, 1}, {24, 4}, {1000, 7}, {10000, 100}, {20000, 300}, {100000, 400}};

START_TEST(test_names_and_addresses_lead_back)
{
    struct weft_sim_topology topology;
    struct weft_sim_line line = {1000, 2000};
    weft_sim_topology_begin(&topology, 7, shapes[_i].nodes, shapes[_i].segments, line);
    for (uint32_t i = 0; i < shapes[_i].nodes; i += 1 + i / 50) {
        struct weft_endpoint endpoint = weft_sim_topology_endpoint(&topology, i);
        ck_assert_uint_ne(endpoint.id, 0);
        ck_assert_uint_eq(weft_sim_topology_by_id(&topology, endpoint.id), i);
        ck_assert_uint_eq(weft_sim_topology_by_address(&topology, &endpoint.address), i);
        uint32_t segment = topology.segment_of[i];
        ck_assert_uint_ge(i, weft_sim_topology_first(&topology, segment));
        ck_assert_uint_lt(i, weft_sim_topology_first(&topology, segment + 1));
        ck_assert_uint_eq(topology.sites[weft_sim_topology_site(&topology, i)].line.up_bytes_per_s,
                          1000);
        struct weft_prefix own = weft_sim_topology_prefix(&topology, segment);
        ck_assert(weft_prefix_contains(&own, endpoint.address.ip));
        uint32_t other = (segment + 1) % shapes[_i].segments;
        struct weft_prefix next = weft_sim_topology_prefix(&topology, other);
        ck_assert(other == segment || !weft_prefix_contains(&next, endpoint.address.ip));
        endpoint.address.port++;
        ck_assert_uint_eq(weft_sim_topology_by_address(&topology, &endpoint.address),
                          WEFT_SIM_NOBODY);
        ck_assert_uint_eq(weft_sim_topology_by_id(&topology, endpoint.id ^ (UINT64_C(1) << 60)),
                          WEFT_SIM_NOBODY);
    }
    ck_assert_uint_eq(weft_sim_topology_by_id(&topology, 0), WEFT_SIM_NOBODY);
    weft_sim_topology_end(&topology);
}
END_TEST

START_TEST(test_delays)
{
    weft_ns ns = 77;
    ck_assert(weft_sim_options_read_delay("0.2ms", &ns));
    ck_assert_uint_eq(ns, 200000);
    ck_assert(weft_sim_options_read_delay("10us", &ns));
    ck_assert_uint_eq(ns, 10000);
    ck_assert(weft_sim_options_read_delay("1.5min", &ns));
    ck_assert_uint_eq(ns, 90 * WEFT_NS_PER_S);
    static const char *const bad[] = {"",      "5",   "ms",           "1.2.3s", "-1s",
                                      "0.1ns", "1 s", "99999999999h", "1sx",    ".5s"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!weft_sim_options_read_delay(bad[i], &ns), "%s", bad[i]);
    }
    ck_assert_uint_eq(ns, 90 * WEFT_NS_PER_S);
}
END_TEST

START_TEST(test_faults)
{
    struct weft_sim_kill kill;
    ck_assert(weft_sim_options_read_kill("agent@50%", &kill));
    ck_assert_int_eq(kill.victim, WEFT_SIM_VICTIM_AGENT);
    ck_assert(kill.when.is_share);
    ck_assert_uint_eq(kill.when.percent, 50);
    ck_assert_uint_eq(kill.away_ns, WEFT_NS_NEVER);
    ck_assert(weft_sim_options_read_kill("first@12s+5s", &kill));
    ck_assert_int_eq(kill.victim, WEFT_SIM_VICTIM_FIRST);
    ck_assert_uint_eq(kill.when.after_ns, 12 * WEFT_NS_PER_S);
    ck_assert_uint_eq(kill.away_ns, 5 * WEFT_NS_PER_S);
    ck_assert(!weft_sim_options_read_kill("agent", &kill));
    ck_assert(!weft_sim_options_read_kill("agent@101%", &kill));
    ck_assert(!weft_sim_options_read_kill("agent@50%+", &kill));
    ck_assert(!weft_sim_options_read_kill("nobody@50%", &kill));
    struct weft_sim_outage outage;
    ck_assert(weft_sim_options_read_outage("50%,60s", &outage));
    ck_assert_uint_eq(outage.length_ns, 60 * WEFT_NS_PER_S);
    ck_assert(!weft_sim_options_read_outage("50%", &outage));
    uint32_t ppm = 0;
    ck_assert(weft_sim_options_read_loss("0.5%", &ppm));
    ck_assert_uint_eq(ppm, 5000);
    ck_assert(weft_sim_options_read_loss("300ppm", &ppm));
    ck_assert_uint_eq(ppm, 300);
    ck_assert(!weft_sim_options_read_loss("91%", &ppm));
    ck_assert(!weft_sim_options_read_loss("1", &ppm));
}
END_TEST

/* The bounds of the lab's scenario B: 13.42 s, and 26.84 s with a copy from the source each. */
START_TEST(test_bound_of_branches)
{
    struct weft_sim_options options = {.segment_count = 4,
                                       .node_count = 24,
                                       .size_bytes = 32 << 20,
                                       .lan_bytes_per_s = 25000000,
                                       .wan_bytes_per_s = 2500000,
                                       .source_bytes_per_s = 5000000};
    struct weft_sim_bound bound = weft_sim_bound(&options);
    ck_assert_uint_eq(bound.fluid_ns / 10000000, 1342);
    ck_assert_uint_eq(bound.one_copy_ns / 10000000, 2684);
    options.lan_bytes_per_s = options.wan_bytes_per_s = options.source_bytes_per_s = 0;
    ck_assert_uint_eq(weft_sim_bound(&options).fluid_ns, 0);
}
END_TEST

START_TEST(test_pool_notices_what_is_gone)
{
    enum { MANY = 10000 };
    struct record {
        struct weft_sim_slot slot;
        uint64_t value;
    };
    static uint64_t handles[MANY];
    struct weft_sim_pool pool;
    weft_sim_pool_begin(&pool, sizeof(struct record));
    for (uint64_t i = 0; i < MANY; i++) {
        struct record *record = weft_sim_pool_take(&pool);
        record->value = i;
        handles[i] = weft_sim_pool_handle(record);
    }
    for (uint64_t i = 0; i < MANY; i += 2) {
        weft_sim_pool_give(&pool, weft_sim_pool_find(&pool, handles[i]));
    }
    for (uint64_t i = 0; i < MANY; i += 2) {
        struct record *record = weft_sim_pool_take(&pool);
        ck_assert_uint_eq(record->value, 0);
        ck_assert_ptr_null(weft_sim_pool_find(&pool, handles[i]));
        const struct record *kept = weft_sim_pool_find(&pool, handles[i + 1]);
        ck_assert_ptr_nonnull(kept);
        ck_assert_uint_eq(kept->value, i + 1);
    }
    ck_assert_uint_eq(pool.live_count, MANY);
    weft_sim_pool_end(&pool);
}
END_TEST

static Suite *sim_topology_suite(void)
{
    Suite *suite = suite_create("sim_topology");
    WEFT_ADD_ROWS(suite, test_names_and_addresses_lead_back, shapes);
    WEFT_ADD(suite, test_delays);
    WEFT_ADD(suite, test_faults);
    WEFT_ADD(suite, test_bound_of_branches);
    WEFT_ADD(suite, test_pool_notices_what_is_gone);
    return suite;
}

WEFT_CHECK_MAIN(sim_topology_suite)
