/* SPDX-License-Identifier: Apache-2.0 */
/* Where an entry of an archive may stand, and how it gets there without following links. Used by
 * unpack.c only. */
#ifndef WEFT_UNPACK_PATH_H
#define WEFT_UNPACK_PATH_H

#include "node/unpack.h"

/* The place of one entry. */
struct weft_unpack_place {
    const char *path; /* as the archive has it, for messages; borrowed */
    int parent;       /* directory it stands in; owned */
    char *name;       /* its name there; NULL = the root of the tree itself, nothing to do */
    char *names;      /* buffer that |name| points into; owned */
};

/* Check |path| and open the directory of the tree |root| that it stands in, making directories that
 * are missing.
 * Errors: UNSAFE_PATH, LIMIT, MEMORY, DISK_FULL, IO; |message| says which and why; nothing is owned
 *         then.
 * Owner:  weft_unpack_leave() if OK and place->name is not NULL. */
enum weft_err weft_unpack_find(int root, const char *path, struct weft_unpack_place *place,
                               struct weft_message *message);

/* Release a place. */
void weft_unpack_leave(struct weft_unpack_place *place);

/* Make a directory, or take the one that is there. Errors: UNSAFE_PATH if something else is there;
 * DISK_FULL, IO. */
enum weft_err weft_unpack_directory(const struct weft_unpack_place *place, mode_t mode,
                                    struct weft_message *message);

/* Make a symbolic link with the text |target|, whatever it says: nothing here ever follows a link,
 * so none of them can lead a later entry outside.
 * Errors: FORMAT = NULL, empty, too long or twice in the archive; DISK_FULL, IO. */
enum weft_err weft_unpack_soft_link(const struct weft_unpack_place *place, const char *target,
                                    struct weft_message *message);

/* Make a hard link to the regular file |target| of the same tree. Errors: UNSAFE_PATH if it is not
 * one; FORMAT, DISK_FULL, IO. */
enum weft_err weft_unpack_hard_link(int root, const struct weft_unpack_place *place,
                                    const char *target, struct weft_message *message);

/* The error of making an entry, with a message; EEXIST = twice in the archive. */
enum weft_err weft_unpack_failure(const struct weft_unpack_place *place, int error_number,
                                  struct weft_message *message);

#endif
