/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a run: slices widen without losing anything, a trace file read again is the same
 * history, files of nodes add up, and every bad file is refused with file, line and reason. */
#include "tests/support/check_main.h"

#include "sim/history_read.h"
#include "sim/history_write.h"

#include "protocol/flag.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 2 };

static char directory[] = "/tmp/weft-history.XXXXXX";
static struct weft_sim_history history;
static char buffer[WEFT_FLAG_MESSAGE_BYTES];
static struct weft_text message;

static void set_up(void)
{
    memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    message = weft_text_into(buffer, sizeof(buffer));
}

static char *path_of(const char *name)
{
    static char paths[4][128];
    static uint32_t next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

static void tear_down(void)
{
    unlink(path_of("a"));
    unlink(path_of("b"));
    rmdir(directory);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static uint64_t sum_of(uint32_t segment, enum weft_tier tier)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < history.slice_count; i++) {
        sum += history.slices[(size_t)segment * history.slice_count + i].bytes[tier];
    }
    return sum;
}

START_TEST(test_slices_widen_and_keep_their_sums)
{
    weft_sim_history_begin(&history, 2, 10);
    uint32_t room = history.slice_count;
    for (uint32_t t = 0; t < room * 10 * 5; t += 10) {
        weft_sim_history_reach(&history, t);
        weft_sim_history_slice(&history, 1, t)->bytes[WEFT_TIER_PEER] += 3;
    }
    ck_assert_uint_eq(history.width_ms, 80);
    ck_assert_uint_eq(sum_of(1, WEFT_TIER_PEER), 3 * 5 * (uint64_t)room);
    ck_assert_uint_eq(sum_of(0, WEFT_TIER_PEER), 0);
    ck_assert_uint_eq(weft_sim_history_slice(&history, 1, 0)->bytes[WEFT_TIER_PEER], 24);
    weft_sim_history_end(&history);
}
END_TEST

START_TEST(test_parts_add_up)
{
    struct weft_sim_slice whole = {.complete = 2, .wan_bytes = 100, .bytes = {7}};
    struct weft_sim_slice sum = {.complete = 0};
    for (uint32_t i = 0; i < 3; i++) {
        weft_sim_history_add_part(&sum, &whole, i, 3);
    }
    ck_assert_mem_eq(&sum, &whole, sizeof(sum));
}
END_TEST

START_TEST(test_a_new_release_keeps_who_is_in_office)
{
    weft_sim_history_begin(&history, 1, 10);
    weft_sim_history_agent(&history, 0, 1, 5);
    weft_sim_history_agent(&history, 0, 2, 5);
    weft_sim_history_agent(&history, 0, 2, 6);
    weft_sim_history_no_agent(&history, 1, 9, true);
    ck_assert_uint_eq(history.lane_count, 2);
    weft_sim_history_begins(&history, "crash", 0, 1, 9);
    weft_sim_history_slice(&history, 0, 9)->complete = 1;
    weft_sim_history_restart(&history, 10);
    ck_assert_uint_eq(history.lane_count, 1);
    ck_assert_uint_eq(history.lanes[0].node, 2);
    ck_assert_uint_eq(history.lanes[0].begin_ms, 0);
    ck_assert_uint_eq(history.incident_count, 1);
    ck_assert_uint_eq(weft_sim_history_slice(&history, 0, 9)->complete, 0);
    weft_sim_history_ends(&history, "crash", 1, 3);
    ck_assert_uint_eq(history.incidents[0].end_ms, 3);
    weft_sim_history_end(&history);
}
END_TEST

static const char head[] =
    "{\"weft_trace\":1,\"origin\":\"simulator\",\"nodes\":3,\"segments\":2,\"bytes\":8,"
    "\"width_ms\":10,\"end_ms\":30}\n";

