/* SPDX-License-Identifier: Apache-2.0 */
/* A store with a release made up for it: see storage.h. */
#include "storage.h"

#include "protocol/trust/sha256.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Outcome of the operation waited for. */
struct outcome {
    struct storage *storage; /* whose */
    enum weft_err err;       /* result */
    uint32_t left;           /* callbacks to come */
    uint32_t chunk;          /* that was read */
};

/* A test cannot go on without these. */
static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

void storage_index(struct storage *storage)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    for (uint32_t i = 0; i < storage->index.chunk_count; i++) {
        weft_sha256_of(storage->bytes + storage->offsets[i], storage_length(storage, i),
                       storage->hashes + (size_t)i * WEFT_SHA256_BYTES);
    }
    weft_sha256_of(storage->bytes, storage->index.bytes, storage->whole);
    weft_sha256_of(storage->hashes, (size_t)storage->index.chunk_count * WEFT_SHA256_BYTES, digest);
    storage->index.id = 0;
    for (size_t i = 0; i < 8; i++) {
        storage->index.id = storage->index.id << 8 | digest[i];
    }
}

void storage_begin(struct storage *storage, uint64_t bytes, uint32_t chunk_bytes)
{
    char directory[] = "/tmp/weft-test-XXXXXX";
    must(mkdtemp(directory) != NULL, directory);
    storage_begin_at(storage, directory, bytes, chunk_bytes);
}

void storage_begin_at(struct storage *storage, const char *directory, uint64_t bytes,
                      uint32_t chunk_bytes)
{
    memset(storage, 0, sizeof(*storage));
    snprintf(storage->directory, sizeof(storage->directory), "%s", directory);
    snprintf(storage->data_dir, sizeof(storage->data_dir), "%s/data", storage->directory);
    must(uv_loop_init(&storage->loop) == 0, "uv_loop_init");
    uint32_t count = bytes == 0 ? 1 : (uint32_t)((bytes + chunk_bytes - 1) / chunk_bytes);
    storage->bytes = malloc(bytes + 8);
    storage->offsets = calloc((size_t)count + 1, sizeof(*storage->offsets));
    storage->hashes = calloc(count, WEFT_SHA256_BYTES);
    must(storage->bytes != NULL && storage->offsets != NULL && storage->hashes != NULL, "memory");
    uint64_t state = 88172645463325252U + bytes;
    for (uint64_t i = 0; i < bytes; i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(storage->bytes + i, &state, 8);
    }
    for (uint32_t i = 1; i <= count; i++) {
        uint64_t end = (uint64_t)i * chunk_bytes;
        storage->offsets[i] = end < bytes ? end : bytes;
    }
    storage->index.bytes = bytes;
    storage->index.chunk_count = count;
    storage->index.offsets = storage->offsets;
    storage->index.hashes = storage->hashes;
    storage_index(storage);
}

void storage_end(struct storage *storage)
{
    storage_leave(storage);
    must(weft_fileio_remove(storage->directory) == WEFT_ERR_OK, storage->directory);
}

void storage_leave(struct storage *storage)
{
    storage_close(storage);
    uv_run(&storage->loop, UV_RUN_DEFAULT);
    must(uv_loop_close(&storage->loop) == 0, "uv_loop_close");
    free(storage->bytes);
    free(storage->offsets);
    free(storage->hashes);
}

static void on_log(void *context, enum weft_err err, const char *text)
{
    struct storage *storage = context;
    (void)err;
    snprintf(storage->log, sizeof(storage->log), "%s", text);
}

static void on_damaged(void *context, weft_release_id id, uint32_t chunk)
{
    struct storage *storage = context;
    must(id == storage->index.id, "damaged: another release");
    storage->damaged_count++;
    storage->damaged_chunk = chunk;
}

enum weft_err storage_open(struct storage *storage, struct weft_message *message)
{
    struct weft_store_options options = {
        .loop = &storage->loop,
        .data_dir = storage->data_dir,
        .sync = !storage->no_sync,
        .context = storage,
        .log = on_log,
        .damaged = on_damaged,
    };
    return weft_store_open(&options, &storage->store, message);
}

static void on_closed(void *context)
{
    struct outcome *outcome = context;
    outcome->left--;
}

/* Run the loop until the outcome is there. */
static enum weft_err await(struct outcome *outcome)
{
    while (outcome->left > 0) {
        must(uv_run(&outcome->storage->loop, UV_RUN_ONCE) != 0 || outcome->left == 0,
             "the store never called back");
    }
    return outcome->err;
}

void storage_close(struct storage *storage)
{
    if (storage->store == NULL) {
        return;
    }
    struct outcome outcome = {.storage = storage, .left = 1};
    weft_store_close(storage->store, on_closed, &outcome);
    await(&outcome);
    storage->store = NULL;
}

