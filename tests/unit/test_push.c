/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent without being asked, and to whom first. */
#include "tests/support/check_main.h"

#include "tests/support/fixture.h"

#define MS WEFT_NS_PER_MS

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    for (weft_node_id id = 2; id < 8; id++) {
        fixture_member(&fixture, id, /* agent */ false);
        fixture_link(&fixture, id);
    }
    fixture_become_agent(&fixture);
    fixture_release(&fixture, 64);
    for (weft_node_id id = 2; id < 8; id++) {
        fixture_peer_has(&fixture, id, 0, 0);
    }
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static void follow_from(weft_node_id id, uint32_t stripes, uint32_t flags)
{
    fixture_frame(&fixture, id,
                  (struct weft_frame){.kind = WEFT_FRAME_FOLLOW, .value = stripes, .flags = flags});
}

static void from_source(uint32_t chunk)
{
    fixture_chunk(&fixture, 0, 1, chunk, WEFT_ERR_OK);
}

static void from_neighbour(uint32_t chunk)
{
    fixture_chunk(&fixture, 7, 0, chunk, WEFT_ERR_OK);
}

static void sent(weft_node_id peer, uint32_t chunk, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_UPLOAD,
                               .upload = {.peer = peer,
                                          .release = FIXTURE_RELEASE,
                                          .chunk = chunk,
                                          .result = result,
                                          .bytes = FIXTURE_CHUNK_BYTES}};
    fixture_step(&fixture, 4 * MS, event);
}

static uint32_t uploads(void)
{
    return fixture_count(&fixture, WEFT_ACTION_UPLOAD);
}

static struct weft_action_chunk upload(uint32_t nth)
{
    const struct weft_action *action = fixture_action(&fixture, WEFT_ACTION_UPLOAD, nth);
    return action == NULL ? (struct weft_action_chunk){0} : action->chunk;
}

static const struct weft_download *download(void)
{
    return &fixture.core->releases.downloads[0];
}

START_TEST(followers_get_the_chunks_of_their_stripes)
{
    follow_from(2, 1, 0);
    follow_from(3, 3, 0);
    from_neighbour(4);
    ck_assert_uint_eq(uploads(), 2);
    ck_assert_uint_eq(upload(0).peer + upload(1).peer, 2 + 3);
    ck_assert_uint_eq(upload(0).chunk, 4);
    sent(2, 4, WEFT_ERR_OK);
    sent(3, 4, WEFT_ERR_OK);
    from_neighbour(5);
    ck_assert_uint_eq(uploads(), 1);
    ck_assert_uint_eq(upload(0).peer, 3);
    from_neighbour(6);
    ck_assert_uint_eq(uploads(), 0);
}
END_TEST

START_TEST(who_has_it_or_does_not_want_it_is_passed_over)
{
    follow_from(2, 1, 0);
    follow_from(3, 1, 0);
    fixture_peer_has(&fixture, 2, 0, 8);
    fixture_frame(&fixture, 3, (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = 64});
    from_neighbour(4);
    ck_assert_uint_eq(uploads(), 0);
    ck_assert_uint_eq(download()->push_queue.first, download()->push_queue.count);
}
END_TEST

START_TEST(a_root_gets_only_what_came_over_the_wan)
{
    follow_from(2, 15, WEFT_FOLLOW_FIRST);
    from_neighbour(4);
    ck_assert_uint_eq(uploads(), 0);
    from_source(5);
    ck_assert_uint_eq(uploads(), 1);
    ck_assert_uint_eq(upload(0).peer, 2);
}
END_TEST

START_TEST(one_push_at_a_time_to_each)
{
    follow_from(2, 1, 0);
    from_neighbour(4);
    ck_assert_uint_eq(uploads(), 1);
    from_neighbour(8);
    from_neighbour(12);
    ck_assert_uint_eq(uploads(), 0);
    follow_from(3, 1, 0);
    from_neighbour(16);
    ck_assert_uint_eq(uploads(), 1);
    ck_assert_uint_eq(upload(0).peer, 3); /* the slow one does not delay it */
    sent(2, 4, WEFT_ERR_OK);
    ck_assert_uint_eq(uploads(), 1);
    ck_assert_uint_eq(upload(0).peer, 2);
    ck_assert_uint_eq(upload(0).chunk, 8);
}
END_TEST

START_TEST(a_failed_push_is_left_to_a_request)
{
    follow_from(2, 1, 0);
    from_neighbour(4);
    sent(2, 4, WEFT_ERR_CLOSED);
    ck_assert_uint_eq(uploads(), 0);
    from_neighbour(8);
    ck_assert_uint_eq(uploads(), 0);
    fixture_run(&fixture, 1100 * MS);
    from_neighbour(12);
    ck_assert_uint_eq(uploads(), 1);
}
END_TEST

