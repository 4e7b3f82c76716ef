/* SPDX-License-Identifier: Apache-2.0 */
/* A history as Chrome trace events in JSON, for ui.perfetto.dev and chrome://tracing. */
#ifndef WEFT_SIM_PERFETTO_H
#define WEFT_SIM_PERFETTO_H

#include "history.h"

#include <stdio.h>

/* Segments that get tracks of their own: viewers slow down with too many. */
#define WEFT_SIM_PERFETTO_SEGMENTS_MAX 64

/* Write the time line: the whole as one process, each of the slowest segments as another; counters
 * of completion, WAN and source, a slice for each Update Agent's time in office and each fault.
 * Errors show in ferror(out). */
void weft_sim_perfetto_write(const struct weft_sim_history *history, FILE *out);

#endif
