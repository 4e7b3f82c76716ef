/* SPDX-License-Identifier: Apache-2.0 */
/* What the members of a shard's segments say of themselves, each record once, and the bulletins
 * they know: every core that knows of one names the same. It stays until the end of the run,
 * as whoever was away may still hold it; a machine makes a new record only when its role, address,
 * age or incarnation changes. */
#ifndef WEFT_SIM_ROSTER_H
#define WEFT_SIM_ROSTER_H

#include "protocol/roster.h"

/* A place of the hash table. */
struct weft_sim_roster_place {
    uint32_t number; /* of the record, counted from 1; 0 = free */
};

/* The bytes of a bulletin. */
struct weft_sim_roster_bulletin {
    uint8_t *bytes; /* owned */
    size_t length;  /* of bytes */
};

struct weft_sim_roster {
    struct weft_roster records;           /* the records; blocks and their table are owned */
    uint32_t block_room;                  /* blocks that there is room for */
    uint32_t count;                       /* records */
    struct weft_sim_roster_place *places; /* hash table; owned */
    uint32_t place_room;                  /* a power of two, or 0; at most half of them are taken */
    struct weft_sim_roster_bulletin *bulletins; /* owned */
    uint32_t bulletin_count;                    /* entries of bulletins */
    uint32_t bulletin_room;                     /* entries that fit */
};

/* Free every record and bulletin. */
void weft_sim_roster_end(struct weft_sim_roster *roster);

/* Number of the record that is as |record|, but for the state. It stays where it is until the
 * end. */
uint32_t weft_sim_roster_keep(struct weft_sim_roster *roster, const struct weft_record *record);

/* Bytes that are as |bytes|.
 * Owner: the roster; they stay where they are until the end. */
const uint8_t *weft_sim_roster_keep_bulletin(struct weft_sim_roster *roster, const uint8_t *bytes,
                                             size_t length);

#endif
