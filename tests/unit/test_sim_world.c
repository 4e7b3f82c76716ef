/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs of the simulator: bytes take the time that the lines allow, nothing is lost, and the
 * number of threads changes nothing. */
#include "tests/support/check_main.h"

#include "sim/flip.h"
#include "sim/summary.h"
#include "sim/world.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 24 };

static struct weft_sim_options options;
static struct weft_sim_world world;
static struct weft_sim_summary summary;

/* Run weft-sim with the flags of |line|, words with single blanks between. */
static void run(const char *line)
{
    char words[512];
    char *argv[WORDS_MAX];
    int argc = 0;
    strncpy(words, line, sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    for (char *rest = words; *rest != '\0' && argc < WORDS_MAX;) {
        argv[argc++] = rest;
        rest += strcspn(rest, " ");
        *rest = '\0';
        rest += rest < words + strlen(line) ? 1 : 0;
    }
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    ck_assert_msg(weft_sim_options_parse(&options, argc, argv, &message) == WEFT_ERR_OK, "%s",
                  buffer);
    const volatile int stop = 0;
    ck_assert(weft_sim_world_begin(&world, &options));
    weft_sim_world_run(&world, &stop);
    weft_sim_summary_make(&summary, &world, 0);
    ck_assert_msg(!world.checks.failed, "%s: %s", weft_sim_check_name(world.checks.check),
                  world.checks.detail);
}

static void end(void)
{
    weft_sim_world_end(&world);
}

/* Time that |bytes| take over a line, at the payload that TCP brings through it. */
static weft_ns line_ns(uint64_t bytes, uint64_t bytes_per_s)
{
    return bytes * WEFT_NS_PER_S / (bytes_per_s * 957 / 1000);
}

static void between(uint64_t value, uint64_t least, uint64_t most)
{
    ck_assert_uint_ge(value, least);
    ck_assert_uint_le(value, most);
}

START_TEST(test_a_lone_node_takes_what_its_line_allows)
{
    run("--segments 1 --nodes 1 --size 64MiB --wan 20mbit --hash-rate 0");
    weft_ns ideal_ns = line_ns(64 << 20, 2500000);
    between(summary.makespan_ns, ideal_ns, ideal_ns + ideal_ns / 20);
    between(summary.wan_in_mean_ppm, 1000000, 1001000);
    end();
}
END_TEST

START_TEST(test_a_slow_disk_is_waited_for)
{
    run("--segments 1 --nodes 1 --size 8MiB --wan 0 --disk-rate 1MB/s --hash-rate 0");
    weft_ns ideal_ns = (UINT64_C(8) << 20) * 1000;
    between(summary.makespan_ns, ideal_ns, ideal_ns + WEFT_NS_PER_S);
    end();
}
END_TEST

START_TEST(test_segments_that_do_not_trade_take_a_copy_each)
{
    run("--segments 4 --nodes 4 --size 4MiB --wan 0 --source-rate 20mbit --far-links 0 --announce "
        "all");
    weft_ns ideal_ns = line_ns(UINT64_C(4) * 4 << 20, 2500000);
    between(summary.makespan_ns, ideal_ns, ideal_ns + ideal_ns / 10 + 500 * WEFT_NS_PER_MS);
    between(summary.source_copies_ppm, 4000000, 4010000);
    end();
}
END_TEST

/* No line carries more than its rate allows in the time it had. */
START_TEST(test_lines_keep_to_their_rates)
{
    run("--segments 5 --nodes 30 --size 8MiB --wan 10mbit --lan 100mbit --source-rate 15mbit");
    weft_ns limit_ns = summary.makespan_ns + world.window_ns;
    uint64_t wan = 1250000 * limit_ns / WEFT_NS_PER_S;
    for (uint32_t s = 0; s < world.topology.site_count; s++) {
        ck_assert_uint_le(world.network.wan_down[s].payload_bytes, wan);
        ck_assert_uint_le(world.network.wan_up[s].payload_bytes, wan);
    }
    ck_assert_uint_le(world.network.source.payload_bytes, wan * 3 / 2);
    for (uint32_t i = 0; i < world.node_count; i++) {
        ck_assert_uint_le(world.network.cards[i].down_bytes, wan * 10);
        ck_assert_uint_le(world.network.cards[i].up.payload_bytes, wan * 10);
    }
    end();
}
END_TEST

/* What was sent is what has arrived, but for what a crash cut off. */
START_TEST(test_bytes_sent_are_bytes_received)
{
    run("--segments 3 --nodes 30 --size 4MiB --crash 6 --kill agent@40%+1s --seed 3");
    uint64_t sent = world.network.source.payload_bytes;
    uint64_t received = 0;
    for (uint32_t i = 0; i < world.node_count; i++) {
        sent += world.network.cards[i].up.payload_bytes;
        received += world.network.cards[i].down_bytes;
    }
    ck_assert_uint_ge(sent, received);
    ck_assert_uint_ge(received, UINT64_C(30) * 4 << 20);
    uint64_t lost = (summary.totals.crashes + summary.totals.losses.chunks_cut + 40) *
                    world.releases.items[0].chunk_bytes;
    ck_assert_uint_le(sent - received, lost);
    end();
}
END_TEST

/* A node gives up an answer that stands still or trickles for ten seconds, and not before. */
START_TEST(test_slow_answers_are_given_up)
{
    static const struct {
        const char *fault;
        uint64_t least, most; /* answers given up */
    } rows[] = {{"--source-slow 1@1s+9s", 0, 0},
                {"--source-slow 1@1s+15s", 1, 8},
                {"--wan-down 1@1s+9s", 0, 0},
                {"--wan-down 1@1s+15s", 1, 8}};
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        char line[256];
        snprintf(line, sizeof(line), "--segments 1 --nodes 1 --size 4MiB --source-rate 8mbit %s",
                 rows[i].fault);
        run(line);
        between(summary.totals.source_slow, rows[i].least, rows[i].most);
        end();
    }
}
END_TEST

