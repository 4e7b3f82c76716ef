/* SPDX-License-Identifier: Apache-2.0 */
/* Who repeats leases and brings nothing loses them, and the trust of those who see it; who is
 * doubted for anything loses them at once. Whose an extent is else: test_lease.c. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

#include <string.h>

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS
#define FELLOW 2 /* an agent */
#define PLAIN 3  /* none */
#define CHUNKS 64

static struct fixture fixture;

/* The extents of the fellow agent at the begin. */
static bool of_fellow[CHUNKS];

static struct weft_download *download(void)
{
    return &fixture.core->releases.downloads[0];
}

static void begin(bool agent)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, FELLOW, /* agent */ true);
    fixture_member(&fixture, PLAIN, /* agent */ false);
    if (agent) {
        fixture_become_agent(&fixture);
    }
    fixture_link(&fixture, FELLOW);
    fixture_link(&fixture, PLAIN);
    fixture_release(&fixture, CHUNKS);
    fixture_peer_has(&fixture, FELLOW, 0, 0);
    fixture_peer_has(&fixture, PLAIN, 0, 0);
    for (uint32_t i = 0; i < download()->extent_count; i++) {
        of_fellow[i] = !agent || !weft_lease_owns(fixture.core, 0, i);
    }
}

static void setup(void)
{
    begin(/* agent */ true);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* The fellow says of each of its extents that it works on it. */
static void beat(void)
{
    for (uint32_t i = 0; i < download()->extent_count; i++) {
        if (of_fellow[i]) {
            fixture_frame(&fixture, FELLOW,
                          (struct weft_frame){.kind = WEFT_FRAME_LEASE, .chunk = i, .value = 1});
        }
    }
}

static bool is_doubted(void)
{
    return weft_penalty_is_doubted(fixture.core, FELLOW);
}

/* A chunk that this node lacks, of its own extents or of the fellow's. */
static uint32_t missing_chunk(bool fellow)
{
    const struct weft_release *release = weft_release_find(fixture.core, FIXTURE_RELEASE);
    for (uint32_t chunk = 0; chunk < CHUNKS; chunk++) {
        bool free = !weft_bitmap_has(release->have, chunk) && download()->near_copies[chunk] == 0;
        if (of_fellow[chunk / download()->extent_chunks] == fellow && free) {
            return chunk;
        }
    }
    ck_abort_msg("nothing is missing");
}

/* This node brings a chunk of its own. */
static void bring(void)
{
    fixture_chunk(&fixture, 0, 99, missing_chunk(/* fellow */ false), WEFT_ERR_OK);
}

/* The fellow pushes a chunk of its own. */
static void fellow_brings(void)
{
    uint32_t chunk = missing_chunk(/* fellow */ true);
    struct weft_event event = {
        .kind = WEFT_EVENT_OFFER,
        .offer = {.peer = FELLOW, .release = FIXTURE_RELEASE, .chunk = chunk}};
    fixture_step(&fixture, 0, event);
    fixture_chunk(&fixture, FELLOW, 0, chunk, WEFT_ERR_OK);
}

/* Time passes without anything else. */
static void wait(weft_ns span_ns)
{
    fixture.now_ns += span_ns;
    fixture.core->now_ns = fixture.now_ns;
}

#define NEVER 1000

/* Seconds until the fellow is doubted, if every |each_s| seconds (0 = never) this node brings
 * something; NEVER = not in |most_s|. */
static uint32_t doubted_after(uint32_t each_s, uint32_t most_s)
{
    for (uint32_t second = 0; second <= most_s; second++) {
        beat();
        if (is_doubted()) {
            return second;
        }
        if (each_s != 0 && second % each_s == 0) {
            bring();
        }
        wait(S);
    }
    return NEVER;
}

START_TEST(an_agent_that_brings_nothing_is_doubted)
{
    fixture.core->source.chunk_ns = 200 * MS;
    uint32_t second = doubted_after(1, 20);
    ck_assert_uint_ge(second, 4); /* a lease, and eight chunks */
    ck_assert_uint_le(second, 6);
    ck_assert(!weft_election_is_agent(fixture.core, FELLOW));
    for (uint32_t i = 0; i < download()->extent_count; i++) {
        ck_assert(weft_lease_owns(fixture.core, 0, i));
    }
}
END_TEST

START_TEST(its_patience_grows_with_the_cost_of_a_chunk)
{
    fixture.core->source.chunk_ns = 2 * S;
    uint32_t second = doubted_after(2, 30);
    ck_assert_uint_eq(weft_source_ranges(fixture.core), 2);
    ck_assert_uint_ge(second, 11);
    ck_assert_uint_le(second, 13);
}
END_TEST

START_TEST(an_agent_that_brings_something_is_not)
{
    fixture.core->source.chunk_ns = 200 * MS;
    for (uint32_t round = 0; round < 8; round++) {
        ck_assert_uint_eq(doubted_after(2, 3), NEVER);
        fellow_brings();
    }
}
END_TEST

/* Neighbours are not believed any more: what is left for the fellow was not before. */
START_TEST(a_lie_that_comes_out_is_no_fault_of_the_holder)
{
    fixture.core->source.chunk_ns = 200 * MS;
    memset(download()->near_copies, 1, CHUNKS);
    for (uint32_t second = 0; second < 10; second++) {
        beat();
        wait(S);
    }
    memset(download()->near_copies, 0, CHUNKS);
    bring();
    beat();
    ck_assert(!is_doubted());
    uint32_t second = doubted_after(1, 20);
    ck_assert_uint_ge(second, 4);
    ck_assert_uint_le(second, 6);
}
END_TEST

/* The source may be slow, or down. */
START_TEST(nobody_is_doubted_while_nobody_brings_anything)
{
    fixture.core->source.chunk_ns = 200 * MS;
    bring();
    ck_assert_uint_eq(doubted_after(0, 60), NEVER);
}
END_TEST

START_TEST(what_it_holds_is_taken_and_it_is_told_so)
{
    beat();
    wait(S);
    weft_action_reset(fixture.queue);
    fixture.core->actions = fixture.queue;
    weft_penalty_add(fixture.core, FELLOW, WEFT_OFFENCE_STALL);
    uint32_t told = 0;
    for (struct weft_frame frame = fixture_sent(&fixture, FELLOW, WEFT_FRAME_LEASE, told);
         frame.kind == WEFT_FRAME_LEASE;
         frame = fixture_sent(&fixture, FELLOW, WEFT_FRAME_LEASE, ++told)) {
        ck_assert_uint_eq(frame.value, of_fellow[frame.chunk] ? 3 : 2); /* two more */
    }
    uint32_t free = 0;
    for (uint32_t i = 0; i < download()->extent_count; i++) {
        ck_assert_uint_eq(download()->extents[i].holder, FIXTURE_SELF);
        free += download()->extents[i].epoch >= 2;
    }
    ck_assert_uint_gt(free, 4); /* also what nobody held: the fellow would begin it */
    ck_assert_uint_eq(told, free);
}
END_TEST

START_TEST(what_it_says_of_leases_afterwards_is_passed_over)
{
    fixture.core->actions = fixture.queue;
    weft_penalty_add(fixture.core, FELLOW, WEFT_OFFENCE_CHUNK);
    for (uint32_t i = 0; i < download()->extent_count; i++) {
        fixture_frame(
            &fixture, FELLOW,
            (struct weft_frame){.kind = WEFT_FRAME_LEASE, .chunk = i, .value = UINT16_MAX});
        ck_assert_uint_ne(download()->extents[i].holder, FELLOW);
        ck_assert(weft_lease_owns(fixture.core, 0, i));
    }
}
END_TEST

/* A plain node that takes office in place of a doubted agent takes what that one held, too. */
START_TEST(whoever_takes_its_place_takes_its_leases)
{
    fixture_free(&fixture);
    begin(/* agent */ false);
    fixture.core->members.join.began_ns -= 60 * S;
    beat();
    ck_assert_uint_eq(download()->extents[0].holder, FELLOW);
    fixture.core->actions = fixture.queue;
    weft_penalty_add(fixture.core, FELLOW, WEFT_OFFENCE_CHUNK);
    ck_assert_uint_eq(download()->extents[0].holder, FELLOW); /* it is no agent yet */
    fixture_run(&fixture, 400 * MS);
    ck_assert(weft_election_self(fixture.core));
    for (uint32_t i = 0; i < download()->extent_count; i++) {
        ck_assert_uint_eq(download()->extents[i].holder, FIXTURE_SELF);
        ck_assert_uint_eq(download()->extents[i].epoch, 3);
    }
    ck_assert_uint_gt(fixture.core->source.fetch_count, 0);
}
END_TEST

static Suite *lease_stall_suite(void)
{
    const TTest *const tests[] = {
        an_agent_that_brings_nothing_is_doubted,
        its_patience_grows_with_the_cost_of_a_chunk,
        an_agent_that_brings_something_is_not,
        a_lie_that_comes_out_is_no_fault_of_the_holder,
        nobody_is_doubted_while_nobody_brings_anything,
        what_it_holds_is_taken_and_it_is_told_so,
        what_it_says_of_leases_afterwards_is_passed_over,
        whoever_takes_its_place_takes_its_leases,
    };
    Suite *suite = suite_create("lease stall");
    weft_check_case(suite, "lease stall", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(lease_stall_suite)
