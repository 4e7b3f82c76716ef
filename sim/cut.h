/* SPDX-License-Identifier: Apache-2.0 */
/* Which ways through the network are cut now. A cut loses datagrams, or only long ones; what goes
 * over streams waits until it is over, as TCP repeats it; new streams and requests fail. Cuts begin
 * and end between windows only, so that all shards agree on them. */
#ifndef WEFT_SIM_CUT_H
#define WEFT_SIM_CUT_H

#include "menu.h"

struct weft_sim_world;

/* Cuts at the same time; a further one has no effect. */
#define WEFT_SIM_CUTS_MAX 64

/* A connection that finds no way is given up after this time, as node/ does. */
#define WEFT_SIM_CONNECT_NS (5 * WEFT_NS_PER_S)

/* A request to the source that is slower than this for so long is given up, likewise. */
#define WEFT_SIM_PATIENCE_NS (10 * WEFT_NS_PER_S)
#define WEFT_SIM_PATIENCE_BYTES_PER_S 1024

/* Who stands on one side; all others and, but for halves, the source on the other. */
enum weft_sim_cut_shape {
    WEFT_SIM_CUT_NODE,         /* one node */
    WEFT_SIM_CUT_SITE,         /* the nodes of a site */
    WEFT_SIM_CUT_SEGMENT,      /* the nodes of a segment, which are cut off from each other too */
    WEFT_SIM_CUT_HALF_NODES,   /* half of the nodes, drawn one by one */
    WEFT_SIM_CUT_HALF_SEGMENTS /* half of the segments, drawn one by one */
};

struct weft_sim_cut {
    enum weft_sim_cut_shape shape; /* how the sides are made */
    bool one_way;                  /* from the side to the others only */
    bool datagrams_only;           /* streams pass */
    uint32_t bytes_free;           /* datagrams up to this length pass */
    uint32_t entity;               /* node, site or segment */
    uint64_t luck;                 /* draws the halves */
    uint32_t name;                 /* of the mishap: class and number */
    weft_ns until_ns;              /* virtual time at which it ends */
};

struct weft_sim_cuts {
    struct weft_sim_cut items[WEFT_SIM_CUTS_MAX]; /* those that last */
    uint32_t count;                               /* entries of items */
};

/* Between windows: the mishap, a BURST, PARTITION, ONE_WAY, WAN_DOWN, ROAM or MTU_HOLE, begins. */
void weft_sim_cut_begin(struct weft_sim_world *world, const struct weft_sim_mishap *mishap);

/* Between windows: it is over. */
void weft_sim_cut_end(struct weft_sim_world *world, const struct weft_sim_mishap *mishap);

/* Does a datagram of |bytes| from |from| get to |to|? Either may be WEFT_SIM_SOURCE. */
bool weft_sim_cut_lets(const struct weft_sim_world *world, uint32_t from, uint32_t to,
                       uint32_t bytes);

/* When a stream between them moves again: a cut in either direction holds it. 0 = it moves. */
weft_ns weft_sim_cut_until(const struct weft_sim_world *world, uint32_t from, uint32_t to);

#endif
