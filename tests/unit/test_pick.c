/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk is asked of whom, and what becomes of it. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_member(&fixture, 3, /* agent */ false);
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static void offer(weft_node_id peer, uint32_t chunk)
{
    struct weft_event event = {.kind = WEFT_EVENT_OFFER,
                               .offer = {.peer = peer, .release = FIXTURE_RELEASE, .chunk = chunk}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
}

START_TEST(asks_the_rarest_chunk_first)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 0);
    struct weft_download *download = &fixture.core->releases.downloads[0];
    download->near_copies[9] = 1; /* somebody else has it too */
    fixture_peer_has(&fixture, 3, 9, 2);
    ck_assert_uint_eq(fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).chunk, 10);
}
END_TEST

START_TEST(keeps_within_the_window)
{
    for (weft_node_id id = 4; id < 12; id++) {
        fixture_member(&fixture, id, /* agent */ false);
        fixture_link(&fixture, id);
    }
    fixture_release(&fixture, 64);
    for (weft_node_id id = 3; id < 12; id++) {
        fixture_peer_has(&fixture, id, 0, 64);
    }
    ck_assert_uint_eq(fixture.core->wants.near_count, fixture.core->config.tuning.window);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].in_flight,
                      fixture.core->config.tuning.window);
}
END_TEST

/* The widest window, and an agent that pushes besides: no more than WEFT_WANTED_MAX chunks are
 * under way, and a further one is taken when one of them has come. */
START_TEST(chunks_under_way_are_bounded)
{
    struct weft_config config = fixture_config();
    config.links_max = WEFT_LINKS_MAX;
    config.tuning.window = 32;
    teardown();
    fixture = fixture_new(&config);
    fixture_release(&fixture, 200);
    for (weft_node_id id = 2; id < 50; id++) {
        fixture_member(&fixture, id, /* agent */ id == 2);
        fixture_link(&fixture, id);
        fixture_peer_has(&fixture, id, 0, id == 2 ? 0 : 100);
    }
    ck_assert_uint_eq(fixture.core->wants.count, config.tuning.window);
    for (uint32_t chunk = 100; chunk < 200; chunk++) {
        bool has_room = fixture.core->wants.count < WEFT_WANTED_MAX;
        offer(2, chunk);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), has_room);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DISCARD), !has_room);
        ck_assert_uint_le(fixture.core->wants.count, WEFT_WANTED_MAX);
    }
    ck_assert_uint_eq(fixture.core->wants.count, WEFT_WANTED_MAX);
    fixture_chunk(&fixture, 2, 0, 100, WEFT_ERR_OK);
    offer(2, 199);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
}
END_TEST

START_TEST(counts_a_stored_chunk_once_and_asks_on)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 3, 0, 64);
    uint32_t chunk = fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).chunk;
    offer(3, chunk);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
    fixture_chunk(&fixture, 3, 0, chunk, WEFT_ERR_OK);
    ck_assert_uint_eq(release->have_count, 1);
    ck_assert_uint_eq(release->bytes_by_tier[WEFT_TIER_PEER], FIXTURE_CHUNK_BYTES);
    ck_assert_int_eq(fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).kind, WEFT_FRAME_REQUEST);
    fixture_chunk(&fixture, 3, 0, chunk, WEFT_ERR_OK);
    ck_assert_uint_eq(release->have_count, 1);
    ck_assert_uint_eq(weft_view_counters(fixture.core).chunks_twice, 1);
}
END_TEST

START_TEST(reads_past_what_nobody_asked_for)
{
    fixture_release(&fixture, 64);
    offer(3, 5);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DISCARD), 1);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 0);
    offer(77, 5);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DISCARD), 1);
    ck_assert_uint_eq(weft_view_counters(fixture.core).rejects[WEFT_REJECT_UNEXPECTED], 2);
}
END_TEST

