/* SPDX-License-Identifier: Apache-2.0 */
/* One copy over the WAN: who may fetch which extent, and when that changes. */
#include "tests/support/check_main.h"

#include "protocol/claim.h"
#include "protocol/rng.h"
#include "tests/support/fixture.h"

static struct fixture fixture;

static void setup(void)
{
    fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ true);
    fixture_member(&fixture, 3, /* agent */ false);
    fixture_become_agent(&fixture);
    fixture_link(&fixture, 2);
    fixture_link(&fixture, 3);
    fixture_release(&fixture, 64);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

static uint32_t owned(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fixture.core->releases.downloads[0].extent_count; i++) {
        count += weft_lease_owns(fixture.core, 0, i);
    }
    return count;
}

static struct weft_extent *extent_of_other(void)
{
    struct weft_download *download = &fixture.core->releases.downloads[0];
    for (uint32_t i = 0; i < download->extent_count; i++) {
        if (!weft_lease_owns(fixture.core, 0, i)) {
            return &download->extents[i];
        }
    }
    ck_abort_msg("everything is ours");
}

static uint32_t number_of(const struct weft_extent *extent)
{
    return (uint32_t)(extent - fixture.core->releases.downloads[0].extents);
}

static void lease_from_2(uint32_t extent, uint32_t epoch, uint32_t flags)
{
    fixture_frame(&fixture, 2,
                  (struct weft_frame){
                      .kind = WEFT_FRAME_LEASE, .chunk = extent, .value = epoch, .flags = flags});
}

/* One message may name several extents. */
START_TEST(a_message_tells_of_many_extents)
{
    uint32_t count = fixture.core->releases.downloads[0].extent_count;
    const struct weft_extent *extents = fixture.core->releases.downloads[0].extents;
    uint8_t list[12] = {0, 2, 0, 9, (uint8_t)(count >> 8), (uint8_t)count, 0, 9, 0, 3, 0, 8};
    struct weft_frame frame = {.kind = WEFT_FRAME_LEASE, .chunk = 1, .value = 7};
    frame.list = (struct weft_span){.bytes = list, .length = sizeof(list)};
    fixture_frame(&fixture, 2, frame);
    ck_assert_uint_gt(count, 4);
    for (uint32_t i = 1; i <= 3; i++) {
        ck_assert_uint_eq(extents[i].holder, 2);
    }
    ck_assert_uint_eq(extents[1].epoch, 7);
    ck_assert_uint_eq(extents[2].epoch, 9);
    ck_assert_uint_eq(extents[3].epoch, 8);
    ck_assert_uint_ne(extents[4].epoch, 9);
    frame.flags = 1;
    fixture_frame(&fixture, 2, frame);
    for (uint32_t i = 1; i <= 3; i++) {
        ck_assert_uint_eq(extents[i].holder, 0);
    }
}
END_TEST

START_TEST(two_agents_share_the_extents)
{
    uint32_t extents = fixture.core->releases.downloads[0].extent_count;
    ck_assert_uint_eq(extents, 8);
    ck_assert_uint_gt(owned(), 0);
    ck_assert_uint_lt(owned(), extents);
}
END_TEST

START_TEST(what_a_neighbour_has_is_not_fetched_over_the_wan)
{
    struct weft_download *download = &fixture.core->releases.downloads[0];
    for (uint32_t chunk = 0; chunk < 64; chunk++) {
        if (weft_lease_may(fixture.core, 0, chunk)) {
            download->near_copies[chunk] = 1;
            ck_assert(!weft_lease_may(fixture.core, 0, chunk));
            return;
        }
    }
    ck_abort_msg("nothing to fetch");
}
END_TEST

START_TEST(a_lease_of_the_other_agent_is_respected_while_it_lives)
{
    struct weft_extent *extent = extent_of_other();
    lease_from_2(number_of(extent), 1, 0);
    ck_assert_uint_eq(extent->holder, 2);
    fixture.now_ns += 2900 * WEFT_NS_PER_MS;
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert(!weft_lease_owns(fixture.core, 0, number_of(extent)));
}
END_TEST

