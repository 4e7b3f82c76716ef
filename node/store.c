/* SPDX-License-Identifier: Apache-2.0 */
/* What the store is and which releases it holds: opening, closing, looking up, forgetting; the life
 * of a job. How files are scanned, written, read and finished is in store_*.c. */
#include "node/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* With less free space the log says so at the start. */
#define LITTLE_SPACE_BYTES (UINT64_C(64) << 20)

/* How long a lock held by another process is waited for: 10 times 20 ms. */
#define LOCK_TRIES 10
#define LOCK_WAIT_US 20000

void weft_store_log(const struct weft_store *store, enum weft_err err, const char *format, ...)
{
    char text[WEFT_MESSAGE_BYTES];
    if (store->options.log == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    store->options.log(store->options.context, err, text);
}

void weft_store_name(char name[WEFT_STORE_NAME_BYTES], weft_release_id id, const char *suffix)
{
    snprintf(name, WEFT_STORE_NAME_BYTES, "%016" PRIx64 ".%.4s", id, suffix);
}

bool weft_store_path(char *out, const char *data_dir, weft_release_id id)
{
    char name[WEFT_STORE_NAME_BYTES];
    char relative[sizeof("releases/") + WEFT_STORE_NAME_BYTES];
    weft_store_name(name, id, "data");
    snprintf(relative, sizeof(relative), "releases/%s", name);
    return weft_fileio_join(out, data_dir, relative);
}

/* Lock, with a little patience: a killed node may have left a child between fork and exec, which
 * holds the lock for a moment more. */
static bool try_lock(int fd)
{
    for (uint32_t i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        usleep(LOCK_WAIT_US);
    }
    return false;
}

/* Take DATA/lock for this process, and leave the process id in it for people. */
static enum weft_err take_lock(struct weft_store *store, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(path, store->options.data_dir, "lock")) {
        return weft_message_errno(message, ENAMETOOLONG, "use the data directory",
                                  store->options.data_dir);
    }
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (store->lock_fd < 0) {
        return weft_message_errno(message, errno, "write to the data directory: open", path);
    }
    char text[32] = "";
    if (!try_lock(store->lock_fd)) {
        ssize_t got = pread(store->lock_fd, text, sizeof(text) - 1, 0);
        text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
        weft_message_set(message,
                         "the data directory %s is in use by another weft (process %s); stop that "
                         "one, or give this one a directory of its own with --data",
                         store->options.data_dir, text[0] != '\0' ? text : "unknown");
        return WEFT_ERR_EXISTS;
    }
    int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(store->lock_fd, 0) != 0) {
        return weft_message_errno(message, errno, "write", path);
    }
    enum weft_err err = weft_fileio_write_at(store->lock_fd, text, (size_t)length, 0);
    if (err != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "write", path);
    }
    return WEFT_ERR_OK;
}

/* Make DATA/NAME and, if |fd| is not NULL, open it. */
static enum weft_err make_dir(const char *data_dir, const char *name, int *fd,
                              struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(path, data_dir, name)) {
        return weft_message_errno(message, ENAMETOOLONG, "use the data directory", data_dir);
    }
    enum weft_err err = weft_fileio_make_dirs(path, 0755);
    if (err != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "make the directory", path);
    }
    if (fd != NULL) {
        *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (*fd < 0) {
            return weft_message_errno(message, errno, "open the directory", path);
        }
    }
    return WEFT_ERR_OK;
}

/* Leftovers of an activation that a crash interrupted are of no use: it starts anew. */
static enum weft_err clear_tmp(const char *data_dir, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!weft_fileio_join(path, data_dir, "tmp")) {
        return weft_message_errno(message, ENAMETOOLONG, "use the data directory", data_dir);
    }
    errno = 0;
    enum weft_err err = weft_fileio_remove(path);
    if (err != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "clear", path);
    }
    return make_dir(data_dir, "tmp", NULL, message);
}