/* A neighbour that is no parent pushes a chunk, and will not tell of it afterwards. */
START_TEST(asks_for_what_was_offered_in_vain)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    offer(3, 5);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_DISCARD), 1);
    ck_assert_uint_eq(fixture_sent(&fixture, 3, WEFT_FRAME_CANCEL, 0).chunk, 5);
    bool asked = false;
    for (uint32_t i = 0; i < 50 && !asked; i++) {
        fixture_step(&fixture, 10 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
        struct weft_frame frame = fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0);
        asked = frame.kind == WEFT_FRAME_REQUEST && frame.chunk == 5;
    }
    ck_assert(asked);
    ck_assert_uint_eq(release->have_count, 0);
}
END_TEST

/* |id| is a parent in |stripes|. */
static void be_parent(weft_node_id id, uint32_t stripes)
{
    const struct weft_link *link = weft_link_find(fixture.core, id);
    weft_kin_set(fixture.core->releases.downloads[0].kin.parents,
                 weft_link_index(fixture.core, link), stripes);
}

START_TEST(takes_what_a_parent_or_an_agent_pushes)
{
    fixture_release(&fixture, 64);
    offer(2, 20);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
    offer(3, 21);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 0);
    be_parent(3, 2);
    offer(3, 21);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
    offer(3, 22);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 0);
}
END_TEST

START_TEST(a_push_takes_back_the_request)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 3, 0, 64);
    uint32_t chunk = fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).chunk;
    offer(2, chunk);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
    ck_assert_uint_eq(fixture_sent(&fixture, 3, WEFT_FRAME_CANCEL, 0).chunk, chunk);
    offer(3, chunk); /* it had begun all the same: taken, whichever is first is stored */
    fixture_chunk(&fixture, 2, 0, chunk, WEFT_ERR_OK);
    ck_assert_uint_eq(weft_release_find(fixture.core, FIXTURE_RELEASE)->have_count, 1);
}
END_TEST

/* A neighbour that says it has everything and has sent nothing yet keeps a chunk from being fetched
 * over the WAN for a quarter of a second; its word counts again as soon as it sends. */
START_TEST(who_never_sent_anything_is_believed_for_a_moment)
{
    fixture_become_agent(&fixture);
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 0);
    fixture_peer_has(&fixture, 3, 0, 64);
    uint32_t asked = fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).chunk;
    uint32_t other = 0;
    while (other < 64 && !weft_lease_owns(fixture.core, 0, other / 8)) {
        other++;
    }
    ck_assert(!weft_lease_may(fixture.core, 0, other));
    fixture_step(&fixture, 260 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert(!weft_lease_may(fixture.core, 0, other));
    fixture_step(&fixture, 10 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert(weft_lease_may(fixture.core, 0, other));
    ck_assert_int_ne(fixture_sent(&fixture, 3, WEFT_FRAME_CANCEL, 0).kind, WEFT_FRAME_CANCEL);
    offer(3, asked);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
    ck_assert(!weft_lease_may(fixture.core, 0, other));
}
END_TEST

/* Chunk |chunk| of stripe 0, which node 3 pushes, becomes known from |from|. */
static void have_from(weft_node_id from, uint32_t chunk)
{
    uint8_t list[2] = {0, (uint8_t)chunk};
    fixture_frame(&fixture, from,
                  (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = {list, sizeof(list)}});
}

/* Four neighbours, of whom 3 is the parent of every stripe. */
static void follow_a_parent(void)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 3, 0, 0);
    for (weft_node_id id = 4; id < 7; id++) {
        fixture_member(&fixture, id, /* agent */ false);
        fixture_link(&fixture, id);
        fixture_peer_has(&fixture, id, 0, 0);
    }
    be_parent(3, WEFT_STRIPES_ALL);
    fixture.core->releases.downloads[0].orphans = 0;
}

