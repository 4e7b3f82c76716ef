/* SPDX-License-Identifier: Apache-2.0 */
/* From whom a document is asked, in which order, and when that is given up. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/claim.h"
#include "tests/support/fixture.h"

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_member(&fixture, 3, /* agent */ false);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static void want(uint64_t token, weft_node_id hint)
{
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT_WANTED,
                               .document_wanted = {.token = token,
                                                   .path = "metadata/3.snapshot.json",
                                                   .bytes_max = 1000,
                                                   .bulletin = 7,
                                                   .hint = hint}};
    fixture_step(&fixture, 0, event);
}

/* What was asked of |from|, 0 = the source, ended with |result|. */
static void ended(uint64_t token, weft_node_id from, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT,
                               .document = {.token = token, .result = result, .from = from}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
}

static const struct weft_action_document *asked(void)
{
    const struct weft_action *action = fixture_action(&fixture, WEFT_ACTION_DOCUMENT_FETCH, 0);
    return action == NULL ? NULL : &action->document;
}

/* Run until something is asked, at most |span_ns|. */
static const struct weft_action_document *wait_asked(weft_ns span_ns)
{
    weft_ns end_ns = fixture.now_ns + span_ns;
    while (asked() == NULL && weft_core_deadline(fixture.core) <= end_ns) {
        weft_ns due = weft_core_deadline(fixture.core);
        weft_ns later = due > fixture.now_ns ? due - fixture.now_ns : 0;
        fixture_step(&fixture, later, (struct weft_event){.kind = WEFT_EVENT_TICK});
    }
    return asked();
}

