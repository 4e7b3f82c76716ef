/* SPDX-License-Identifier: Apache-2.0 */
/* When is a chunk held? Verified, written, and made durable with as many others as possible.
 *
 * Group commit: jobs of the pool verify and write at the same time; those that are through wait in
 * release->written. One fdatasync at a time and release covers all that waited when it began; while
 * it runs the next group gathers. So a fast network costs few flushes, and a single chunk waits for
 * one flush only. */
#include "node/store_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* In the pool: verify, then write. The bytes are released here, not after the flush. */
static void verify_and_write(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    uint8_t digest[WEFT_SHA256_BYTES];
    if (!weft_sha256_of(job->bytes, job->length, digest)) {
        job->err = WEFT_ERR_MEMORY;
    } else if (memcmp(digest, weft_store_hash(release, job->chunk), sizeof(digest)) != 0) {
        job->err = WEFT_ERR_MISMATCH;
    } else if (!job->held) {
        job->err = weft_fileio_write_at(release->fd, job->bytes, job->length,
                                        release->offsets[job->chunk]);
    }
    free(job->bytes);
    job->bytes = NULL;
}

/* Call back with the result, and end. */
static void answer(struct weft_store_job *job)
{
    if (job->err == WEFT_ERR_OK && !weft_store_job_is_stale(job) && !job->held) {
        weft_store_hold(job->release, job->chunk, true);
        weft_store_bit_put(job->release->checked, job->chunk, true);
    }
    job->done(job->context, job->err);
    weft_store_job_end(job);
}

/* In the pool: one flush for a whole group. */
static void flush(struct weft_store_job *job)
{
    job->err = weft_store_flush(job->store, job->release, &job->message);
}

static void flushed(struct weft_store_job *job);

/* Take the writes that wait for a flush. */
static struct weft_store_job *take_written(struct weft_store_release *release)
{
    struct weft_store_job *writes = release->written;
    release->written = NULL;
    release->written_end = &release->written;
    return writes;
}

/* Give all of |writes| the same result. */
static void answer_all(struct weft_store_job *writes, enum weft_err err)
{
    while (writes != NULL) {
        struct weft_store_job *next = writes->next;
        writes->err = err;
        answer(writes);
        writes = next;
    }
}

/* Flush what waits, unless a flush is under way. */
static void commit(struct weft_store *store, struct weft_store_release *release)
{
    if (release->committing || release->written == NULL) {
        return;
    }
    struct weft_store_job *job = weft_store_job_new(store, release);
    if (job == NULL) {
        answer_all(take_written(release), WEFT_ERR_MEMORY);
        return;
    }
    job->next = take_written(release);
    release->committing = true;
    weft_store_job_run(job, flush, flushed);
}

/* On the loop: a flush is done. |job->next| are the writes that it covers. */
static void flushed(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    struct weft_store_job *lost = NULL;
    release->committing = false;
    if (job->err != WEFT_ERR_OK) {
        /* The kernel reports a failed write-back once and then forgets it: neither what was written
         * before this moment nor what is being written now may be taken for durable. */
        release->epoch++;
        lost = take_written(release);
        weft_store_log(job->store, job->err, "release %016" PRIx64 ": %s", release->id,
                       job->message.text);
    }
    answer_all(job->next, job->err);
    answer_all(lost, job->err);
    commit(job->store, release);
    weft_store_job_end(job);
}

/* On the loop: a chunk is written, or was refused. */
static void wrote(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    job->store->queued_bytes -= job->length;
    if (job->err == WEFT_ERR_OK && release->removed) {
        job->err = WEFT_ERR_CANCELLED;
    }
    if (job->err == WEFT_ERR_OK && job->epoch != release->epoch) {
        job->err = WEFT_ERR_IO;
    }
    if (job->err != WEFT_ERR_OK || job->held || !job->store->options.sync) {
        answer(job);
        return;
    }
    job->next = NULL;
    *release->written_end = job;
    release->written_end = &job->next;
    commit(job->store, release);
}

/* On the loop: the write failed before it began. */
static void refused(struct weft_store_job *job)
{
    job->done(job->context, job->err);
    weft_store_job_end(job);
}

/* Why a chunk cannot be written at all; OK if it can. */
static enum weft_err check(const struct weft_store *store, const struct weft_store_release *release,
                           uint32_t chunk, uint32_t length)
{
    if (store->closing) {
        return WEFT_ERR_CANCELLED;
    }
    if (release == NULL || !release->ready || chunk >= release->chunk_count) {
        return WEFT_ERR_NOT_FOUND;
    }
    return length == weft_store_length(release, chunk) ? WEFT_ERR_OK : WEFT_ERR_MISMATCH;
}

void weft_store_write(struct weft_store *store, weft_release_id id, uint32_t chunk, uint8_t *bytes,
                      uint32_t length, weft_store_done *done, void *context)
{
    struct weft_store_release *release = weft_store_find(store, id);
    enum weft_err err = check(store, release, chunk, length);
    struct weft_store_job *job = weft_store_job_new(store, err == WEFT_ERR_OK ? release : NULL);
    if (job == NULL) {
        free(bytes);
        done(context, WEFT_ERR_MEMORY);
        return;
    }
    job->done = done;
    job->context = context;
    job->bytes = bytes;
    job->err = err;
    if (err != WEFT_ERR_OK) {
        weft_store_job_run(job, NULL, refused);
        return;
    }
    job->chunk = chunk;
    job->length = length;
    job->held = weft_store_bit(release->have, chunk);
    store->queued_bytes += length;
    weft_store_job_run(job, verify_and_write, wrote);
}
