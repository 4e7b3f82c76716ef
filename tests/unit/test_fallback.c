/* SPDX-License-Identifier: Apache-2.0 */
/* Agents that say they fetch and bring nothing are put to the test: when, by whom, and what follows
 * from it. The long wait without such a test is in test_source.c. */
#include "tests/support/check_main.h"

#include "protocol/claim.h"
#include "tests/support/play.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS
#define ONE 2     /* an agent */
#define OTHER 3   /* another one */
#define MISER 4   /* a neighbour that has all and refuses all but one request */
#define CHUNKS 64 /* in 8 extents */

static struct fixture fixture;
static struct play play;

/* Both agents say that they work on half of the release each. */
static void beat(struct fixture *self)
{
    for (uint32_t i = 0; i < self->core->releases.downloads[0].extent_count; i++) {
        fixture_frame(self, i % 2 == 0 ? ONE : OTHER,
                      (struct weft_frame){.kind = WEFT_FRAME_LEASE, .chunk = i, .value = 1});
    }
}

static void setup(void)
{
    fixture = fixture_new(NULL);
    play = (struct play){.fixture = &fixture, .nag = beat, .source_hangs = true};
    fixture.core->members.join.began_ns -= 60 * S;
    fixture_member(&fixture, ONE, /* agent */ true);
    fixture_member(&fixture, OTHER, /* agent */ true);
    fixture_link(&fixture, ONE);
    fixture_link(&fixture, OTHER);
    fixture_release(&fixture, CHUNKS);
    fixture_peer_has(&fixture, ONE, 0, 0);
    fixture_peer_has(&fixture, OTHER, 0, 0);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static bool is_doubted(weft_node_id id)
{
    return weft_penalty_is_doubted(fixture.core, id);
}

static bool falls_back(void)
{
    return weft_release_find(fixture.core, FIXTURE_RELEASE)->falls_back;
}

/* The source answers the one range that is open. */
static void answer(void)
{
    ck_assert_uint_eq(play.fetch_count, 1);
    fixture_chunk(&fixture, 0, play.fetches[0].token, play.fetches[0].first_chunk, WEFT_ERR_OK);
    play.fetch_count = 0;
    play_collect(&play);
}

START_TEST(after_a_while_one_chunk_is_asked_for)
{
    play_on(&play, 1490 * MS);
    ck_assert_uint_eq(play.fetch_count, 0);
    play_on(&play, 20 * MS);
    ck_assert_uint_eq(play.fetch_count, 1);
    ck_assert_uint_eq(play.fetches[0].chunk_count, 1);
    for (uint32_t i = 0; i < fixture.core->releases.downloads[0].extent_count; i++) {
        ck_assert_uint_ne(fixture.core->releases.downloads[0].extents[i].holder, FIXTURE_SELF);
    }
    play_on(&play, 2900 * MS);
    ck_assert_uint_eq(play.fetch_count, 1);
}
END_TEST

START_TEST(if_it_comes_the_agents_are_to_blame)
{
    play_on(&play, 1510 * MS);
    answer();
    ck_assert(is_doubted(ONE) && is_doubted(OTHER));
    ck_assert(falls_back());
    play.source_hangs = false;
    play_on(&play, 2 * S);
    ck_assert(weft_election_self(fixture.core));
    ck_assert_uint_eq(weft_release_find(fixture.core, FIXTURE_RELEASE)->have_count, CHUNKS);
}
END_TEST

/* A neighbour sends a chunk after all, and nothing from then on: the wait begins again. */
START_TEST(after_a_chunk_from_near_it_falls_back_again)
{
    play_on(&play, 1510 * MS);
    answer();
    play_on(&play, 2 * S);
    ck_assert(falls_back());
    uint32_t other = play.fetches[0].first_chunk == 0 ? 1 : 0;
    fixture_chunk(&fixture, ONE, 0, other, WEFT_ERR_OK);
    ck_assert(!falls_back());
    ck_assert_uint_lt(fixture.core->fallback_ns, WEFT_NS_NEVER);
    play_on(&play, 60 * S);
    ck_assert(falls_back());
}
END_TEST

START_TEST(if_something_else_came_meanwhile_they_are_not)
{
    play_on(&play, 1510 * MS);
    uint32_t other = play.fetches[0].first_chunk == 0 ? 1 : 0;
    fixture_chunk(&fixture, ONE, 0, other, WEFT_ERR_OK);
    answer();
    ck_assert(!is_doubted(ONE) && !is_doubted(OTHER));
    ck_assert(!falls_back());
}
END_TEST

/* The line is slow: eight times the time of one chunk has not passed. */
START_TEST(if_it_takes_long_they_are_not)
{
    play_on(&play, 2100 * MS);
    answer();
    ck_assert(!is_doubted(ONE) && !is_doubted(OTHER));
    ck_assert(!falls_back());
}
END_TEST

START_TEST(if_it_does_not_come_they_are_not)
{
    play.source_hangs = false;
    play.source_fails = true;
    play_on(&play, 15 * S);
    ck_assert(!is_doubted(ONE) && !is_doubted(OTHER));
    ck_assert(!falls_back());
    ck_assert_uint_eq(fixture.core->counters.source_requests, 3); /* after 1.5, 4.5 and 10.5 s */
}
END_TEST

START_TEST(while_chunks_come_nothing_is_tried)
{
    for (uint32_t i = 0; i < 10; i++) {
        play_on(&play, 1400 * MS);
        fixture_chunk(&fixture, ONE, 0, i, WEFT_ERR_OK);
    }
    ck_assert_uint_eq(fixture.core->counters.source_requests, 0);
}
END_TEST

/* Where lines are slow, chunks pass between two tests; each is twice as late as the one before. */
START_TEST(the_next_test_is_twice_as_late)
{
    for (uint32_t i = 1; i <= 4; i++) {
        weft_ns wait_ns = (1500 * MS) << (i - 1);
        play_on(&play, wait_ns - 10 * MS);
        ck_assert_uint_eq(fixture.core->counters.source_requests, i - 1);
        play_on(&play, 1010 * MS); /* looks again once a second */
        ck_assert_uint_eq(fixture.core->counters.source_requests, i);
        fixture_chunk(&fixture, ONE, 0, i, WEFT_ERR_OK);
    }
}
END_TEST

START_TEST(only_the_first_four_candidates_try)
{
    for (weft_node_id id = 10; id < 10 + WEFT_AGENTS_MAX; id++) {
        struct weft_record record = {.id = id,
                                     .incarnation = 5,
                                     .address = fixture.core->self.address,
                                     .agent_class = WEFT_AGENT_PREFER};
        record.address.ip[15] = (uint8_t)id;
        fixture.core->actions = fixture.queue;
        ck_assert(weft_claim_merge(fixture.core, &record, WEFT_HEARSAY_SELF));
    }
    play_on(&play, 15 * S);
    ck_assert_uint_eq(fixture.core->counters.source_requests, 0);
}
END_TEST

/* Nobody said that it fetches anything: nobody is to blame, but there is nothing to wait for. */
START_TEST(agents_without_leases_are_not_waited_for)
{
    play.nag = NULL;
    play_on(&play, 1510 * MS);
    answer();
    ck_assert(!is_doubted(ONE) && !is_doubted(OTHER));
    ck_assert(falls_back());
}
END_TEST

/* Gives the first chunk, so that it is believed, and refuses all others. */
static void give_one(struct fixture *self, weft_node_id peer, uint32_t chunk)
{
    if (weft_release_find(self->core, FIXTURE_RELEASE)->have_count > 0) {
        fixture_frame(
            self, peer,
            (struct weft_frame){.kind = WEFT_FRAME_REFUSE, .chunk = chunk, .value = 2000});
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_OFFER,
                               .offer = {.peer = peer, .release = FIXTURE_RELEASE, .chunk = chunk}};
    fixture_step(self, 1 * MS, event);
    fixture_chunk(self, peer, 0, chunk, WEFT_ERR_OK);
}

/* The source failed once, and since then a neighbour that has all and gives nothing away leaves
 * nothing to ask of it: an agent does not wait for such a source. */
START_TEST(an_agent_whose_source_may_be_asked_again_falls_back)
{
    fixture_become_agent(&fixture);
    play = (struct play){.fixture = &fixture, .answer = give_one, .source_fails = true};
    play_collect(&play);
    play_on(&play, 5 * S);
    ck_assert_uint_gt(fixture.core->source.failures, 0);
    fixture_member(&fixture, MISER, /* agent */ false);
    fixture_link(&fixture, MISER);
    fixture_peer_has(&fixture, MISER, 0, CHUNKS);
    play_collect(&play);
    play.source_fails = false;
    play_on(&play, 60 * S);
    ck_assert_uint_eq(weft_release_find(fixture.core, FIXTURE_RELEASE)->have_count, CHUNKS);
}
END_TEST

static Suite *fallback_suite(void)
{
    const TTest *const tests[] = {
        after_a_while_one_chunk_is_asked_for,
        if_it_comes_the_agents_are_to_blame,
        after_a_chunk_from_near_it_falls_back_again,
        if_something_else_came_meanwhile_they_are_not,
        if_it_takes_long_they_are_not,
        if_it_does_not_come_they_are_not,
        while_chunks_come_nothing_is_tried,
        the_next_test_is_twice_as_late,
        only_the_first_four_candidates_try,
        agents_without_leases_are_not_waited_for,
        an_agent_whose_source_may_be_asked_again_falls_back,
    };
    Suite *suite = suite_create("fallback");
    weft_check_case(suite, "fallback", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(fallback_suite)
