/* SPDX-License-Identifier: Apache-2.0 */
/* How bytes get onto a disk for good: see fileio.h. */
#include "node/fileio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes moved per call when the kernel cannot copy for us. */
#define COPY_BYTES (256 * 1024)

void weft_message_set(struct weft_message *message, const char *format, ...)
{
    if (message == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message->text, sizeof(message->text), format, arguments);
    va_end(arguments);
    for (char *c = message->text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = '?';
        }
    }
}

/* What a person can do about an errno; empty where nothing general can be said. */
static const char *advice(int error_number)
{
    switch (error_number) {
    case ENOSPC:
        return "; free some space, the node goes on by itself";
    case EDQUOT:
        return "; the disk quota of this user is used up";
    case EROFS:
        return "; the file system is mounted read-only, or became so after a disk error";
    case EACCES:
    case EPERM:
        return "; check the owner and mode of the directories above, and the user weft runs as";
    case EIO:
        return "; the disk may be failing, see the kernel log";
    case EMFILE:
    case ENFILE:
        return "; raise the limit of open files (ulimit -n)";
    default:
        return "";
    }
}

enum weft_err weft_message_errno(struct weft_message *message, int error_number, const char *what,
                                 const char *path)
{
    weft_message_set(message, "cannot %s %s: %s%s", what, path, strerror(error_number),
                     advice(error_number));
    return weft_fileio_error(error_number);
}

enum weft_err weft_fileio_error(int error_number)
{
    switch (error_number) {
    case 0:
        return WEFT_ERR_OK;
    case ENOENT:
    case ENOTDIR:
        return WEFT_ERR_NOT_FOUND;
    case EEXIST:
    case EISDIR:
    case ENOTEMPTY:
        return WEFT_ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return WEFT_ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return WEFT_ERR_DISK_FULL;
    case ENOMEM:
        return WEFT_ERR_MEMORY;
    case ENAMETOOLONG:
    case EMFILE:
    case ENFILE:
        return WEFT_ERR_LIMIT;
    default:
        return WEFT_ERR_IO;
    }
}

enum weft_err weft_fileio_write_at(int fd, const void *bytes, size_t length, uint64_t offset)
{
    const uint8_t *next = bytes;
    while (length > 0) {
        ssize_t wrote = pwrite(fd, next, length, (off_t)offset);
        if (wrote < 0) {
            if (errno == EINTR) {
                continue;
            }
            return weft_fileio_error(errno);
        }
        if (wrote == 0) {
            return WEFT_ERR_IO;
        }
        next += wrote;
        length -= (size_t)wrote;
        offset += (uint64_t)wrote;
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_fileio_write(int fd, const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    while (length > 0) {
        ssize_t wrote = write(fd, next, length);
        if (wrote < 0) {
            if (errno == EINTR) {
                continue;
            }
            return weft_fileio_error(errno);
        }
        if (wrote == 0) {
            return WEFT_ERR_IO;
        }
        next += wrote;
        length -= (size_t)wrote;
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_fileio_read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
    uint8_t *next = bytes;
    while (length > 0) {
        ssize_t got = pread(fd, next, length, (off_t)offset);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return weft_fileio_error(errno);
        }
        if (got == 0) {
            return WEFT_ERR_TOO_SHORT;
        }
        next += got;
        length -= (size_t)got;
        offset += (uint64_t)got;
    }
    return WEFT_ERR_OK;
}

/* Read an open file to its end. The size told by stat() is a hint only: files of /proc say 0. */
static enum weft_err load(int fd, size_t bytes_max, uint8_t **bytes, size_t *length)
{
    size_t room = 4096;
    size_t used = 0;
    uint8_t *buffer = malloc(room);
    while (buffer != NULL) {
        ssize_t got = read(fd, buffer + used, room - 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            enum weft_err err = weft_fileio_error(errno);
            free(buffer);
            return err;
        }
        used += (size_t)got;
        if (used > bytes_max) {
            free(buffer);
            return WEFT_ERR_TOO_LONG;
        }
        if (got == 0) {
            buffer[used] = 0;
            *bytes = buffer;
            *length = used;
            return WEFT_ERR_OK;
        }
        if (used == room - 1) {
            room *= 2;
            uint8_t *larger = realloc(buffer, room);
            if (larger == NULL) {
                free(buffer);
            }
            buffer = larger;
        }
    }
    return WEFT_ERR_MEMORY;
}

enum weft_err weft_fileio_load(const char *path, size_t bytes_max, uint8_t **bytes, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return weft_fileio_error(errno);
    }
    enum weft_err err = load(fd, bytes_max, bytes, length);
    close(fd);
    return err;
}

enum weft_err weft_fileio_sync(int fd)
{
    return fsync(fd) == 0 ? WEFT_ERR_OK : weft_fileio_error(errno);
}

enum weft_err weft_fileio_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return weft_fileio_error(errno);
    }
    enum weft_err err = WEFT_ERR_OK;
    /* EINVAL: a file system that cannot do this; nothing more can be asked of it. */
    if (fsync(fd) != 0 && errno != EINVAL) {
        err = weft_fileio_error(errno);
    }
    close(fd);
    return err;
}

