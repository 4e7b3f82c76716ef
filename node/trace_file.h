/* SPDX-License-Identifier: Apache-2.0 */
/* What did this node do, and when? A file of JSON lines that weft-sim report puts together with
 * those of other nodes and of simulations. SPEC.md section "Trace files". Two lines a second
 * while chunks come, one in ten minutes while nothing happens. */
#ifndef WEFT_TRACE_FILE_H
#define WEFT_TRACE_FILE_H

#include "protocol/trace.h"
#include "protocol/view.h"

struct weft_trace_file; /* opaque */

/* Append to the file at |path|, which is made if missing.
 * Errors: NULL, errno says why. Owner: the caller, weft_trace_file_close(). */
struct weft_trace_file *weft_trace_file_open(const char *path);

/* The core is there: begin with who this node is. Times are from here on. */
void weft_trace_file_begin(struct weft_trace_file *file, const struct weft_core *core,
                           uint64_t now_ns);

/* A record of the core. */
void weft_trace_file_record(struct weft_trace_file *file, const struct weft_trace_record *record,
                            uint64_t now_ns);

/* Look at the core, about twice a second, and write what is new; |last|: all of it, now. */
void weft_trace_file_sample(struct weft_trace_file *file, const struct weft_core *core,
                            uint64_t now_ns, bool last);

/* Close; NULL is fine. Returns false if not everything could be written. */
bool weft_trace_file_close(struct weft_trace_file *file);

#endif
