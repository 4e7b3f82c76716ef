/* SPDX-License-Identifier: Apache-2.0 */
/* The control frames of a stream between two nodes: their fields, and nothing of what they cause.
 *
 * A frame is a msgpack array [kind, release or bulletin, ...]; SPEC.md section "Frames" holds the
 * table. Chunk bytes and documents travel on the same streams as kinds from 64 on, which the core
 * never sees. */
#ifndef WEFT_FRAME_H
#define WEFT_FRAME_H

#include "bulletin.h"
#include "limits.h"
#include "wire.h"

enum weft_frame_kind {
    WEFT_FRAME_MAP = 1,      /* all chunks this node has of a release */
    WEFT_FRAME_HAVE = 2,     /* chunks stored since the last MAP or HAVE */
    WEFT_FRAME_REQUEST = 3,  /* send me this chunk */
    WEFT_FRAME_CANCEL = 4,   /* do not send it if it has not begun */
    WEFT_FRAME_REFUSE = 5,   /* not now, or not at all */
    WEFT_FRAME_FOLLOW = 6,   /* push me every chunk of these stripes, and of no others */
    WEFT_FRAME_LEASE = 7,    /* I fetch this extent over the WAN for our segment, or no longer */
    WEFT_FRAME_BULLETIN = 8, /* the metadata I accepted */
    WEFT_FRAME_DECLINE = 9,  /* I push you no chunks of these stripes */
    WEFT_FRAME_COMING = 10,  /* chunks that some segment brings from the source now */
    WEFT_FRAME_KIND_END = 11
};

/* Flags of a MAP. */
enum {
    WEFT_MAP_ASK = 1,    /* answer with your MAP */
    WEFT_MAP_WANTED = 2, /* the sender wants the chunks it lacks */
    WEFT_MAP_ALL = 4,    /* the sender has every chunk; no bits follow */
};

/* Flag of a FOLLOW: only chunks that the receiver brings over the WAN itself. */
#define WEFT_FOLLOW_FIRST 1

/* Chunks that one HAVE or COMING names at most; more go into further frames. */
#define WEFT_HAVE_CHUNKS_MAX 1024

struct weft_frame {
    enum weft_frame_kind kind; /* which of the fields below are set */
    union {
        weft_release_id release; /* all kinds but BULLETIN */
        weft_bulletin bulletin;  /* BULLETIN */
    };
    uint32_t chunk; /* REQUEST, CANCEL, REFUSE: index; LEASE: extent */
    uint32_t value; /* MAP: chunk count; REFUSE: ms to wait, 0 = has it not; FOLLOW,
                              DECLINE: set of stripes; LEASE: epoch */
    uint32_t flags; /* MAP: WEFT_MAP_*; FOLLOW: WEFT_FOLLOW_FIRST; LEASE: 1 = given
                              up */
    struct weft_span
        list; /* MAP: bits, LSB first; HAVE, COMING: indexes, u16 big endian; LEASE: further
                              extents, each followed by its epoch, likewise; borrowed */
};

/* Read a frame.
 * Errors: why it is malformed; |frame| is then not to be used.
 * Owner:  |frame| borrows |bytes|.
 * Spec:   SPEC.md section "Frames". */
enum weft_reject weft_frame_decode(const uint8_t *bytes, size_t length, struct weft_frame *frame);

/* Write a frame into |buffer|.
 * Errors: 0 if it does not fit, else the bytes written. */
uint32_t weft_frame_encode(const struct weft_frame *frame, uint8_t *buffer, size_t size);

/* Entry |index| of the list of a HAVE, COMING or LEASE; index < list.length / 2. */
static inline uint32_t weft_frame_have_at(const struct weft_frame *frame, uint32_t index)
{
    return (uint32_t)frame->list.bytes[2 * index] << 8 | frame->list.bytes[2 * index + 1];
}

#endif
