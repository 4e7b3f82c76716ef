/* SPDX-License-Identifier: Apache-2.0 */
/* Does this node ask a source that many others ask as well?
 *
 * All at once would share the source's line until each gets next to nothing, and none has a chunk
 * to trade before the last has one. So of the agents that learn of a release a few begin (more of
 * them if it has many chunks), the others later, each group as large as all before; all at once as
 * soon as one sees that the source is quick, by a chunk that came to itself or to another segment.
 * And who waits for the source while others have the chunk by now leaves it to those who need it.
 * SPEC.md section "Source". */
#ifndef WEFT_CROWD_H
#define WEFT_CROWD_H

#include "link.h"
#include "release.h"

/* May this node ask the source for chunks of the download at |index|? If not yet, the source's
 * timer is set. A function of who the agents are, and of the release: whoever begins is another one
 * each time. */
bool weft_crowd_is_turn(struct weft_core *core, uint32_t index);

/* Ranges of the download at |index| that this node may keep open: one until the source has sent it
 * a chunk. */
uint32_t weft_crowd_ranges(const struct weft_core *core, uint32_t index);

/* |link| has |chunk|, and this was not noted yet: how long was it on its way? */
void weft_crowd_hear(struct weft_core *core, const struct weft_link *link,
                     struct weft_download *download, uint32_t chunk);

/* Does the source bring a chunk about as soon as other segments do, or is there none of them? Then
 * it is not what all wait for, and may send what they have or bring, too. */
bool weft_crowd_is_quick(const struct weft_core *core);

/* A chunk of |download| came from the source in |span_ns|. */
void weft_crowd_learn(struct weft_core *core, struct weft_download *download, weft_ns span_ns);

/* Cancel the requests that take long and whose chunks all can be had from other segments sooner. */
void weft_crowd_leave(struct weft_core *core);

#endif
