/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of demo was asked for? Flags in, one checked struct out. SPEC.md section "weft demo".
 */
#ifndef WEFT_DEMO_OPTIONS_H
#define WEFT_DEMO_OPTIONS_H

#include "protocol/tuning.h"
#include "protocol/types.h"

enum {
    WEFT_DEMO_NODES_MAX = 200,   /* processes on one machine; more are refused */
    WEFT_DEMO_SEGMENTS_MAX = 200 /* third number of 127.77.s.n */
};

struct weft_demo_options {
    uint32_t nodes;                   /* --nodes, segments..WEFT_DEMO_NODES_MAX */
    uint32_t segments;                /* --segments, 1..WEFT_DEMO_SEGMENTS_MAX */
    uint64_t size_bytes;              /* --size of the random file, where there is no path */
    uint32_t source_rate_bytes_per_s; /* --source-rate; 0 = not limited */
    bool keep;                        /* --keep: do not remove the files */
    bool trace;                       /* --trace: nodes write trace files */
    bool help;                        /* --help */
    const char *path;                 /* what to distribute; NULL = a random file */
    struct weft_tuning tuning;        /* handed on to every node */
};

/* Read the command line of `weft demo`.
 * Result: true = go on; false = leave with *exit_code, everything was said. */
bool weft_demo_options_read(struct weft_demo_options *options, int argc, char **argv,
                            int *exit_code);

#endif
