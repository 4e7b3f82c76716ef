/* SPDX-License-Identifier: Apache-2.0 */
/* How a tar becomes a directory tree: see unpack.h. Reading and its bounds are here; where an entry
 * may stand is in unpack_path.c.
 *
 * Why no path can escape: an entry's path is cut into names, ".." is refused, and every directory
 * on the way is opened from the one above with O_NOFOLLOW, so that a symbolic link made earlier by
 * the same archive is never followed. */
#include "node/unpack_path.h"
#include "protocol/limits.h"
#include "protocol/trust/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes read from the tar at a time. */
#define BLOCK_BYTES (256 * 1024)

struct unpack {
    const struct weft_unpack_request *request; /* what to do */
    struct weft_message *message;              /* why it failed */
    struct archive *archive;                   /* reader; owned */
    struct weft_sha256 *hash;                  /* of what was read; NULL = not wanted; owned */
    uint8_t *block;                            /* [BLOCK_BYTES]; owned */
    uint64_t read_bytes;                       /* of the tar */
    uint64_t content_bytes;                    /* of files, as their headers say */
    uint64_t entry_count;                      /* so far */
    enum weft_err err;                         /* of the reading itself */
};

/* Read the next block of the tar, at most up to its signed length. 0 = end, or unpack->err. */
static size_t read_block(struct unpack *unpack)
{
    const struct weft_unpack_request *request = unpack->request;
    if (request->is_cancelled != NULL && request->is_cancelled(request->context)) {
        unpack->err = WEFT_ERR_CANCELLED;
        return 0;
    }
    uint64_t left = request->bytes - unpack->read_bytes;
    size_t part = left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
    unpack->err = weft_fileio_read_at(request->archive, unpack->block, part, unpack->read_bytes);
    if (unpack->err != WEFT_ERR_OK) {
        weft_message_set(unpack->message, "cannot read the stored release: %s",
                         weft_err_text(unpack->err));
        unpack->err = WEFT_ERR_MISMATCH; /* its chunks are to be looked at, like wrong bytes */
        return 0;
    }
    if (unpack->hash != NULL) {
        weft_sha256_add(unpack->hash, unpack->block, part);
    }
    unpack->read_bytes += part;
    return part;
}

/* Called by libarchive for more of the tar. */
static la_ssize_t on_read(struct archive *archive, void *context, const void **bytes)
{
    struct unpack *unpack = context;
    size_t length = read_block(unpack);
    if (unpack->err != WEFT_ERR_OK) {
        archive_set_error(archive, EIO, "cancelled or not readable");
        return -1;
    }
    *bytes = unpack->block;
    return (la_ssize_t)length;
}

/* The failure of libarchive, unless our own reading failed. */
static enum weft_err archive_failure(struct unpack *unpack, const char *path)
{
    if (unpack->err != WEFT_ERR_OK) {
        return unpack->err;
    }
    const char *reason = archive_error_string(unpack->archive);
    weft_message_set(unpack->message, "the archive cannot be read at %s: %s", path,
                     reason != NULL ? reason : "unknown reason");
    return WEFT_ERR_FORMAT;
}

/* Copy the content of the current entry into |fd|. */
static enum weft_err write_content(struct unpack *unpack, int fd, const char *path, uint64_t size)
{
    const void *bytes;
    size_t length;
    la_int64_t offset;
    int got;
    while ((got = archive_read_data_block(unpack->archive, &bytes, &length, &offset)) ==
           ARCHIVE_OK) {
        if (offset < 0 || (uint64_t)offset > size || length > size - (uint64_t)offset) {
            weft_message_set(unpack->message, "%s is longer than its header says", path);
            return WEFT_ERR_FORMAT;
        }
        enum weft_err err = weft_fileio_write_at(fd, bytes, length, (uint64_t)offset);
        if (err != WEFT_ERR_OK) {
            weft_message_errno(unpack->message, errno, "write", path);
            return err;
        }
    }
    return got == ARCHIVE_EOF ? WEFT_ERR_OK : archive_failure(unpack, path);
}

/* Make a regular file. */
static enum weft_err make_file(struct unpack *unpack, struct archive_entry *entry,
                               const struct weft_unpack_place *place)
{
    la_int64_t size = archive_entry_size(entry);
    uint64_t limit = unpack->request->bytes - unpack->content_bytes;
    if (size < 0 || (uint64_t)size > limit) {
        weft_message_set(unpack->message, "%s: the files are larger than the archive", place->path);
        return WEFT_ERR_LIMIT;
    }
    unpack->content_bytes += (uint64_t)size;
    int fd = openat(place->parent, place->name,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return weft_unpack_failure(place, errno, unpack->message);
    }
    enum weft_err err = write_content(unpack, fd, place->path, (uint64_t)size);
    mode_t mode = (archive_entry_perm(entry) & 0777) | 0400;
    if (err == WEFT_ERR_OK && (ftruncate(fd, (off_t)size) != 0 || fchmod(fd, mode) != 0)) {
        err = weft_unpack_failure(place, errno, unpack->message);
    }
    if (close(fd) != 0 && err == WEFT_ERR_OK) {
        err = weft_unpack_failure(place, errno, unpack->message);
    }
    return err;
}

