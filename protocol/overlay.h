/* SPDX-License-Identifier: Apache-2.0 */
/* What agents of different segments tell each other, and pass on to their own segment.
 *
 * Timers: every 10 s, or 2 s while a release is on its way (+-10 %), an agent sends AGENTS to three
 * random agents elsewhere; every 10 s to three members of its own segment, so that whoever becomes
 * agent next knows the way. Others stay silent. SPEC.md section "Agents of other segments". */
#ifndef WEFT_OVERLAY_H
#define WEFT_OVERLAY_H

#include "message.h"

struct weft_core;

struct weft_overlays {
    weft_ns busy_ns; /* exchange quickly until then */
};

/* This node became an agent: exchange at once. */
void weft_overlay_begin(struct weft_core *core);

/* AGENTS arrived; |local|: from a member of the own segment. */
void weft_overlay_on_agents(struct weft_core *core, const struct weft_endpoint *from, bool local,
                            const struct weft_message_agents *agents);

/* The agents of the own segment and some known elsewhere, for AGENTS and WELCOME.
 * |segment|: leave that one out, 0 = none. Appends up to |wanted|. */
void weft_overlay_collect(struct weft_core *core, uint64_t segment, uint32_t wanted,
                          struct weft_contacts *contacts);

/* The own node as others see it. */
struct weft_contact weft_overlay_self(const struct weft_core *core);

/* Exchange what is due. */
void weft_overlay_expire(struct weft_core *core);

#endif