void weft_fileio_parent(char *out, const char *path)
{
    snprintf(out, WEFT_FILE_PATH_BYTES, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash == NULL) {
        snprintf(out, WEFT_FILE_PATH_BYTES, ".");
    } else if (slash == out) {
        out[1] = '\0';
    } else {
        *slash = '\0';
    }
}

/* Write bytes[length] into a new durable file at |path|. */
static enum weft_err write_new(const char *path, const void *bytes, size_t length, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        return weft_fileio_error(errno);
    }
    enum weft_err err = weft_fileio_write(fd, bytes, length);
    if (err == WEFT_ERR_OK) {
        err = weft_fileio_sync(fd);
    }
    if (close(fd) != 0 && err == WEFT_ERR_OK) {
        err = weft_fileio_error(errno);
    }
    return err;
}

enum weft_err weft_fileio_replace(const char *path, const void *bytes, size_t length, mode_t mode)
{
    char temporary[WEFT_FILE_PATH_BYTES];
    if (snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= (int)sizeof(temporary)) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = write_new(temporary, bytes, length, mode);
    if (err == WEFT_ERR_OK && rename(temporary, path) != 0) {
        err = weft_fileio_error(errno);
    }
    if (err != WEFT_ERR_OK) {
        unlink(temporary);
        return err;
    }
    weft_fileio_parent(temporary, path);
    return weft_fileio_sync_dir(temporary);
}

enum weft_err weft_fileio_make_dirs(const char *path, mode_t mode)
{
    char prefix[WEFT_FILE_PATH_BYTES];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(prefix)) {
        return WEFT_ERR_LIMIT;
    }
    memcpy(prefix, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        prefix[i] = '\0';
        struct stat status;
        if (stat(prefix, &status) == 0) {
            if (!S_ISDIR(status.st_mode)) {
                return WEFT_ERR_EXISTS;
            }
        } else if (mkdir(prefix, mode) != 0 && errno != EEXIST) {
            return weft_fileio_error(errno);
        }
        prefix[i] = path[i];
    }
    return WEFT_ERR_OK;
}

static enum weft_err remove_at(int parent, const char *name);

/* Remove all that is in the directory |fd|, which is closed. */
static enum weft_err clear_directory(int fd)
{
    DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        close(fd);
        return WEFT_ERR_MEMORY;
    }
    enum weft_err err = WEFT_ERR_OK;
    const struct dirent *entry;
    while (err == WEFT_ERR_OK && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            err = remove_at(fd, entry->d_name);
        }
    }
    int saved = errno;
    closedir(directory);
    errno = saved;
    return err;
}

/* Remove |name| in |parent|. Recursive: depth is bounded by that of what unpack.c makes, and by the
 * limit of open files. */
static enum weft_err remove_at(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return WEFT_ERR_OK;
    }
    if (errno != EISDIR && errno != EPERM) {
        return weft_fileio_error(errno);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return weft_fileio_error(errno);
    }
    enum weft_err err = clear_directory(fd);
    if (err == WEFT_ERR_OK && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        err = weft_fileio_error(errno);
    }
    return err;
}

enum weft_err weft_fileio_remove(const char *path)
{
    return remove_at(AT_FDCWD, path);
}

/* Copy by read and write: for file systems and kernels that offer nothing better. */
static enum weft_err copy_by_hand(int source, int target, uint64_t offset, uint64_t end)
{
    uint8_t *buffer = malloc(COPY_BYTES);
    if (buffer == NULL) {
        return WEFT_ERR_MEMORY;
    }
    enum weft_err err = WEFT_ERR_OK;
    while (err == WEFT_ERR_OK && offset < end) {
        size_t part = end - offset < COPY_BYTES ? (size_t)(end - offset) : COPY_BYTES;
        err = weft_fileio_read_at(source, buffer, part, offset);
        if (err == WEFT_ERR_OK) {
            err = weft_fileio_write_at(target, buffer, part, offset);
        }
        offset += part;
    }
    free(buffer);
    return err;
}

bool weft_fileio_clone(int source, int target, uint64_t length)
{
    struct stat status;
    return fstat(source, &status) == 0 && (uint64_t)status.st_size == length &&
           ioctl(target, FICLONE, source) == 0;
}

enum weft_err weft_fileio_copy(int source, int target, uint64_t length)
{
    struct stat status;
    if (fstat(source, &status) != 0) {
        return weft_fileio_error(errno);
    }
    if ((uint64_t)status.st_size < length) {
        return WEFT_ERR_TOO_SHORT;
    }
    if (weft_fileio_clone(source, target, length)) {
        return WEFT_ERR_OK;
    }
    loff_t from = 0;
    loff_t to = 0;
    while ((uint64_t)from < length) {
        ssize_t copied =
            copy_file_range(source, &from, target, &to, (size_t)(length - (uint64_t)from), 0);
        if (copied < 0 && errno == EINTR) {
            continue;
        }
        if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO)) {
            return weft_fileio_error(errno);
        }
        if (copied <= 0) {
            return copy_by_hand(source, target, (uint64_t)from, length);
        }
    }
    return WEFT_ERR_OK;
}

bool weft_fileio_join(char *out, const char *directory, const char *name)
{
    int length = snprintf(out, WEFT_FILE_PATH_BYTES, "%s/%s", directory, name);
    if (length < 0 || length >= WEFT_FILE_PATH_BYTES) {
        out[0] = '\0';
        return false;
    }
    return true;
}
