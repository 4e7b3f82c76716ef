/* SPDX-License-Identifier: Apache-2.0 */
/* To whom does this node send chunks, and which does it send without being asked?
 *
 * A node keeps few chunks sending or waiting (tuning.uploads in the segment, tuning.wan_uploads
 * between segments) and refuses further requests with the time to wait: the largest single gain of
 * all measured rules. An agent sends each chunk that came over the WAN to one neighbour that gave
 * it a credit before it sends any twice, and tells the segment of a chunk only when that first copy
 * is under way; so its uplink carries every chunk once and the neighbours do the rest. SPEC.md
 * section "Serving". Bound: WEFT_UPLOADS_MAX, beyond it a request is refused.
 * Timer: REVEAL, when a chunk could not be handed on for 20 ms without uploads, or for 2 s. */
#ifndef WEFT_SERVE_H
#define WEFT_SERVE_H

#include "link.h"
#include "release.h"

struct weft_upload {
    weft_node_id peer;       /* receiver */
    weft_release_id release; /* name of the release */
    uint32_t chunk;          /* index */
    bool far;                /* to another segment */
    bool pushed;             /* first copy of an agent, not asked for */
    weft_ns since_ns;        /* when it was handed to the shell */
};

struct weft_serves {
    uint32_t upload_count;                        /* sending or waiting */
    uint32_t near_count;                          /* of them inside the segment */
    uint32_t far_count;                           /* of them to other segments */
    weft_ns near_ns;                              /* moving average of the time of a near upload */
    weft_ns far_ns;                               /* the same for far ones */
    struct weft_upload uploads[WEFT_UPLOADS_MAX]; /* entries in use are the first upload_count */
};

struct weft_core;
struct weft_frame;

/* A neighbour asks for a chunk: send it or refuse. */
void weft_serve_on_request(struct weft_core *core, struct weft_link *link,
                           const struct weft_frame *frame);

/* A neighbour no longer wants a chunk it asked for. */
void weft_serve_on_cancel(struct weft_core *core, struct weft_link *link,
                          const struct weft_frame *frame);

/* A neighbour is ready for chunks of our choice. */
void weft_serve_on_ready(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame);

/* The shell has sent a chunk, or could not. */
void weft_serve_on_upload(struct weft_core *core, const struct weft_event_upload *event);

/* A chunk was stored; |first|: it came over the WAN and nobody in the segment has it. */
void weft_serve_on_stored(struct weft_core *core, struct weft_release *release, uint32_t chunk,
                          bool first);

/* Tell the segment of chunks that could not be handed on. */
void weft_serve_expire(struct weft_core *core);

/* When that is due. */
weft_ns weft_serve_deadline(const struct weft_core *core);

#endif
