/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads and chunk indexes of a repository, read from the disk and hashed. */
#include "node/verify_target.h"

#include "protocol/trust/digest.h"
#include "protocol/trust/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEND_PAYLOAD                                                                               \
    "bring the file back from a backup; without one publish the release again as another version"

struct place {
    const char *repository;       /* directory; borrowed */
    weft_verify_problem *problem; /* told of each */
    void *context;                /* of problem */
};

static void tell(const struct place *place, const char *path, const char *reason)
{
    char text[WEFT_MESSAGE_BYTES];
    snprintf(text, sizeof text, "%.300s: %s", path, reason);
    place->problem(place->context, text, MEND_PAYLOAD);
}

/* Where |quoted|, a path as it stands in a URL, is on the disk; false if that cannot be. */
static bool find(const struct place *place, const char *quoted, char *path)
{
    char below[WEFT_PATH_BYTES_MAX];
    return weft_path_unquote(quoted, below, sizeof below) &&
           weft_fileio_join(path, place->repository, below);
}

/* Compare the open file with |pin|. */
static enum weft_err compare(int fd, const struct weft_pin *pin)
{
    static uint8_t block[256 * 1024];
    struct weft_digest *digest = weft_digest_new(pin);
    enum weft_err err = digest != NULL ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
    ssize_t length = 1;
    while (err == WEFT_ERR_OK && length > 0) {
        length = read(fd, block, sizeof block);
        err =
            length < 0 ? weft_fileio_error(errno) : weft_digest_add(digest, block, (size_t)length);
    }
    err = err == WEFT_ERR_OK ? weft_digest_end(digest) : err;
    weft_digest_free(digest);
    return err;
}

static void check_file(const struct place *place, const char *quoted, const struct weft_pin *pin)
{
    char path[WEFT_FILE_PATH_BYTES];
    int fd = find(place, quoted, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        tell(place, quoted, errno == ENOENT ? "the file is missing" : strerror(errno));
        return;
    }
    enum weft_err err = compare(fd, pin);
    close(fd);
    if (err != WEFT_ERR_OK) {
        tell(place, quoted, weft_err_text(err));
    }
}

static void check_index(const struct place *place, const struct weft_release_info *info)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum weft_err err = WEFT_ERR_NOT_FOUND;
    if (find(place, info->index_path, path)) {
        err = weft_fileio_load(path, WEFT_DOCUMENT_BYTES_MAX, &bytes, &length);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_catalog_index_check(info, bytes, length);
    }
    if (err != WEFT_ERR_OK) {
        tell(place, info->index_path, weft_err_text(err));
    }
    free(bytes);
}

void weft_verify_target(const char *repository, bool is_consistent, const char *path,
                        const json_t *entry, weft_verify_problem *problem, void *context)
{
    struct place place = {repository, problem, context};
    struct weft_release_info info;
    if (!weft_catalog_read(path, entry, is_consistent, &info) &&
        !weft_catalog_read_plain(path, entry, is_consistent, &info)) {
        char text[WEFT_MESSAGE_BYTES];
        snprintf(text, sizeof text,
                 "target %.300s: nodes cannot keep it (its name, length or "
                 "hashes are not allowed)",
                 path);
        problem(context, text, "take it off the list, or give it another name");
        return;
    }
    check_file(&place, info.path, &info.pin);
    if (info.has_index) {
        check_index(&place, &info);
    }
}
