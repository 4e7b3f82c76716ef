/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what came of a run: for people as aligned text, for machines as JSON. */
#ifndef WEFT_SIM_REPORT_H
#define WEFT_SIM_REPORT_H

#include "summary.h"

#include "protocol/trace.h"

#include <stdio.h>

/* Print for people, to standard output. */
void weft_sim_report_text(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world);

/* What an incomplete node waits for, in a few words; static storage. */
const char *weft_sim_report_stall(enum weft_stall stall);

/* Print one JSON object to |out|. */
void weft_sim_report_json(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world, FILE *out);

#endif
