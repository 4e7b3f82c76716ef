/* SPDX-License-Identifier: Apache-2.0 */
/* Releases, downloads and chunk maps: what is known, what is told, what makes room. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/have.h"
#include "tests/support/fixture.h"

static struct fixture fixture;
static uint8_t all[128]; /* every bit set */

static void setup(void)
{
    memset(all, 0xff, sizeof(all));
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_link(&fixture, 2);
    fixture_member(&fixture, 3, /* agent */ false);
    fixture_link(&fixture, 3);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static void add(weft_release_id id, uint32_t count, const uint8_t *have, bool wanted)
{
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE,
                               .release = {.id = id,
                                           .chunk_count = count,
                                           .bytes = (uint64_t)count * FIXTURE_CHUNK_BYTES,
                                           .have = have,
                                           .wanted = wanted}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
}

static void complete(weft_release_id id, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_COMPLETED,
                               .completed = {.id = id, .result = result}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
}

START_TEST(a_new_release_is_told_to_every_neighbour)
{
    add(5, 64, NULL, true);
    for (weft_node_id id = 2; id <= 3; id++) {
        struct weft_frame map = fixture_sent(&fixture, id, WEFT_FRAME_MAP, 0);
        ck_assert_int_eq(map.kind, WEFT_FRAME_MAP);
        ck_assert_uint_eq(map.value, 64);
        ck_assert_uint_eq(map.flags, WEFT_MAP_ASK | WEFT_MAP_WANTED);
    }
}
END_TEST

START_TEST(what_was_there_is_kept_and_told)
{
    static const uint8_t some[8] = {0x05};
    add(5, 64, some, true);
    ck_assert_uint_eq(weft_release_find(fixture.core, 5)->have_count, 2);
    struct weft_frame map = fixture_sent(&fixture, 2, WEFT_FRAME_MAP, 0);
    ck_assert_uint_eq(map.list.length, 8);
    ck_assert_uint_eq(map.list.bytes[0], 5);
}
END_TEST

START_TEST(bits_past_the_end_do_not_count)
{
    add(5, 61, all, true);
    ck_assert_uint_eq(weft_release_find(fixture.core, 5)->have_count, 61);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_COMPLETE), 1);
}
END_TEST

START_TEST(a_release_that_is_only_served_is_not_activated)
{
    add(5, 64, all, false);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_COMPLETE), 0);
    ck_assert_uint_eq(fixture_sent(&fixture, 2, WEFT_FRAME_MAP, 0).flags,
                      WEFT_MAP_ASK | WEFT_MAP_ALL);
}
END_TEST

START_TEST(completion_is_asked_once)
{
    add(5, 64, all, true);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_COMPLETE), 1);
    add(5, 64, all, true);
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_COMPLETE), 0);
    complete(5, WEFT_ERR_OK);
    ck_assert(weft_release_find(fixture.core, 5)->activated);
    complete(5, WEFT_ERR_OK);
    complete(6, WEFT_ERR_OK);
}
END_TEST

START_TEST(a_release_that_does_not_verify_is_dropped)
{
    add(5, 64, all, true);
    complete(5, WEFT_ERR_MISMATCH);
    ck_assert_ptr_null(weft_release_find(fixture.core, 5));
}
END_TEST

START_TEST(impossible_releases_are_refused)
{
    add(0, 64, NULL, true);
    add(5, 0, NULL, true);
    add(6, 1025, NULL, true);
    ck_assert_uint_eq(weft_view_counters(fixture.core).rejects[WEFT_REJECT_RANGE], 3);
    struct weft_view_release view;
    ck_assert(!weft_view_release(fixture.core, 0, &view));
}
END_TEST

START_TEST(the_oldest_complete_release_makes_room)
{
    add(1, 64, all, false);
    add(2, 64, all, false);
    add(3, 64, NULL, true);
    add(4, 64, NULL, true);
    ck_assert_ptr_null(weft_release_find(fixture.core, 1));
    ck_assert_ptr_nonnull(weft_release_find(fixture.core, 4));
    add(5, 64, NULL, true);
    ck_assert_ptr_null(weft_release_find(fixture.core, 2));
    add(6, 64, NULL, true);
    ck_assert_ptr_null(weft_release_find(fixture.core, 6)); /* nothing may go: three are missing */
    ck_assert_uint_eq(weft_view_counters(fixture.core).rejects[WEFT_REJECT_FULL], 1);
}
END_TEST

