/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a run that fails smaller, as long as it fails in the same way: fewer faults, fewer nodes, a
 * smaller release. SPEC.md section "Sweeps". */
#ifndef WEFT_SIM_SHRINK_H
#define WEFT_SIM_SHRINK_H

#include "options.h"

/* Shrink the run of |argv|, without --shrink, and print what is left as a scenario file. |stop| is
 * set by a signal: what is left by then is printed.
 * Returns the exit status: 0 it was shrunk, 1 it does not fail, 2 the flags are wrong,
 * 130 interrupted. */
int weft_sim_shrink(int argc, char *const *argv, const volatile int *stop);

#endif
