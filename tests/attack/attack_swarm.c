/* SPDX-License-Identifier: Apache-2.0 */
/* A neighbour with a stream lies about chunks, leases and its own readiness. The node attacked is
 * an Update Agent with a source, unless a case says otherwise; nodes 2 and 3 are its neighbours. */
#include "tests/support/attack.h"

#include "tests/support/play.h"

#define S WEFT_NS_PER_S
#define LIAR 2
#define HONEST 3
#define CHUNKS 64

/* A node with two neighbours that wants a release. */
static struct fixture wanting(bool agent)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, LIAR, false);
    fixture_member(&fixture, HONEST, false);
    if (agent) {
        fixture_become_agent(&fixture);
    }
    fixture_link(&fixture, LIAR);
    fixture_link(&fixture, HONEST);
    return fixture;
}

static uint32_t have_count(const struct fixture *fixture)
{
    return weft_release_find(fixture->core, FIXTURE_RELEASE)->have_count;
}

static void frame_of_liar(struct fixture *fixture, struct weft_frame frame)
{
    fixture_frame(fixture, LIAR, frame);
}

static void claim_all(struct fixture *fixture)
{
    fixture_peer_has(fixture, LIAR, 0, CHUNKS);
}

static void say_busy(struct fixture *fixture, weft_node_id peer, uint32_t chunk)
{
    fixture_frame(fixture, peer,
                  (struct weft_frame){.kind = WEFT_FRAME_REFUSE, .chunk = chunk, .value = 1});
}

static void say_absent(struct fixture *fixture, weft_node_id peer, uint32_t chunk)
{
    fixture_frame(fixture, peer, (struct weft_frame){.kind = WEFT_FRAME_REFUSE, .chunk = chunk});
}

/* Does an agent complete from the source although the liar claims everything? */
static void outlive(void (*answer)(struct fixture *, weft_node_id, uint32_t),
                    void (*nag)(struct fixture *))
{
    struct fixture fixture = wanting(true);
    struct play play = {.fixture = &fixture, .answer = answer, .nag = nag};
    fixture_release(&fixture, CHUNKS);
    play_collect(&play);
    claim_all(&fixture);
    play_collect(&play);
    play_on(&play, 120 * S);
    ck_assert_uint_eq(have_count(&fixture), CHUNKS);
    fixture_free(&fixture);
}

START_TEST(claims_and_refuses)
{
    outlive(say_absent, NULL);
}
END_TEST

START_TEST(claims_again_and_refuses)
{
    outlive(say_absent, claim_all);
}
END_TEST

START_TEST(busy_forever)
{
    outlive(say_busy, NULL);
}
END_TEST

START_TEST(never_answers)
{
    outlive(NULL, NULL);
}
END_TEST

/* LEASE on every extent. */
static void lease_all(struct fixture *fixture)
{
    uint32_t count = fixture->core->releases.downloads[0].extent_count;
    for (uint32_t i = 0; i < count; i++) {
        frame_of_liar(fixture, (struct weft_frame){
                                   .kind = WEFT_FRAME_LEASE, .chunk = i, .value = UINT16_MAX});
    }
}

START_TEST(leases_once)
{
    struct fixture fixture = wanting(true);
    struct play play = {.fixture = &fixture};
    fixture_release(&fixture, CHUNKS);
    play_collect(&play);
    fixture_peer_has(&fixture, LIAR, 0, 0);
    play_collect(&play);
    lease_all(&fixture);
    play_collect(&play);
    play_on(&play, 30 * S);
    ck_assert_uint_eq(have_count(&fixture), CHUNKS);
    fixture_free(&fixture);
}
END_TEST

START_TEST(leases_forever_no_agent)
{
    struct fixture fixture = wanting(true);
    struct play play = {.fixture = &fixture, .nag = lease_all};
    fixture_release(&fixture, CHUNKS);
    play_collect(&play);
    fixture_peer_has(&fixture, LIAR, 0, 0);
    play_collect(&play);
    play_on(&play, 120 * S);
    ck_assert_uint_eq(have_count(&fixture), CHUNKS);
    fixture_free(&fixture);
}
END_TEST

START_TEST(leases_forever_agent)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, LIAR, true);
    fixture_become_agent(&fixture);
    fixture_link(&fixture, LIAR);
    struct play play = {.fixture = &fixture, .nag = lease_all};
    fixture_release(&fixture, CHUNKS);
    play_collect(&play);
    fixture_peer_has(&fixture, LIAR, 0, 0);
    play_collect(&play);
    play_on(&play, 120 * S);
    ck_assert_uint_eq(have_count(&fixture), CHUNKS);
    fixture_free(&fixture);
}
END_TEST

