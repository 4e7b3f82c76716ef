/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a directory and hands every entry, stripped of what differs between machines, to
 * libarchive. File descriptors are opened relative to their directory without following links, so
 * a tree that changes meanwhile gives an error and never a file from elsewhere. */
#include "node/tree.h"

#include "node/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES (256 * 1024)

struct walk {
    const struct weft_tree_request *request; /* borrowed */
    struct weft_message *message;            /* borrowed */
    struct archive *archive;                 /* being written; owned */
    struct archive_entry *entry;             /* used again for each file; owned */
    uint8_t *block;                          /* [BLOCK_BYTES]; owned */
    char path[PATH_MAX];                     /* of the entry, relative to the tree */
    uint64_t entry_count;                    /* entries so far */
    enum weft_err write_err;                 /* why writing to the target failed */
};

/* An entry of a directory that is being walked. */
struct place {
    int directory;      /* descriptor of the directory that holds it; not owned */
    const char *name;   /* in that directory */
    int depth;          /* directories above it inside of the tree */
    struct stat status; /* without following a link */
};

static enum weft_err walk_directory(struct walk *walk, int directory, int depth);

static enum weft_err say_errno(struct walk *walk, const char *what)
{
    int error_number = errno;
    char path[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(path, walk->request->path, walk->path)) {
        return weft_message_errno(walk->message, error_number, what, walk->path);
    }
    return weft_message_errno(walk->message, error_number, what, path);
}

static enum weft_err say_archive(struct walk *walk)
{
    if (walk->write_err != WEFT_ERR_OK) {
        weft_message_set(walk->message, "cannot write the tar of %s: %s", walk->request->path,
                         weft_err_text(walk->write_err));
        return walk->write_err;
    }
    weft_message_set(walk->message, "cannot put %s into the tar: %s", walk->path,
                     archive_error_string(walk->archive));
    return WEFT_ERR_IO;
}

static la_ssize_t write_block(struct archive *archive, void *context, const void *bytes,
                              size_t length)
{
    struct walk *walk = context;
    (void)archive;
    walk->write_err = weft_fileio_write(walk->request->target, bytes, length);
    return walk->write_err == WEFT_ERR_OK ? (la_ssize_t)length : -1;
}

static enum weft_err put_header(struct walk *walk, const struct place *place, unsigned mode)
{
    archive_entry_set_pathname(walk->entry, walk->path);
    archive_entry_set_mode(walk->entry, (place->status.st_mode & S_IFMT) | mode);
    archive_entry_set_mtime(walk->entry, 0, 0);
    archive_entry_set_uid(walk->entry, 0);
    archive_entry_set_gid(walk->entry, 0);
    int result = archive_write_header(walk->archive, walk->entry);
    return result == ARCHIVE_OK || result == ARCHIVE_WARN ? WEFT_ERR_OK : say_archive(walk);
}

static enum weft_err put_content(struct walk *walk, int fd, uint64_t length)
{
    uint64_t left = length;
    while (left > 0) {
        ssize_t got = read(fd, walk->block, left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return say_errno(walk, "read");
        }
        if (got == 0) {
            weft_message_set(walk->message,
                             "%s became shorter while it was published; publish a copy that "
                             "nobody writes to",
                             walk->path);
            return WEFT_ERR_TOO_SHORT;
        }
        if (archive_write_data(walk->archive, walk->block, (size_t)got) != got) {
            return say_archive(walk);
        }
        left -= (uint64_t)got;
    }
    return WEFT_ERR_OK;
}

static enum weft_err put_file(struct walk *walk, struct place *place)
{
    int fd = openat(place->directory, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return say_errno(walk, "read");
    }
    enum weft_err err = WEFT_ERR_OK;
    if (fstat(fd, &place->status) != 0 || !S_ISREG(place->status.st_mode)) {
        weft_message_set(walk->message, "%s changed while it was published", walk->path);
        err = WEFT_ERR_IO;
    } else {
        archive_entry_set_size(walk->entry, place->status.st_size);
        err = put_header(walk, place, (place->status.st_mode & S_IXUSR) != 0 ? 0755 : 0644);
    }
    if (err == WEFT_ERR_OK) {
        err = put_content(walk, fd, (uint64_t)place->status.st_size);
    }
    close(fd);
    return err;
}

/* A link is published with the text it has, wherever that leads: see unpack.h. */
static enum weft_err put_link(struct walk *walk, const struct place *place)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(place->directory, place->name, target, sizeof target - 1);
    if (length < 0) {
        return say_errno(walk, "read the link");
    }
    target[length] = '\0';
    archive_entry_set_symlink(walk->entry, target);
    return put_header(walk, place, 0777);
}

static bool is_forbidden(const struct walk *walk, const struct stat *status)
{
    return walk->request->forbidden_inode != 0 &&
           status->st_ino == walk->request->forbidden_inode &&
           status->st_dev == walk->request->forbidden_device;
}

