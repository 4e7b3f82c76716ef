/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that a transport or a protocol version has to absorb: each does what it says, and no more
 * than that. A fault that did nothing would fail here. */
#include "tests/support/check_main.h"

#include "sim/cut.h"
#include "sim/dialect.h"
#include "sim/summary.h"
#include "sim/world.h"

#include "protocol/message.h"

#include <string.h>

enum { WORDS_MAX = 24 };

static struct weft_sim_options options;
static struct weft_sim_world world;
static struct weft_sim_summary summary;

/* Make the world of the flags in |line|, words with single blanks between. */
static void begin(const char *line)
{
    static char words[512];
    char *argv[WORDS_MAX];
    int argc = 0;
    ck_assert_uint_lt(strlen(line), sizeof(words));
    memcpy(words, line, strlen(line) + 1);
    char *rest = words;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        ck_assert_int_lt(argc, WORDS_MAX);
        argv[argc++] = word;
    }
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    ck_assert_msg(weft_sim_options_parse(&options, argc, argv, &message) == WEFT_ERR_OK, "%s",
                  buffer);
    ck_assert(weft_sim_world_begin(&world, &options));
}

/* The run goes well; |summary| says what came of it. */
static void run(const char *line)
{
    const volatile int stop = 0;
    begin(line);
    weft_sim_world_run(&world, &stop);
    weft_sim_summary_make(&summary, &world, 0);
    ck_assert_msg(!world.checks.failed, "%s: %s", weft_sim_check_name(world.checks.check),
                  world.checks.detail);
    ck_assert_uint_eq(summary.incomplete, 0);
}

/* Nobody was heard saying what no version of the protocol says. */
static void nothing_malformed(void)
{
    for (uint32_t i = WEFT_REJECT_TRUNCATED; i <= WEFT_REJECT_TRAILING; i++) {
        ck_assert_uint_eq(summary.rejects[i], 0);
    }
}

START_TEST(test_a_flipped_datagram_is_a_lost_one)
{
    run("--nodes 24 --segments 3 --size 4MiB --flip 10%");
    ck_assert_uint_gt(summary.totals.datagrams_flipped, summary.totals.datagrams / 20);
    ck_assert_uint_ge(summary.totals.datagrams_lost, summary.totals.datagrams_flipped);
    ck_assert_uint_eq(summary.totals.records_flipped, 0);
    nothing_malformed();
    weft_sim_world_end(&world);
}
END_TEST

START_TEST(test_a_flipped_record_ends_its_stream)
{
    run("--nodes 24 --segments 3 --size 4MiB --flip-record 1%");
    ck_assert_uint_gt(summary.totals.records_flipped, 10);
    ck_assert_uint_gt(summary.totals.losses.chunks_cut, 0);
    ck_assert_uint_eq(summary.totals.losses.chunks_refused, 0);
    ck_assert_uint_eq(summary.totals.datagrams_flipped, 0);
    nothing_malformed();
    weft_sim_world_end(&world);
}
END_TEST

/* What a sick machine sends, or makes of what it gets, is on no disk. */
START_TEST(test_a_sick_memory_stores_nothing_bad)
{
    run("--nodes 24 --segments 3 --size 4MiB --bad-memory 4@0s+60s");
    ck_assert_uint_gt(summary.totals.losses.chunks_refused, 0);
    for (uint32_t i = 0; i < world.node_count; i++) {
        ck_assert_uint_eq(world.seen[i].bad_stored, 0);
        ck_assert_uint_eq(world.mishaps.ailments[i].memory_bad, 0);
    }
    weft_sim_world_end(&world);
}
END_TEST

