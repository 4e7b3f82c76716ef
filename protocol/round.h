/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a node probes, and when.
 *
 * Timers: every tuning.probe_period_ms (random phase) the next member on the ring of the segment,
 * in every second period (every fourth at a slower pace) one more member in shuffled round robin;
 * the three rendezvous watchers of an agent probe it every 500 ms. All are rarer while nothing
 * happens (pace.h). SPEC.md section "Probes". */
#ifndef WEFT_ROUND_H
#define WEFT_ROUND_H

#include "arena.h"
#include "limits.h"
#include "slots.h"

struct weft_core;

struct weft_rounds {
    struct weft_slots order;           /* places of members in shuffled order */
    uint32_t order_count;              /* of order */
    uint32_t order_at;                 /* next one to probe */
    uint32_t count;                    /* periods begun */
    uint64_t epoch;                    /* of members, when the following were computed */
    uint32_t successor;                /* place of the next one on the ring, or MEMBER_NONE */
    uint32_t watched[WEFT_AGENTS_MAX]; /* places of agents that this node watches, or NONE */
    uint32_t watched_count;            /* of watched */
};

/* Take the table from the block. */
void weft_round_carve(struct weft_core *core, struct weft_arena *arena);

/* START, or the network is back: begin afresh, at a random phase. */
void weft_round_restart(struct weft_core *core);

/* The pace is full again: probe within a period at full pace, at a random phase. */
void weft_round_hasten(struct weft_core *core);

/* When a pause of |pause_ns| from now is over. While nothing happens, one of at least four periods
 * of probes ends when the nearest of them begins, so that the node need not wake up once more. */
weft_ns weft_round_near(const struct weft_core *core, weft_ns pause_ns);

/* Place of the next member on the ring of those that are up; WEFT_MEMBER_NONE if there is none. */
uint32_t weft_round_successor(struct weft_core *core);

/* Probe whose turn it is. */
void weft_round_expire(struct weft_core *core);

#endif
