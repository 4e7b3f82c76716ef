/* SPDX-License-Identifier: Apache-2.0 */
/* What the cores of one shard decided: a hash over every trace record in order, and the records of
 * the window where somebody wants them. Two runs with the same hash made the same decisions. */
#ifndef WEFT_SIM_RECORD_H
#define WEFT_SIM_RECORD_H

#include "protocol/trace.h"

struct weft_sim_record {
    uint64_t hash;                   /* over all records so far */
    bool is_kept;                    /* records are kept until the window's end */
    struct weft_trace_record *lines; /* of this window, in order; owned */
    uint32_t count;                  /* entries of lines */
    uint32_t room;                   /* entries that fit */
};

/* Begin a record; |keep|: somebody will read the lines. */
void weft_sim_record_begin(struct weft_sim_record *record, bool keep);

/* Free it. */
void weft_sim_record_end(struct weft_sim_record *record);

/* Take a record; the time in it is virtual time. */
void weft_sim_record_add(struct weft_sim_record *record, const struct weft_trace_record *line);

/* One hash of two, in this order. */
uint64_t weft_sim_record_fold(uint64_t hash, uint64_t value);

#endif
