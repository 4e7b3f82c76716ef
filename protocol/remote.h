/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of other segments: a bounded table of agents and of those that knocked here.
 *
 * Answers "whom do we know elsewhere?"; what agents say to each other is in overlay.h. Bounds: at
 * most WEFT_REMOTES_PER_SEGMENT entries of one segment; a full table forgets ordinary nodes before
 * agents, of them one of the segment with most entries, of those the one heard of longest ago. */
#ifndef WEFT_REMOTE_H
#define WEFT_REMOTE_H

#include "message.h"
#include "overlay.h"
#include "reserve.h"

struct weft_core;

/* Entries kept of one other segment. */
#define WEFT_REMOTES_PER_SEGMENT 4

/* Only who was heard first hand this recently is passed on. */
#define WEFT_REMOTE_FRESH_NS (90 * WEFT_NS_PER_S)

struct weft_remote {
    struct weft_endpoint endpoint; /* id and address */
    uint64_t segment;              /* weft_segment_key() of its prefix */
    weft_ns heard_ns;              /* first hand; or when somebody told of it, if never heard */
    weft_bulletin bulletin;        /* newest metadata it is known to have */
    uint32_t site;                 /* hash of --site, 0 = none */
    uint8_t agent_class;           /* enum weft_agent_class */
    uint8_t unanswered;            /* messages sent to it since it was heard */
    bool is_agent;                 /* an Update Agent, when heard of last */
    bool is_first_hand;            /* this node heard it itself */
};

struct weft_remotes {
    void *pieces[WEFT_ROW_PIECES(WEFT_REMOTES_MAX, struct weft_remote)]; /* dense up to count */
    uint32_t count;                                                      /* entries in use */
    struct weft_overlays overlay; /* exchange between agents */
};

/* The core ends: give back the table. */
void weft_remote_end(struct weft_core *core);

/* A node of another segment.
 * Errors: NULL if unknown.   Owner: the core; valid until the end of the step. */
const struct weft_remote *weft_remote_find(const struct weft_core *core, weft_node_id id);

/* Nodes of other segments known. */
uint32_t weft_remote_count(const struct weft_core *core);

/* Entry |index|, 0..weft_remote_count()-1, in no particular order.
 * Owner: the core; valid until the end of the step. */
const struct weft_remote *weft_remote_at(const struct weft_core *core, uint32_t index);

/* Learn of a node; |first_hand|: it sent this itself. The own segment and node are passed over. */
void weft_remote_learn(struct weft_core *core, const struct weft_contact *contact, bool first_hand);

/* Agents of other segments that this node can count on: those that it heard itself within
 * WEFT_REMOTE_FRESH_NS; for |any|, all that it was told of. */
uint32_t weft_remote_reach(const struct weft_core *core, bool any);

/* Was entry |remote| an agent, heard first hand, within WEFT_REMOTE_FRESH_NS? */
bool weft_remote_is_fresh(const struct weft_core *core, const struct weft_remote *remote);

/* First-hand sign of life of |id|, if known. Returns whether it is. */
bool weft_remote_heard(struct weft_core *core, weft_node_id id, weft_bulletin bulletin);

/* Something was sent to entry |index| that it should answer. */
void weft_remote_asked(struct weft_core *core, uint32_t index);

/* Drop entries that did not answer four times and were not heard of for 60 s, and those not heard
 * of for 30 minutes. */
void weft_remote_sweep(struct weft_core *core);

/* Forget |id|, which is a member of the own segment now. */
void weft_remote_forget(struct weft_core *core, weft_node_id id);

/* What others are told of entry |index|. */
struct weft_contact weft_remote_contact(const struct weft_core *core, uint32_t index);

/* Up to |wanted| entries at random, agents first, different segments first.
 * Shape:  places[wanted]. Returns how many. */
uint32_t weft_remote_sample(struct weft_core *core, uint32_t wanted, uint32_t *places);

/* A release is being fetched or was announced: agents exchange quickly for a while. */
void weft_remote_stir(struct weft_core *core);

/* Exchange with other segments. */
void weft_remote_expire(struct weft_core *core);

#endif
