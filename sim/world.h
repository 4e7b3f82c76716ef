/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that exists during one run, and what can happen in it. Included by the modules of
 * sim/, by nobody else; each module owns its part.
 *
 * A node's core is stepped only by weft_sim_node_step(); what it asks for becomes entries of the
 * queue, never an immediate event, so steps do not nest. */
#ifndef WEFT_SIM_WORLD_H
#define WEFT_SIM_WORLD_H

#include "buffer.h"
#include "check.h"
#include "fault.h"
#include "network.h"
#include "node.h"
#include "options.h"
#include "pool.h"
#include "publish.h"
#include "queue.h"
#include "record.h"
#include "topology.h"

#include "protocol/action.h"

/* What an entry of the queue means; the module that handles it stands behind. */
enum weft_sim_kind {
    WEFT_SIM_NODE_START,     /* node: the node starts (again) */
    WEFT_SIM_NODE_TICK,      /* node: its core's deadline has come */
    WEFT_SIM_DATAGRAM,       /* stream: a datagram arrives */
    WEFT_SIM_FRAME,          /* stream: a control frame arrives */
    WEFT_SIM_CONNECT,        /* stream: somebody wants a stream */
    WEFT_SIM_CONNECTED,      /* stream: the other side agreed */
    WEFT_SIM_REFUSED,        /* stream: nobody answers there */
    WEFT_SIM_DISCONNECT,     /* stream: the other side closed it */
    WEFT_SIM_CHUNK_OFFER,    /* upload: the header of a chunk arrives */
    WEFT_SIM_CHUNK_SENT,     /* upload: its last byte has left the sender */
    WEFT_SIM_CHUNK_ARRIVED,  /* upload: its last byte is here */
    WEFT_SIM_CHUNK_STORED,   /* upload: it is on disk */
    WEFT_SIM_CHUNK_CUT,      /* upload: the sender stopped in the middle */
    WEFT_SIM_CHUNK_DROPPED,  /* upload: cancelled before it began */
    WEFT_SIM_FETCH_ASKED,    /* source: a range request arrives at the source */
    WEFT_SIM_FETCH_SENT,     /* source: a chunk's last byte has left the source */
    WEFT_SIM_FETCH_ARRIVED,  /* source: it is at the node */
    WEFT_SIM_FETCH_STORED,   /* source: it is on disk */
    WEFT_SIM_FETCH_END,      /* source: the request is over */
    WEFT_SIM_SOURCE_SWITCH,  /* source: an outage begins or ends */
    WEFT_SIM_DOCUMENT_ASKED, /* document: the request arrives where the document is */
    WEFT_SIM_DOCUMENT_SENT,  /* document: its last byte has left */
    WEFT_SIM_DOCUMENT_END,   /* document: it is here, or will not come */
    WEFT_SIM_PUBLISH,        /* publish: time zero */
    WEFT_SIM_ACTIVATED,      /* publish: the shell has checked the whole release */
    WEFT_SIM_VERDICT,        /* publish: the shell has looked at what a peer announced */
    WEFT_SIM_MARK,           /* world: measure idle traffic from here on */
    WEFT_SIM_FAULT,          /* fault: a planned fault happens */
    WEFT_SIM_KIND_COUNT
};

/* Bytes and chunks that left the sender and were not stored. */
struct weft_sim_losses {
    uint64_t chunks_discarded; /* the receiver read past them */
    uint64_t chunks_cut;       /* sender, receiver, stream or source went away in the middle */
    uint64_t bytes_discarded;  /* of the chunks discarded */
    uint64_t bytes_cut;        /* of the chunks cut, counted whole: the links were reserved */
};

