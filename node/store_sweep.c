/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are of no use any more? Those of releases that nobody added. */
#include "node/store_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names noted by one sweep; the rest waits for the next start. */
#define SWEEP_NAMES_MAX 256

/* What a file condemned is called until it is gone: "ID.gone". */
#define GONE "gone"

/* Is |name| the name of a release file? Then its id. */
static bool parse(const char *name, weft_release_id *id)
{
    if (strlen(name) != WEFT_STORE_NAME_BYTES - 1 || strspn(name, "0123456789abcdef") != 16 ||
        name[16] != '.') {
        return false;
    }
    *id = strtoull(name, NULL, 16);
    return strcmp(name + 17, "part") == 0 || strcmp(name + 17, "data") == 0 ||
           strcmp(name + 17, GONE) == 0;
}

/* In the pool: the names of release files, into job->bytes. */
static void list(struct weft_store_job *job)
{
    int fd = openat(job->store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    job->bytes = calloc(SWEEP_NAMES_MAX, WEFT_STORE_NAME_BYTES);
    if (directory == NULL || job->bytes == NULL) {
        job->err = directory == NULL ? weft_message_errno(&job->message, errno, "list", "releases/")
                                     : WEFT_ERR_MEMORY;
    }
    const struct dirent *entry;
    weft_release_id id;
    while (directory != NULL && job->bytes != NULL && job->length < SWEEP_NAMES_MAX &&
           (entry = readdir(directory)) != NULL) {
        if (parse(entry->d_name, &id)) {
            memcpy(job->bytes + (size_t)job->length * WEFT_STORE_NAME_BYTES, entry->d_name,
                   WEFT_STORE_NAME_BYTES);
            job->length++;
        }
    }
    if (directory != NULL) {
        closedir(directory);
    } else if (fd >= 0) {
        close(fd);
    }
}

/* In the pool: delete what was condemned; freeing gigabytes takes time. */
static void purge(struct weft_store_job *job)
{
    for (uint32_t i = 0; i < job->length; i++) {
        const char *name = (const char *)job->bytes + (size_t)i * WEFT_STORE_NAME_BYTES;
        if (name[0] != '\0' && unlinkat(job->store->dir_fd, name, 0) != 0 && errno != ENOENT) {
            job->err = weft_message_errno(&job->message, errno, "delete", name);
        }
    }
}

/* On the loop: everything was tried. */
static void purged(struct weft_store_job *job)
{
    if (job->err != WEFT_ERR_OK) {
        weft_store_log(job->store, job->err, "old releases in %s/releases: %s",
                       job->store->options.data_dir, job->message.text);
    }
    weft_store_job_end(job);
}

/* On the loop, where no release can be added at the same time: condemn by renaming. */
static void listed(struct weft_store_job *job)
{
    struct weft_store *store = job->store;
    if (job->err != WEFT_ERR_OK || store->closing) {
        weft_store_job_end(job);
        return;
    }
    for (uint32_t i = 0; i < job->length; i++) {
        char *name = (char *)job->bytes + (size_t)i * WEFT_STORE_NAME_BYTES;
        char gone[WEFT_STORE_NAME_BYTES];
        weft_release_id id = 0;
        parse(name, &id);
        weft_store_name(gone, id, GONE);
        bool is_gone = strcmp(name, gone) == 0;
        if (!is_gone && (weft_store_find(store, id) != NULL ||
                         renameat(store->dir_fd, name, store->dir_fd, gone) != 0)) {
            name[0] = '\0';
        } else {
            memcpy(name, gone, sizeof(gone));
        }
    }
    weft_store_job_run(job, purge, purged);
}

void weft_store_sweep(struct weft_store *store)
{
    struct weft_store_job *job = weft_store_job_new(store, NULL);
    if (job != NULL) {
        weft_store_job_run(job, list, listed);
    }
}
