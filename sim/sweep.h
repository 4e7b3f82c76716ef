/* SPDX-License-Identifier: Apache-2.0 */
/* Many runs, each in a process of its own, several at the same time: of the seeds of a sweep, or of
 * one network in which every operation that can fail fails in turn. SPEC.md section "Sweeps". */
#ifndef WEFT_SIM_SWEEP_H
#define WEFT_SIM_SWEEP_H

#include "options.h"

/* Run what --sweep, --fail-each and --shard of |options| ask for, with the other flags of |argv|,
 * and print a line for every failure and a last line, or one JSON object.
 * Returns the exit status: 0 all passed, 1 some failed, 2 the flags are wrong, 130 interrupted. */
int weft_sim_sweep(const struct weft_sim_options *options, int argc, char *const *argv,
                   const volatile int *stop);

#endif
