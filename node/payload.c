/* SPDX-License-Identifier: Apache-2.0 */
/* First the bytes are put where they stay, then they are read from there and hashed: what is signed
 * is what is served, even if the original changes under our hands. */
#include "node/payload.h"

#include "node/tree.h"
#include "protocol/trust/index.h"
#include "protocol/trust/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Growing arrays of the index while chunks are counted. */
struct chunks {
    uint32_t *lengths;         /* [capacity]; owned */
    uint8_t *hashes;           /* [capacity * WEFT_SHA256_BYTES]; owned */
    struct weft_sha256 *chunk; /* hash of the chunk; owned */
    struct weft_sha256 *whole; /* hash of the payload; owned */
    uint8_t *block;            /* [chunk_bytes]; owned */
};

static enum weft_err copy_file(int source, int target, const char *path,
                               struct weft_message *message)
{
    struct stat status;
    if (fstat(source, &status) != 0) {
        return weft_message_errno(message, errno, "read", path);
    }
    enum weft_err err = weft_fileio_copy(source, target, (uint64_t)status.st_size);
    if (err == WEFT_ERR_TOO_SHORT) {
        weft_message_set(message,
                         "%s became shorter while it was published; publish a copy that nobody "
                         "writes to",
                         path);
    } else if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot copy %s into the repository: %s", path,
                         weft_err_text(err));
    }
    return err;
}

static enum weft_err write_tree(const char *path, const char *repository, int target,
                                struct weft_message *message)
{
    struct stat status = {.st_ino = 0};
    if (stat(repository, &status) != 0) {
        return weft_message_errno(message, errno, "read", repository);
    }
    struct weft_tree_request request = {.path = path,
                                        .target = target,
                                        .forbidden_device = status.st_dev,
                                        .forbidden_inode = status.st_ino};
    return weft_tree_write(&request, message);
}

static enum weft_err fill(const char *path, const char *repository, int target,
                          struct weft_payload *payload, struct weft_message *message)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return weft_message_errno(message, errno, "read", path);
    }
    if (S_ISDIR(status.st_mode)) {
        payload->kind = WEFT_RELEASE_TREE;
        return write_tree(path, repository, target, message);
    }
    if (!S_ISREG(status.st_mode)) {
        weft_message_set(message, "%s is neither a file nor a directory", path);
        return WEFT_ERR_UNSUPPORTED;
    }
    payload->kind = WEFT_RELEASE_FILE;
    int source = open(path, O_RDONLY | O_CLOEXEC);
    if (source < 0) {
        return weft_message_errno(message, errno, "read", path);
    }
    enum weft_err err = copy_file(source, target, path, message);
    close(source);
    return err;
}

static enum weft_err hash_chunks(int fd, struct weft_payload *payload, struct chunks *chunks)
{
    for (uint32_t i = 0; i < payload->chunk_count; i++) {
        uint64_t offset = (uint64_t)i * payload->chunk_bytes;
        uint64_t left = payload->bytes - offset;
        uint32_t length = left < payload->chunk_bytes ? (uint32_t)left : payload->chunk_bytes;
        enum weft_err err = weft_fileio_read_at(fd, chunks->block, length, offset);
        if (err != WEFT_ERR_OK) {
            return err;
        }
        weft_sha256_begin(chunks->chunk);
        weft_sha256_add(chunks->chunk, chunks->block, length);
        weft_sha256_add(chunks->whole, chunks->block, length);
        chunks->lengths[i] = length;
        if (!weft_sha256_end(chunks->chunk, chunks->hashes + (size_t)i * WEFT_SHA256_BYTES)) {
            return WEFT_ERR_MEMORY;
        }
    }
    return weft_sha256_end(chunks->whole, payload->sha256) ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
}

static enum weft_err make_index(int fd, struct weft_payload *payload)
{
    uint32_t count = payload->chunk_count;
    struct chunks chunks = {.lengths = calloc(count, sizeof *chunks.lengths),
                            .hashes = calloc(count, WEFT_SHA256_BYTES),
                            .chunk = weft_sha256_new(),
                            .whole = weft_sha256_new(),
                            .block = malloc(payload->chunk_bytes)};
    enum weft_err err = WEFT_ERR_MEMORY;
    if (chunks.lengths && chunks.hashes && chunks.chunk && chunks.whole && chunks.block) {
        err = hash_chunks(fd, payload, &chunks);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_index_encode(chunks.lengths, chunks.hashes, count, &payload->index,
                                &payload->index_bytes);
    }
    if (err == WEFT_ERR_OK &&
        !weft_sha256_of(payload->index, payload->index_bytes, payload->index_sha256)) {
        err = WEFT_ERR_MEMORY;
    }
    free(chunks.lengths);
    free(chunks.hashes);
    free(chunks.block);
    weft_sha256_free(chunks.chunk);
    weft_sha256_free(chunks.whole);
    return err;
}

static enum weft_err measure(int fd, const char *path, struct weft_payload *payload,
                             struct weft_message *message)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return weft_message_errno(message, errno, "read the copy of", path);
    }
    payload->bytes = (uint64_t)status.st_size;
    payload->chunk_bytes = weft_index_chunk_bytes_for(payload->bytes);
    if (payload->chunk_bytes == 0) {
        weft_message_set(message, "%s is too large: a release has at most %u chunks of %u bytes",
                         path, (unsigned)WEFT_CHUNKS_MAX, (unsigned)WEFT_CHUNK_BYTES_MAX);
        return WEFT_ERR_LIMIT;
    }
    uint64_t count = (payload->bytes + payload->chunk_bytes - 1) / payload->chunk_bytes;
    payload->chunk_count = count > 0 ? (uint32_t)count : 1; /* an empty release has one, empty */
    enum weft_err err = make_index(fd, payload);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot hash %s: %s", path, weft_err_text(err));
    }
    return err;
}

enum weft_err weft_payload_make(const char *path, const char *repository, const char *target_path,
                                struct weft_payload *payload, struct weft_message *message)
{
    memset(payload, 0, sizeof *payload);
    int target = open(target_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (target < 0) {
        return weft_message_errno(message, errno, "create", target_path);
    }
    enum weft_err err = fill(path, repository, target, payload, message);
    if (err == WEFT_ERR_OK) {
        err = measure(target, path, payload, message);
    }
    if (err == WEFT_ERR_OK && fsync(target) != 0) {
        err = weft_message_errno(message, errno, "write", target_path);
    }
    close(target);
    return err;
}

void weft_payload_free(struct weft_payload *payload)
{
    free(payload->index);
    payload->index = NULL;
}
