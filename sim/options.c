/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what shall be simulated?"; reads the command line and refuses what cannot be. */
#include "options.h"

#include "protocol/limits.h"
#include "protocol/manual.h"

#include <stdio.h>

/* What the flag parser stores before the small languages are read. */
struct raw {
    struct weft_sim_options plain;                 /* numbers, texts and choices */
    const char *lan_delay;                         /* --lan-delay */
    const char *wan_delay;                         /* --wan-delay */
    const char *lan_queue;                         /* --lan-queue */
    const char *wan_queue;                         /* --wan-queue */
    const char *loss;                              /* --loss */
    const char *twice;                             /* --duplicate */
    const char *replay;                            /* --replay */
    const char *late;                              /* --reorder */
    const char *shard;                             /* --shard */
    const char *menu[WEFT_SIM_MISHAP_CLASS_COUNT]; /* a flag for each class of menu.h */
    struct weft_flag_list kill;                    /* --kill */
    struct weft_flag_list outage;                  /* --source-down */
    struct weft_flag_list restart;                 /* --restart-all */
};

/* A flag that holds a time below a millisecond. */
struct delay {
    const char *flag;  /* name */
    const char *text;  /* as given */
    weft_ns *value_ns; /* where it goes */
};

#define AT(field) WEFT_FLAG_AT(struct raw, field)

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
    {.name = "help", .kind = WEFT_FLAG_BOOL, .help = "print this and exit", AT(plain.help)},
};

enum { GROUPS = 7 };

static void make_groups(struct weft_flag_group groups[GROUPS], struct raw *raw)
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

static enum weft_err refuse(struct weft_text *message, const char *flag, const char *value,
                            const char *allowed)
{
    weft_text_add(message, "--");
    weft_text_add(message, flag);
    weft_text_add(message, ": \"");
    weft_text_add(message, value);
    weft_text_add(message, "\" is not valid; use ");
    weft_text_add(message, allowed);
    return WEFT_ERR_ARGUMENT;
}

static enum weft_err read_lists(struct weft_sim_options *options, const struct raw *raw,
                                struct weft_text *message)
{
    if (raw->kill.count > WEFT_SIM_FAULTS_MAX || raw->outage.count > WEFT_SIM_FAULTS_MAX ||
        raw->restart.count > WEFT_SIM_FAULTS_MAX) {
        weft_text_add(message, "a fault flag may be given 16 times at most");
        return WEFT_ERR_ARGUMENT;
    }
    for (uint32_t i = 0; i < raw->kill.count; i++) {
        if (!weft_sim_options_read_kill(raw->kill.items[i], &options->kills[i])) {
            return refuse(message, "kill", raw->kill.items[i],
                          "agent, first or any with a share or a time: agent@50%, first@12s+5s");
        }
    }
    for (uint32_t i = 0; i < raw->outage.count; i++) {
        if (!weft_sim_options_read_outage(raw->outage.items[i], &options->outages[i])) {
            return refuse(message, "source-down", raw->outage.items[i],
                          "a share or a time, and how long: 50%,60s or 10s,1min");
        }
    }
    for (uint32_t i = 0; i < raw->restart.count; i++) {
        if (!weft_sim_options_read_when(raw->restart.items[i], &options->restarts[i])) {
            return refuse(message, "restart-all", raw->restart.items[i],
                          "a share or a time: 50% or 12s");
        }
    }
    options->kill_count = raw->kill.count;
    options->outage_count = raw->outage.count;
    options->restart_count = raw->restart.count;
    return WEFT_ERR_OK;
}

static enum weft_err read_shares(struct weft_sim_options *options, const struct raw *raw,
                                 struct weft_text *message)
{
    const struct {
        const char *flag;    /* name */
        const char *text;    /* as given */
        uint32_t *value_ppm; /* where it goes */
    } shares[] = {{"loss", raw->loss, &options->loss_ppm},
                  {"duplicate", raw->twice, &options->twice_ppm},
                  {"replay", raw->replay, &options->replay_ppm},
                  {"reorder", raw->late, &options->late_ppm}};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        if (!weft_sim_options_read_loss(shares[i].text, shares[i].value_ppm)) {
            return refuse(message, shares[i].flag, shares[i].text,
                          "a share such as 0.5% or 300ppm, at most 90%");
        }
    }
    return WEFT_ERR_OK;
}

