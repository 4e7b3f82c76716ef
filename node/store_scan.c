/* SPDX-License-Identifier: Apache-2.0 */
/* What does a file on disk hold? Finding or making the file of a release, and walking over its
 * chunks. SPEC.md section "Store and activation". */
#include "node/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct weft_store_walk *weft_store_walk_new(uint32_t chunk_count)
{
    struct weft_store_walk *walk = calloc(1, sizeof(*walk));
    if (walk == NULL) {
        return NULL;
    }
    walk->buffer = malloc(WEFT_CHUNK_BYTES_MAX);
    walk->found = calloc(1, (chunk_count + 7) / 8);
    if (walk->buffer == NULL || walk->found == NULL) {
        weft_store_walk_free(walk);
        return NULL;
    }
    return walk;
}

void weft_store_walk_free(struct weft_store_walk *walk)
{
    if (walk == NULL) {
        return;
    }
    free(walk->buffer);
    free(walk->found);
    free(walk);
}

/* Does [begin, end) of the file lie in one hole? A file system that cannot tell says data. */
static bool is_hole(int fd, struct weft_store_walk *walk, uint64_t begin, uint64_t end)
{
    if (end <= walk->hole_end) {
        return true;
    }
    if (begin < walk->data_end) {
        return false;
    }
    off_t data = lseek(fd, (off_t)begin, SEEK_DATA);
    if (data < 0) {
        /* ENXIO: no data up to the end of the file. */
        walk->hole_end = errno == ENXIO ? UINT64_MAX : walk->hole_end;
        walk->data_end = errno == ENXIO ? walk->data_end : UINT64_MAX;
        return errno == ENXIO;
    }
    walk->hole_end = (uint64_t)data;
    off_t hole = lseek(fd, data, SEEK_HOLE);
    walk->data_end = hole < 0 ? UINT64_MAX : (uint64_t)hole;
    return end <= walk->hole_end;
}

/* Is |expected| the hash of |length| zeros? File systems that compress store zeros as holes, so a
 * hole may be a chunk that was written. */
static bool is_hash_of_zeros(struct weft_store_walk *walk, uint32_t length, const uint8_t *expected)
{
    if (!walk->zero_known || walk->zero_length != length) {
        memset(walk->buffer, 0, length);
        walk->zero_known = weft_sha256_of(walk->buffer, length, walk->zero_hash);
        walk->zero_length = length;
    }
    return walk->zero_known && memcmp(walk->zero_hash, expected, WEFT_SHA256_BYTES) == 0;
}

/* Does chunk |chunk| of the file verify? What cannot be read does not. */
static bool chunk_verifies(const struct weft_store_release *release, struct weft_store_walk *walk,
                           uint32_t chunk)
{
    uint32_t length = weft_store_length(release, chunk);
    uint64_t offset = release->offsets[chunk];
    const uint8_t *expected = weft_store_hash(release, chunk);
    uint8_t digest[WEFT_SHA256_BYTES];
    if (length > 0 && is_hole(release->fd, walk, offset, offset + length)) {
        return is_hash_of_zeros(walk, length, expected);
    }
    return weft_fileio_read_at(release->fd, walk->buffer, length, offset) == WEFT_ERR_OK &&
           weft_sha256_of(walk->buffer, length, digest) &&
           memcmp(digest, expected, sizeof(digest)) == 0;
}

void weft_store_walk_slice(const struct weft_store_release *release, struct weft_store_walk *walk)
{
    uint64_t stop = release->offsets[walk->next] + WEFT_STORE_SLICE_BYTES;
    while (walk->next < release->chunk_count && release->offsets[walk->next] < stop) {
        if (chunk_verifies(release, walk, walk->next)) {
            weft_store_bit_put(walk->found, walk->next, true);
            walk->found_count++;
        }
        walk->next++;
    }
}

enum weft_err weft_store_flush(const struct weft_store *store, struct weft_store_release *release,
                               struct weft_message *message)
{
    if (!store->options.sync) {
        return WEFT_ERR_OK;
    }
    bool is_done = release->fresh ? fsync(release->fd) == 0 && fsync(store->dir_fd) == 0
                                  : fdatasync(release->fd) == 0;
    if (!is_done) {
        return weft_message_errno(message, errno, "make durable what is in",
                                  store->options.data_dir);
    }
    release->fresh = false;
    return WEFT_ERR_OK;
}

/* Open ID.data if there is one of the right size; one of a wrong size becomes ID.part. */
static enum weft_err open_finished(struct weft_store_job *job, const char *data_name,
                                   const char *part_name)
{
    struct weft_store_release *release = job->release;
    int dir = job->store->dir_fd;
    int fd = openat(dir, data_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? WEFT_ERR_OK
                               : weft_message_errno(&job->message, errno, "open", data_name);
    }
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size == release->bytes) {
        release->fd = fd;
        job->finished = true;
        unlinkat(dir, part_name, 0);
        return WEFT_ERR_OK;
    }
    close(fd);
    if (renameat(dir, data_name, dir, part_name) != 0) {
        return weft_message_errno(&job->message, errno, "rename", data_name);
    }
    return WEFT_ERR_OK;
}

