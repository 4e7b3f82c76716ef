/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks from the source: one range request over chunks in a row, cut at their boundaries, each
 * stored as it completes. CHUNK events carry the fetch's token; SOURCE comes after the last of
 * them. When the disk is slower than the line, the line waits. */
#include "driver_state.h"

#include "log.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes waiting for the disk at which the source is paused, and at which it goes on. */
#define QUEUED_BYTES_MAX (16 * 1024 * 1024)
#define QUEUED_BYTES_LOW (8 * 1024 * 1024)

/* One SOURCE_FETCH. */
struct weft_driver_fetch {
    struct weft_driver_fetch *next;      /* in driver->fetches */
    struct weft_driver *driver;          /* owner */
    uint64_t token;                      /* the core's */
    weft_release_id release;             /* of the chunks */
    uint32_t chunk;                      /* that arrives now */
    uint32_t end;                        /* one past the last chunk */
    uint8_t *bytes;                      /* of that chunk; NULL = not begun, or passed over */
    uint32_t length;                     /* of that chunk */
    uint32_t done;                       /* bytes of it that arrived */
    weft_ns begun_ns;                    /* when its first byte came */
    bool passes;                         /* it is held already, or memory is short */
    struct weft_http_transfer *transfer; /* NULL = ended */
    uint32_t storing_count;              /* chunks in the store's hands */
    bool paused;                         /* waits for the disk */
    struct weft_event_source end_event;  /* how it ended; told when storing_count is 0 */
};

/* A chunk on its way into the store. */
struct storing {
    struct weft_driver_fetch *fetch; /* that brought it; NULL = the driver closes */
    struct weft_driver *driver;      /* owner */
    struct weft_event event;         /* what will be told */
};

static void unlink_fetch(struct weft_driver_fetch *fetch)
{
    struct weft_driver_fetch **link = &fetch->driver->fetches;
    while (*link != fetch) {
        link = &(*link)->next;
    }
    *link = fetch->next;
}

/* Tell the end once everything else is told. */
static void end_if_done(struct weft_driver_fetch *fetch)
{
    if (fetch->transfer != NULL || fetch->storing_count > 0) {
        return;
    }
    struct weft_driver *driver = fetch->driver;
    struct weft_event event = {.kind = WEFT_EVENT_SOURCE, .source = fetch->end_event};
    unlink_fetch(fetch);
    free(fetch->bytes);
    free(fetch);
    weft_driver_tell(driver, &event);
}

/* Every fetch that waits for the disk, not only the one whose chunk was stored last: others fill
 * the queue too, and a waiting fetch may have nothing left in it that could wake it up. */
void weft_driver_source_expire(struct weft_driver *driver)
{
    for (struct weft_driver_fetch *fetch = driver->fetches; fetch != NULL; fetch = fetch->next) {
        if (fetch->paused && fetch->transfer != NULL &&
            weft_store_queued_bytes(driver->store) < QUEUED_BYTES_LOW) {
            fetch->paused = false;
            weft_http_resume(fetch->transfer);
        }
    }
}

static void on_stored(void *context, enum weft_err err)
{
    struct storing *storing = context;
    struct weft_driver *driver = storing->driver;
    struct weft_driver_fetch *fetch = storing->fetch;
    struct weft_event event = storing->event;
    free(storing);
    if (driver->closing) {
        return; /* the fetch is gone */
    }
    event.chunk.result = err;
    if (err == WEFT_ERR_OK) {
        weft_driver_release_stored(driver, event.chunk.release, event.chunk.chunk,
                                   event.chunk.bytes);
    } else if (err == WEFT_ERR_MISMATCH) {
        weft_log(WEFT_LOG_WARNING, "the source sent wrong bytes for chunk %u of release %016llx",
                 event.chunk.chunk, (unsigned long long)event.chunk.release);
    }
    fetch->storing_count--;
    weft_driver_source_expire(driver);
    weft_driver_hold(driver);
    weft_driver_tell(driver, &event);
    end_if_done(fetch);
    weft_driver_release(driver);
}

/* The chunk that arrived is whole. */
static void store_chunk(struct weft_driver_fetch *fetch)
{
    struct weft_driver *driver = fetch->driver;
    struct storing *storing = malloc(sizeof(*storing));
    if (storing == NULL) {
        free(fetch->bytes);
        fetch->bytes = NULL;
        return; /* as if it had not come: the core asks again */
    }
    weft_ns now_ns = uv_hrtime();
    *storing = (struct storing){
        .fetch = fetch,
        .driver = driver,
        .event = {.kind = WEFT_EVENT_CHUNK,
                  .chunk = {.token = fetch->token,
                            .release = fetch->release,
                            .chunk = fetch->chunk,
                            .bytes = fetch->length,
                            .transfer_ns = now_ns - fetch->begun_ns}},
    };
    fetch->storing_count++;
    uint8_t *bytes = fetch->bytes;
    fetch->bytes = NULL;
    weft_store_write(driver->store, fetch->release, fetch->chunk, bytes, fetch->length, on_stored,
                     storing);
}

/* Bytes for the next chunk come: make room for it. False: the release is gone. */
static bool begin_chunk(struct weft_driver_fetch *fetch)
{
    const struct weft_driver_release *release =
        weft_driver_release_find(fetch->driver, fetch->release);
    if (release == NULL) {
        return false;
    }
    fetch->length = weft_index_chunk_bytes(release->index, fetch->chunk);
    fetch->done = 0;
    fetch->begun_ns = uv_hrtime();
    bool is_held = (release->have[fetch->chunk / 8] >> (fetch->chunk % 8) & 1) != 0;
    fetch->bytes = is_held ? NULL : malloc(fetch->length + 1);
    fetch->passes = fetch->bytes == NULL;
    return true;
}

