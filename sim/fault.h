/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong, and when: crashes, restarts and outages from the flags and the seed. */
#ifndef WEFT_SIM_FAULT_H
#define WEFT_SIM_FAULT_H

#include "options.h"
#include "queue.h"

struct weft_sim_world;
struct weft_sim_shard;

struct weft_sim_faults {
    uint8_t *killed;        /* per segment, bits by --kill: done; owned */
    uint32_t *victims;      /* per segment, the node meant by "any"; owned */
    uint32_t outages_due;   /* bits of --source-down by share, not yet begun */
    uint32_t restarts_due;  /* bits of --restart-all by share, not yet done */
    bool watches_share;     /* some fault waits for a share of the work */
    uint32_t planned_count; /* entries of the agenda that still happen */
};

/* Prepare the tables. */
void weft_sim_fault_begin(struct weft_sim_world *world);

/* Free them. */
void weft_sim_fault_end(struct weft_sim_world *world);

/* Time zero, between windows: plan everything that happens at a time. */
void weft_sim_fault_plan(struct weft_sim_world *world);

/* RESTART, OUTAGE, between windows: a planned one happens. */
void weft_sim_fault_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* Between windows: faults that wait for a share of all the work may happen. */
void weft_sim_fault_on_meeting(struct weft_sim_world *world);

/* NODE_CRASH: a planned one happens to a node of this shard. */
void weft_sim_fault_on_crash(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* |node| has stored a chunk: faults that wait for a share of its own work may happen. Called
 * between steps only. */
void weft_sim_fault_on_progress(struct weft_sim_shard *shard, uint32_t node);

#endif
