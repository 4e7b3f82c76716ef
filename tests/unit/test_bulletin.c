/* SPDX-License-Identifier: Apache-2.0 */
/* Which metadata is newer, who is not believed any more, what two contradicting bulletins lead to,
 * and when a node looks for itself because half of the life of its news is over. */
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#include "protocol/address.h"

#include <string.h>

#define S WEFT_NS_PER_S
#define PEER 2
#define OTHER 3

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, PEER, false);
    fixture_member(&fixture, OTHER, false);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* The shell accepted |bulletin|, whose bytes are |text|. */
static void accept_fresh(weft_bulletin bulletin, const char *text, weft_ns fresh_ns)
{
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN,
                               .bulletin = {.bulletin = bulletin,
                                            .bytes = (const uint8_t *)text,
                                            .length = strlen(text),
                                            .fresh_ns = fresh_ns}};
    fixture_step(&fixture, 0, event);
}

static void accept(weft_bulletin bulletin, const char *text)
{
    accept_fresh(bulletin, text, WEFT_NS_NEVER);
}

static void refuse(weft_node_id peer, weft_bulletin bulletin, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN_REFUSED,
                               .bulletin_refused = {peer, bulletin, result}};
    fixture_step(&fixture, 0, event);
}

/* |peer| sends a message of |kind| and says that it has |bulletin|. */
static void hear(weft_node_id peer, enum weft_message_kind kind, weft_bulletin bulletin,
                 const char *text)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    struct weft_message message = {
        .kind = kind, .mesh = fixture.core->config.mesh, .sender = peer, .bulletin = bulletin};
    if (kind == WEFT_MESSAGE_ANNOUNCE) {
        message.announce.bytes = (const uint8_t *)text;
        message.announce.length = (uint32_t)strlen(text);
    }
    uint32_t length = weft_message_encode(&message, bytes, sizeof bytes);
    uint8_t ipv4[4] = {10, 0, 0, (uint8_t)peer};
    struct weft_event event = {
        .kind = WEFT_EVENT_DATAGRAM,
        .datagram = {.from = {.id = peer, .address = weft_address_of_ipv4(ipv4, 7767)},
                     .hop_limit = 255,
                     .bytes = bytes,
                     .length = length}};
    fixture_step(&fixture, S, event);
}

/* Kind of the first datagram to |peer| in the queue; 0 = none. */
static uint32_t sent_to(weft_node_id peer)
{
    struct weft_message message;
    for (uint32_t i = 0; i < fixture.queue->count; i++) {
        const struct weft_action *action = &fixture.queue->items[i];
        if (action->kind == WEFT_ACTION_DATAGRAM && action->send.to.id == peer &&
            weft_message_decode(action->send.bytes, action->send.length, &message) == 0 &&
            (message.kind == WEFT_MESSAGE_ANNOUNCE || message.kind == WEFT_MESSAGE_ANNOUNCE_GET)) {
            return message.kind;
        }
    }
    return 0;
}

static uint32_t checks(void)
{
    return fixture_count(&fixture, WEFT_ACTION_BULLETIN_CHECK);
}

START_TEST(test_order)
{
    weft_bulletin low = weft_bulletin_of(1, UINT32_MAX, UINT16_MAX);
    weft_bulletin high = weft_bulletin_of(2, 1, 0);
    ck_assert(weft_bulletin_is_newer(high, low));
    ck_assert(!weft_bulletin_is_newer(low, high));
    ck_assert_uint_eq(weft_bulletin_root(high), 2);
    ck_assert_uint_eq(weft_bulletin_version(low), UINT32_MAX);
    ck_assert(weft_bulletin_contradicts(weft_bulletin_of(1, 1, 5), weft_bulletin_of(1, 1, 6)));
    ck_assert(!weft_bulletin_contradicts(weft_bulletin_of(1, 1, 5), weft_bulletin_of(1, 1, 5)));
    ck_assert(!weft_bulletin_is_newer(weft_bulletin_of(1, 1, 6), weft_bulletin_of(1, 1, 5)));
}
END_TEST