static enum weft_err put_directory(struct walk *walk, const struct place *place)
{
    if (is_forbidden(walk, &place->status)) {
        weft_message_set(walk->message,
                         "the repository %s lies inside of the directory to publish; put it "
                         "somewhere else",
                         walk->path);
        return WEFT_ERR_ARGUMENT;
    }
    if (place->depth + 1 >= WEFT_UNPACK_DEPTH_MAX) {
        weft_message_set(walk->message, "%.200s...: more than %d directories inside each other",
                         walk->path, WEFT_UNPACK_DEPTH_MAX);
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = put_header(walk, place, 0755);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    int fd = openat(place->directory, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? say_errno(walk, "read") : walk_directory(walk, fd, place->depth + 1);
}

static enum weft_err put_entry(struct walk *walk, struct place *place)
{
    if (fstatat(place->directory, place->name, &place->status, AT_SYMLINK_NOFOLLOW) != 0) {
        return say_errno(walk, "read");
    }
    if (++walk->entry_count > WEFT_UNPACK_ENTRIES_MAX) {
        weft_message_set(walk->message, "%s has more than %d files", walk->request->path,
                         WEFT_UNPACK_ENTRIES_MAX);
        return WEFT_ERR_LIMIT;
    }
    archive_entry_clear(walk->entry);
    switch (place->status.st_mode & S_IFMT) {
    case S_IFREG:
        return put_file(walk, place);
    case S_IFLNK:
        return put_link(walk, place);
    case S_IFDIR:
        return put_directory(walk, place);
    default:
        weft_message_set(walk->message,
                         "%s is a device, pipe or socket; only files, directories and symbolic "
                         "links can be published: remove it",
                         walk->path);
        return WEFT_ERR_UNSUPPORTED;
    }
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

/* Append a copy of |name|; false without memory. |*names| grows by doubling. */
static bool add_name(char ***names, size_t *count, const char *name)
{
    if ((*count & (*count - 1)) == 0) { /* 0, 1, 2, 4, 8 ...: full */
        char **grown = realloc(*names, (*count == 0 ? 1 : *count * 2) * sizeof **names);
        if (grown == NULL) {
            return false;
        }
        *names = grown;
    }
    (*names)[*count] = strdup(name);
    return (*names)[(*count)++] != NULL;
}

/* Names in |stream| without "." and "..", sorted. */
static enum weft_err list_names(struct walk *walk, DIR *stream, char ***names, size_t *count)
{
    for (;;) {
        errno = 0;
        const struct dirent *found = readdir(stream);
        if (found == NULL && errno != 0) {
            return say_errno(walk, "read");
        }
        if (found == NULL) {
            break;
        }
        bool is_self = strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0;
        if (!is_self && !add_name(names, count, found->d_name)) {
            weft_message_set(walk->message, "out of memory to list %s", walk->request->path);
            return WEFT_ERR_MEMORY;
        }
    }
    if (*count > 0) {
        qsort(*names, *count, sizeof **names, compare_names);
    }
    return WEFT_ERR_OK;
}

/* Put |name| behind the path of its directory, which ends at |length|; false if it is too long. */
static bool enter_path(struct walk *walk, size_t length, const char *name)
{
    size_t slash = length > 0 ? 1 : 0;
    size_t bytes = strlen(name);
    if (length + slash + bytes >= sizeof walk->path) {
        weft_message_set(walk->message, "the path %.200s... is too long", walk->path);
        return false;
    }
    if (slash > 0) {
        walk->path[length] = '/';
    }
    memcpy(walk->path + length + slash, name, bytes + 1);
    return true;
}

/* Put all that is below |directory|, whose path is walk->path. Closes |directory|. */
static enum weft_err walk_directory(struct walk *walk, int directory, int depth)
{
    DIR *stream = fdopendir(directory);
    if (stream == NULL) {
        close(directory);
        return say_errno(walk, "read");
    }
    char **names = NULL;
    size_t count = 0;
    size_t length = strlen(walk->path);
    enum weft_err err = list_names(walk, stream, &names, &count);
    for (size_t i = 0; i < count && err == WEFT_ERR_OK; i++) {
        struct place place = {.directory = directory, .name = names[i], .depth = depth};
        err = enter_path(walk, length, names[i]) ? put_entry(walk, &place) : WEFT_ERR_LIMIT;
        if (err == WEFT_ERR_OK) {
            walk->path[length] = '\0';
        }
    }
    free_names(names, count);
    closedir(stream);
    return err;
}

static enum weft_err open_archive(struct walk *walk)
{
    if (archive_write_set_format_pax_restricted(walk->archive) != ARCHIVE_OK ||
        archive_write_add_filter_none(walk->archive) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(walk->archive, 1) != ARCHIVE_OK ||
        archive_write_open(walk->archive, walk, NULL, write_block, NULL) != ARCHIVE_OK) {
        return say_archive(walk);
    }
    return WEFT_ERR_OK;
}

static enum weft_err write_all(struct walk *walk)
{
    enum weft_err err = open_archive(walk);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    int directory = open(walk->request->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return weft_message_errno(walk->message, errno, "read", walk->request->path);
    }
    err = walk_directory(walk, directory, 0);
    if (err == WEFT_ERR_OK && archive_write_close(walk->archive) != ARCHIVE_OK) {
        err = say_archive(walk);
    }
    return err;
}

enum weft_err weft_tree_write(const struct weft_tree_request *request, struct weft_message *message)
{
    struct walk walk = {.request = request, .message = message};
    /* Names are bytes. In the C locale libarchive writes them as such, everywhere alike. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    walk.archive = archive_write_new();
    walk.entry = archive_entry_new();
    walk.block = malloc(BLOCK_BYTES);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (plain != (locale_t)0 && walk.archive && walk.entry && walk.block) {
        locale_t before = uselocale(plain);
        err = write_all(&walk);
        uselocale(before);
    } else {
        weft_message_set(message, "out of memory to make a tar of %s", request->path);
    }
    if (plain != (locale_t)0) {
        freelocale(plain);
    }
    free(walk.block);
    archive_entry_free(walk.entry);
    if (walk.archive != NULL) {
        archive_write_free(walk.archive);
    }
    return err;
}