/* Holes of all shapes: what is longer than they let pass vanishes, and nothing else. */
START_TEST(test_a_hole_takes_only_what_is_long)
{
    begin("--nodes 24 --segments 3 --mtu-hole 24@0s+60s");
    uint32_t swallowed = 0;
    for (uint32_t k = 0; k < 24; k++) {
        struct weft_sim_mishap mishap;
        ck_assert(weft_sim_menu_draw(&options, WEFT_SIM_MISHAP_MTU_HOLE, k, &mishap));
        weft_sim_cut_begin(&world, &mishap);
        ck_assert_uint_eq(world.mishaps.cuts.count, 1);
        uint32_t least = world.mishaps.cuts.items[0].bytes_free;
        ck_assert(least >= 400 && least < WEFT_DATAGRAM_BYTES_MAX);
        for (uint32_t to = 1; to < world.node_count; to++) {
            ck_assert(weft_sim_cut_lets(&world, 0, to, least));
            ck_assert_uint_eq(weft_sim_cut_until(&world, 0, to), 0);
            swallowed += weft_sim_cut_lets(&world, 0, to, least + 1) ? 0 : 1;
        }
        weft_sim_cut_end(&world, &mishap);
    }
    ck_assert_uint_gt(swallowed, 0);
    ck_assert_uint_lt(swallowed, 24 * 23);
    weft_sim_world_end(&world);
}
END_TEST

/* While everything long vanishes everywhere, a release goes its way all the same. */
START_TEST(test_a_release_needs_no_long_datagram)
{
    run("--nodes 24 --segments 3 --size 4MiB");
    uint64_t lost = summary.totals.datagrams_lost;
    uint64_t calm_ns = summary.makespan_ns;
    weft_sim_world_end(&world);
    run("--nodes 24 --segments 3 --size 4MiB --mtu-hole 12@0s+60s");
    ck_assert_uint_gt(summary.totals.datagrams_lost, lost);
    ck_assert_uint_lt(summary.makespan_ns, calm_ns + 10 * WEFT_NS_PER_S);
    weft_sim_world_end(&world);
}
END_TEST

/* Nobody is hurt by what it does not know, and each such message is counted. */
START_TEST(test_what_a_later_version_adds_is_passed_over)
{
    run("--nodes 24 --segments 3 --size 4MiB --newer 8@0s+60s");
    ck_assert_uint_gt(summary.rejects[WEFT_REJECT_UNKNOWN_KIND], 8);
    nothing_malformed();
    weft_sim_world_end(&world);
}
END_TEST

/* Two nodes that do not understand each other fetch a copy each. */
START_TEST(test_other_major_versions_are_two_meshes)
{
    run("--nodes 2 --segments 1 --size 1MiB --other-version 1@0s+60s --settle 60s");
    ck_assert_uint_gt(summary.rejects[WEFT_REJECT_VERSION], 0);
    ck_assert_uint_ge(summary.source_copies_ppm, 2000000);
    nothing_malformed();
    weft_sim_world_end(&world);
}
END_TEST

START_TEST(test_an_estranged_datagram_differs_in_its_version_only)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    struct weft_message message = {.kind = WEFT_MESSAGE_HINT, .mesh = 7, .sender = 9};
    uint32_t length = weft_message_encode(&message, bytes, sizeof(bytes));
    ck_assert_int_eq(weft_message_decode(bytes, length, &message), WEFT_REJECT_NONE);
    weft_sim_dialect_estrange(bytes, length);
    ck_assert_int_eq(weft_message_decode(bytes, length, &message), WEFT_REJECT_VERSION);
}
END_TEST

static Suite *fault_suite(void)
{
    Suite *suite = suite_create("sim fault");
    WEFT_ADD(suite, test_a_flipped_datagram_is_a_lost_one);
    WEFT_ADD(suite, test_a_flipped_record_ends_its_stream);
    WEFT_ADD(suite, test_a_sick_memory_stores_nothing_bad);
    WEFT_ADD(suite, test_a_hole_takes_only_what_is_long);
    WEFT_ADD(suite, test_a_release_needs_no_long_datagram);
    WEFT_ADD(suite, test_what_a_later_version_adds_is_passed_over);
    WEFT_ADD(suite, test_other_major_versions_are_two_meshes);
    WEFT_ADD(suite, test_an_estranged_datagram_differs_in_its_version_only);
    return suite;
}

WEFT_CHECK_MAIN(fault_suite)