/* Bits flip in what the source sends: none of it is taken, all of it comes in the end. Where every
 * answer is one piece, a share of them are refused, and so are documents. */
START_TEST(test_damaged_bodies_are_refused)
{
    run("--segments 2 --nodes 8 --size 4MiB --flip-body 2% --seed 2");
    ck_assert_uint_gt(summary.totals.bodies_flipped, 0);
    ck_assert_uint_ge(summary.totals.bodies_flipped, summary.totals.losses.chunks_refused);
    ck_assert_uint_eq(summary.totals.complete, 8);
    end();
    run("--segments 1 --nodes 1 --size 1KiB --flip-body 60% --seed 1");
    ck_assert_uint_gt(summary.totals.bodies_flipped, summary.totals.losses.chunks_refused);
    ck_assert_uint_eq(summary.totals.complete, 1);
    end();
}
END_TEST

/* Documents between nodes are records of streams; each has a luck of its own, and what the source
 * sends another one. */
START_TEST(test_damaged_documents)
{
    run("--segments 1 --nodes 12 --size 1KiB --flip-record 30% --flip-body 30%");
    ck_assert_uint_eq(summary.totals.complete, 12);
    struct weft_sim_shard *shard = weft_sim_world_shard(&world, 0);
    uint32_t hits = 0, equal = 0;
    for (uint32_t node = 0; node < 1000; node++) {
        bool document = weft_sim_flip_hits_document(shard, node, 1, 1000);
        bool body = weft_sim_flip_hits_body(shard, node, 1, 1000);
        ck_assert(weft_sim_flip_hits_body(shard, node, 1, 4 * 16384)); /* 120 % */
        hits += document ? 1 : 0;
        equal += document == body ? 1 : 0;
    }
    between(hits, 250, 350);
    between(equal, 500, 660); /* 0.3 * 0.3 + 0.7 * 0.7 = 58 % by chance */
    end();
}
END_TEST

START_TEST(test_releases_follow_each_other)
{
    run("--segments 3 --nodes 24 --size 1MiB --releases 3 --every 40s --crash 2");
    ck_assert_uint_eq(world.releases.newest, 2);
    for (uint32_t i = 0; i < 3; i++) {
        const struct weft_sim_release *release = &world.releases.items[i];
        ck_assert_uint_eq(release->complete_count, 24);
        between(release->last_complete_ns, release->publish_ns + line_ns(1 << 20, 2500000),
                release->publish_ns + 20 * WEFT_NS_PER_S);
    }
    ck_assert_uint_eq(summary.totals.chunks_new, 3 * 24 * world.releases.items[0].chunk_count);
    end();
}
END_TEST

