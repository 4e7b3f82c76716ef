/* SPDX-License-Identifier: Apache-2.0 */
/* When to look at the source for newer metadata.
 *
 * Timers: operator (LOOK event): at once. Start: once after 0.2-1 s, at once if there is nobody to
 * ask; left out if the segment has an agent by then. Agents: every k * tuning.poll_ms, k agents in
 * turn; n ordinary nodes every n * tuning.poll_ms, but 2 at least and 10 at most, so that nobody
 * can keep news from a segment for long; all +-10 %.
 * Past the middle of the life of what is accepted every node looks, once at a random moment in the
 * next tenth of that life, then at its pace: peers may be holding news back.
 * After a failure agents and the operator's look try again after tuning.source_backoff_ms, doubling
 * to 10 s. One look at a time; one without answer is asked for again after 3 s, and after 6 s more,
 * since a source may never answer one request and the next one at once; it is forgotten after
 * 120 s. SPEC.md section "Looks". */
#ifndef WEFT_LOOK_H
#define WEFT_LOOK_H

#include "event.h"

struct weft_core;

/* Why a look is made; the value of the LOOK trace record. */
enum weft_look_reason {
    WEFT_LOOK_POLL,     /* its time came */
    WEFT_LOOK_OPERATOR, /* asked for */
    WEFT_LOOK_START,    /* the node has just started */
    WEFT_LOOK_STALE     /* what is accepted is past the middle of its life */
};

struct weft_looks {
    weft_ns due_ns;    /* next look, NEVER = none */
    weft_ns until_ns;  /* of the look under way: given up then; 0 = none under way */
    weft_ns hang_ns;   /* of the look under way: asked for once more then; NEVER = not so */
    uint32_t asks;     /* of the look under way: how often it was asked for */
    uint32_t failures; /* in a row */
    uint8_t reason;    /* enum weft_look_reason of the look due or under way */
    bool again;        /* the operator asked while one was under way */
    weft_ns stale_ns;  /* looked then at the latest; NEVER = no such moment, or it is over */
};

/* START. */
void weft_look_on_start(struct weft_core *core);

/* LOOK: the operator asks. */
void weft_look_on_look(struct weft_core *core);

/* LOOKED: the look under way ended. */
void weft_look_on_looked(struct weft_core *core, const struct weft_event_looked *event);

/* BULLETIN: newer metadata, whose life is half over in |fresh_ns|; NEVER = not known. */
void weft_look_on_bulletin(struct weft_core *core, weft_ns fresh_ns);

/* This node became an agent, or none any more. */
void weft_look_on_role(struct weft_core *core);

/* Look if it is due. */
void weft_look_expire(struct weft_core *core);

#endif
