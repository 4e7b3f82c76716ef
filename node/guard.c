/* SPDX-License-Identifier: Apache-2.0 */
/* Who can write at a path: see guard.h. */
#include "node/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum weft_err refuse(const char *what, const char *path, const char *why,
                            struct weft_message *message)
{
    weft_message_set(message, "%s: %.300s %s, who could change what is believed; correct that",
                     what, path, why);
    return WEFT_ERR_PERMISSION;
}

/* One level of a path; |is_end| = the path itself. */
static enum weft_err check_level(const char *what, const char *path, bool is_end,
                                 struct weft_message *message)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return weft_message_errno(message, errno, "look at", path);
    }
    if (status.st_uid != 0 && status.st_uid != geteuid()) {
        return refuse(what, path, "belongs to another user", message);
    }
    bool is_shared = !is_end && S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !is_shared) {
        return refuse(what, path, "may be written by others", message);
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_guard_check(const char *what, const char *path, struct weft_message *message)
{
    char level[WEFT_FILE_PATH_BYTES];
    char above[WEFT_FILE_PATH_BYTES];
    char *real = realpath(path, NULL);
    if (real == NULL) {
        char step[64];
        int code = errno;
        snprintf(step, sizeof(step), "find %s", what);
        return weft_message_errno(message, code, step, path);
    }
    bool fits = snprintf(level, sizeof(level), "%s", real) < (int)sizeof(level);
    free(real);
    enum weft_err err = fits ? check_level(what, level, true, message) : WEFT_ERR_LIMIT;
    while (err == WEFT_ERR_OK && level[1] != '\0') {
        weft_fileio_parent(above, level);
        snprintf(level, sizeof(level), "%s", above);
        err = check_level(what, level, false, message);
    }
    return err;
}
