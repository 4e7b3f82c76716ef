/* SPDX-License-Identifier: Apache-2.0 */
/* Where an entry of an archive may stand: see unpack_path.h. */
#include "node/unpack_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Say why |path| is refused. */
static enum weft_err unsafe(struct weft_message *message, const char *path, const char *why)
{
    weft_message_set(message, "%s: %s", path, why);
    return WEFT_ERR_UNSAFE_PATH;
}

/* The next name of a path; *rest moves behind it. Empty names and "." are passed over.
 * Errors: NULL at the end. */
static const char *next_name(const char **rest, size_t *length)
{
    for (;;) {
        const char *name = *rest + strspn(*rest, "/");
        *length = strcspn(name, "/");
        *rest = name + *length;
        if (*length == 0) {
            return NULL;
        }
        if (*length != 1 || name[0] != '.') {
            return name;
        }
    }
}

/* Is this name ".."? */
static bool is_up(const char *name, size_t length)
{
    return length == 2 && name[0] == '.' && name[1] == '.';
}

/* Check |path| and count its names. */
static enum weft_err check_path(const char *path, uint32_t *count, struct weft_message *message)
{
    const char *rest = path;
    const char *name;
    size_t length;
    *count = 0;
    if (path[0] == '/') {
        return unsafe(message, path, "absolute paths are refused");
    }
    while ((name = next_name(&rest, &length)) != NULL) {
        if (is_up(name, length)) {
            return unsafe(message, path, "\"..\" in a path is refused");
        }
        if (++*count > WEFT_UNPACK_DEPTH_MAX) {
            weft_message_set(message, "%s: more than %d directories deep", path,
                             WEFT_UNPACK_DEPTH_MAX);
            return WEFT_ERR_LIMIT;
        }
    }
    return WEFT_ERR_OK;
}

/* Open the directory |name| in |parent|; if |make| is set, make it when it is missing. */
static int open_directory(int parent, const char *name, bool make)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == ENOENT && make && mkdirat(parent, name, 0755) == 0) {
        fd = openat(parent, name, flags);
    }
    return fd;
}

/* Walk from |root| to the directory of the last name. place->path, names are set.
 * Errors: errno through weft_unpack_failure(). */
static enum weft_err walk(int root, bool make, struct weft_unpack_place *place,
                          struct weft_message *message)
{
    const char *rest = place->path;
    size_t length;
    const char *name = next_name(&rest, &length);
    place->parent = fcntl(root, F_DUPFD_CLOEXEC, 3);
    while (place->parent >= 0) {
        memcpy(place->names, name, length);
        place->names[length] = '\0';
        name = next_name(&rest, &length);
        if (name == NULL) {
            place->name = place->names;
            return WEFT_ERR_OK;
        }
        int below = open_directory(place->parent, place->names, make);
        int saved = errno;
        close(place->parent);
        place->parent = below;
        errno = saved;
    }
    return weft_unpack_failure(place, errno, message);
}

/* Check and walk; see weft_unpack_find(). */
static enum weft_err find(int root, const char *path, bool make, struct weft_unpack_place *place,
                          struct weft_message *message)
{
    uint32_t count;
    *place = (struct weft_unpack_place){.path = path, .parent = -1};
    enum weft_err err = check_path(path, &count, message);
    if (err != WEFT_ERR_OK || count == 0) {
        return err;
    }
    place->names = malloc(strlen(path) + 1);
    if (place->names == NULL) {
        return WEFT_ERR_MEMORY;
    }
    err = walk(root, make, place, message);
    if (err != WEFT_ERR_OK) {
        weft_unpack_leave(place);
    }
    return err;
}

enum weft_err weft_unpack_find(int root, const char *path, struct weft_unpack_place *place,
                               struct weft_message *message)
{
    return find(root, path, true, place, message);
}

void weft_unpack_leave(struct weft_unpack_place *place)
{
    if (place->parent >= 0) {
        close(place->parent);
    }
    free(place->names);
    place->parent = -1;
    place->names = NULL;
    place->name = NULL;
}

enum weft_err weft_unpack_failure(const struct weft_unpack_place *place, int error_number,
                                  struct weft_message *message)
{
    switch (error_number) {
    case EEXIST:
    case EISDIR:
        weft_message_set(message, "%s stands in the archive twice", place->path);
        return WEFT_ERR_FORMAT;
    case ELOOP:
    case ENOTDIR:
        return unsafe(message, place->path, "its path leads through a link or a file");
    default:
        return weft_message_errno(message, error_number, "make", place->path);
    }
}

enum weft_err weft_unpack_directory(const struct weft_unpack_place *place, mode_t mode,
                                    struct weft_message *message)
{
    int fd = open_directory(place->parent, place->name, true);
    if (fd < 0) {
        return weft_unpack_failure(place, errno, message);
    }
    enum weft_err err = WEFT_ERR_OK;
    if (fchmod(fd, (mode & 0777) | 0700) != 0) {
        err = weft_unpack_failure(place, errno, message);
    }
    close(fd);
    return err;
}

enum weft_err weft_unpack_soft_link(const struct weft_unpack_place *place, const char *target,
                                    struct weft_message *message)
{
    if (target == NULL || target[0] == '\0' || strlen(target) >= PATH_MAX) {
        weft_message_set(message, "%s: a symbolic link to nothing, or to a path that is too long",
                         place->path);
        return WEFT_ERR_FORMAT;
    }
    if (symlinkat(target, place->parent, place->name) != 0) {
        return weft_unpack_failure(place, errno, message);
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_unpack_hard_link(int root, const struct weft_unpack_place *place,
                                    const char *target, struct weft_message *message)
{
    struct weft_unpack_place other;
    struct stat status;
    enum weft_err err = find(root, target, false, &other, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (other.name == NULL ||
        fstatat(other.parent, other.name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode)) {
        err = unsafe(message, place->path, "a hard link to what is no file of this archive");
    } else if (linkat(other.parent, other.name, place->parent, place->name, 0) != 0) {
        err = weft_unpack_failure(place, errno, message);
    }
    weft_unpack_leave(&other);
    return err;
}