/* Everything about opening that can fail. */
static enum weft_err open_files(struct weft_store *store, struct weft_message *message)
{
    const char *data_dir = store->options.data_dir;
    enum weft_err err = weft_fileio_make_dirs(data_dir, 0755);
    if (err == WEFT_ERR_EXISTS) {
        weft_message_set(message,
                         "%s cannot be the data directory: it, or something above it, is "
                         "no directory; correct --data",
                         data_dir);
        return WEFT_ERR_ARGUMENT;
    }
    if (err != WEFT_ERR_OK) {
        return weft_message_errno(message, errno, "make the data directory", data_dir);
    }
    err = take_lock(store, message);
    if (err == WEFT_ERR_OK) {
        err = make_dir(data_dir, "releases", &store->dir_fd, message);
    }
    if (err == WEFT_ERR_OK) {
        err = clear_tmp(data_dir, message);
    }
    return err;
}

/* Close the files of a store without jobs and release it. */
static void free_store(struct weft_store *store)
{
    while (store->releases != NULL) {
        struct weft_store_release *release = store->releases;
        store->releases = release->next;
        weft_store_release_free(release);
    }
    if (store->dir_fd >= 0) {
        close(store->dir_fd);
    }
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
    }
    union {
        const char *given;
        char *owned;
    } data_dir = {.given = store->options.data_dir};
    free(data_dir.owned);
    free(store);
}

/* The end of a store that closes and has no jobs. */
static void close_now(struct weft_store *store)
{
    void (*closed)(void *) = store->closed;
    void *context = store->closed_context;
    free_store(store);
    if (closed != NULL) {
        closed(context);
    }
}

enum weft_err weft_store_open(const struct weft_store_options *options, struct weft_store **store,
                              struct weft_message *message)
{
    struct weft_store *opened = calloc(1, sizeof(*opened));
    char *data_dir = strdup(options->data_dir);
    if (opened == NULL || data_dir == NULL) {
        free(opened);
        free(data_dir);
        weft_message_set(message, "cannot open the store: out of memory");
        return WEFT_ERR_MEMORY;
    }
    opened->options = *options;
    opened->options.data_dir = data_dir;
    opened->lock_fd = -1;
    opened->dir_fd = -1;
    enum weft_err err = open_files(opened, message);
    if (err != WEFT_ERR_OK) {
        free_store(opened);
        return err;
    }
    struct statvfs space;
    if (fstatvfs(opened->dir_fd, &space) == 0 &&
        (uint64_t)space.f_bavail * space.f_frsize < LITTLE_SPACE_BYTES) {
        weft_store_log(opened, WEFT_ERR_DISK_FULL, "only %" PRIu64 " MiB are free for %s",
                       ((uint64_t)space.f_bavail * space.f_frsize) >> 20, data_dir);
    }
    *store = opened;
    return WEFT_ERR_OK;
}

void weft_store_close(struct weft_store *store, void (*closed)(void *context), void *context)
{
    if (store == NULL) {
        return;
    }
    store->closing = true;
    store->closed = closed;
    store->closed_context = context;
    struct weft_store_job *job = weft_store_job_new(store, NULL);
    if (job != NULL) {
        weft_store_job_run(job, NULL, weft_store_job_end);
    } else if (store->job_count == 0) {
        close_now(store);
    }
}

struct weft_store_job *weft_store_job_new(struct weft_store *store,
                                          struct weft_store_release *release)
{
    struct weft_store_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return NULL;
    }
    job->request.data = job;
    job->store = store;
    job->release = release;
    store->job_count++;
    if (release != NULL) {
        release->jobs++;
        job->epoch = release->epoch;
    }
    return job;
}

/* In the pool. */
static void run_work(uv_work_t *request)
{
    struct weft_store_job *job = request->data;
    if (job->work != NULL) {
        job->work(job);
    }
}

/* Back on the loop. */
static void run_after(uv_work_t *request, int status)
{
    struct weft_store_job *job = request->data;
    (void)status;
    job->after(job);
}

void weft_store_job_run(struct weft_store_job *job, void (*work)(struct weft_store_job *job),
                        void (*after)(struct weft_store_job *job))
{
    job->work = work;
    job->after = after;
    uv_queue_work(job->store->options.loop, &job->request, run_work, run_after);
}

/* In the pool: the last reference to a deleted file frees its blocks, which takes time. */
static void drop_release(struct weft_store_job *job)
{
    weft_store_release_free(job->release);
    job->release = NULL;
}