static void say(enum weft_frame_kind kind, uint32_t chunk)
{
    fixture_frame(&fixture, 2, (struct weft_frame){.kind = kind, .chunk = chunk});
}

/* The chunk may have left before its receiver's request for it was read. */
START_TEST(a_request_that_crossed_a_push_is_dropped_once)
{
    follow_from(2, 1, 0);
    from_neighbour(4);
    sent(2, 4, WEFT_ERR_OK);
    say(WEFT_FRAME_REQUEST, 4);
    ck_assert_uint_eq(uploads(), 0);
    say(WEFT_FRAME_REQUEST, 4); /* it has not got it */
    ck_assert_uint_eq(uploads(), 1);
    sent(2, 4, WEFT_ERR_OK);
    say(WEFT_FRAME_REQUEST, 4); /* what was asked for has crossed nothing */
    ck_assert_uint_eq(uploads(), 1);
}
END_TEST

START_TEST(a_push_that_was_declined_is_sent_when_asked_for)
{
    follow_from(2, 1, 0);
    from_neighbour(4);
    sent(2, 4, WEFT_ERR_OK);
    say(WEFT_FRAME_CANCEL, 4);
    say(WEFT_FRAME_REQUEST, 4);
    ck_assert_uint_eq(uploads(), 1);
}
END_TEST

START_TEST(who_cannot_keep_up_leaves_the_trees)
{
    follow_from(2, 15, 0);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert(!download()->overloaded);
        fixture_run(&fixture, 20 * MS);
        from_neighbour(4 * i);
    }
    ck_assert(download()->overloaded);
    ck_assert_uint_eq(fixture_sent(&fixture, 2, WEFT_FRAME_DECLINE, 0).value, 15);
    follow_from(3, 15, 0);
    ck_assert_uint_eq(fixture_sent(&fixture, 3, WEFT_FRAME_DECLINE, 0).value, 15);
}
END_TEST

START_TEST(each_chunk_leaves_once_before_any_twice)
{
    from_source(0);
    ck_assert_uint_eq(uploads(), 1);
    weft_node_id first = upload(0).peer;
    ck_assert_uint_eq(download()->near_log.count, 0);
    sent(first, 0, WEFT_ERR_OK);
    fixture_run(&fixture, 3 * MS);
    ck_assert_uint_eq(download()->near_log.count, 1);
    ck_assert_uint_eq(fixture.core->serves.upload_count, 0);
}
END_TEST

START_TEST(first_copies_go_to_different_neighbours)
{
    uint32_t seen = 0;
    for (uint32_t chunk = 0; chunk < 6; chunk++) {
        from_source(chunk);
        ck_assert_uint_eq(uploads(), 1);
        weft_node_id peer = upload(0).peer;
        seen |= 1U << peer;
        sent(peer, chunk, WEFT_ERR_OK);
    }
    ck_assert_int_eq(__builtin_popcount(seen), 6);
    ck_assert_uint_eq(download()->push_queue.first, download()->push_queue.count);
}
END_TEST

START_TEST(a_chunk_nobody_wants_is_told_soon)
{
    for (weft_node_id id = 2; id < 8; id++) {
        fixture_frame(&fixture, id, (struct weft_frame){.kind = WEFT_FRAME_MAP, .value = 64});
    }
    from_source(0);
    ck_assert_uint_eq(uploads(), 0);
    ck_assert_uint_eq(download()->near_log.count, 1);
    ck_assert_uint_le(download()->near_due_ns, fixture.now_ns + 2 * MS);
}
END_TEST

START_TEST(the_queue_is_bounded)
{
    follow_from(2, 1, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        struct weft_release *release = weft_release_find(fixture.core, FIXTURE_RELEASE);
        from_neighbour(4 * (i % 16));
        fixture.core->actions = fixture.queue;
        weft_release_lose(fixture.core, release, 4 * (i % 16));
        ck_assert_uint_le(download()->push_queue.count - download()->push_queue.first,
                          fixture.core->config.chunks_max);
    }
}
END_TEST

static Suite *push_suite(void)
{
    const TTest *const tests[] = {
        followers_get_the_chunks_of_their_stripes,
        who_has_it_or_does_not_want_it_is_passed_over,
        a_root_gets_only_what_came_over_the_wan,
        one_push_at_a_time_to_each,
        a_failed_push_is_left_to_a_request,
        a_request_that_crossed_a_push_is_dropped_once,
        a_push_that_was_declined_is_sent_when_asked_for,
        who_cannot_keep_up_leaves_the_trees,
        each_chunk_leaves_once_before_any_twice,
        first_copies_go_to_different_neighbours,
        a_chunk_nobody_wants_is_told_soon,
        the_queue_is_bounded,
    };
    Suite *suite = suite_create("push");
    weft_check_case(suite, "push", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(push_suite)
