/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what shall be simulated?"; reads the command line and refuses what cannot be. */
#include "options.h"
#include "options_raw.h"
#include "scenario.h"

#include "protocol/limits.h"
#include "protocol/manual.h"

#include <stdio.h>
#include <string.h>

#define AT(field) WEFT_FLAG_AT(struct weft_sim_raw, field)

static const struct weft_flag network_flags[] = {
    {.name = "segments",
     .kind = WEFT_FLAG_COUNT,
     .standard = "4",
     .minimum = 1,
     .maximum = 65536,
     .help = "segments, each behind one WAN line",
     AT(plain.segment_count)},
    {.name = "nodes",
     .kind = WEFT_FLAG_COUNT,
     .standard = "24",
     .minimum = 1,
     .maximum = 4000000,
     .help = "nodes in all, spread evenly over the segments",
     AT(plain.node_count)},
    {.name = "site",
     .kind = WEFT_FLAG_LIST,
     .argument = "SITE",
     .help = "sites that are alike, instead of --nodes and --segments: SITES x SEGMENTS x NODES,"
             " then lan RATE, wan RATE, up RATE, wifi SHARE, battery SHARE, busy SHARE,"
             " hours 8:00-17:00 SHARE",
     AT(site)},
    {.name = "wifi-rate",
     .kind = WEFT_FLAG_RATE,
     .standard = "80mbit",
     .help = "rate of the card of nodes on Wi-Fi, each way",
     AT(plain.wifi_bytes_per_s)},
    {.name = "clock",
     .kind = WEFT_FLAG_TEXT,
     .argument = "HOUR:MINUTE",
     .standard = "12:00",
     .help = "time of day at time zero, for sites with hours",
     AT(clock)},
    {.name = "lan",
     .kind = WEFT_FLAG_RATE,
     .standard = "1gbit",
     .help = "rate of a node's network card, each way; 0 = no limit",
     AT(plain.lan_bytes_per_s)},
    {.name = "wan",
     .kind = WEFT_FLAG_RATE,
     .standard = "20mbit",
     .help = "rate of a segment's WAN line, each way; 0 = no limit",
     AT(plain.wan_bytes_per_s)},
    {.name = "source-rate",
     .kind = WEFT_FLAG_RATE,
     .standard = "100mbit",
     .help = "rate of the source's uplink; 0 = no limit",
     AT(plain.source_bytes_per_s)},
    {.name = "lan-delay",
     .kind = WEFT_FLAG_TEXT,
     .argument = "TIME",
     .standard = "0.2ms",
     .help = "one-way delay inside a segment (us, ms, s)",
     AT(lan_delay)},
    {.name = "wan-delay",
     .kind = WEFT_FLAG_TEXT,
     .argument = "TIME",
     .standard = "10ms",
     .help = "one-way delay between segments and to the source",
     AT(wan_delay)},
    {.name = "lan-queue",
     .kind = WEFT_FLAG_TEXT,
     .argument = "TIME",
     .standard = "1ms",
     .help = "what a message waits at a network card whose line is full",
     AT(lan_queue)},
    {.name = "wan-queue",
     .kind = WEFT_FLAG_TEXT,
     .argument = "TIME",
     .standard = "20ms",
     .help = "what a message waits at a WAN line that is full",
     AT(wan_queue)},
    {.name = "disk-rate",
     .kind = WEFT_FLAG_RATE,
     .standard = "400MB/s",
     .help = "rate at which a node stores chunks durably; 0 = no time",
     AT(plain.disk_bytes_per_s)},
    {.name = "hash-rate",
     .kind = WEFT_FLAG_RATE,
     .standard = "1000MB/s",
     .help = "rate at which a node checks a whole release; 0 = no time",
     AT(plain.hash_bytes_per_s)},
};

