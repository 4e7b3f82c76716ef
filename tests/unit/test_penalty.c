/* SPDX-License-Identifier: Apache-2.0 */
/* Offences: what each costs, when a peer is doubted or banned, how it pays, and who is spared. */
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#include <string.h>

#define S WEFT_NS_PER_S
#define PEER 2
#define OTHER 3
#define CHUNKS 100

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

/* Time passes, and the members answer what is asked of them: none of this needs a tick. */
static void wait_s(uint64_t seconds)
{
    fixture.now_ns += seconds * S;
    fixture.core->now_ns = fixture.now_ns;
}

static uint64_t owed_s(weft_node_id peer)
{
    return weft_penalty_owed_ns(fixture.core, peer) / S;
}

static void add(weft_node_id peer, enum weft_offence offence)
{
    fixture.core->actions = fixture.queue;
    weft_penalty_add(fixture.core, peer, offence);
}

/* What the table of offences says, in the words of SPEC.md: nothing else is owed. */
START_TEST(prices)
{
    static const uint64_t owed[WEFT_OFFENCE_COUNT][5] = {
        [WEFT_OFFENCE_MALFORMED] = {1, 2, 3, 4, 5},
        [WEFT_OFFENCE_BREACH] = {60, 120, 180, 240, 300},
        [WEFT_OFFENCE_METADATA] = {30, 90, 210, 450, 930},
        [WEFT_OFFENCE_CHUNK] = {60, 3600, 3600, 3600, 3600},
        [WEFT_OFFENCE_STALL] = {60, 180, 420, 900, 1860},
        [WEFT_OFFENCE_FALSE_INDEX] = {3600, 3600, 3600, 3600, 3600},
    };
    bool bans = _i != WEFT_OFFENCE_CHUNK && _i != WEFT_OFFENCE_STALL;
    for (uint32_t i = 0; i < 5; i++) {
        add(PEER, (enum weft_offence)_i);
        ck_assert_uint_eq(owed_s(PEER), owed[_i][i]);
        ck_assert_uint_eq(weft_penalty_is_doubted(fixture.core, PEER),
                          owed[_i][i] >= WEFT_PENALTY_DOUBT_S);
        ck_assert_uint_eq(weft_penalty_is_banned(fixture.core, PEER),
                          bans && owed[_i][i] >= WEFT_PENALTY_BAN_S);
    }
    ck_assert_uint_eq(owed_s(OTHER), 0);
}
END_TEST

/* A debt shrinks by a second each second; who is doubted stays so until the end. */
START_TEST(decay)
{
    for (uint32_t i = 0; i < 1000; i++) { /* a fault now and then */
        add(PEER, WEFT_OFFENCE_MALFORMED);
        wait_s(1);
        ck_assert(!weft_penalty_is_doubted(fixture.core, PEER));
    }
    for (uint32_t i = 0; i < WEFT_PENALTY_DOUBT_S; i++) {
        ck_assert(!weft_penalty_is_doubted(fixture.core, PEER));
        add(PEER, WEFT_OFFENCE_MALFORMED);
    }
    wait_s(WEFT_PENALTY_DOUBT_S - 1);
    ck_assert_uint_eq(owed_s(PEER), 1);
    ck_assert(weft_penalty_is_doubted(fixture.core, PEER));
    wait_s(1);
    ck_assert(!weft_penalty_is_doubted(fixture.core, PEER));
    add(PEER, WEFT_OFFENCE_MALFORMED); /* that was paid for */
    ck_assert_uint_eq(owed_s(PEER), 1);
    ck_assert(!weft_penalty_is_doubted(fixture.core, PEER));
}
END_TEST

START_TEST(cap_and_memory)
{
    for (uint32_t i = 0; i < 1000; i++) {
        add(PEER, (enum weft_offence)(i % WEFT_OFFENCE_COUNT));
    }
    ck_assert_uint_eq(owed_s(PEER), WEFT_PENALTY_MAX_S);
    wait_s(WEFT_PENALTY_MAX_S + WEFT_PENALTY_MEMORY_S - 1);
    add(PEER, WEFT_OFFENCE_CHUNK); /* remembered */
    ck_assert_uint_eq(owed_s(PEER), WEFT_PENALTY_MAX_S);
    wait_s(WEFT_PENALTY_MAX_S + WEFT_PENALTY_MEMORY_S);
    add(PEER, WEFT_OFFENCE_CHUNK); /* the first one again */
    ck_assert_uint_eq(owed_s(PEER), 60);
}
END_TEST

