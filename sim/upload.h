/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks on their way from node to node: one after the other on each stream, offered, accepted,
 * arrived, stored. The sender's part hangs on its end of the stream and on a pipe; the receiver's
 * part is a few fields of its own end, so that nothing is shared between two shards. */
#ifndef WEFT_SIM_UPLOAD_H
#define WEFT_SIM_UPLOAD_H

#include "pipe.h"
#include "stream.h"
#include "world.h"

/* A chunk that waits or is being sent. */
struct weft_sim_upload {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t sender;           /* node */
    uint32_t receiver;         /* node */
    uint32_t chunk;            /* name of the chunk */
    bool sending;              /* it is on the pipe */
    bool written;              /* it is in the socket: to the sender it has been sent */
    bool flips;                /* a bit flips on the way, and the stream is closed at its end */
    uint32_t next;             /* place of the one behind it on the stream */
    weft_ns offer_ns;          /* when the header arrives */
    weft_ns since_ns;          /* when the sender was asked for it */
};

/* Name of a chunk: number of the release in the upper 16 bits, index in the lower. */
static inline uint32_t weft_sim_chunk_name(uint32_t release, uint32_t chunk)
{
    return (release << 16) | chunk;
}

/* The action UPLOAD of |node|. */
void weft_sim_upload_begin(struct weft_sim_shard *shard, uint32_t node,
                           const struct weft_action_chunk *chunk);

/* The action UPLOAD_CANCEL of |node|. */
void weft_sim_upload_cancel(struct weft_sim_shard *shard, uint32_t node,
                            const struct weft_action_chunk *chunk);

/* The actions ACCEPT and DISCARD of |node|. */
void weft_sim_upload_answer(struct weft_sim_shard *shard, uint32_t node,
                            const struct weft_action_chunk *chunk, bool accept);

/* |node| closes |end|: forget what it sends. Returns how many bytes of a chunk had left. */
uint32_t weft_sim_upload_drop_outgoing(struct weft_sim_shard *shard, uint32_t node,
                                       struct weft_sim_end *end);

/* |node| closes |end|: forget what comes in. */
void weft_sim_upload_drop_incoming(struct weft_sim_shard *shard, uint32_t node,
                                   struct weft_sim_end *end);

/* |end| broke: end every upload with an UPLOAD event for |node|. */
void weft_sim_upload_fail_outgoing(struct weft_sim_shard *shard, uint32_t node,
                                   struct weft_sim_end *end);

/* |end| broke: end a chunk that was accepted with a CHUNK event for |node|. */
void weft_sim_upload_fail_incoming(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                                   struct weft_sim_end *end);

/* When a frame that |end| sends now, and that would arrive at |at_ns|, does so behind the chunks
 * that are in the socket before it. Between sites it has waited longer at the access lines. */
weft_ns weft_sim_upload_frame_ns(struct weft_sim_shard *shard, const struct weft_sim_end *end,
                                 weft_ns at_ns);

/* The pipe's item has left: the next chunk of the stream begins; the sender is told, if it was too
 * long for the socket. */
void weft_sim_upload_on_sent(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe);

/* CHUNK_OFFER: the receiver is asked whether it wants the chunk. */
void weft_sim_upload_on_offer(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* CHUNK_ARRIVED: to the disk with it, or read past it. */
void weft_sim_upload_on_arrived(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* CHUNK_STORED: the receiver is told. */
void weft_sim_upload_on_stored(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* UPLOAD_END: the sender is told that a chunk is in the socket, or that nothing is sent. */
void weft_sim_upload_on_end(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

#endif
