/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated machine: a core, a clock, a disk, and the driver that carries out what the core
 * asks for. */
#ifndef WEFT_SIM_NODE_H
#define WEFT_SIM_NODE_H

#include "queue.h"

#include "protocol/core.h"

/* Peers that a node keeps on disk and tries at its next start, beside its seeds. */
#define WEFT_SIM_REMEMBERED 8

struct weft_sim_world;
struct weft_sim_shard;

/* What the simulated shell knows of metadata, see shell.h. */
struct weft_sim_updater {
    uint32_t version; /* timestamp version trusted; survives a crash */
    uint32_t wanted;  /* version being fetched, 0 = none */
    uint32_t hint;    /* node that announced it, or WEFT_SIM_NOBODY */
    uint8_t stage;    /* document being fetched, enum weft_sim_document_kind */
    uint8_t holds;    /* documents of |wanted| that are here, bits by kind */
    uint8_t looks;    /* requests for the timestamp that are open at the source */
    bool is_looking;  /* a SOURCE_LOOK was not answered by LOOKED yet */
    uint32_t token;   /* of the open DOCUMENT_WANTED; grows */
};

/* The first 64 bytes are what every event touches; they share a cache line. */
struct weft_sim_node {
    _Alignas(64) struct weft_core *core; /* NULL while the node is down */
    weft_ns clock_ns;                    /* the node's clock minus virtual time, modulo 2^64 */
    weft_ns tick_ns;        /* virtual time of the next TICK that counts; WEFT_NS_NEVER = none */
    weft_ns later_ns;       /* of one behind it that counts as well; WEFT_NS_NEVER = none */
    uint32_t pending_count; /* chunks, requests and documents it waits for */
    uint32_t life;          /* starts so far; what an earlier life asked for is void */
    uint16_t ticks_at_once; /* TICKs in a row without time passing */
    uint8_t slots_used;     /* slots for streams ever used: the others are free */
    uint8_t source_idle;    /* connections to the source that can be used again */
    bool alive;             /* runs */
    bool returns;           /* is down and will start again */
    bool completing;        /* the shell is checking the whole */
    bool hostile;           /* see hostile.h; it counts nowhere */
    weft_ns due_ns;         /* its core's deadline on its own clock, as of the last step */
    weft_node_id id;        /* name */
    uint64_t *have;         /* chunks of |fetching| on disk; survives a crash */
    uint16_t upload_count;  /* chunks it sends or keeps waiting */
    uint16_t have_count;    /* bits set in have */
    uint16_t fetching;      /* release that |have| is of, NO_RELEASE = none; survives a crash */
    uint16_t held;          /* release that is active, NO_RELEASE = none; survives a crash */
    weft_ns disk_free_ns;   /* when the disk has stored everything given to it */
    weft_ns complete_ns;    /* when |held| was activated */
    weft_ns source_idle_ns; /* since when its connections to the source are idle */
    uint32_t segment;       /* where it stands */
    struct weft_sim_updater updater; /* metadata */
};

_Static_assert(sizeof(struct weft_sim_node) == 128, "a node is two cache lines");

/* Prepare node |index| of the world: identity, memory, first start. */
void weft_sim_node_prepare(struct weft_sim_world *world, uint32_t index);

/* NODE_START: make a core and tell it what is on disk. */
void weft_sim_node_on_start(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* NODE_TICK. */
void weft_sim_node_on_tick(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* Kill the node now, as by kill -9: streams break, memory is lost, what is on disk stays. It starts
 * again after |away_ns|; WEFT_NS_NEVER = it does not. No effect if it is down. */
void weft_sim_node_crash(struct weft_sim_shard *shard, uint32_t index, weft_ns away_ns);

/* Give |event| to the core of a living node and carry out what it asks for; sets event->now_ns. */
void weft_sim_node_step(struct weft_sim_shard *shard, uint32_t index, struct weft_event *event);

/* Give |bytes| to the node's disk at |from_ns| or later; when they are durable. */
weft_ns weft_sim_node_store(struct weft_sim_shard *shard, uint32_t index, weft_ns from_ns,
                            uint32_t bytes);

/* The chunk |name| is durable: remember it and tell the core. |event| is CHUNK with result OK. */
void weft_sim_node_stored(struct weft_sim_shard *shard, uint32_t index, uint32_t name,
                          struct weft_event *event);

/* The chunk is no longer on the disk. */
void weft_sim_node_lose(struct weft_sim_node *node, uint32_t chunk);

/* Is chunk |chunk| of release number |release| on the node's disk? */
bool weft_sim_node_has(const struct weft_sim_node *node, uint32_t release, uint32_t chunk);

#endif