START_TEST(asks_the_announcing_peer_first)
{
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
    want(1, 3);
    ck_assert_ptr_nonnull(asked());
    ck_assert_uint_eq(asked()->from, 3);
    ck_assert_str_eq(asked()->path, "metadata/3.snapshot.json");
    ck_assert_uint_eq(asked()->bytes_max, 1000);
    ended(1, 3, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

START_TEST(opens_a_stream_to_the_announcing_peer)
{
    weft_link_close_all(fixture.core); /* nothing is open yet */
    fixture.core->links.review_ns = WEFT_NS_NEVER;
    want(1, 3);
    ck_assert_ptr_null(asked());
    ck_assert_ptr_nonnull(weft_link_find(fixture.core, 3));
    fixture_link(&fixture, 3);
    ck_assert_ptr_nonnull(wait_asked(100 * WEFT_NS_PER_MS));
    ck_assert_uint_eq(asked()->from, 3);
}
END_TEST

START_TEST(goes_on_to_the_source_when_the_peer_fails)
{
    fixture_link(&fixture, 3);
    want(1, 3);
    ended(1, 3, WEFT_ERR_NOT_FOUND);
    const struct weft_action_document *next = wait_asked(2 * WEFT_NS_PER_S);
    ck_assert_ptr_nonnull(next);
    ck_assert_uint_eq(next->from, 0);
}
END_TEST

START_TEST(a_plain_node_gives_its_agent_time)
{
    want(1, 0);
    ck_assert_ptr_null(asked());
    weft_ns began_ns = fixture.now_ns;
    ck_assert_ptr_nonnull(wait_asked(2 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 0);
    ck_assert_uint_ge(fixture.now_ns - began_ns, 300 * WEFT_NS_PER_MS);
}
END_TEST

START_TEST(an_agent_asks_the_source_at_once)
{
    fixture_become_agent(&fixture);
    want(1, 0);
    ck_assert_ptr_nonnull(asked());
    ck_assert_uint_eq(asked()->from, 0);
}
END_TEST

START_TEST(gives_up_after_three_rounds)
{
    fixture_become_agent(&fixture);
    want(1, 0);
    for (uint32_t round = 1; round <= 3; round++) {
        ck_assert_ptr_nonnull(wait_asked(3 * WEFT_NS_PER_S));
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 0);
        ended(1, 0, WEFT_ERR_UNREACHABLE);
    }
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 1);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

START_TEST(without_a_source_it_fails_after_the_peers)
{
    fixture.core->config.has_source = false;
    want(1, 0);
    for (uint32_t i = 0; i < 400 && fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED) == 0;
         i++) {
        fixture_step(&fixture, 20 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    }
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 1);
}
END_TEST

/* What is asked after now, and when it is; NULL = nothing for |span_ns|. */
static const struct weft_action_document *wait_next(weft_ns span_ns)
{
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    return wait_asked(span_ns);
}

/* A document of 1000 bytes is late after this, near and elsewhere. */
#define LATE_NS (200 * WEFT_NS_PER_MS)
#define LATE_FAR_NS (1000 * WEFT_NS_PER_MS)
#define SPREAD_NS (20 * WEFT_NS_PER_MS)

START_TEST(asks_another_peer_beside_one_that_is_slow)
{
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
    want(1, 3);
    ck_assert_uint_eq(asked()->from, 3);
    weft_ns began_ns = fixture.now_ns;
    const struct weft_action_document *next = wait_next(5 * WEFT_NS_PER_S);
    ck_assert_ptr_nonnull(next);
    ck_assert_uint_eq(next->token, 1);
    ck_assert_uint_eq(next->from, 2);
    ck_assert_uint_ge(fixture.now_ns - began_ns, LATE_NS);
    ck_assert_uint_le(fixture.now_ns - began_ns, LATE_NS + SPREAD_NS);
    ck_assert_ptr_nonnull(wait_next(2 * WEFT_NS_PER_S)); /* nobody else has it */
    ck_assert_uint_eq(asked()->from, 0);
    ended(1, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

START_TEST(who_was_slow_is_asked_last_for_a_minute)
{
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
    want(1, 3);
    ck_assert_ptr_nonnull(wait_next(WEFT_NS_PER_S));
    ended(1, 2, WEFT_ERR_OK);
    want(2, 3);
    ck_assert_uint_eq(asked()->from, 2);
    ended(2, 2, WEFT_ERR_NOT_FOUND);
    ck_assert_uint_eq(asked()->from, 3);
    ended(2, 3, WEFT_ERR_OK);
    fixture.core->now_ns = fixture.now_ns += 60 * WEFT_NS_PER_S;
    want(3, 3);
    ck_assert_uint_eq(asked()->from, 3);
}
END_TEST

START_TEST(gives_peers_elsewhere_more_time)
{
    fixture_become_agent(&fixture);
    fixture_link(&fixture, 1000);
    fixture_link(&fixture, 3);
    want(1, 1000);
    ck_assert_uint_eq(asked()->from, 1000);
    weft_ns began_ns = fixture.now_ns;
    const struct weft_action_document *next = wait_next(20 * WEFT_NS_PER_S);
    ck_assert_ptr_nonnull(next);
    ck_assert_uint_eq(next->from, 3);
    ck_assert_uint_ge(fixture.now_ns - began_ns, LATE_FAR_NS);
    ck_assert_uint_le(fixture.now_ns - began_ns, LATE_FAR_NS + SPREAD_NS);
}
END_TEST

/* Of plain nodes one after the other does, in the order of the election. */
START_TEST(a_plain_node_asks_the_source_beside_its_only_peer_in_its_turn)
{
    for (weft_node_id id = 10; id < 12; id++) {
        struct weft_record record = {.id = id,
                                     .incarnation = 5,
                                     .address = fixture.core->self.address,
                                     .agent_class = WEFT_AGENT_PREFER};
        record.address.ip[15] = (uint8_t)id;
        fixture.core->actions = fixture.queue;
        ck_assert(weft_claim_merge(fixture.core, &record, WEFT_HEARSAY_SELF));
    }
    ck_assert_uint_eq(weft_election_rank(fixture.core, FIXTURE_SELF), 2);
    fixture_link(&fixture, 3);
    want(1, 3);
    weft_ns began_ns = fixture.now_ns;
    ck_assert_ptr_nonnull(wait_next(5 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 0);
    weft_ns turn_ns = LATE_NS + (300 + 2 * 200) * WEFT_NS_PER_MS;
    ck_assert_uint_ge(fixture.now_ns - began_ns, turn_ns);
    ck_assert_uint_le(fixture.now_ns - began_ns, turn_ns + LATE_NS + SPREAD_NS);
    ended(1, 0, WEFT_ERR_OK);
    want(2, 3); /* the next one at once, as its only peer is late still */
    ck_assert_ptr_nonnull(asked());
    ck_assert_uint_eq(asked()->from, 0);
}
END_TEST

START_TEST(an_agent_asks_the_source_beside_its_only_peer)
{
    fixture_become_agent(&fixture);
    fixture_link(&fixture, 3);
    want(1, 3);
    ck_assert_uint_eq(asked()->from, 3);
    ck_assert_ptr_nonnull(wait_next(WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 0);
}
END_TEST

/* |peer|, linked, says that it has accepted the metadata that needs the document. */
static void hear_news(weft_node_id peer)
{
    fixture_link(&fixture, peer);
    fixture_frame(&fixture, peer, (struct weft_frame){.kind = WEFT_FRAME_BULLETIN, .bulletin = 7});
}

/* A document of 1000 bytes is late from the source as from elsewhere. Peers that know of it by then
 * are asked beside it, and it is not given up. */
START_TEST(asks_peers_beside_a_source_that_is_slow)
{
    fixture_become_agent(&fixture);
    want(1, 0);
    ck_assert_uint_eq(asked()->from, 0);
    ck_assert_ptr_null(wait_next(3 * WEFT_NS_PER_S)); /* nobody has heard of it */
    hear_news(3);
    ck_assert_ptr_nonnull(wait_next(5 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 3);
    ended(1, 3, WEFT_ERR_NOT_FOUND);
    ck_assert_ptr_null(asked()); /* the source sends still: it is not asked at once */
    hear_news(2);
    ck_assert_ptr_nonnull(wait_next(5 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 2);
    ended(1, 2, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

START_TEST(the_source_is_late_as_one_far_away)
{
    fixture_become_agent(&fixture);
    want(1, 0);
    hear_news(3);
    weft_ns began_ns = fixture.now_ns;
    ck_assert_ptr_nonnull(wait_next(5 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 3);
    ck_assert_uint_ge(fixture.now_ns - began_ns, LATE_FAR_NS);
    ck_assert_uint_le(fixture.now_ns - began_ns, LATE_FAR_NS + SPREAD_NS);
}
END_TEST

/* Wait for the next request, which is to go to the source |wait_ns| after now. */
static void source_asked_in(weft_ns wait_ns)
{
    weft_ns began_ns = fixture.now_ns;
    ck_assert_ptr_nonnull(wait_next(2 * wait_ns));
    ck_assert_uint_eq(asked()->from, 0);
    ck_assert_uint_ge(fixture.now_ns - began_ns, wait_ns);
    ck_assert_uint_le(fixture.now_ns - began_ns, wait_ns + 2 * SPREAD_NS);
}

/* A source that accepts a request and sends nothing is asked again, after 3 s and after 6 s more;
 * not a fourth time before one of those requests has failed. Any of them may bring the document. */
START_TEST(a_source_that_hangs_is_asked_again)
{
    fixture_become_agent(&fixture);
    want(1, 0);
    ck_assert_uint_eq(asked()->from, 0);
    source_asked_in(3 * WEFT_NS_PER_S);
    source_asked_in(6 * WEFT_NS_PER_S);
    ck_assert_ptr_null(wait_next(30 * WEFT_NS_PER_S));
    ended(1, 0, WEFT_ERR_TIMEOUT);
    source_asked_in(1 * WEFT_NS_PER_S);
    ended(1, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
    ended(1, 0, WEFT_ERR_TIMEOUT); /* of those that were under way still */
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 0);
}
END_TEST

/* Six requests that hang are as long as three rounds: then it is given up. */
START_TEST(a_source_that_hangs_is_given_up)
{
    uint32_t asks = 0;
    fixture_become_agent(&fixture);
    want(1, 0);
    while (asked() != NULL) {
        asks++;
        bool is_more = wait_next(30 * WEFT_NS_PER_S) != NULL;
        if (!is_more && fixture.core->documents.count > 0) {
            ended(1, 0, WEFT_ERR_TIMEOUT);
            (void)wait_asked(2 * WEFT_NS_PER_S);
        }
    }
    ck_assert_uint_eq(asks, 6);
    for (uint32_t left = 0; left < 2; left++) {
        ck_assert_uint_eq(fixture.core->documents.count, 1);
        ended(1, 0, WEFT_ERR_TIMEOUT);
    }
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 1);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

/* The source fails while a peer is asked beside it: after that peer it is asked again. */
START_TEST(the_source_is_asked_again_when_it_has_failed)
{
    fixture_become_agent(&fixture);
    want(1, 0);
    hear_news(3);
    ck_assert_ptr_nonnull(wait_next(5 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 3);
    ended(1, 0, WEFT_ERR_TIMEOUT);
    ck_assert_ptr_null(asked());
    ended(1, 3, WEFT_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(wait_asked(2 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 0);
}
END_TEST

/* Of two that were asked the one that sent a false document is to blame. */
START_TEST(blames_who_sent_it)
{
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
    want(1, 3);
    ck_assert_ptr_nonnull(wait_next(5 * WEFT_NS_PER_S));
    ck_assert_uint_eq(asked()->from, 2);
    ended(1, 3, WEFT_ERR_SIGNATURE);
    ck_assert_uint_gt(weft_penalty_owed_ns(fixture.core, 3), 0);
    ck_assert_uint_eq(weft_penalty_owed_ns(fixture.core, 2), 0);
    ck_assert_ptr_null(asked()); /* the other one may bring it */
    ended(1, 2, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

START_TEST(one_too_many_fails_at_once)
{
    fixture_become_agent(&fixture);
    for (uint64_t token = 1; token <= WEFT_DOCUMENTS_MAX; token++) {
        want(token, 0);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 0);
    }
    want(WEFT_DOCUMENTS_MAX + 1, 0);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DOCUMENT_FAILED), 1);
}
END_TEST

START_TEST(answers_to_nothing_are_ignored)
{
    ended(42, 0, WEFT_ERR_OK);
    ended(0, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture.core->documents.count, 0);
}
END_TEST

static Suite *document_suite(void)
{
    const TTest *const tests[] = {
        asks_the_announcing_peer_first,
        opens_a_stream_to_the_announcing_peer,
        goes_on_to_the_source_when_the_peer_fails,
        a_plain_node_gives_its_agent_time,
        an_agent_asks_the_source_at_once,
        gives_up_after_three_rounds,
        without_a_source_it_fails_after_the_peers,
        asks_another_peer_beside_one_that_is_slow,
        who_was_slow_is_asked_last_for_a_minute,
        gives_peers_elsewhere_more_time,
        a_plain_node_asks_the_source_beside_its_only_peer_in_its_turn,
        an_agent_asks_the_source_beside_its_only_peer,
        asks_peers_beside_a_source_that_is_slow,
        the_source_is_late_as_one_far_away,
        a_source_that_hangs_is_asked_again,
        a_source_that_hangs_is_given_up,
        the_source_is_asked_again_when_it_has_failed,
        blames_who_sent_it,
        one_too_many_fails_at_once,
        answers_to_nothing_are_ignored,
    };
    Suite *suite = suite_create("document");
    weft_check_case(suite, "document", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(document_suite)
