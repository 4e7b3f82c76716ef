/* SPDX-License-Identifier: Apache-2.0 */
/* How many chunks are asked of other segments at a time follows how quickly they come; and who is
 * quick is asked more. What the source is asked for beside that. */
#include "tests/support/check_main.h"

#include "protocol/bandwidth.h"
#include "protocol/trade.h"
#include "tests/support/fixture.h"

#define FAR UINT64_C(1000)
#define LINKS 12
#define CHUNKS 64

static struct fixture fixture;

static void begin(uint64_t seed)
{
    struct weft_config config = fixture_config();
    config.links_max = WEFT_LINKS_MAX;
    config.seed = seed;
    fixture = fixture_new(&config);
    fixture_become_agent(&fixture);
    fixture_release(&fixture, CHUNKS);
}

static void setup(void)
{
    begin(1);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* Chunks under way from |links| far neighbours that have all, if one takes so long. */
static uint32_t asked_of(uint32_t links, weft_ns far_ns)
{
    fixture.core->wants.far_ns = far_ns;
    for (weft_node_id id = FAR; id < FAR + links; id++) {
        fixture_link(&fixture, id)->sends = true;
    }
    for (weft_node_id id = FAR; id < FAR + links; id++) {
        fixture_peer_has(&fixture, id, 0, CHUNKS);
    }
    weft_trade_fill(fixture.core);
    return fixture.core->wants.far_count;
}

START_TEST(where_they_come_slowly_few_are_asked)
{
    ck_assert_uint_eq(asked_of(LINKS, WEFT_NS_PER_S), 10);
}
END_TEST

START_TEST(where_they_come_very_slowly_fewer_are_asked)
{
    ck_assert_uint_eq(asked_of(LINKS, 4 * WEFT_NS_PER_S), 5);
}
END_TEST

START_TEST(there_is_a_least)
{
    ck_assert_uint_eq(asked_of(LINKS, 60 * WEFT_NS_PER_S), 4);
}
END_TEST

START_TEST(where_nothing_is_known_few_are_asked)
{
    ck_assert_uint_eq(asked_of(LINKS, 0), 10);
}
END_TEST

START_TEST(where_they_come_quickly_more_are_asked)
{
    ck_assert_uint_eq(asked_of(LINKS, 75 * WEFT_NS_PER_MS), 20);
}
END_TEST

START_TEST(there_is_a_most)
{
    ck_assert_uint_eq(asked_of(LINKS, WEFT_NS_PER_MS), 32);
}
END_TEST

START_TEST(one_neighbour_is_asked_for_two_where_they_come_slowly)
{
    ck_assert_uint_eq(asked_of(1, WEFT_NS_PER_S), 2);
}
END_TEST

START_TEST(one_neighbour_is_asked_for_four_at_most)
{
    ck_assert_uint_eq(asked_of(1, WEFT_NS_PER_MS), 4);
}
END_TEST

/* How many of ten chunks are asked of the slow half of the neighbours? */
static uint32_t asked_of_slow(void)
{
    uint32_t slow = 0;
    for (weft_node_id id = FAR; id < FAR + LINKS; id++) {
        uint32_t bytes_per_s = id < FAR + LINKS / 2 ? 50000 : 1000000;
        weft_bandwidth_observe(fixture.core, id, bytes_per_s, WEFT_NS_PER_S);
        fixture_link(&fixture, id)->sends = true;
        weft_link_find(fixture.core, id)->busy_until_ns = WEFT_NS_NEVER; /* until all are there */
        fixture_peer_has(&fixture, id, 0, CHUNKS);
    }
    for (weft_node_id id = FAR; id < FAR + LINKS; id++) {
        weft_link_find(fixture.core, id)->busy_until_ns = 0;
    }
    fixture_peer_has(&fixture, FAR, 0, CHUNKS); /* no news, but a reason to ask */
    ck_assert_uint_eq(fixture.core->wants.far_count, 10);
    for (weft_node_id id = FAR; id < FAR + LINKS / 2; id++) {
        slow += weft_link_find(fixture.core, id)->asked;
    }
    return slow;
}

/* The quickest of three draws is slow at one in eight as long as all can be asked: few are, but who
 * was slow once is not forgotten. */
START_TEST(who_is_slow_is_asked_less)
{
    uint32_t slow = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        teardown();
        begin(seed);
        slow += asked_of_slow();
    }
    ck_assert_uint_ge(slow, 40);
    ck_assert_uint_le(slow, 110);
}
END_TEST

/* Ranges open at the source once a request to it has ended, the |nth| one. */
static uint32_t open_after_end_of(uint64_t nth)
{
    struct weft_event event = {.kind = WEFT_EVENT_SOURCE,
                               .source = {.token = nth, .result = WEFT_ERR_CANCELLED}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
    return fixture.core->source.fetch_count;
}

/* All is to be had elsewhere. As long as other segments are asked for as much as may be, a quick
 * source sends a little of it only; as soon as they could be asked for more, it sends more. */
START_TEST(beside_a_full_window_one_range_is_open)
{
    ck_assert_uint_eq(fixture.core->source.fetch_count, 2); /* begun when it was alone */
    fixture.core->source.budget = 12;
    fixture.core->source.chunk_ns = WEFT_NS_PER_MS;
    ck_assert_uint_eq(asked_of(LINKS, WEFT_NS_PER_S), 10);
    ck_assert_uint_eq(open_after_end_of(1), 1);
    ck_assert_uint_eq(open_after_end_of(2), 1);
    fixture.core->config.tuning.far_window = 60;
    ck_assert_uint_eq(open_after_end_of(3), fixture.core->config.tuning.source_fetches);
}
END_TEST

static Suite *trade_suite(void)
{
    const TTest *const tests[] = {
        where_they_come_slowly_few_are_asked,
        where_they_come_very_slowly_fewer_are_asked,
        there_is_a_least,
        where_nothing_is_known_few_are_asked,
        where_they_come_quickly_more_are_asked,
        there_is_a_most,
        one_neighbour_is_asked_for_two_where_they_come_slowly,
        one_neighbour_is_asked_for_four_at_most,
        who_is_slow_is_asked_less,
        beside_a_full_window_one_range_is_open,
    };
    Suite *suite = suite_create("trade");
    weft_check_case(suite, "trade", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(trade_suite)
