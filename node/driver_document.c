/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata documents and chunk indexes: the updater wants them, the core says of whom to ask, the
 * session or the source brings them, the updater judges, the core hears. Answers peers too.
 *
 * Timers: a peer's answer begins within WEFT_DRIVER_DOCUMENT_MS and then comes at SLOW_BYTES_PER_S
 * at least; the source's limits are those of http.h. */
#include "driver_state.h"

#include "log.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A peer that sends a document slower is given up. */
#define SLOW_BYTES_PER_S 65536

/* One request. */
struct weft_driver_document {
    struct weft_driver_document *next;   /* in driver->documents */
    struct weft_driver *driver;          /* owner */
    uint64_t token;                      /* the updater's */
    uint64_t wire_token;                 /* in the request to a peer; 0 = not asked of a peer */
    weft_node_id peer;                   /* asked; 0 = the source */
    uint32_t bytes_max;                  /* a longer one is refused */
    bool is_look;                        /* part of a look: over after one answer */
    bool is_coming;                      /* the session holds a buffer for it */
    struct weft_http_transfer *transfer; /* at the source; NULL = none */
    uint8_t *bytes;                      /* what came from the source; owned */
    size_t length;                       /* bytes of it */
    size_t size;                         /* bytes allocated */
    weft_ns deadline_ns;                 /* of a peer's answer; 0 = it failed at once */
};

static struct weft_driver_document *make(struct weft_driver *driver, uint64_t token,
                                         uint32_t bytes_max)
{
    struct weft_driver_document *document = calloc(1, sizeof(*document));
    if (document != NULL) {
        document->next = driver->documents;
        document->driver = driver;
        document->token = token;
        document->bytes_max = bytes_max;
        document->deadline_ns = WEFT_NS_NEVER;
        driver->documents = document;
    }
    return document;
}

static void unlink_document(struct weft_driver_document *document)
{
    struct weft_driver_document **link = &document->driver->documents;
    while (*link != document) {
        link = &(*link)->next;
    }
    *link = document->next;
}

static void tell(struct weft_driver *driver, uint64_t token, enum weft_err result,
                 weft_node_id from)
{
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT, .document = {token, result, from}};
    weft_driver_tell(driver, &event);
}

/* The updater has taken the document of |token|: a source that is asked for it as well, and slow,
 * need not send it. */
static void cancel_source(struct weft_driver *driver, uint64_t token)
{
    struct weft_driver_document *document = driver->documents;
    while (document != NULL) {
        struct weft_driver_document *next = document->next;
        if (document->token == token && document->transfer != NULL) {
            weft_http_cancel(document->transfer);
            unlink_document(document);
            free(document->bytes);
            free(document);
        }
        document = next;
    }
}

/* Is the source asked for the document of |token| by another request than this one, which ended? */
static bool is_asked_again(const struct weft_driver *driver, uint64_t token)
{
    const struct weft_driver_document *document = driver->documents;
    while (document != NULL && (document->token != token || document->transfer == NULL)) {
        document = document->next;
    }
    return document != NULL;
}

/* The request is over: let the updater judge what came, and tell the core. */
static void end(struct weft_driver_document *document, enum weft_err err, const uint8_t *bytes,
                size_t length)
{
    struct weft_driver *driver = document->driver;
    unlink_document(document);
    weft_driver_hold(driver);
    bool may_come =
        document->is_look && err == WEFT_ERR_TIMEOUT && is_asked_again(driver, document->token);
    if (err == WEFT_ERR_OK || (document->is_look && !may_come)) {
        err = weft_updater_document(driver->updater, document->token, document->peer, err, bytes,
                                    length);
    }
    if (!document->is_look) {
        tell(driver, document->token, err, document->peer);
    }
    if (err == WEFT_ERR_OK) {
        cancel_source(driver, document->token);
    }
    free(document->bytes);
    free(document);
    weft_driver_release(driver);
}

/* ---- From the source ---- */

