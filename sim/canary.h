/* SPDX-License-Identifier: Apache-2.0 */
/* Bugs planted on purpose, one for each invariant, to see that every one is caught. They exist only
 * in programs built with CONFIG=canary; a bug is chosen there by --canary NUMBER, the number of its
 * invariant. Each stands at one place of the simulated driver, never in the core. */
#ifndef WEFT_SIM_CANARY_H
#define WEFT_SIM_CANARY_H

#include "check.h"

struct weft_sim_options;

#ifdef WEFT_CANARY

/* Is the bug planted that |check| has to catch? */
bool weft_sim_canary(const struct weft_sim_options *options, enum weft_sim_check check);

#else

/* Never: the bugs exist only in CONFIG=canary. */
static inline bool weft_sim_canary(const struct weft_sim_options *options,
                                   enum weft_sim_check check)
{
    (void)options;
    (void)check;
    return false;
}

#endif

#endif
