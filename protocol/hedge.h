/* SPDX-License-Identifier: Apache-2.0 */
/* When does the source send a chunk that another segment was asked for?
 *
 * At the end of a release nothing is left to ask for, and a single chunk from a far neighbour whose
 * lines are full, or whose TCP waits for a time-out, holds up the whole segment. So once the source
 * has nothing else to send, it is asked for those chunks, too, one at a time: the one that has been
 * waited for longest, if a fetch from the source takes less time than that. A request that has not
 * begun is taken back; of one that has, what comes first counts. SPEC.md section "Source".
 * Timer: HELP, when the next such chunk has been waited for long enough. */
#ifndef WEFT_HEDGE_H
#define WEFT_HEDGE_H

#include "protocol/types.h"

struct weft_core;

/* Ask the source for the chunk that is late, if there is one. */
void weft_hedge_expire(struct weft_core *core);

/* When one will be late. */
weft_ns weft_hedge_deadline(const struct weft_core *core);

#endif
