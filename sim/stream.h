/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams, and streams between pairs of nodes: opening, closing, control frames in order. */
#ifndef WEFT_SIM_STREAM_H
#define WEFT_SIM_STREAM_H

#include "world.h"

/* No upload. */
#define WEFT_SIM_NO_UPLOAD UINT64_MAX

enum weft_sim_end_state {
    WEFT_SIM_END_FREE,    /* slot not in use */
    WEFT_SIM_END_OPENING, /* this node wants it, the other has not answered */
    WEFT_SIM_END_UP,      /* usable */
    WEFT_SIM_END_CLOSING  /* broken; the core is being told */
};

/* One node's side of a stream. */
struct weft_sim_end {
    uint32_t epoch;        /* name of the stream, the same at both ends */
    uint8_t state;         /* enum weft_sim_end_state */
    uint8_t peer_slot;     /* slot of the other end; valid while UP */
    uint16_t upload_count; /* chunks sent and waiting to be sent here */
    weft_ns last_ns;       /* nothing sent later arrives before */
    uint64_t upload_first; /* handle of the chunk being sent, others behind it */
    uint64_t upload_last;  /* handle of the last one waiting */
};

/* The action DATAGRAM of |node|. */
void weft_sim_stream_send_datagram(struct weft_sim_world *world, uint32_t node,
                                   const struct weft_action_send *send);

/* The action FRAME of |node|. */
void weft_sim_stream_send_frame(struct weft_sim_world *world, uint32_t node,
                                const struct weft_action_send *send);

/* The action STREAM_OPEN of |node|. */
void weft_sim_stream_open(struct weft_sim_world *world, uint32_t node,
                          const struct weft_endpoint *peer);

/* The action STREAM_CLOSE of |node|. */
void weft_sim_stream_close(struct weft_sim_world *world, uint32_t node, weft_node_id peer);

/* |node| dies: all its streams break, without a word to its own core. */
void weft_sim_stream_break_all(struct weft_sim_world *world, uint32_t node);

/* The end of |node| towards |peer|; NULL = none. */
struct weft_sim_end *weft_sim_stream_find(struct weft_sim_world *world, uint32_t node,
                                          uint32_t peer);

/* DATAGRAM: it arrives, or nobody is there. */
void weft_sim_stream_on_datagram(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* FRAME: it arrives, or the stream is gone. */
void weft_sim_stream_on_frame(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CONNECT: a node asks this one for a stream. */
void weft_sim_stream_on_connect(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* CONNECTED: the node that was asked agrees. */
void weft_sim_stream_on_connected(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* REFUSED: it does not, or nobody is there. */
void weft_sim_stream_on_refused(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* DISCONNECT: the other end was closed. */
void weft_sim_stream_on_disconnect(struct weft_sim_world *world,
                                   const struct weft_sim_entry *entry);

#endif