/* Under a new root the count begins again; whoever is behind is told, and never the reverse. */
START_TEST(test_new_root)
{
    accept(weft_bulletin_of(1, 4000000000U, 1), "old");
    hear(PEER, WEFT_MESSAGE_HINT, weft_bulletin_of(2, 1, 2), NULL);
    ck_assert_uint_eq(sent_to(PEER), WEFT_MESSAGE_ANNOUNCE_GET);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(2, 1, 2), "new");
    ck_assert_uint_eq(checks(), 1);
    accept(weft_bulletin_of(2, 1, 2), "new");
    ck_assert_uint_eq(weft_announce_version(fixture.core), 1);
    hear(OTHER, WEFT_MESSAGE_HINT, weft_bulletin_of(1, 4000000000U, 1), NULL);
    ck_assert_uint_eq(sent_to(OTHER), WEFT_MESSAGE_ANNOUNCE);
    hear(OTHER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 4000000001U, 1), "old");
    ck_assert_uint_eq(checks(), 0);
    accept(weft_bulletin_of(1, 4000000001U, 1), "old"); /* the accepted bulletin never falls */
    ck_assert_uint_eq(weft_announce_version(fixture.core), 1);
}
END_TEST

/* The last bits of the root version are enough to know who is ahead. */
START_TEST(test_root_of_members)
{
    static const uint32_t roots[] = {1, 2, 127, 128, 255, 256, 257, 300, 65535};
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        weft_bulletin own = weft_bulletin_of(roots[i], 5, 0);
        accept(own, "x");
        hear(PEER, WEFT_MESSAGE_HINT, own, NULL);
        ck_assert(weft_announce_has(fixture.core, PEER, own));
        ck_assert(!weft_announce_has(fixture.core, PEER, weft_bulletin_of(roots[i], 6, 0)));
        hear(PEER, WEFT_MESSAGE_HINT, weft_bulletin_of(roots[i] - 1, 9, 0), NULL);
        ck_assert(!weft_announce_has(fixture.core, PEER, own));
    }
}
END_TEST

/* Each offence keeps a peer out for twice as long, up to an hour; good behaviour ends it. */
START_TEST(test_penalty_grows)
{
    weft_ns pause_ns = 30 * S;
    for (uint32_t i = 0; i < 10; i++) {
        hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 100 + i, 0), "bad");
        ck_assert_uint_eq(checks(), 1);
        refuse(PEER, weft_bulletin_of(1, 100 + i, 0), WEFT_ERR_SIGNATURE);
        fixture_run(&fixture, pause_ns - 3 * S);
        hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 100 + i, 0), "bad");
        ck_assert_uint_eq(checks(), 0);
        ck_assert(!weft_announce_has(fixture.core, PEER, weft_bulletin_of(1, 1, 0)));
        fixture_run(&fixture, 3 * S);
        pause_ns = pause_ns < 1920 * S ? 2 * pause_ns : 3600 * S;
    }
    fixture_run(&fixture, 3700 * S); /* it is forgotten */
    weft_penalty_add(fixture.core, PEER, WEFT_OFFENCE_METADATA);
    fixture_run(&fixture, 31 * S);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 200, 0), "good");
    ck_assert_uint_eq(checks(), 1);
}
END_TEST

/* What could not be checked blames nobody, and does not soften what a peer did before. */
START_TEST(test_not_checked)
{
    refuse(PEER, weft_bulletin_of(1, 5, 0), WEFT_ERR_UNREACHABLE);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 5, 0), "x");
    ck_assert_uint_eq(checks(), 0);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 6, 0), "x");
    ck_assert_uint_eq(checks(), 1);
    refuse(PEER, weft_bulletin_of(1, 6, 0), WEFT_ERR_FORMAT);
    refuse(PEER, weft_bulletin_of(1, 7, 0), WEFT_ERR_TIMEOUT);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 8, 0), "x");
    ck_assert_uint_eq(checks(), 0);
}
END_TEST

