/* SPDX-License-Identifier: Apache-2.0 */
/* How fast could it be at best? Lower bounds on the time until the last node has the release; no
 * system can beat the fluid one, none that draws every segment's copy from the source the other. */
#ifndef WEFT_SIM_BOUND_H
#define WEFT_SIM_BOUND_H

#include "options.h"

struct weft_sim_bound {
    weft_ns fluid_ns;    /* max(F/U, F/D, F/W, N F/(U + N u), S F/(U + S W)), raw link rates */
    weft_ns one_copy_ns; /* the same, with S F/U */
    weft_ns relay_ns;    /* one relay a segment feeds the others: one_copy_ns, (n - 1) F/u */
    weft_ns direct_ns;   /* every node for itself from the source: max(F/D, n F/W, N F/U) */
};

/* The bounds of a run; rates of 0 (no limit) do not bind. */
struct weft_sim_bound weft_sim_bound(const struct weft_sim_options *options);

#endif
