/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which chunk, and when are others told what this node has?
 *
 * On a new link both ends send a MAP of each release; later news goes out as HAVE on the data
 * streams, never by periodic gossip (p2p measurements: a gossip round costs 3 to 7 times the
 * makespan). Inside the segment, where most chunks are pushed, news is told every second, to whom
 * lacks what was no news the last time; after tuning.have_delay_ms to all if 32 chunks wait or the
 * last one; between segments after tuning.far_have_delay_ms.
 * SPEC.md section "Chunk maps".
 * Timers: NEAR and FAR, armed by the first chunk that was not yet told. */
#ifndef WEFT_HAVE_H
#define WEFT_HAVE_H

#include "frame.h"
#include "link.h"
#include "release.h"

/* Empty a map of a neighbour. */
void weft_have_reset_map(const struct weft_core *core, struct weft_link_map *map);

/* A download began: empty all neighbours' maps of it. */
void weft_have_begin(struct weft_core *core, uint32_t download);

/* Send the MAP of |release| to every neighbour and ask for theirs. */
void weft_have_tell_all(struct weft_core *core, const struct weft_release *release);

/* A link came up: send a MAP of every release. */
void weft_have_on_link_up(struct weft_core *core, struct weft_link *link);

/* A link goes down: its chunks no longer count as copies. */
void weft_have_drop(struct weft_core *core, struct weft_link *link);

/* Who told of chunks sends none, or bad ones: what it tells counts for nothing, so that others are
 * asked, and the source; it is still asked for one at a time. */
void weft_have_disbelieve(struct weft_core *core, struct weft_link *link);

/* A chunk has begun to arrive from |link|: what it tells counts (again). */
void weft_have_believe(struct weft_core *core, struct weft_link *link);

/* A MAP arrived. */
void weft_have_on_map(struct weft_core *core, struct weft_link *link,
                      const struct weft_frame *frame);

/* A HAVE arrived. */
void weft_have_on_have(struct weft_core *core, struct weft_link *link,
                       const struct weft_frame *frame);

/* The neighbour was sent the chunk: it has it now, without saying so. */
void weft_have_set(struct weft_core *core, struct weft_link *link, struct weft_download *download,
                   uint32_t chunk);

/* The neighbour said that it does not have the chunk. */
void weft_have_clear(struct weft_core *core, struct weft_link *link, struct weft_download *download,
                     uint32_t chunk);

/* Tell the segment of |chunk| with the next HAVE; |soon|: nobody will push it. */
void weft_have_note_near(struct weft_core *core, struct weft_download *download, uint32_t chunk,
                         bool soon);

/* Some chunks will not be pushed after all: tell the segment soon. */
void weft_have_hurry(struct weft_core *core, struct weft_download *download);

/* Tell one neighbour of |chunk| at once. */
void weft_have_tell(struct weft_core *core, const struct weft_link *link, uint32_t download,
                    uint32_t chunk);

/* Tell other segments of |chunk| with the next HAVE. */
void weft_have_note_far(struct weft_core *core, struct weft_download *download, uint32_t chunk);

/* Send the HAVEs that are due. */
void weft_have_expire(struct weft_core *core);

/* When a HAVE is due. */
weft_ns weft_have_deadline(const struct weft_core *core);

#endif
