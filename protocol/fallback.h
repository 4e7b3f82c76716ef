/* SPDX-License-Identifier: Apache-2.0 */
/* When may a node fetch over the WAN although others should?
 *
 * An ordinary node never does while its agents make progress. Without progress for
 * tuning.fallback_ms the members try in the order of the election, 5 s apart, so that one of them
 * at a time opens the source; if no agent knows the release (none subscribes to it) the wait is 2 s
 * and 0.5 s. An agent without progress, whose source answers, no longer believes what neighbours
 * say they have or lease. A node alone is its own agent and never waits.
 *
 * Long before that, agents that say they fetch and bring nothing are put to the test: the first few
 * candidates, a second or two after the last chunk and 0.5 s apart (each twice as late the next
 * time), ask the source for one chunk. If it comes and still nothing else has, the agents stall,
 * and this node fetches at once. SPEC.md section "Fallback". */
#ifndef WEFT_FALLBACK_H
#define WEFT_FALLBACK_H

#include "release.h"

struct weft_core;

/* Releases or roles changed: compute the next turn again. */
void weft_fallback_plan(struct weft_core *core);

/* Let this node fetch the releases whose turn has come; until a chunk comes from a neighbour. */
void weft_fallback_expire(struct weft_core *core);

/* The one chunk of a test came from the source in |span_ns|; it is not stored yet. */
void weft_fallback_on_trial(struct weft_core *core, struct weft_release *release, weft_ns span_ns);

/* When a turn can come. */
weft_ns weft_fallback_deadline(const struct weft_core *core);

#endif
