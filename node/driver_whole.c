/* SPDX-License-Identifier: Apache-2.0 */
/* A plain target fetched whole from the source, to make the chunk index that nobody signed. The
 * bytes go to DATA/tmp, are hashed as a whole and chunk by chunk, and become a finished release of
 * the store when the whole is what is signed; only then there is an index. A fetch that breaks off
 * goes on where it was, if the source can tell that the object is the same (a strong ETag).
 *
 * States of a fetch: resting (token 0, kept to go on), coming (transfer), ending (work). */
#include "driver_state.h"

#include "log.h"
#include "url.h"

#include "../protocol/trust/digest.h"
#include "../protocol/trust/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct weft_driver_whole {
    struct weft_driver_whole *next;      /* in driver->wholes */
    struct weft_driver *driver;          /* owner */
    struct weft_release_info info;       /* the target */
    uint64_t token;                      /* of the document wanted; 0 = nobody waits for it */
    struct weft_http_transfer *transfer; /* NULL = none */
    uv_work_t work;                      /* makes the file durable */
    bool works;                          /* it is in the pool */
    char file[WEFT_FILE_PATH_BYTES];     /* below DATA/tmp */
    char final[WEFT_FILE_PATH_BYTES];    /* where the store expects it */
    int fd;                              /* of file; -1 = none */
    struct weft_digest *digest;          /* of what came so far; owned */
    struct weft_sha256 *chunk_hash;      /* of the chunk that comes; owned */
    uint8_t *hashes;                     /* of the chunks that came; owned */
    uint32_t *lengths;                   /* of all chunks; owned */
    uint32_t chunk_count;                /* of them */
    uint32_t chunk;                      /* that comes */
    uint32_t chunk_done;                 /* bytes of it */
    uint64_t done;                       /* bytes that came */
    char etag[WEFT_HTTP_ETAG_BYTES_MAX]; /* of the object; "" = it cannot be gone on with */
    uint8_t *index;                      /* the index that was made; owned */
    size_t index_bytes;                  /* of it */
    enum weft_err err;                   /* of disk or hash */
};

/* ---- Life ---- */

static void free_whole(struct weft_driver_whole *whole)
{
    if (whole->fd >= 0) {
        close(whole->fd);
        unlink(whole->file);
    }
    weft_digest_free(whole->digest);
    weft_sha256_free(whole->chunk_hash);
    free(whole->hashes);
    free(whole->lengths);
    free(whole->index);
    free(whole);
}

static void remove_whole(struct weft_driver_whole *whole)
{
    struct weft_driver_whole **link = &whole->driver->wholes;
    while (*link != whole) {
        link = &(*link)->next;
    }
    *link = whole->next;
    free_whole(whole);
}

/* Begin at the first byte. */
static enum weft_err rewind_whole(struct weft_driver_whole *whole)
{
    weft_digest_free(whole->digest);
    whole->digest = weft_digest_new(&whole->info.pin);
    whole->done = 0;
    whole->chunk = 0;
    whole->chunk_done = 0;
    whole->etag[0] = 0;
    weft_sha256_begin(whole->chunk_hash);
    return whole->digest == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
}

/* Cut the target into the chunks that everybody cuts it into. */
static enum weft_err cut(struct weft_driver_whole *whole)
{
    uint64_t left = whole->info.pin.length;
    uint32_t chunk_bytes = weft_index_chunk_bytes_for(left);
    if (chunk_bytes == 0) {
        return WEFT_ERR_LIMIT;
    }
    whole->chunk_count = left == 0 ? 1 : (uint32_t)((left + chunk_bytes - 1) / chunk_bytes);
    whole->hashes = malloc((size_t)whole->chunk_count * WEFT_SHA256_BYTES);
    whole->lengths = malloc(whole->chunk_count * sizeof(*whole->lengths));
    whole->chunk_hash = weft_sha256_new();
    if (whole->hashes == NULL || whole->lengths == NULL || whole->chunk_hash == NULL) {
        return WEFT_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < whole->chunk_count; i++) {
        whole->lengths[i] = left < chunk_bytes ? (uint32_t)left : chunk_bytes;
        left -= whole->lengths[i];
    }
    return rewind_whole(whole);
}

static enum weft_err open_file(struct weft_driver_whole *whole)
{
    int length = snprintf(whole->file, sizeof(whole->file), "%s/tmp/whole-XXXXXX",
                          whole->driver->options->data_dir);
    if (length < 0 || (size_t)length >= sizeof(whole->file)) {
        return WEFT_ERR_LIMIT;
    }
    whole->fd = mkostemp(whole->file, O_CLOEXEC);
    return whole->fd < 0 ? weft_fileio_error(errno) : WEFT_ERR_OK;
}

