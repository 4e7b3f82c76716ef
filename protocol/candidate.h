/* SPDX-License-Identifier: Apache-2.0 */
/* The order of candidates for Update Agent, the same at every node that has the same records.
 *
 * Score = class * 256 + 1 + merit; merit = attested goodput in half-octaves (12 while fewer than
 * two observers told; a node's own claim only lowers it) + stability (log2 of hours up). Equal
 * scores: rendezvous weight of (segment, id), then id. Class never is no candidate while there is
 * any other; nor is, whatever its class, who is barred by its certificate. What follows from the
 * order is decided in election.c. SPEC.md section "Election". */
#ifndef WEFT_CANDIDATE_H
#define WEFT_CANDIDATE_H

#include "types.h"

struct weft_core;

/* Does |a| stand before |b|? Both are members or the own node. */
bool weft_candidate_is_before(const struct weft_core *core, weft_node_id a, weft_node_id b);

/* How many candidates that are no agents stand before the own node, counted up to
 * WEFT_AGENTS_MAX: no segment takes more. */
uint32_t weft_candidate_place(const struct weft_core *core);

/* Is there a candidate at all, and not only stand-ins of class never? */
bool weft_candidate_is_any(const struct weft_core *core);

/* May the own node be an agent? */
bool weft_candidate_is_eligible(const struct weft_core *core);

/* Is the own node a candidate, and not only a stand-in of class never? */
bool weft_candidate_is_own_proper(const struct weft_core *core);

/* The class in a score. */
static inline uint32_t weft_candidate_class(uint32_t score)
{
    return score >> 8;
}

#endif
