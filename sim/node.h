/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated machine: a core, a clock, a disk, and the driver that carries out what the core
 * asks for. */
#ifndef WEFT_SIM_NODE_H
#define WEFT_SIM_NODE_H

#include "queue.h"

#include "protocol/core.h"

struct weft_sim_world;

/* What the simulated shell knows of metadata, see publish.h. */
struct weft_sim_updater {
    uint32_t version; /* timestamp version trusted; survives a crash */
    uint32_t wanted;  /* version being fetched, 0 = none */
    uint32_t stage;   /* document being fetched, enum weft_sim_document_kind */
    uint32_t hint;    /* node that announced it, or WEFT_SIM_NOBODY */
    uint32_t holds;   /* documents of |wanted| that are here, bits by kind */
    uint64_t token;   /* of the open DOCUMENT_WANTED; grows */
    bool has_release; /* the release is known on disk; survives a crash */
};

/* The first 64 bytes are what every event touches; they share a cache line. */
struct weft_sim_node {
    _Alignas(64) struct weft_core *core; /* NULL while the node is down */
    weft_ns clock_ns;                    /* the node's clock minus virtual time, modulo 2^64 */
    weft_ns tick_ns;           /* virtual time of the next TICK that counts; WEFT_NS_NEVER = none */
    weft_ns later_ns;          /* of one behind it that counts as well; WEFT_NS_NEVER = none */
    struct weft_sim_end *ends; /* its streams' ends, ends_max slots */
    uint32_t *peers;           /* node at the other end of each slot, for a fast search */
    uint32_t pending_count;    /* chunks, requests and documents it waits for */
    uint32_t life;             /* starts so far; what an earlier life asked for is void */
    uint16_t ticks_at_once;    /* TICKs in a row without time passing */
    uint16_t slots_used;       /* slots ever used: the others are free */
    bool alive;                /* runs */
    bool returns;              /* is down and will start again */
    bool complete;             /* the release was activated; survives a crash */
    bool completing;           /* the shell is checking the whole */
    weft_node_id id;           /* name */
    uint64_t *have;            /* chunks on disk; survives a crash */
    weft_ns disk_free_ns;      /* when the disk has stored everything given to it */
    weft_ns complete_ns;       /* when the release was activated; 0 = not yet */
    uint32_t upload_count;     /* chunks it sends or keeps waiting */
    uint32_t segment;          /* where it stands */
    uint32_t have_count;       /* bits set in have */
    struct weft_sim_updater updater; /* metadata */
};

/* Prepare node |index| of the world: identity, memory, first start. */
void weft_sim_node_prepare(struct weft_sim_world *world, uint32_t index);

/* NODE_START: make a core and tell it what is on disk. */
void weft_sim_node_on_start(struct weft_sim_world *world, uint32_t index);

/* NODE_TICK. */
void weft_sim_node_on_tick(struct weft_sim_world *world, const struct weft_sim_entry *entry);

/* Kill the node now, as by kill -9: streams break, memory is lost, what is on disk stays. It starts
 * again after |away_ns|; WEFT_NS_NEVER = it does not. No effect if it is down. */
void weft_sim_node_crash(struct weft_sim_world *world, uint32_t index, weft_ns away_ns);

/* Give |event| to the core of a living node and carry out what it asks for; sets event->now_ns. */
void weft_sim_node_step(struct weft_sim_world *world, uint32_t index, struct weft_event *event);

/* Give |bytes| to the node's disk at |from_ns| or later; when they are durable. */
weft_ns weft_sim_node_store(struct weft_sim_world *world, uint32_t index, weft_ns from_ns,
                            uint32_t bytes);

/* A chunk is durable: remember it and tell the core. |event| is CHUNK with result OK. */
void weft_sim_node_stored(struct weft_sim_world *world, uint32_t index, struct weft_event *event);

/* Is chunk |chunk| on the node's disk? */
bool weft_sim_node_has(const struct weft_sim_node *node, uint32_t chunk);

#endif