START_TEST(wrong_map)
{
    static const uint8_t bits[WEFT_CHUNKS_MAX / 8] = {0xff};
    struct fixture fixture = wanting(false);
    fixture_release(&fixture, CHUNKS);
    const uint32_t counts[] = {0, 1, CHUNKS - 1, CHUNKS + 1, WEFT_CHUNKS_MAX};
    for (uint32_t i = 0; i < 5; i++) {
        frame_of_liar(&fixture, (struct weft_frame){.kind = WEFT_FRAME_MAP,
                                                    .value = counts[i],
                                                    .flags = WEFT_MAP_ASK,
                                                    .list = {bits, (counts[i] + 7) / 8}});
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_FRAME), 0);
    }
    frame_of_liar(&fixture,
                  (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = CHUNKS, .list = {bits, 1}});
    const uint8_t beyond[] = {CHUNKS >> 8, CHUNKS & 0xff, 0xff, 0xff};
    frame_of_liar(&fixture, (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = {beyond, 4}});
    ck_assert_uint_eq(weft_link_at(&fixture.core->links, 0)->maps[0].have_count, 0);
    ck_assert_uint_eq(fixture.core->counters.rejects[WEFT_REJECT_RANGE], 7);
    fixture_free(&fixture);
}
END_TEST

START_TEST(request_flood)
{
    struct fixture fixture = wanting(true);
    fixture_release(&fixture, CHUNKS);
    for (uint32_t i = 0; i < CHUNKS; i++) {
        fixture_chunk(&fixture, 0, 1, i, WEFT_ERR_OK);
    }
    uint32_t uploads = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        frame_of_liar(&fixture,
                      (struct weft_frame){.kind = WEFT_FRAME_REQUEST, .chunk = i % (2 * CHUNKS)});
        uploads += fixture_count(&fixture, WEFT_ACTION_UPLOAD);
        ck_assert_uint_le(fixture.queue->count, 2);
    }
    ck_assert_uint_le(uploads, fixture.core->config.tuning.uploads);
    fixture_free(&fixture);
}
END_TEST

START_TEST(unsolicited)
{
    struct fixture fixture = wanting(false);
    fixture_release(&fixture, CHUNKS);
    for (uint32_t i = 0; i < 10000; i++) {
        struct weft_event event = {.kind = WEFT_EVENT_OFFER,
                                   .offer = {.peer = i % 3 == 0 ? 77 : LIAR,
                                             .release = i % 5 == 0 ? 1 : FIXTURE_RELEASE,
                                             .chunk = i % 7 == 0 ? UINT32_MAX : i % CHUNKS}};
        fixture_step(&fixture, 0, event);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 0);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DISCARD), 1);
    }
    ck_assert_uint_eq(have_count(&fixture), 0);
    fixture_free(&fixture);
}
END_TEST

/* The stream ends and comes up again because the other side opens it, and everything is offered. */
static void come_back(struct fixture *fixture)
{
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = LIAR}}};
    fixture_step(fixture, 0, event);
    event = (struct weft_event){.kind = WEFT_EVENT_STREAM_UP};
    event.stream.peer = (struct weft_endpoint){
        .id = LIAR,
        .address = weft_member_said(fixture->core, weft_member_find(fixture->core, LIAR))->address};
    fixture_step(fixture, 0, event);
    claim_all(fixture);
}

/* Is it asked for anything? */
static bool is_asked(const struct fixture *fixture)
{
    const struct weft_wants *wants = &fixture->core->wants;
    for (uint32_t i = 0; i < wants->count; i++) {
        if (weft_want_at(wants, i)->peer == LIAR) {
            return true;
        }
    }
    return false;
}

START_TEST(corrupt_twice)
{
    struct fixture fixture = wanting(false);
    fixture_release(&fixture, CHUNKS);
    claim_all(&fixture);
    ck_assert(is_asked(&fixture));
    fixture_chunk(&fixture, LIAR, 0, weft_want_at(&fixture.core->wants, 0)->chunk,
                  WEFT_ERR_MISMATCH);
    ck_assert(!is_asked(&fixture));
    fixture_chunk(&fixture, LIAR, 0, 1, WEFT_ERR_MISMATCH);
    ck_assert(!is_asked(&fixture));
    fixture_run(&fixture, 90 * S);
    ck_assert(!is_asked(&fixture));
    ck_assert_uint_eq(have_count(&fixture), 0);
    fixture_free(&fixture);
}
END_TEST

