/* SPDX-License-Identifier: Apache-2.0 */
/* Flags: what command lines store, what is said of wrong ones, and how the table is shown. */
#include "tests/support/check_main.h"

#include "protocol/flag.h"
#include "protocol/manual.h"
#include "protocol/suggest.h"

#include <stdio.h>
#include <string.h>

enum color { RED, GREEN, BLUE };

struct options {
    bool watch;                 /* --watch */
    uint32_t nodes;             /* --nodes */
    uint64_t size_bytes;        /* --size */
    uint64_t lan_bytes_per_s;   /* --lan */
    const char *data;           /* --data */
    struct weft_flag_list seed; /* --seed */
    enum color color;           /* --color */
    struct weft_tuning tuning;  /* tuning flags */
};

static const struct weft_flag rows[] = {
    {.name = "watch", .help = "keep going", WEFT_FLAG_AT(struct options, watch)},
    {.name = "nodes",
     .kind = WEFT_FLAG_COUNT,
     .standard = "4",
     .minimum = 1,
     .maximum = 1000,
     .help = "nodes per segment",
     WEFT_FLAG_AT(struct options, nodes)},
    {.name = "size",
     .kind = WEFT_FLAG_BYTES,
     .standard = "64MiB",
     .help = "size of the release",
     WEFT_FLAG_AT(struct options, size_bytes)},
    {.name = "lan",
     .kind = WEFT_FLAG_RATE,
     .standard = "1gbit",
     .minimum = 1000,
     .help = "rate of the local network",
     WEFT_FLAG_AT(struct options, lan_bytes_per_s)},
    {.name = "data",
     .kind = WEFT_FLAG_TEXT,
     .argument = "DIR",
     .required = true,
     .help = "directory of the node",
     WEFT_FLAG_AT(struct options, data)},
    {.name = "seed",
     .kind = WEFT_FLAG_LIST,
     .argument = "ADDR[:PORT]",
     .help = "a node to begin with",
     WEFT_FLAG_AT(struct options, seed)},
    {.name = "color",
     .kind = WEFT_FLAG_CHOICE,
     .choices = "red|green|blue",
     .standard = "green",
     .help = "color of the node",
     WEFT_FLAG_AT(struct options, color)},
};

static struct options options;
static struct weft_flag_list positionals;
static char said[WEFT_FLAG_MESSAGE_BYTES];

static struct weft_flag_set make_set(struct weft_flag_group groups[2])
{
    groups[0] = (struct weft_flag_group){"General", rows, WEFT_FLAG_COUNT_OF(rows), &options};
    groups[1] = weft_flag_tuning(&options.tuning);
    return (struct weft_flag_set){groups, 2};
}