START_TEST(gives_a_parent_time_to_push)
{
    follow_a_parent();
    have_from(4, 8);
    fixture_run(&fixture, 29 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->wants.count, 0);
    fixture_run(&fixture, 51 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->wants.count, 1);
    ck_assert_uint_eq(weft_want_at(&fixture.core->wants, 0)->chunk, 8);
    have_from(3, 9); /* or the parent would push it */
    ck_assert_uint_eq(fixture.core->wants.count, 2);
    fixture.core->releases.downloads[0].orphans = 1;
    have_from(5, 13);
    ck_assert_uint_eq(fixture.core->wants.count, 2);
    have_from(6, 12);
    ck_assert_uint_eq(fixture.core->wants.count, 3);
}
END_TEST

/* What is known for a moment only is not asked for because the time of something else is over. */
START_TEST(gives_a_parent_time_for_each_chunk)
{
    follow_a_parent();
    have_from(4, 8);
    fixture_run(&fixture, 40 * WEFT_NS_PER_MS);
    have_from(5, 10);
    fixture_run(&fixture, 48 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->wants.count, 1);
    ck_assert_uint_eq(weft_want_at(&fixture.core->wants, 0)->chunk, 8);
    fixture_run(&fixture, 30 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->wants.count, 2);
}
END_TEST

START_TEST(asks_again_after_a_refusal)
{
    fixture_release(&fixture, 1);
    fixture_peer_has(&fixture, 3, 0, 1);
    fixture_frame(&fixture, 3,
                  (struct weft_frame){.kind = WEFT_FRAME_REFUSE, .chunk = 0, .value = 40});
    ck_assert_int_eq(fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).kind, 0);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].in_flight, 0);
    fixture_run(&fixture, 45 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].in_flight, 1);
}
END_TEST

START_TEST(forgets_a_chunk_the_neighbour_does_not_have)
{
    fixture_release(&fixture, 1);
    fixture_peer_has(&fixture, 3, 0, 1);
    fixture_frame(&fixture, 3, (struct weft_frame){.kind = WEFT_FRAME_REFUSE});
    fixture_run(&fixture, WEFT_NS_PER_S / 2);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].in_flight, 0);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_copies[0], 0);
}
END_TEST

START_TEST(an_overdue_chunk_is_asked_elsewhere)
{
    fixture_release(&fixture, 1);
    fixture_peer_has(&fixture, 3, 0, 1);
    fixture_member(&fixture, 4, /* agent */ false);
    fixture_link(&fixture, 4);
    fixture_peer_has(&fixture, 4, 0, 1);
    fixture_run(&fixture, 1200 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->wants.count, 1);
    ck_assert_uint_eq(weft_want_at(&fixture.core->wants, 0)->peer, 4);
}
END_TEST

START_TEST(a_broken_stream_frees_its_chunks)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 3, 0, 64);
    ck_assert_uint_gt(fixture.core->releases.downloads[0].in_flight, 0);
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = 3}}};
    fixture_step(&fixture, 0, event);
    ck_assert_uint_eq(fixture.core->wants.count, 0);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].in_flight, 0);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_copies[0], 0);
}
END_TEST

/* Not even on a new link. */
START_TEST(of_who_sent_two_bad_chunks_nothing_is_asked)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 3, 0, 64);
    fixture_chunk(&fixture, 3, 0, 0, WEFT_ERR_MISMATCH);
    fixture_chunk(&fixture, 3, 0, 1, WEFT_ERR_MISMATCH);
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = 3}}};
    fixture_step(&fixture, 0, event);
    ck_assert_uint_eq(fixture.core->wants.count, 0);
    event = (struct weft_event){.kind = WEFT_EVENT_STREAM_UP, .stream = {.peer = {.id = 3}}};
    fixture_step(&fixture, WEFT_NS_PER_S, event);
    fixture_peer_has(&fixture, 3, 0, 64);
    fixture_run(&fixture, 70 * WEFT_NS_PER_S);
    ck_assert_ptr_nonnull(weft_link_find(fixture.core, 3));
    ck_assert_uint_eq(fixture.core->wants.count, 0);
}
END_TEST

