/* SPDX-License-Identifier: Apache-2.0 */
/* What one seed of a sweep runs: a small network, a release or three, and a random subset of all
 * classes of faults. That most classes are missing in most runs is what finds most (swarm testing).
 * SPEC.md section "Sweeps". */
#ifndef WEFT_SIM_SWARM_H
#define WEFT_SIM_SWARM_H

#include "words.h"

/* Add the flags of |seed| to |words|. The same seed gives the same flags for ever, as long as the
 * menu is not changed; how many nodes and segments, only if it |draws_shape|. */
void weft_sim_swarm_draw(struct weft_sim_words *words, uint64_t seed, bool draws_shape);

#endif
