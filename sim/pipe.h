/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a connection that carries bulk bytes: items (chunks) one after the other, at the
 * rate that the network gives the connection while it is busy. Between two items without a pause
 * nothing is rated anew; a connection that is new or was idle first has to find its rate. */
#ifndef WEFT_SIM_PIPE_H
#define WEFT_SIM_PIPE_H

#include "pool.h"
#include "queue.h"

struct weft_sim_shard;

/* No flow. */
#define WEFT_SIM_NO_FLOW UINT32_MAX

/* Whose items it carries, that is, who is told when the last byte of one has left. */
enum weft_sim_pipe_user {
    WEFT_SIM_PIPE_UPLOAD, /* upload.h: chunks from node to node */
    WEFT_SIM_PIPE_ANSWER  /* source.h: chunks of a range request */
};

struct weft_sim_pipe {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t from;             /* node, or WEFT_SIM_SOURCE */
    uint32_t to;               /* node */
    uint32_t flow;             /* in the site's solver or the backbone's, NO_FLOW = none */
    uint32_t bytes;            /* of the item */
    uint8_t user;              /* enum weft_sim_pipe_user */
    uint8_t weight;            /* on a line between sites that is full */
    bool far;                  /* crosses access lines of sites */
    bool busy;                 /* has an item */
    bool beginning;            /* the connection still has to find its rate */
    bool waiting;              /* it begins, and was not rated yet */
    bool held;                 /* the way is cut: nothing moves */
    uint64_t item;             /* the user's name of the item */
    uint64_t left;             /* bytes of the item that have not left, in 1/256 */
    uint64_t rate;             /* 1/256 bytes per second, since |settled_ns| */
    weft_ns settled_ns;        /* |left| is as of then */
    weft_ns began_ns;          /* when the item began */
    weft_ns due_ns;            /* of the PIPE_DUE that counts, WEFT_NS_NEVER = none */
    weft_ns idle_ns;           /* since when there was no item; WEFT_NS_NEVER = never used */
    weft_ns frame_ns;          /* when the frame that its user sent last on the stream arrives */
};

/* A direction from |from|, which is in this shard, to |to|; of several connections that number
 * |lane|.
 * Owner: the shard's pool; ends with weft_sim_pipe_close(). */
struct weft_sim_pipe *weft_sim_pipe_open(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                         enum weft_sim_pipe_user user, uint32_t lane);

/* Close it. Returns how many bytes of an item in the middle had left; they are counted as sent. */
uint32_t weft_sim_pipe_close(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe);

/* Send an item of |bytes| over an idle pipe. Its user hears of it when the last byte has left. */
void weft_sim_pipe_send(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe, uint32_t bytes,
                        uint64_t item);

/* How long until what is left of the item and |behind| bytes have left at the present rate, but of
 * |most| bytes at most; 0 = it does not send. */
weft_ns weft_sim_pipe_drain_ns(const struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe,
                               uint64_t behind, uint64_t most);

/* The way of the pipe is cut, or not any more. Between windows. */
void weft_sim_pipe_hold(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe, bool held);

/* The network gives the connection another rate from now on. */
void weft_sim_pipe_rate(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe, uint64_t rate);

/* PIPE_DUE: the last byte of the item has left, or will later. */
void weft_sim_pipe_on_due(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* PIPE_BEGIN: the connection has found its rate. */
void weft_sim_pipe_on_begin(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

#endif
