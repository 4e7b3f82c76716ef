/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a chunk or a refusal that a peer sends?
 *
 * A chunk is taken if it was asked for, if a parent or an agent pushes it, or if it comes late
 * after being given up; any other is read past and counted. SPEC.md section "Picking". */
#ifndef WEFT_ARRIVAL_H
#define WEFT_ARRIVAL_H

#include "link.h"

struct weft_core;
struct weft_frame;

/* The first bytes of a chunk arrived: take it or read past it. */
void weft_arrival_on_offer(struct weft_core *core, const struct weft_event_offer *event);

/* A chunk from a peer was stored, or will not come. */
void weft_arrival_on_chunk(struct weft_core *core, const struct weft_event_chunk *event);

/* A neighbour refuses a request. */
void weft_arrival_on_refuse(struct weft_core *core, struct weft_link *link,
                            const struct weft_frame *frame);

#endif
