/* SPDX-License-Identifier: Apache-2.0 */
/* What a node has left in its data directory: see apply_input.h. */
#include "node/apply_input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AS_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum weft_err weft_input_open(struct weft_input *input, const char *path,
                              struct weft_message *message)
{
    struct stat status;
    input->data_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (input->data_fd < 0 || fstat(input->data_fd, &status) != 0) {
        return weft_message_errno(message, errno, "open the data directory of the node,", path);
    }
    input->owner = status.st_uid;
    snprintf(input->path, sizeof(input->path), "%s", path);
    return WEFT_ERR_OK;
}

void weft_input_close(struct weft_input *input)
{
    if (input->data_fd >= 0) {
        close(input->data_fd);
    }
    input->data_fd = -1;
}

/* The error of an open() that failed: a link or directory in the way is not what a node leaves. */
static enum weft_err failure(int error_number)
{
    return error_number == ELOOP || error_number == ENOTDIR || error_number == ENXIO
               ? WEFT_ERR_FORMAT
               : weft_fileio_error(error_number);
}

/* Open |name| in |directory|, a regular file of the owner. */
static enum weft_err open_file(const struct weft_input *input, int directory, const char *name,
                               int *fd, uint64_t *length)
{
    struct stat status;
    *fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd < 0) {
        return failure(errno);
    }
    if (fstat(*fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == input->owner) {
        *length = (uint64_t)status.st_size;
        return WEFT_ERR_OK;
    }
    close(*fd);
    *fd = -1;
    return WEFT_ERR_FORMAT;
}

/* Read all of a file into memory once; what is verified later are these bytes. */
static enum weft_err load(const struct weft_input *input, int directory, const char *name,
                          uint32_t bytes_max, uint8_t **bytes, size_t *length)
{
    int fd = -1;
    uint64_t size = 0;
    uint8_t *read = NULL;
    enum weft_err err = open_file(input, directory, name, &fd, &size);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (size > bytes_max) {
        err = WEFT_ERR_TOO_LONG;
    } else if ((read = malloc((size_t)size + 1)) == NULL) {
        err = WEFT_ERR_MEMORY;
    } else {
        err = weft_fileio_read_at(fd, read, (size_t)size, 0);
    }
    close(fd);
    if (err != WEFT_ERR_OK) {
        free(read);
        return err;
    }
    *bytes = read;
    *length = (size_t)size;
    return WEFT_ERR_OK;
}

/* Is |name| "N.WANTED", with N as large as *version at least? Then *version is N. */
static bool is_version_of(const char *name, const char *wanted, uint64_t *version)
{
    char *end = NULL;
    if (name[0] < '1' || name[0] > '9') {
        return false;
    }
    errno = 0;
    uint64_t number = strtoull(name, &end, 10);
    if (errno != 0 || end[0] != '.' || strcmp(end + 1, wanted) != 0 || number < *version) {
        return false;
    }
    *version = number;
    return true;
}

/* The newest "N.NAME" in |directory|; false if there is none. */
static bool find_newest(int directory, const char *name, char found[NAME_MAX + 1])
{
    int fd = openat(directory, ".", AS_DIRECTORY);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    uint64_t version = 0;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (is_version_of(entry->d_name, name, &version)) {
            snprintf(found, NAME_MAX + 1, "%s", entry->d_name);
        }
    }
    if (stream != NULL) {
        closedir(stream);
    } else if (fd >= 0) {
        close(fd);
    }
    return version != 0;
}

/* A document by its name, or by the newest version of it. */
static enum weft_err load_any(const struct weft_input *input, int directory, const char *name,
                              uint32_t bytes_max, uint8_t **bytes, size_t *length)
{
    char newest[NAME_MAX + 1];
    enum weft_err err = load(input, directory, name, bytes_max, bytes, length);
    if (err == WEFT_ERR_NOT_FOUND && find_newest(directory, name, newest)) {
        err = load(input, directory, newest, bytes_max, bytes, length);
    }
    return err;
}

enum weft_err weft_input_document(const struct weft_input *input, const char *path,
                                  uint32_t bytes_max, uint8_t **bytes, size_t *length)
{
    static const char folder[] = "metadata/";
    const char *name = path + sizeof(folder) - 1;
    if (strncmp(path, folder, sizeof(folder) - 1) != 0 || strchr(name, '/') != NULL) {
        return WEFT_ERR_NOT_FOUND;
    }
    int trust = openat(input->data_fd, "trust", AS_DIRECTORY);
    if (trust < 0) {
        return failure(errno);
    }
    enum weft_err err = load_any(input, trust, name, bytes_max, bytes, length);
    if (err == WEFT_ERR_NOT_FOUND) {
        int roles = openat(trust, "roles", AS_DIRECTORY);
        if (roles >= 0) {
            err = load_any(input, roles, name, bytes_max, bytes, length);
            close(roles);
        }
    }
    close(trust);
    return err;
}

enum weft_err weft_input_release(const struct weft_input *input, weft_release_id id, int *fd,
                                 struct weft_message *message)
{
    char name[32];
    uint64_t length;
    snprintf(name, sizeof(name), "%016" PRIx64 ".data", id);
    int releases = openat(input->data_fd, "releases", AS_DIRECTORY);
    enum weft_err err =
        releases < 0 ? failure(errno) : open_file(input, releases, name, fd, &length);
    if (releases >= 0) {
        close(releases);
    }
    if (err == WEFT_ERR_FORMAT) {
        weft_message_set(message, "%s/releases/%s is not a file that the node made", input->path,
                         name);
    } else if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot open %s/releases/%s: %s", input->path, name,
                         weft_err_text(err));
    }
    return err;
}

weft_release_id weft_input_active(const struct weft_input *input, const char *place)
{
    char target[NAME_MAX + 1] = "";
    int active = openat(input->data_fd, "active", AS_DIRECTORY);
    int component = active >= 0 ? openat(active, place, AS_DIRECTORY) : -1;
    ssize_t length =
        component >= 0 ? readlinkat(component, "current", target, sizeof(target) - 1) : -1;
    if (component >= 0) {
        close(component);
    }
    if (active >= 0) {
        close(active);
    }
    bool is_named = length > 17 && target[length - 17] == '-' &&
                    strspn(target + length - 16, "0123456789abcdef") == 16;
    return is_named ? strtoull(target + length - 16, NULL, 16) : 0;
}
