/* SPDX-License-Identifier: Apache-2.0 */
/* Opens files below a repository; see web_file.h. */
#include "web_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Components of a path on a kernel without openat2(). */
#define DEPTH_MAX 32

/* Open |path| below |root| component by component, without any symbolic link. */
static int open_stepwise(int root, const char *path)
{
    int at = dup(root);
    for (int depth = 0; at >= 0 && depth < DEPTH_MAX; depth++) {
        char name[256];
        size_t length = strcspn(path, "/");
        bool is_last = path[length] == 0;
        if (length == 0 || length >= sizeof(name)) {
            break;
        }
        memcpy(name, path, length);
        name[length] = 0;
        if (strcmp(name, "..") == 0) {
            break;
        }
        int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (is_last ? 0 : O_DIRECTORY);
        int next = openat(at, name, flags);
        close(at);
        if (is_last) {
            return next;
        }
        at = next;
        path += length + 1;
    }
    if (at >= 0) {
        close(at);
    }
    return -1;
}

static int open_below(int root, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        return open_stepwise(root, path);
    }
    return (int)fd;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void describe(struct weft_web_file *file, int fd, const struct stat *entry, const char *path)
{
    file->fd = fd;
    file->size = (uint64_t)entry->st_size;
    snprintf(file->etag, sizeof(file->etag), "\"%llx-%llx%08lx\"",
             (unsigned long long)entry->st_size, (unsigned long long)entry->st_mtim.tv_sec,
             (unsigned long)entry->st_mtim.tv_nsec);
    file->type = ends_with(path, ".json") ? "application/json" : "application/octet-stream";
    file->changes = ends_with(path, "/timestamp.json");
}

bool weft_web_file_open(struct weft_web_file *file, const char *repository, const char *path)
{
    struct stat entry;
    if (path[0] != '/' || path[1] == 0) {
        return false;
    }
    int root = open(repository, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        return false;
    }
    int fd = open_below(root, path + 1);
    close(root);
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &entry) != 0 || !S_ISREG(entry.st_mode)) {
        close(fd);
        return false;
    }
    describe(file, fd, &entry, path);
    return true;
}
