/* SPDX-License-Identifier: Apache-2.0 */
/* Is the whole release right? The hash of all bytes, the rename that says so, and the search for
 * what is wrong if it is not. */
#include "node/store_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* In the pool: hash one slice; after the last one compare. The chunks are durable already. */
static void hash_slice(struct weft_store_job *job)
{
    const struct weft_store_release *release = job->release;
    struct weft_store_walk *walk = job->walk;
    uint64_t stop = walk->offset + WEFT_STORE_SLICE_BYTES;
    stop = stop < release->bytes ? stop : release->bytes;
    while (job->err == WEFT_ERR_OK && walk->offset < stop) {
        uint64_t part = stop - walk->offset;
        part = part < WEFT_CHUNK_BYTES_MAX ? part : WEFT_CHUNK_BYTES_MAX;
        job->err = weft_fileio_read_at(release->fd, walk->buffer, part, walk->offset);
        if (job->err == WEFT_ERR_OK) {
            weft_sha256_add(walk->hash, walk->buffer, part);
            walk->offset += part;
        }
    }
    if (job->err != WEFT_ERR_OK || walk->offset < release->bytes) {
        return;
    }
    uint8_t digest[WEFT_SHA256_BYTES];
    if (!weft_sha256_end(walk->hash, digest)) {
        job->err = WEFT_ERR_MEMORY;
    } else if (memcmp(digest, release->whole, sizeof(digest)) != 0) {
        job->err = WEFT_ERR_MISMATCH;
    }
}

/* Call back with the result, and end. */
static void answer(struct weft_store_job *job)
{
    if (weft_store_job_is_stale(job)) {
        job->err = WEFT_ERR_CANCELLED;
    }
    bool is_news = job->err != WEFT_ERR_OK && job->err != WEFT_ERR_CANCELLED;
    if (is_news && job->release != NULL) {
        weft_store_log(job->store, job->err, "release %016" PRIx64 " is not complete: %s%s",
                       job->release->id, weft_err_text(job->err), job->message.text);
    }
    job->done(job->context, job->err);
    weft_store_job_end(job);
}

/* The whole is right: name the file finished. The rename is done on the loop, where nothing can
 * remove or demote the release at the same time. It need not be durable: after a power cut that
 * undoes it, the scan finds every chunk in ID.part, and the release is finished again. */
static void rename_finished(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    int dir = job->store->dir_fd;
    char data_name[WEFT_STORE_NAME_BYTES];
    char part_name[WEFT_STORE_NAME_BYTES];
    weft_store_name(data_name, release->id, "data");
    weft_store_name(part_name, release->id, "part");
    if (release->have_count < release->chunk_count) {
        /* A chunk was found damaged by a reader while this job hashed. */
        job->err = WEFT_ERR_MISMATCH;
    } else if (!release->finished && renameat(dir, part_name, dir, data_name) != 0) {
        job->err = weft_fileio_error(errno);
    } else {
        release->finished = true;
        release->verified = true;
    }
    answer(job);
}

/* In the pool: look for the chunks that are wrong. */
static void search_slice(struct weft_store_job *job)
{
    weft_store_walk_slice(job->release, job->walk);
}

/* On the loop: report what is wrong. */
static void searched(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    if (weft_store_job_is_stale(job)) {
        answer(job);
        return;
    }
    if (job->walk->next < release->chunk_count) {
        weft_store_job_run(job, search_slice, searched);
        return;
    }
    uint32_t before = release->have_count;
    for (uint32_t i = 0; i < release->chunk_count; i++) {
        if (!weft_store_bit(job->walk->found, i)) {
            weft_store_damage(job->store, release, i, WEFT_ERR_MISMATCH);
        }
    }
    if (job->err == WEFT_ERR_OK) {
        job->err = release->have_count < before ? WEFT_ERR_MISMATCH : WEFT_ERR_OK;
    } else if (release->have_count == release->chunk_count) {
        weft_message_set(&job->message, ": every chunk matches the chunk index, but the whole does "
                                        "not; the publisher has to publish it again");
    }
    answer(job);
}

/* On the loop: a slice is hashed. */
static void hashed(struct weft_store_job *job)
{
    if (weft_store_job_is_stale(job)) {
        answer(job);
    } else if (job->err == WEFT_ERR_OK && job->walk->offset < job->release->bytes) {
        weft_store_job_run(job, hash_slice, hashed);
    } else if (job->err == WEFT_ERR_OK) {
        rename_finished(job);
    } else if (job->err == WEFT_ERR_MISMATCH || job->err == WEFT_ERR_TOO_SHORT ||
               job->err == WEFT_ERR_IO) {
        job->err = job->err == WEFT_ERR_IO ? WEFT_ERR_IO : WEFT_ERR_MISMATCH;
        weft_store_job_run(job, search_slice, searched);
    } else {
        answer(job);
    }
}

void weft_store_finish(struct weft_store *store, weft_release_id id, weft_store_done *done,
                       void *context)
{
    struct weft_store_release *release = weft_store_find(store, id);
    bool whole = release != NULL && release->ready && release->have_count == release->chunk_count;
    struct weft_store_job *job = weft_store_job_new(store, whole ? release : NULL);
    if (job == NULL) {
        done(context, WEFT_ERR_MEMORY);
        return;
    }
    job->done = done;
    job->context = context;
    if (store->closing || !whole) {
        job->err = store->closing ? WEFT_ERR_CANCELLED : WEFT_ERR_NOT_FOUND;
    } else if (!release->finished) {
        job->walk = weft_store_walk_new(release->chunk_count);
        job->err = job->walk != NULL ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
    }
    if (job->walk == NULL) {
        weft_store_job_run(job, NULL, answer);
        return;
    }
    weft_store_job_run(job, hash_slice, hashed);
}

void weft_store_check(struct weft_store *store, weft_release_id id, weft_store_done *done,
                      void *context)
{
    struct weft_store_release *release = weft_store_find(store, id);
    bool known = release != NULL && release->ready;
    struct weft_store_job *job = weft_store_job_new(store, known ? release : NULL);
    if (job == NULL) {
        done(context, WEFT_ERR_MEMORY);
        return;
    }
    job->done = done;
    job->context = context;
    if (store->closing || !known) {
        job->err = store->closing ? WEFT_ERR_CANCELLED : WEFT_ERR_NOT_FOUND;
        weft_store_job_run(job, NULL, answer);
        return;
    }
    job->walk = weft_store_walk_new(release->chunk_count);
    if (job->walk == NULL) {
        job->err = WEFT_ERR_MEMORY;
        weft_store_job_run(job, NULL, answer);
        return;
    }
    weft_store_job_run(job, search_slice, searched);
}
