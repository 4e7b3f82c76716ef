/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to whom: short queues, refusals, and each chunk once before any twice. */
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

static void ready(weft_node_id peer, uint32_t credits)
{
    fixture_frame(&fixture, peer, (struct weft_frame){.kind = WEFT_FRAME_READY, .value = credits});
}

static void sent(weft_node_id peer, uint32_t chunk, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_UPLOAD,
                               .upload = {.peer = peer,
                                          .release = FIXTURE_RELEASE,
                                          .chunk = chunk,
                                          .result = result,
                                          .bytes = FIXTURE_CHUNK_BYTES}};
    fixture_step(&fixture, 4 * WEFT_NS_PER_MS, event);
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

START_TEST(each_chunk_leaves_once_before_any_twice)
{
    for (weft_node_id id = 2; id < 8; id++) {
        fixture_peer_has(&fixture, id, 0, 0);
        ready(id, 3);
    }
    uint64_t token = fixture.core->source.fetches[0].token;
    uint32_t chunk = fixture.core->source.fetches[0].first;
    fixture_chunk(&fixture, 0, token, chunk, WEFT_ERR_OK);
    const struct weft_action *push = fixture_action(&fixture, WEFT_ACTION_UPLOAD, 0);
    ck_assert_ptr_nonnull(push);
    ck_assert_uint_eq(push->chunk.chunk, chunk);
    weft_node_id first = push->chunk.peer;
    ck_assert_int_eq(fixture_sent(&fixture, 0, WEFT_FRAME_HAVE, 0).kind, 0);
    sent(first, chunk, WEFT_ERR_OK);
    fixture_run(&fixture, 3 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_log_count, 1);
    ck_assert_uint_eq(fixture.core->serves.upload_count, 0);
}
END_TEST

START_TEST(first_copies_go_to_different_neighbours)
{
    uint32_t seen = 0;
    for (weft_node_id id = 2; id < 8; id++) {
        fixture_peer_has(&fixture, id, 0, 0);
        ready(id, 3);
    }
    struct weft_download *download = &fixture.core->releases.downloads[0];
    for (uint32_t i = 0; i < 6; i++) {
        uint32_t chunk = i;
        fixture_chunk(&fixture, 0, 1, chunk, WEFT_ERR_OK);
        const struct weft_action *push = fixture_action(&fixture, WEFT_ACTION_UPLOAD, 0);
        ck_assert_ptr_nonnull(push);
        seen |= 1U << push->chunk.peer;
        sent(push->chunk.peer, chunk, WEFT_ERR_OK);
    }
    ck_assert_int_eq(__builtin_popcount(seen), 6);
    ck_assert_uint_eq(download->fresh_first, download->fresh_count);
}
END_TEST

START_TEST(a_chunk_nobody_takes_is_told_soon)
{
    fixture_peer_has(&fixture, 3, 0, 0);
    fixture_chunk(&fixture, 0, 1, 0, WEFT_ERR_OK);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_UPLOAD), 0);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_log_count, 0);
    fixture_run(&fixture, 30 * WEFT_NS_PER_MS);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_log_count, 1);
}
END_TEST

START_TEST(requests_wait_for_first_copies)
{
    have(4);
    fixture_peer_has(&fixture, 3, 0, 0);
    ready(3, 1);
    for (uint32_t chunk = 20; chunk < 25; chunk++) {
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
        says_what_it_does_not_have,
        refuses_beyond_the_queue,
        each_chunk_leaves_once_before_any_twice,
        first_copies_go_to_different_neighbours,
        a_chunk_nobody_takes_is_told_soon,
        requests_wait_for_first_copies,
        a_rotten_chunk_is_no_longer_held,
    };
    Suite *suite = suite_create("serve");
    weft_check_case(suite, "serve", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(serve_suite)
