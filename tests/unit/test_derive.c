/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk indexes that nobody signed: whom a node asks, how long it waits for those who say that they
 * work on it, when it makes one itself, and what a false one costs its author. */
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#include "protocol/derive.h"
#include "protocol/join.h"

#include <string.h>

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS
#define AGENT 2
#define PEER 3
#define BULLETIN weft_bulletin_of(1, 7, 0)
#define PATH "targets/00.file.index"

static struct fixture fixture;

static void begin(bool has_source)
{
    struct weft_config config = fixture_config();
    config.has_source = has_source;
    fixture = fixture_new(&config);
    fixture_member(&fixture, AGENT, /* agent */ true);
    fixture_member(&fixture, PEER, /* agent */ false);
    fixture_link(&fixture, AGENT);
    fixture_link(&fixture, PEER);
}

static void setup(void)
{
    begin(true);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* The members say that they have the metadata. */
static void know(weft_node_id id)
{
    weft_member_heard(fixture.core, id, BULLETIN);
}

static void want(uint64_t token, uint64_t bytes, bool is_own_work)
{
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT_WANTED,
                               .document_wanted = {.token = token,
                                                   .path = PATH,
                                                   .bytes_max = 100000,
                                                   .bulletin = BULLETIN,
                                                   .derived_bytes = bytes + 1,
                                                   .is_own_work = is_own_work}};
    fixture_step(&fixture, 0, event);
}

static const struct weft_action_document *asked(void)
{
    const struct weft_action *action = fixture_action(&fixture, WEFT_ACTION_DOCUMENT_FETCH, 0);
    return action == NULL ? NULL : &action->document;
}

/* Let time pass; every peer that is asked answers |result|. Result: when this node begins to make
 * it itself; NEVER = not within |span_ns|. */
static weft_ns answer_until_own(weft_ns span_ns, enum weft_err result, uint32_t *asked_count)
{
    weft_ns begun_ns = fixture.now_ns;
    while (fixture.now_ns - begun_ns <= span_ns) {
        while (asked() != NULL) {
            if (asked()->from == 0) {
                return fixture.now_ns - begun_ns;
            }
            ++*asked_count;
            struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT,
                                       .document = {asked()->token, result, asked()->from}};
            fixture_step(&fixture, MS, event);
        }
        fixture_step(&fixture, 100 * MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
        know(AGENT);
        know(PEER);
    }
    return WEFT_NS_NEVER;
}

START_TEST(test_agent_begins_at_once)
{
    uint32_t count = 0;
    fixture_become_agent(&fixture);
    fixture.core->election.agent_count = 1;
    fixture.core->election.agents[0] = FIXTURE_SELF;
    fixture.core->is_agent = true;
    want(1, 1000000, false);
    ck_assert_uint_le(answer_until_own(10 * S, WEFT_ERR_NOT_FOUND, &count), 200 * MS);
}
END_TEST

/* Whoever has it is asked first, and again and again. */
START_TEST(test_peers_first)
{
    know(PEER);
    want(1, 1000000, false);
    ck_assert_ptr_nonnull(asked());
    ck_assert_uint_eq(asked()->from, PEER);
    ck_assert_str_eq(asked()->path, PATH);
    uint32_t count = 0;
    weft_ns own_ns = answer_until_own(120 * S, WEFT_ERR_NOT_FOUND, &count);
    /* Not an agent: --fallback and 5 s for each better candidate. */
    ck_assert_uint_ge(own_ns, 30 * S);
    ck_assert_uint_le(own_ns, 50 * S);
    ck_assert_uint_ge(count, 40); /* two peers, every second */
}
END_TEST

/* PENDING is believed, but only as long as an honest fetch could take. */
START_TEST(test_pending_for_ever)
{
    uint32_t count = 0;
    fixture_become_agent(&fixture);
    know(PEER);
    want(1, 10 * 256 * 1024, false); /* patience: 30 s and 10 s */
    weft_ns own_ns = answer_until_own(300 * S, WEFT_ERR_PENDING, &count);
    ck_assert_uint_ge(own_ns, 39 * S);
    ck_assert_uint_le(own_ns, 44 * S);
}
END_TEST

