/* SPDX-License-Identifier: Apache-2.0 */
/* The updater's wishes go to one web server, one at a time. States: idle; a document is under way;
 * a wish failed before it began and is answered from the loop, because the updater is on the stack
 * when it wishes. No timers but those of http.h. */
#include "node/fetcher.h"

#include "node/fetcher_target.h"
#include "node/http.h"
#include "node/updater.h"
#include "node/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weft_fetcher {
    struct weft_fetcher_config config;    /* borrows its texts */
    uv_loop_t loop;                       /* own */
    struct weft_http *http;               /* owned */
    struct weft_updater *updater;         /* owned */
    uint64_t token;                       /* of the document under way; 0 = none */
    bool is_once;                         /* it was wanted of the source only: one answer */
    bool failed;                          /* it could not even be asked for */
    uint8_t *bytes;                       /* of it so far; owned */
    size_t length;                        /* bytes */
    size_t room;                          /* bytes allocated */
    enum weft_err web_err;                /* how the last request ended */
    char fault[WEFT_HTTP_TEXT_BYTES_MAX]; /* what the web client said of it */
    bool looked;                          /* the refresh is over */
    enum weft_err result;                 /* of it */
    struct weft_message *message;         /* of the caller */
};

/* ---- Documents ---- */

/* Deliver the end of the document under way. A refused one is over: nobody else has another. */
static void deliver(struct weft_fetcher *fetcher, enum weft_err err)
{
    uint64_t token = fetcher->token;
    uint8_t *bytes = fetcher->bytes;
    size_t length = fetcher->length;
    bool is_once = fetcher->is_once;
    fetcher->token = 0;
    fetcher->failed = false;
    fetcher->bytes = NULL;
    fetcher->length = 0;
    fetcher->room = 0;
    enum weft_err verdict =
        weft_updater_document(fetcher->updater, token, 0 /* from */, err, bytes, length);
    if (err == WEFT_ERR_OK && verdict != WEFT_ERR_OK && !is_once) {
        weft_updater_document(fetcher->updater, token, 0 /* from */, verdict, NULL, 0);
    }
    free(bytes);
}

static bool on_data(void *context, const uint8_t *bytes, size_t length)
{
    struct weft_fetcher *fetcher = context;
    size_t wanted = fetcher->length + length;
    if (wanted > fetcher->room) {
        size_t room = wanted < 2 * fetcher->room ? 2 * fetcher->room : wanted;
        uint8_t *grown = realloc(fetcher->bytes, room);
        if (grown == NULL) {
            return false;
        }
        fetcher->bytes = grown;
        fetcher->room = room;
    }
    memcpy(fetcher->bytes + fetcher->length, bytes, length);
    fetcher->length = wanted;
    return true;
}

static void on_done(void *context, const struct weft_http_result *result)
{
    struct weft_fetcher *fetcher = context;
    fetcher->web_err = result->err;
    snprintf(fetcher->fault, sizeof fetcher->fault, "%s", result->text);
    if (result->date_unix_s != 0) {
        weft_updater_note_source_clock(fetcher->updater, result->date_unix_s);
    }
    deliver(fetcher, result->err);
}

static void ask(struct weft_fetcher *fetcher, uint64_t token, const char *path, uint32_t bytes_max,
                bool is_once)
{
    static const char folder[] = "metadata/";
    char url[WEFT_HTTP_URL_BYTES_MAX];
    const struct weft_http_request request = {.url = url,
                                              .bytes_max = bytes_max,
                                              .fresh = is_once,
                                              .context = fetcher,
                                              .data = on_data,
                                              .done = on_done};
    bool fits = strncmp(path, folder, strlen(folder)) == 0 &&
                weft_url_join(fetcher->config.metadata_url, path + strlen(folder), url, sizeof url);
    fetcher->token = token;
    fetcher->is_once = is_once;
    fetcher->failed = !fits || weft_http_get(fetcher->http, &request) == NULL;
}

/* ---- What the updater calls ---- */

static void want(void *context, const struct weft_updater_want *want)
{
    ask(context, want->token, want->path, want->bytes_max, false /* is_once */);
}

static void want_source(void *context, uint64_t token, const char *path, uint32_t bytes_max)
{
    ask(context, token, path, bytes_max, true /* is_once */);
}