static bool on_data(void *context, const uint8_t *bytes, size_t length)
{
    struct weft_driver_document *document = context;
    size_t wanted = document->length + length;
    if (wanted > document->size) {
        size_t size = wanted < 2 * document->size ? 2 * document->size : wanted;
        uint8_t *grown = realloc(document->bytes, size);
        if (grown == NULL) {
            return false;
        }
        document->bytes = grown;
        document->size = size;
    }
    memcpy(document->bytes + document->length, bytes, length);
    document->length = wanted;
    return true;
}

static void on_done(void *context, const struct weft_http_result *result)
{
    struct weft_driver_document *document = context;
    document->transfer = NULL;
    if (result->err != WEFT_ERR_OK && result->err != WEFT_ERR_NOT_FOUND) {
        weft_log(WEFT_LOG_WARNING, "source: %s", result->text);
    }
    if (document->is_look && result->date_unix_s != 0) {
        weft_updater_note_source_clock(document->driver->updater, result->date_unix_s);
    }
    end(document, result->err, document->bytes, document->length);
}

/* Ask the source. False: it failed at once. */
static bool ask_source(struct weft_driver_document *document, const char *path)
{
    char url[WEFT_HTTP_URL_BYTES_MAX];
    struct weft_driver *driver = document->driver;
    if (driver->options->source_url == NULL ||
        !weft_url_join(driver->options->source_url, path, url, sizeof(url))) {
        return false;
    }
    const struct weft_http_request request = {
        .url = url,
        .bytes_max = document->bytes_max,
        /* What is replaced under its name, or may have been missing a moment ago. */
        .fresh = document->is_look || strcmp(path, "metadata/timestamp.json") == 0,
        .context = document,
        .data = on_data,
        .done = on_done,
    };
    document->transfer = weft_http_get(driver->http, &request);
    return document->transfer != NULL;
}

/* ---- From a peer ---- */

static bool ask_peer(struct weft_driver_document *document, weft_node_id peer, const char *path)
{
    struct weft_driver *driver = document->driver;
    document->peer = peer;
    document->wire_token = ++driver->next_token;
    document->deadline_ns = uv_hrtime() + WEFT_DRIVER_DOCUMENT_MS * WEFT_NS_PER_MS;
    return weft_session_request(driver->session, peer, document->wire_token, path) == WEFT_ERR_OK;
}

static struct weft_driver_document *find(struct weft_driver *driver, const struct weft_bulk *bulk)
{
    struct weft_driver_document *document = driver->documents;
    while (document != NULL &&
           (document->wire_token != bulk->name || document->peer != bulk->peer)) {
        document = document->next;
    }
    return bulk->name == 0 ? NULL : document;
}

uint8_t *weft_driver_document_offer(struct weft_driver *driver, const struct weft_bulk *bulk)
{
    struct weft_driver_document *document = find(driver, bulk);
    if (document == NULL || document->is_coming) {
        return NULL;
    }
    uint8_t *buffer = NULL;
    enum weft_err err = WEFT_ERR_NOT_FOUND;
    if (bulk->number == WEFT_ERR_OK) {
        bool fits = bulk->length <= document->bytes_max;
        buffer = fits ? malloc((size_t)bulk->length + 1) : NULL;
        err = fits ? WEFT_ERR_MEMORY : WEFT_ERR_TOO_LONG;
    }
    if (buffer == NULL) {
        end(document, err, NULL, 0);
        return NULL;
    }
    document->is_coming = true;
    document->deadline_ns = uv_hrtime() + WEFT_DRIVER_DOCUMENT_MS * WEFT_NS_PER_MS +
                            bulk->length * WEFT_NS_PER_S / SLOW_BYTES_PER_S;
    return buffer;
}

void weft_driver_document_received(struct weft_driver *driver, const struct weft_bulk *bulk,
                                   enum weft_err result)
{
    struct weft_driver_document *document = find(driver, bulk);
    if (document != NULL) {
        end(document, result, bulk->bytes, bulk->length);
    }
    free(bulk->bytes);
}

