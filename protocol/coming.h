/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks does another segment bring from the source already?
 *
 * An agent that begins a fetch tells far neighbours which chunks are COMING; who hears of one for
 * the first time tells its own far neighbours. So all agents know within a few hops, although each
 * sees only a few others, and fetch something else. It is a hint: a chunk counts as coming for
 * tuning.lease_ms since it was heard of first, and what is said again changes nothing, so that a
 * segment that fails, or lies, delays others by no more than that. SPEC.md section "Trading".
 * Bound: CHUNKS_MAX per release. Timer: TELL, far-have-delay after the first of what is new. */
#ifndef WEFT_COMING_H
#define WEFT_COMING_H

#include "release.h"

/* Chunks of a release that all segments may bring at a time, at first. */
#define WEFT_COMING_FIRST 32

struct weft_core;
struct weft_fetch;
struct weft_frame;
struct weft_link;

/* This node brings |count| chunks from |first| on from the source: tell other segments. */
void weft_coming_begin(struct weft_core *core, struct weft_download *download, uint32_t first,
                       uint32_t count);

/* How long ago this node first heard that a segment brings |chunk| from the source, in steps of
 * 100 ms; WEFT_NS_NEVER = it did not. */
weft_ns weft_coming_age_ns(const struct weft_core *core, const struct weft_download *download,
                           uint32_t chunk);

/* Does another segment bring |chunk| from the source, as far as this node heard lately? */
bool weft_coming_is(const struct weft_core *core, const struct weft_download *download,
                    uint32_t chunk);

/* Far neighbours and this node all lack |chunk| from now on; or they did until now. */
void weft_coming_count(struct weft_download *download, uint32_t chunk, bool lacked);

/* What this node has of |download| was told anew. */
void weft_coming_recount(struct weft_download *download, const struct weft_release *release);

/* Do the segments together bring as much of the download at |index| as the source sends in a
 * moment? Then this node begins no fetch now, and looks again (source.h, look_ns). */
bool weft_coming_is_crowded(struct weft_core *core, uint32_t index);

/* |fetch| has ended: what it took tells how many chunks all segments may bring at a time. */
void weft_coming_adapt(struct weft_core *core, const struct weft_fetch *fetch);

/* A COMING arrived. */
void weft_coming_on_frame(struct weft_core *core, struct weft_link *link,
                          const struct weft_frame *frame);

/* Tell what is due. */
void weft_coming_expire(struct weft_core *core);

/* When that is due. */
weft_ns weft_coming_deadline(const struct weft_core *core);

#endif
