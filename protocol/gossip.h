/* SPDX-License-Identifier: Apache-2.0 */
/* Which news still have to be told in the segment, and to whom.
 *
 * News go eagerly to three members, the next one on the ring and two at random, at most every
 * 20 ms, and ride on every PING and ACK until each was sent 2 * ceil(log10(n + 1)) + 4 times; what
 * is left after 200 ms is pushed again. A record that others tell, too, is sent less often. What
 * this node measured goes to each member from itself, to three every 200 ms: nobody passes it on.
 * What news are is decided by member.h and bandwidth.h. SPEC.md section "Gossip". */
#ifndef WEFT_GOSSIP_H
#define WEFT_GOSSIP_H

#include "log.h"
#include "message.h"
#include "sync.h"

struct weft_core;

/* What this node measured and is telling. */
struct weft_gossip_rates {
    struct weft_rate items[WEFT_MESSAGE_RATES_MAX]; /* in no order */
    uint32_t count;                                 /* of items */
    uint32_t slot; /* members at places below it still wait for them */
};

_Static_assert(sizeof(struct weft_gossip_rates) <= WEFT_ROWS_BYTES, "they fit in one piece");

struct weft_gossip {
    struct weft_log queue;           /* places of members with tells > 0 */
    struct weft_gossip_rates *rates; /* rates to be told, a piece of rows; NULL = none */
    weft_ns pushed_ns;               /* last push to three */
    struct weft_syncs sync;          /* repair of views that differ */
};

/* Take the tables of gossip from the block. */
void weft_gossip_carve(struct weft_core *core, struct weft_arena *arena);

/* The core ends: give back what waits. */
void weft_gossip_end(struct weft_core *core);

/* The record at |slot| is news; |eager|: push it at once, else it only rides along. */
void weft_gossip_tell(struct weft_core *core, uint32_t slot, bool eager);

/* The record at |slot|, which is news here, was told by somebody else: it is told less often. */
void weft_gossip_on_known(struct weft_core *core, uint32_t slot);

/* Tell every member rates[count], 1..WEFT_MESSAGE_RATES_MAX, that this node measured, instead of
 * those before. */
void weft_gossip_tell_rates(struct weft_core *core, const struct weft_rate *rates, uint32_t count);

/* Take up to |wanted| records that have to be told, those that waited longest first. */
void weft_gossip_ride(struct weft_core *core, uint32_t wanted, struct weft_records *records);

/* Records arrived on a PING, ACK or GOSSIP. */
void weft_gossip_on_records(struct weft_core *core, weft_node_id from,
                            const struct weft_records *records);

/* GOSSIP arrived. */
void weft_gossip_on_gossip(struct weft_core *core, weft_node_id from,
                           const struct weft_message_gossip *message);

/* The member at |slot| is now another one or none: forget it. |moved| is the place whose entry
 * moved to |slot|, or |slot| itself. */
void weft_gossip_on_removed(struct weft_core *core, uint32_t slot, uint32_t moved);

/* The segment was left: nothing is to be told. */
void weft_gossip_clear(struct weft_core *core);

/* Push what is due, and repair. */
void weft_gossip_expire(struct weft_core *core);

#endif
