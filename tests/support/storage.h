/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a directory of its own, with a release made up for it, and its operations as calls
 * that wait. For the tests of store, activate and unpack. */
#ifndef WEFT_TEST_STORAGE_H
#define WEFT_TEST_STORAGE_H

#include "node/store.h"
#include "protocol/trust/pin.h"
#include "protocol/trust/index.h"

struct storage {
    uv_loop_t loop;                    /* runs inside the calls that wait */
    char directory[256];               /* made by storage_begin(), removed by storage_end() */
    char data_dir[300];                /* of the store, below it; not made yet */
    struct weft_store *store;          /* NULL = not open */
    struct weft_index index;           /* of the release */
    uint64_t *offsets;                 /* of the index; owned */
    uint8_t *hashes;                   /* of the index; owned */
    uint8_t *bytes;                    /* content of the release; owned */
    uint8_t whole[WEFT_SHA256_BYTES];  /* hash of the content */
    uint8_t have[WEFT_CHUNKS_MAX / 8]; /* as reported by the last storage_add() */
    uint32_t damaged_count;            /* chunks reported as damaged */
    uint32_t damaged_chunk;            /* the last of them */
    char log[2048];                    /* last line of the store's log */
    bool no_sync;                      /* open the store without fsync */
};

/* A release of |bytes| pseudo-random bytes in chunks of |chunk_bytes|, in a new directory. */
void storage_begin(struct storage *storage, uint64_t bytes, uint32_t chunk_bytes);

/* The same in an existing |directory|. */
void storage_begin_at(struct storage *storage, const char *directory, uint64_t bytes,
                      uint32_t chunk_bytes);

/* Close the store and release everything, but leave the directory. */
void storage_leave(struct storage *storage);

/* Close the store, remove the directory. */
void storage_end(struct storage *storage);

/* Compute hashes and id again after storage->bytes was changed. */
void storage_index(struct storage *storage);

/* Open the store. |message| may be NULL. */
enum weft_err storage_open(struct storage *storage, struct weft_message *message);

/* Close it and wait. */
void storage_close(struct storage *storage);

/* Add the release; its chunks held are in storage->have. */
enum weft_err storage_add(struct storage *storage);

/* Write a copy of chunk |chunk|. */
enum weft_err storage_write(struct storage *storage, uint32_t chunk);

/* Write all chunks from |first| on, |step| apart; the first error. */
enum weft_err storage_write_all(struct storage *storage, uint32_t first, uint32_t step);

/* Read a chunk and compare it; FORMAT = other bytes than written. */
enum weft_err storage_read(struct storage *storage, uint32_t chunk);

/* Finish the release. */
enum weft_err storage_finish(struct storage *storage);

/* Check all chunks held. */
enum weft_err storage_check(struct storage *storage);

/* Open, add, write all, finish: a release ready for activation. */
void storage_complete(struct storage *storage);

/* Number of chunks in storage->have. */
uint32_t storage_have_count(const struct storage *storage);

/* Length of chunk |chunk|. */
uint32_t storage_length(const struct storage *storage, uint32_t chunk);

/* A copy of chunk |chunk| from malloc(). */
uint8_t *storage_copy(const struct storage *storage, uint32_t chunk);

/* Path of the release's file with |suffix| ("part", "data"), in static memory. */
const char *storage_path(const struct storage *storage, const char *suffix);

/* Overwrite one byte of a file at |offset| with its complement. */
void storage_damage(const char *path, uint64_t offset);

/* Does a file of exactly bytes[length] stand at |path|? */
bool storage_file_is(const char *path, const uint8_t *bytes, uint64_t length);

/* What is signed of the release: its length and SHA-256. */
struct weft_pin storage_pin(const struct storage *s);

#endif
