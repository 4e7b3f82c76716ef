/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons of the simulated shells, with the timers of node/beacon.h: whoever knows nobody in its
 * segment calls, and one that has company answers, and calls at times for others in company.
 * SPEC.md section "Beacons". */
#ifndef WEFT_SIM_BEACON_H
#define WEFT_SIM_BEACON_H

#include "protocol/types.h"

struct weft_sim_shard;
struct weft_sim_entry;

/* The timer of one node; all zero before its first start. */
struct weft_sim_beacon {
    uint32_t draws;      /* random numbers used; an entry with another number is void */
    uint8_t heard_count; /* beacons of others in company since the timer was set */
    bool is_answering;   /* the timer is set to answer a lone node */
};

/* |node| has started: set its timer. */
void weft_sim_beacon_on_start(struct weft_sim_shard *shard, uint32_t node);

/* BEACON_DUE: the timer of a node; words[0] = its draw. */
void weft_sim_beacon_on_due(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* BEACON: a node hears that |entry->peer| is there. */
void weft_sim_beacon_on_heard(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

#endif
