/* SPDX-License-Identifier: Apache-2.0 */
/* Which agent may fetch which extent over the WAN?
 *
 * One copy over the WAN per segment (design D9): a release is cut into extents; an extent belongs
 * to the agent that said it fetches it (LEASE, to every neighbour of the segment, because any of
 * them may be an agent in a moment), else to the first agent in rendezvous order. Who loses an
 * extent to another agent cancels what it fetches of it. A lease ends when its holder gives it up,
 * is neither up nor linked, or makes no progress for tuning.lease_ms; an agent whose own
 * extents are finished takes those that nobody holds. Chunks that a neighbour already has are never
 * fetched over the WAN. SPEC.md section "Leases". Bound: WEFT_EXTENTS_MAX per release.
 * Timers: BEAT, every third of tuning.lease_ms while this node holds an unfinished extent; WATCH,
 * when the lease of another agent runs out unless it makes progress. */
#ifndef WEFT_LEASE_H
#define WEFT_LEASE_H

#include "link.h"
#include "release.h"

struct weft_leases {
    weft_ns beat_ns;  /* when the own leases are repeated */
    weft_ns watch_ns; /* when a lease of another agent may have run out */
};

struct weft_core;
struct weft_frame;

/* No lease is held. */
void weft_lease_init(struct weft_core *core);

/* Does this node fetch over the WAN at all for this download: as agent, or as fallback? */
bool weft_lease_acts(const struct weft_core *core, uint32_t download);

/* May this node fetch |chunk| over the WAN: it acts, the extent is its own, no neighbour has it? */
bool weft_lease_may(struct weft_core *core, uint32_t download, uint32_t chunk);

/* What was found out of one extent; it holds until the next event. */
struct weft_lease_look {
    uint32_t extent; /* of the download that is looked at; UINT32_MAX = none yet */
    bool owns;       /* it is this node's to fetch */
};

/* The same for many chunks one after the other: whose an extent is is found out once in |look|. */
bool weft_lease_may_again(struct weft_core *core, uint32_t download, uint32_t chunk,
                          struct weft_lease_look *look);

/* Is |extent| this node's to fetch? */
bool weft_lease_owns(struct weft_core *core, uint32_t download, uint32_t extent);

/* Say that this node fetches |extent|, unless it said so. */
void weft_lease_take(struct weft_core *core, uint32_t download, uint32_t extent);

/* Take over an unfinished extent that nobody works on, if the own ones are finished: who waits for
 * chunks of its own would else end up with those of its fellow agents, too, and fetch them alone.
 * Errors: false if there is none. */
bool weft_lease_steal(struct weft_core *core, uint32_t download);

/* Give up every lease: the source does not answer this node, others may have more luck. */
void weft_lease_give_up(struct weft_core *core);

/* Chunks of |extent| that nobody in the segment has, as far as this node knows. */
uint32_t weft_lease_count_left(const struct weft_core *core, uint32_t download, uint32_t extent);

/* A LEASE arrived. */
void weft_lease_on_frame(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame);

/* Somebody is doubted now, or this node became agent in place of one: as an agent it takes every
 * extent that nobody holds whom it trusts, and says so, because two copies would share the line. */
void weft_lease_on_doubt(struct weft_core *core);

/* |peer| has got |chunk|: a sign of progress if it holds the extent. */
void weft_lease_on_progress(struct weft_core *core, struct weft_download *download,
                            weft_node_id peer, uint32_t chunk);

/* A neighbour has just learned of the release: tell it what this node holds. */
void weft_lease_tell(struct weft_core *core, const struct weft_link *link, uint32_t download);

/* Repeat the own leases, and look at those of others, if that is due. */
void weft_lease_expire(struct weft_core *core);

/* When that is due. */
weft_ns weft_lease_deadline(const struct weft_core *core);

#endif
