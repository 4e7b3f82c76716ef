/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of messages on their way that are too long for their entry in the event queue. Slabs of a
 * few sizes; no allocation per message. When no message of a size is on its way, a storm is over:
 * its slabs but the first are given back. */
#ifndef WEFT_SIM_BUFFER_H
#define WEFT_SIM_BUFFER_H

#include "protocol/types.h"

/* Sizes of pieces: the last but two holds the longest datagram, the last one the longest frame. */
#define WEFT_SIM_BUFFER_SIZES 8

/* No piece. */
#define WEFT_SIM_BUFFER_NONE UINT32_MAX

struct weft_sim_buffers {
    struct weft_sim_buffer_size {
        uint8_t **blocks;           /* pieces of memory of 16 buffers each; owned */
        uint32_t block_room;        /* pointers that blocks can hold */
        uint32_t used_count;        /* buffers handed out, or given back */
        uint32_t live_count;        /* of them, those that hold a message */
        uint32_t free_first;        /* list of buffers given back */
    } sizes[WEFT_SIM_BUFFER_SIZES]; /* one slab a size */
};

/* No buffers yet; ends with weft_sim_buffer_end(). */
void weft_sim_buffer_begin(struct weft_sim_buffers *buffers);

/* Free every buffer. */
void weft_sim_buffer_end(struct weft_sim_buffers *buffers);

/* Keep a copy of |length| bytes, at most WEFT_FRAME_BYTES_MAX.
 * Errors: WEFT_SIM_BUFFER_NONE if it is longer.   Owner: the buffers, until given back. */
uint32_t weft_sim_buffer_keep(struct weft_sim_buffers *buffers, const uint8_t *bytes,
                              uint32_t length);

/* The bytes behind a name that weft_sim_buffer_keep() gave. */
const uint8_t *weft_sim_buffer_bytes(const struct weft_sim_buffers *buffers, uint32_t name);

/* Give a buffer back. */
void weft_sim_buffer_give(struct weft_sim_buffers *buffers, uint32_t name);

#endif
