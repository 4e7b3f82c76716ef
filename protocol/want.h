/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks are under way from peers, and when is one given up?
 *
 * SPEC.md section "Picking". Bound: WEFT_WANTED_MAX chunks; a further one is not asked for.
 * Timer: a chunk is OVERDUE after four times its expected time, at least 1 s (4 s between
 * segments), and four times that once it has begun to arrive; it is then asked elsewhere. */
#ifndef WEFT_WANT_H
#define WEFT_WANT_H

#include "link.h"
#include "release.h"

/* One chunk asked of, or begun by, one peer. */
struct weft_want {
    weft_node_id peer; /* who is to send it; 0 = free entry */
    uint32_t release;  /* index of the release */
    uint32_t chunk;    /* index of the chunk */
    weft_ns asked_ns;  /* when it was asked */
    weft_ns wait_ns;   /* how long it may take */
    weft_ns due_ns;    /* overdue from then on */
    bool pushed;       /* not asked for: a parent or an agent pushes it */
    bool begun;        /* its first bytes have arrived */
    bool unproved;     /* of the first chunk asked of a near peer: its word is doubted before */
    bool far;          /* asked of another segment; the link may be gone when this is needed */
};

struct weft_wants {
    uint32_t count;      /* entries in use are the first count */
    uint32_t near_count; /* of them asked in the segment, pushes not counted */
    uint32_t far_count;  /* the same for other segments */
    weft_ns due_ns;      /* none is overdue before */
    weft_ns far_ns; /* moving mean (1/8) of what one asked of another segment took; 0 = unknown */
    void *pieces[WEFT_ROW_PIECES(WEFT_WANTED_MAX, struct weft_want)]; /* in no order */
};

struct weft_core;

/* Entry |index|, below count. */
static inline struct weft_want *weft_want_at(const struct weft_wants *wants, uint32_t index)
{
    struct weft_want *rows = wants->pieces[index / WEFT_PIECE_ROWS(struct weft_want)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_want)];
}

/* Nothing is under way. */
void weft_want_init(struct weft_core *core);

/* The core ends: give back the table. */
void weft_want_end(struct weft_core *core);

/* The chunk that |peer| is to send; NULL = it is to send no such chunk. |release| is an index. */
struct weft_want *weft_want_find(struct weft_core *core, weft_node_id peer, uint32_t release,
                                 uint32_t chunk);

/* A chunk is under way from |link| now. Errors: NULL if the table is full. */
struct weft_want *weft_want_add(struct weft_core *core, const struct weft_link *link,
                                const struct weft_release *release, uint32_t chunk);

/* The chunk comes from another peer after all: take back requests for it that were not begun. */
void weft_want_withdraw(struct weft_core *core, uint32_t release, uint32_t chunk);

/* It has begun to arrive: worth waiting for. */
void weft_want_offered(const struct weft_core *core, struct weft_want *want);

/* The chunk no longer comes from that peer; unless another peer is asked too, it is free again. */
void weft_want_remove(struct weft_core *core, struct weft_want *want);

/* Nothing more will come from |peer|. */
void weft_want_on_link_down(struct weft_core *core, weft_node_id peer);

/* Nothing of that download is wanted any more. */
void weft_want_forget(struct weft_core *core, uint32_t download);

/* Give up what is overdue. */
void weft_want_expire(struct weft_core *core);

/* When something is overdue. */
weft_ns weft_want_deadline(const struct weft_core *core);

#endif
