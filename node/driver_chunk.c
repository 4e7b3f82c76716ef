/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks between peers: socket -> store -> event, and store -> socket -> event. Every ACCEPT
 * ends in one CHUNK, every UPLOAD in one UPLOAD. */
#include "driver_state.h"

#include <stdlib.h>

/* A chunk on its way into the store. */
struct storing {
    struct weft_driver *driver; /* owner */
    struct weft_event event;    /* what will be told */
};

/* A chunk on its way out of the store. */
struct weft_driver_upload {
    struct weft_driver_upload *next; /* in driver->uploads */
    struct weft_driver *driver;      /* owner */
    struct weft_bulk bulk;           /* peer, release, chunk */
    bool cancelled;                  /* while it was read */
};

/* ---- In ---- */

static struct weft_event chunk_event(const struct weft_bulk *bulk, enum weft_err result)
{
    return (struct weft_event){.kind = WEFT_EVENT_CHUNK,
                               .chunk = {.peer = bulk->peer,
                                         .release = bulk->name,
                                         .chunk = bulk->number,
                                         .result = result,
                                         .bytes = bulk->length,
                                         .transfer_ns = bulk->transfer_ns}};
}

uint8_t *weft_driver_chunk_offer(struct weft_driver *driver, const struct weft_bulk *bulk)
{
    struct weft_event event = {.kind = WEFT_EVENT_OFFER,
                               .offer = {bulk->peer, bulk->name, bulk->number}};
    driver->offer = bulk;
    driver->offer_buffer = NULL;
    weft_driver_tell(driver, &event);
    driver->offer = NULL;
    return driver->offer_buffer;
}

/* The core wants the chunk on offer. */
static void accept_offer(struct weft_driver *driver, const struct weft_action_chunk *chunk)
{
    const struct weft_bulk *bulk = driver->offer;
    const struct weft_driver_release *release = weft_driver_release_find(driver, chunk->release);
    if (bulk == NULL) {
        return;
    }
    enum weft_err err = WEFT_ERR_OK;
    if (release == NULL || chunk->chunk >= release->index->chunk_count) {
        err = WEFT_ERR_NOT_FOUND;
    } else if (bulk->length != weft_index_chunk_bytes(release->index, chunk->chunk)) {
        err = WEFT_ERR_MISMATCH;
    } else {
        driver->offer_buffer = malloc(bulk->length + 1);
        err = driver->offer_buffer == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
    }
    if (err != WEFT_ERR_OK) {
        struct weft_event event = chunk_event(bulk, err);
        weft_driver_tell(driver, &event);
    }
}

static void on_stored(void *context, enum weft_err err)
{
    struct storing *storing = context;
    struct weft_driver *driver = storing->driver;
    struct weft_event event = storing->event;
    free(storing);
    event.chunk.result = err;
    if (err == WEFT_ERR_OK) {
        weft_driver_release_stored(driver, event.chunk.release, event.chunk.chunk,
                                   event.chunk.bytes);
    }
    weft_driver_tell(driver, &event);
}

void weft_driver_chunk_received(struct weft_driver *driver, const struct weft_bulk *bulk,
                                enum weft_err result)
{
    struct weft_event event = chunk_event(bulk, result);
    struct storing *storing = result == WEFT_ERR_OK ? malloc(sizeof(*storing)) : NULL;
    if (storing == NULL) {
        free(bulk->bytes);
        event.chunk.result = result == WEFT_ERR_OK ? WEFT_ERR_MEMORY : result;
        weft_driver_tell(driver, &event);
        return;
    }
    *storing = (struct storing){driver, event};
    weft_store_write(driver->store, bulk->name, bulk->number, bulk->bytes, bulk->length, on_stored,
                     storing);
}

/* ---- Out ---- */

static void tell_upload(struct weft_driver *driver, const struct weft_bulk *bulk,
                        enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_UPLOAD,
                               .upload = {.peer = bulk->peer,
                                          .release = bulk->name,
                                          .chunk = bulk->number,
                                          .result = result,
                                          .bytes = bulk->length}};
    weft_driver_tell(driver, &event);
}

void weft_driver_chunk_sent(struct weft_driver *driver, const struct weft_bulk *bulk,
                            enum weft_err result)
{
    free(bulk->bytes);
    tell_upload(driver, bulk, result);
}

static void unlink_upload(struct weft_driver_upload *upload)
{
    struct weft_driver_upload **link = &upload->driver->uploads;
    while (*link != upload) {
        link = &(*link)->next;
    }
    *link = upload->next;
}

static void on_read(void *context, uint8_t *bytes, uint32_t length, enum weft_err err)
{
    struct weft_driver_upload *upload = context;
    struct weft_driver *driver = upload->driver;
    struct weft_bulk bulk = upload->bulk;
    enum weft_err result = upload->cancelled && err == WEFT_ERR_OK ? WEFT_ERR_CANCELLED : err;
    unlink_upload(upload);
    free(upload);
    bulk.bytes = bytes;
    bulk.length = length;
    if (result == WEFT_ERR_OK && driver->session != NULL) {
        result = weft_session_send(driver->session, &bulk);
        if (result == WEFT_ERR_OK) {
            return; /* weft_driver_chunk_sent() follows */
        }
    }
    free(bytes);
    bulk.length = 0;
    bool is_lost = result == WEFT_ERR_NOT_FOUND || result == WEFT_ERR_MISMATCH;
    /* What the store does not hold is not ours any more, like a chunk that rotted. */
    tell_upload(driver, &bulk, is_lost ? WEFT_ERR_MISMATCH : result);
    if (is_lost) {
        weft_driver_release_lost(driver, bulk.name, bulk.number);
    }
}

static void begin_upload(struct weft_driver *driver, const struct weft_action_chunk *chunk)
{
    struct weft_bulk bulk = {.kind = WEFT_BULK_CHUNK,
                             .peer = chunk->peer,
                             .name = chunk->release,
                             .number = chunk->chunk};
    struct weft_driver_upload *upload = malloc(sizeof(*upload));
    if (upload == NULL || !weft_session_is_up(driver->session, chunk->peer)) {
        enum weft_err err = upload == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_CLOSED;
        free(upload);
        tell_upload(driver, &bulk, err);
        return;
    }
    *upload = (struct weft_driver_upload){.next = driver->uploads, .driver = driver, .bulk = bulk};
    driver->uploads = upload;
    weft_store_read(driver->store, chunk->release, chunk->chunk, on_read, upload);
}

static void cancel_upload(struct weft_driver *driver, const struct weft_action_chunk *chunk)
{
    for (struct weft_driver_upload *upload = driver->uploads; upload != NULL;
         upload = upload->next) {
        const struct weft_bulk *bulk = &upload->bulk;
        if (bulk->peer == chunk->peer && bulk->name == chunk->release &&
            bulk->number == chunk->chunk) {
            upload->cancelled = true;
            return;
        }
    }
    weft_session_cancel(driver->session, chunk->peer, chunk->release, chunk->chunk);
}

void weft_driver_chunk_act(struct weft_driver *driver, const struct weft_action *action)
{
    if (action->kind == WEFT_ACTION_ACCEPT) {
        accept_offer(driver, &action->chunk);
    } else if (action->kind == WEFT_ACTION_UPLOAD) {
        begin_upload(driver, &action->chunk);
    } else if (action->kind == WEFT_ACTION_UPLOAD_CANCEL) {
        cancel_upload(driver, &action->chunk);
    }
    /* DISCARD: no buffer is the answer. */
}
