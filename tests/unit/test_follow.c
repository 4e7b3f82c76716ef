/* SPDX-License-Identifier: Apache-2.0 */
/* Who becomes whose child, and what follows when a parent declines, breaks or sleeps. */
#include "tests/support/check_main.h"

#include "protocol/follow.h"
#include "tests/support/fixture.h"

static struct fixture fixture;

/* Links with members 2..count+1, all of which know the release and have nothing of it. */
static void grow(uint32_t count, bool agent)
{
    struct weft_config config = fixture_config();
    config.links_max = 60;
    fixture = fixture_new(&config);
    for (weft_node_id id = 2; id < count + 2; id++) {
        fixture_member(&fixture, id, /* agent */ false);
    }
    if (agent) {
        fixture_become_agent(&fixture);
    }
    fixture_release(&fixture, 64);
    for (weft_node_id id = 2; id < count + 2; id++) {
        fixture_link(&fixture, id);
        fixture_peer_has(&fixture, id, 0, 0);
    }
}

/* The stripes in which |id| is one of |sets|. */
static uint32_t stripes_of(const uint64_t *sets, weft_node_id id)
{
    const struct weft_link *link = weft_link_find(fixture.core, id);
    return link == NULL ? 0 : weft_kin_stripes(sets, weft_link_index(fixture.core, link));
}

static uint32_t parent_in(weft_node_id id)
{
    return stripes_of(fixture.core->releases.downloads[0].kin.parents, id);
}

static uint32_t children_in(weft_node_id id)
{
    return stripes_of(fixture.core->releases.downloads[0].kin.children, id);
}

static uint32_t orphans(void)
{
    return fixture.core->releases.downloads[0].orphans;
}

static void follow_from(weft_node_id id, uint32_t stripes, uint32_t flags)
{
    fixture_frame(&fixture, id,
                  (struct weft_frame){.kind = WEFT_FRAME_FOLLOW, .value = stripes, .flags = flags});
}

/* A stripe in which this node has a parent. */
static uint32_t fed_stripe(void)
{
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        if (weft_tree_parent(fixture.core, stripe) != 0) {
            return stripe;
        }
    }
    ck_abort_msg("root of every stripe");
}

START_TEST(follows_its_parents_in_the_tree)
{
    grow(12, /* agent */ false);
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        weft_node_id parent = weft_tree_parent(fixture.core, stripe);
        ck_assert(parent == 0 || (parent_in(parent) >> stripe & 1) == 1);
        ck_assert_uint_eq(orphans() >> stripe & 1, parent == 0);
    }
    fixture_free(&fixture);
}
END_TEST

START_TEST(says_so_when_the_parent_knows_the_release)
{
    grow(0, /* agent */ false);
    fixture_member(&fixture, 2, /* agent */ false);
    fixture_link(&fixture, 2);
    uint32_t stripe = fed_stripe();
    ck_assert_uint_eq(parent_in(2), 0);
    fixture_peer_has(&fixture, 2, 0, 0);
    struct weft_frame frame = fixture_sent(&fixture, 2, WEFT_FRAME_FOLLOW, 0);
    ck_assert_int_eq(frame.kind, WEFT_FRAME_FOLLOW);
    ck_assert_uint_eq(frame.value >> stripe & 1, 1);
    ck_assert_uint_eq(frame.flags, 0);
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_root_follows_every_agent)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_member(&fixture, 3, /* agent */ true);
    fixture_release(&fixture, 64);
    for (weft_node_id id = 2; id <= 3; id++) {
        fixture_link(&fixture, id);
        fixture_peer_has(&fixture, id, 0, 0);
        ck_assert_uint_eq(parent_in(id), WEFT_STRIPES_ALL);
    }
    uint32_t nth = 0;
    while (fixture_sent(&fixture, 3, WEFT_FRAME_FOLLOW, nth + 1).kind != 0) {
        nth++;
    }
    struct weft_frame last = fixture_sent(&fixture, 3, WEFT_FRAME_FOLLOW, nth);
    ck_assert_uint_eq(last.flags, WEFT_FOLLOW_FIRST);
    ck_assert_uint_eq(last.value, WEFT_STRIPES_ALL);
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_declined_child_takes_the_next_above_it)
{
    grow(40, /* agent */ false);
    uint32_t stripe = fed_stripe();
    fixture_run(&fixture, 300 * WEFT_NS_PER_MS);
    weft_node_id first = weft_tree_parent(fixture.core, stripe);
    fixture_frame(&fixture, first,
                  (struct weft_frame){.kind = WEFT_FRAME_DECLINE, .value = 1U << stripe});
    ck_assert_uint_eq(parent_in(first) >> stripe & 1, 0);
    for (weft_node_id id = 2; id < 42; id++) {
        if ((parent_in(id) >> stripe & 1) != 0) {
            ck_assert_uint_ne(id, first);
            ck_assert(weft_tree_is_above(fixture.core, id, stripe));
            ck_assert_uint_eq(orphans() >> stripe & 1, 0);
            fixture_free(&fixture);
            return;
        }
    }
    ck_abort_msg("no parent left");
}
END_TEST