static struct weft_driver_whole *make(struct weft_driver *driver,
                                      const struct weft_release_info *info, enum weft_err *err)
{
    struct weft_driver_whole *whole = calloc(1, sizeof(*whole));
    *err = WEFT_ERR_MEMORY;
    if (whole == NULL) {
        return NULL;
    }
    whole->driver = driver;
    whole->info = *info;
    whole->fd = -1;
    *err = cut(whole);
    if (*err == WEFT_ERR_OK) {
        *err = open_file(whole);
    }
    if (*err != WEFT_ERR_OK) {
        free_whole(whole);
        return NULL;
    }
    whole->next = driver->wholes;
    driver->wholes = whole;
    return whole;
}

static struct weft_driver_whole *find(const struct weft_driver *driver,
                                      const struct weft_release_info *info)
{
    struct weft_driver_whole *whole = driver->wholes;
    while (whole != NULL && strcmp(whole->info.index_path, info->index_path) != 0) {
        whole = whole->next;
    }
    return whole;
}

/* ---- The end ---- */

/* Tell the updater, if all went well, and the core. */
static void tell_end(struct weft_driver_whole *whole, enum weft_err err)
{
    struct weft_driver *driver = whole->driver;
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT, .document = {whole->token, err, 0}};
    uint64_t token = whole->token;
    whole->token = 0;
    if (token == 0) {
        return;
    }
    weft_driver_hold(driver);
    if (err == WEFT_ERR_OK) {
        event.document.result = weft_updater_document(
            driver->updater, token, 0 /* from */, WEFT_ERR_OK, whole->index, whole->index_bytes);
    }
    weft_driver_tell(driver, &event);
    weft_driver_release(driver);
}

/* In the pool: give the file the name that the store looks for. */
static void settle(uv_work_t *work)
{
    struct weft_driver_whole *whole = work->data;
    char directory[WEFT_FILE_PATH_BYTES];
    whole->err = weft_fileio_sync(whole->fd);
    if (whole->err == WEFT_ERR_OK && rename(whole->file, whole->final) != 0) {
        whole->err = weft_fileio_error(errno);
    }
    if (whole->err == WEFT_ERR_OK) {
        weft_fileio_parent(directory, whole->final);
        whole->err = weft_fileio_sync_dir(directory);
    }
}

static void on_settled(uv_work_t *work, int status)
{
    struct weft_driver_whole *whole = work->data;
    struct weft_driver *driver = whole->driver;
    (void)status;
    whole->works = false;
    if (driver->closing) {
        free_whole(whole);
    } else {
        tell_end(whole, whole->err);
        remove_whole(whole);
    }
    weft_driver_unref(driver);
}

/* Every byte came and is right: make the index. */
static enum weft_err finish(struct weft_driver_whole *whole)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    enum weft_err err = weft_digest_end(whole->digest);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_index_encode(whole->lengths, whole->hashes, whole->chunk_count, &whole->index,
                            &whole->index_bytes);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (!weft_sha256_of(whole->index, whole->index_bytes, digest) ||
        !weft_store_path(whole->final, whole->driver->options->data_dir,
                         weft_index_release_id(digest))) {
        return WEFT_ERR_LIMIT;
    }
    whole->works = true;
    whole->work.data = whole;
    whole->driver->open_count++;
    uv_queue_work(whole->driver->config.loop, &whole->work, settle, on_settled);
    return WEFT_ERR_OK;
}

/* ---- Bytes ---- */

static void end_chunk(struct weft_driver_whole *whole)
{
    weft_sha256_end(whole->chunk_hash, whole->hashes + (size_t)whole->chunk * WEFT_SHA256_BYTES);
    weft_sha256_begin(whole->chunk_hash);
    whole->chunk++;
    whole->chunk_done = 0;
}

/* Hash bytes chunk by chunk. There are never more than all chunks hold: the digest counted. */
static void hash_chunks(struct weft_driver_whole *whole, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        uint32_t left = whole->lengths[whole->chunk] - whole->chunk_done;
        size_t part = length < left ? length : left;
        weft_sha256_add(whole->chunk_hash, bytes, part);
        whole->chunk_done += (uint32_t)part;
        bytes += part;
        length -= part;
        if (whole->chunk_done == whole->lengths[whole->chunk]) {
            end_chunk(whole);
        }
    }
}

