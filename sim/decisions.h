/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of a run: every trace record of every node as a line of text, in order of time. */
#ifndef WEFT_SIM_DECISIONS_H
#define WEFT_SIM_DECISIONS_H

#include "protocol/types.h"

struct weft_sim_world;
struct weft_sim_decisions; /* opaque */

/* Open |path| for writing.
 * Errors: NULL, and a message was printed.
 * Owner:  the caller; ends with weft_sim_decisions_close(). Borrows |path|. */
struct weft_sim_decisions *weft_sim_decisions_open(const char *path);

/* Between windows: write what the shards recorded, and empty their records. */
void weft_sim_decisions_write(struct weft_sim_decisions *trace, struct weft_sim_world *world);

/* Close the file; NULL is fine.
 * Errors: false if not everything could be written; a message was printed. */
bool weft_sim_decisions_close(struct weft_sim_decisions *trace);

#endif
