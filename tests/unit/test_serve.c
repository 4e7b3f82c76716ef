/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to who asks: short queues, and refusals. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    for (weft_node_id id = 2; id < 8; id++) {
        fixture_member(&fixture, id, /* agent */ false);
        fixture_link(&fixture, id);
    }
    fixture_become_agent(&fixture);
    fixture_link(&fixture, 1000);
    fixture_release(&fixture, 64);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static void request(weft_node_id peer, uint32_t chunk)
{
    fixture_frame(&fixture, peer, (struct weft_frame){.kind = WEFT_FRAME_REQUEST, .chunk = chunk});
}

static void sent_after(weft_ns later_ns, weft_node_id peer, uint32_t chunk, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_UPLOAD,
                               .upload = {.peer = peer,
                                          .release = FIXTURE_RELEASE,
                                          .chunk = chunk,
                                          .result = result,
                                          .bytes = FIXTURE_CHUNK_BYTES}};
    fixture_step(&fixture, later_ns, event);
}

static void sent(weft_node_id peer, uint32_t chunk, enum weft_err result)
{
    sent_after(4 * WEFT_NS_PER_MS, peer, chunk, result);
}

/* Chunks 0.. that this node has, as if it had got them from a neighbour. */
static void have(uint32_t count)
{
    for (uint32_t chunk = 0; chunk < count; chunk++) {
        fixture_chunk(&fixture, 2, 0, chunk, WEFT_ERR_OK);
    }
}

