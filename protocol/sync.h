/* SPDX-License-Identifier: Apache-2.0 */
/* Repair of views that stay different although gossip should have made them equal.
 *
 * Every PING, ACK and WELCOME carries a digest of the view. If the digests of others differ for 3 s
 * without one that is equal (0.3 s in the first 10 s after a join), SYNC compares bucket by bucket,
 * and both sides send the records of the buckets that differ: at most two datagrams each.
 * SPEC.md section "Sync". */
#ifndef WEFT_SYNC_H
#define WEFT_SYNC_H

#include "message.h"

struct weft_core;

struct weft_syncs {
    weft_ns differ_since_ns;   /* first of the digests that differ, 0 = the last one was equal */
    weft_ns asked_ns;          /* last SYNC sent */
    weft_ns answered_ns;       /* last SYNC answered, to bound the cost of being asked */
    uint32_t answered_count;   /* in the second of answered_ns */
    struct weft_endpoint more; /* who has more to tell */
};

/* A member told the digest of its view. */
void weft_sync_on_digest(struct weft_core *core, const struct weft_endpoint *from, uint64_t digest);

/* Compare with |to| at once, at most every 300 ms (10 ms in the first 10 s after a join): a member
 * came back from the dead, or this node joined. */
void weft_sync_ask(struct weft_core *core, const struct weft_endpoint *to);

/* SYNC arrived. */
void weft_sync_on_sync(struct weft_core *core, const struct weft_endpoint *from,
                       const struct weft_message_sync *message);

/* SYNC_RECORDS arrived: a full datagram of news makes a node that has just joined ask again 10 ms
 * later. */
void weft_sync_on_records(struct weft_core *core, const struct weft_endpoint *from,
                          const struct weft_records *records);

/* Ask again who had more. */
void weft_sync_expire(struct weft_core *core);

#endif
