/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a run leaves behind, and standard output. Files are opened before the run, so that
 * one which cannot be written is told at once, and written after it. */
#ifndef WEFT_SIM_OUTPUT_H
#define WEFT_SIM_OUTPUT_H

#include "history.h"
#include "options.h"

#include <stdio.h>

struct weft_sim_output {
    FILE *trace;  /* of --trace; NULL = none; owned */
    FILE *report; /* of --report; NULL = none; owned */
};

/* Begin to write what is to be found at |path|. A file that is there stays as it is until the new
 * one is whole: this is written to |path| with ".part" behind it. What is no regular file, or in a
 * folder that takes no further one, is written to at once.
 * Errors: NULL if it cannot be written, errno says why.
 * Owner:  the caller; ends with weft_sim_output_close(). */
FILE *weft_sim_output_open(const char *path);

/* Close |file|; what was written stands at |path| if it is |wanted| and all of it could be.
 * Errors: false if not, errno says why. */
bool weft_sim_output_close(FILE *file, const char *path, bool wanted);

/* Open what |options| ask for.
 * Errors: false if one cannot be written, or two are the same file, or one is the scenario; a
 *         message was printed, nothing is open. */
bool weft_sim_output_begin(struct weft_sim_output *output, const struct weft_sim_options *options);

/* There will be no run: close the files, and leave those that are there as they are. */
void weft_sim_output_drop(struct weft_sim_output *output, const struct weft_sim_options *options);

/* Is there a file to write? */
bool weft_sim_output_wanted(const struct weft_sim_output *output);

/* Write |history| to the files and close them; NULL: only close.
 * Errors: false if not everything could be written; a message was printed. */
bool weft_sim_output_end(struct weft_sim_output *output, const struct weft_sim_options *options,
                         const struct weft_sim_history *history);

/* Are |a| and |b| the same regular file, or will be? Whoever writes one destroys the other. */
bool weft_sim_output_is_same(const char *a, const char *b);

/* Did all that was printed reach standard output?
 * Errors: false if not, as on a full disk; a message was printed. */
bool weft_sim_output_said(void);

#endif
