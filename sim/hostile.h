/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile nodes: an honest core, and around it something that changes what it says. Nothing is owed
 * to such a node; the others must complete in spite of it. */
#ifndef WEFT_SIM_HOSTILE_H
#define WEFT_SIM_HOSTILE_H

#include "menu.h"

#include "protocol/bulletin.h"
#include "protocol/limits.h"

struct weft_action_send;
struct weft_sim_world;
struct weft_sim_shard;

/* Chunks that false COMING names at a time. */
#define WEFT_SIM_FALSE_COMING_CHUNKS 32

struct weft_sim_hostile {
    uint32_t node;                    /* who */
    enum weft_sim_mishap_class class; /* what it does */
    weft_bulletin first;              /* the first bulletin that it told of; 0 = none yet */
    uint32_t forgeries;               /* bulletins forged so far */
    uint32_t length;                  /* bytes of |bytes| in use */
    uint32_t changed; /* messages that went out other than the core wrote them, or not at all */
    uint32_t coming;  /* the chunk that it says next is coming */
    uint8_t claims[2 * WEFT_SIM_FALSE_COMING_CHUNKS]; /* list of a false COMING, as on the wire */
    uint8_t bytes[WEFT_FRAME_BYTES_MAX];              /* the message as it was changed */
};

/* A node has the hostile |mishap| from the start. */
void weft_sim_hostile_add(struct weft_sim_world *world, const struct weft_sim_mishap *mishap);

/* Shares of all nodes are hostile from the start: of each segment, and never one node twice. */
void weft_sim_hostile_share(struct weft_sim_world *world);

/* Free the table. */
void weft_sim_hostile_end(struct weft_sim_world *world);

/* Does |node| (or WEFT_SIM_NOBODY) do anything hostile? */
bool weft_sim_hostile_is(const struct weft_sim_world *world, uint32_t node);

/* Does |node| (or WEFT_SIM_NOBODY) do that? */
bool weft_sim_hostile_does(const struct weft_sim_world *world, uint32_t node,
                           enum weft_sim_mishap_class class);

/* A hostile |node| sends a datagram or a frame: change it as it likes.
 * Errors: false: it sends nothing.
 * Owner:  |send| then points into the table; valid until the node sends again. */
bool weft_sim_hostile_changes(struct weft_sim_shard *shard, uint32_t node, bool is_frame,
                              struct weft_action_send *send);

/* The core of |node| sends a chunk: does it keep it, and say nothing? */
bool weft_sim_hostile_withholds(struct weft_sim_world *world, uint32_t node);

/* Between windows: a flooding node floods, and will again. */
void weft_sim_hostile_on_flood(struct weft_sim_world *world, const struct weft_sim_mishap *mishap);

#endif
