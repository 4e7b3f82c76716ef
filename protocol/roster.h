/* SPDX-License-Identifier: Apache-2.0 */
/* Where the records of members are kept, which are the same for everybody in the segment.
 *
 * A core on its own has a place for each entry of the member table. A driver of many cores keeps
 * them itself (config.shares_records), each once: what the entries of a segment's nodes have in
 * common then takes no memory per node. */
#ifndef WEFT_ROSTER_H
#define WEFT_ROSTER_H

#include "arena.h"
#include "message.h"

struct weft_core;
struct weft_member;

/* Take the places from the block, unless the host has them. */
void weft_roster_carve(struct weft_core *core, struct weft_arena *arena);

/* Give each entry of the member table its place. Once, before the first record. */
void weft_roster_init(struct weft_core *core);

/* Let |record| be that of |member|, an entry of the table. |record| may be the one it has. */
void weft_roster_keep(struct weft_core *core, struct weft_member *member,
                      const struct weft_record *record);

#endif