/* A node as it runs: every table as large as SPEC.md says, and none can be made larger. */
START_TEST(limits_of_a_real_node)
{
    struct weft_config config = weft_config_default();
    config.releases_max++;
    ck_assert_uint_eq(weft_core_size(&config), 0);
    config.releases_max--;
    config.downloads_max++;
    ck_assert_uint_eq(weft_core_size(&config), 0);
    config.downloads_max--;
    fixture_free(&fixture);
    fixture = fixture_new(&config);
    for (uint32_t i = 1; i <= WEFT_RELEASES_MAX; i++) {
        add(i, 64, all, false);
        ck_assert_ptr_nonnull(weft_release_find(fixture.core, i));
    }
    ck_assert_ptr_nonnull(weft_release_find(fixture.core, 1));
    for (uint32_t i = 1; i <= WEFT_DOWNLOADS_MAX + 1; i++) {
        add(100 + i, 64, NULL, true);
        ck_assert_ptr_null(weft_release_find(fixture.core, i)); /* the oldest one made room */
        ck_assert_ptr_nonnull(weft_release_find(fixture.core, i + 1));
        uint32_t download = weft_release_find(fixture.core, 100 + i)->download;
        ck_assert_uint_eq(download == WEFT_RELEASE_NONE, i > WEFT_DOWNLOADS_MAX);
    }
    struct weft_event gone = {.kind = WEFT_EVENT_RELEASE_GONE, .release_gone = {.id = 102}};
    fixture_step(&fixture, 0, gone); /* now it is its turn */
    ck_assert_uint_ne(weft_release_find(fixture.core, 100 + WEFT_DOWNLOADS_MAX + 1)->download,
                      WEFT_RELEASE_NONE);
}
END_TEST

START_TEST(a_download_waits_for_its_turn)
{
    add(1, 64, NULL, true);
    add(2, 64, NULL, true);
    add(3, 64, NULL, true);
    ck_assert_uint_eq(weft_release_find(fixture.core, 3)->download, WEFT_RELEASE_NONE);
    struct weft_event event = {.kind = WEFT_EVENT_RELEASE_GONE, .release_gone = {.id = 1}};
    fixture_step(&fixture, 0, event);
    ck_assert_uint_ne(weft_release_find(fixture.core, 3)->download, WEFT_RELEASE_NONE);
}
END_TEST

static void pass(uint32_t ms)
{
    fixture_step(&fixture, ms * WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
}

static uint32_t haves(weft_node_id peer)
{
    uint32_t count = 0;
    while (fixture_sent(&fixture, peer, WEFT_FRAME_HAVE, count).kind == WEFT_FRAME_HAVE) {
        count++;
    }
    return count;
}

/* What is news waits until it is told the next time but one: most neighbours have it by then. */
START_TEST(have_is_told_once_and_only_to_those_who_lack_it)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 7, 1);
    fixture_peer_has(&fixture, 3, 0, 0);
    fixture_chunk(&fixture, 2, 0, 7, WEFT_ERR_OK);
    pass(1001);
    ck_assert_uint_eq(haves(3), 0);
    pass(1001);
    ck_assert_uint_eq(haves(3), 1);
    struct weft_frame have = fixture_sent(&fixture, 3, WEFT_FRAME_HAVE, 0);
    ck_assert_uint_eq(have.list.length, 2);
    ck_assert_uint_eq(weft_frame_have_at(&have, 0), 7);
    ck_assert_uint_eq(haves(2), 0);
    for (uint32_t i = 0; i < 3; i++) {
        pass(1001);
        ck_assert_uint_eq(haves(2) + haves(3), 0);
    }
}
END_TEST

START_TEST(who_tells_of_it_is_not_told)
{
    static const uint8_t seven[2] = {0, 7};
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 7, 1);
    fixture_peer_has(&fixture, 3, 0, 0);
    fixture_chunk(&fixture, 2, 0, 7, WEFT_ERR_OK);
    pass(1001);
    fixture_frame(
        &fixture, 3,
        (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = {.bytes = seven, .length = 2}});
    for (uint32_t i = 0; i < 3; i++) {
        pass(1001);
        ck_assert_uint_eq(haves(2) + haves(3), 0);
    }
}
END_TEST