static const struct weft_flag release_flags[] = {
    {.name = "size",
     .kind = WEFT_FLAG_BYTES,
     .standard = "64MiB",
     .maximum = UINT64_C(1) << 34,
     .help = "size of the release",
     AT(plain.size_bytes)},
    {.name = "chunk",
     .kind = WEFT_FLAG_BYTES,
     .standard = "0",
     .maximum = WEFT_CHUNK_BYTES_MAX,
     .help = "size of its chunks; 0 = by the rule of weft publish",
     AT(plain.chunk_bytes)},
    {.name = "announce",
     .kind = WEFT_FLAG_CHOICE,
     .choices = "one|all",
     .help = "who looks at the source at time zero: one node, the others hear by gossip; or all",
     AT(plain.announce)},
    {.name = "releases",
     .kind = WEFT_FLAG_COUNT,
     .standard = "1",
     .minimum = 1,
     .maximum = 1000,
     .help = "releases of the component, one after the other",
     AT(plain.releases)},
    {.name = "every",
     .kind = WEFT_FLAG_MS,
     .standard = "1h",
     .minimum = 1000,
     .help = "time between two releases",
     AT(plain.every_ms)},
    {.name = "warmup",
     .kind = WEFT_FLAG_MS,
     .standard = "20s",
     .minimum = 100,
     .help = "time the nodes have to find each other before the release is published",
     AT(plain.warmup_ms)},
    {.name = "settle",
     .kind = WEFT_FLAG_MS,
     .standard = "0",
     .help = "time that passes after all are complete; then each segment must have an agent and"
             " all its nodes agree who is alive",
     AT(plain.settle_ms)},
    {.name = "healed",
     .kind = WEFT_FLAG_MS,
     .standard = "0",
     .help = "--settle is over as soon as all that has to be so after it was so for this time;"
             " 0 = not before its time",
     AT(plain.healed_ms)},
    {.name = "time-limit",
     .kind = WEFT_FLAG_MS,
     .standard = "0",
     .help = "simulated time after which the run has failed; 0 = three times the lower bound,"
             " outages and 120 s",
     AT(plain.time_limit_ms)},
    {.name = "threads",
     .kind = WEFT_FLAG_COUNT,
     .standard = "0",
     .maximum = 64,
     .help = "threads that simulate; 0 = one for each processor. The result does not depend on it",
     AT(plain.threads)},
    {.name = "seed",
     .kind = WEFT_FLAG_COUNT,
     .standard = "1",
     .help = "of all randomness; a run is a function of its flags",
     AT(plain.seed)},
};

static const struct weft_flag fault_flags[] = {
    {.name = "loss",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "datagrams lost, in % or ppm",
     AT(loss)},
    {.name = "duplicate",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "datagrams that come twice within 20 ms",
     AT(twice)},
    {.name = "replay",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "datagrams that come again 1 to 121 s later",
     AT(replay)},
    {.name = "reorder",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "datagrams that come up to 100 ms late, behind others",
     AT(late)},
    {.name = "flip",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "datagrams in which a bit flips: they are not genuine any more, and dropped",
     AT(flip)},
    {.name = "flip-record",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "records of streams, 16 KiB at most, in which a bit flips: the stream is closed",
     AT(flip_record)},
    {.name = "flip-body",
     .kind = WEFT_FLAG_TEXT,
     .argument = "SHARE",
     .standard = "0",
     .help = "pieces of 16 KiB of what the source sends, in which a bit flips: the chunk or"
             " document does not verify",
     AT(flip_body)},
    {.name = "kill",
     .kind = WEFT_FLAG_LIST,
     .argument = "WHO@WHEN[+FOR]",
     .help = "kill one node in every segment: agent, first or any, when it has a share of its"
             " chunks (50%) or at a time (12s); it starts again after FOR, or never",
     AT(kill)},
    {.name = "crash",
     .kind = WEFT_FLAG_COUNT,
     .standard = "0",
     .maximum = 1000000,
     .help = "crashes of random nodes at random times, back after 0.5 to 10 s",
     AT(plain.crashes)},
    {.name = "restart-all",
     .kind = WEFT_FLAG_LIST,
     .argument = "WHEN",
     .help = "crash all nodes when a share of all chunks is stored, or at a time; back after 1 s",
     AT(restart)},
    {.name = "source-down",
     .kind = WEFT_FLAG_LIST,
     .argument = "WHEN,FOR",
     .help = "the source does not answer for some time",
     AT(outage)},
};