static void on_added(void *context, const uint8_t *have, enum weft_err err)
{
    struct outcome *outcome = context;
    struct storage *storage = outcome->storage;
    memset(storage->have, 0, sizeof(storage->have));
    if (have != NULL) {
        memcpy(storage->have, have, (storage->index.chunk_count + 7) / 8);
    }
    outcome->err = err;
    outcome->left--;
}

enum weft_err storage_add(struct storage *storage)
{
    struct outcome outcome = {.storage = storage, .left = 1};
    weft_store_add(storage->store, &storage->index, on_added, &outcome);
    return await(&outcome);
}

static void on_done(void *context, enum weft_err err)
{
    struct outcome *outcome = context;
    outcome->left--;
    if (outcome->err == WEFT_ERR_OK) {
        outcome->err = err;
    }
}

uint32_t storage_length(const struct storage *storage, uint32_t chunk)
{
    return (uint32_t)(storage->offsets[chunk + 1] - storage->offsets[chunk]);
}

uint8_t *storage_copy(const struct storage *storage, uint32_t chunk)
{
    uint32_t length = storage_length(storage, chunk);
    uint8_t *copy = malloc(length + 1);
    must(copy != NULL, "memory");
    memcpy(copy, storage->bytes + storage->offsets[chunk], length);
    return copy;
}

enum weft_err storage_write(struct storage *storage, uint32_t chunk)
{
    return storage_write_all(storage, chunk, WEFT_CHUNKS_MAX);
}

enum weft_err storage_write_all(struct storage *storage, uint32_t first, uint32_t step)
{
    struct outcome outcome = {.storage = storage};
    for (uint32_t i = first; i < storage->index.chunk_count; i += step) {
        outcome.left++;
        weft_store_write(storage->store, storage->index.id, i, storage_copy(storage, i),
                         storage_length(storage, i), on_done, &outcome);
    }
    return await(&outcome);
}

static void on_read(void *context, uint8_t *bytes, uint32_t length, enum weft_err err)
{
    struct outcome *outcome = context;
    const struct storage *storage = outcome->storage;
    outcome->err = err;
    if (err == WEFT_ERR_OK &&
        (length != storage_length(storage, outcome->chunk) ||
         memcmp(bytes, storage->bytes + storage->offsets[outcome->chunk], length) != 0)) {
        outcome->err = WEFT_ERR_FORMAT;
    }
    free(bytes);
    outcome->left--;
}

enum weft_err storage_read(struct storage *storage, uint32_t chunk)
{
    struct outcome outcome = {.storage = storage, .left = 1, .chunk = chunk};
    weft_store_read(storage->store, storage->index.id, chunk, on_read, &outcome);
    return await(&outcome);
}

enum weft_err storage_finish(struct storage *storage)
{
    struct outcome outcome = {.storage = storage, .left = 1};
    weft_store_finish(storage->store, storage->index.id, on_done, &outcome);
    return await(&outcome);
}

enum weft_err storage_check(struct storage *storage)
{
    struct outcome outcome = {.storage = storage, .left = 1};
    weft_store_check(storage->store, storage->index.id, on_done, &outcome);
    return await(&outcome);
}

void storage_complete(struct storage *storage)
{
    must(storage_open(storage, NULL) == WEFT_ERR_OK, "open");
    must(storage_add(storage) == WEFT_ERR_OK, "add");
    must(storage_write_all(storage, 0, 1) == WEFT_ERR_OK, "write");
    must(storage_finish(storage) == WEFT_ERR_OK, "finish");
}

uint32_t storage_have_count(const struct storage *storage)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < storage->index.chunk_count; i++) {
        count += (storage->have[i / 8] >> (i % 8)) & 1U;
    }
    return count;
}

const char *storage_path(const struct storage *storage, const char *suffix)
{
    static char path[400];
    snprintf(path, sizeof(path), "%s/releases/%016" PRIx64 ".%s", storage->data_dir,
             storage->index.id, suffix);
    return path;
}

void storage_damage(const char *path, uint64_t offset)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;
    must(fd >= 0 && weft_fileio_read_at(fd, &byte, 1, offset) == WEFT_ERR_OK, path);
    byte = (uint8_t)~byte;
    must(weft_fileio_write_at(fd, &byte, 1, offset) == WEFT_ERR_OK, path);
    close(fd);
}

bool storage_file_is(const char *path, const uint8_t *bytes, uint64_t length)
{
    uint8_t *found;
    size_t found_length;
    if (weft_fileio_load(path, length, &found, &found_length) != WEFT_ERR_OK) {
        return false;
    }
    bool is_same = found_length == length && memcmp(found, bytes, length) == 0;
    free(found);
    return is_same;
}

struct weft_pin storage_pin(const struct storage *s)
{
    struct weft_pin pin = {.has_length = true, .length = s->index.bytes, .has_sha256 = true};
    memcpy(pin.sha256, s->whole, sizeof(pin.sha256));
    return pin;
}
