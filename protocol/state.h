/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one node, module by module. Included by the modules of protocol/, by nobody else.
 *
 * Each module owns its own part, writes only there, appends actions, and reads siblings through
 * their const accessors. Modules never call up to core.c. Every module has the same shape:
 *   weft_<module>_carve(core, arena)   take its tables from the block
 *   weft_<module>_on_<event>(core, ..) the events it needs
 *   weft_<module>_expire(core)         do what is due at core->now_ns
 *   weft_<module>_deadline(core)       when expire is wanted next; those of the control plane keep
 *                                      that in core->dues */
#ifndef WEFT_STATE_H
#define WEFT_STATE_H

#include "arena.h"
#include "core.h"
#include "view.h"

#include "announce.h"
#include "ask.h"
#include "bandwidth.h"
#include "document.h"
#include "due.h"
#include "election.h"
#include "gossip.h"
#include "lease.h"
#include "link.h"
#include "link_pause.h"
#include "link_review.h"
#include "member.h"
#include "own_record.h"
#include "pace.h"
#include "penalty.h"
#include "pick.h"
#include "probe.h"
#include "release.h"
#include "remote.h"
#include "serve.h"
#include "source.h"
#include "tree.h"
#include "want.h"

struct weft_core {
    /* What every event touches comes first, a whole number of cache lines. */
    weft_ns dues[WEFT_DUE_COUNT];      /* timers of the control plane; NEVER = does not run */
    struct weft_config config;         /* as given at init */
    struct weft_host host;             /* as given at init */
    struct weft_reserves *reserves;    /* where tables that grow take pieces; own or the host's */
    weft_ns now_ns;                    /* of the event being handled */
    uint64_t rng;                      /* state of weft_rng_next() */
    bool started;                      /* START was seen */
    bool leaving;                      /* LEAVE was seen */
    bool link_up;                      /* there is a network */
    bool is_agent;                     /* the own node is an agent in force: election.h */
    struct weft_endpoint self;         /* own id and address */
    struct weft_prefix segment;        /* own subnet */
    uint64_t segment_key;              /* weft_segment_key() of it */
    uint64_t epoch;                    /* grows when a member's state, address or role changes */
    uint64_t seen_epoch;               /* the same at the end of the last step */
    uint64_t elected_epoch;            /* the same when election.h saw it last */
    weft_ns fallback_ns;               /* when fallback.h looks again */
    uint64_t incarnation;              /* of the own member record; grows when refuting */
    struct weft_action_queue *actions; /* of the step being handled, else NULL */
    weft_ns control_due_ns;            /* when control.h has something to do */
    weft_ns content_due_ns;            /* when the content plane has; 0 = it is to be asked */
    weft_ns due_ns;                    /* when anything is to be done: weft_core_deadline() */

    /* What nearly every event touches comes first: a simulator drives thousands of these. */
    struct weft_picks picks;             /* who is asked again when */
    struct weft_trees trees;             /* who should push chunks to this node */
    struct weft_leases leases;           /* who fetches which extent over the WAN */
    struct weft_links links;             /* data streams and what is behind them */
    struct weft_link_pauses link_pauses; /* nodes that could not be reached */
    struct weft_releases releases;       /* releases, chunk by chunk */
    struct weft_wants wants;             /* chunks under way from peers */
    struct weft_serves serves;           /* chunks being sent */
    struct weft_documents documents;     /* metadata documents being fetched */
    struct weft_sources source;          /* fetches from the source, and when to try again */

    struct weft_members members;        /* who is in the segment */
    struct weft_own_record own_record;  /* when the own record changes by itself */
    struct weft_elections election;     /* who is Update Agent */
    struct weft_pace pace;              /* how slowly, as nothing happens */
    struct weft_probes probes;          /* who answers */
    struct weft_gossip gossip;          /* which records still have to be told */
    struct weft_remotes remotes;        /* who is in other segments */
    struct weft_bandwidths bandwidths;  /* how fast others are, as measured */
    struct weft_announces announces;    /* newest metadata, and who has it */
    struct weft_asks asks;              /* which hearsay is being looked into */
    struct weft_penalties penalties;    /* who did wrong */
    struct weft_view_counters counters; /* since init */
};

/* What |member| says of itself; not the state, which is in |member|.
 * Owner: the core or its host; valid until the entry gets another record. */
static inline const struct weft_record *weft_member_said(const struct weft_core *core,
                                                         const struct weft_member *member)
{
    return weft_roster_at(core->members.roster, member->said);
}

/* Tell the host of a decision; fields of |record| other than time and node are the caller's. */
void weft_core_trace(const struct weft_core *core, struct weft_trace_record record);

/* Count a message of |peer| that could not be read, and hold it against |peer| (0 = not proved) if
 * no version of weft writes such a thing. */
void weft_core_refuse(struct weft_core *core, enum weft_reject reject, weft_node_id peer);

/* The control plane changed something that content waits for. */
static inline void weft_core_stir_content(struct weft_core *core)
{
    core->content_due_ns = 0;
}

/* Let |due| end at |at_ns|, or earlier if it would. */
static inline void weft_due_by(struct weft_core *core, enum weft_due due, weft_ns at_ns)
{
    core->dues[due] = at_ns < core->dues[due] ? at_ns : core->dues[due];
}

/* Count a message that was dropped. */
static inline void weft_core_reject(struct weft_core *core, enum weft_reject reject)
{
    core->counters.rejects[reject]++;
}

#endif