/* Who owes something when its stream comes up is asked when it has paid, though nothing else
 * happens then; until it sends, what it says it has keeps nobody from the source. */
START_TEST(a_debtor_is_asked_when_it_has_paid)
{
    fixture_release(&fixture, 64);
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = 3}}};
    fixture_step(&fixture, 0, event);
    event = (struct weft_event){.kind = WEFT_EVENT_BULLETIN_REFUSED,
                                .bulletin_refused = {.peer = 3, .result = WEFT_ERR_SIGNATURE}};
    fixture_step(&fixture, 0, event); /* 30 s */
    event = (struct weft_event){.kind = WEFT_EVENT_STREAM_UP, .stream = {.peer = {.id = 3}}};
    fixture_step(&fixture, 0, event);
    fixture_peer_has(&fixture, 3, 0, 64);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_copies[5], 0);
    fixture_run(&fixture, 29 * WEFT_NS_PER_S);
    ck_assert_uint_eq(fixture.core->wants.near_count, 0);
    fixture_run(&fixture, WEFT_NS_PER_S + WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->wants.near_count, 1);
    ck_assert_uint_eq(weft_want_at(&fixture.core->wants, 0)->peer, 3);
}
END_TEST

START_TEST(a_full_disk_pauses_everything)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 3, 0, 64);
    fixture_chunk(&fixture, 3, 0, weft_want_at(&fixture.core->wants, 0)->chunk, WEFT_ERR_DISK_FULL);
    uint32_t wants = fixture.core->wants.count;
    ck_assert_int_eq(fixture_sent(&fixture, 3, WEFT_FRAME_REQUEST, 0).kind, 0);
    fixture_step(&fixture, 6 * WEFT_NS_PER_S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_uint_ge(fixture.core->wants.count, wants);
    ck_assert_uint_eq(weft_want_at(&fixture.core->wants, 0)->peer, 3);
}
END_TEST

/* Who pushed a chunk will not tell of it: without this nobody would be known to have it. */
START_TEST(a_pushed_chunk_that_found_no_room_is_asked_for)
{
    struct weft_release *release = fixture_release(&fixture, 64);
    offer(2, 20);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_ACCEPT), 1);
    fixture_chunk(&fixture, 2, 0, 20, WEFT_ERR_DISK_FULL);
    bool asked = false;
    for (uint32_t i = 0; i < 20 && !asked; i++) {
        fixture_step(&fixture, WEFT_NS_PER_S, (struct weft_event){.kind = WEFT_EVENT_TICK});
        asked = fixture_sent(&fixture, 2, WEFT_FRAME_REQUEST, 0).chunk == 20;
    }
    ck_assert(asked);
    ck_assert_uint_eq(release->have_count, 0);
}
END_TEST

static Suite *pick_suite(void)
{
    const TTest *const tests[] = {
        asks_the_rarest_chunk_first,
        keeps_within_the_window,
        chunks_under_way_are_bounded,
        counts_a_stored_chunk_once_and_asks_on,
        reads_past_what_nobody_asked_for,
        asks_for_what_was_offered_in_vain,
        takes_what_a_parent_or_an_agent_pushes,
        a_push_takes_back_the_request,
        who_never_sent_anything_is_believed_for_a_moment,
        gives_a_parent_time_to_push,
        gives_a_parent_time_for_each_chunk,
        asks_again_after_a_refusal,
        forgets_a_chunk_the_neighbour_does_not_have,
        an_overdue_chunk_is_asked_elsewhere,
        a_broken_stream_frees_its_chunks,
        of_who_sent_two_bad_chunks_nothing_is_asked,
        a_debtor_is_asked_when_it_has_paid,
        a_full_disk_pauses_everything,
        a_pushed_chunk_that_found_no_room_is_asked_for,
    };
    Suite *suite = suite_create("pick");
    weft_check_case(suite, "pick", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(pick_suite)
