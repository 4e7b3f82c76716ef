/* SPDX-License-Identifier: Apache-2.0 */
/* How long is a node that could not be reached left alone?
 *
 * 1 s after the first failure, twice as long after each further one in a row, up to 32 s, each
 * time half of it to one and a half, drawn at random: nodes that lost the same neighbour must not
 * come back together. A stream that comes up ends it. SPEC.md section "Links".
 * Bound: WEFT_LINK_PAUSES; the pause that ends first makes room. */
#ifndef WEFT_LINK_PAUSE_H
#define WEFT_LINK_PAUSE_H

#include "types.h"

struct weft_core;

/* An address that could not be reached lately. */
struct weft_link_pause {
    weft_node_id peer; /* 0 = free entry */
    weft_ns until_ns;  /* not tried before */
    uint32_t failures; /* in a row */
};

#define WEFT_LINK_PAUSES 16

struct weft_link_pauses {
    struct weft_link_pause items[WEFT_LINK_PAUSES]; /* in no order */
};

/* A stream to |peer| did not come up, or ended at once: leave it alone, longer each time. */
void weft_link_pause_failed(struct weft_core *core, weft_node_id peer);

/* A stream to |peer| is up: its failures are forgotten. */
void weft_link_pause_end(struct weft_core *core, weft_node_id peer);

/* Must no stream to |peer| be opened now, as it failed lately or is banned? */
bool weft_link_pause_is_on(struct weft_core *core, weft_node_id peer);

#endif
