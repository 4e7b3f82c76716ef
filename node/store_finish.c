/* SPDX-License-Identifier: Apache-2.0 */
/* Is a release complete? The rename that says so, and the search for chunks that were damaged on
 * the disk. The hash of the whole is up to who puts the release to use: see activate_layout.c. */
#include "node/store_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Every chunk is there: name the file finished. The rename is done on the loop, where nothing can
 * remove or demote the release at the same time. It need not be durable: after a power cut that
 * undoes it, the scan finds every chunk in ID.part, and the release is finished again. */
static void rename_finished(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    if (weft_store_job_is_stale(job)) {
        answer(job);
        return;
    }
    int dir = job->store->dir_fd;
    char data_name[WEFT_STORE_NAME_BYTES];
    char part_name[WEFT_STORE_NAME_BYTES];
    weft_store_name(data_name, release->id, "data");
    weft_store_name(part_name, release->id, "part");
    if (release->have_count < release->chunk_count) {
        /* A reader found a chunk damaged while this job waited for its turn. */
        job->err = WEFT_ERR_MISMATCH;
    } else if (!release->finished && renameat(dir, part_name, dir, data_name) != 0) {
        job->err = weft_fileio_error(errno);
    } else {
        release->finished = true;
        release->stamp_ns = weft_store_stamp_ns(release->fd);
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
    job->err = release->have_count < before ? WEFT_ERR_MISMATCH : WEFT_ERR_OK;
    answer(job);
}

void weft_store_finish(struct weft_store *store, weft_release_id id, weft_store_done *done,
                       void *context)
{
    struct weft_store_release *release = weft_store_find(store, id);
    bool is_whole =
        release != NULL && release->ready && release->have_count == release->chunk_count;
    struct weft_store_job *job = weft_store_job_new(store, is_whole ? release : NULL);
    if (job == NULL) {
        done(context, WEFT_ERR_MEMORY);
        return;
    }
    job->done = done;
    job->context = context;
    if (store->closing || !is_whole) {
        job->err = store->closing ? WEFT_ERR_CANCELLED : WEFT_ERR_NOT_FOUND;
    }
    bool is_new = job->err == WEFT_ERR_OK && !release->finished;
    weft_store_job_run(job, NULL, is_new ? rename_finished : answer);
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