START_TEST(progress_keeps_a_lease_alive)
{
    struct weft_extent *extent = extent_of_other();
    uint32_t first = number_of(extent) * fixture.core->releases.downloads[0].extent_chunks;
    lease_from_2(number_of(extent), 1, 0);
    fixture.now_ns += 2 * WEFT_NS_PER_S;
    uint8_t have[2] = {(uint8_t)(first >> 8), (uint8_t)first};
    fixture_frame(&fixture, 2,
                  (struct weft_frame){.kind = WEFT_FRAME_HAVE,
                                      .list = {.bytes = have, .length = sizeof(have)}});
    ck_assert_uint_eq(extent->heard_ns, fixture.now_ns);
}
END_TEST

START_TEST(a_lease_that_is_given_up_is_free)
{
    struct weft_extent *extent = extent_of_other();
    lease_from_2(number_of(extent), 1, 0);
    lease_from_2(number_of(extent), 1, 1);
    ck_assert_uint_eq(extent->holder, 0);
}
END_TEST

START_TEST(a_suspected_agent_loses_everything)
{
    fixture.core->actions = fixture.queue;
    weft_claim_suspect(fixture.core, 2);
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_uint_eq(owned(), fixture.core->releases.downloads[0].extent_count);
}
END_TEST

START_TEST(a_suspect_keeps_the_lease_it_beats_over_its_stream)
{
    struct weft_extent *extent = extent_of_other();
    uint32_t number = number_of(extent);
    lease_from_2(number, 1, 0);
    fixture.core->actions = fixture.queue;
    weft_claim_suspect(fixture.core, 2);
    fixture_step(&fixture, 0, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert(!weft_lease_owns(fixture.core, 0, number));
    fixture_step(
        &fixture, 0,
        (struct weft_event){.kind = WEFT_EVENT_STREAM_DOWN, .stream = {.peer = {.id = 2}}});
    ck_assert(weft_lease_owns(fixture.core, 0, number));
}
END_TEST

/* Say that a neighbour has all chunks of the own extents. */
static void finish_own(void)
{
    struct weft_download *download = &fixture.core->releases.downloads[0];
    for (uint32_t chunk = 0; chunk < 64; chunk++) {
        bool own = weft_lease_owns(fixture.core, 0, chunk / download->extent_chunks);
        download->near_copies[chunk] = own ? 1 : download->near_copies[chunk];
    }
}

START_TEST(an_idle_agent_takes_what_nobody_holds)
{
    ck_assert(extent_of_other()->holder == 0);
    for (uint32_t before = owned(); before < 8; before++) {
        fixture.core->actions = fixture.queue;
        ck_assert(!weft_lease_steal(fixture.core, 0)); /* its own are not finished */
        finish_own();
        ck_assert(weft_lease_steal(fixture.core, 0));
        ck_assert_uint_eq(owned(), before + 1);
    }
    finish_own();
    ck_assert(!weft_lease_steal(fixture.core, 0));
}
END_TEST

START_TEST(the_same_extent_ends_with_one_holder)
{
    struct weft_download *download = &fixture.core->releases.downloads[0];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < download->extent_count; i++) {
        fixture.core->actions = fixture.queue;
        weft_lease_take(fixture.core, 0, i);
        uint64_t own = weft_rendezvous(FIXTURE_RELEASE + i, FIXTURE_SELF);
        uint64_t other = weft_rendezvous(FIXTURE_RELEASE + i, 2);
        lease_from_2(i, download->extents[i].epoch, 0);
        ck_assert_uint_eq(download->extents[i].holder, own > other ? FIXTURE_SELF : 2);
        kept += own > other;
        lease_from_2(i, download->extents[i].epoch + 1U, 0);
        ck_assert_uint_eq(download->extents[i].holder, 2);
    }
    ck_assert_uint_gt(kept, 0);
}
END_TEST

static Suite *lease_suite(void)
{
    const TTest *const tests[] = {
        a_message_tells_of_many_extents,
        two_agents_share_the_extents,
        what_a_neighbour_has_is_not_fetched_over_the_wan,
        a_lease_of_the_other_agent_is_respected_while_it_lives,
        progress_keeps_a_lease_alive,
        a_lease_that_is_given_up_is_free,
        a_suspected_agent_loses_everything,
        a_suspect_keeps_the_lease_it_beats_over_its_stream,
        an_idle_agent_takes_what_nobody_holds,
        the_same_extent_ends_with_one_holder,
    };
    Suite *suite = suite_create("lease");
    weft_check_case(suite, "lease", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(lease_suite)
