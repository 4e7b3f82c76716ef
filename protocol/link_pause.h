/* SPDX-License-Identifier: Apache-2.0 */
/* How long is a node that could not be reached left alone?
 *
 * 1 s after the first failure, twice as long after each further one in a row, up to 32 s, each
 * time half of it to one and a half, drawn at random: nodes that lost the same neighbour must not
 * come back together. A stream that comes up ends it. SPEC.md section "Links".
 * Bound: WEFT_LINK_PAUSES; the pause that ends first makes room. */
#ifndef WEFT_LINK_PAUSE_H
#define WEFT_LINK_PAUSE_H

#include "reserve.h"

struct weft_core;

/* An address that could not be reached lately. */
struct weft_link_pause {
    weft_node_id peer; /* who */
    weft_ns until_ns;  /* not tried before */
    uint32_t failures; /* in a row */
};

#define WEFT_LINK_PAUSES 16

struct weft_link_pauses {
    uint32_t count; /* entries in use are the first count */
    void *pieces[WEFT_ROW_PIECES(WEFT_LINK_PAUSES, struct weft_link_pause)]; /* in no order */
};

/* The core ends: give back the table. */
void weft_link_pause_end_all(struct weft_core *core);

/* A stream to |peer| did not come up, or ended at once: leave it alone, longer each time. */
void weft_link_pause_failed(struct weft_core *core, weft_node_id peer);

/* A stream to |peer| is up: its failures are forgotten. */
void weft_link_pause_end(struct weft_core *core, weft_node_id peer);

/* Must no stream to |peer| be opened now, as it failed lately or is banned? */
bool weft_link_pause_is_on(struct weft_core *core, weft_node_id peer);

#endif
