/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks on their way from node to node: one after the other on each stream, offered, accepted,
 * arrived, stored. */
#ifndef WEFT_SIM_UPLOAD_H
#define WEFT_SIM_UPLOAD_H

#include "stream.h"
#include "world.h"

enum weft_sim_upload_state {
    WEFT_SIM_UPLOAD_WAITING, /* behind another chunk of the stream */
    WEFT_SIM_UPLOAD_SENDING, /* on the links */
    WEFT_SIM_UPLOAD_SENT,    /* the sender is done with it */
    WEFT_SIM_UPLOAD_CUT      /* the sender is gone; the receiver will be told */
};

struct weft_sim_upload {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t sender;           /* node */
    uint32_t receiver;         /* node */
    uint32_t receiver_life;    /* for which it is meant */
    uint32_t epoch;            /* stream */
    uint32_t chunk;            /* index */
    uint8_t state;             /* enum weft_sim_upload_state */
    bool answered;             /* the receiver's core has decided */
    bool accepted;             /* it wants it */
    uint64_t next;             /* handle of the one behind it on the stream */
    weft_ns offer_ns;          /* when the header arrives */
    weft_ns transfer_ns;       /* first to last byte */
};

/* The action UPLOAD of |node|. */
void weft_sim_upload_begin(struct weft_sim_world *world, uint32_t node,
                           const struct weft_action_chunk *chunk);

/* The action UPLOAD_CANCEL of |node|. */
void weft_sim_upload_cancel(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_chunk *chunk);

/* The actions ACCEPT and DISCARD of |node|. */
void weft_sim_upload_answer(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_chunk *chunk, bool accept);

/* The sending side of |end| goes away: what is on the links is cut, what waits is forgotten. */
void weft_sim_upload_cut_end(struct weft_sim_world *world, uint32_t node, struct weft_sim_end *end,
                             uint32_t peer);

/* The receiving side went away: end every upload of |end| with an UPLOAD event for |node|. */
void weft_sim_upload_fail_end(struct weft_sim_world *world, uint32_t node,
                              struct weft_sim_end *end);

/* CHUNK_OFFER: the receiver is asked whether it wants the chunk. */
void weft_sim_upload_on_offer(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CHUNK_SENT: the sender is told; the next chunk of the stream begins. */
void weft_sim_upload_on_sent(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CHUNK_ARRIVED: to the disk with it, or read past it. */
void weft_sim_upload_on_arrived(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CHUNK_STORED: the receiver is told. */
void weft_sim_upload_on_stored(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CHUNK_CUT: the receiver is told that the rest will not come. */
void weft_sim_upload_on_cut(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CHUNK_DROPPED: the sender is told that its cancellation worked. */
void weft_sim_upload_on_dropped(struct weft_sim_world *world, const struct weft_sim_entry *entry);

#endif
