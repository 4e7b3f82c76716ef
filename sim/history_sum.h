/* SPDX-License-Identifier: Apache-2.0 */
/* What figures does a rollout of real nodes come to? Named as those of a simulator's run, so that a
 * report sets them side by side. SPEC.md section "Trace files". */
#ifndef WEFT_SIM_HISTORY_SUM_H
#define WEFT_SIM_HISTORY_SUM_H

#include "history.h"

/* How a release came to its end, beside what the history tells. */
struct weft_sim_finish {
    weft_release_id release; /* which one */
    uint64_t began_unix_ms;  /* since 1970, when the first node knew of it */
    uint32_t *done_ms;   /* [done_count] since then, when nodes were done; any order; borrowed */
    uint32_t done_count; /* nodes that have it */
};

/* Write history->summary; sorts finish->done_ms. Without memory there is none. */
void weft_sim_history_sum_nodes(struct weft_sim_history *history, struct weft_sim_finish *finish);

#endif
