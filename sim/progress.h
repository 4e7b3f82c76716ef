/* SPDX-License-Identifier: Apache-2.0 */
/* How far is a run, for somebody who does not look on? A line now and then of real time, the same
 * words each time, so that it may go into a log: what was simulated, what is done, what is left. */
#ifndef WEFT_SIM_PROGRESS_H
#define WEFT_SIM_PROGRESS_H

#include "protocol/types.h"

#include <stdio.h>

struct weft_sim_world;

struct weft_sim_progress {
    FILE *out;            /* where lines go; NULL = there are none; borrowed */
    uint64_t every_ns;    /* real time between two lines */
    uint64_t began_ns;    /* real time of the beginning */
    uint64_t last_ns;     /* real time of the last line */
    uint64_t last_chunks; /* stored by then */
};

/* Lines to |out| every |every_ms| of real time; 0: only if |out| is a terminal, and |is_shown| is
 * false: then nothing else is seen there. */
void weft_sim_progress_begin(struct weft_sim_progress *progress, FILE *out, uint32_t every_ms,
                             bool is_shown);

/* Between windows: say how far |world| is, if it is time. Changes nothing in the run. */
void weft_sim_progress_show(struct weft_sim_progress *progress, const struct weft_sim_world *world);

#endif