static enum weft_err read_menu(struct weft_sim_options *options, const struct raw *raw,
                               struct weft_text *message)
{
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        const char *flag = weft_sim_menu_flag((enum weft_sim_mishap_class)c);
        struct weft_sim_order *order = &options->menu[c];
        if (!weft_sim_menu_read(raw->menu[c], order)) {
            return refuse(message, flag, raw->menu[c],
                          "how many, up to 64, or which (#1,#4), then @TIME, +FOR, :SEGMENT if need"
                          " be: 3, 2@10s+30s, #0:4");
        }
        if (order->segment != WEFT_SIM_ANY_SEGMENT && order->segment >= options->segment_count) {
            return refuse(message, flag, raw->menu[c], "a segment below --segments");
        }
    }
    return WEFT_ERR_OK;
}

static enum weft_err check_sizes(const struct weft_sim_options *options, struct weft_text *message)
{
    uint64_t in_segment =
        ((uint64_t)options->node_count + options->segment_count - 1) / options->segment_count;
    if (options->segment_count > options->node_count) {
        weft_text_add(message, "--segments: there are fewer --nodes than segments");
    } else if (in_segment > WEFT_MEMBERS_MAX) {
        weft_text_add(message, "--nodes: a segment would have ");
        weft_text_add_uint(message, in_segment);
        weft_text_add(message, " nodes, and at most ");
        weft_text_add_uint(message, WEFT_MEMBERS_MAX);
        weft_text_add(message, " are allowed; use more --segments");
    } else if (options->chunk_bytes != 0 &&
               options->size_bytes / options->chunk_bytes >= WEFT_CHUNKS_MAX) {
        weft_text_add(message, "--chunk: the release would have more than ");
        weft_text_add_uint(message, WEFT_CHUNKS_MAX);
        weft_text_add(message, " chunks; use larger ones");
    } else {
        return WEFT_ERR_OK;
    }
    return WEFT_ERR_ARGUMENT;
}

enum weft_err weft_sim_options_parse(struct weft_sim_options *options, int argc, char *const *argv,
                                     struct weft_text *message)
{
    static struct raw raw; /* too large for the stack of a small thread; one command line a run */
    struct weft_flag_group groups[GROUPS];
    make_groups(groups, &raw);
    struct weft_flag_set set = {groups, GROUPS};
    enum weft_err err = weft_flag_parse(&set, argc, argv, NULL, message);
    *options = raw.plain;
    if (err != WEFT_ERR_OK || options->help) {
        return err;
    }
    const struct delay delays[] = {
        {"lan-delay", raw.lan_delay, &options->lan_delay_ns},
        {"wan-delay", raw.wan_delay, &options->wan_delay_ns},
        {"lan-queue", raw.lan_queue, &options->lan_queue_ns},
        {"wan-queue", raw.wan_queue, &options->wan_queue_ns},
    };
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        if (!weft_sim_options_read_delay(delays[i].text, delays[i].value_ns)) {
            return refuse(message, delays[i].flag, delays[i].text, "a time such as 0.2ms or 10ms");
        }
    }
    err = read_shares(options, &raw, message);
    err = err != WEFT_ERR_OK ? err : read_lists(options, &raw, message);
    err = err != WEFT_ERR_OK ? err : read_menu(options, &raw, message);
    if (err == WEFT_ERR_OK && !weft_sim_options_read_shard(raw.shard, options)) {
        err = refuse(message, "shard", raw.shard, "I/N with I from 1 to N, N at most 4096: 3/16");
    }
    return err != WEFT_ERR_OK ? err : check_sizes(options, message);
}

void weft_sim_options_print_help(void)
{
    static char buffer[32768];
    struct weft_flag_group groups[GROUPS];
    make_groups(groups, NULL);
    struct weft_flag_set set = {groups, GROUPS};
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_text_add(&text, "Usage: weft-sim [FLAG]...\n"
                         "       weft-sim report FILE... --output FILE.html\n"
                         "Rehearses the distribution of a release to many nodes in virtual time,"
                         " with the protocol\ncode of weft itself.\n\n");
    weft_manual_add_help(&text, &set);
    fputs(buffer, stdout);
}
