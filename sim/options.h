/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of weft-sim: what network, what release, what goes wrong, what to print. The
 * tuning flags are those of `weft run` (design D14). SPEC.md section "Simulator". */
#ifndef WEFT_SIM_OPTIONS_H
#define WEFT_SIM_OPTIONS_H

#include "expect.h"
#include "menu.h"
#include "place.h"

#include "protocol/flag.h"
#include "protocol/tuning.h"
#include "protocol/types.h"

/* Entries of a repeatable fault flag. */
#define WEFT_SIM_FAULTS_MAX 16

/* When something happens: at a time, or at a share of the work. */
struct weft_sim_when {
    bool is_share;    /* |percent| counts, else |after_ns| */
    uint32_t percent; /* of the chunks in question, 0..100 */
    weft_ns after_ns; /* since the release was published */
};

/* Who is killed, one in each segment. */
enum weft_sim_victim {
    WEFT_SIM_VICTIM_AGENT, /* an Update Agent */
    WEFT_SIM_VICTIM_FIRST, /* the segment's first node */
    WEFT_SIM_VICTIM_ANY    /* a node drawn from the seed */
};

struct weft_sim_kill {
    enum weft_sim_victim victim; /* who */
    struct weft_sim_when when;   /* share of its own chunks, or time */
    weft_ns away_ns;             /* until it starts again; WEFT_NS_NEVER = stays away */
};

struct weft_sim_outage {
    struct weft_sim_when when; /* share of all nodes' chunks, or time */
    weft_ns length_ns;         /* until the source answers again */
};

/* Whom the operator tells of the release at time zero. */
enum weft_sim_announce {
    WEFT_SIM_ANNOUNCE_ONE, /* one node; the others hear it by gossip */
    WEFT_SIM_ANNOUNCE_ALL  /* every node looks at the source */
};

