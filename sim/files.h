/* SPDX-License-Identifier: Apache-2.0 */
/* A list of paths, in which a directory stands for the files in it. */
#ifndef WEFT_SIM_FILES_H
#define WEFT_SIM_FILES_H

#include "protocol/flag.h"
#include "protocol/types.h"

struct weft_sim_files {
    char **paths;   /* in the order given, those of a directory by name; owned */
    uint32_t count; /* entries of paths */
    uint32_t room;  /* entries that fit */
};

/* Find the files that |arguments| name.
 * Errors: false if a directory cannot be read or there is no file at all; |message| says why.
 * Owner:  the caller; ends with weft_sim_files_end(), also after an error. */
bool weft_sim_files_begin(struct weft_sim_files *files, const struct weft_flag_list *arguments,
                          struct weft_text *message);

/* Free the list. */
void weft_sim_files_end(struct weft_sim_files *files);

#endif
