/* SPDX-License-Identifier: Apache-2.0 */
/* The trace of a run: a hash over every record in order, and lines of text where a file is wanted.
 * Two runs with the same hash made the same decisions. */
#ifndef WEFT_SIM_RECORD_H
#define WEFT_SIM_RECORD_H

#include "protocol/trace.h"

#include <stdio.h>

struct weft_sim_record {
    uint64_t hash;                          /* over all records so far */
    uint64_t counts[WEFT_TRACE_KIND_COUNT]; /* records by kind */
    FILE *file;                             /* where lines go; NULL = nowhere; owned */
    const char *path;                       /* of the file, for messages; borrowed */
};

/* Begin a trace; |path| NULL = no file.
 * Errors: false if the file cannot be made; a message was printed. */
bool weft_sim_record_begin(struct weft_sim_record *record, const char *path);

/* Take a record; the time in it is virtual time. */
void weft_sim_record_add(struct weft_sim_record *record, const struct weft_trace_record *line);

/* Close the file.
 * Errors: false if not everything could be written; a message was printed. */
bool weft_sim_record_end(struct weft_sim_record *record);

#endif
