/* SPDX-License-Identifier: Apache-2.0 */
/* Which streams are missing?
 *
 * Near links join the nodes of a segment: all with all up to tuning.full_mesh members, else each
 * node opens streams until it has tuning.neighbours of them (agents half as many again), to the
 * members of largest rendezvous weight; agents of a segment are always linked, and so is a node
 * with those who push chunks to it. Far links join agents of different segments. SPEC.md section
 * "Links".
 * Timer: REVIEW, 250 ms after the view changed and every 5 s: open what is missing. While nothing
 * happens (pace.h) and nothing is missing, more rarely. */
#ifndef WEFT_LINK_REVIEW_H
#define WEFT_LINK_REVIEW_H

#include "types.h"

struct weft_core;

/* A review follows within 250 ms: a stream ended, or the pace is full again. */
void weft_link_review_soon(struct weft_core *core);

/* Somebody came, went or changed his role: agents are marked anew, a review follows soon. */
void weft_link_review_on_view(struct weft_core *core);

/* The review, when it is due: open what should be open. */
void weft_link_review_expire(struct weft_core *core);

/* Next review. */
weft_ns weft_link_review_deadline(const struct weft_core *core);

#endif
