/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files, sites that differ, and expectations: what is read, what is refused, and where. */
#include "tests/support/check_main.h"

#include "sim/options.h"
#include "sim/scenario.h"
#include "sim/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct weft_sim_options options;
static char said[WEFT_FLAG_MESSAGE_BYTES];

/* Parse a file of |length| bytes at |text|, and then |flag| if it is not NULL. */
static enum weft_err parse_bytes(const char *text, size_t length, char *flag)
{
    static char path[] = "/tmp/weft_scenario_XXXXXX";
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, length), (ssize_t)length);
    close(file);
    char name[] = "--scenario";
    char *argv[] = {name, path, flag};
    struct weft_text message = weft_text_into(said, sizeof(said));
    enum weft_err err = weft_sim_options_parse(&options, flag == NULL ? 2 : 3, argv, &message);
    unlink(path);
    return err;
}

static enum weft_err parse(const char *text, char *flag)
{
    return parse_bytes(text, strlen(text), flag);
}

/* A zero in a line hides nothing behind it, and what some editors put first is no part of it. */
START_TEST(test_bytes_that_are_no_text)
{
    static const char zero[] = "seed 7\nsize 2MiB\0x\n";
    ck_assert_int_eq(parse_bytes(zero, sizeof(zero) - 1, NULL), WEFT_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(said, ":2: there is a character that is no text"));
    ck_assert_msg(parse("\xef\xbb\xbfseed 7\r\n", NULL) == WEFT_ERR_OK, "%s", said);
    ck_assert_uint_eq(options.seed, 7);
}
END_TEST

START_TEST(test_one_file_at_a_time)
{
    char again[] = "--scenario=other.scn";
    ck_assert_int_eq(parse("seed 7\n", again), WEFT_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(said, "--scenario: one file at a time"));
}
END_TEST

START_TEST(test_a_file_stands_for_its_flags)
{
    char size[] = "--size=3MiB";
    ck_assert_msg(parse("# a comment\n\n  seed 7\r\nsize\t2MiB\nannounce all", NULL) == WEFT_ERR_OK,
                  "%s", said);
    ck_assert_uint_eq(options.seed, 7);
    ck_assert_uint_eq(options.size_bytes, 2 << 20);
    ck_assert_uint_eq(options.announce, WEFT_SIM_ANNOUNCE_ALL);
    ck_assert_int_eq(parse("seed 7\nsize 2MiB\n", size), WEFT_ERR_OK);
    ck_assert_msg(parse("--seed 8\nsize 2MiB\t# of it\nsleep #1,#4 # two\n", NULL) == WEFT_ERR_OK,
                  "%s", said);
    ck_assert_uint_eq(options.seed, 8);
    ck_assert_uint_eq(options.menu[WEFT_SIM_MISHAP_SLEEP].numbers, 0x12);
    parse("seed 7\n", size);
    ck_assert_uint_eq(options.size_bytes, 3 << 20);
}
END_TEST

