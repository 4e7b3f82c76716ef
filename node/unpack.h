/* SPDX-License-Identifier: Apache-2.0 */
/* How a tar becomes a directory tree that cannot reach outside its directory. The archive is
 * signed, but a publisher's mistake must not overwrite a machine: it is read as an enemy's.
 *
 * Allowed: directories, regular files, hard links to files of the archive, symbolic links with any
 * text: real trees have links to /etc and to ../.., and a link is only followed by who uses the
 * tree, never in here. Refused: absolute paths, "..", devices, fifos, sockets, a path twice, a path
 * through a symbolic link. Modes keep rwx only (no set-uid, set-gid, sticky), owners and times are
 * not restored. */
#ifndef WEFT_UNPACK_H
#define WEFT_UNPACK_H

#include "node/fileio.h"

/* More entries in one archive are refused with LIMIT. */
#define WEFT_UNPACK_ENTRIES_MAX 1000000

/* A path with more components is refused with LIMIT. */
#define WEFT_UNPACK_DEPTH_MAX 128

struct weft_unpack_request {
    int archive;           /* readable file of the tar, from its start */
    int directory;         /* empty directory to fill, opened O_DIRECTORY */
    uint64_t bytes;        /* signed length of the tar, bound of all content */
    const uint8_t *sha256; /* signed hash to check on the way; NULL = checked before */
    bool (*is_cancelled)(void *context); /* asked between blocks, from this thread; NULL = never */
    void *context;                       /* passed to is_cancelled */
};

/* Unpack; blocks, for the thread pool. Nothing is made durable.
 * Errors: UNSAFE_PATH, FORMAT, LIMIT, MISMATCH, CANCELLED, DISK_FULL, IO, PERMISSION; |message|
 *         says which entry and why; the directory then holds a part, the caller removes it. */
enum weft_err weft_unpack_tar(const struct weft_unpack_request *request,
                              struct weft_message *message);

#endif
