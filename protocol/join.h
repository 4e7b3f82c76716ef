/* SPDX-License-Identifier: Apache-2.0 */
/* How a node finds its segment, and how islands find each other again.
 *
 * Timers: JOIN at 0, 1 s and 3 s after START, wake-up or a new prefix; then every 10 s +-10 % with
 * probability 3/n (agents always), divided by 1 + r * r / 16 if it knows r agents elsewhere. Every
 * 10 s, with probability 3/n, a random tombstone is pinged.
 * While nothing happens (pace.h), ordinary nodes make one period of several.
 * SPEC.md section "Join". */
#ifndef WEFT_JOIN_H
#define WEFT_JOIN_H

#include "event.h"
#include "message.h"

struct weft_core;

/* Endpoints of START and of the last segment that are remembered. */
#define WEFT_JOIN_KNOWN_MAX 8

struct weft_joins {
    struct weft_endpoint known[WEFT_JOIN_KNOWN_MAX]; /* where to knock; id 0 = unknown */
    uint32_t known_count;                            /* of known */
    uint32_t next_known;                             /* whose turn it is */
    uint32_t attempt;                                /* since START, wake-up or a new prefix */
    uint32_t nonce;                                  /* of the newest JOINs */
    uint32_t periods;                                /* steady ones made one at present */
    weft_ns asked_ns;                                /* when the newest JOIN was sent */
    weft_ns began_ns;                                /* when attempt was 0 */
    weft_ns beacon_ns;                               /* when a beacon was followed last */
    bool welcomed;                                   /* a WELCOME came since began_ns */
};

/* A node that is said to be of the own segment, unless it is up already: knock there, so that it is
 * proven. Returns whether it is said to be. */
bool weft_join_knock(struct weft_core *core, const struct weft_contact *contact);

/* START: remember |known|, begin to join. */
void weft_join_on_start(struct weft_core *core, const struct weft_endpoint *known, size_t count);

/* Begin again at once (wake-up, new prefix, the network came back). */
void weft_join_restart(struct weft_core *core);

/* Remember an endpoint to knock at; the oldest learned one gives way, seeds stay. */
void weft_join_remember(struct weft_core *core, const struct weft_endpoint *endpoint);

/* JOIN arrived; |local| = it is proven to come from the own segment. */
void weft_join_on_join(struct weft_core *core, const struct weft_endpoint *from, bool local,
                       const struct weft_message_join *join, weft_bulletin bulletin);

/* Somebody on the own link says that he listens at |address|. If no live member does, a node
 * knocks there, once a second at most; of many members that know each other a few are drawn. */
void weft_join_on_beacon(struct weft_core *core, const struct weft_address *address);

/* WELCOME arrived; |local| as above. */
void weft_join_on_welcome(struct weft_core *core, const struct weft_endpoint *from, bool local,
                          const struct weft_message_welcome *welcome);

/* The pace is full again: knock within a steady period. */
void weft_join_hasten(struct weft_core *core);

/* Knock where it is due; ping a tombstone now and then. */
void weft_join_expire(struct weft_core *core);

/* Did the node begin to join less than 10 s ago? Then its view may be partial. */
bool weft_join_is_young(const struct weft_core *core);

/* Is the node alone for good: nobody known in the segment although it asked long enough? */
bool weft_join_is_alone(const struct weft_core *core);

#endif
