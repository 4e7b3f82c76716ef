/* SPDX-License-Identifier: Apache-2.0 */
/* An agent of another segment says that it brings chunks from the source, and never does. The node
 * attacked is an Update Agent whose source sends what is asked of it once a second. */
#include "tests/support/attack.h"

#include "protocol/coming.h"
#include "tests/support/play.h"

#define S WEFT_NS_PER_S
#define LIAR UINT64_C(1000)
#define HONEST UINT64_C(1001)
#define CHUNKS 256

/* A claim delays what it names by a lease (3 s), which is looked at once a lease. */
#define LEASES_S 6

/* What the liar does, once a second. */
struct lie {
    uint32_t each;  /* chunks that it says are coming; 0 = it says nothing */
    uint32_t every; /* in so many seconds */
    uint32_t grows; /* so many times as many the next time */
};

static struct {
    struct play *play;
    struct lie lie;
    uint32_t second; /* seconds so far */
    uint32_t next;   /* chunk that it names next */
} scene;

static void claim(struct fixture *fixture, weft_node_id peer, uint32_t first, uint32_t count)
{
    uint8_t list[2 * CHUNKS];
    for (uint32_t i = 0; i < count; i++) {
        list[2 * i] = (uint8_t)((first + i) % CHUNKS >> 8);
        list[2 * i + 1] = (uint8_t)((first + i) % CHUNKS);
    }
    fixture_frame(fixture, peer,
                  (struct weft_frame){.kind = WEFT_FRAME_COMING,
                                      .list = {.bytes = list, .length = 2 * count}});
    play_collect(scene.play);
}

/* The source has what was asked of it during the last second. */
static void serve(struct fixture *fixture)
{
    struct play *play = scene.play;
    uint32_t count = play->fetch_count;
    for (uint32_t i = 0; i < count; i++) {
        struct weft_action_source fetch = play->fetches[i];
        for (uint32_t k = 0; k < fetch.chunk_count; k++) {
            fixture_chunk(fixture, 0, fetch.token, fetch.first_chunk + k, WEFT_ERR_OK);
            play_collect(play);
        }
        fixture_step(fixture, 0,
                     (struct weft_event){.kind = WEFT_EVENT_SOURCE,
                                         .source = {.token = fetch.token, .result = WEFT_ERR_OK}});
        play_collect(play);
    }
    play->fetch_count -= count;
    memmove(play->fetches, &play->fetches[count], play->fetch_count * sizeof(play->fetches[0]));
}

static void on_second(struct fixture *fixture)
{
    struct lie *lie = &scene.lie;
    if (lie->each > 0 && scene.second++ % lie->every == 0) {
        uint32_t left = CHUNKS - scene.next;
        uint32_t count = lie->each < left ? lie->each : left;
        claim(fixture, LIAR, scene.next, count);
        scene.next += count;
        lie->each *= lie->grows;
    }
    serve(fixture);
}

/* Seconds that a release takes while the liar speaks. */
static uint32_t seconds_with(struct lie lie)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_become_agent(&fixture);
    fixture_link(&fixture, LIAR);
    fixture_link(&fixture, HONEST);
    struct play play = {.fixture = &fixture, .source_hangs = true, .nag = on_second};
    scene.play = &play;
    scene.lie = lie;
    scene.second = 0;
    scene.next = 0;
    fixture_release(&fixture, CHUNKS);
    play_collect(&play);
    uint32_t seconds = 0;
    while (weft_release_find(fixture.core, FIXTURE_RELEASE)->have_count < CHUNKS) {
        ck_assert_uint_lt(seconds++, 1000);
        play_on(&play, S);
    }
    fixture_free(&fixture);
    return seconds;
}

static void outlive(struct lie lie)
{
    uint32_t honest = seconds_with((struct lie){0});
    uint32_t lied = seconds_with(lie);
    ck_assert_msg(lied <= honest + LEASES_S, "%u s instead of %u s", lied, honest);
}

START_TEST(claims_all)
{
    outlive((struct lie){.each = CHUNKS, .every = 1, .grows = 1});
}
END_TEST

START_TEST(claims_some_more_each_second)
{
    outlive((struct lie){.each = 4, .every = 1, .grows = 1});
}
END_TEST

START_TEST(claims_some_more_each_lease)
{
    outlive((struct lie){.each = 32, .every = 3, .grows = 1});
}
END_TEST

START_TEST(claims_twice_as_many_each_lease)
{
    outlive((struct lie){.each = 16, .every = 3, .grows = 2});
}
END_TEST

START_TEST(claims_four_times_as_many_each_lease)
{
    outlive((struct lie){.each = 8, .every = 3, .grows = 4});
}
END_TEST

START_TEST(floods)
{
    struct fixture fixture = fixture_new(NULL);
    struct play play = {.fixture = &fixture};
    scene.play = &play;
    fixture_become_agent(&fixture);
    fixture_link(&fixture, LIAR);
    fixture_link(&fixture, HONEST);
    fixture_release(&fixture, CHUNKS);
    fixture_peer_has(&fixture, HONEST, 0, 0);
    uint32_t told = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        claim(&fixture, LIAR, i, CHUNKS);
        fixture_step(&fixture, WEFT_NS_PER_MS, (struct weft_event){.kind = WEFT_EVENT_TICK});
        for (uint32_t k = 0; fixture_sent(&fixture, 0, WEFT_FRAME_COMING, k).kind != 0; k++) {
            told++;
        }
    }
    ck_assert_uint_gt(told, 0);
    ck_assert_uint_le(told, 4); /* once, and what it begins itself */
    ck_assert_uint_eq(fixture.queue->dropped_count, 0);
    fixture_free(&fixture);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"COMING of every chunk, and brings none", "6 s later at most", claims_all},
        {"COMING of 4 more chunks a second", "6 s later at most", claims_some_more_each_second},
        {"COMING of 32 more chunks a lease", "6 s later at most", claims_some_more_each_lease},
        {"COMING of twice as many each lease", "6 s later at most",
         claims_twice_as_many_each_lease},
        {"COMING of four times as many each lease", "6 s later at most",
         claims_four_times_as_many_each_lease},
        {"COMING of every chunk, 10,000 times", "passed on once", floods},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
