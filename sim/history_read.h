/* SPDX-License-Identifier: Apache-2.0 */
/* Trace files become histories again: one of the simulator is a history, those of nodes together
 * are one. SPEC.md section "Trace files". */
#ifndef WEFT_SIM_HISTORY_READ_H
#define WEFT_SIM_HISTORY_READ_H

#include "history.h"

#include "protocol/text.h"

#include <jansson.h>

/* Files that one report is made of. */
#define WEFT_SIM_FILES_MAX 65536

enum weft_sim_origin {
    WEFT_SIM_ORIGIN_NONE,      /* not a trace */
    WEFT_SIM_ORIGIN_SIMULATOR, /* of a run of weft-sim */
    WEFT_SIM_ORIGIN_NODE       /* of one node */
};

/* What is the file at |path|?
 * Errors: NONE, and |message| says why. */
enum weft_sim_origin weft_sim_history_origin(const char *path, struct weft_text *message);

/* Read the file of a simulator's run.
 * Errors: false, and |message| says where and what; nothing is to be freed.
 * Owner:  the caller; ends with weft_sim_history_end(). */
bool weft_sim_history_read(struct weft_sim_history *history, const char *path,
                           struct weft_text *message);

/* Read the files of nodes, paths[count]: what they did with the release that was the last to
 * appear, from the moment the first of them knew of it.
 * Errors: false, and |message| says where and what; nothing is to be freed.
 * Owner:  the caller; ends with weft_sim_history_end(). */
bool weft_sim_history_read_nodes(struct weft_sim_history *history, char *const *paths,
                                 uint32_t count, struct weft_text *message);

/* Add what a slice's line says to |slice|. */
void weft_sim_history_add_line(struct weft_sim_slice *slice, const json_t *line);

#endif
