/* SPDX-License-Identifier: Apache-2.0 */
/* What the members of a shard's segments say of themselves, each record once: every core that knows
 * of it points at the same one. A record stays until the end of the run, as whoever was away may
 * still hold it; a machine makes a new one only when its role, address, age or incarnation changes.
 */
#ifndef WEFT_SIM_ROSTER_H
#define WEFT_SIM_ROSTER_H

#include "protocol/message.h"

struct weft_sim_roster {
    struct weft_record **blocks;       /* pieces of memory of 64 records each; owned */
    uint32_t block_room;               /* pointers that blocks can hold */
    uint32_t count;                    /* records */
    const struct weft_record **places; /* hash table, NULL = free; owned */
    uint32_t place_room;               /* a power of two, or 0; at most half of them are taken */
};

/* Free every record. */
void weft_sim_roster_end(struct weft_sim_roster *roster);

/* The record that is as |record|, but for the state.
 * Owner: the roster; it stays where it is until the end. */
const struct weft_record *weft_sim_roster_keep(struct weft_sim_roster *roster,
                                               const struct weft_record *record);

#endif