/* Parse |line|, arguments parted by single blanks, as a command with positional arguments. */
static enum weft_err parse(const char *line)
{
    static char kept[4096];
    char *argv[256];
    int argc = 0;
    ck_assert_uint_lt(strlen(line), sizeof(kept));
    memcpy(kept, line, strlen(line) + 1);
    for (char *at = kept; *line != '\0' && at != NULL && argc < 256;) {
        argv[argc++] = at;
        at = strchr(at, ' ');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    struct weft_flag_group groups[2];
    struct weft_flag_set set = make_set(groups);
    struct weft_text message = weft_text_into(said, sizeof(said));
    memset(&options, 0xa5, sizeof(options));
    return weft_flag_parse(&set, argc, argv, &positionals, &message);
}

START_TEST(test_defaults)
{
    ck_assert_int_eq(parse(""), WEFT_ERR_OK);
    ck_assert(!options.watch);
    ck_assert_uint_eq(options.nodes, 4);
    ck_assert_uint_eq(options.size_bytes, 67108864);
    ck_assert_uint_eq(options.lan_bytes_per_s, 125000000);
    ck_assert_ptr_null(options.data);
    ck_assert_uint_eq(options.seed.count, 0);
    ck_assert_int_eq(options.color, GREEN);
    struct weft_tuning tuning = weft_tuning_default();
    ck_assert_mem_eq(&options.tuning, &tuning, sizeof(tuning));
    ck_assert_uint_eq(positionals.count, 0);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_values)
{
    ck_assert_int_eq(parse("publish --watch --nodes 7 --size=1.5GiB --lan 20mbit --data /x engine "
                           "--seed 10.0.0.1 --seed=[::1]:9 --color blue --lease 1500ms --nodes=8 "
                           "--poll 1h - -- --file -x"),
                     WEFT_ERR_OK);
    ck_assert(options.watch);
    ck_assert_uint_eq(options.nodes, 8);
    ck_assert_uint_eq(options.size_bytes, 1610612736);
    ck_assert_uint_eq(options.lan_bytes_per_s, 2500000);
    ck_assert_str_eq(options.data, "/x");
    ck_assert_uint_eq(options.seed.count, 2);
    ck_assert_str_eq(options.seed.items[0], "10.0.0.1");
    ck_assert_str_eq(options.seed.items[1], "[::1]:9");
    ck_assert_int_eq(options.color, BLUE);
    ck_assert_uint_eq(options.tuning.lease_ms, 1500);
    ck_assert_uint_eq(options.tuning.poll_ms, 3600000);
    static const char *const rest[] = {"publish", "engine", "-", "--file", "-x"};
    ck_assert_uint_eq(positionals.count, WEFT_ROWS(rest));
    for (size_t i = 0; i < WEFT_ROWS(rest); i++) {
        ck_assert_str_eq(positionals.items[i], rest[i]);
    }
    ck_assert_int_eq(parse("--watch --watch=no --data -"), WEFT_ERR_OK);
    ck_assert(!options.watch);
    ck_assert_str_eq(options.data, "-");
}
END_TEST

struct fault_row {
    const char *line;    /* command line */
    const char *message; /* what is said of it */
};

static const struct fault_row faults[] = {
    {"--leese 3s", "unknown flag \"--leese\"; did you mean --lease?"},
    {"--laese=3s", "unknown flag \"--laese\"; did you mean --lease?"},
    {"--neighbors 3", "unknown flag \"--neighbors\"; did you mean --neighbours?"},
    {"--source-f 3", "unknown flag \"--source-f\"; did you mean --source-fetches?"},
    {"--xylophone", "unknown flag \"--xylophone\"; --help lists all flags"},
    {"--=5", "unknown flag \"--\"; --help lists all flags"},
    {"-w", "unknown flag \"-w\"; flags begin with two dashes"},
    {"--data", "--data: a value is missing: --data DIR"},
    {"--data --watch", "--data: a value is missing: --data DIR"},
    {"--color", "--color: a value is missing: --color red|green|blue"},
    {"--data=", "--data: the value is empty"},
    {"--seed=", "--seed: the value is empty"},
    {"--watch=maybe", "--watch: \"maybe\" is neither yes nor no"},
    {"--color pink", "--color: \"pink\" is not one of red|green|blue"},
    {"--color gree", "--color: \"gree\" is not one of red|green|blue"},
    {"--color=", "--color: \"\" is not one of red|green|blue"},
    {"--nodes ten", "--nodes: \"ten\" is not a plain number; allowed: 1 to 1000"},
    {"--nodes 0", "--nodes: \"0\" is out of range; allowed: 1 to 1000"},
    {"--nodes 1001", "--nodes: \"1001\" is out of range; allowed: 1 to 1000"},
    {"--nodes 4294967297", "--nodes: \"4294967297\" is out of range; allowed: 1 to 1000"},
    {"--nodes -1", "--nodes: \"-1\" is not a plain number; allowed: 1 to 1000"},
    {"--lease 3", "--lease: \"3\" is not a time; write a number and one of ms, s, min, h, d, such "
                  "as 1500ms; allowed: 500ms to 1min"},
    {"--lease 2min", "--lease: \"2min\" is out of range; allowed: 500ms to 1min"},
    {"--size 99999999999999999999", "--size: \"99999999999999999999\" is out of range"},
    {"--size 5q", "--size: \"5q\" is not a size; write a number and one of B, KiB, MiB, GiB, TiB, "
                  "kB, MB, GB, TB, such as 64MiB"},
    {"--lan 1bit", "--lan: \"1bit\" is not a whole number of bytes a second, that is, of 8bit; "
                   "allowed: at least 8kbit"},
    {"--lan 20", "--lan: \"20\" is not a rate; write a number and one of bit, kbit, mbit, gbit, "
                 "B/s, KiB/s, MiB/s, GiB/s, kB/s, MB/s, GB/s, such as 20mbit; allowed: at least "
                 "8kbit"},
    {"--color=a\x1b[31m\x7f", "--color: \"a?[31m?\" is not one of red|green|blue"},
};

START_TEST(test_fault)
{
    ck_assert_int_eq(parse(faults[_i].line), WEFT_ERR_ARGUMENT);
    ck_assert_str_eq(said, faults[_i].message);
}
END_TEST

START_TEST(test_too_many_and_too_long)
{
    char line[2048] = "";
    size_t length = 0;
    for (int i = 0; i <= WEFT_FLAG_LIST_MAX; i++) {
        length += (size_t)snprintf(line + length, sizeof(line) - length, "--seed %d ", i);
    }
    line[length - 1] = '\0';
    ck_assert_int_eq(parse(line), WEFT_ERR_ARGUMENT);
    ck_assert_str_eq(said, "--seed: given more than 64 times");
    ck_assert_uint_eq(options.seed.count, 64);

    memset(line, 'x', 1000);
    line[1000] = '\0';
    memcpy(line, "--", 2);
    ck_assert_int_eq(parse(line), WEFT_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(said, "xxx...\"; --help lists all flags"));
    length = 0;
    for (int i = 0; i <= WEFT_FLAG_LIST_MAX; i++) {
        length += (size_t)snprintf(line + length, sizeof(line) - length, "p%d ", i);
    }
    line[length - 1] = '\0';
    ck_assert_int_eq(parse(line), WEFT_ERR_ARGUMENT);
    ck_assert_str_eq(said, "unexpected argument \"p64\"");
}
END_TEST

START_TEST(test_no_positionals_wanted)
{
    char *argv[] = {(char[]){"--watch"}, (char[]){"engine"}};
    struct weft_flag_group groups[2];
    struct weft_flag_set set = make_set(groups);
    struct weft_text message = weft_text_into(said, sizeof(said));
    ck_assert_int_eq(weft_flag_parse(&set, 2, argv, NULL, &message), WEFT_ERR_ARGUMENT);
    ck_assert_str_eq(said, "unexpected argument \"engine\"");
    /* The last argument lacks its value: the parser does not look past argc. */
    char *lacking[] = {(char[]){"--data"}};
    message = weft_text_into(said, sizeof(said));
    ck_assert_int_eq(weft_flag_parse(&set, 1, lacking, NULL, &message), WEFT_ERR_ARGUMENT);
}
END_TEST

START_TEST(test_required)
{
    struct weft_flag_group groups[2];
    struct weft_flag_set set = make_set(groups);
    struct weft_text message = weft_text_into(said, sizeof(said));
    ck_assert_int_eq(parse(""), WEFT_ERR_OK);
    ck_assert_int_eq(weft_flag_require(&set, &message), WEFT_ERR_ARGUMENT);
    ck_assert_str_eq(said, "--data: required, but not given: --data DIR");
    ck_assert_int_eq(parse("--data x"), WEFT_ERR_OK);
    ck_assert_int_eq(weft_flag_require(&set, &message), WEFT_ERR_OK);
}
END_TEST

START_TEST(test_wrong_default_is_found)
{
    static const struct weft_flag wrong[] = {{.name = "nodes",
                                              .kind = WEFT_FLAG_COUNT,
                                              .standard = "many",
                                              .help = "",
                                              WEFT_FLAG_AT(struct options, nodes)}};
    struct weft_flag_group group = {NULL, wrong, 1, &options};
    struct weft_flag_set set = {&group, 1};
    struct weft_text message = weft_text_into(said, sizeof(said));
    ck_assert_int_eq(weft_flag_defaults(&set, &message), WEFT_ERR_ARGUMENT);
    ck_assert_str_eq(said, "--nodes: \"many\" is not a plain number");
}
END_TEST

/* ---- The table itself, and how it is shown ---- */

START_TEST(test_tuning_table)
{
    struct weft_tuning tuning;
    struct weft_flag_group group = weft_flag_tuning(&tuning);
    for (size_t i = 0; i < group.flag_count; i++) {
        const char *name = group.flags[i].name;
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        ck_assert_uint_eq(group.flags[i].size, sizeof(uint32_t));
        ck_assert_uint_eq(group.flags[i].offset, i * sizeof(uint32_t));
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(name, group.flags[j].name);
        }
    }
    ck_assert_uint_eq(group.flag_count, sizeof(tuning) / sizeof(uint32_t));
}
END_TEST

