/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a run, in numbers. report.h prints them. */
#ifndef WEFT_SIM_SUMMARY_H
#define WEFT_SIM_SUMMARY_H

#include "bound.h"
#include "world.h"

/* Reasons are counted for up to this many kinds of waiting. */
#define WEFT_SIM_STALLS WEFT_STALL_COUNT

struct weft_sim_summary {
    struct weft_sim_bound bound;             /* lower bounds */
    weft_ns makespan_ns;                     /* last completion since time zero; 0 = none */
    weft_ns first_known_ns;                  /* the first node knows of the release */
    weft_ns last_known_ns;                   /* the last node does */
    weft_ns p50_ns;                          /* half of the nodes complete */
    weft_ns p95_ns;                          /* 95 % complete */
    weft_ns simulated_ns;                    /* virtual time since time zero */
    uint32_t complete;                       /* honest nodes complete, alive or not */
    uint32_t incomplete;                     /* living honest nodes that are not */
    uint32_t stalls[WEFT_SIM_STALLS];        /* of them, by what they wait for */
    uint64_t wan_in_mean_ppm;                /* copies of the release into a segment, millionths */
    uint64_t wan_in_max_ppm;                 /* the segment with most */
    uint32_t wan_in_max_segment;             /* which one */
    uint64_t wan_in_wire_bytes;              /* into all segments since time zero, on the wire */
    uint64_t source_copies_ppm;              /* copies that left the source, millionths */
    uint64_t bytes_by_tier[WEFT_TIER_COUNT]; /* stored by living nodes since their last start */
    uint64_t control_mean;                   /* control bytes a node sent since time zero */
    uint64_t control_max;                    /* the node that sent most */
    uint64_t idle_mean;                      /* control bytes/s a node sent before, mean */
    uint64_t idle_max;                       /* the node that sent most */
    uint32_t segments_without_agent;         /* at the end */
    uint32_t agents;                         /* at the end */
    uint64_t leases_moved;                   /* as cores counted */
    uint64_t rejects[WEFT_REJECT_COUNT];     /* messages dropped by living nodes, by reason */
    struct weft_sim_totals totals;           /* counters of all shards */
    uint64_t events;                         /* entries of all queues that happened */
    uint64_t trace_hash;                     /* of all decisions of all nodes */
    weft_ns honest_makespan_ns;              /* the same with all nodes honest; 0 = not compared */
    uint64_t honest_wan_ppm;                 /* wan_in_mean_ppm then */
    uint64_t wall_ns;                        /* real time */
    uint64_t memory_bytes;                   /* peak resident set */
};

/* Count everything; times are of the last release. */
void weft_sim_summary_make(struct weft_sim_summary *summary, const struct weft_sim_world *world,
                           uint64_t wall_ns);

#endif