START_TEST(sends_what_is_asked_for)
{
    have(1);
    request(3, 0);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    ck_assert_uint_eq(fixture_action(&fixture, WEFT_ACTION_UPLOAD, 0)->chunk.peer, 3);
    request(3, 0);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    sent(3, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(weft_view_counters(fixture.core).chunk_bytes_sent[WEFT_TIER_PEER],
                      FIXTURE_CHUNK_BYTES);
}
END_TEST

/* A request that meets its chunk under way has crossed it, unless the receiver declined that. */
START_TEST(what_was_declined_and_asked_for_is_sent_again)
{
    have(1);
    request(3, 0);
    fixture_frame(&fixture, 3, (struct weft_frame){.kind = WEFT_FRAME_CANCEL, .chunk = 0});
    sent(3, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    request(3, 0);
    fixture_frame(&fixture, 3, (struct weft_frame){.kind = WEFT_FRAME_CANCEL, .chunk = 0});
    request(3, 0);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    sent(3, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    sent(3, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
}
END_TEST

START_TEST(says_what_it_does_not_have)
{
    request(3, 5);
    struct weft_frame answer = fixture_sent(&fixture, 3, WEFT_FRAME_REFUSE, 0);
    ck_assert_int_eq(answer.kind, WEFT_FRAME_REFUSE);
    ck_assert_uint_eq(answer.value, 0);
    fixture_frame(&fixture, 3,
                  (struct weft_frame){.kind = WEFT_FRAME_REQUEST, .release = 99, .chunk = 5});
    ck_assert_int_eq(fixture_sent(&fixture, 3, WEFT_FRAME_REFUSE, 0).kind, WEFT_FRAME_REFUSE);
    request(3, 16000);
    ck_assert_int_eq(fixture_sent(&fixture, 3, WEFT_FRAME_REFUSE, 0).kind, WEFT_FRAME_REFUSE);
}
END_TEST

START_TEST(refuses_beyond_the_queue)
{
    have(8);
    uint32_t slots = fixture.core->config.tuning.uploads;
    for (uint32_t i = 0; i < slots; i++) {
        request(3 + i, i);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    }
    request(6, 6);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    ck_assert_uint_gt(fixture_sent(&fixture, 6, WEFT_FRAME_REFUSE, 0).value, 0);
    request(1000, 7); /* another segment has places of its own */
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    sent(3, 0, WEFT_ERR_OK);
    request(6, 6);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
}
END_TEST

START_TEST(uploads_that_stand_still_are_not_waited_for_at_once)
{
    have(8);
    request(3, 0);
    sent(3, 0, WEFT_ERR_OK); /* 4 ms as a rule */
    uint32_t slots = fixture.core->config.tuning.uploads;
    for (uint32_t i = 0; i < slots; i++) {
        request(3 + i, 1 + i);
    }
    request(6, 6);
    ck_assert_uint_le(fixture_sent(&fixture, 6, WEFT_FRAME_REFUSE, 0).value, 4);
    fixture_step(&fixture, 700 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    request(6, 6);
    ck_assert_uint_ge(fixture_sent(&fixture, 6, WEFT_FRAME_REFUSE, 0).value, 700);
    fixture_step(&fixture, 9 * WEFT_NS_PER_S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    request(6, 6);
    ck_assert_uint_eq(fixture_sent(&fixture, 6, WEFT_FRAME_REFUSE, 0).value, 2000);
}
END_TEST

START_TEST(receivers_that_stand_still_hold_no_places)
{
    have(12);
    uint32_t slots = fixture.core->config.tuning.uploads;
    for (uint32_t i = 0; i < slots; i++) {
        request(3, i);
    }
    request(4, 8);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    fixture_step(&fixture, 3 * WEFT_NS_PER_S, (struct weft_event){.kind = WEFT_EVENT_TICK});
    request(3, 9); /* more would only stand behind the others */
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    request(4, 8);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
}
END_TEST

/* Rows: {what an upload took before, when all that are under way stand still}, in ms. */
static const uint32_t standstills[][2] = {{4, 200}, {20, 200}, {100, 800}};

START_TEST(standing_still_is_eight_times_the_usual_time)
{
    uint32_t usual_ms = standstills[_i][0];
    weft_ns still_ns = standstills[_i][1] * WEFT_NS_PER_MS;
    have(12);
    request(3, 0);
    fixture_step(&fixture, (usual_ms - 4) * WEFT_NS_PER_MS,
                 (struct weft_event){.kind = WEFT_EVENT_TICK});
    sent(3, 0, WEFT_ERR_OK);
    for (uint32_t i = 0; i < fixture.core->config.tuning.uploads; i++) {
        request(3, 1 + i);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    }
    fixture_step(&fixture, still_ns, (struct weft_event){.kind = WEFT_EVENT_TICK});
    request(4, 8);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    fixture_step(&fixture, WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    request(3, 9);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    request(4, 8);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
}
END_TEST

/* Is |peer| told of |chunk| within |span_ns|? */
static bool is_told(weft_node_id peer, uint32_t chunk, weft_ns span_ns)
{
    weft_ns end_ns = fixture.now_ns + span_ns;
    for (weft_ns due = weft_core_deadline(fixture.core); due <= end_ns;
         due = weft_core_deadline(fixture.core)) {
        weft_ns later = due > fixture.now_ns ? due - fixture.now_ns : 0;
        fixture_step(&fixture, later, (struct weft_event){.kind = WEFT_EVENT_TICK});
        struct weft_frame frame = fixture_sent(&fixture, peer, WEFT_FRAME_HAVE, 0);
        if (frame.kind == WEFT_FRAME_HAVE && weft_frame_have_at(&frame, 0) == chunk) {
            return true;
        }
    }
    fixture.now_ns = end_ns;
    return false;
}

START_TEST(others_hear_of_a_first_copy_that_does_not_arrive)
{
    fixture_peer_has(&fixture, 3, 0, 0);
    fixture_peer_has(&fixture, 4, 0, 0);
    fixture_chunk(&fixture, 0, 1, 5, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    weft_node_id receiver = fixture_action(&fixture, WEFT_ACTION_UPLOAD, 0)->chunk.peer;
    weft_node_id other = receiver == 3 ? 4 : 3;
    ck_assert(!is_told(other, 5, 49 * WEFT_NS_PER_MS));
    ck_assert(is_told(other, 5, 10 * WEFT_NS_PER_MS));
}
END_TEST

START_TEST(receivers_elsewhere_hold_no_places_either)
{
    have(12);
    uint32_t slots = fixture.core->config.tuning.wan_uploads;
    fixture_link(&fixture, 1001);
    request(1000, 0);
    sent(1000, 0, WEFT_ERR_OK);
    for (uint32_t i = 0; i < slots; i++) {
        request(1000, 1 + i);
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
    }
    request(1001, 10);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    fixture_step(&fixture, 201 * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    request(1000, 11);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    request(1001, 10);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 1);
}
END_TEST

/* A chunk that the socket takes at once says nothing about how long a place is taken. */
START_TEST(what_ends_at_once_is_no_measure)
{
    have(8);
    request(3, 0);
    sent_after(100 * WEFT_NS_PER_MS, 3, 0, WEFT_ERR_OK);
    for (uint32_t i = 0; i < 8; i++) {
        request(3, i);
        sent_after(0, 3, i, WEFT_ERR_OK);
    }
    for (uint32_t i = 0; i < fixture.core->config.tuning.uploads; i++) {
        request(3 + i, 1 + i);
    }
    request(6, 6);
    ck_assert_uint_ge(fixture_sent(&fixture, 6, WEFT_FRAME_REFUSE, 0).value, 100);
}
END_TEST

START_TEST(requests_wait_for_pushes)
{
    have(4);
    fixture_peer_has(&fixture, 3, 0, 0);
    fixture_frame(&fixture, 3, (struct weft_frame){.kind = WEFT_FRAME_FOLLOW, .value = 1});
    for (uint32_t chunk = 20; chunk < 32; chunk += 4) {
        fixture_chunk(&fixture, 0, 1, chunk, WEFT_ERR_OK);
    }
    request(4, 0);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    ck_assert_int_eq(fixture_sent(&fixture, 4, WEFT_FRAME_REFUSE, 0).kind, WEFT_FRAME_REFUSE);
}
END_TEST

START_TEST(a_rotten_chunk_is_no_longer_held)
{
    struct weft_release *release = weft_release_find(fixture.core, FIXTURE_RELEASE);
    have(2);
    request(3, 1);
    sent(3, 1, WEFT_ERR_MISMATCH);
    ck_assert_uint_eq(release->have_count, 1);
    ck_assert(!weft_bitmap_has(release->have, 1));
}
END_TEST

static Suite *serve_suite(void)
{
    const TTest *const tests[] = {
        sends_what_is_asked_for,
        what_was_declined_and_asked_for_is_sent_again,
        says_what_it_does_not_have,
        refuses_beyond_the_queue,
        uploads_that_stand_still_are_not_waited_for_at_once,
        receivers_that_stand_still_hold_no_places,
        others_hear_of_a_first_copy_that_does_not_arrive,
        receivers_elsewhere_hold_no_places_either,
        what_ends_at_once_is_no_measure,
        requests_wait_for_pushes,
        a_rotten_chunk_is_no_longer_held,
    };
    Suite *suite = suite_create("serve");
    weft_check_case(suite, "serve", setup, teardown, tests, WEFT_ROWS(tests));
    TCase *rows = tcase_create("standstill");
    tcase_add_checked_fixture(rows, setup, teardown);
    tcase_add_loop_test(rows, standing_still_is_eight_times_the_usual_time, 0,
                        WEFT_ROWS(standstills));
    suite_add_tcase(suite, rows);
    return suite;
}

WEFT_CHECK_MAIN(serve_suite)
