/* SPDX-License-Identifier: Apache-2.0 */
/* What does an agent fetch from other segments instead of the source?
 *
 * Segments begin at the source with different extents and trade them, so a slow source is not paid
 * once per segment. An agent asks each far link for the chunk of its own extents that the fewest
 * far neighbours have and no neighbour of its segment. SPEC.md section "Trading". */
#ifndef WEFT_TRADE_H
#define WEFT_TRADE_H

#include "link.h"

struct weft_core;

/* Ask every far neighbour that can be asked. */
void weft_trade_fill(struct weft_core *core);

/* News from one far neighbour: ask it if it can be asked. */
void weft_trade_from(struct weft_core *core, struct weft_link *link);

#endif