START_TEST(test_a_fault_names_its_line)
{
    static const struct {
        const char *text;
        const char *line;
        const char *why;
    } faults[] = {
        {"seed 7\n\nsiz 4\n", ":3: ", "did you mean --size"},
        {"size 4 MiB\n", ":1: ", "--size"},
        {"seed 1\nsite 4 x 2\n", ":2: ", "SITES x SEGMENTS x NODES"},
        {"seed 1\nsite 4 x 2 x 3 lann 1gbit\n", ":2: ", "detail: \"lann\""},
        {"site 4 x 2 x 3 lan fast\n", ":1: ", "lan: \"fast\" is not valid; use a rate"},
        {"site 4 x 2 x 3 wan\n", ":1: ", "wan: a value is missing; use a rate"},
        {"site 4 x 2 x 3 wifi 130%\n", ":1: ", "wifi: \"130%\" is not valid; use a share"},
        {"site 4 x 2 x 3 busy 100%\n", ":1: ", "busy: \"100%\" is not valid"},
        {"site 4 x 2 x 3 hours 8-17 9%\n", ":1: ", "hours: \"8-17\" is not valid; use two times"},
        {"site 4 x 2 x 3 hours 8:00-17:00\n", ":1: ", "hours: a value is missing; use a share"},
        {"site 4 x 2 x 600\n", ":1: ", "--site: a segment would have 600 nodes"},
        {"seed 1\nshard 1/3\n", ":2: ", "nothing to divide"},
        {"seed 1\nscenario other.scn\n", ":2: ", "for the command line"},
        {"help", ":1: ", "for the command line"},
        {"expect makespan > 4s\n", ":1: ", "a figure and its limit"},
        {"clock 25:00\n", ":1: ", "a time of day"},
        {"seed 1\nsleep 65\n", ":2: ", "how many, up to 64"},
        {"seed\t\x01\n", ":1: ", "no text"},
        {"", ": ", "no line of it has a flag"},
        {"# nothing\n\n", ": ", "no line of it has a flag"},
        {"nodes 3\nsegments 5\n", "", "--nodes: 3 are fewer than 5 --segments"},
        {"nodes 3\nsite 1 x 2 x 3\n", "", "--site and --nodes: "},
        {"site 1 x 2 x 3\nsegments 2\n", "", "--site and --segments: "},
        {"sweep 2\nfail-each\n", "", "each is a work of its own"},
        {"corrupt 65\n", ":1: ", "or a share of the nodes"},
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        ck_assert_int_eq(parse(faults[i].text, NULL), WEFT_ERR_ARGUMENT);
        ck_assert_msg(strstr(said, faults[i].line) != NULL && strstr(said, faults[i].why) != NULL,
                      "\"%s\" gives \"%s\"", faults[i].text, said);
    }
}
END_TEST

START_TEST(test_a_line_that_is_too_long_is_refused)
{
    char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(parse(text, NULL), WEFT_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(said, ":1: the line is too long"));
}
END_TEST

START_TEST(test_sites_make_the_network)
{
    static struct weft_sim_world world;
    ck_assert_msg(parse("site 1 x 2 x 3 lan 100mbit wan 50mbit up 5mbit\n"
                        "site 2 x 1 x 4 wan 10mbit busy 40% wifi 100% battery 100%\n",
                        NULL) == WEFT_ERR_OK,
                  "%s", said);
    ck_assert_uint_eq(options.node_count, 14);
    ck_assert_uint_eq(options.segment_count, 4);
    ck_assert(weft_sim_world_begin(&world, &options));
    ck_assert_uint_eq(world.topology.site_count, 3);
    ck_assert_uint_eq(world.topology.sites[0].line.down_bytes_per_s, 50000000 / 8);
    ck_assert_uint_eq(world.topology.sites[0].line.up_bytes_per_s, 5000000 / 8);
    ck_assert_uint_eq(world.topology.sites[2].line.up_bytes_per_s, 10000000 / 8 * 6 / 10);
    ck_assert_uint_eq(weft_sim_place_card(&options, &world.topology, 0), 100000000 / 8);
    ck_assert_uint_eq(weft_sim_place_card(&options, &world.topology, 13), 80000000 / 8);
    ck_assert(!weft_sim_place_is_battery(&world, 5));
    ck_assert(weft_sim_place_is_battery(&world, 6));
    ck_assert_uint_eq(weft_sim_place_site(&world, 4), 1);
    ck_assert_uint_eq(weft_sim_place_site(&world, 6), 0);
    weft_sim_world_end(&world);
}
END_TEST

