/* SPDX-License-Identifier: Apache-2.0 */
/* How a symbolic link moves: see activate_link.h. */
#include "node/activate_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copy |path| without trailing slashes into out[WEFT_FILE_PATH_BYTES]. */
static bool trim(char *out, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    if (length == 0 || length >= WEFT_FILE_PATH_BYTES - 16) {
        return false;
    }
    memcpy(out, path, length);
    out[length] = '\0';
    return true;
}

/* The directory of the link exists, or its last level is made. */
static enum weft_err check_parent(const char *link, struct weft_message *message)
{
    char parent[WEFT_FILE_PATH_BYTES];
    char above[WEFT_FILE_PATH_BYTES];
    struct stat status;
    weft_fileio_parent(parent, link);
    if (stat(parent, &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            return WEFT_ERR_OK;
        }
        weft_message_set(message, "cannot make the link %s: %s is not a directory", link, parent);
        return WEFT_ERR_NOT_FOUND;
    }
    weft_fileio_parent(above, parent);
    if (stat(above, &status) != 0) {
        weft_message_set(message,
                         "cannot make the link %s: the directory %s does not exist; make it, or "
                         "correct --component",
                         link, above);
        return WEFT_ERR_NOT_FOUND;
    }
    if (mkdir(parent, 0755) != 0 && errno != EEXIST) {
        return weft_message_errno(message, errno, "make the directory of the link,", parent);
    }
    return weft_fileio_sync_dir(above);
}

/* weft_link_check() for a path without trailing slashes. */
static enum weft_err check(const char *link, struct weft_message *message)
{
    struct stat status;
    if (lstat(link, &status) == 0) {
        if (S_ISLNK(status.st_mode)) {
            return WEFT_ERR_OK;
        }
        weft_message_set(message,
                         "%s is a %s, not a symbolic link, and is left alone; move it away, or "
                         "name another LINK in --component",
                         link, S_ISDIR(status.st_mode) ? "directory" : "file");
        return WEFT_ERR_EXISTS;
    }
    if (errno != ENOENT) {
        return weft_message_errno(message, errno, "look at the link", link);
    }
    return check_parent(link, message);
}

enum weft_err weft_link_check(const char *path, struct weft_message *message)
{
    char link[WEFT_FILE_PATH_BYTES];
    if (!trim(link, path)) {
        weft_message_set(message, "the path of the link is empty or too long");
        return WEFT_ERR_LIMIT;
    }
    return check(link, message);
}

void weft_link_read(const char *path, char *target)
{
    ssize_t length = readlink(path, target, WEFT_FILE_PATH_BYTES - 1);
    target[length > 0 ? length : 0] = '\0';
}

/* Make the new link next to |link| and rename it over. The name is fixed: what a crash left is
 * overwritten the next time. */
static enum weft_err replace(const char *link, const char *parent, const char *target,
                             struct weft_message *message)
{
    char temporary[WEFT_FILE_PATH_BYTES];
    const char *slash = strrchr(link, '/');
    const char *name = slash != NULL ? slash + 1 : link;
    int length = snprintf(temporary, sizeof(temporary), "%s/.%s.weft", parent, name);
    if (length < 0 || length >= (int)sizeof(temporary)) {
        return weft_message_errno(message, ENAMETOOLONG, "make the link", link);
    }
    unlink(temporary);
    if (symlink(target, temporary) != 0) {
        return weft_message_errno(message, errno, "make the link", temporary);
    }
    if (rename(temporary, link) != 0) {
        int saved = errno;
        unlink(temporary);
        return weft_message_errno(message, saved, "move the link", link);
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_link_point(const char *path, const char *target, struct weft_message *message)
{
    char link[WEFT_FILE_PATH_BYTES];
    char parent[WEFT_FILE_PATH_BYTES];
    char before[WEFT_FILE_PATH_BYTES];
    enum weft_err err = weft_link_check(path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    trim(link, path);
    weft_fileio_parent(parent, link);
    weft_link_read(link, before);
    if (strcmp(before, target) != 0) {
        err = replace(link, parent, target, message);
    }
    if (err == WEFT_ERR_OK && weft_fileio_sync_dir(parent) != WEFT_ERR_OK) {
        err = weft_message_errno(message, errno, "make durable what is in", parent);
    }
    return err;
}