/* Open or make ID.part with the size of the release. */
static enum weft_err open_part(struct weft_store_job *job, const char *name)
{
    struct weft_store_release *release = job->release;
    int dir = job->store->dir_fd;
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    struct stat status;
    if (fd < 0) {
        return weft_message_errno(&job->message, errno, "open", name);
    }
    release->fd = fd;
    if (fstat(fd, &status) != 0) {
        return weft_message_errno(&job->message, errno, "look at", name);
    }
    /* Also if the file was there: perhaps it was made just before a crash. */
    release->fresh = true;
    if ((uint64_t)status.st_size != release->bytes && ftruncate(fd, (off_t)release->bytes) != 0) {
        return weft_message_errno(&job->message, errno, "set the size of", name);
    }
    return WEFT_ERR_OK;
}

/* First slice: find or make the file. */
static enum weft_err open_file(struct weft_store_job *job)
{
    char data_name[WEFT_STORE_NAME_BYTES];
    char part_name[WEFT_STORE_NAME_BYTES];
    weft_store_name(data_name, job->release->id, "data");
    weft_store_name(part_name, job->release->id, "part");
    enum weft_err err = open_finished(job, data_name, part_name);
    if (err != WEFT_ERR_OK || job->finished) {
        return err;
    }
    job->walk = weft_store_walk_new(job->release->chunk_count);
    if (job->walk == NULL) {
        return WEFT_ERR_MEMORY;
    }
    return open_part(job, part_name);
}

/* In the pool: one slice of a scan. */
static void scan(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    if (release->fd < 0) {
        job->err = open_file(job);
    }
    if (job->err != WEFT_ERR_OK || job->finished) {
        return;
    }
    weft_store_walk_slice(release, job->walk);
    /* A chunk that verifies may stand in the page cache only, left there by a process that was
     * killed. It counts as held once it is on the disk. */
    if (job->walk->next == release->chunk_count && job->walk->found_count > 0) {
        job->err = weft_store_flush(job->store, release, &job->message);
    }
}

/* Room for what is missing? The message has the numbers. */
static enum weft_err check_space(struct weft_store_job *job)
{
    const struct weft_store_release *release = job->release;
    struct statvfs space;
    uint64_t missing = release->bytes - release->have_bytes;
    if (fstatvfs(job->store->dir_fd, &space) != 0) {
        return WEFT_ERR_OK;
    }
    uint64_t available = (uint64_t)space.f_bavail * space.f_frsize;
    if (missing <= available) {
        return WEFT_ERR_OK;
    }
    weft_store_log(job->store, WEFT_ERR_DISK_FULL,
                   "release %016" PRIx64 " needs %" PRIu64 " more bytes in %s, but only %" PRIu64
                   " are free; what is there is kept, free some space",
                   release->id, missing, job->store->options.data_dir, available);
    return WEFT_ERR_DISK_FULL;
}

/* Take over what the scan found. */
static void accept_scan(struct weft_store_job *job)
{
    struct weft_store_release *release = job->release;
    for (uint32_t i = 0; i < release->chunk_count; i++) {
        bool found = job->finished || weft_store_bit(job->walk->found, i);
        weft_store_hold(release, i, found);
        weft_store_bit_put(release->checked, i, found && !job->finished);
    }
    release->finished = job->finished;
    release->ready = true;
}

/* Take a release whose scan failed out of the list; its file stays. */
static void withdraw(struct weft_store_job *job)
{
    struct weft_store_release **link = &job->store->releases;
    while (*link != NULL && *link != job->release) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = job->release->next;
        job->release->next = NULL;
        job->release->removed = true;
    }
}

/* On the loop: a slice is done. */
static void scanned(struct weft_store_job *job)
{
    if (weft_store_job_is_stale(job)) {
        job->err = WEFT_ERR_CANCELLED;
    } else if (job->err == WEFT_ERR_OK && !job->finished &&
               job->walk->next < job->release->chunk_count) {
        weft_store_job_run(job, scan, scanned);
        return;
    }
    const uint8_t *have = NULL;
    if (job->err == WEFT_ERR_OK) {
        accept_scan(job);
        job->err = check_space(job);
        have = job->release->have;
    } else if (job->err != WEFT_ERR_CANCELLED) {
        weft_store_log(job->store, job->err, "release %016" PRIx64 " cannot be stored in %s: %s",
                       job->release->id, job->store->options.data_dir,
                       job->message.text[0] != '\0' ? job->message.text : weft_err_text(job->err));
        withdraw(job);
    }
    job->added(job->context, have, job->err);
    weft_store_job_end(job);
}

/* On the loop: the addition failed before it began. */
static void refused(struct weft_store_job *job)
{
    job->added(job->context, NULL, job->err);
    weft_store_job_end(job);
}

void weft_store_add(struct weft_store *store, const struct weft_index *index,
                    weft_store_added *added, void *context)
{
    enum weft_err err = WEFT_ERR_OK;
    struct weft_store_release *release = NULL;
    if (store->closing) {
        err = WEFT_ERR_CANCELLED;
    } else if (weft_store_find(store, index->id) != NULL) {
        err = WEFT_ERR_EXISTS;
    } else {
        release = weft_store_release_new(index);
        err = release != NULL ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
    }
    struct weft_store_job *job = weft_store_job_new(store, release);
    if (job == NULL) {
        weft_store_release_free(release);
        added(context, NULL, WEFT_ERR_MEMORY);
        return;
    }
    job->added = added;
    job->context = context;
    job->err = err;
    if (release == NULL) {
        weft_store_job_run(job, NULL, refused);
        return;
    }
    release->next = store->releases;
    store->releases = release;
    weft_store_job_run(job, scan, scanned);
}
