/* SPDX-License-Identifier: Apache-2.0 */
/* How much longer than its flags say a node may pause, as nothing happens in its segment.
 *
 * The pace is 1 while there is news: a record that changed the view, views that differ, a probe
 * without an answer, a newer bulletin, a release, a chunk still missing or being sent, a suspect.
 * 30 s after the last news it doubles with every period of probes, up to tuning.probe_quiet; any
 * news bring it back to 1 at once. Probes, the watch over agents, steady knocking and the review of
 * links follow it. SPEC.md section "Pace". */
#ifndef WEFT_PACE_H
#define WEFT_PACE_H

#include "types.h"

struct weft_core;

struct weft_pace {
    weft_ns news_ns; /* when there was news last */
    uint32_t factor; /* periods that are made one: 1, 2, 4, ... */
};

/* START: begin at full pace. */
void weft_pace_on_start(struct weft_core *core);

/* There is news: full pace, from now on. */
void weft_pace_stir(struct weft_core *core);

/* A period of probes begins: slow down if all has been calm. */
void weft_pace_on_period(struct weft_core *core);

/* How many times as long as at full pace a pause is, 1 and up. */
uint32_t weft_pace_factor(const struct weft_core *core);

#endif