START_TEST(test_a_file_read_and_written_is_the_same)
{
    char *written = NULL;
    size_t length = 0;
    put("a", "{\"weft_trace\":1,\"origin\":\"simulator\",\"command\":\"weft-sim\",\"nodes\":3,"
             "\"segments\":1,\"sites\":1,\"bytes\":8,\"chunks\":2,\"sampled\":1,\"bound_ms\":5,"
             "\"relay_bound_ms\":6,\"direct_bound_ms\":7,\"width_ms\":10,\"end_ms\":30}\n"
             "{\"segment\":0,\"name\":\"10.1.0.0/16\",\"nodes\":3,\"gone\":1,\"hostile\":1,"
             "\"half_ms\":20}\n"
             "{\"t_ms\":10,\"segment\":0,\"bytes\":{\"peer\":6,\"source\":2},\"wait_ms\":{"
             "\"transfer\":40},\"wan\":2,\"control\":9,\"complete\":2}\n"
             "{\"segment\":0,\"pulled_by_group\":[6,2]}\n"
             "{\"t_ms\":3,\"event\":\"agent\",\"segment\":0,\"node\":\"00000000000000ab\","
             "\"until_ms\":9,\"crashed\":true}\n"
             "{\"t_ms\":9,\"event\":\"crash\",\"segment\":0,\"node\":\"00000000000000ab\"}\n"
             "{\"t_ms\":1,\"event\":\"source-down\",\"until_ms\":2}\n"
             "{\"t_ms\":12,\"event\":\"hop\",\"segment\":0,\"node\":\"00000000000000ac\","
             "\"from\":\"0000000000000000\",\"chunk\":1}\n"
             "{\"rule\":\"INV-01\",\"statement\":\"it holds\",\"violated\":\"\"}\n"
             "{\"summary\":{  \"complete\": 2}}\n");
    ck_assert_msg(weft_sim_history_read(&history, path_of("a"), &message), "%s", buffer);
    FILE *out = open_memstream(&written, &length);
    weft_sim_history_write(&history, out);
    fclose(out);
    weft_sim_history_end(&history);
    char expected[4096] = "";
    FILE *file = fopen(path_of("a"), "r");
    ck_assert_ptr_nonnull(file);
    expected[fread(expected, 1, sizeof(expected) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(written, expected);
    free(written);
}
END_TEST

struct bad {
    const char *text;  /* of the file */
    const char *where; /* what the message must say */
};

static const struct bad bad_files[] = {
    {"", "the file is empty"},
    {"hello\n", "a:1: no JSON object"},
    {"\n", "a:1: an empty line"},
    {"{\"a\":1}\n", "a:1: not the head"},
    {"{\"weft_trace\":2,\"origin\":\"node\"}\n", "a:1: not the head of a trace of version 1"},
    {"{\"weft_trace\":1,\"origin\":\"moon\"}\n", "a:1: its origin is not known"},
    {"{\"weft_trace\":1,\"origin\":\"simulator\"}\n", "a:1: the head lacks"},
    {"HEAD{\"t_ms\":1,\"segment\":2}\n", "a:2: a segment that the head does not count"},
    {"HEAD{\"t_ms\":1,\n", "a:2: no JSON object"},
    {"HEAD", "ends before the summary"},
    {"{\"weft_trace\":1,\"origin\":\"node\",\"unix_ms\":5}\n", "a:1: a head without a node"},
    {"{\"weft_trace\":1,\"origin\":\"node\",\"unix_ms\":5,\"node\":\"0a\"}\n",
     "no node tells of a release"},
};

START_TEST(test_a_bad_file_is_refused_with_its_fault)
{
    const struct bad *bad = &bad_files[_i];
    char text[512];
    bool has_head = strncmp(bad->text, "HEAD", 4) == 0;
    snprintf(text, sizeof(text), "%s%s", has_head ? head : "", bad->text + (has_head ? 4 : 0));
    put("a", text);
    char *paths[] = {path_of("a")};
    enum weft_sim_origin origin = weft_sim_history_origin(paths[0], &message);
    bool good =
        origin == WEFT_SIM_ORIGIN_SIMULATOR ? weft_sim_history_read(&history, paths[0], &message)
        : origin == WEFT_SIM_ORIGIN_NODE ? weft_sim_history_read_nodes(&history, paths, 1, &message)
                                         : false;
    ck_assert(!good);
    ck_assert_msg(strstr(buffer, bad->where) != NULL, "it says: %s", buffer);
}
END_TEST

/* Node 0a is there from the beginning; 0b is killed, comes back and finishes last. */
START_TEST(test_nodes_add_up_on_the_clock_of_the_day)
{
    put("a",
        "{\"weft_trace\":1,\"origin\":\"node\",\"node\":\"000000000000000a\",\"segment\":"
        "\"10.1.0.0/24\",\"unix_ms\":100000}\n"
        "{\"t_ms\":500,\"event\":\"agent\"}\n"
        "{\"t_ms\":900,\"event\":\"release\",\"release\":\"01\",\"bytes\":50,\"chunks\":1}\n"
        "{\"t_ms\":950,\"event\":\"complete\",\"release\":\"01\"}\n"
        "{\"t_ms\":2000,\"event\":\"release\",\"release\":\"02\",\"bytes\":1000,\"chunks\":4}\n"
        "{\"t_ms\":1500,\"for_ms\":1500,\"release\":\"02\",\"bytes\":{\"source\":1000},\"wait_ms\":"
        "{"
        "\"transfer\":900},\"wan\":1000,\"pulled\":{\"source\":1000},\"control\":10}\n"
        "{\"t_ms\":2800,\"event\":\"complete\",\"release\":\"02\"}\n"
        "{\"t_ms\":3000,\"for_ms\":600000,\"control\":7000}\n");
    put("b", "{\"weft_trace\":1,\"origin\":\"node\",\"node\":\"000000000000000b\",\"segment\":"
             "\"10.1.0.0/24\",\"unix_ms\":101000}\n"
             "{\"t_ms\":1200,\"event\":\"release\",\"release\":\"02\"}\n"
             "{\"t_ms\":1500,\"for_ms\":500,\"release\":\"02\",\"bytes\":{\"agent\":400},\"wait_"
             "ms\":{\"transfer\":500}"
             ",\"pulled\":{\"000000000000000a\":400,\"00000000000000ff\":9},\"control\":4}\n"
             "{\"weft_trace\":1,\"origin\":\"node\",\"node\":\"000000000000000b\",\"segment\":"
             "\"10.1.0.0/24\",\"unix_ms\":105000}\n"
             "{\"t_ms\":0,\"for_ms\":1000,\"release\":\"02\",\"bytes\":{\"agent\":600},\"wait_ms\":"
             "{\"transfer\":800}"
             ",\"pulled\":{\"000000000000000a\":600},\"control\":6}\n"
             "{\"t_ms\":1000,\"event\":\"complete\",\"release\":\"02\"}\n"
             "{\"t_ms\":1000,\"for_m");
    char *paths[NODES] = {path_of("a"), path_of("b")};
    ck_assert_msg(weft_sim_history_read_nodes(&history, paths, NODES, &message), "%s", buffer);
    ck_assert(history.is_real);
    ck_assert_uint_eq(history.segment_count, 1);
    ck_assert_uint_eq(history.bytes, 1000);
    const struct weft_sim_history_segment *segment = &history.segments[0];
    ck_assert_uint_eq(segment->complete, 2);
    ck_assert_uint_eq(segment->half_ms, 800);
    ck_assert_uint_eq(segment->last_ms, 4000);
    ck_assert_uint_eq(sum_of(0, WEFT_TIER_SOURCE), 1000);
    ck_assert_uint_eq(sum_of(0, WEFT_TIER_AGENT), 1000);
    ck_assert_uint_eq(sum_of(0, WEFT_TIER_PEER), 0);
    ck_assert_uint_eq(history.pulled[0], 1000);
    ck_assert_uint_eq(history.pulled[1], 1000);
    ck_assert_uint_eq(history.lane_count, 1);
    ck_assert_uint_eq(history.lanes[0].end_ms, WEFT_SIM_OPEN_MS);
    ck_assert_uint_eq(history.incident_count, 1);
    ck_assert_uint_eq(history.incidents[0].begin_ms, 500);
    ck_assert_uint_eq(history.incidents[0].end_ms, 3000);
    ck_assert_ptr_nonnull(strstr(history.summary, "\"makespan_ns\": 4000000000,"));
    ck_assert_ptr_nonnull(strstr(history.summary, "\"wan_copies_mean_ppm\": 1000000,"));
    weft_sim_history_end(&history);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("sim history");
    TCase *slices = tcase_create("slices");
    tcase_add_test(slices, test_slices_widen_and_keep_their_sums);
    tcase_add_test(slices, test_parts_add_up);
    tcase_add_test(slices, test_a_new_release_keeps_who_is_in_office);
    suite_add_tcase(all, slices);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, test_a_file_read_and_written_is_the_same);
    tcase_add_loop_test(files, test_a_bad_file_is_refused_with_its_fault, 0,
                        sizeof(bad_files) / sizeof(bad_files[0]));
    tcase_add_test(files, test_nodes_add_up_on_the_clock_of_the_day);
    suite_add_tcase(all, files);
    return all;
}

WEFT_CHECK_MAIN(suite)