START_TEST(corrupt_comes_back)
{
    struct fixture fixture = wanting(false);
    fixture_release(&fixture, CHUNKS);
    fixture_chunk(&fixture, LIAR, 0, 0, WEFT_ERR_MISMATCH);
    fixture_chunk(&fixture, LIAR, 0, 1, WEFT_ERR_MISMATCH);
    for (uint32_t minute = 0; minute < 25; minute++) {
        fixture_run(&fixture, 60 * S);
        come_back(&fixture);
        ck_assert(!is_asked(&fixture));
    }
    fixture_free(&fixture);
}
END_TEST

START_TEST(corrupt_for_an_hour)
{
    struct fixture fixture = wanting(false);
    fixture_release(&fixture, CHUNKS);
    fixture_chunk(&fixture, LIAR, 0, 0, WEFT_ERR_MISMATCH);
    fixture_chunk(&fixture, LIAR, 0, 1, WEFT_ERR_MISMATCH);
    fixture_run(&fixture, 50 * 60 * S);
    come_back(&fixture);
    ck_assert(!is_asked(&fixture));
    fixture_free(&fixture);
}
END_TEST

START_TEST(corrupt_once_a_stream)
{
    struct fixture fixture = wanting(false);
    fixture_release(&fixture, CHUNKS);
    for (uint32_t i = 0; i < 4; i++) {
        fixture_chunk(&fixture, LIAR, 0, i, WEFT_ERR_MISMATCH);
        fixture_run(&fixture, 10 * S);
        come_back(&fixture);
    }
    ck_assert(!is_asked(&fixture));
    fixture_free(&fixture);
}
END_TEST

START_TEST(link_flood)
{
    struct weft_config config = fixture_config();
    config.links_max = WEFT_LINKS_MAX;
    struct fixture fixture = fixture_new(&config);
    fixture_release(&fixture, CHUNKS);
    fixture_member(&fixture, HONEST, false);
    fixture_link(&fixture, HONEST);
    for (uint32_t i = 0; i < 2000; i++) {
        fixture_link(&fixture, 1000 + i);
        ck_assert_uint_lt(fixture.core->links.up_count, WEFT_LINKS_MAX / 2);
    }
    ck_assert(weft_link_find(fixture.core, HONEST)->up);
    fixture_member(&fixture, 4, false);
    ck_assert(fixture_link(&fixture, 4)->up);
    fixture_free(&fixture);
}
END_TEST

START_TEST(garbage)
{
    struct fixture fixture = wanting(true);
    fixture_release(&fixture, CHUNKS);
    uint64_t state = 1;
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t bytes[64];
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
        uint32_t length = 1 + (uint32_t)(state >> 33) % sizeof(bytes);
        for (uint32_t k = 0; k < length; k++) {
            bytes[k] = (uint8_t)(state >> (k % 7 * 8));
        }
        bytes[0] = (uint8_t)(0x93 + i % 4);
        struct weft_event event = {
            .kind = WEFT_EVENT_FRAME,
            .frame = {.peer = i % 9 == 0 ? 99 : LIAR, .bytes = bytes, .length = length}};
        fixture_step(&fixture, 0, event);
    }
    ck_assert_uint_eq(have_count(&fixture), 0);
    ck_assert_uint_eq(fixture.queue->dropped_count, 0);
    fixture_free(&fixture);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"claims every chunk, then has none", "the source serves instead", claims_and_refuses},
        {"claims every chunk again and again", "the source serves instead",
         claims_again_and_refuses},
        {"claims every chunk, BUSY for ever", "the source serves instead", busy_forever},
        {"claims every chunk, never answers", "the source serves instead", never_answers},
        {"LEASE on all extents, no progress", "leases move in 30 s", leases_once},
        {"LEASE on all extents for ever, no agent", "leases move in 2 min",
         leases_forever_no_agent},
        {"LEASE on all extents for ever, agent", "leases move in 2 min", leases_forever_agent},
        {"MAP and HAVE beyond the release", "refused, nothing is noted", wrong_map},
        {"REQUEST 10,000 times", "uploads stay within --uploads", request_flood},
        {"10,000 chunks nobody asked for", "each is read past", unsolicited},
        {"two corrupt chunks", "nothing more is asked", corrupt_twice},
        {"two corrupt chunks, a new stream every minute", "nothing is asked", corrupt_comes_back},
        {"two corrupt chunks, comes back after 50 minutes", "nothing is asked",
         corrupt_for_an_hour},
        {"one corrupt chunk a stream", "nothing is asked all the same", corrupt_once_a_stream},
        {"2,000 streams from far", "room is left for neighbours", link_flood},
        {"20,000 garbage frames", "dropped, nothing is stored", garbage},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
