/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks does this node send without being asked, and to whom first?
 *
 * A chunk that was stored is pushed to the neighbours that follow this node in its stripe and lack
 * it (follow.h), one after the other, those first that were pushed least. A neighbour that still
 * receives one is passed over meanwhile, so that a slow one delays nobody. A chunk that came over
 * the WAN and that nobody follows is pushed to one neighbour, and the others hear of it when that
 * one has it. Places for uploads are shared with requests (serve.h). A node that cannot push as
 * much as comes leaves the trees, and its neighbours ask for what they need. SPEC.md section "Push
 * trees". Bound: chunks_max waiting chunks of a download; the one waiting longest makes room. */
#ifndef WEFT_PUSH_H
#define WEFT_PUSH_H

#include "link.h"
#include "release.h"

struct weft_core;

/* A chunk from |from| (NULL = the source) was stored; |first|: it came over the WAN, and nobody in
 * the segment had it. */
void weft_push_on_stored(struct weft_core *core, struct weft_release *release, uint32_t chunk,
                         const struct weft_link *from, bool first);

/* There may be a free place, or somebody new to push to: use it. */
void weft_push_fill(struct weft_core *core);

/* Do chunks wait to be pushed? */
bool weft_push_is_waiting(const struct weft_core *core);

#endif