/* Many small offenders do not push a great one out of memory. */
START_TEST(full_table)
{
    add(PEER, WEFT_OFFENCE_FALSE_INDEX);
    for (uint32_t i = 0; i < 10 * WEFT_PENALTIES_MAX; i++) {
        add(1000 + i, WEFT_OFFENCE_METADATA);
        ck_assert(weft_penalty_is_doubted(fixture.core, 1000 + i));
        ck_assert_uint_le(fixture.core->penalties.count, WEFT_PENALTIES_MAX);
    }
    ck_assert(weft_penalty_is_banned(fixture.core, PEER));
}
END_TEST

/* What an operator is shown: who owes, how long, what for; not who has paid. */
START_TEST(shown)
{
    struct weft_view_penalty penalty;
    ck_assert(!weft_view_penalty(fixture.core, 0, &penalty));
    add(OTHER, WEFT_OFFENCE_MALFORMED);
    add(PEER, WEFT_OFFENCE_METADATA);
    add(PEER, WEFT_OFFENCE_METADATA);
    wait_s(2); /* the other one has paid */
    ck_assert(weft_view_penalty(fixture.core, 0, &penalty));
    ck_assert_uint_eq(penalty.peer, PEER);
    ck_assert_int_eq(penalty.standing, WEFT_STANDING_DOUBTED);
    ck_assert_uint_eq(penalty.until_ns - fixture.now_ns, 88 * S);
    ck_assert_uint_eq(penalty.counts[WEFT_OFFENCE_METADATA], 2);
    ck_assert_uint_eq(penalty.counts[WEFT_OFFENCE_MALFORMED], 0);
    ck_assert(!weft_view_penalty(fixture.core, 1, &penalty));
    wait_s(88);
    ck_assert(!weft_view_penalty(fixture.core, 0, &penalty));
}
END_TEST

/* Neither nobody nor the node itself owes anything. */
START_TEST(nobody)
{
    add(0, WEFT_OFFENCE_CHUNK);
    add(FIXTURE_SELF, WEFT_OFFENCE_CHUNK);
    ck_assert_uint_eq(fixture.core->penalties.count, 0);
}
END_TEST

/* A ban closes the link, and no stream comes up until it is paid. */
START_TEST(ban)
{
    fixture_link(&fixture, PEER);
    fixture_link(&fixture, OTHER);
    for (uint32_t i = 0; i < WEFT_PENALTY_BAN_S / 60; i++) {
        ck_assert_ptr_nonnull(weft_link_find(fixture.core, PEER));
        struct weft_event down = {.kind = WEFT_EVENT_STREAM_DOWN,
                                  .stream = {.peer = {.id = PEER}, .result = WEFT_ERR_FORMAT}};
        fixture_step(&fixture, 0, down); /* broke the rules of streams */
        struct weft_link *link = fixture_link(&fixture, PEER);
        ck_assert_uint_eq(owed_s(PEER), 60 * (i + 1));
        ck_assert(link != NULL || i + 1 == WEFT_PENALTY_BAN_S / 60);
    }
    ck_assert_ptr_null(weft_link_find(fixture.core, PEER));
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_STREAM_CLOSE), 1);
    wait_s(WEFT_PENALTY_BAN_S - 1);
    ck_assert_ptr_null(fixture_link(&fixture, PEER));
    wait_s(1);
    ck_assert_ptr_nonnull(fixture_link(&fixture, PEER));
    ck_assert_ptr_nonnull(weft_link_find(fixture.core, OTHER));
}
END_TEST

static void hear(weft_node_id proved, const uint8_t *bytes, size_t length)
{
    struct weft_event event = {
        .kind = WEFT_EVENT_DATAGRAM,
        .datagram = {
            .from = {.id = proved,
                     .address = weft_member_said(fixture.core, weft_member_find(fixture.core, PEER))
                                    ->address},
            .hop_limit = 255,
            .bytes = bytes,
            .length = length}};
    fixture_step(&fixture, 0, event);
}

/* Who is not proved is not punished, and neither is whoever has that address. */
START_TEST(addresses_are_spared)
{
    static const uint8_t noise[] = {0x97, 1, 0xc1};
    for (uint32_t i = 0; i < 1000; i++) {
        hear(0, noise, sizeof(noise));
        hear(OTHER, noise, sizeof(noise)); /* says so from the address of PEER */
    }
    ck_assert_uint_eq(owed_s(PEER), 0);
    ck_assert(weft_penalty_is_banned(fixture.core, OTHER));
    ck_assert_uint_eq(fixture.core->penalties.count, 1);
}
END_TEST

