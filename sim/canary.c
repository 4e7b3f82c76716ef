/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which bug is planted?". Empty but in CONFIG=canary. */
#include "canary.h"
#include "options.h"

#ifdef WEFT_CANARY

bool weft_sim_canary(const struct weft_sim_options *options, enum weft_sim_check check)
{
    return options->canary != 0 && options->canary == weft_sim_check_number(check);
}

#else

typedef int weft_sim_canary_none; /* a translation unit is not empty */

#endif