static char page[32768];

START_TEST(test_help)
{
    struct weft_flag_group groups[2];
    struct weft_flag_set set = make_set(groups);
    struct weft_text text = weft_text_into(page, sizeof(page));
    weft_manual_add_help(&text, &set);
    ck_assert(!text.cut);
    static const char start[] =
        "General:\n"
        "  --watch                 keep going\n"
        "  --nodes N               nodes per segment (default 4; 1 to 1000)\n"
        "  --size SIZE             size of the release (default 64MiB)\n"
        "  --lan RATE              rate of the local network (default 1gbit; at least\n"
        "                          8kbit)\n"
        "  --data DIR              directory of the node (required)\n"
        "  --seed ADDR[:PORT]      a node to begin with (may be repeated)\n"
        "  --color red|green|blue  color of the node (default green)\n"
        "\n"
        "Tuning:\n"
        "  --probe-period TIME     time between two probes of segment members by one node\n"
        "                          (default 1s; 100ms to 1min)\n";
    ck_assert_msg(strncmp(page, start, sizeof(start) - 1) == 0, "%s", page);
    size_t column = 0;
    for (size_t i = 0; i < text.length; i++) {
        column = page[i] == '\n' ? 0 : column + 1;
        ck_assert_uint_le(column, WEFT_MANUAL_COLUMNS);
    }
}
END_TEST