static void looked(void *context, enum weft_err result, const char *text)
{
    struct weft_fetcher *fetcher = context;
    fetcher->looked = true;
    fetcher->result = result;
    if (result != WEFT_ERR_OK) {
        bool is_web = result == fetcher->web_err && fetcher->fault[0] != '\0';
        weft_message_set(fetcher->message, "%s", is_web ? fetcher->fault : text);
    }
}

/* ---- Life ---- */

static enum weft_err open_updater(struct weft_fetcher *fetcher, struct weft_message *message)
{
    const struct weft_fetcher_config *config = &fetcher->config;
    struct weft_updater_subscription subscriptions[WEFT_COMPONENTS_MAX];
    for (uint32_t i = 0; i < config->target_count; i++) {
        subscriptions[i] =
            (struct weft_updater_subscription){.name = config->targets[i], .is_target = true};
    }
    const struct weft_updater_config updater = {.directory = config->directory,
                                                .root_file = config->root_file,
                                                .subscriptions = subscriptions,
                                                .subscription_count = config->target_count,
                                                .wants_no_index = true};
    const struct weft_updater_host host = {
        .context = fetcher, .want = want, .want_source = want_source, .looked = looked};
    return weft_updater_open(&updater, &host, &fetcher->updater, message->text,
                             sizeof message->text);
}

enum weft_err weft_fetcher_open(const struct weft_fetcher_config *config,
                                struct weft_fetcher **fetcher, struct weft_message *message)
{
    struct weft_fetcher *opened = calloc(1, sizeof *opened);
    *fetcher = NULL;
    if (opened == NULL || uv_loop_init(&opened->loop) != 0) {
        free(opened);
        weft_message_set(message, "out of memory");
        return WEFT_ERR_MEMORY;
    }
    opened->config = *config;
    opened->message = message;
    enum weft_err err = open_updater(opened, message);
    if (err == WEFT_ERR_OK) {
        opened->http = weft_http_open(&opened->loop);
        err = opened->http == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
    }
    if (err != WEFT_ERR_OK) {
        weft_fetcher_close(opened);
        return err;
    }
    *fetcher = opened;
    return WEFT_ERR_OK;
}

void weft_fetcher_close(struct weft_fetcher *fetcher)
{
    if (fetcher != NULL) {
        weft_http_close(fetcher->http);
        uv_run(&fetcher->loop, UV_RUN_DEFAULT);
        uv_loop_close(&fetcher->loop);
        weft_updater_free(fetcher->updater);
        free(fetcher->bytes);
        free(fetcher);
    }
}

const struct weft_trust *weft_fetcher_trust(const struct weft_fetcher *fetcher)
{
    return weft_updater_trust(fetcher->updater);
}

enum weft_err weft_fetcher_refresh(struct weft_fetcher *fetcher, struct weft_message *message)
{
    fetcher->looked = false;
    fetcher->message = message;
    weft_updater_look(fetcher->updater);
    while (!fetcher->looked) {
        if (fetcher->failed) {
            deliver(fetcher, WEFT_ERR_ARGUMENT);
        } else {
            uv_run(&fetcher->loop, UV_RUN_ONCE);
        }
    }
    return fetcher->result;
}

enum weft_err weft_fetcher_signed(const struct weft_fetcher *fetcher, uint32_t number,
                                  struct weft_release_info *info, struct weft_message *message)
{
    struct weft_fault fault;
    enum weft_err err = weft_updater_signed(fetcher->updater, number, info, &fault);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "%s", fault.text[0] != '\0' ? fault.text : weft_err_text(err));
    }
    return err;
}

enum weft_err weft_fetcher_download(struct weft_fetcher *fetcher,
                                    const struct weft_release_info *info, const char *path,
                                    bool *was_there, struct weft_message *message)
{
    static const char folder[] = "targets/";
    char url[WEFT_HTTP_URL_BYTES_MAX];
    *was_there = weft_fetcher_target_is(&info->pin, path);
    if (*was_there) {
        return WEFT_ERR_OK;
    }
    if (!weft_url_join(fetcher->config.targets_url, info->path + strlen(folder), url, sizeof url)) {
        weft_message_set(message, "the URL of %.200s is too long", info->target);
        return WEFT_ERR_ARGUMENT;
    }
    return weft_fetcher_target_get(&fetcher->loop, fetcher->http, url, &info->pin, path, message);
}
