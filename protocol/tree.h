/* SPDX-License-Identifier: Apache-2.0 */
/* Who should push this node the chunks of a stripe?
 *
 * The chunks of a release are divided into stripes (index modulo WEFT_STRIPES). In each stripe the
 * nodes of a segment form a tree, computed from their ids alone. A node that has children in one
 * stripe has none in the others, so that every uplink carries about as much as comes in
 * (SplitStream, Castro et al. 2003).
 *
 * Relays, the members that are up and no agents, stand in an order: their places. Where all are
 * linked with all (tuning.full_mesh), the parent of rank i is rank (i - 1) / 4, and the order
 * begins a quarter later in each stripe. In a larger segment places are grouped into levels, each
 * with a quarter of the relays of the one below, and the parent is the relay of the next level with
 * the largest rendezvous weight: who comes or goes moves only its own children. Agents stand behind
 * all relays: they send the first copies. SPEC.md section "Push trees". */
#ifndef WEFT_TREE_H
#define WEFT_TREE_H

#include "types.h"

/* Trees of a release. */
#define WEFT_STRIPES 4

/* All stripes as a set of bits. */
#define WEFT_STRIPES_ALL ((1U << WEFT_STRIPES) - 1)

/* Children of a node in a tree, if nobody has too many. */
#define WEFT_TREE_FANOUT 4

/* Parents, as long as nobody comes, goes or changes his role. */
struct weft_trees {
    weft_node_id parents[WEFT_STRIPES]; /* 0 = this node is the root */
    uint64_t view;                      /* of members and agents, when they were computed */
};

struct weft_core;

/* Nothing is computed yet. */
void weft_tree_init(struct weft_core *core);

/* Stripe of a chunk, as a set of one bit. */
static inline uint8_t weft_tree_stripe(uint32_t chunk)
{
    return (uint8_t)(1U << (chunk % WEFT_STRIPES));
}

/* The parent of this node in |stripe|, 0..WEFT_STRIPES-1; 0 = it is the root. */
weft_node_id weft_tree_parent(struct weft_core *core, uint32_t stripe);

/* Does |id| stand on a level above this node's in |stripe|? Whoever follows only such nodes is in
 * no circle. */
bool weft_tree_is_above(const struct weft_core *core, weft_node_id id, uint32_t stripe);

/* Of two nodes above this one, is |left| nearer to it than |right|? */
bool weft_tree_is_nearer(weft_node_id left, weft_node_id right, uint32_t stripe);

#endif