START_TEST(test_help_of_long_flag)
{
    static const struct weft_flag lone[] = {
        {.name = "a-very-long-name-for-one-flag",
         .kind = WEFT_FLAG_TEXT,
         .argument = "ARGUMENT",
         .help = "short",
         WEFT_FLAG_AT(struct options, data)},
        {.name = "b", .help = "x", WEFT_FLAG_AT(struct options, watch)}};
    struct weft_flag_group group = {NULL, lone, 2, NULL};
    struct weft_flag_set set = {&group, 1};
    struct weft_text text = weft_text_into(page, sizeof(page));
    weft_manual_add_help(&text, &set);
    ck_assert_str_eq(page, "  --a-very-long-name-for-one-flag ARGUMENT\n"
                           "       short\n"
                           "  --b  x\n");
}
END_TEST

START_TEST(test_roff_and_markdown)
{
    struct weft_flag_group groups[2];
    struct weft_flag_set set = make_set(groups);
    struct weft_text text = weft_text_into(page, sizeof(page));
    weft_manual_add_roff(&text, &set);
    ck_assert(!text.cut);
    ck_assert_ptr_nonnull(strstr(page, ".SS General\n.TP\n\\fB\\-\\-watch\\fR\nkeep going\n"));
    ck_assert_ptr_nonnull(strstr(page, ".TP\n\\fB\\-\\-far\\-links\\fR \\fIN\\fR\n"));
    text = weft_text_into(page, sizeof(page));
    weft_manual_add_markdown(&text, &set);
    ck_assert(!text.cut);
    ck_assert_ptr_nonnull(strstr(page, "| flag | default | range | meaning |\n|---|"));
    ck_assert_ptr_nonnull(strstr(page, "\n| `--watch` |  |  | keep going |\n"));
    ck_assert_ptr_nonnull(
        strstr(page, "\n| `--color red\\|green\\|blue` | green |  | color of the node |\n"));
    ck_assert_ptr_nonnull(strstr(page, "\n| `--lease TIME` | 3s | 500ms to 1min | time without"));
    ck_assert_ptr_nonnull(strstr(page, "| `--data DIR` | required |  | directory of the node |\n"));
}
END_TEST

static Suite *flag_suite(void)
{
    Suite *suite = suite_create("flag");
    WEFT_ADD(suite, test_defaults);
    WEFT_ADD(suite, test_values);
    WEFT_ADD_ROWS(suite, test_fault, faults);
    WEFT_ADD(suite, test_too_many_and_too_long);
    WEFT_ADD(suite, test_no_positionals_wanted);
    WEFT_ADD(suite, test_required);
    WEFT_ADD(suite, test_wrong_default_is_found);
    WEFT_ADD(suite, test_tuning_table);
    WEFT_ADD(suite, test_help);
    WEFT_ADD(suite, test_help_of_long_flag);
    WEFT_ADD(suite, test_roff_and_markdown);
    return suite;
}

WEFT_CHECK_MAIN(flag_suite)