void weft_driver_document_down(struct weft_driver *driver, weft_node_id peer)
{
    struct weft_driver_document *document = driver->documents;
    while (document != NULL) {
        struct weft_driver_document *next = document->next;
        if (document->wire_token != 0 && document->peer == peer && !document->is_coming) {
            /* Ending one only queues events here, or takes place on a shorter list. */
            end(document, WEFT_ERR_CLOSED, NULL, 0);
            next = driver->documents;
        }
        document = next;
    }
}

void weft_driver_document_expire(struct weft_driver *driver)
{
    weft_ns now_ns = uv_hrtime();
    struct weft_driver_document *document = driver->documents;
    while (document != NULL) {
        struct weft_driver_document *next = document->next;
        if (document->deadline_ns <= now_ns) {
            end(document, document->deadline_ns == 0 ? WEFT_ERR_UNREACHABLE : WEFT_ERR_TIMEOUT,
                NULL, 0);
            next = driver->documents;
        }
        document = next;
    }
}

void weft_driver_document_close(struct weft_driver *driver)
{
    while (driver->documents != NULL) {
        struct weft_driver_document *document = driver->documents;
        driver->documents = document->next;
        free(document->bytes);
        free(document);
    }
}

/* ---- For peers ---- */

void weft_driver_document_request(struct weft_driver *driver, weft_node_id peer, uint64_t token,
                                  const char *path)
{
    const uint8_t *found = NULL;
    size_t length = 0;
    struct weft_bulk bulk = {
        .kind = WEFT_BULK_DOCUMENT, .peer = peer, .name = token, .number = WEFT_ERR_NOT_FOUND};
    if (weft_updater_document_find(driver->updater, path, &found, &length) &&
        length <= WEFT_DOCUMENT_BYTES_MAX) {
        bulk.bytes = malloc(length + 1);
    }
    if (bulk.bytes != NULL) {
        memcpy(bulk.bytes, found, length);
        bulk.length = (uint32_t)length;
        bulk.number = WEFT_ERR_OK;
    } else if (weft_driver_whole_is_coming(driver, path) ||
               weft_driver_release_is_coming(driver, path)) {
        bulk.number = WEFT_ERR_PENDING;
    }
    if (weft_session_send(driver->session, &bulk) != WEFT_ERR_OK) {
        free(bulk.bytes); /* the peer asks somebody else */
    }
}

/* ---- The core ---- */

/* An index that nobody signed: the source has only the target it is made from. */
static bool fetch_whole(struct weft_driver *driver, const struct weft_action_document *action)
{
    const struct weft_release_info *info =
        action->from == 0 ? weft_updater_derived(driver->updater, action->path) : NULL;
    if (info == NULL) {
        return false;
    }
    enum weft_err err = weft_driver_whole_fetch(driver, action->token, info);
    if (err != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "target %s cannot be fetched: %s", info->target,
                 weft_err_text(err));
        tell(driver, action->token, err, action->from);
    }
    return true;
}

static void fetch(struct weft_driver *driver, const struct weft_action_document *action)
{
    if (fetch_whole(driver, action)) {
        return;
    }
    struct weft_driver_document *document = make(driver, action->token, action->bytes_max);
    if (document == NULL) {
        tell(driver, action->token, WEFT_ERR_MEMORY, action->from);
        return;
    }
    bool is_asked = action->from == 0 ? ask_source(document, action->path)
                                      : ask_peer(document, action->from, action->path);
    if (!is_asked) {
        end(document, WEFT_ERR_UNREACHABLE, NULL, 0);
    }
}

void weft_driver_document_act(struct weft_driver *driver, const struct weft_action *action)
{
    if (action->kind == WEFT_ACTION_DOCUMENT_FETCH) {
        fetch(driver, &action->document);
        return;
    }
    weft_driver_hold(driver);
    weft_updater_document(driver->updater, action->document.token, 0, WEFT_ERR_UNREACHABLE, NULL,
                          0);
    weft_driver_release(driver);
}

