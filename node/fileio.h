/* SPDX-License-Identifier: Apache-2.0 */
/* How bytes get onto a disk for good: whole writes, atomic replacement, directories, errno as
 * weft_err. What is stored and why is the business of the callers.
 *
 * Everything here blocks; large work belongs into the thread pool. All functions are thread safe
 * and none changes the working directory, the umask or the locale. */
#ifndef WEFT_FILEIO_H
#define WEFT_FILEIO_H

#include "protocol/err.h"
#include "protocol/types.h"

#include <sys/types.h>

/* Bytes of a message for people, the final NUL included; longer ones are cut. */
#define WEFT_MESSAGE_BYTES 640

/* Bytes of a path, the final NUL included; a longer one is refused. */
#define WEFT_FILE_PATH_BYTES 4096

struct weft_message {
    char text[WEFT_MESSAGE_BYTES]; /* one sentence without newline; empty = nothing to say */
};

/* Set |message| to a formatted text. Owner: borrows everything for the call; NULL is allowed. */
void weft_message_set(struct weft_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Set |message| to "cannot WHAT PATH: REASON" for an errno, and add what to do where that is known.
 * Returns the weft_err of the errno, so that it can stand in a return statement. */
enum weft_err weft_message_errno(struct weft_message *message, int error_number, const char *what,
                                 const char *path);

/* The weft_err of an errno; 0 = OK, what has no counterpart = IO. ENOSPC, EDQUOT and EFBIG =
 * DISK_FULL; EROFS, EACCES, EPERM = PERMISSION. */
enum weft_err weft_fileio_error(int error_number);

/* Write all of bytes[length] at |offset|, through short writes and signals.
 * Errors: of weft_fileio_error(); a part may then have been written. */
enum weft_err weft_fileio_write_at(int fd, const void *bytes, size_t length, uint64_t offset);

/* Write all of bytes[length] at the file position. Errors: as weft_fileio_write_at(). */
enum weft_err weft_fileio_write(int fd, const void *bytes, size_t length);

/* Read exactly bytes[length] at |offset|. Errors: TOO_SHORT at the end of the file; IO, ... */
enum weft_err weft_fileio_read_at(int fd, void *bytes, size_t length, uint64_t offset);

/* Read a whole small file.
 * Shape:  *length excludes the NUL that is put behind the bytes.
 * Errors: NOT_FOUND; TOO_LONG if it has more than |bytes_max|; PERMISSION, IO, MEMORY.
 * Owner:  the caller releases *bytes with free(); untouched on errors. */
enum weft_err weft_fileio_load(const char *path, size_t bytes_max, uint8_t **bytes, size_t *length);

/* Replace a small file by bytes[length] so that readers, a crash and a power cut leave the old or
 * the new content, never a mixture: PATH.tmp, fsync, rename, fsync of the directory. Writers of one
 * path must not run at the same time.
 * Shape:  |mode| are permission bits, the umask applies.
 * Errors: of weft_fileio_error(); the old file is then untouched. */
enum weft_err weft_fileio_replace(const char *path, const void *bytes, size_t length, mode_t mode);

/* Make a directory and all directories above it that are missing; one that exists is fine.
 * Errors: EXISTS if something on the way is not a directory; PERMISSION, DISK_FULL, IO. */
enum weft_err weft_fileio_make_dirs(const char *path, mode_t mode);

/* Make entries of a directory durable. Errors: NOT_FOUND, IO, ... */
enum weft_err weft_fileio_sync_dir(const char *path);

/* Make an open file durable: fsync. Errors: IO, DISK_FULL. */
enum weft_err weft_fileio_sync(int fd);

/* Remove a file, or a directory with all below it; symbolic links are removed, not followed; what
 * does not exist is fine. Errors: of the first entry that could not be removed. */
enum weft_err weft_fileio_remove(const char *path);

/* Let |target|, an empty file, share the blocks of |source|, which is |length| bytes long, where
 * the file system can; what is written to one later does not show in the other.
 * Errors: false if it cannot; nothing was done then. */
bool weft_fileio_clone(int source, int target, uint64_t length);

/* Copy |length| bytes from the start of |source| to the start of |target|, sharing blocks where the
 * file system can (FICLONE), else inside the kernel, else by read and write. The files are
 * independent afterwards. Errors: TOO_SHORT if |source| ends early; IO, DISK_FULL. */
enum weft_err weft_fileio_copy(int source, int target, uint64_t length);

/* The directory that |path| stands in ("." for a bare name), into out[WEFT_FILE_PATH_BYTES].
 * Shape:  |path| has no trailing slash and fits into WEFT_FILE_PATH_BYTES. */
void weft_fileio_parent(char *out, const char *path);

/* Join |directory|, '/', and |name| into out[WEFT_FILE_PATH_BYTES].
 * Errors: false if it does not fit; *out is then the empty string. */
bool weft_fileio_join(char *out, const char *directory, const char *name);

#endif
