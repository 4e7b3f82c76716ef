/* SPDX-License-Identifier: Apache-2.0 */
/* Does who leases extents bring anything?
 *
 * A holder repeats its leases as long as it works on them; so one that brings nothing of all that
 * it holds, while others do bring chunks over the same line, is slow, cut off from the source, or
 * means no good. How long it may take is counted in chunks as this node fetches them itself.
 * SPEC.md section "Penalties". */
#ifndef WEFT_STALL_H
#define WEFT_STALL_H

#include "types.h"

struct weft_core;
struct weft_link;

/* The peer of |link| repeats that it works on |extent| of |download|: has it brought nothing for
 * too long, while others did? */
bool weft_stall_is(struct weft_core *core, struct weft_link *link, uint32_t download,
                   uint32_t extent);

/* A chunk of |download| came from the source to this node, no agent, in |span_ns|: the agents that
 * hold leases and have brought nothing in much more than that stall. */
void weft_stall_blame(struct weft_core *core, uint32_t download, weft_ns span_ns);

#endif