/* ---- The updater ---- */

static int64_t now_s(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

static void want(void *context, const struct weft_updater_want *want)
{
    struct weft_event event = {.kind = WEFT_EVENT_DOCUMENT_WANTED,
                               .document_wanted = {.token = want->token,
                                                   .path = want->path,
                                                   .bytes_max = want->bytes_max,
                                                   .bulletin = want->bulletin,
                                                   .hint = want->hint,
                                                   .is_own_work = want->is_own_work}};
    const struct weft_driver *driver = context;
    const struct weft_release_info *info =
        want->is_derived ? weft_updater_derived(driver->updater, want->path) : NULL;
    if (info != NULL) {
        event.document_wanted.derived_bytes = info->pin.length + 1;
    }
    weft_driver_tell(context, &event);
}

static void want_source(void *context, uint64_t token, const char *path, uint32_t bytes_max)
{
    struct weft_driver *driver = context;
    struct weft_driver_document *document = make(driver, token, bytes_max);
    if (document == NULL) {
        return; /* the updater gives up the look with the next one */
    }
    document->is_look = true;
    if (!ask_source(document, path)) {
        document->deadline_ns = 0; /* told soon: the updater is on the stack */
    }
}

static void accepted(void *context, const struct weft_updater_news *news)
{
    bool fits = news->length <= WEFT_BULLETIN_BYTES_MAX;
    uint64_t fresh_s = news->fresh_s > 0 ? (uint64_t)news->fresh_s : 0;
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN,
                               .bulletin = {.bulletin = news->bulletin,
                                            .bytes = news->bytes,
                                            .length = fits ? news->length : 0,
                                            .fresh_ns = fresh_s * WEFT_NS_PER_S}};
    weft_log(WEFT_LOG_INFO, "metadata version %u is trusted",
             weft_bulletin_version(news->bulletin));
    weft_driver_tell(context, &event);
}

static void refused(void *context, weft_node_id peer, weft_bulletin bulletin, enum weft_err result,
                    const char *text)
{
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN_REFUSED,
                               .bulletin_refused = {peer, bulletin, result}};
    if (result == WEFT_ERR_EXISTS) {
        weft_log(WEFT_LOG_ERROR, "ALARM: %s (node %016llx); ask the publisher which one is right",
                 text, (unsigned long long)peer);
    } else if (result != WEFT_ERR_OK && result != WEFT_ERR_CANCELLED) {
        weft_log(WEFT_LOG_WARNING, "metadata version %u announced by node %016llx is refused: %s",
                 weft_bulletin_version(bulletin), (unsigned long long)peer, text);
    }
    weft_driver_tell(context, &event);
}

static void looked(void *context, enum weft_err result, const char *text)
{
    struct weft_driver *driver = context;
    struct weft_event event = {.kind = WEFT_EVENT_LOOKED, .looked = {result}};
    driver->look.ended_unix_s = (int64_t)time(NULL);
    driver->look.err = result;
    snprintf(driver->look.text, sizeof(driver->look.text), "%s", result == WEFT_ERR_OK ? "" : text);
    if (result != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "cannot look at the source: %s", text);
    }
    weft_driver_tell(driver, &event);
}

static void release(void *context, uint32_t component, const struct weft_release_info *info,
                    const struct weft_index *index, const uint8_t *index_bytes, weft_node_id author)
{
    (void)index; /* it is the updater's */
    weft_driver_release_add(context, component, info, index_bytes, author);
}

struct weft_updater_host weft_driver_document_host(struct weft_driver *driver)
{
    return (struct weft_updater_host){
        .context = driver,
        .now_s = now_s,
        .want = want,
        .want_source = want_source,
        .accepted = accepted,
        .refused = refused,
        .looked = looked,
        .release = release,
    };
}
