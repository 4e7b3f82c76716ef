/* SPDX-License-Identifier: Apache-2.0 */
/* A report as one HTML file that needs nothing else: the page of sim/report/ with what happened in
 * one or several runs inside it. SPEC.md section "Report". */
#ifndef WEFT_SIM_PAGE_H
#define WEFT_SIM_PAGE_H

#include "history.h"

#include <stdio.h>

/* Runs that one report can show side by side. */
#define WEFT_SIM_PAGE_RUNS_MAX 8

/* One run of a report. */
struct weft_sim_page_run {
    const struct weft_sim_history *history; /* borrowed */
    const char *name;                       /* what it is called in the report; borrowed */
};

/* Write a report of runs[count], count in 1..RUNS_MAX; the first one is what the figures are of,
 * the others are laid over its curve. Errors show in ferror(out). */
void weft_sim_page_write(const struct weft_sim_page_run *runs, uint32_t count, FILE *out);

#endif
