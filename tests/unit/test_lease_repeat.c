/* SPDX-License-Identifier: Apache-2.0 */
/* How leases are repeated and ended: all of them, to every neighbour, with one message to each.
 * Whose an extent is: test_lease.c. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

#include <string.h>

enum { EXTENTS = 256, NEIGHBOURS = 12, FIRST_NEIGHBOUR = 2, EACH_CHUNKS = 4 };

static const weft_ns third_ns = WEFT_NS_PER_S; /* of the standard lease */

static struct fixture fixture;

/* What the neighbours heard since forget(). */
static uint32_t kept_count[NEIGHBOURS][EXTENTS];
static uint32_t ended_count[NEIGHBOURS][EXTENTS];
static uint32_t frame_count;

static struct weft_download *download(void)
{
    return &fixture.core->releases.downloads[0];
}

static void forget(void)
{
    memset(kept_count, 0, sizeof(kept_count));
    memset(ended_count, 0, sizeof(ended_count));
    frame_count = 0;
}

/* Count the leases in |frame| to |neighbour|. */
static void hear_frame(const struct weft_frame *frame, uint64_t neighbour)
{
    for (uint32_t i = 0; i <= frame->list.length / 4; i++) {
        uint32_t extent = i == 0 ? frame->chunk : weft_frame_have_at(frame, 2 * (i - 1));
        uint32_t epoch = i == 0 ? frame->value : weft_frame_have_at(frame, 2 * i - 1);
        ck_assert_uint_lt(extent, EXTENTS);
        ck_assert_uint_eq(epoch, download()->extents[extent].epoch);
        (frame->flags == 0 ? kept_count : ended_count)[neighbour][extent]++;
    }
    frame_count++;
}

/* Count the leases in the queue. */
static void hear(void)
{
    for (uint32_t i = 0; i < fixture.queue->count; i++) {
        const struct weft_action *action = &fixture.queue->items[i];
        struct weft_frame frame;
        if (action->kind != WEFT_ACTION_FRAME) {
            continue;
        }
        ck_assert_int_eq(weft_frame_decode(action->send.bytes, action->send.length, &frame),
                         WEFT_REJECT_NONE);
        if (frame.kind == WEFT_FRAME_LEASE) {
            hear_frame(&frame, action->send.to.id - FIRST_NEIGHBOUR);
        }
    }
    ck_assert_uint_eq(fixture.queue->dropped_count, 0);
}

/* Every neighbour heard of each extent in [first, end) |kept| times that it is kept, and |ended|
 * times that it is given up. */
static void expect_heard(uint32_t first, uint32_t end, uint32_t kept, uint32_t ended)
{
    for (uint32_t extent = first; extent < end; extent++) {
        for (uint32_t neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
            ck_assert_uint_eq(kept_count[neighbour][extent], kept);
            ck_assert_uint_eq(ended_count[neighbour][extent], ended);
        }
    }
}

/* The next step that the leases ask for. */
static void step(void)
{
    fixture.now_ns = weft_lease_deadline(fixture.core);
    fixture.core->now_ns = fixture.now_ns;
    weft_action_reset(fixture.queue);
    weft_lease_expire(fixture.core);
    hear();
}

static void give_up(void)
{
    fixture.core->actions = fixture.queue;
    weft_action_reset(fixture.queue);
    weft_lease_give_up(fixture.core);
    hear();
}

/* Say that a neighbour has the chunks of extents [first, end). */
static void finish(uint32_t first, uint32_t end)
{
    memset(download()->near_copies + (size_t)first * EACH_CHUNKS, 1,
           (size_t)(end - first) * EACH_CHUNKS);
}

/* The only agent of a segment takes every extent of a release. */
static void setup(void)
{
    struct weft_config config = fixture_config();
    config.tuning.extent_bytes = FIXTURE_CHUNK_BYTES;
    fixture = fixture_new(&config);
    for (weft_node_id id = FIRST_NEIGHBOUR; id < FIRST_NEIGHBOUR + NEIGHBOURS; id++) {
        fixture_member(&fixture, id, /* agent */ false);
        fixture_link(&fixture, id);
    }
    fixture_become_agent(&fixture);
    fixture_release(&fixture, EXTENTS * EACH_CHUNKS);
    ck_assert_uint_eq(download()->extent_count, EXTENTS);
    fixture.core->actions = fixture.queue;
    for (uint32_t extent = 0; extent < EXTENTS; extent++) {
        weft_action_reset(fixture.queue);
        weft_lease_take(fixture.core, 0, extent);
    }
    forget();
}

static void teardown(void)
{
    fixture_free(&fixture);
}

START_TEST(all_are_repeated_to_all_every_third_of_a_lease)
{
    for (uint32_t round = 1; round <= 3; round++) {
        ck_assert_uint_eq(weft_lease_deadline(fixture.core), fixture.now_ns + third_ns);
        step();
        expect_heard(0, EXTENTS, round, 0);
        ck_assert_uint_eq(frame_count, round * NEIGHBOURS);
    }
}
END_TEST

START_TEST(what_is_finished_is_not_repeated)
{
    finish(0, EXTENTS / 2);
    step();
    expect_heard(0, EXTENTS / 2, 0, 0);
    expect_heard(EXTENTS / 2, EXTENTS, 1, 0);
    forget();
    finish(0, EXTENTS);
    step();
    expect_heard(0, EXTENTS, 0, 0);
    ck_assert_uint_eq(weft_lease_deadline(fixture.core), WEFT_NS_NEVER);
}
END_TEST

START_TEST(what_another_one_took_is_not_repeated)
{
    download()->extents[7].holder = FIRST_NEIGHBOUR;
    step();
    expect_heard(0, 7, 1, 0);
    expect_heard(7, 8, 0, 0);
    expect_heard(8, EXTENTS, 1, 0);
}
END_TEST

static void expect_nothing_held(void)
{
    for (uint32_t extent = 0; extent < EXTENTS; extent++) {
        ck_assert_uint_eq(download()->extents[extent].holder, 0);
    }
    ck_assert_uint_eq(weft_lease_deadline(fixture.core), WEFT_NS_NEVER);
}

/* The finished ones, too: others go by who holds an extent, not by what is left of it. */
START_TEST(giving_up_reaches_all)
{
    finish(0, EXTENTS / 2);
    give_up();
    expect_heard(0, EXTENTS, 0, 1);
    expect_nothing_held();
}
END_TEST

START_TEST(who_took_a_lease_after_giving_up_repeats_it)
{
    give_up();
    forget();
    weft_action_reset(fixture.queue);
    weft_lease_take(fixture.core, 0, 3);
    hear();
    step();
    expect_heard(0, 3, 0, 0);
    expect_heard(3, 4, 2, 0);
    expect_heard(4, EXTENTS, 0, 0);
}
END_TEST

START_TEST(who_is_no_agent_any_more_ends_its_leases)
{
    fixture.core->election.agent_count = 0;
    fixture.core->is_agent = false;
    ck_assert(!weft_lease_acts(fixture.core, 0));
    step();
    expect_heard(0, EXTENTS, 0, 1);
    expect_nothing_held();
}
END_TEST

static Suite *lease_repeat_suite(void)
{
    const TTest *const tests[] = {
        all_are_repeated_to_all_every_third_of_a_lease, what_is_finished_is_not_repeated,
        what_another_one_took_is_not_repeated,          giving_up_reaches_all,
        who_took_a_lease_after_giving_up_repeats_it,    who_is_no_agent_any_more_ends_its_leases,
    };
    Suite *suite = suite_create("lease repeat");
    weft_check_case(suite, "lease repeat", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(lease_repeat_suite)
