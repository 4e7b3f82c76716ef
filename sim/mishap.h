/* SPDX-License-Identifier: Apache-2.0 */
/* When the mishaps of the menu begin and end, always between windows, and what they do then to
 * machines and to the source. Cuts of the network are in cut.h, sick machines in ailment.h, hostile
 * nodes in hostile.h. */
#ifndef WEFT_SIM_MISHAP_H
#define WEFT_SIM_MISHAP_H

#include "ailment.h"
#include "cut.h"
#include "menu.h"
#include "queue.h"

struct weft_sim_world;

struct weft_sim_mishaps {
    struct weft_sim_cuts cuts;                        /* of the network */
    struct weft_sim_ailment *ailments;                /* of each node; NULL = none can be; owned */
    uint64_t *rotten;                                 /* bad chunks on disks; NULL = none; owned */
    struct weft_sim_hostile *hostiles;                /* see hostile.h; owned */
    uint32_t hostile_count;                           /* entries of hostiles */
    uint32_t hostile_room;                            /* entries that fit */
    uint8_t source_ails[WEFT_SIM_MISHAP_CLASS_COUNT]; /* mishaps that last, of source classes */
};

/* Draw everything, and put it into the agenda.
 * Owner: the world; ends with weft_sim_mishap_end(). */
void weft_sim_mishap_begin(struct weft_sim_world *world);

/* Free the tables. */
void weft_sim_mishap_end(struct weft_sim_world *world);

/* MISHAP, between windows: one begins, goes on or ends. */
void weft_sim_mishap_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* The node that a mishap befalls. */
uint32_t weft_sim_mishap_victim(const struct weft_sim_world *world,
                                const struct weft_sim_mishap *mishap);

/* When a node that would start at |time_ns| starts, if a join storm has it. */
weft_ns weft_sim_mishap_start_ns(const struct weft_sim_world *world, uint32_t node,
                                 weft_ns time_ns);

/* Let a mishap that goes on, a FLOOD, happen again at |time_ns|. It does not keep the run alive. */
void weft_sim_mishap_again(struct weft_sim_world *world, weft_ns time_ns,
                           const struct weft_sim_mishap *mishap);

/* Does the source have a mishap of |class| now? */
static inline bool weft_sim_mishap_source(const struct weft_sim_mishaps *mishaps,
                                          enum weft_sim_mishap_class class)
{
    return mishaps->source_ails[class] != 0;
}

#endif