/* A later version, another mesh and unknown kinds are dropped without a grudge. */
START_TEST(strangers_are_spared)
{
    static const uint8_t later[] = {0x95, 2, 1, 1, PEER, 0};
    static const uint8_t kind[] = {0x95, 1, 1, 99, PEER, 0};
    static const uint8_t mesh[] = {0x95, 1, 77, WEFT_MESSAGE_HINT, PEER, 0};
    for (uint32_t i = 0; i < 100; i++) {
        hear(PEER, later, sizeof(later));
        hear(PEER, kind, sizeof(kind));
        hear(PEER, mesh, sizeof(mesh));
    }
    ck_assert_uint_ge(fixture.core->counters.rejects[WEFT_REJECT_VERSION], 100);
    ck_assert_uint_ge(fixture.core->counters.rejects[WEFT_REJECT_UNKNOWN_KIND], 100);
    ck_assert_uint_ge(fixture.core->counters.rejects[WEFT_REJECT_MESH], 100);
    ck_assert_uint_eq(owed_s(PEER), 0);
}
END_TEST

START_TEST(frames)
{
    fixture_link(&fixture, PEER);
    fixture_release(&fixture, CHUNKS);
    struct weft_event noise = {
        .kind = WEFT_EVENT_FRAME,
        .frame = {.peer = PEER, .bytes = (const uint8_t *)"\x93\x01\xc1", .length = 3}};
    fixture_step(&fixture, 0, noise);
    ck_assert_uint_eq(owed_s(PEER), 1);
    fixture_frame(
        &fixture, PEER,
        (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = CHUNKS + 1, .flags = WEFT_MAP_ALL});
    ck_assert_uint_eq(owed_s(PEER), 61);
    const uint8_t beyond[] = {0, CHUNKS};
    fixture_frame(&fixture, PEER,
                  (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = {beyond, 2}});
    ck_assert_uint_eq(owed_s(PEER), 121);
    /* A release that this node does not know is no offence: the peer may be ahead. */
    fixture_frame(&fixture, PEER,
                  (struct weft_frame){.kind = WEFT_FRAME_MAP, .release = 5, .value = CHUNKS + 1});
    ck_assert_uint_eq(owed_s(PEER), 121);
}
END_TEST

static uint32_t requests(weft_node_id peer)
{
    uint32_t count = 0;
    while (fixture_sent(&fixture, peer, WEFT_FRAME_REQUEST, count).kind != 0) {
        count++;
    }
    return count;
}

/* After a bad chunk nothing is asked of the sender for a minute; then it may try again. */
START_TEST(bad_chunk_rests)
{
    fixture_link(&fixture, PEER);
    fixture_release(&fixture, 4);
    fixture_peer_has(&fixture, PEER, 0, 4);
    ck_assert_uint_gt(requests(PEER), 0);
    fixture_chunk(&fixture, PEER, 0, 0, WEFT_ERR_MISMATCH);
    fixture_chunk(&fixture, PEER, 0, 1, WEFT_ERR_OK);
    fixture_peer_has(&fixture, PEER, 0, 4);
    ck_assert_uint_eq(requests(PEER), 0);
    ck_assert_ptr_nonnull(weft_link_find(fixture.core, PEER));
    fixture_step(&fixture, 60 * S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_uint_gt(requests(PEER), 0);
    fixture_chunk(&fixture, PEER, 0, 2, WEFT_ERR_MISMATCH);
    ck_assert_uint_eq(owed_s(PEER), 3600);
    ck_assert(!weft_penalty_is_banned(fixture.core, PEER)); /* it may be sick: it is served */
    ck_assert_ptr_nonnull(weft_link_find(fixture.core, PEER));
    fixture_step(&fixture, 60 * S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_uint_eq(requests(PEER), 0);
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {decay,
                                  cap_and_memory,
                                  full_table,
                                  nobody,
                                  ban,
                                  addresses_are_spared,
                                  strangers_are_spared,
                                  frames,
                                  bad_chunk_rests,
                                  shown};
    Suite *suite = suite_create("penalty");
    weft_check_case(suite, "penalty", setup, teardown, tests, WEFT_ROWS(tests));
    TCase *rows = tcase_create("prices");
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_loop_test(rows, prices, 0, WEFT_OFFENCE_COUNT);
    suite_add_tcase(suite, rows);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