struct weft_sim_options {
    struct weft_tuning tuning;   /* as for weft run */
    uint32_t segment_count;      /* --segments */
    uint32_t node_count;         /* --nodes, in all */
    uint64_t lan_bytes_per_s;    /* --lan, each node, each way; 0 = no limit */
    uint64_t wan_bytes_per_s;    /* --wan, each segment, each way; 0 = no limit */
    uint64_t source_bytes_per_s; /* --source-rate */
    uint64_t disk_bytes_per_s;   /* --disk-rate; 0 = no time */
    uint64_t hash_bytes_per_s;   /* --hash-rate, of the last check of a whole release */
    uint64_t size_bytes;         /* --size of the release */
    uint32_t chunk_bytes;        /* --chunk; 0 = by the rule of weft publish */
    uint64_t seed;               /* --seed */
    uint32_t announce;           /* --announce, enum weft_sim_announce */
    uint32_t crashes;            /* --crash */
    uint32_t warmup_ms;          /* --warmup */
    uint64_t time_limit_ms;      /* --time-limit; 0 = by the lower bound */
    uint32_t releases;           /* --releases, one after the other */
    uint32_t every_ms;           /* --every, between two releases */
    uint32_t settle_ms;          /* --settle, after everybody is complete */
    uint32_t healed_ms;          /* --healed, ends settling early; 0 = not */
    uint32_t threads;            /* --threads; 0 = one for each processor */
    weft_ns lan_delay_ns;        /* --lan-delay */
    weft_ns wan_delay_ns;        /* --wan-delay */
    weft_ns lan_queue_ns;        /* --lan-queue, of a card that is full */
    weft_ns wan_queue_ns;        /* --wan-queue, of an access line that is full */
    uint32_t loss_ppm;           /* --loss */
    struct weft_sim_kill kills[WEFT_SIM_FAULTS_MAX];         /* --kill */
    uint32_t kill_count;                                     /* entries of kills */
    struct weft_sim_outage outages[WEFT_SIM_FAULTS_MAX];     /* --source-down */
    uint32_t outage_count;                                   /* entries of outages */
    struct weft_sim_when restarts[WEFT_SIM_FAULTS_MAX];      /* --restart-all */
    uint32_t restart_count;                                  /* entries of restarts */
    uint32_t twice_ppm;                                      /* --duplicate */
    uint32_t replay_ppm;                                     /* --replay */
    uint32_t late_ppm;                                       /* --reorder */
    uint32_t flip_ppm;                                       /* --flip */
    uint32_t flip_record_ppm;                                /* --flip-record */
    uint32_t flip_body_ppm;                                  /* --flip-body */
    struct weft_sim_order menu[WEFT_SIM_MISHAP_CLASS_COUNT]; /* a flag for each class of menu.h */
    const char *trace_path;     /* --trace; NULL = none; borrowed from argv */
    const char *report_path;    /* --report; NULL = none; borrowed from argv */
    const char *decisions_path; /* --decisions; NULL = none; borrowed from argv */
    uint32_t canary;            /* --canary, the number of an invariant; 0 = none */
    uint64_t sweep;             /* --sweep, seeds; 0 = one run */
    uint32_t shard_index;       /* --shard, 1..shard_count */
    uint32_t shard_count;       /* --shard */
    uint32_t jobs;              /* --jobs; 0 = one for each processor */
    uint32_t fail_nth;          /* --fail-nth; 0 = none */
    bool fail_each;             /* --fail-each */
    struct weft_sim_place places[WEFT_SIM_PLACES_MAX]; /* --site */
    uint32_t place_count;                              /* entries of places; 0 = all sites alike */
    struct weft_sim_expect expects[WEFT_SIM_EXPECTS_MAX]; /* --expect */
    uint32_t expect_count;                                /* entries of expects */
    uint32_t segment_nodes_max;                           /* nodes of the largest segment */
    uint32_t clock_min;        /* --clock, minute of the day at time zero */
    uint64_t wifi_bytes_per_s; /* --wifi-rate */
    bool shrink;               /* --shrink */
    const char *scenario_path; /* --scenario; NULL = none; borrowed */
    uint32_t progress_ms;      /* --progress; 0 = on a terminal only */
    bool json;                 /* --json */
    bool help;                 /* --help */
};

/* Read a command line without the program's name, and the scenario file that it names.
 * Errors: ARGUMENT, and |message| says what is wrong and what is allowed.
 * Owner:  |options| borrows from argv. */
enum weft_err weft_sim_options_parse(struct weft_sim_options *options, int argc, char *const *argv,
                                     struct weft_text *message);

/* Print all flags to standard output. */
void weft_sim_options_print_help(void);

/* Read "250us", "0.2ms", "1.5s", "10min", "2h" into nanoseconds.
 * Errors: false if it is anything else; |value_ns| is then untouched. */
bool weft_sim_options_read_delay(const char *text, weft_ns *value_ns);

/* Read a share of messages: "0.5%" or "300ppm", at most 90 %.
 * Errors: false if it is anything else; |value_ppm| is then untouched. */
bool weft_sim_options_read_loss(const char *text, uint32_t *value_ppm);

/* Read "WHO@WHEN" or "WHO@WHEN+FOR": agent@50%, first@12s+5s.
 * Errors: false if it is anything else. */
bool weft_sim_options_read_kill(const char *text, struct weft_sim_kill *kill);

/* Read "WHEN,FOR": 50%,60s or 10s,1min.
 * Errors: false if it is anything else. */
bool weft_sim_options_read_outage(const char *text, struct weft_sim_outage *outage);

/* Read "3/16".
 * Errors: false if it is anything else; |options| is then untouched. */
bool weft_sim_options_read_shard(const char *text, struct weft_sim_options *options);

/* Read "50%" or "12s".
 * Errors: false if it is anything else. */
bool weft_sim_options_read_when(const char *text, struct weft_sim_when *when);

#endif
