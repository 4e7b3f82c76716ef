/* SPDX-License-Identifier: Apache-2.0 */
/* What a claim about a node changes: the states of a member. What only its owner can know (address,
 * site, role, class, term, bound of its goodput, another life) is believed from the owner alone;
 * from anybody else it only makes this node ask (ask.h).
 *
 *   from     to       when
 *   -        ALIVE    an unknown node is said to live, inside the own prefix
 *   ALIVE    SUSPECT  it did not answer; or a member says suspect or dead, and it was not heard
 *                     within tuning.probe_timeout_ms
 *   SUSPECT  ALIVE    heard first hand, or a record with a higher incarnation
 *   SUSPECT  DEAD     suspicion over; or said dead after half of it
 *   any      LEFT     a goodbye of this incarnation
 *   DEAD     ALIVE    a record with a higher incarnation (LEFT likewise)
 *   DEAD     -        24 h later (LEFT likewise), or its place is needed
 *
 * A claim of death alone kills nobody: it makes an ALIVE member SUSPECT, and if it was found in a
 * SYNC it only makes us ask the member, which refutes. Timers: suspicion = tuning.suspicion_ms *
 * 2^flaps (flaps 0..3: suspicions refuted, each within 10 minutes of the last). Mass guard: while
 * more than 30 % of the view is suspect nobody dies before the set of suspects stayed the same for
 * 5 s (at most three times the suspicion), nor while it is rather this node that is cut off. Before
 * it dies a suspect is pinged once more, and has two probe time-outs for its last word. SPEC.md
 * section "Membership". */
#ifndef WEFT_CLAIM_H
#define WEFT_CLAIM_H

#include "message.h"

struct weft_core;

/* How a record reached this node. */
enum weft_hearsay {
    WEFT_HEARSAY_SELF,   /* the subject itself sent it */
    WEFT_HEARSAY_GOSSIP, /* a member passed it on as news */
    WEFT_HEARSAY_SYNC    /* a member holds it; may be old */
};

/* Take what |record| says into the view, if it is newer; traces, gossips and refutes.
 * Errors: false if the record was no news, or rejected: address outside the segment, table full. */
bool weft_claim_merge(struct weft_core *core, const struct weft_record *record,
                      enum weft_hearsay hearsay);

/* It did not answer: suspect it, and tell. Nothing happens unless it is ALIVE. */
void weft_claim_suspect(struct weft_core *core, weft_node_id id);

/* First-hand sign of life of the member at |slot|: a suspect is alive again for this node, and is
 * told that others suspect it. */
void weft_claim_clear(struct weft_core *core, uint32_t slot);

/* Somebody holds this node suspect or dead at |incarnation|, or alive in another life: go above it,
 * and tell, at once or when the last refutation is long enough ago. */
void weft_claim_refute(struct weft_core *core, uint64_t incarnation);

/* End suspicions, drop old tombstones. */
void weft_claim_expire(struct weft_core *core);

/* The machine slept: every suspicion begins again. */
void weft_claim_on_wake(struct weft_core *core);

#endif
