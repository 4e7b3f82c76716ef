/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk next, and from whom in the segment?
 *
 * A node keeps up to tuning.window chunks in flight. From each neighbour that is not busy it asks
 * the chunk that the fewest neighbours have, ties drawn at random; neighbours are visited in random
 * order, so that all uplinks are used (measured ratio to the bound 1.1 to 1.2, with uploaders that
 * refuse instead of queueing; unbounded queues cost 2.9 to 3.3). Agents send chunks that nobody in
 * the segment has without being asked, to nodes that gave them a credit (READY). trade.h picks
 * between segments, with the same table of chunks in flight. SPEC.md section "Picking". Bound:
 * WEFT_WANTED_MAX chunks in flight.
 * Timers: a request is OVERDUE after four times its expected time, at least 1 s (4 s between
 * segments); a refusal is RETRIED after the time the neighbour named. */
#ifndef WEFT_PICK_H
#define WEFT_PICK_H

#include "link.h"
#include "release.h"

/* One chunk asked of, or begun by, one peer. */
struct weft_want {
    weft_node_id peer; /* who is to send it; 0 = free entry */
    uint32_t release;  /* index of the release */
    uint32_t chunk;    /* index of the chunk */
    weft_ns asked_ns;  /* when it was asked */
    weft_ns due_ns;    /* overdue from then on */
    bool pushed;       /* the peer's choice, against a credit of ours */
    bool offered;      /* its first byte has arrived */
    bool far;          /* asked of another segment; the link may be gone when this is needed */
};

struct weft_picks {
    struct weft_want wants[WEFT_WANTED_MAX]; /* in no order */
    uint32_t want_count;                     /* entries in use are the first want_count */
    uint32_t near_count;                     /* of them asked in the segment, pushes not counted */
    uint32_t far_count;                      /* the same for other segments */
    weft_ns due_ns;                          /* no want is overdue before */
    weft_ns retry_ns;                        /* a neighbour that refused can be asked again */
};

struct weft_core;

/* No request is out, no timer runs. */
void weft_pick_init(struct weft_core *core);

/* Ask every neighbour that can be asked, until the window is full. */
void weft_pick_fill(struct weft_core *core);

/* News from one neighbour: ask it, if the window has room. */
void weft_pick_from(struct weft_core *core, struct weft_link *link);

/* Give an agent its credits to send us chunks of its choice. */
void weft_pick_grant(struct weft_core *core, struct weft_link *link);

/* The first bytes of a chunk arrived: take it or read past it. */
void weft_pick_on_offer(struct weft_core *core, const struct weft_event_offer *event);

/* A chunk from a peer was stored, or will not come. */
void weft_pick_on_chunk(struct weft_core *core, const struct weft_event_chunk *event);

/* A neighbour refuses a request. */
void weft_pick_on_refuse(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame);

/* Nothing more will come from |peer|. */
void weft_pick_on_link_down(struct weft_core *core, weft_node_id peer);

/* Nothing of that download is wanted any more. */
void weft_pick_forget(struct weft_core *core, uint32_t download);

/* Look again for somebody to ask at |when_ns|, if not before. */
void weft_pick_retry_at(struct weft_core *core, weft_ns when_ns);

/* Ask |link| for |chunk|; trade.h and the straggler rule call it too. */
void weft_pick_ask(struct weft_core *core, struct weft_link *link,
                   const struct weft_release *release, uint32_t chunk);

/* The chunk that |link| has, this node lacks and asks of nobody, with the fewest copies.
 * Shape:  near: counts copies in the segment, else in other segments; |may| decides whether a chunk
 *         is allowed at all, NULL = every one.
 * Errors: UINT32_MAX = none. */
uint32_t weft_pick_rarest(struct weft_core *core, const struct weft_link *link, uint32_t download,
                          bool (*may)(struct weft_core *core, uint32_t download, uint32_t chunk));

/* Deal with overdue requests and expired refusals. */
void weft_pick_expire(struct weft_core *core);

/* When a request is overdue or a refusal expires. */
weft_ns weft_pick_deadline(const struct weft_core *core);

#endif
