/* SPDX-License-Identifier: Apache-2.0 */
/* What does an agent fetch from other segments instead of the source?
 *
 * Segments begin at the source with different extents and trade them, so a slow source is not paid
 * once per segment. An agent asks far links for the chunk of its own extents that the fewest far
 * neighbours have and no neighbour of its segment. SPEC.md section "Trading". */
#ifndef WEFT_TRADE_H
#define WEFT_TRADE_H

#include <stdbool.h>

struct weft_core;

/* Ask far neighbours, quick ones more often, until tuning.far_window chunks are on the way; where
 * they come quickly, up to four times as many. */
void weft_trade_fill(struct weft_core *core);

/* Are so many chunks on the way from other segments that this node asks them for no more now? */
bool weft_trade_is_full(const struct weft_core *core);

#endif
