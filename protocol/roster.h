/* SPDX-License-Identifier: Apache-2.0 */
/* Where the records of members are kept, which are the same for everybody in the segment.
 *
 * A core on its own has a place for each entry of the member table. A driver of many cores keeps
 * them itself (config.shares_records), each once: what the entries of a segment's nodes have in
 * common then takes no memory per node. Records lie in blocks that never move, so that there can
 * be more of them at any time, and an entry names its record by a number, half a pointer long. */
#ifndef WEFT_ROSTER_H
#define WEFT_ROSTER_H

#include "arena.h"
#include "message.h"

/* Records of a block: a power of two. */
#define WEFT_ROSTER_BLOCK 64

struct weft_roster_block {
    struct weft_record *records; /* WEFT_ROSTER_BLOCK of them; owned by whose roster it is */
};

struct weft_roster {
    struct weft_roster_block *blocks; /* record 0 is in the first */
};

/* Record |number| of |roster|; there is one of that number. */
static inline struct weft_record *weft_roster_at(const struct weft_roster *roster, uint32_t number)
{
    return &roster->blocks[number / WEFT_ROSTER_BLOCK].records[number % WEFT_ROSTER_BLOCK];
}

struct weft_core;
struct weft_member;

/* Take the places from the block, unless the host has them. */
void weft_roster_carve(struct weft_core *core, struct weft_arena *arena);

/* Give each entry of the member table its place. Once, before the first record. */
void weft_roster_init(struct weft_core *core);

/* Let |record|, which is not the one it has, be that of |member|, an entry of the table. */
void weft_roster_keep(struct weft_core *core, struct weft_member *member,
                      const struct weft_record *record);

#endif
