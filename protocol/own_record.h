/* SPDX-License-Identifier: Apache-2.0 */
/* What does this node say of itself?
 *
 * The own record stands at place 0 of the table of members. Each change raises its incarnation and
 * is told to the segment; nobody else may change it. SPEC.md section "Membership".
 * Timer: WEFT_DUE_OLDER, when the hours up reach the next power of two. */
#ifndef WEFT_OWN_RECORD_H
#define WEFT_OWN_RECORD_H

#include "event.h"
#include "record.h"

struct weft_core;

struct weft_own_record {
    weft_ns started_ns; /* of START */
};

/* The own record changed: next incarnation, told to the segment. */
void weft_own_record_renew(struct weft_core *core);

/* Take a new role, and tell. */
void weft_own_record_take_role(struct weft_core *core, enum weft_role role, uint32_t term);

/* START: make the own record. core->self, segment and incarnation are set. */
void weft_own_record_on_start(struct weft_core *core);

/* LINK: take the own new address; a new prefix drops the members of the old segment. */
void weft_own_record_on_link(struct weft_core *core, const struct weft_event_link *event);

/* LEAVE: say goodbye to agents, successors and some others. */
void weft_own_record_on_leave(struct weft_core *core);

/* Grow older: the own stability follows the hours up. */
void weft_own_record_expire(struct weft_core *core);

#endif