/* A release that appears while nobody has the one before takes its place. */
START_TEST(test_a_newer_release_ends_an_unfinished_one)
{
    run("--segments 2 --nodes 12 --size 8MiB --wan 4mbit --releases 2 --every 5s");
    ck_assert_uint_eq(world.releases.items[0].complete_count, 0);
    ck_assert_uint_eq(world.releases.items[1].complete_count, 12);
    end();
}
END_TEST

/* Settling lasts until views agree and have agreed for --healed, which they cannot at once after
 * a partition; where so much is lost that nothing is owed, just for --healed. */
START_TEST(test_settling_ends_when_all_has_healed)
{
    static const struct {
        const char *line;
        weft_ns least_s, most_s;
    } rows[] = {{"--settle 60s", 60, 61},
                {"--settle 60s --healed 5s", 6, 20},
                {"--settle 60s --healed 5s --loss 5%", 5, 6},
                {"--settle 6s --healed 30s --loss 5%", 6, 7}};
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        char line[256];
        snprintf(line, sizeof(line),
                 "--segments 1 --nodes 8 --size 1MiB --partition 1@20s+20s --seed 4 %s",
                 rows[i].line);
        run(line);
        weft_ns whole_ns = world.releases.items[0].publish_ns + 40 * WEFT_NS_PER_S;
        weft_ns settled_ns = world.now_ns - whole_ns;
        between(settled_ns, rows[i].least_s * WEFT_NS_PER_S, rows[i].most_s * WEFT_NS_PER_S);
        end();
    }
}
END_TEST

START_TEST(test_threads_change_nothing)
{
    static const char *const lines[] = {
        "--threads 1 --segments 6 --nodes 60 --size 256KiB --crash 5 --loss 1%",
        "--threads 2 --segments 6 --nodes 60 --size 256KiB --crash 5 --loss 1%",
        "--threads 3 --segments 6 --nodes 60 --size 256KiB --crash 5 --loss 1%"};
    uint64_t hash = 0;
    for (size_t i = 0; i < WEFT_ROWS(lines); i++) {
        run(lines[i]);
        ck_assert_uint_eq(weft_sim_crew_size(world.crew), i + 1);
        ck_assert(i == 0 || summary.trace_hash == hash);
        hash = summary.trace_hash;
        end();
    }
}
END_TEST

/* Sites that are nearer to each other than a window are simulated together. */
START_TEST(test_near_sites_share_a_shard)
{
    run("--segments 4 --nodes 24 --size 1MiB --wan-delay 0");
    ck_assert_uint_eq(world.shard_count, 1);
    end();
    run("--segments 4 --nodes 24 --size 1MiB --wan-delay 5ms");
    ck_assert_uint_eq(world.shard_count, 5);
    end();
}
END_TEST

static Suite *world_suite(void)
{
    Suite *suite = suite_create("sim world");
    WEFT_ADD(suite, test_a_lone_node_takes_what_its_line_allows);
    WEFT_ADD(suite, test_a_slow_disk_is_waited_for);
    WEFT_ADD(suite, test_segments_that_do_not_trade_take_a_copy_each);
    WEFT_ADD(suite, test_lines_keep_to_their_rates);
    WEFT_ADD(suite, test_bytes_sent_are_bytes_received);
    WEFT_ADD(suite, test_slow_answers_are_given_up);
    WEFT_ADD(suite, test_damaged_bodies_are_refused);
    WEFT_ADD(suite, test_damaged_documents);
    WEFT_ADD(suite, test_releases_follow_each_other);
    WEFT_ADD(suite, test_a_newer_release_ends_an_unfinished_one);
    WEFT_ADD(suite, test_settling_ends_when_all_has_healed);
    WEFT_ADD(suite, test_threads_change_nothing);
    WEFT_ADD(suite, test_near_sites_share_a_shard);
    return suite;
}

WEFT_CHECK_MAIN(world_suite)
