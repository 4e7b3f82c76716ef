/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody watches the run: fills a history while time passes. Only there if a trace, a report or
 * a screen is wanted; it changes nothing in the run.
 *
 * Chunks and roles are told by the cores' trace records, on the thread of their shard, which
 * writes to rows of its own segments only. The rest is looked at between windows, once a slice. */
#ifndef WEFT_SIM_WATCH_H
#define WEFT_SIM_WATCH_H

#include "history.h"

struct weft_sim_world;
struct weft_sim_shard;
struct weft_sim_summary;

/* How a chunk came: first into a segment, or last to a node. */
struct weft_sim_arrival {
    uint32_t time_ms; /* when, since time zero; 0 = it did not */
    uint32_t node;    /* who stored it */
    uint32_t from;    /* who sent it: a node or WEFT_SIM_SOURCE */
    uint32_t chunk;   /* which one */
};

/* Records of one shard that are looked at between windows. */
struct weft_sim_notes {
    struct weft_trace_record *items; /* in order of time; owned */
    uint32_t count;                  /* entries of items */
    uint32_t room;                   /* entries that fit */
};

struct weft_sim_watch {
    struct weft_sim_history history; /* what is known */
    weft_ns zero_ns;                 /* the release appeared; 0 = not yet */
    weft_ns looked_ns;               /* the last look */
    weft_ns next_ns;                 /* the next one */
    struct weft_sim_notes *notes;    /* of each shard; owned */
    uint32_t shard_count;            /* entries of notes */
    struct weft_sim_arrival *firsts; /* [segment * chunks_max + chunk]; owned */
    struct weft_sim_arrival *lasts;  /* of each node; owned */
    uint32_t chunks_max;             /* of any release */
    uint32_t node_count;             /* entries of lasts, bits of down */
    uint64_t *down;                  /* nodes that were down at the last look; owned */
    uint64_t *wan_bytes;             /* of each segment at the last look; owned */
    uint64_t *control_bytes;         /* likewise */
    bool source_up;                  /* at the last look */
};

/* Watch |world|, which is made but has not begun.
 * Owner: the caller; ends with weft_sim_watch_free(). */
struct weft_sim_watch *weft_sim_watch_new(const struct weft_sim_world *world);

/* Free it; NULL is fine. */
void weft_sim_watch_free(struct weft_sim_watch *watch);

/* A core of |shard| tells something, in virtual time. On the shard's thread. */
void weft_sim_watch_record(struct weft_sim_shard *shard, const struct weft_trace_record *record);

/* Before a window that ends at |end_ns|. */
void weft_sim_watch_open(struct weft_sim_watch *watch, weft_ns end_ns);

/* Between windows. */
void weft_sim_watch_look(struct weft_sim_watch *watch, const struct weft_sim_world *world);

/* A release has appeared: its time begins. */
void weft_sim_watch_publish(struct weft_sim_watch *watch, const struct weft_sim_world *world);

/* The run is over: fill in what is known only now. */
void weft_sim_watch_finish(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                           const struct weft_sim_summary *summary);

#endif