START_TEST(who_is_told_of_old_chunks_is_told_of_new_ones_too)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 7, 2);
    fixture_peer_has(&fixture, 3, 0, 0);
    fixture_chunk(&fixture, 2, 0, 7, WEFT_ERR_OK);
    pass(1001);
    fixture_chunk(&fixture, 2, 0, 8, WEFT_ERR_OK);
    pass(1001);
    struct weft_frame have = fixture_sent(&fixture, 3, WEFT_FRAME_HAVE, 0);
    ck_assert_uint_eq(have.list.length, 4);
    pass(1001);
    ck_assert_uint_eq(haves(3), 0);
}
END_TEST

/* Agents go by it what is still to be fetched over the WAN. */
START_TEST(agents_are_told_every_time)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 0);
    fixture_peer_has(&fixture, 3, 7, 1);
    fixture_chunk(&fixture, 3, 0, 7, WEFT_ERR_OK);
    pass(1001);
    ck_assert_uint_eq(haves(2), 1);
    ck_assert_uint_eq(haves(3), 0);
}
END_TEST

/* 32 in a second, or the last one: the segment is told soon, all of it. */
START_TEST(many_or_the_last_are_told_soon)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 64);
    fixture_peer_has(&fixture, 3, 0, 0);
    for (uint32_t chunk = 0; chunk < 64; chunk++) {
        fixture_chunk(&fixture, 2, 0, chunk, WEFT_ERR_OK);
        if (chunk % 32 == 31) {
            pass(3);
            struct weft_frame have = fixture_sent(&fixture, 3, WEFT_FRAME_HAVE, 0);
            ck_assert_uint_eq(have.list.length, 2 * 32);
        }
    }
}
END_TEST

START_TEST(maps_that_do_not_fit_change_nothing)
{
    fixture_release(&fixture, 64);
    struct weft_frame map = {
        .kind = WEFT_FRAME_MAP, .value = 65, .list = {.bytes = all, .length = 9}};
    fixture_frame(&fixture, 3, map);
    map = (struct weft_frame){
        .kind = WEFT_FRAME_MAP, .value = 64, .list = {.bytes = all, .length = 7}};
    fixture_frame(&fixture, 3, map);
    static const uint8_t beyond[2] = {0, 64};
    fixture_frame(
        &fixture, 3,
        (struct weft_frame){.kind = WEFT_FRAME_HAVE, .list = {.bytes = beyond, .length = 2}});
    ck_assert_uint_eq(weft_view_counters(fixture.core).rejects[WEFT_REJECT_RANGE], 3);
    ck_assert_uint_eq(fixture.core->releases.downloads[0].near_copies[0], 0);
}
END_TEST

START_TEST(copies_are_counted_and_forgotten)
{
    fixture_release(&fixture, 64);
    fixture_peer_has(&fixture, 2, 0, 64);
    fixture_peer_has(&fixture, 3, 0, 10);
    const struct weft_download *download = &fixture.core->releases.downloads[0];
    ck_assert_uint_eq(download->near_copies[9], 2);
    ck_assert_uint_eq(download->near_copies[10], 1);
    fixture_peer_has(&fixture, 3, 5, 10);
    ck_assert_uint_eq(download->near_copies[0], 1);
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = 2}}};
    fixture_step(&fixture, 0, event);
    ck_assert_uint_eq(download->near_copies[9], 1);
    ck_assert_uint_eq(download->near_copies[63], 0);
}
END_TEST

static Suite *release_suite(void)
{
    const TTest *const tests[] = {
        a_new_release_is_told_to_every_neighbour,
        what_was_there_is_kept_and_told,
        bits_past_the_end_do_not_count,
        a_release_that_is_only_served_is_not_activated,
        completion_is_asked_once,
        a_release_that_does_not_verify_is_dropped,
        impossible_releases_are_refused,
        the_oldest_complete_release_makes_room,
        a_download_waits_for_its_turn,
        limits_of_a_real_node,
        have_is_told_once_and_only_to_those_who_lack_it,
        who_tells_of_it_is_not_told,
        who_is_told_of_old_chunks_is_told_of_new_ones_too,
        agents_are_told_every_time,
        many_or_the_last_are_told_soon,
        maps_that_do_not_fit_change_nothing,
        copies_are_counted_and_forgotten,
    };
    Suite *suite = suite_create("release");
    weft_check_case(suite, "release", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(release_suite)
