/* SPDX-License-Identifier: Apache-2.0 */
/* A history as text: as a trace file, lines of JSON of the schema that nodes write, too (SPEC.md
 * section "Trace files"), and as the compact object that a report carries. */
#ifndef WEFT_SIM_HISTORY_WRITE_H
#define WEFT_SIM_HISTORY_WRITE_H

#include "history.h"

#include <stdio.h>

/* Write the lines of a trace file. Errors show in ferror(out). */
void weft_sim_history_write(const struct weft_sim_history *history, FILE *out);

/* Write one JSON object for sim/report/report.js, harmless inside a <script> element. |name| says
 * what was read. Errors show in ferror(out). */
void weft_sim_history_write_compact(const struct weft_sim_history *history, const char *name,
                                    FILE *out);

/* Write |text| as a JSON string in which no HTML begins or ends. */
void weft_sim_write_string(FILE *out, const char *text);

#endif
