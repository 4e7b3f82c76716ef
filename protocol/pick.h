/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk next, and from whom in the segment?
 *
 * A node keeps up to tuning.window chunks in flight. From each neighbour that is not busy it asks
 * the chunk that the fewest neighbours have, ties drawn at random; neighbours are visited in random
 * order, so that all uplinks are used (measured ratio to the bound 1.1 to 1.2, with uploaders that
 * refuse instead of queueing; unbounded queues cost 2.9 to 3.3). Most chunks are pushed (push.h):
 * one that a parent may still push is not asked for at once. trade.h picks between segments, with
 * the same table of chunks in flight. SPEC.md section "Picking". Bound: WEFT_WANTED_MAX chunks in
 * flight, see want.h.
 * Timers: RETRY, when the time is over that a neighbour named with its refusal; PULL, when parents
 * have had their time. */
#ifndef WEFT_PICK_H
#define WEFT_PICK_H

#include "link.h"
#include "release.h"

struct weft_picks {
    weft_ns retry_ns; /* when a neighbour that refused can be asked again, NEVER = none did */
};

struct weft_core;

/* No timer runs. */
void weft_pick_init(struct weft_core *core);

/* Ask every neighbour that can be asked, until the window is full. */
void weft_pick_fill(struct weft_core *core);

/* News from one neighbour: ask it, if the window has room. */
void weft_pick_from(struct weft_core *core, struct weft_link *link);

/* Every chunk that a neighbour has now may be asked for. */
void weft_pick_pull_now(struct weft_core *core, uint32_t download);

/* News of chunks: they may be asked for after a while, unless a parent pushes them before. */
void weft_pick_pull_soon(struct weft_core *core, uint32_t download);

/* Look again for somebody to ask at |when_ns|, if not before. */
void weft_pick_retry_at(struct weft_core *core, weft_ns when_ns);

/* Do not ask this neighbour before |wait_ns| is over. */
void weft_pick_pause(struct weft_core *core, struct weft_link *link, weft_ns wait_ns);

/* Ask |link| for |chunk|; trade.h calls it too. */
void weft_pick_ask(struct weft_core *core, struct weft_link *link,
                   const struct weft_release *release, uint32_t chunk);

/* The chunk that |link| has, this node lacks and asks of nobody, with the fewest copies: of a near
 * link in the segment, of a far one in other segments, and then only what lease.h allows.
 * Errors: UINT32_MAX = none. */
uint32_t weft_pick_rarest(struct weft_core *core, const struct weft_link *link, uint32_t download);

/* Ask those again whose pause is over. */
void weft_pick_expire(struct weft_core *core);

/* When the next pause is over. */
weft_ns weft_pick_deadline(const struct weft_core *core);

#endif
