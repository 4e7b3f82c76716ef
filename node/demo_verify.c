/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes files and trees the same way wherever they lie. */
#include "demo_verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 * 1024,
    PATH_BYTES = 8192 /* a longer path is LIMIT */
};

/* A hash under way over one tree. */
struct walk {
    EVP_MD_CTX *hash;      /* of everything so far */
    char path[PATH_BYTES]; /* of the entry being hashed */
    size_t root_length;    /* of path: what stands before the names in the tree */
    unsigned char *buffer; /* READ_BYTES */
};

static enum weft_err walk_entry(struct walk *walk);

static enum weft_err err_of_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return WEFT_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return WEFT_ERR_PERMISSION;
    case ENOMEM:
        return WEFT_ERR_MEMORY;
    default:
        return WEFT_ERR_IO;
    }
}

/* Kind, name in the tree with its final zero, and a number that follows: nothing can be read as
 * something else. */
static void add_head(const struct walk *walk, char kind, uint64_t number)
{
    const char *name = walk->path + walk->root_length;
    EVP_DigestUpdate(walk->hash, &kind, 1);
    EVP_DigestUpdate(walk->hash, name, strlen(name) + 1);
    EVP_DigestUpdate(walk->hash, &number, sizeof(number));
}

static enum weft_err add_file(const struct walk *walk, const struct stat *entry)
{
    int fd = open(walk->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return err_of_errno(errno);
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    add_head(walk, (entry->st_mode & S_IXUSR) != 0 ? 'x' : 'f', (uint64_t)entry->st_size);
    ssize_t got;
    do {
        got = read(fd, walk->buffer, READ_BYTES);
        if (got > 0) {
            EVP_DigestUpdate(walk->hash, walk->buffer, (size_t)got);
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    enum weft_err err = got < 0 ? err_of_errno(errno) : WEFT_ERR_OK;
    close(fd);
    return err;
}

static enum weft_err add_link(const struct walk *walk)
{
    ssize_t length = readlink(walk->path, (char *)walk->buffer, READ_BYTES);
    if (length < 0) {
        return err_of_errno(errno);
    }
    add_head(walk, 'l', (uint64_t)length);
    EVP_DigestUpdate(walk->hash, walk->buffer, (size_t)length);
    return WEFT_ERR_OK;
}

static int is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* By bytes, whatever the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum weft_err walk_child(struct walk *walk, size_t length, const char *name)
{
    int added = snprintf(walk->path + length, PATH_BYTES - length, "/%s", name);
    if (added < 0 || (size_t)added >= PATH_BYTES - length) {
        return WEFT_ERR_LIMIT;
    }
    return walk_entry(walk);
}

static enum weft_err add_directory(struct walk *walk)
{
    struct dirent **entries;
    int count = scandir(walk->path, &entries, is_name, by_bytes);
    if (count < 0) {
        return err_of_errno(errno);
    }
    size_t length = strlen(walk->path);
    enum weft_err err = WEFT_ERR_OK;
    add_head(walk, 'd', (uint64_t)count);
    for (int i = 0; i < count; i++) {
        if (err == WEFT_ERR_OK) {
            err = walk_child(walk, length, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    walk->path[length] = '\0';
    return err;
}

static enum weft_err walk_entry(struct walk *walk)
{
    struct stat entry;
    if (lstat(walk->path, &entry) != 0) {
        return err_of_errno(errno);
    }
    switch (entry.st_mode & S_IFMT) {
    case S_IFREG:
        return add_file(walk, &entry);
    case S_IFLNK:
        return add_link(walk);
    case S_IFDIR:
        return add_directory(walk);
    default:
        return WEFT_ERR_UNSUPPORTED;
    }
}

enum weft_err weft_demo_verify_hash(const char *path, uint8_t *digest)
{
    struct walk walk = {.hash = EVP_MD_CTX_new(), .buffer = malloc(READ_BYTES)};
    char *real = realpath(path, NULL);
    enum weft_err err = real != NULL ? WEFT_ERR_OK : err_of_errno(errno);
    if (err == WEFT_ERR_OK && (walk.hash == NULL || walk.buffer == NULL)) {
        err = WEFT_ERR_MEMORY;
    }
    if (err == WEFT_ERR_OK && strlen(real) >= sizeof(walk.path)) {
        err = WEFT_ERR_LIMIT;
    }
    if (err == WEFT_ERR_OK) {
        walk.root_length = strlen(real);
        memcpy(walk.path, real, walk.root_length + 1);
        EVP_DigestInit_ex(walk.hash, EVP_sha256(), NULL);
        err = walk_entry(&walk);
    }
    if (err == WEFT_ERR_OK && EVP_DigestFinal_ex(walk.hash, digest, NULL) != 1) {
        err = WEFT_ERR_MEMORY;
    }
    free(real);
    free(walk.buffer);
    EVP_MD_CTX_free(walk.hash);
    return err;
}
