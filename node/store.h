/* SPDX-License-Identifier: Apache-2.0 */
/* The chunks of releases on disk (SPEC.md section "Store and activation"): what is held, verified
 * writing, verified reading, completion. What is fetched, and activation, are not decided here.
 *
 * Files:   DATA/lock              held with flock() while the store is open
 *          DATA/releases/ID.part  incomplete release: sparse, of its final size and layout
 *          DATA/releases/ID.data  complete release: every chunk verified once
 * ID is the release id as 16 lower-case hexadecimal digits. There is no journal: the chunks that
 * verify are the chunks that are held.
 *
 * Threads: one store belongs to one uv loop; all calls and all callbacks are on its thread; hashing
 *          and the disk are in the thread pool of libuv.
 * Rule:    every operation calls its callback exactly once, never from within the call that starts
 *          it (but for MEMORY), and before the callback of weft_store_close(). CANCELLED = the
 *          release was removed or the store closed before it was done.
 * Memory:  chunks that wait to be written or uploaded are held in memory; the caller bounds their
 *          sum (64 MiB is plenty); weft_store_queued_bytes() tells it. */
#ifndef WEFT_STORE_H
#define WEFT_STORE_H

#include "node/fileio.h"

#include <uv.h>

struct weft_index;
struct weft_store; /* opaque; one per data directory */

struct weft_store_options {
    uv_loop_t *loop;      /* borrowed until the store is closed */
    const char *data_dir; /* made if missing; copied */
    bool sync;            /* false: no fsync at all, for tests only: a power cut loses chunks */
    void *context;        /* passed to the functions below */

    /* A sentence worth a log line, without newline; OK = information. NULL = not wanted. */
    void (*log)(void *context, enum weft_err err, const char *text);

    /* A chunk that was held does not verify any more and is missing now: the core must know before
     * it offers it again. Called right before the callback of the operation that found it. NULL =
     * not wanted. */
    void (*damaged)(void *context, weft_release_id id, uint32_t chunk);
};

/* How an operation ended. */
typedef void weft_store_done(void *context, enum weft_err err);

/* What a release added holds.
 * Shape:  have[chunk_count bits], LSB first, as struct weft_event_release wants it; borrowed for
 *         the call. NULL if the release was not added.
 * Errors: OK; DISK_FULL with |have| = added, but the disk has no room for what is missing (the text
 *         with numbers goes to the log); IO, PERMISSION, EXISTS, MEMORY, CANCELLED = not added. */
typedef void weft_store_added(void *context, const uint8_t *have, enum weft_err err);

/* A chunk read. Owner: the callee releases |bytes| with free(); NULL unless OK. */
typedef void weft_store_bytes(void *context, uint8_t *bytes, uint32_t length, enum weft_err err);

struct weft_store_held {
    uint64_t bytes;       /* of the whole release */
    uint64_t have_bytes;  /* in chunks held */
    uint32_t chunk_count; /* of the release */
    uint32_t have_count;  /* chunks held */
    bool finished;        /* every chunk was held, the file is ID.data */
};

/* Open or make a data directory and lock it.
 * Errors: EXISTS if another process has it open; ARGUMENT if it cannot be a directory; PERMISSION,
 *         DISK_FULL, IO, MEMORY; |message| then says what, where and what to do, and *store is
 *         untouched.
 * Owner:  the caller; weft_store_close(). Blocks for a few milliseconds. */
enum weft_err weft_store_open(const struct weft_store_options *options, struct weft_store **store,
                              struct weft_message *message);

/* Close: operations under way end with their result or CANCELLED, then |closed| (may be NULL) is
 * called and the store is gone; the loop has to run until then. Files stay. NULL is ignored. */
void weft_store_close(struct weft_store *store, void (*closed)(void *context), void *context);

/* Take up a release: find its file, or make one, and check what an unfinished one holds. Chunks of
 * a finished one count as held and are checked when they are first read.
 * Errors: through |added|.
 * Owner:  copies what it needs of |index|. */
void weft_store_add(struct weft_store *store, const struct weft_index *index,
                    weft_store_added *added, void *context);

/* Forget a release and delete its file; its operations end with CANCELLED or their result. Unknown
 * ids are ignored. It can be added again at once. */
void weft_store_remove(struct weft_store *store, weft_release_id id);

/* Delete the files of all releases that are not added, and what crashes left behind: for start-up,
 * after everything wanted was added. Cannot fail; what cannot be deleted is logged. */
void weft_store_sweep(struct weft_store *store);

/* Verify a chunk, write it, and make it durable. OK = held: safe to announce.
 * Errors: MISMATCH = wrong bytes or length, nothing was written; NOT_FOUND = unknown release or
 *         chunk; DISK_FULL, IO, PERMISSION = not held, chunks held before still are; CANCELLED.
 * Owner:  |bytes| is from malloc() and passes to the store, also on errors. */
void weft_store_write(struct weft_store *store, weft_release_id id, uint32_t chunk, uint8_t *bytes,
                      uint32_t length, weft_store_done *done, void *context);

/* Read a chunk that is held. Verified unless this process verified it before.
 * Errors: NOT_FOUND = not held; MISMATCH = it was damaged and is not held any more, see
 *         options.damaged; IO, MEMORY, CANCELLED. */
void weft_store_read(struct weft_store *store, weft_release_id id, uint32_t chunk,
                     weft_store_bytes *done, void *context);

/* Name a release finished, of which every chunk is held. Finished already = OK. The signed hash of
 * the whole is not checked here but on the bytes that take effect, as they are copied (activate.h):
 * one read less, and nothing can change between check and use.
 * Errors: NOT_FOUND = unknown release, or chunks are missing; MISMATCH = one was found damaged just
 *         now; IO, DISK_FULL, CANCELLED. */
void weft_store_finish(struct weft_store *store, weft_release_id id, weft_store_done *done,
                       void *context);

/* Read and verify every chunk that is held again: after an activation that failed with MISMATCH.
 * Errors: MISMATCH = some were damaged, reported by options.damaged; NOT_FOUND = unknown release;
 *         IO, MEMORY, CANCELLED. */
void weft_store_check(struct weft_store *store, weft_release_id id, weft_store_done *done,
                      void *context);

/* What is held of a release. Errors: false if |id| is not added, or its scan is not over. */
bool weft_store_look(const struct weft_store *store, weft_release_id id,
                     struct weft_store_held *held);

/* Bytes of chunks in memory: given to weft_store_write() or read for upload, not done yet. */
uint64_t weft_store_queued_bytes(const struct weft_store *store);

/* Path of a finished release below |data_dir| into out[WEFT_FILE_PATH_BYTES].
 * Errors: false if it does not fit. */
bool weft_store_path(char *out, const char *data_dir, weft_release_id id);

#endif
