/* SPDX-License-Identifier: Apache-2.0 */
/* The source helps with the chunk that another segment is late to send. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

#define FAR UINT64_C(1000)

static struct fixture fixture;

/* An agent that lacks one chunk, and asked an agent elsewhere for it. */
static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_become_agent(&fixture);
    fixture_link(&fixture, 2);
    fixture_link(&fixture, FAR);
    fixture.core->source.retry_ns = WEFT_NS_NEVER; /* it was away until now */
    fixture_release(&fixture, 64);
    for (uint32_t chunk = 1; chunk < 64; chunk++) {
        fixture_chunk(&fixture, 2, 0, chunk, WEFT_ERR_OK);
    }
    fixture_peer_has(&fixture, FAR, 0, 1);
    fixture.core->source.retry_ns = 0;
    weft_core_stir_content(fixture.core);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* Fetches from the source that begin within |span_ns|. */
static uint32_t fetches_within(weft_ns span_ns)
{
    uint64_t before = fixture.core->counters.source_requests;
    fixture_run(&fixture, span_ns);
    return (uint32_t)(fixture.core->counters.source_requests - before);
}

static struct weft_extent *extent(void)
{
    return &fixture.core->releases.downloads[0].extents[0];
}

START_TEST(a_late_chunk_comes_from_the_source)
{
    ck_assert_uint_eq(fixture.core->wants.far_count, 1);
    ck_assert_uint_eq(extent()->holder, FIXTURE_SELF);
    ck_assert_uint_eq(fetches_within(50 * WEFT_NS_PER_MS), 0); /* it is not late yet */
    ck_assert_uint_eq(fetches_within(WEFT_NS_PER_S), 1);
}
END_TEST

/* Or else two agents would take the extent from each other for ever. */
START_TEST(what_another_agent_holds_is_left_to_it)
{
    struct weft_frame lease = {
        .kind = WEFT_FRAME_LEASE, .chunk = 0, .value = extent()->epoch + 1U, .flags = 0};
    fixture_frame(&fixture, 2, lease);
    ck_assert_uint_eq(extent()->holder, 2);
    ck_assert_uint_eq(fixture.core->wants.far_count, 1);
    ck_assert_uint_eq(fetches_within(WEFT_NS_PER_S), 0);
    ck_assert_uint_eq(extent()->holder, 2);
}
END_TEST

static Suite *hedge_suite(void)
{
    const TTest *const tests[] = {
        a_late_chunk_comes_from_the_source,
        what_another_agent_holds_is_left_to_it,
    };
    Suite *suite = suite_create("hedge");
    weft_check_case(suite, "hedge", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(hedge_suite)
