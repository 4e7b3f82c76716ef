/* SPDX-License-Identifier: Apache-2.0 */
/* May a chunk be served? Reading for uploads, and what happens when a chunk turns out damaged. */
#include "node/store_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int64_t weft_store_stamp_ns(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return 0;
    }
    return (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}

/* In the pool: read, and verify if that was not done yet, or if the file was touched since. */
static void read_chunk(struct weft_store_job *job)
{
    const struct weft_store_release *release = job->release;
    int64_t known_ns = job->stamp_ns;
    uint8_t digest[WEFT_SHA256_BYTES];
    job->bytes = malloc(job->length > 0 ? job->length : 1);
    if (job->bytes == NULL) {
        job->err = WEFT_ERR_MEMORY;
        return;
    }
    job->err =
        weft_fileio_read_at(release->fd, job->bytes, job->length, release->offsets[job->chunk]);
    job->stamp_ns = weft_store_stamp_ns(release->fd);
    bool touched = job->finished && job->stamp_ns != known_ns;
    if (job->err != WEFT_ERR_OK || (job->held && !touched)) {
        return;
    }
    if (!weft_sha256_of(job->bytes, job->length, digest)) {
        job->err = WEFT_ERR_MEMORY;
    } else if (memcmp(digest, weft_store_hash(release, job->chunk), sizeof(digest)) != 0) {
        job->err = WEFT_ERR_MISMATCH;
    }
}

void weft_store_damage(struct weft_store *store, struct weft_store_release *release, uint32_t chunk,
                       enum weft_err err)
{
    if (!weft_store_bit(release->have, chunk)) {
        return;
    }
    weft_store_log(store, err,
                   "chunk %" PRIu32 " of release %016" PRIx64
                   " was damaged on the disk (%s) and is fetched again",
                   chunk, release->id, weft_err_text(err));
    weft_store_hold(release, chunk, false);
    weft_store_bit_put(release->checked, chunk, false);
    if (release->finished) {
        char data_name[WEFT_STORE_NAME_BYTES];
        char part_name[WEFT_STORE_NAME_BYTES];
        weft_store_name(data_name, release->id, "data");
        weft_store_name(part_name, release->id, "part");
        release->finished = false;
        if (renameat(store->dir_fd, data_name, store->dir_fd, part_name) != 0) {
            weft_store_log(store, weft_fileio_error(errno), "cannot rename %s: %s", data_name,
                           strerror(errno));
        }
    }
    if (store->options.damaged != NULL) {
        store->options.damaged(store->options.context, release->id, chunk);
    }
}

/* A finished file that was touched: no chunk counts as verified by this process any more. */
static void note_stamp(const struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    if (release->finished && job->finished && release->stamp_ns != job->stamp_ns) {
        memset(release->checked, 0, (release->chunk_count + 7U) / 8);
        release->stamp_ns = job->stamp_ns;
    }
}

/* On the loop: hand the bytes over. */
static void read_done(struct weft_store_job *job)
{
    job->store->queued_bytes -= job->length;
    if (weft_store_job_is_stale(job)) {
        job->err = WEFT_ERR_CANCELLED;
    }
    if (job->err == WEFT_ERR_TOO_SHORT) {
        job->err = WEFT_ERR_MISMATCH;
    }
    /* A sector that cannot be read is cured by writing it again. */
    if (job->err == WEFT_ERR_MISMATCH || job->err == WEFT_ERR_IO) {
        weft_store_damage(job->store, job->release, job->chunk, job->err);
    }
    uint8_t *bytes = NULL;
    if (job->err == WEFT_ERR_OK) {
        note_stamp(job);
        weft_store_bit_put(job->release->checked, job->chunk, true);
        bytes = job->bytes;
        job->bytes = NULL;
    }
    job->done_bytes(job->context, bytes, bytes != NULL ? job->length : 0, job->err);
    weft_store_job_end(job);
}

/* On the loop: the read failed before it began. */
static void refused(struct weft_store_job *job)
{
    job->done_bytes(job->context, NULL, 0, job->err);
    weft_store_job_end(job);
}

void weft_store_read(struct weft_store *store, weft_release_id id, uint32_t chunk,
                     weft_store_bytes *done, void *context)
{
    struct weft_store_release *release = weft_store_find(store, id);
    bool held = release != NULL && release->ready && chunk < release->chunk_count &&
                weft_store_bit(release->have, chunk);
    struct weft_store_job *job = weft_store_job_new(store, held ? release : NULL);
    if (job == NULL) {
        done(context, NULL, 0, WEFT_ERR_MEMORY);
        return;
    }
    job->done_bytes = done;
    job->context = context;
    if (store->closing || !held) {
        job->err = store->closing ? WEFT_ERR_CANCELLED : WEFT_ERR_NOT_FOUND;
        weft_store_job_run(job, NULL, refused);
        return;
    }
    job->chunk = chunk;
    job->length = weft_store_length(release, chunk);
    job->held = weft_store_bit(release->checked, chunk);
    job->finished = release->finished;
    job->stamp_ns = release->stamp_ns;
    store->queued_bytes += job->length;
    weft_store_job_run(job, read_chunk, read_done);
}
