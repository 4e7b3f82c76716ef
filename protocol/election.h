/* SPDX-License-Identifier: Apache-2.0 */
/* Who is Update Agent of the segment. SPEC.md section "Election".
 *
 * Every node computes the same ordered list of candidates from the same records: class, score,
 * rendezvous weight. Nobody votes; who should act claims, and the claim travels in its record.
 *
 *   state     leaves for   when
 *   FOLLOWER  CLAIM        fewer than A live agents and place p among the others < what is missing;
 *                          or it beats the weakest agent (challenge, below)
 *   CLAIM     AGENT        the reason held for 300 ms + p * 150 ms
 *   CLAIM     FOLLOWER     the reason is gone
 *   AGENT     DRAIN        A better agents in force for 3 s (5 s more for each that is worse)
 *   DRAIN     FOLLOWER     2 s later
 *
 * A = tuning.agents, or clamp(ceil(n/128), 2, 4), 1 if n <= 3; pinned nodes and servers always
 * count, up to WEFT_AGENTS_MAX. Cold start: nobody claims before the view was stable for 1 s, at
 * most 3 s after START; a node that is alone claims at once. Challenge: a higher class or two
 * half-octaves more in ten windows of 60 s in a row, not within 10 minutes of the last change;
 * class PIN and SERVER at once. The new agent claims before the old one drains. An agent of class
 * never, which stood in while there was nobody else, drains as soon as another is in force. */
#ifndef WEFT_ELECTION_H
#define WEFT_ELECTION_H

#include "arena.h"
#include "limits.h"
#include "message.h"

struct weft_core;

/* States of this node; the role in its record follows from them. */
enum weft_election_state {
    WEFT_ELECTION_FOLLOWER, /* record says FOLLOWER */
    WEFT_ELECTION_CLAIM,    /* record says FOLLOWER; about to act */
    WEFT_ELECTION_AGENT,    /* record says AGENT */
    WEFT_ELECTION_DRAIN,    /* record says DRAIN */
    WEFT_ELECTION_STATE_COUNT
};

struct weft_elections {
    uint8_t state;      /* enum weft_election_state */
    uint8_t windows;    /* windows in a row in which this node beat the weakest agent */
    bool is_surplus;    /* AGENT: enough better ones are in force since since_ns */
    uint32_t term;      /* highest seen in the segment */
    weft_ns since_ns;   /* when the state, or is_surplus, began */
    weft_ns window_ns;  /* end of the challenge window */
    weft_ns changed_ns; /* last time an agent came into force */
    weft_node_id agents[WEFT_AGENTS_MAX]; /* in force, best first */
    uint32_t agent_count;                 /* of agents */
};

/* START. */
void weft_election_on_start(struct weft_core *core);

/* Another segment: follower again. */
void weft_election_reset(struct weft_core *core);

/* The agents in force now, best first, suspects left out, the own node included if it is one.
 * Returns how many; at most WEFT_AGENTS_MAX. */
uint32_t weft_election_agents(const struct weft_core *core,
                              weft_node_id agents[static WEFT_AGENTS_MAX]);

/* Does what |id| says as an agent count for nothing: is it doubted, or barred and not in force? */
bool weft_election_is_out(const struct weft_core *core, weft_node_id id);

/* Is |id| an agent in force? */
bool weft_election_is_agent(const struct weft_core *core, weft_node_id id);

/* Is the own node an agent in force? */
bool weft_election_self(const struct weft_core *core);

/* Score of a member or of the own node, larger is better; 0 = unknown, not up, or class never. */
uint32_t weft_election_score(const struct weft_core *core, weft_node_id id);

/* Place of a member or of the own node in the ordered list of candidates, 0 = best; the number of
 * members if it is none. */
uint32_t weft_election_rank(const struct weft_core *core, weft_node_id id);

/* How many agents the segment should have now. */
uint32_t weft_election_wanted(const struct weft_core *core);

/* An agent came, went or changed its state: the list of agents is made anew. |slot|: the member, or
 * WEFT_MEMBER_NONE if it is gone; |is_role|: its role changed. */
void weft_election_on_role(struct weft_core *core, uint32_t slot, bool is_role);

/* Act on what changed or is due. */
void weft_election_expire(struct weft_core *core);

#endif
