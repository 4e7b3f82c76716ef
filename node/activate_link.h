/* SPDX-License-Identifier: Apache-2.0 */
/* How a symbolic link moves from one release to the next without a moment in between. Used by
 * activate.c only; everything blocks. */
#ifndef WEFT_ACTIVATE_LINK_H
#define WEFT_ACTIVATE_LINK_H

#include "node/fileio.h"

/* Can a link be put at |path|: nothing is there, or a symbolic link, and its directory exists or
 * can be made in an existing one? Makes that directory.
 * Errors: EXISTS = something else is there; NOT_FOUND = no directory for it; PERMISSION, IO, LIMIT;
 *         |message| says what to do. */
enum weft_err weft_link_check(const char *path, struct weft_message *message);

/* Point the symbolic link |path| at |target| by one rename, and make that durable. Points it there
 * already = only the latter.
 * Errors: as weft_link_check(); the link is then as it was. */
enum weft_err weft_link_point(const char *path, const char *target, struct weft_message *message);

/* Where the symbolic link |path| points, into target[WEFT_FILE_PATH_BYTES]; empty if it is none. */
void weft_link_read(const char *path, char *target);

#endif
