/* SPDX-License-Identifier: Apache-2.0 */
/* How many chunks are asked of other segments at a time follows how quickly they come. */
#include "tests/support/check_main.h"

#include "protocol/trade.h"
#include "tests/support/fixture.h"

#define FAR UINT64_C(1000)
#define LINKS 12
#define CHUNKS 64

static struct fixture fixture;

static void setup(void)
{
    struct weft_config config = fixture_config();
    config.links_max = WEFT_LINKS_MAX;
    fixture = fixture_new(&config);
    fixture_become_agent(&fixture);
    fixture_release(&fixture, CHUNKS);
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
    ck_assert_uint_eq(asked_of(LINKS, WEFT_NS_PER_S), 8);
}
END_TEST

START_TEST(where_nothing_is_known_few_are_asked)
{
    ck_assert_uint_eq(asked_of(LINKS, 0), 8);
}
END_TEST

START_TEST(where_they_come_quickly_more_are_asked)
{
    ck_assert_uint_eq(asked_of(LINKS, 75 * WEFT_NS_PER_MS), 16);
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

static Suite *trade_suite(void)
{
    const TTest *const tests[] = {
        where_they_come_slowly_few_are_asked,
        where_nothing_is_known_few_are_asked,
        where_they_come_quickly_more_are_asked,
        there_is_a_most,
        one_neighbour_is_asked_for_two_where_they_come_slowly,
        one_neighbour_is_asked_for_four_at_most,
    };
    Suite *suite = suite_create("trade");
    weft_check_case(suite, "trade", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(trade_suite)
