/* SPDX-License-Identifier: Apache-2.0 */
/* Many agents that learn of a release at the same time do not ask the source at the same time. */
#include "tests/support/check_main.h"

#include "protocol/address.h"
#include "protocol/bandwidth.h"
#include "protocol/crowd.h"
#include "protocol/rng.h"
#include "tests/support/fixture.h"

#define FAR UINT64_C(1000)
#define AGENTS 60
#define RELEASES 240
#define CHUNKS 32

static struct fixture fixture;
static struct weft_release *release;

static void setup(void)
{
    struct weft_config config = fixture_config();
    config.remotes_max = WEFT_REMOTES_MAX;
    fixture = fixture_new(&config);
    fixture_become_agent(&fixture);
    fixture_link(&fixture, FAR);
    release = fixture_release(&fixture, CHUNKS);
}

static void teardown(void)
{
    fixture_free(&fixture);
}

/* Agents of other segments, two in each. */
static void know_agents(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t ipv4[4] = {20, (uint8_t)(i / 2), 0, (uint8_t)i};
        struct weft_contact contact = {
            .endpoint = {.id = 2000 + i, .address = weft_address_of_ipv4(ipv4, 7767)},
            .segment = weft_mix(i / 2),
            .is_agent = true};
        weft_remote_learn(fixture.core, &contact, /* first_hand */ true);
    }
}

/* Of how many releases is it the turn of this node, so long after they became known? */
static uint32_t count_turns(weft_ns after_ns)
{
    weft_release_id id = release->id;
    uint32_t count = 0;
    fixture.core->now_ns = release->added_ns + after_ns;
    for (uint32_t i = 0; i < RELEASES; i++) {
        release->id = weft_mix(i + 1);
        count += weft_crowd_is_turn(fixture.core, release->download);
    }
    release->id = id;
    return count;
}

START_TEST(a_few_begin_and_then_more)
{
    know_agents(AGENTS);
    uint32_t all = weft_remote_reach(fixture.core, /* any */ true) + 1;
    ck_assert_uint_gt(all, AGENTS / 2);
    const struct {
        weft_ns after_ns;
        uint32_t begun;
    } rows[] = {
        {0, 4}, {400 * WEFT_NS_PER_MS, 8}, {2 * WEFT_NS_PER_S, 16}, {7 * WEFT_NS_PER_S, 32}};
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        uint32_t expected = RELEASES * rows[i].begun / all;
        uint32_t count = count_turns(rows[i].after_ns);
        ck_assert_uint_gt(count, expected / 2);
        ck_assert_uint_lt(count, expected * 2);
    }
    ck_assert_uint_eq(count_turns(26 * WEFT_NS_PER_S), RELEASES);
}
END_TEST

START_TEST(more_begin_with_a_release_of_many_chunks)
{
    know_agents(AGENTS);
    uint32_t all = weft_remote_reach(fixture.core, /* any */ true) + 1;
    release->chunk_count = 8 * all / 2;
    uint32_t count = count_turns(0);
    ck_assert_uint_gt(count, RELEASES / 3);
    ck_assert_uint_lt(count, RELEASES * 2 / 3);
    release->chunk_count = 8 * all;
    ck_assert_uint_eq(count_turns(0), RELEASES);
}
END_TEST

START_TEST(in_a_small_mesh_all_begin)
{
    know_agents(3);
    ck_assert_uint_eq(count_turns(0), RELEASES);
}
END_TEST

START_TEST(chunks_that_come_at_once_let_more_begin)
{
    know_agents(AGENTS);
    struct weft_download *download = &fixture.core->releases.downloads[release->download];
    uint32_t before = count_turns(0);
    weft_crowd_learn(fixture.core, download, WEFT_NS_PER_S); /* slow: says nothing */
    ck_assert_uint_eq(count_turns(0), before);
    for (uint32_t i = 0; i < AGENTS; i++) {
        weft_crowd_learn(fixture.core, download, 100 * WEFT_NS_PER_MS);
    }
    ck_assert_uint_eq(count_turns(0), RELEASES);
}
END_TEST

START_TEST(who_is_late_is_told_by_a_timer)
{
    know_agents(AGENTS);
    fixture.core->source.turn_ns = 0;
    ck_assert_uint_lt(count_turns(0), RELEASES);
    ck_assert_uint_eq(fixture.core->source.turn_ns, release->added_ns + 300 * WEFT_NS_PER_MS);
}
END_TEST

/* The far neighbour has what this node waits for, and sends |bytes_per_s|: how many requests are
 * given up after two seconds? */
static uint32_t count_left(uint32_t bytes_per_s)
{
    struct weft_sources *source = &fixture.core->source;
    ck_assert_uint_gt(source->fetch_count, 0);
    weft_bandwidth_observe(fixture.core, FAR, bytes_per_s, WEFT_NS_PER_S);
    fixture.now_ns += 2 * WEFT_NS_PER_S;
    fixture_peer_has(&fixture, FAR, 0, CHUNKS - 1);
    uint8_t last[2] = {0, CHUNKS - 1};
    fixture_frame(&fixture, FAR,
                  (struct weft_frame){.kind = WEFT_FRAME_HAVE,
                                      .list = {.bytes = last, .length = sizeof(last)}});
    uint32_t count = fixture_count(&fixture, WEFT_ACTION_SOURCE_CANCEL);
    fixture_step(&fixture, WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
    ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_SOURCE_CANCEL), 0); /* once is enough */
    return count;
}

START_TEST(a_request_that_others_beat_is_given_up)
{
    uint32_t open = fixture.core->source.fetch_count;
    ck_assert_uint_eq(count_left(4 * FIXTURE_CHUNK_BYTES), open);
}
END_TEST

START_TEST(if_others_are_as_slow_it_is_kept)
{
    ck_assert_uint_eq(count_left(FIXTURE_CHUNK_BYTES / 2), 0);
}
END_TEST

static Suite *crowd_suite(void)
{
    const TTest *const tests[] = {
        a_few_begin_and_then_more,        more_begin_with_a_release_of_many_chunks,
        in_a_small_mesh_all_begin,        chunks_that_come_at_once_let_more_begin,
        who_is_late_is_told_by_a_timer,   a_request_that_others_beat_is_given_up,
        if_others_are_as_slow_it_is_kept,
    };
    Suite *suite = suite_create("crowd");
    weft_check_case(suite, "crowd", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(crowd_suite)