static bool on_data(void *context, const uint8_t *bytes, size_t length)
{
    struct weft_driver_whole *whole = context;
    whole->err = weft_digest_add(whole->digest, bytes, length);
    if (whole->err == WEFT_ERR_OK) {
        whole->err = weft_fileio_write_at(whole->fd, bytes, length, whole->done);
    }
    if (whole->err != WEFT_ERR_OK) {
        return false;
    }
    hash_chunks(whole, bytes, length);
    whole->done += length;
    return true;
}

static void on_done(void *context, const struct weft_http_result *result)
{
    struct weft_driver_whole *whole = context;
    enum weft_err err = whole->err != WEFT_ERR_OK ? whole->err : result->err;
    whole->transfer = NULL;
    if (whole->info.pin.length == 0 && err == WEFT_ERR_OK) {
        end_chunk(whole);
    }
    if (err == WEFT_ERR_OK) {
        err = finish(whole);
    }
    if (err == WEFT_ERR_OK) {
        return;
    }
    weft_log(WEFT_LOG_WARNING, "target %s: %s", whole->info.target,
             whole->err == WEFT_ERR_OK && result->err != WEFT_ERR_OK ? result->text
                                                                     : weft_err_text(err));
    bool is_kept = whole->err == WEFT_ERR_OK && result->err != WEFT_ERR_OK &&
                   result->err != WEFT_ERR_HTTP_CHANGED && result->err != WEFT_ERR_HTTP_NO_RANGES;
    snprintf(whole->etag, sizeof(whole->etag), "%s", is_kept ? result->etag : "");
    tell_end(whole, err);
}

static enum weft_err ask(struct weft_driver_whole *whole)
{
    char url[WEFT_HTTP_URL_BYTES_MAX];
    const struct weft_driver *driver = whole->driver;
    if (driver->options->source_url == NULL ||
        !weft_url_join(driver->options->source_url, whole->info.path, url, sizeof(url))) {
        return WEFT_ERR_UNREACHABLE;
    }
    bool goes_on = whole->etag[0] != 0 && whole->done > 0 && whole->done < whole->info.pin.length;
    if (!goes_on && rewind_whole(whole) != WEFT_ERR_OK) {
        return WEFT_ERR_MEMORY;
    }
    const struct weft_http_request request = {
        .url = url,
        .ranged = goes_on,
        .first = whole->done,
        .last = whole->info.pin.length - 1,
        .bytes_max = whole->info.pin.length,
        .etag = goes_on ? whole->etag : NULL,
        .context = whole,
        .data = on_data,
        .done = on_done,
    };
    whole->err = WEFT_ERR_OK;
    whole->transfer = weft_http_get(driver->http, &request);
    return whole->transfer == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
}

enum weft_err weft_driver_whole_fetch(struct weft_driver *driver, uint64_t token,
                                      const struct weft_release_info *info)
{
    enum weft_err err = WEFT_ERR_OK;
    struct weft_driver_whole *whole = find(driver, info);
    if (whole != NULL && (whole->transfer != NULL || whole->works)) {
        whole->token = token; /* asked anew: what runs serves the new request */
        return WEFT_ERR_OK;
    }
    if (whole == NULL) {
        whole = make(driver, info, &err);
    }
    if (err == WEFT_ERR_OK) {
        err = ask(whole);
    }
    if (err == WEFT_ERR_OK) {
        whole->token = token;
        weft_log(WEFT_LOG_INFO, "target %s: fetching %llu bytes from the source", info->target,
                 (unsigned long long)(info->pin.length - whole->done));
    }
    return err;
}

bool weft_driver_whole_is_coming(const struct weft_driver *driver, const char *index_path)
{
    const struct weft_driver_whole *whole = driver->wholes;
    while (whole != NULL && strcmp(whole->info.index_path, index_path) != 0) {
        whole = whole->next;
    }
    return whole != NULL && (whole->transfer != NULL || whole->works);
}

void weft_driver_whole_expire(struct weft_driver *driver)
{
    struct weft_driver_whole *whole = driver->wholes;
    while (whole != NULL) {
        struct weft_driver_whole *next = whole->next;
        bool is_wanted = weft_updater_derived(driver->updater, whole->info.index_path) != NULL;
        if (!is_wanted && !whole->works) {
            if (whole->transfer != NULL) {
                weft_http_cancel(whole->transfer);
            }
            tell_end(whole, WEFT_ERR_CANCELLED);
            remove_whole(whole);
        }
        whole = next;
    }
}

void weft_driver_whole_close(struct weft_driver *driver)
{
    while (driver->wholes != NULL) {
        struct weft_driver_whole *whole = driver->wholes;
        driver->wholes = whole->next;
        if (!whole->works) {
            free_whole(whole); /* the others end in on_settled() */
        }
    }
}