static const struct weft_flag menu_flags[] = {
#define X(upper, flag, least, most, what)                                                          \
    {.name = flag,                                                                                 \
     .kind = WEFT_FLAG_TEXT,                                                                       \
     .argument = "N[@TIME][+FOR][:SEGMENT]",                                                       \
     .standard = "0",                                                                              \
     .help = what,                                                                                 \
     AT(menu[WEFT_SIM_MISHAP_##upper])},
    WEFT_SIM_MENU_MAP(X)
#undef X
};

static const struct weft_flag sweep_flags[] = {
    {.name = "scenario",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE",
     .help = "take flags from a file, one a line, before those of the command line",
     AT(plain.scenario_path)},
    {.name = "expect",
     .kind = WEFT_FLAG_LIST,
     .argument = "FIGURE<VALUE",
     .help = "fail unless makespan, half or p95 (times), wan-copies, wan-copies-most or"
             " source-copies is below: makespan<10min, wan-copies<1.1; or below so many times what"
             " it is with all nodes honest: makespan<1.3honest",
     AT(expect)},
    {.name = "sweep",
     .kind = WEFT_FLAG_COUNT,
     .standard = "0",
     .help = "run so many seeds from --seed on, each a small network with faults drawn from it;"
             " flags that are given hold for all",
     AT(plain.sweep)},
    {.name = "shard",
     .kind = WEFT_FLAG_TEXT,
     .argument = "I/N",
     .standard = "1/1",
     .help = "run only part I of N of a sweep; weft-sim merge joins what --json prints",
     AT(shard)},
    {.name = "jobs",
     .kind = WEFT_FLAG_COUNT,
     .standard = "0",
     .maximum = 64,
     .help = "runs of a sweep at the same time; 0 = one for each processor",
     AT(plain.jobs)},
    {.name = "fail-nth",
     .kind = WEFT_FLAG_COUNT,
     .standard = "0",
     .help = "let the operation of this number fail: disk, datagram, stream, upload, request",
     AT(plain.fail_nth)},
    {.name = "fail-each",
     .kind = WEFT_FLAG_BOOL,
     .help = "run the same again for every operation, each time with that one failing",
     AT(plain.fail_each)},
    {.name = "shrink",
     .kind = WEFT_FLAG_BOOL,
     .help = "make a run that fails smaller, and print what is left as a scenario",
     AT(plain.shrink)},
};

static const struct weft_flag output_flags[] = {
#ifdef WEFT_CANARY
    {.name = "canary",
     .kind = WEFT_FLAG_COUNT,
     .standard = "0",
     .maximum = 99,
     .help = "plant the bug that the invariant of that number has to catch",
     AT(plain.canary)},
#endif
    {.name = "json", .kind = WEFT_FLAG_BOOL, .help = "print the summary as JSON", AT(plain.json)},
    {.name = "progress",
     .kind = WEFT_FLAG_MS,
     .standard = "0",
     .maximum = 86400000,
     .help = "say on standard error how far the run is, each so much real time; 0 = every 10 s if"
             " that is a terminal and shows nothing else",
     AT(plain.progress_ms)},
    {.name = "trace",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE",
     .help = "write what happened as lines of JSON, for weft-sim report",
     AT(plain.trace_path)},
    {.name = "report",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE.html",
     .help = "write a report to look at in a browser",
     AT(plain.report_path)},
    {.name = "decisions",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE",
     .help = "write every decision of every node as a line of text",
     AT(plain.decisions_path)},
    WEFT_FLAG_HELP_ROW(AT(plain.help)),
};

enum { GROUPS = 7 };

static void make_groups(struct weft_flag_group groups[GROUPS], struct weft_sim_raw *raw)
{
    groups[0] =
        (struct weft_flag_group){"Network", network_flags, WEFT_FLAG_COUNT_OF(network_flags), raw};
    groups[1] =
        (struct weft_flag_group){"Release", release_flags, WEFT_FLAG_COUNT_OF(release_flags), raw};
    groups[2] =
        (struct weft_flag_group){"Faults", fault_flags, WEFT_FLAG_COUNT_OF(fault_flags), raw};
    groups[3] = (struct weft_flag_group){"Mishaps, N of a kind or some of them (#1,#4)", menu_flags,
                                         WEFT_FLAG_COUNT_OF(menu_flags), raw};
    groups[4] =
        (struct weft_flag_group){"Output", output_flags, WEFT_FLAG_COUNT_OF(output_flags), raw};
    groups[5] =
        (struct weft_flag_group){"Sweeps", sweep_flags, WEFT_FLAG_COUNT_OF(sweep_flags), raw};
    groups[6] = weft_flag_tuning(raw == NULL ? NULL : &raw->plain.tuning);
    groups[6].heading = "Tuning, as for weft run";
}

/* What sites say must not be said a second time. */
static enum weft_err refuse_beside_sites(int argc, char *const *argv, struct weft_text *message)
{
    static const char *const names[] = {"--nodes", "--segments"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (weft_sim_words_have(argc, argv, names[i])) {
            weft_text_add(message, "--site and ");
            weft_text_add(message, names[i]);
            weft_text_add(message, ": sites say how many nodes and segments there are; give sites,"
                                   " or --nodes and --segments");
            return WEFT_ERR_ARGUMENT;
        }
    }
    return WEFT_ERR_OK;
}

/* Parse words that are all there. */
static enum weft_err parse_words(struct weft_sim_options *options, int argc, char *const *argv,
                                 struct weft_text *message)
{
    static struct weft_sim_raw raw; /* too large for the stack; one command line at a time */
    struct weft_flag_group groups[GROUPS];
    make_groups(groups, &raw);
    struct weft_flag_set set = {groups, GROUPS};
    enum weft_err err = weft_flag_parse(&set, argc, argv, NULL, message);
    *options = raw.plain;
    if (err != WEFT_ERR_OK || options->help) {
        return err;
    }
    if (raw.site.count > 0) {
        err = refuse_beside_sites(argc, argv, message);
    }
    return err != WEFT_ERR_OK ? err : weft_sim_raw_read(options, &raw, message);
}

/* Which line of the scenario file is it? The one that is wrong by itself, in the same words. */
static uint32_t guilty_line(struct weft_sim_words *words, const uint32_t *lines, char **argv,
                            const char *said)
{
    static struct weft_sim_options options;
    for (uint32_t first = 0, end = 0; first < words->count && lines[first] != 0; first = end) {
        for (end = first; end < words->count && lines[end] == lines[first];) {
            end++;
        }
        char buffer[WEFT_FLAG_MESSAGE_BYTES];
        struct weft_text message = weft_text_into(buffer, sizeof(buffer));
        if (parse_words(&options, (int)(end - first), argv + first, &message) != WEFT_ERR_OK &&
            strcmp(buffer, said) == 0) {
            return lines[first];
        }
    }
    return 0;
}

enum weft_err weft_sim_options_parse(struct weft_sim_options *options, int argc, char *const *argv,
                                     struct weft_text *message)
{
    static struct weft_sim_words words; /* options borrow from it */
    static uint32_t lines[WEFT_SIM_WORDS_MAX];
    static char *all[WEFT_SIM_WORDS_MAX];
    const char *path = weft_sim_scenario_path(argc, argv);
    enum weft_err err = weft_sim_scenario_expand(&words, lines, argc, argv, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    char said[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text inner = weft_text_into(said, sizeof(said));
    weft_sim_words_argv(&words, all);
    err = parse_words(options, (int)words.count, all, &inner);
    options->scenario_path = path;
    if (err == WEFT_ERR_OK) {
        return err;
    }
    uint32_t line = path == NULL ? 0 : guilty_line(&words, lines, all, said);
    if (line > 0) {
        weft_text_add(message, path);
        weft_text_add(message, ":");
        weft_text_add_uint(message, line);
        weft_text_add(message, ": ");
    }
    weft_text_add(message, said);
    return err;
}

void weft_sim_options_print_help(void)
{
    static char buffer[32768];
    struct weft_flag_group groups[GROUPS];
    make_groups(groups, NULL);
    struct weft_flag_set set = {groups, GROUPS};
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_text_add(&text,
                  "Usage: weft-sim [FLAG]...\n"
                  "       weft-sim report FILE... --output FILE.html\n"
                  "       weft-sim merge [--json] FILE...\n\n"
                  "Rehearse the distribution of a release to many nodes in virtual time, with\n"
                  "the protocol code of weft itself.\n\n");
    weft_manual_add_help(&text, &set);
    fputs(buffer, stdout);
}