START_TEST(the_parent_of_a_broken_link_is_replaced)
{
    grow(1, /* agent */ false);
    uint32_t stripe = fed_stripe();
    weft_node_id parent = weft_tree_parent(fixture.core, stripe);
    ck_assert_uint_eq(orphans() >> stripe & 1, 0);
    struct weft_event event = {.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = parent}}};
    fixture_step(&fixture, WEFT_NS_PER_MS, event);
    ck_assert_uint_eq(orphans() >> stripe & 1, 1);
    fixture_link(&fixture, parent);
    fixture_peer_has(&fixture, parent, 0, 0);
    ck_assert_uint_eq(orphans() >> stripe & 1, 0);
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_parent_that_sleeps_is_left)
{
    grow(2, /* agent */ false);
    uint32_t stripe = fed_stripe();
    weft_node_id parent = weft_tree_parent(fixture.core, stripe);
    weft_node_id other = parent == 2 ? 3 : 2;
    for (uint32_t i = 0; i < 16; i++) {
        ck_assert_uint_eq(parent_in(parent) >> stripe & 1, 1);
        fixture_chunk(&fixture, other, 0, 4 * (i < 15 ? i : 15) + stripe, WEFT_ERR_OK);
        /* It is told at once, so that it does not send what is here. */
        ck_assert_int_eq(fixture_sent(&fixture, parent, WEFT_FRAME_HAVE, 0).kind, WEFT_FRAME_HAVE);
    }
    ck_assert_uint_eq(parent_in(parent), 0);
    ck_assert_int_eq(fixture_sent(&fixture, parent, WEFT_FRAME_FOLLOW, 0).kind, WEFT_FRAME_FOLLOW);
    ck_assert_uint_eq(fixture_sent(&fixture, parent, WEFT_FRAME_FOLLOW, 0).value, 0);
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_parent_that_pushes_now_and_then_is_kept)
{
    grow(2, /* agent */ false);
    uint32_t stripe = fed_stripe();
    weft_node_id parent = weft_tree_parent(fixture.core, stripe);
    weft_node_id other = parent == 2 ? 3 : 2;
    for (uint32_t i = 0; i < 16; i++) {
        fixture_chunk(&fixture, i % 8 == 7 ? parent : other, 0, 4 * i + stripe, WEFT_ERR_OK);
    }
    ck_assert_uint_eq(parent_in(parent) >> stripe & 1, 1);
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_seventh_child_is_declined)
{
    grow(8, /* agent */ false);
    for (weft_node_id id = 2; id < 2 + WEFT_FOLLOWERS_MAX; id++) {
        follow_from(id, 1, 0);
        ck_assert_uint_eq(children_in(id), 1);
        ck_assert_int_eq(fixture_sent(&fixture, id, WEFT_FRAME_DECLINE, 0).kind, 0);
    }
    follow_from(9, 3, 0);
    ck_assert_uint_eq(children_in(9), 2);
    ck_assert_uint_eq(fixture_sent(&fixture, 9, WEFT_FRAME_DECLINE, 0).value, 1);
    follow_from(2, 0, 0); /* goes, and makes room */
    follow_from(9, 3, 0);
    ck_assert_uint_eq(children_in(9), 3);
    fixture_free(&fixture);
}
END_TEST

START_TEST(an_agent_takes_two_roots)
{
    grow(4, /* agent */ true);
    follow_from(2, 15, WEFT_FOLLOW_FIRST);
    follow_from(3, 15, WEFT_FOLLOW_FIRST);
    follow_from(4, 15, WEFT_FOLLOW_FIRST);
    ck_assert_uint_eq(children_in(2), 15);
    ck_assert_uint_eq(children_in(3), 15);
    ck_assert_uint_eq(children_in(4), 0);
    ck_assert_uint_eq(fixture_sent(&fixture, 4, WEFT_FRAME_DECLINE, 0).value, 15);
    fixture_free(&fixture);
}
END_TEST

START_TEST(other_segments_and_other_releases_are_not_followed)
{
    grow(1, /* agent */ false);
    fixture_link(&fixture, 1000);
    follow_from(1000, 15, 0);
    ck_assert_uint_eq(children_in(1000), 0);
    fixture_frame(&fixture, 2,
                  (struct weft_frame){.kind = WEFT_FRAME_FOLLOW, .release = 99, .value = 15});
    ck_assert_uint_eq(children_in(2), 0);
    fixture_frame(&fixture, 2,
                  (struct weft_frame){.kind = WEFT_FRAME_DECLINE, .release = 99, .value = 15});
    fixture_free(&fixture);
}
END_TEST

static Suite *follow_suite(void)
{
    Suite *suite = suite_create("follow");
    WEFT_ADD(suite, follows_its_parents_in_the_tree);
    WEFT_ADD(suite, says_so_when_the_parent_knows_the_release);
    WEFT_ADD(suite, a_root_follows_every_agent);
    WEFT_ADD(suite, a_declined_child_takes_the_next_above_it);
    WEFT_ADD(suite, the_parent_of_a_broken_link_is_replaced);
    WEFT_ADD(suite, a_parent_that_sleeps_is_left);
    WEFT_ADD(suite, a_parent_that_pushes_now_and_then_is_kept);
    WEFT_ADD(suite, a_seventh_child_is_declined);
    WEFT_ADD(suite, an_agent_takes_two_roots);
    WEFT_ADD(suite, other_segments_and_other_releases_are_not_followed);
    return suite;
}

WEFT_CHECK_MAIN(follow_suite)
