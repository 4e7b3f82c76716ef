/* SPDX-License-Identifier: Apache-2.0 */
/* A small mesh in one process: cores, virtual time, datagrams with delay, loss and partitions.
 *
 * Answers "what does the control plane do when ...": only datagrams, bulletins and looks at the
 * source are played; data streams never open. Node i has id weft_cluster_id(i) and listens at
 * 10.SEGMENT.x.y:7767 in 10.SEGMENT.0.0/16. A run is a function of the seed. */
#ifndef WEFT_CLUSTER_H
#define WEFT_CLUSTER_H

#include "protocol/core.h"
#include "protocol/view.h"

/* Trace records kept; the oldest ones are overwritten. */
#define WEFT_CLUSTER_LOG_MAX 65536

struct weft_cluster_node {
    void *memory;               /* of the core, NULL = never started or killed */
    struct weft_core *core;     /* in memory */
    struct weft_endpoint self;  /* id and address */
    struct weft_prefix segment; /* own subnet */
    uint64_t incarnation;       /* of the next start */
    weft_ns tick_ns;            /* of the TICK in the queue that counts */
    weft_ns stalled_ns;         /* nothing is handled before then */
    uint32_t group;             /* nodes of different groups do not reach each other */
    bool no_agent;              /* its certificate says that it may be no Update Agent */
    uint32_t look_count;        /* looks at the source */
    uint64_t bytes_sent;        /* payload of datagrams */
    uint64_t datagrams_sent;    /* datagrams */
    weft_ns bulletin_ns;        /* when its newest bulletin was accepted, 0 = never */
};

struct weft_cluster_event; /* a datagram under way, a tick, an answer of the shell */

struct weft_cluster {
    struct weft_cluster_node *nodes;   /* node_count of them */
    uint32_t node_count;               /* nodes */
    weft_ns now_ns;                    /* virtual time */
    uint64_t rng;                      /* of the network */
    uint32_t loss_permille;            /* of datagrams */
    bool source_fails;                 /* looks end in an error */
    uint32_t source_version;           /* bulletin the source has, 0 = nothing new */
    struct weft_config config;         /* of nodes started from now on */
    struct weft_action_queue *actions; /* shared by all cores */
    struct weft_cluster_event **heap;  /* ordered by time, then sequence */
    uint32_t heap_count;               /* of heap */
    uint32_t heap_size;                /* room in heap */
    uint64_t sequence;                 /* of the newest event */
    struct weft_trace_record *log;     /* ring of WEFT_CLUSTER_LOG_MAX */
    uint64_t log_count;                /* records ever */
};

/* Make a cluster of |node_count| nodes, |per_segment| of them in each segment, none started. */
struct weft_cluster *weft_cluster_new(uint32_t node_count, uint32_t per_segment, uint64_t seed);

/* Free it. */
void weft_cluster_free(struct weft_cluster *cluster);

/* Id of node |index|. */
weft_node_id weft_cluster_id(uint32_t index);

/* Node of an id; node_count if there is none. */
uint32_t weft_cluster_index(const struct weft_cluster *cluster, weft_node_id id);

/* Start (or restart) node |index|, which knows the address of node |seed|; of nobody if that is
 * itself. */
void weft_cluster_start(struct weft_cluster *cluster, uint32_t index, uint32_t seed);

/* Start all nodes at once; they know node 0. Node 0 knows nobody. */
void weft_cluster_start_all(struct weft_cluster *cluster);

/* Power off. */
void weft_cluster_kill(struct weft_cluster *cluster, uint32_t index);

/* Handle nothing for |pause_ns|; datagrams wait meanwhile. */
void weft_cluster_stall(struct weft_cluster *cluster, uint32_t index, weft_ns pause_ns);

/* Let node |index| live through |event| now. */
void weft_cluster_step(struct weft_cluster *cluster, uint32_t index, struct weft_event *event);

/* The bulletin of a timestamp version: root version 1, no tag. */
weft_bulletin weft_cluster_bulletin(uint32_t version);

/* Node |index| gets bulletin |version| from its shell. */
void weft_cluster_publish(struct weft_cluster *cluster, uint32_t index, uint32_t version);

/* Run for |duration_ns|. */
void weft_cluster_run(struct weft_cluster *cluster, weft_ns duration_ns);

/* Run until |is_done| says so, asked every 20 ms, but not longer than |limit_ns|.
 * Returns the time it took, WEFT_NS_NEVER if it did not come. */
weft_ns weft_cluster_run_until(struct weft_cluster *cluster, weft_ns limit_ns,
                               bool (*is_done)(const struct weft_cluster *cluster));

/* Deliver |length| bytes to node |index| as if from |from| with |hop_limit|. */
void weft_cluster_inject(struct weft_cluster *cluster, uint32_t index,
                         const struct weft_event_datagram *datagram);

/* Does every running node hold exactly the running nodes of its own segment and group alive? */
bool weft_cluster_is_agreed(const struct weft_cluster *cluster);

/* Does every running node name the same agents in force in its segment, |count| of them? */
bool weft_cluster_agents_agree(const struct weft_cluster *cluster, uint32_t count);

/* How many trace records of |kind| about |peer| (0 = any) there were since |since_ns|. */
uint32_t weft_cluster_count(const struct weft_cluster *cluster, enum weft_trace_kind kind,
                            weft_node_id peer, weft_ns since_ns);

#endif