/* Counters of the whole run. */
struct weft_sim_totals {
    uint64_t chunks_stored;        /* verified and durable, twice counts twice */
    uint64_t bytes_stored;         /* of them */
    uint64_t chunks_begun;         /* transfers between nodes and from the source */
    uint64_t bytes_begun;          /* of them */
    uint64_t chunks_on_the_way;    /* begun, neither stored nor lost yet */
    uint64_t chunks_twice;         /* stored although they were there */
    uint64_t frames;               /* control frames delivered */
    uint64_t datagrams;            /* datagrams delivered */
    uint64_t datagrams_lost;       /* by --loss or because nobody was there */
    uint64_t steps;                /* events given to cores */
    uint64_t source_requests;      /* range requests */
    uint64_t source_refused;       /* of them, during an outage */
    struct weft_sim_losses losses; /* what did not arrive */
};

struct weft_sim_world {
    const struct weft_sim_options *options; /* borrowed */
    struct weft_sim_topology topology;      /* who is where */
    struct weft_sim_queue *queue;           /* what happens next */
    struct weft_sim_network *network;       /* how long bytes take */
    struct weft_sim_buffers buffers;        /* long messages on their way */
    struct weft_sim_record record;          /* trace hash and file */
    struct weft_sim_checks checks;          /* invariants */
    struct weft_sim_faults faults;          /* what goes wrong */
    struct weft_sim_release release;        /* what is distributed */
    struct weft_sim_pool uploads;           /* chunks on their way between nodes */
    struct weft_sim_pool fetches;           /* range requests at the source */
    struct weft_sim_pool documents;         /* documents on their way */
    struct weft_sim_node *nodes;            /* node_count of them; owned */
    uint32_t node_count;                    /* nodes */
    uint32_t ends_max;                      /* streams of one node */
    struct weft_config config;              /* of every core; seed differs */
    uint8_t *cores;                         /* memory of all cores; owned */
    size_t core_bytes;                      /* of one core, a multiple of 64 */
    uint64_t *haves;                        /* chunks on each node's disk; owned */
    uint32_t have_words;                    /* words of one node's set */
    uint32_t *peers;                        /* see struct weft_sim_node; owned */
    struct weft_sim_end *ends;              /* see struct weft_sim_node; owned */
    struct weft_action_queue *actions;      /* of the step being handled; owned */
    struct weft_host host;                  /* given to every core */
    uint32_t epoch_next;                    /* name of the next stream */
    bool source_up;                         /* the source answers */
    uint32_t source_version;                /* timestamp version the source shows */
    weft_ns publish_ns;                     /* time zero */
    uint64_t offer;                         /* handle of the upload whose OFFER is being stepped */
    struct weft_sim_totals totals;          /* counters */
    uint32_t complete_count;                /* nodes that have activated the release and live */
    uint32_t gone_count;                    /* nodes that are down for good */
    uint32_t away_count;                    /* nodes that are down and will start again */
    weft_ns first_known_ns;                 /* when the first node knew of the release; 0 = none */
    weft_ns last_known_ns;                  /* when the last one did */
    uint64_t *control_mark;                 /* control bytes up of each node at the mark; owned */
    uint64_t *control_zero;                 /* the same at time zero; owned */
    weft_ns mark_ns;                        /* when the idle measurement began */
    bool published;                         /* time zero has come */
    bool interrupted;                       /* Ctrl-C */
};

/* Make the world that |options| describe, with every node about to start.
 * Errors: false if the core refuses the configuration or the trace file cannot be written; a
 *         message was printed.
 * Owner:  the caller; ends with weft_sim_world_end(). Borrows |options|. */
bool weft_sim_world_begin(struct weft_sim_world *world, const struct weft_sim_options *options);

/* Let time pass until every living node has the release, the time limit is over, an invariant is
 * violated, or |stop| is set by a signal. */
void weft_sim_world_run(struct weft_sim_world *world, const volatile int *stop);

/* Free everything. */
void weft_sim_world_end(struct weft_sim_world *world);

/* Virtual time. */
static inline weft_ns weft_sim_world_now(const struct weft_sim_world *world)
{
    return weft_sim_queue_now(world->queue);
}

/* Push an entry of |kind| for |node|, its other fields zeroed. */
struct weft_sim_entry *weft_sim_world_push(struct weft_sim_world *world, weft_ns time_ns,
                                           enum weft_sim_kind kind, uint32_t node);

#endif
