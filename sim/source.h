/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream web server: range requests over its uplink, chunk by chunk, and its outages. */
#ifndef WEFT_SIM_SOURCE_H
#define WEFT_SIM_SOURCE_H

#include "world.h"

struct weft_sim_fetch {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t node;             /* who asks */
    uint32_t life;             /* in which of its lives */
    uint32_t next_chunk;       /* being sent, or to be sent next */
    uint32_t end_chunk;        /* one past the last */
    uint32_t storing;          /* chunks between arrival and durable */
    bool sending;              /* a chunk is on the links */
    bool over;                 /* finished, cancelled or broken: nothing more is sent */
    uint64_t token;            /* the core's name of it */
    enum weft_err result;      /* how it ends */
};

/* The action SOURCE_FETCH of |node|. */
void weft_sim_source_fetch(struct weft_sim_world *world, uint32_t node,
                           const struct weft_action_source *source);

/* The action SOURCE_CANCEL of |node|. */
void weft_sim_source_cancel(struct weft_sim_world *world, uint32_t node, uint64_t token);

/* |node| dies: its requests are void. */
void weft_sim_source_forget(struct weft_sim_world *world, uint32_t node);

/* The source stops or begins to answer; requests in progress break when it stops. */
void weft_sim_source_switch(struct weft_sim_world *world, bool up);

/* FETCH_ASKED: the source begins to send, or does not answer. */
void weft_sim_source_on_asked(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* FETCH_SENT: the next chunk of the range begins. */
void weft_sim_source_on_sent(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* FETCH_ARRIVED: to the disk with it. */
void weft_sim_source_on_arrived(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* FETCH_STORED: the node is told of the chunk. */
void weft_sim_source_on_stored(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* FETCH_END: the node is told that the request is over. */
void weft_sim_source_on_end(struct weft_sim_world *world, const struct weft_sim_entry *entry);

#endif