/* A document of a peer that is not signed costs it its word as well. */
START_TEST(test_bad_document)
{
    fixture_link(&fixture, PEER);
    hear(PEER, WEFT_MESSAGE_HINT, weft_bulletin_of(1, 5, 0), NULL);
    struct weft_event wanted = {.kind = WEFT_EVENT_DOCUMENT_WANTED,
                                .document_wanted = {.token = 9,
                                                    .path = "metadata/1.targets.json",
                                                    .bytes_max = 100,
                                                    .bulletin = weft_bulletin_of(1, 5, 0),
                                                    .hint = PEER}};
    fixture_step(&fixture, 0, wanted);
    const struct weft_action *fetch = fixture_action(&fixture, WEFT_ACTION_DOCUMENT_FETCH, 0);
    ck_assert_uint_eq(fetch->document.from, PEER);
    ck_assert(weft_announce_has(fixture.core, PEER, weft_bulletin_of(1, 5, 0)));
    struct weft_event bad = {.kind = WEFT_EVENT_DOCUMENT,
                             .document = {9, WEFT_ERR_SIGNATURE, PEER}};
    fixture_step(&fixture, 0, bad);
    ck_assert(!weft_announce_has(fixture.core, PEER, weft_bulletin_of(1, 5, 0)));
}
END_TEST

/* Other bytes of the accepted versions are asked for, checked once, and then left alone. */
START_TEST(test_contradiction)
{
    accept(weft_bulletin_of(1, 5, 10), "ours");
    hear(PEER, WEFT_MESSAGE_HINT, weft_bulletin_of(1, 5, 10), NULL);
    ck_assert_uint_eq(sent_to(PEER), 0);
    hear(PEER, WEFT_MESSAGE_HINT, weft_bulletin_of(1, 5, 11), NULL);
    ck_assert_uint_eq(sent_to(PEER), WEFT_MESSAGE_ANNOUNCE_GET);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 5, 11), "theirs");
    ck_assert_uint_eq(checks(), 1);
    refuse(PEER, weft_bulletin_of(1, 5, 11), WEFT_ERR_EXISTS);
    hear(OTHER, WEFT_MESSAGE_HINT, weft_bulletin_of(1, 5, 11), NULL);
    ck_assert_uint_eq(sent_to(OTHER), 0);
    ck_assert(weft_announce_has(fixture.core, PEER, weft_bulletin_of(1, 5, 0)));
    accept(weft_bulletin_of(1, 6, 10), "next"); /* the next version is looked at anew */
    hear(PEER, WEFT_MESSAGE_HINT, weft_bulletin_of(1, 6, 11), NULL);
    ck_assert_uint_eq(sent_to(PEER), WEFT_MESSAGE_ANNOUNCE_GET);
}
END_TEST

/* A liar who only claims other bytes is found out by the check, and not believed any more. */
START_TEST(test_false_contradiction)
{
    accept(weft_bulletin_of(1, 5, 10), "ours");
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 5, 11), "lie");
    ck_assert_uint_eq(checks(), 1);
    refuse(PEER, weft_bulletin_of(1, 5, 11), WEFT_ERR_SIGNATURE);
    hear(PEER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 5, 12), "lie");
    ck_assert_uint_eq(checks(), 0);
    hear(OTHER, WEFT_MESSAGE_ANNOUNCE, weft_bulletin_of(1, 5, 13), "proof");
    ck_assert_uint_eq(checks(), 1);
}
END_TEST

static uint32_t looks_within(weft_ns span_ns)
{
    uint32_t count = 0;
    weft_ns end_ns = fixture.now_ns + span_ns;
    for (weft_ns due = weft_core_deadline(fixture.core); due <= end_ns;
         due = weft_core_deadline(fixture.core)) {
        weft_ns later = due > fixture.now_ns ? due - fixture.now_ns : 0;
        fixture_step(&fixture, later, (struct weft_event){.kind = WEFT_EVENT_TICK});
        if (fixture_count(&fixture, WEFT_ACTION_SOURCE_LOOK) > 0) {
            count++;
            struct weft_event looked = {.kind = WEFT_EVENT_LOOKED, .looked = {WEFT_ERR_OK}};
            fixture_step(&fixture, 0, looked);
        }
    }
    fixture.now_ns = end_ns;
    return count;
}

