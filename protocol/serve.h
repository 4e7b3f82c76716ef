/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests for chunks does this node serve, and which chunks is it sending?
 *
 * A node keeps few chunks sending or waiting (tuning.uploads in the segment, tuning.wan_uploads
 * between segments) and refuses further requests with the time to wait: the largest single gain of
 * all measured rules. What it pushes (push.h) takes the same places, and goes first. SPEC.md
 * section "Serving". Bound: WEFT_UPLOADS_MAX, beyond it a request is refused. */
#ifndef WEFT_SERVE_H
#define WEFT_SERVE_H

#include "link.h"
#include "release.h"

/* Why a chunk is sent. */
enum weft_upload_reason {
    WEFT_UPLOAD_ASKED,  /* the receiver asked for it */
    WEFT_UPLOAD_PUSHED, /* the receiver follows us */
    WEFT_UPLOAD_SPREAD  /* the segment's first copy: others hear of it when it is sent, or late */
};

struct weft_upload {
    weft_node_id peer;       /* receiver */
    weft_release_id release; /* name of the release */
    uint32_t chunk;          /* index */
    bool far;                /* to another segment */
    uint8_t why;             /* enum weft_upload_reason */
    bool declined;           /* the receiver said that it does not take it */
    bool again;              /* and asked for it afterwards: send it once more */
    weft_ns since_ns;        /* when it was handed to the shell */
};

struct weft_serves {
    uint32_t upload_count; /* sending or waiting */
    uint32_t near_count;   /* of them inside the segment */
    uint32_t far_count;    /* of them to other segments */
    uint32_t spread_count; /* of them the segment's first copies */
    weft_ns near_ns;       /* moving average of the time of a near upload */
    weft_ns far_ns;        /* the same for far ones */
    void *pieces[WEFT_ROW_PIECES(WEFT_UPLOADS_MAX, struct weft_upload)]; /* in no order */
};

struct weft_core;
struct weft_frame;

/* Upload |index|, below upload_count. */
static inline struct weft_upload *weft_serve_at(const struct weft_serves *serves, uint32_t index)
{
    struct weft_upload *rows = serves->pieces[index / WEFT_PIECE_ROWS(struct weft_upload)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_upload)];
}

/* The core ends: give back the table. */
void weft_serve_end(struct weft_core *core);

/* A neighbour asks for a chunk: send it or refuse. */
void weft_serve_on_request(struct weft_core *core, struct weft_link *link,
                           const struct weft_frame *frame);

/* A neighbour no longer wants a chunk it asked for. */
void weft_serve_on_cancel(struct weft_core *core, struct weft_link *link,
                          const struct weft_frame *frame);

/* Is there a place for one more chunk inside the segment? Places of uploads that stand still count
 * no more. */
bool weft_serve_has_place(const struct weft_core *core);

/* Does something stand still on the way to that neighbour? More would only stand behind it. */
bool weft_serve_is_blocked(const struct weft_core *core, const struct weft_link *link);

/* Send a chunk now.
 * Errors: false if there is no place. */
bool weft_serve_begin(struct weft_core *core, const struct weft_link *link, weft_release_id release,
                      uint32_t chunk, enum weft_upload_reason why);

/* The shell has sent a chunk, or could not. */
void weft_serve_on_upload(struct weft_core *core, const struct weft_event_upload *event);

/* Tell the segment of chunks whose first copy does not arrive. */
void weft_serve_expire(struct weft_core *core);

/* When that is due. */
weft_ns weft_serve_deadline(const struct weft_core *core);

#endif
