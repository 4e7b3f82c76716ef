/* SPDX-License-Identifier: Apache-2.0 */
/* The control plane as core.c sees it: membership, overlay, election, bulletins, looks.
 *
 * core.c calls these and nothing else of the modules behind them (member, join, probe, gossip,
 * sync, remote, overlay, bandwidth, election, announce, look, datagram); the content plane reads
 * them through the accessors in their headers. Everything here needs core->now_ns and
 * core->actions to be set. */
#ifndef WEFT_CONTROL_H
#define WEFT_CONTROL_H

#include "arena.h"
#include "event.h"

struct weft_core;

/* Take all tables of the control plane from the block, and zero them unless it is only counted. */
void weft_control_carve(struct weft_core *core, struct weft_arena *arena);

/* START: sets core->self, segment, incarnation, started and link_up as the event says. */
void weft_control_on_start(struct weft_core *core, const struct weft_event_start *event);

/* LINK: sets core->self.address, segment and link_up as the event says. */
void weft_control_on_link(struct weft_core *core, const struct weft_event_link *event);

/* DATAGRAM. */
void weft_control_on_datagram(struct weft_core *core, const struct weft_event_datagram *event);

/* BEACON: a hint where the segment may be. */
void weft_control_on_beacon(struct weft_core *core, const struct weft_event_beacon *event);

/* BULLETIN. */
void weft_control_on_bulletin(struct weft_core *core, const struct weft_event_bulletin *event);

/* BULLETIN_REFUSED. */
void weft_control_on_bulletin_refused(struct weft_core *core,
                                      const struct weft_event_bulletin_refused *event);

/* LOOK. */
void weft_control_on_look(struct weft_core *core);

/* LOOKED. */
void weft_control_on_looked(struct weft_core *core, const struct weft_event_looked *event);

/* LEAVE: sets core->leaving and says goodbye. WEFT_ACTION_LEFT is left to core.c. */
void weft_control_on_leave(struct weft_core *core);

/* Do what is due at core->now_ns. Cheap if nothing is; to be called at the end of every step. */
void weft_control_expire(struct weft_core *core);

/* When weft_control_expire() is wanted next; NEVER before START and after LEAVE. */
weft_ns weft_control_deadline(const struct weft_core *core);

#endif
