/* SPDX-License-Identifier: Apache-2.0 */
/* How the directory of a release comes into being: see activate_layout.h.
 *
 * Order: DATA/tmp/COMPONENT is filled, made durable, then renamed. So a directory below
 * DATA/active/COMPONENT is always complete; it leaves the same way, by a rename to DATA/tmp. */
#include "node/activate_layout.h"
#include "node/store.h"
#include "node/unpack.h"
#include "protocol/trust/digest.h"
#include "protocol/trust/name.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes copied and hashed at a time: they stay in the processor's cache in between. */
#define COPY_BYTES (256 * 1024)

_Static_assert(WEFT_LAYOUT_NAME_BYTES > WEFT_NAME_BYTES_MAX + 1 + 16, "a directory name fits");

/* The signed metadata was checked by others; these names become paths, so check them again. */
static enum weft_err check_names(const struct weft_activate_request *request,
                                 struct weft_message *message)
{
    if (!weft_name_place_ok(request->component)) {
        weft_message_set(message, "the component name is not allowed: " WEFT_NAME_RULE);
        return WEFT_ERR_UNSAFE_PATH;
    }
    if (!weft_name_ok(request->version)) {
        weft_message_set(message, "the version of %s is not allowed: " WEFT_NAME_RULE,
                         request->component);
        return WEFT_ERR_UNSAFE_PATH;
    }
    if (request->file != NULL && !weft_name_file_ok(request->file)) {
        weft_message_set(message, "the file name of %s is not allowed", request->component);
        return WEFT_ERR_UNSAFE_PATH;
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_layout_init(struct weft_layout *layout, struct weft_message *message)
{
    const struct weft_activate_request *request = layout->request;
    enum weft_err err = check_names(request, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    char *base = realpath(request->data_dir, NULL);
    if (base == NULL) {
        return weft_message_errno(message, errno, "find the data directory", request->data_dir);
    }
    char active[WEFT_FILE_PATH_BYTES];
    char tmp[WEFT_FILE_PATH_BYTES];
    snprintf(layout->name, sizeof(layout->name), "%s-%016" PRIx64, request->version, request->id);
    bool fits =
        snprintf(layout->base, sizeof(layout->base), "%s", base) < (int)sizeof(layout->base) &&
        weft_fileio_join(active, base, "active") && weft_fileio_join(tmp, base, "tmp") &&
        weft_fileio_join(layout->component, active, request->component) &&
        weft_fileio_join(layout->directory, layout->component, layout->name) &&
        weft_fileio_join(layout->scratch, tmp, request->component);
    free(base);
    return fits ? WEFT_ERR_OK
                : weft_message_errno(message, ENAMETOOLONG, "use the data directory",
                                     request->data_dir);
}

/* Was the activation cancelled? */
static bool is_cancelled(const struct weft_layout *layout)
{
    return layout->is_cancelled != NULL && layout->is_cancelled(layout->context);
}

/* Open the finished release in the store, or take the one that is open. */
static enum weft_err open_source(const struct weft_layout *layout, int *fd,
                                 struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (layout->request->source != NULL) {
        *fd = fcntl(*layout->request->source, F_DUPFD_CLOEXEC, 0);
        return *fd >= 0 ? WEFT_ERR_OK : weft_message_errno(message, errno, "use", "the release");
    }
    if (!weft_store_path(path, layout->base, layout->request->id)) {
        return weft_message_errno(message, ENAMETOOLONG, "open", layout->base);
    }
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return *fd >= 0 ? WEFT_ERR_OK
                    : weft_message_errno(message, errno, "open the stored release", path);
}

/* A first look; that the bytes are the signed ones is seen while they are copied. */
static enum weft_err check_length(const struct weft_layout *layout, int source,
                                  struct weft_message *message)
{
    struct stat status;
    if (fstat(source, &status) == 0 && (uint64_t)status.st_size == layout->request->pin.length) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message, "the stored release %s does not have its signed length",
                     layout->name);
    return WEFT_ERR_MISMATCH;
}

/* Read the release from |from|, hash it, and write it to |to| unless that is -1. What is written is
 * what was hashed, part by part while it is in the processor's cache. */
static enum weft_err copy_hashed(const struct weft_layout *layout, int from, int to,
                                 uint8_t *buffer, struct weft_digest *digest)
{
    uint64_t bytes = layout->request->pin.length;
    enum weft_err err = WEFT_ERR_OK;
    for (uint64_t offset = 0; err == WEFT_ERR_OK && offset < bytes;) {
        size_t part = bytes - offset < COPY_BYTES ? (size_t)(bytes - offset) : COPY_BYTES;
        if (is_cancelled(layout)) {
            return WEFT_ERR_CANCELLED;
        }
        if (weft_fileio_read_at(from, buffer, part, offset) != WEFT_ERR_OK) {
            return WEFT_ERR_MISMATCH; /* its chunks are to be looked at, like wrong bytes */
        }
        weft_digest_add(digest, buffer, part);
        err = to >= 0 ? weft_fileio_write_at(to, buffer, part, offset) : WEFT_ERR_OK;
        offset += part;
    }
    return err;
}

/* copy_hashed() with its memory, then compare. */
static enum weft_err copy_verified(const struct weft_layout *layout, int from, int to,
                                   struct weft_message *message)
{
    struct weft_digest *digest = weft_digest_new(&layout->request->pin);
    uint8_t *buffer = malloc(COPY_BYTES);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (digest != NULL && buffer != NULL) {
        err = copy_hashed(layout, from, to, buffer, digest);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot copy the release to %s: %s", layout->scratch,
                         weft_err_text(err));
    } else {
        err = weft_digest_end(digest);
        if (err == WEFT_ERR_MISMATCH) {
            weft_message_set(message, "the stored release does not match its signed hash");
        }
    }
    free(buffer);
    weft_digest_free(digest);
    return err;
}

/* A release that is one file. A copy, because whoever uses an activated directory may write to it,
 * and through a hard link that would damage what this node serves to others. Blocks that a file
 * system can share are read back from the copy. */
static enum weft_err fill_file(const struct weft_layout *layout, int source, int directory,
                               struct weft_message *message)
{
    const struct weft_activate_request *request = layout->request;
    int fd =
        openat(directory, request->file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        return weft_message_errno(message, errno, "make", request->file);
    }
    bool is_clone = weft_fileio_clone(source, fd, request->pin.length);
    enum weft_err err = copy_verified(layout, is_clone ? fd : source, is_clone ? -1 : fd, message);
    if (err == WEFT_ERR_OK && (fchmod(fd, 0644) != 0 || fsync(fd) != 0)) {
        err = weft_message_errno(message, errno, "make durable", layout->scratch);
    }
    close(fd);
    return err;
}

/* A release that is a tree. syncfs() instead of an fsync for each of many thousand files. */
static enum weft_err fill_tree(const struct weft_layout *layout, int source, int directory,
                               struct weft_message *message)
{
    const struct weft_activate_request *request = layout->request;
    struct weft_unpack_request unpack = {
        .archive = source,
        .directory = directory,
        .bytes = request->pin.length,
        .sha256 = request->pin.sha256,
        .is_cancelled = layout->is_cancelled,
        .context = layout->context,
    };
    enum weft_err err = weft_unpack_tar(&unpack, message);
    if (err == WEFT_ERR_OK && syncfs(directory) != 0) {
        err = weft_message_errno(message, errno, "make durable", layout->scratch);
    }
    return err;
}

/* Fill the scratch directory and make it durable. */
static enum weft_err fill(const struct weft_layout *layout, int source,
                          struct weft_message *message)
{
    int directory = open(layout->scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
        return weft_message_errno(message, errno, "open", layout->scratch);
    }
    enum weft_err err = layout->request->file != NULL
                            ? fill_file(layout, source, directory, message)
                            : fill_tree(layout, source, directory, message);
    if (err == WEFT_ERR_OK && fsync(directory) != 0) {
        err = weft_message_errno(message, errno, "make durable", layout->scratch);
    }
    close(directory);
    return err;
}

/* Make an empty scratch directory; what a crash left there goes. */
static enum weft_err make_scratch(const struct weft_layout *layout, struct weft_message *message)
{
    if (weft_fileio_remove(layout->scratch) != WEFT_ERR_OK ||
        weft_fileio_make_dirs(layout->scratch, 0755) != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "make", layout->scratch);
    }
    return WEFT_ERR_OK;
}

