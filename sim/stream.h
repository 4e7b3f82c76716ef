/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams, and streams between pairs of nodes: opening, closing, control frames in order. */
#ifndef WEFT_SIM_STREAM_H
#define WEFT_SIM_STREAM_H

#include "world.h"

enum weft_sim_end_state {
    WEFT_SIM_END_FREE,    /* slot not in use */
    WEFT_SIM_END_OPENING, /* this node wants it, the other has not answered */
    WEFT_SIM_END_UP,      /* usable */
    WEFT_SIM_END_CLOSING  /* broken; the core is being told */
};

/* What is known of the chunk that comes in, from its header to its last byte. */
enum weft_sim_incoming {
    WEFT_SIM_INCOMING_NONE,     /* no chunk */
    WEFT_SIM_INCOMING_OFFERED,  /* the core is being asked */
    WEFT_SIM_INCOMING_ACCEPTED, /* the core wants it */
    WEFT_SIM_INCOMING_UNWANTED  /* it is read past */
};

/* One node's side of a stream. Its pipe and its chunks are its own and end with it or before, so
 * their places in the pools suffice. */
struct weft_sim_end {
    weft_ns last_ns;       /* nothing sent later arrives before */
    uint32_t epoch;        /* name of the stream, the same at both ends */
    uint32_t chunk;        /* that comes in, as a name of upload.h */
    uint32_t pipe;         /* place of what carries chunks away from here, NO_PIPE = none yet */
    uint32_t upload_first; /* place of the chunk being sent, others behind it; NO_UPLOAD = none */
    uint32_t peer;         /* node at the other end; valid unless FREE */
    unsigned state : 4;    /* enum weft_sim_end_state */
    unsigned incoming : 4; /* enum weft_sim_incoming */
    uint8_t upload_count;  /* chunks being sent and waiting here */
    uint8_t slot;          /* own slot */
    uint8_t peer_slot;     /* slot of the other end; valid while UP */
};

_Static_assert(sizeof(struct weft_sim_end) == 32, "a node has some twenty of them");

/* Slots come in bands of so many, which a node takes as it needs them. */
#define WEFT_SIM_BAND 8

/* Where slot |slot| of |node| is in world->ends and world->peers; what it never used is in band 0,
 * of nobody. */
static inline size_t weft_sim_stream_place(const struct weft_sim_world *world, uint32_t node,
                                           uint32_t slot)
{
    uint32_t band = world->bands[(size_t)node * world->bands_max + slot / WEFT_SIM_BAND];
    return (size_t)band * WEFT_SIM_BAND + slot % WEFT_SIM_BAND;
}

/* No upload, no pipe. */
#define WEFT_SIM_NO_UPLOAD UINT32_MAX
#define WEFT_SIM_NO_PIPE UINT32_MAX

/* The action DATAGRAM of |node|. */
void weft_sim_stream_send_datagram(struct weft_sim_shard *shard, uint32_t node,
                                   const struct weft_action_send *send);

/* The action FRAME of |node|. */
void weft_sim_stream_send_frame(struct weft_sim_shard *shard, uint32_t node,
                                const struct weft_action_send *send);

/* The action STREAM_OPEN of |node|. */
void weft_sim_stream_open(struct weft_sim_shard *shard, uint32_t node,
                          const struct weft_endpoint *peer);

/* The action STREAM_CLOSE of |node|. */
void weft_sim_stream_close(struct weft_sim_shard *shard, uint32_t node, weft_node_id peer);

/* What came over the stream |epoch| of |node| is not genuine: it closes it, if it is up. */
void weft_sim_stream_break(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                           uint32_t slot, uint32_t epoch);

/* |node| dies: all its streams break, without a word to its own core. */
void weft_sim_stream_break_all(struct weft_sim_shard *shard, uint32_t node);

/* The end of |node| towards |peer|; NULL = none. */
struct weft_sim_end *weft_sim_stream_find(const struct weft_sim_world *world, uint32_t node,
                                          uint32_t peer);

/* The node of the name |id| to which |node| has a stream: of clones, the one at the other end of
 * what is up. */
uint32_t weft_sim_stream_peer(const struct weft_sim_world *world, uint32_t node, weft_node_id id);

/* The end at |slot| of |node| while it is UP and of the stream |epoch| with |peer|: only together
 * they are a name. NULL = not any more. */
struct weft_sim_end *weft_sim_stream_at(const struct weft_sim_world *world, uint32_t node,
                                        uint32_t peer, uint32_t slot, uint32_t epoch);

/* DATAGRAM: it arrives, or nobody is there. */
void weft_sim_stream_on_datagram(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* FRAME: it arrives, or the stream is gone. */
void weft_sim_stream_on_frame(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* CONNECT: a node asks this one for a stream. */
void weft_sim_stream_on_connect(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* CONNECTED: the node that was asked agrees. */
void weft_sim_stream_on_connected(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* REFUSED: it does not, or nobody is there. */
void weft_sim_stream_on_refused(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* DISCONNECT: the other end was closed. */
void weft_sim_stream_on_disconnect(struct weft_sim_shard *shard,
                                   const struct weft_sim_entry *entry);

#endif
