/* SPDX-License-Identifier: Apache-2.0 */
/* A directory as one tar, the same bytes for the same tree on every machine. SPEC.md section
 * "Payload".
 *
 * Names sorted by their bytes, directories before their content; owner 0, time 0; modes 755 or 644
 * by the owner's execute bit; symbolic links kept as they are, wherever they lead; hard links as
 * separate files; no extended attributes; ustar, with pax headers where ustar has no room. */
#ifndef WEFT_TREE_H
#define WEFT_TREE_H

#include "node/fileio.h"

#include <sys/types.h>

struct weft_tree_request {
    const char *path;       /* the directory */
    int target;             /* file to write to, from its position; not closed */
    dev_t forbidden_device; /* with forbidden_inode: a directory that must not be inside */
    ino_t forbidden_inode;  /* (the repository would contain itself); 0 = none */
};

/* Write the tar of a directory. Not made durable.
 * Errors: UNSUPPORTED (a device, fifo or socket), LIMIT, NOT_FOUND, PERMISSION, TOO_SHORT (a file
 *         changed meanwhile), DISK_FULL, IO; |message| says which file and what to do. */
enum weft_err weft_tree_write(const struct weft_tree_request *request,
                              struct weft_message *message);

#endif