/* Make what |entry| describes, in its place. */
static enum weft_err make_entry(struct unpack *unpack, struct archive_entry *entry,
                                const struct weft_unpack_place *place)
{
    const char *hard = archive_entry_hardlink(entry);
    if (hard != NULL) {
        return weft_unpack_hard_link(unpack->request->directory, place, hard, unpack->message);
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return make_file(unpack, entry, place);
    case AE_IFDIR:
        return weft_unpack_directory(place, archive_entry_perm(entry), unpack->message);
    case AE_IFLNK:
        return weft_unpack_soft_link(place, archive_entry_symlink(entry), unpack->message);
    default:
        weft_message_set(unpack->message,
                         "%s is no file, directory or link; devices and fifos are refused",
                         place->path);
        return WEFT_ERR_UNSAFE_PATH;
    }
}

/* One entry: find its place, make it. */
static enum weft_err take_entry(struct unpack *unpack, struct archive_entry *entry)
{
    const char *path = archive_entry_pathname(entry);
    if (path == NULL) {
        weft_message_set(unpack->message, "entry %llu of the archive has an unreadable name",
                         (unsigned long long)unpack->entry_count);
        return WEFT_ERR_FORMAT;
    }
    struct weft_unpack_place place;
    enum weft_err err = weft_unpack_find(unpack->request->directory, path, &place, unpack->message);
    if (err != WEFT_ERR_OK || place.name == NULL) {
        return err;
    }
    err = make_entry(unpack, entry, &place);
    weft_unpack_leave(&place);
    return err;
}

/* All entries. */
static enum weft_err take_entries(struct unpack *unpack)
{
    for (;;) {
        struct archive_entry *entry;
        int got = archive_read_next_header(unpack->archive, &entry);
        if (got == ARCHIVE_EOF) {
            return WEFT_ERR_OK;
        }
        if (got < ARCHIVE_WARN) {
            return archive_failure(unpack, "its next header");
        }
        if (++unpack->entry_count > WEFT_UNPACK_ENTRIES_MAX) {
            weft_message_set(unpack->message, "the archive has more than %d entries",
                             WEFT_UNPACK_ENTRIES_MAX);
            return WEFT_ERR_LIMIT;
        }
        enum weft_err err = take_entry(unpack, entry);
        if (err != WEFT_ERR_OK) {
            return err;
        }
    }
}

/* Read what stands behind the last entry, and compare the hash. */
static enum weft_err check_hash(struct unpack *unpack)
{
    if (unpack->hash == NULL) {
        return WEFT_ERR_OK;
    }
    while (unpack->err == WEFT_ERR_OK && unpack->read_bytes < unpack->request->bytes) {
        read_block(unpack);
    }
    if (unpack->err != WEFT_ERR_OK) {
        return unpack->err;
    }
    uint8_t digest[WEFT_SHA256_BYTES];
    if (!weft_sha256_end(unpack->hash, digest)) {
        return WEFT_ERR_MEMORY;
    }
    if (memcmp(digest, unpack->request->sha256, sizeof(digest)) != 0) {
        weft_message_set(unpack->message, "the stored release does not match its signed hash");
        return WEFT_ERR_MISMATCH;
    }
    return WEFT_ERR_OK;
}

/* Open the archive and take its entries. */
static enum weft_err open_and_take(struct unpack *unpack)
{
    struct archive *archive = unpack->archive;
    if (archive_read_support_format_tar(archive) != ARCHIVE_OK ||
        archive_read_open(archive, unpack, NULL, on_read, NULL) != ARCHIVE_OK) {
        return archive_failure(unpack, "its beginning");
    }
    return take_entries(unpack);
}

/* Unpack with everything allocated. A damaged tar fails in many ways; that it is damaged is what
 * people need to know, so the hash has the last word. */
static enum weft_err run(struct unpack *unpack)
{
    enum weft_err err = open_and_take(unpack);
    enum weft_err hash_err = WEFT_ERR_OK;
    if (err == WEFT_ERR_OK || err == WEFT_ERR_FORMAT || err == WEFT_ERR_UNSAFE_PATH ||
        err == WEFT_ERR_LIMIT) {
        hash_err = check_hash(unpack);
    }
    return hash_err != WEFT_ERR_OK ? hash_err : err;
}

enum weft_err weft_unpack_tar(const struct weft_unpack_request *request,
                              struct weft_message *message)
{
    struct unpack unpack = {.request = request, .message = message};
    unpack.archive = archive_read_new();
    unpack.block = malloc(BLOCK_BYTES);
    unpack.hash = request->sha256 != NULL ? weft_sha256_new() : NULL;
    enum weft_err err = WEFT_ERR_MEMORY;
    /* Names in a tar are UTF-8; libarchive converts them to the charset of this thread. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    if (unpack.archive != NULL && unpack.block != NULL &&
        (request->sha256 == NULL || unpack.hash != NULL)) {
        err = run(&unpack);
    }
    archive_read_free(unpack.archive);
    if (utf8 != (locale_t)0) {
        uselocale(before);
        freelocale(utf8);
    }
    weft_sha256_free(unpack.hash);
    free(unpack.block);
    return err;
}
