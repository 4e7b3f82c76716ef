/* SPDX-License-Identifier: Apache-2.0 */
/* The trace file of a run: every decision of every node as a line of text, in order of time. */
#ifndef WEFT_SIM_TRACE_H
#define WEFT_SIM_TRACE_H

#include "protocol/types.h"

struct weft_sim_world;
struct weft_sim_trace; /* opaque */

/* Open |path| for writing.
 * Errors: NULL, and a message was printed.
 * Owner:  the caller; ends with weft_sim_trace_close(). Borrows |path|. */
struct weft_sim_trace *weft_sim_trace_open(const char *path);

/* Between windows: write what the shards recorded, and empty their records. */
void weft_sim_trace_write(struct weft_sim_trace *trace, struct weft_sim_world *world);

/* Close the file; NULL is fine.
 * Errors: false if not everything could be written; a message was printed. */
bool weft_sim_trace_close(struct weft_sim_trace *trace);

#endif
