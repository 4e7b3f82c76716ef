/* SPDX-License-Identifier: Apache-2.0 */
/* As whom does a node run, and whose is its data? As who started it; root becomes the user of
 * --user first, or is warned.
 * What is confined after that is in sandbox.h. SPEC.md section "Sandbox". */
#ifndef WEFT_USER_H
#define WEFT_USER_H

#include "node/fileio.h"

/* Make the directory |data_dir| if it is missing, for the user |name|, and become that user with
 * its groups, for ever. |name| NULL: stay who it is.
 * Errors: NOT_FOUND = no such user; PERMISSION = not root, or the directory belongs to somebody
 *         else; IO; |message| says what to do. */
enum weft_err weft_user_become(const char *name, const char *data_dir,
                               struct weft_message *message);

/* From now on, what this process makes belongs to the owner of |data_dir|: of root at work on the
 * data of a node that runs as somebody else, who could not read it otherwise. Root goes on to read
 * and write everywhere. Nothing happens to others, and where there is no directory yet. */
void weft_user_make_for_owner(const char *data_dir);

/* A sentence for the log if this process is root, who may do more than a node needs; else NULL. */
const char *weft_user_warning(void);

#endif