/* Prepare the directory aside and rename it into place. */
static enum weft_err prepare(const struct weft_layout *layout, struct weft_message *message)
{
    int source = -1;
    enum weft_err err = open_source(layout, &source, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = check_length(layout, source, message);
    if (err == WEFT_ERR_OK) {
        err = make_scratch(layout, message);
    }
    if (err == WEFT_ERR_OK) {
        err = fill(layout, source, message);
    }
    close(source);
    if (err == WEFT_ERR_OK && is_cancelled(layout)) {
        err = WEFT_ERR_CANCELLED;
    }
    if (err == WEFT_ERR_OK && rename(layout->scratch, layout->directory) != 0) {
        err = weft_message_errno(message, errno, "rename a directory to", layout->directory);
    }
    if (err != WEFT_ERR_OK) {
        weft_fileio_remove(layout->scratch);
    }
    return err;
}

enum weft_err weft_layout_make(const struct weft_layout *layout, struct weft_message *message)
{
    struct stat status;
    enum weft_err err = WEFT_ERR_OK;
    if (weft_fileio_make_dirs(layout->component, 0755) != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "make the directory", layout->component);
    }
    if (lstat(layout->directory, &status) != 0 || !S_ISDIR(status.st_mode)) {
        err = prepare(layout, message);
    }
    /* Also if it was there: perhaps a crash came between rename and fsync. */
    if (err == WEFT_ERR_OK && weft_fileio_sync_dir(layout->component) != WEFT_ERR_OK) {
        err = weft_message_errno(message, errno, "make durable", layout->component);
    }
    return err;
}

/* Is |name| that of a release's directory: something-ID? */
static bool is_release_name(const char *name)
{
    size_t length = strlen(name);
    return length > 17 && name[length - 17] == '-' &&
           strspn(name + length - 16, "0123456789abcdef") == 16;
}

void weft_layout_prune(const struct weft_layout *layout, const char *keep, const char *keep_too)
{
    DIR *directory = opendir(layout->component);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char path[WEFT_FILE_PATH_BYTES];
        if (!is_release_name(entry->d_name) || strcmp(entry->d_name, keep) == 0 ||
            strcmp(entry->d_name, keep_too) == 0 ||
            !weft_fileio_join(path, layout->component, entry->d_name)) {
            continue;
        }
        weft_fileio_remove(layout->scratch);
        if (rename(path, layout->scratch) == 0) {
            weft_fileio_remove(layout->scratch);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
}
