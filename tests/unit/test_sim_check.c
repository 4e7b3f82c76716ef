/* SPDX-License-Identifier: Apache-2.0 */
/* The check of INV-31: who is to be shunned, for how long, and who may be forgotten. */
#include "tests/support/check_main.h"

#include "sim/world.h"

#include "protocol/frame.h"
#include "protocol/limits.h"

#define S WEFT_NS_PER_S
#define NODE 0
#define PEER 1
#define OTHERS 2 /* the first of those who did something else */

static struct weft_sim_options options;
static struct weft_sim_world world;
static struct weft_sim_shard *shard;

static void setup(void)
{
    char nodes[] = "--nodes";
    char count[] = "40";
    char *argv[] = {nodes, count};
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    ck_assert_int_eq(weft_sim_options_parse(&options, 2, argv, &message), WEFT_ERR_OK);
    ck_assert(weft_sim_world_begin(&world, &options));
    shard = weft_sim_world_shard(&world, NODE);
    world.nodes[NODE].life = 1;
}

static void teardown(void)
{
    weft_sim_world_end(&world);
}

static void wait_s(uint64_t seconds)
{
    world.nodes[NODE].clock_ns += seconds * S;
}

/* Does the check object if the node asks |peer| for a chunk now? */
static bool objects(uint32_t peer)
{
    struct weft_frame frame = {.kind = WEFT_FRAME_REQUEST, .release = 1, .chunk = 1};
    uint8_t bytes[64];
    size_t length = weft_frame_encode(&frame, bytes, sizeof(bytes));
    ck_assert_uint_gt(length, 0);
    shard->checks.failed = false;
    weft_sim_check_frame(shard, NODE, peer, bytes, (uint32_t)length);
    ck_assert(!shard->checks.failed || shard->checks.check == WEFT_SIM_CHECK_SHUNNED);
    return shard->checks.failed;
}

static void bad_chunk(uint32_t peer)
{
    weft_sim_check_bad_chunk(shard, NODE, world.nodes[peer].id);
    weft_sim_check_penalty(shard, NODE, world.nodes[peer].id);
}

/* |count| others do something that the node holds against them. */
static void others_offend(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        weft_sim_check_penalty(shard, NODE, world.nodes[OTHERS + i].id);
    }
}

START_TEST(rests)
{
    ck_assert(!objects(PEER));
    bad_chunk(PEER);
    ck_assert(objects(PEER));
    ck_assert(!objects(OTHERS));
    wait_s(59);
    ck_assert(objects(PEER));
    wait_s(1);
    ck_assert(!objects(PEER));
    bad_chunk(PEER);
    wait_s(3599);
    ck_assert(objects(PEER));
    wait_s(1);
    ck_assert(!objects(PEER));
}
END_TEST

START_TEST(forgets_when_it_starts_anew)
{
    bad_chunk(PEER);
    world.nodes[NODE].life++;
    ck_assert(!objects(PEER));
}
END_TEST

/* Offences of other kinds take places; they are no reason to ask nothing. */
START_TEST(other_offences)
{
    others_offend(WEFT_PENALTIES_MAX - 1);
    bad_chunk(PEER);
    ck_assert(objects(PEER));
    others_offend(WEFT_PENALTIES_MAX - 1);
    ck_assert(objects(PEER));
    ck_assert(!objects(OTHERS));
}
END_TEST

/* One more than there are places, and nobody of before is sure to be remembered: not who owed most
 * while others paid, and not how often who has paid had done it. */
START_TEST(forgets_when_full)
{
    bad_chunk(PEER);
    bad_chunk(PEER);
    others_offend(WEFT_PENALTIES_MAX - 1);
    wait_s(120);
    ck_assert(objects(PEER));
    others_offend(WEFT_PENALTIES_MAX);
    ck_assert(!objects(PEER));
    bad_chunk(PEER);
    ck_assert(objects(PEER));
    wait_s(60);
    ck_assert(!objects(PEER));
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {rests, forgets_when_it_starts_anew, other_offences,
                                  forgets_when_full};
    Suite *suite = suite_create("sim_check");
    weft_check_case(suite, "shunned", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
