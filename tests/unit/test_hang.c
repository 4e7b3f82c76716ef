/* SPDX-License-Identifier: Apache-2.0 */
/* A request to the source that is not answered does not hold up what else is to be fetched. */
#include "tests/support/check_main.h"

#include "protocol/hang.h"
#include "tests/support/fixture.h"

#define MS WEFT_NS_PER_MS
#define FAR UINT64_C(1000)
#define CHUNKS 64

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_become_agent(&fixture);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* A release of |count| chunks is fetched from a source that sends one in 100 ms as a rule. */
static uint32_t begin(uint32_t count)
{
    fixture.core->source.chunk_ns = 100 * MS;
    fixture_release(&fixture, count);
    ck_assert_uint_gt(fixture.core->source.fetch_count, 0);
    return fixture.core->source.fetch_count;
}

static uint32_t open_after(weft_ns span_ns)
{
    fixture_run(&fixture, span_ns);
    return fixture.core->source.fetch_count;
}

START_TEST(others_take_the_place_of_what_hangs)
{
    uint32_t open = begin(CHUNKS);
    ck_assert_uint_eq(open_after(1100 * MS), open);
    ck_assert_uint_eq(open_after(200 * MS), open + 1);
    ck_assert_uint_eq(open_after(1000 * MS), open + 1);
    ck_assert_uint_eq(open_after(200 * MS), open + 2);
    ck_assert_uint_eq(open_after(60 * WEFT_NS_PER_S), open + 3);
}
END_TEST

START_TEST(what_hangs_is_cancelled_when_a_later_one_is_answered)
{
    uint32_t open = begin(CHUNKS);
    open_after(1300 * MS);
    const struct weft_fetch *later = weft_source_at(&fixture.core->source, open);
    fixture_chunk(&fixture, 0, later->token, later->first, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_CANCEL), open);
    later = weft_source_at(&fixture.core->source, open);
    fixture_chunk(&fixture, 0, later->token, later->first, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_CANCEL), 0); /* once is enough */
}
END_TEST

START_TEST(what_is_answered_is_kept)
{
    uint32_t open = begin(CHUNKS);
    for (uint32_t i = 0; i < open; i++) {
        weft_source_at(&fixture.core->source, i)->count = 4; /* a long one */
    }
    fixture_run(&fixture, 3000 * MS);
    for (uint32_t i = 0; i < open; i++) {
        weft_source_at(&fixture.core->source, i)->heard_ns = fixture.now_ns;
    }
    ck_assert_uint_eq(open_after(3000 * MS), open);
}
END_TEST

START_TEST(the_last_chunk_is_asked_for_again)
{
    ck_assert_uint_eq(begin(1), 1);
    ck_assert_uint_eq(open_after(1300 * MS), 2);
    const struct weft_fetch *again = weft_source_at(&fixture.core->source, 1);
    ck_assert_uint_eq(again->first, 0);
    fixture_chunk(&fixture, 0, again->token, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(weft_release_find(fixture.core, FIXTURE_RELEASE)->have_count, 1);
}
END_TEST

START_TEST(a_slow_source_that_others_ask_is_left_alone)
{
    fixture_link(&fixture, FAR);
    uint32_t open = begin(CHUNKS);
    fixture.core->source.chunk_ns = 0; /* nothing came yet */
    ck_assert_uint_eq(open_after(5 * WEFT_NS_PER_S), open);
    fixture.core->source.chunk_ns = 1000 * MS;
    ck_assert_uint_eq(open_after(60 * WEFT_NS_PER_S), open);
}
END_TEST

static Suite *hang_suite(void)
{
    const TTest *const tests[] = {
        others_take_the_place_of_what_hangs,
        what_hangs_is_cancelled_when_a_later_one_is_answered,
        what_is_answered_is_kept,
        the_last_chunk_is_asked_for_again,
        a_slow_source_that_others_ask_is_left_alone,
    };
    Suite *suite = suite_create("hang");
    weft_check_case(suite, "hang", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(hang_suite)
