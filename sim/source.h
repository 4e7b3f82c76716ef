/* SPDX-License-Identifier: Apache-2.0 */
/* The upstream web server: range requests over its uplink, chunk by chunk, and its outages. A
 * request has a part at the node that asks and a part at the source, and messages between them. */
#ifndef WEFT_SIM_SOURCE_H
#define WEFT_SIM_SOURCE_H

#include "pipe.h"
#include "world.h"

/* A request as the node knows it; in the node's shard. */
struct weft_sim_fetch {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t node;             /* who asks */
    uint32_t storing;          /* chunks between arrival and durable */
    bool over;                 /* the end was told or is on its way: nothing more counts */
    uint64_t token;            /* the core's name of it */
};

/* A request as the source knows it; in the source's shard. */
struct weft_sim_answer {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t node;             /* who asks */
    uint32_t release;          /* number of the release */
    uint32_t next_chunk;       /* being sent */
    uint32_t end_chunk;        /* one past the last */
    enum weft_err result;      /* how the answer ends */
    uint64_t fetch;            /* handle of the request in the node's shard */
    uint64_t pipe;             /* what carries it */
    weft_ns slow_ns;           /* since when it is too slow; WEFT_NS_NEVER = it is not */
};

/* The action SOURCE_FETCH of |node|. */
void weft_sim_source_fetch(struct weft_sim_shard *shard, uint32_t node,
                           const struct weft_action_source *source);

/* The action SOURCE_CANCEL of |node|. */
void weft_sim_source_cancel(struct weft_sim_shard *shard, uint32_t node, uint64_t token);

/* |node| dies: its requests are void. */
void weft_sim_source_forget(struct weft_sim_shard *shard, uint32_t node);

/* Between windows: the source stops or begins to answer; requests in progress break when it
 * stops. */
void weft_sim_source_switch(struct weft_sim_world *world, bool up);

/* The pipe's item has left: the next chunk of the range begins. */
void weft_sim_source_on_sent(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe);

/* The answer on |pipe| goes at another rate from now on, 0 if its way is cut: if that is too slow,
 * the node will give it up. */
void weft_sim_source_on_rate(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe);

/* FETCH_SLOW: the node gives up, unless the answer has become faster meanwhile. */
void weft_sim_source_on_slow(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* FETCH_ASKED: the source begins to send, or does not answer. */
void weft_sim_source_on_asked(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* FETCH_STOP: the node does not want the rest. */
void weft_sim_source_on_stop(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* FETCH_ARRIVED: to the disk with it. */
void weft_sim_source_on_arrived(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* FETCH_STORED: the node is told of the chunk. */
void weft_sim_source_on_stored(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* FETCH_END: the node is told that the request is over. */
void weft_sim_source_on_end(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

#endif