static void end_chunk(struct weft_driver_fetch *fetch)
{
    if (!fetch->passes) {
        store_chunk(fetch);
    }
    fetch->passes = false;
    fetch->length = 0;
    fetch->done = 0;
    fetch->chunk++;
}

static bool on_data(void *context, const uint8_t *bytes, size_t length)
{
    struct weft_driver_fetch *fetch = context;
    struct weft_driver *driver = fetch->driver;
    while (length > 0 && fetch->chunk < fetch->end) {
        if (fetch->bytes == NULL && !fetch->passes && !begin_chunk(fetch)) {
            return false;
        }
        uint32_t left = fetch->length - fetch->done;
        uint32_t part = length < left ? (uint32_t)length : left;
        if (!fetch->passes) {
            memcpy(fetch->bytes + fetch->done, bytes, part);
        }
        fetch->done += part;
        bytes += part;
        length -= part;
        if (fetch->done == fetch->length) {
            end_chunk(fetch);
        }
    }
    if (!fetch->paused && weft_store_queued_bytes(driver->store) > QUEUED_BYTES_MAX) {
        fetch->paused = true;
        weft_http_pause(fetch->transfer);
    }
    return length == 0;
}

static void on_done(void *context, const struct weft_http_result *result)
{
    struct weft_driver_fetch *fetch = context;
    struct weft_driver_release *release = weft_driver_release_find(fetch->driver, fetch->release);
    fetch->transfer = NULL;
    fetch->end_event.result = result->err;
    fetch->end_event.http_status = result->status;
    fetch->end_event.retry_after_ms = result->retry_after_ms;
    if (result->err != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "source: %s", result->text);
    }
    if (release != NULL && result->err == WEFT_ERR_OK) {
        memcpy(release->etag, result->etag, sizeof(release->etag));
    } else if (release != NULL && result->err == WEFT_ERR_HTTP_CHANGED) {
        release->etag[0] = 0; /* whether the new object is the right one, its hashes tell */
    }
    end_if_done(fetch);
}

/* Ask the source. OK, or why not. */
static enum weft_err ask(struct weft_driver_fetch *fetch, const struct weft_driver_release *release)
{
    char url[WEFT_HTTP_URL_BYTES_MAX];
    struct weft_driver *driver = fetch->driver;
    const uint64_t *offsets = release->index->offsets;
    if (driver->options->source_url == NULL ||
        !weft_url_join(driver->options->source_url, release->info.path, url, sizeof(url))) {
        return WEFT_ERR_ARGUMENT;
    }
    const struct weft_http_request request = {
        .url = url,
        .ranged = true,
        .first = offsets[fetch->chunk],
        .last = offsets[fetch->end] - 1,
        .etag = release->etag,
        .context = fetch,
        .data = on_data,
        .done = on_done,
    };
    fetch->transfer = weft_http_get(driver->http, &request);
    return fetch->transfer == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
}

static void tell_end(struct weft_driver *driver, uint64_t token, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_SOURCE,
                               .source = {.token = token, .result = result}};
    weft_driver_tell(driver, &event);
}

static void begin(struct weft_driver *driver, const struct weft_action_source *source)
{
    const struct weft_driver_release *release = weft_driver_release_find(driver, source->release);
    struct weft_driver_fetch *fetch = calloc(1, sizeof(*fetch));
    if (fetch == NULL || release == NULL ||
        source->first_chunk + source->chunk_count > release->index->chunk_count) {
        free(fetch);
        tell_end(driver, source->token, release == NULL ? WEFT_ERR_NOT_FOUND : WEFT_ERR_MEMORY);
        return;
    }
    *fetch = (struct weft_driver_fetch){
        .next = driver->fetches,
        .driver = driver,
        .token = source->token,
        .release = source->release,
        .chunk = source->first_chunk,
        .end = source->first_chunk + source->chunk_count,
        .end_event = {.token = source->token, .result = WEFT_ERR_OK},
    };
    driver->fetches = fetch;
    if (release->info.pin.length == 0) {
        /* The one empty chunk of an empty release: there is nothing to ask for. */
        if (begin_chunk(fetch)) {
            end_chunk(fetch);
        }
    } else {
        fetch->end_event.result = ask(fetch, release);
    }
    end_if_done(fetch);
}

static void cancel(struct weft_driver *driver, uint64_t token)
{
    struct weft_driver_fetch *fetch = driver->fetches;
    while (fetch != NULL && fetch->token != token) {
        fetch = fetch->next;
    }
    if (fetch == NULL || fetch->transfer == NULL) {
        return; /* its end is on the way */
    }
    weft_http_cancel(fetch->transfer);
    fetch->transfer = NULL;
    fetch->end_event.result = WEFT_ERR_CANCELLED;
    end_if_done(fetch);
}

void weft_driver_source_act(struct weft_driver *driver, const struct weft_action *action)
{
    if (action->kind == WEFT_ACTION_SOURCE_FETCH) {
        begin(driver, &action->source);
    } else {
        cancel(driver, action->source.token);
    }
}

void weft_driver_source_close(struct weft_driver *driver)
{
    while (driver->fetches != NULL) {
        struct weft_driver_fetch *fetch = driver->fetches;
        driver->fetches = fetch->next;
        free(fetch->bytes);
        free(fetch);
    }
}