/* Who falls silent after PENDING is not waited for. */
START_TEST(test_pending_ends)
{
    uint32_t count = 0;
    fixture_become_agent(&fixture);
    fixture.core->election.agent_count = 1;
    fixture.core->election.agents[0] = FIXTURE_SELF;
    fixture.core->is_agent = true;
    know(PEER);
    want(1, 1000000000, false);
    struct weft_event pending = {.kind = WEFT_EVENT_DOCUMENT,
                                 .document = {1, WEFT_ERR_PENDING, PEER}};
    fixture_step(&fixture, MS, pending);
    weft_ns own_ns = answer_until_own(60 * S, WEFT_ERR_NOT_FOUND, &count);
    ck_assert_uint_ge(own_ns, 2 * S);
    ck_assert_uint_le(own_ns, 5 * S);
}
END_TEST

START_TEST(test_own_work)
{
    know(PEER);
    want(1, 1000, true);
    ck_assert_ptr_nonnull(asked());
    ck_assert_uint_eq(asked()->from, 0);
    /* The source fails: peers get another chance. */
    struct weft_event failed = {.kind = WEFT_EVENT_DOCUMENT,
                                .document = {1, WEFT_ERR_UNREACHABLE, 0}};
    fixture_step(&fixture, MS, failed);
    uint32_t count = 0;
    answer_until_own(3 * S, WEFT_ERR_NOT_FOUND, &count);
    ck_assert_uint_ge(count, 1);
}
END_TEST

/* Without a source only peers can help, for as long as it is wanted. */
START_TEST(test_no_source)
{
    uint32_t count = 0;
    teardown();
    begin(false);
    know(PEER);
    want(1, 1000, true);
    ck_assert_uint_eq(answer_until_own(120 * S, WEFT_ERR_NOT_FOUND, &count), WEFT_NS_NEVER);
    ck_assert_uint_ge(count, 100);
    ck_assert_uint_eq(fixture.core->documents.count, 1);
}
END_TEST

START_TEST(test_room)
{
    for (uint64_t token = 1; token <= WEFT_DERIVE_MAX; token++) {
        want(token, 1000, false);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 0);
    }
    want(100, 1000, false);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 1);
}
END_TEST

/* Two whole targets at a time, however many are wanted. */
START_TEST(test_work_limit)
{
    uint32_t begun = 0;
    for (uint64_t token = 1; token <= 5; token++) {
        want(token, 1000, true);
        begun += asked() != NULL;
    }
    ck_assert_uint_eq(begun, WEFT_DERIVE_WORK_MAX);
    struct weft_event done = {.kind = WEFT_EVENT_DOCUMENT, .document = {1, WEFT_ERR_OK, 0}};
    fixture_step(&fixture, MS, done);
    fixture_step(&fixture, 2 * S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_ptr_nonnull(asked());
}
END_TEST

static void mislead(weft_node_id peer, bool is_certain)
{
    struct weft_event event = {
        .kind = WEFT_EVENT_MISLED,
        .misled = {.peer = peer, .release = FIXTURE_RELEASE, .is_certain = is_certain}};
    fixture_step(&fixture, MS, event);
}

/* A false index costs its author the link for an hour, and its word. */
START_TEST(test_false_index)
{
    know(PEER);
    mislead(0, true); /* made here: nobody is to blame */
    ck_assert(weft_announce_has(fixture.core, PEER, BULLETIN));
    mislead(PEER, true);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_STREAM_CLOSE), 1);
    ck_assert_ptr_null(weft_link_find(fixture.core, PEER));
    ck_assert(!weft_announce_has(fixture.core, PEER, BULLETIN));
    fixture_run(&fixture, 600 * S);
    fixture_link(&fixture, PEER);
    ck_assert_ptr_null(weft_link_find(fixture.core, PEER)); /* not taken back */
    mislead(12345, true);                                   /* nobody knows it any more */
}
END_TEST

/* One that only brought no chunks costs its word for a while: perhaps others are to blame. */
START_TEST(test_empty_index)
{
    know(PEER);
    mislead(PEER, false);
    ck_assert_ptr_nonnull(weft_link_find(fixture.core, PEER));
    ck_assert(!weft_announce_has(fixture.core, PEER, BULLETIN));
    fixture_run(&fixture, 31 * S);
    know(PEER);
    ck_assert(weft_announce_has(fixture.core, PEER, BULLETIN));
}
END_TEST

static Suite *derive_suite(void)
{
    Suite *suite = suite_create("derive");
    const TTest *const tests[] = {
        test_agent_begins_at_once,
        test_peers_first,
        test_pending_for_ever,
        test_pending_ends,
        test_own_work,
        test_no_source,
        test_room,
        test_work_limit,
        test_false_index,
        test_empty_index,
    };
    weft_check_case(suite, "derive", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(derive_suite)
