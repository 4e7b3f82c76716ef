/* SPDX-License-Identifier: Apache-2.0 */
/* May what stands at a path be believed because of who can write there? For a process that trusts
 * its own files and nobody else's. */
#ifndef WEFT_GUARD_H
#define WEFT_GUARD_H

#include "node/fileio.h"

/* Does |path|, and every directory above it, belong to this user or to root, with nobody else
 * allowed to write? A directory above with the sticky bit may be open to all, such as /tmp: there
 * only owners move what is theirs. Symbolic links are followed first. |what| is for the message,
 * such as "--root".
 * Errors: NOT_FOUND, PERMISSION, ..., with what to do in |message|. */
enum weft_err weft_guard_check(const char *what, const char *path, struct weft_message *message);

#endif