void weft_store_job_end(struct weft_store_job *job)
{
    struct weft_store *store = job->store;
    struct weft_store_release *release = job->release;
    weft_store_walk_free(job->walk);
    free(job->bytes);
    if (release != NULL) {
        release->jobs--;
        if (release->removed && release->jobs == 0) {
            memset(job, 0, sizeof(*job));
            job->request.data = job;
            job->store = store;
            job->release = release;
            weft_store_job_run(job, drop_release, weft_store_job_end);
            return;
        }
    }
    free(job);
    store->job_count--;
    if (store->closing && store->job_count == 0) {
        close_now(store);
    }
}

bool weft_store_job_is_stale(const struct weft_store_job *job)
{
    return job->store->closing || (job->release != NULL && job->release->removed);
}

struct weft_store_release *weft_store_find(const struct weft_store *store, weft_release_id id)
{
    struct weft_store_release *release = store->releases;
    while (release != NULL && release->id != id) {
        release = release->next;
    }
    return release;
}

struct weft_store_release *weft_store_release_new(const struct weft_index *index)
{
    struct weft_store_release *release = calloc(1, sizeof(*release));
    if (release == NULL) {
        return NULL;
    }
    size_t count = index->chunk_count;
    release->fd = -1;
    release->id = index->id;
    release->bytes = index->bytes;
    release->chunk_count = index->chunk_count;
    release->written_end = &release->written;
    release->offsets = malloc((count + 1) * sizeof(*release->offsets));
    release->hashes = malloc(count * WEFT_SHA256_BYTES);
    release->have = calloc(1, (count + 7) / 8);
    release->checked = calloc(1, (count + 7) / 8);
    if (release->offsets == NULL || release->hashes == NULL || release->have == NULL ||
        release->checked == NULL) {
        weft_store_release_free(release);
        return NULL;
    }
    memcpy(release->offsets, index->offsets, (count + 1) * sizeof(*release->offsets));
    memcpy(release->hashes, index->hashes, count * WEFT_SHA256_BYTES);
    return release;
}

void weft_store_release_free(struct weft_store_release *release)
{
    if (release == NULL) {
        return;
    }
    if (release->fd >= 0) {
        close(release->fd);
    }
    free(release->offsets);
    free(release->hashes);
    free(release->have);
    free(release->checked);
    free(release);
}

void weft_store_hold(struct weft_store_release *release, uint32_t chunk, bool held)
{
    if (weft_store_bit(release->have, chunk) == held) {
        return;
    }
    weft_store_bit_put(release->have, chunk, held);
    uint64_t length = weft_store_length(release, chunk);
    release->have_count = held ? release->have_count + 1 : release->have_count - 1;
    release->have_bytes = held ? release->have_bytes + length : release->have_bytes - length;
}

void weft_store_remove(struct weft_store *store, weft_release_id id)
{
    struct weft_store_release **link = &store->releases;
    while (*link != NULL && (*link)->id != id) {
        link = &(*link)->next;
    }
    struct weft_store_release *release = *link;
    if (release == NULL) {
        return;
    }
    *link = release->next;
    release->next = NULL;
    release->removed = true;
    char name[WEFT_STORE_NAME_BYTES];
    weft_store_name(name, id, "part");
    unlinkat(store->dir_fd, name, 0);
    weft_store_name(name, id, "data");
    unlinkat(store->dir_fd, name, 0);
    if (release->jobs == 0) {
        struct weft_store_job *job = weft_store_job_new(store, release);
        if (job == NULL) {
            weft_store_release_free(release);
            return;
        }
        weft_store_job_run(job, NULL, weft_store_job_end);
    }
}

bool weft_store_look(const struct weft_store *store, weft_release_id id,
                     struct weft_store_held *held)
{
    const struct weft_store_release *release = weft_store_find(store, id);
    if (release == NULL || !release->ready) {
        return false;
    }
    *held = (struct weft_store_held){
        .bytes = release->bytes,
        .have_bytes = release->have_bytes,
        .chunk_count = release->chunk_count,
        .have_count = release->have_count,
        .finished = release->finished,
    };
    return true;
}

uint64_t weft_store_queued_bytes(const struct weft_store *store)
{
    return store->queued_bytes;
}