START_TEST(test_nodes_with_hours_come_in_the_morning)
{
    static struct weft_sim_world world;
    ck_assert_int_eq(parse("site 1 x 1 x 40 hours 8:00-17:00 100%\nclock 7:00\n", NULL),
                     WEFT_ERR_OK);
    ck_assert(weft_sim_world_begin(&world, &options));
    weft_ns zero_ns = world.releases.items[0].publish_ns;
    weft_ns minute_ns = 60 * WEFT_NS_PER_S;
    for (uint32_t i = 0; i < 40; i++) {
        weft_ns at_ns = weft_sim_place_start_ns(&world, i, 0);
        ck_assert_uint_ge(at_ns, zero_ns + 50 * minute_ns);
        ck_assert_uint_le(at_ns, zero_ns + 71 * minute_ns);
    }
    weft_sim_world_end(&world);
    ck_assert_int_eq(parse("site 1 x 1 x 4 hours 8:00-17:00 100%\nclock 12:00\n", NULL),
                     WEFT_ERR_OK);
    ck_assert(weft_sim_world_begin(&world, &options));
    ck_assert_uint_eq(weft_sim_place_start_ns(&world, 2, 5), 5);
    weft_sim_world_end(&world);
}
END_TEST

START_TEST(test_expectations_are_read)
{
    struct weft_sim_expect expect;
    ck_assert(weft_sim_expect_read("makespan < 1.5s", &expect));
    ck_assert_uint_eq(expect.below, 1500 * WEFT_NS_PER_MS);
    ck_assert(weft_sim_expect_read("wan-copies<1.05", &expect));
    ck_assert_int_eq(expect.what, WEFT_SIM_EXPECT_WAN_COPIES);
    ck_assert_uint_eq(expect.below, 1050000);
    ck_assert(!expect.is_ratio);
    ck_assert(weft_sim_expect_read("makespan < 1.3 honest", &expect));
    ck_assert_int_eq(expect.what, WEFT_SIM_EXPECT_MAKESPAN);
    ck_assert_uint_eq(expect.below, 1300000);
    ck_assert(expect.is_ratio);
    ck_assert(weft_sim_expect_read("wan-copies<2honest", &expect) && expect.is_ratio);
    static const char *const wrong[] = {"",
                                        "<1",
                                        "makespan < honest",
                                        "makespan < 3s honest",
                                        "makespan < 1.3 honest nodes",
                                        "makespan",
                                        "makespan < 4",
                                        "half < x",
                                        "speed < 1s",
                                        "wan-copies < 1.0001",
                                        "wan-copies < "};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!weft_sim_expect_read(wrong[i], &expect), "\"%s\" was accepted", wrong[i]);
    }
}
END_TEST

START_TEST(test_words_are_quoted_for_a_shell)
{
    static const struct {
        const char *word, *quoted;
    } rows[] = {{"--loss", "--loss"}, {"1%", "1%"},      {"#1,#4", "'#1,#4'"},
                {"a b", "'a b'"},     {"", "''"},        {"it's", "'it'\\''s'"},
                {"$(x)", "'$(x)'"},   {"a\nb", "'a\nb'"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct weft_text text = weft_text_into(said, sizeof(said));
        weft_sim_words_quote(&text, rows[i].word);
        ck_assert_str_eq(said, rows[i].quoted);
    }
}
END_TEST

static Suite *scenario_suite(void)
{
    Suite *suite = suite_create("sim scenario");
    WEFT_ADD(suite, test_a_file_stands_for_its_flags);
    WEFT_ADD(suite, test_bytes_that_are_no_text);
    WEFT_ADD(suite, test_one_file_at_a_time);
    WEFT_ADD(suite, test_a_fault_names_its_line);
    WEFT_ADD(suite, test_a_line_that_is_too_long_is_refused);
    WEFT_ADD(suite, test_sites_make_the_network);
    WEFT_ADD(suite, test_nodes_with_hours_come_in_the_morning);
    WEFT_ADD(suite, test_expectations_are_read);
    WEFT_ADD(suite, test_words_are_quoted_for_a_shell);
    return suite;
}

WEFT_CHECK_MAIN(scenario_suite)