/* With a poll of a day an ordinary node would look every 10 days; half the life comes first. */
START_TEST(test_half_life)
{
    struct weft_config config = fixture_config();
    config.has_source = true;
    config.tuning.poll_ms = 86400 * 1000;
    teardown();
    fixture = fixture_new(&config);
    fixture_member(&fixture, PEER, true);
    looks_within(60 * S);
    accept_fresh(weft_bulletin_of(1, 1, 0), "x", 3600 * S);
    ck_assert_uint_eq(looks_within(3599 * S), 0);
    ck_assert_uint_eq(looks_within(722 * S), 1);
    ck_assert_uint_eq(looks_within(7200 * S), 0); /* once; then at its pace */
    accept_fresh(weft_bulletin_of(1, 2, 0), "x", 3600 * S);
    ck_assert_uint_eq(looks_within(1000 * S), 0);
    accept_fresh(weft_bulletin_of(1, 3, 0), "x", 3600 * S); /* newer news: the moment moves */
    ck_assert_uint_eq(looks_within(3599 * S), 0);
    ck_assert_uint_eq(looks_within(722 * S), 1);
    accept_fresh(weft_bulletin_of(1, 4, 0), "x", 0); /* over already: at once */
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_LOOK), 1);
    struct weft_event looked = {.kind = WEFT_EVENT_LOOKED, .looked = {WEFT_ERR_OK}};
    fixture_step(&fixture, 0, looked);
    accept_fresh(weft_bulletin_of(1, 5, 0), "x", WEFT_NS_NEVER);
    ck_assert_uint_eq(looks_within(7200 * S), 0);
}
END_TEST

/* When the look is asked for within |span_ns|, after now; WEFT_NS_NEVER = it is not. */
static weft_ns look_asked_in(weft_ns span_ns)
{
    weft_ns began_ns = fixture.now_ns;
    while (weft_core_deadline(fixture.core) <= began_ns + span_ns) {
        weft_ns due = weft_core_deadline(fixture.core);
        weft_ns later = due > fixture.now_ns ? due - fixture.now_ns : 0;
        fixture_step(&fixture, later, (struct weft_event){.kind = WEFT_EVENT_TICK});
        if (fixture_count(&fixture, WEFT_ACTION_SOURCE_LOOK) > 0) {
            return fixture.now_ns - began_ns;
        }
    }
    return WEFT_NS_NEVER;
}

/* A source that never answers the first request may answer the next one at once. */
START_TEST(test_look_hangs)
{
    struct weft_config config = fixture_config();
    config.has_source = true;
    teardown();
    fixture = fixture_new(&config);
    fixture_member(&fixture, PEER, true);
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_LOOK});
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_LOOK), 1);
    ck_assert_uint_eq(look_asked_in(10 * S), 3 * S);
    ck_assert_uint_eq(look_asked_in(10 * S), 6 * S);
    ck_assert_uint_eq(look_asked_in(100 * S), WEFT_NS_NEVER);
    struct weft_event looked = {.kind = WEFT_EVENT_LOOKED, .looked = {WEFT_ERR_OK}};
    fixture_step(&fixture, 0, looked);
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_LOOK});
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_LOOK), 1);
    fixture_step(&fixture, 0, looked);
    ck_assert_uint_eq(look_asked_in(20 * S), WEFT_NS_NEVER); /* it came, the poll is later */
}
END_TEST

static Suite *bulletin_suite(void)
{
    Suite *suite = suite_create("bulletin");
    const TTest *const tests[] = {
        test_order,       test_new_root,     test_root_of_members, test_penalty_grows,
        test_not_checked, test_bad_document, test_contradiction,   test_false_contradiction,
        test_half_life,   test_look_hangs,
    };
    weft_check_case(suite, "bulletin", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(bulletin_suite)
