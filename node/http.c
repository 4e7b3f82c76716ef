/* SPDX-License-Identifier: Apache-2.0 */
/* Runs libcurl's multi interface on the node's loop: its sockets, its timer, the life of transfers.
 * What an answer means is http_answer.c.
 *
 * libcurl must not be called while it is on the stack (in_curl): what a callback asks for is marked
 * in the transfer's phase and done by settle(), right after libcurl has returned. */
#include "http_state.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that libcurl reads at once. */
#define BUFFER_BYTES (128L * 1024)

/* One socket of libcurl's. */
struct watch {
    struct weft_http *http; /* owner */
    uv_poll_t poll;         /* of fd */
    int events;             /* what libcurl waits for */
    curl_socket_t fd;       /* libcurl's */
};

static void settle(struct weft_http *http);

static void release(struct weft_http *http)
{
    http->handle_count--;
    if (http->handle_count == 0) {
        curl_global_cleanup();
        free(http);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct weft_http *http = watch->http;
    free(watch);
    release(http);
}

static void act(struct weft_http *http, curl_socket_t fd, int events)
{
    int running = 0;
    http->in_curl = true;
    curl_multi_socket_action(http->multi, fd, events, &running);
    http->in_curl = false;
    settle(http);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const struct watch *watch = poll->data;
    int flags = 0;
    if (status < 0) {
        /* An error on the socket: libuv stops; libcurl finds out by using it, and may find bytes
         * that came before. */
        events = watch->events;
        uv_poll_start(poll, events, on_poll);
    }
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    act(watch->http, watch->fd, flags);
}

static struct watch *make_watch(struct weft_http *http, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL || uv_poll_init_socket(http->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->http = http;
    watch->fd = fd;
    watch->poll.data = watch;
    http->handle_count++;
    curl_multi_assign(http->multi, fd, watch);
    return watch;
}

/* libcurl tells what it waits for on a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct weft_http *http = context;
    struct watch *watch = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            curl_multi_assign(http->multi, fd, NULL);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = make_watch(http, fd);
    }
    if (watch == NULL) {
        return -1;
    }
    int events = (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
    watch->events = events;
    uv_poll_start(&watch->poll, events, on_poll);
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl tells when it wants to be called. */
static int on_timeout(CURLM *multi, long timeout_ms, void *context)
{
    struct weft_http *http = context;
    (void)multi;
    if (timeout_ms < 0) {
        uv_timer_stop(&http->timer);
    } else if (!http->closing) {
        uv_timer_start(&http->timer, on_timer, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

struct weft_http *weft_http_open(uv_loop_t *loop)
{
    struct weft_http *http = calloc(1, sizeof(*http));
    if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return NULL;
    }
    http->multi = curl_multi_init();
    if (http->multi == NULL) {
        curl_global_cleanup();
        free(http);
        return NULL;
    }
    http->loop = loop;
    uv_timer_init(loop, &http->timer);
    http->timer.data = http;
    http->handle_count = 1;
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)WEFT_HTTP_CONNECTIONS_MAX);
    return http;
}

static void free_transfer(struct weft_http_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    free(transfer->url);
    free(transfer);
}

/* Take it from libcurl and out of the list. */
static void remove_transfer(struct weft_http_transfer *transfer)
{
    struct weft_http *http = transfer->http;
    struct weft_http_transfer **link = &http->transfers;
    while (*link != transfer) {
        link = &(*link)->next;
    }
    *link = transfer->next;
    if (transfer->phase != WEFT_HTTP_NEW) {
        http->in_curl = true;
        curl_multi_remove_handle(http->multi, transfer->easy);
        http->in_curl = false;
    }
}

/* A transfer whose phase asks for something; NULL = none. */
static struct weft_http_transfer *find_phase(struct weft_http *http, enum weft_http_phase phase)
{
    struct weft_http_transfer *transfer = http->transfers;
    while (transfer != NULL && transfer->phase != phase) {
        transfer = transfer->next;
    }
    return transfer;
}

static void finish(struct weft_http *http, CURL *easy, CURLcode code)
{
    struct weft_http_transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    bool is_wanted = transfer->phase == WEFT_HTTP_ACTIVE;
    weft_http_answer_end(transfer, code);
    struct weft_http_request request = transfer->request;
    struct weft_http_result result = transfer->result;
    remove_transfer(transfer);
    free_transfer(transfer);
    if (is_wanted && !http->closing) {
        request.done(request.context, &result);
    }
}

/* Do what was asked for while libcurl was on the stack, and tell what has ended. */
static void settle(struct weft_http *http)
{
    int left = 0;
    for (struct weft_http_transfer *dead = find_phase(http, WEFT_HTTP_DEAD); dead != NULL;
         dead = find_phase(http, WEFT_HTTP_DEAD)) {
        remove_transfer(dead);
        free_transfer(dead);
    }
    for (struct weft_http_transfer *fresh = find_phase(http, WEFT_HTTP_NEW); fresh != NULL;
         fresh = find_phase(http, WEFT_HTTP_NEW)) {
        fresh->phase = WEFT_HTTP_ACTIVE;
        curl_multi_add_handle(http->multi, fresh->easy);
    }
    for (CURLMsg *message = NULL;
         !http->closing && (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            finish(http, message->easy_handle, message->data.result);
        }
    }
    if (http->closing) {
        weft_http_close(http);
    }
}

void weft_http_close(struct weft_http *http)
{
    if (http == NULL || http->multi == NULL) {
        return;
    }
    http->closing = true;
    if (http->in_curl) {
        return; /* settle() comes back here */
    }
    while (http->transfers != NULL) {
        struct weft_http_transfer *transfer = http->transfers;
        remove_transfer(transfer);
        free_transfer(transfer);
    }
    http->in_curl = true;
    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
}

static void add_header(struct weft_http_transfer *transfer, const char *name, const char *value)
{
    char line[WEFT_HTTP_ETAG_BYTES_MAX + 40];
    snprintf(line, sizeof(line), "%s: %s", name, value);
    struct curl_slist *headers = curl_slist_append(transfer->headers, line);
    transfer->headers = headers != NULL ? headers : transfer->headers;
}

static void set_policy(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)WEFT_HTTP_REDIRECTS_MAX);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)WEFT_HTTP_CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "weft/" WEFT_VERSION);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_range(struct weft_http_transfer *transfer)
{
    char range[48];
    const struct weft_http_request *request = &transfer->request;
    snprintf(range, sizeof(range), "%llu-%llu", (unsigned long long)request->first,
             (unsigned long long)request->last);
    curl_easy_setopt(transfer->easy, CURLOPT_RANGE, range);
    if (transfer->etag[0] != 0) {
        add_header(transfer, "If-Range", transfer->etag);
    }
}

static void set_up(struct weft_http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct weft_http_request *request = &transfer->request;
    uint32_t slow = request->slow_bytes_per_s;
    set_policy(easy);
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->detail);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, weft_http_answer_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, weft_http_answer_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     (long)(request->slow_s == 0 ? WEFT_HTTP_SLOW_S : request->slow_s));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT,
                     (long)(slow == 0 ? WEFT_HTTP_SLOW_BYTES_PER_S : slow));
    if (request->ranged) {
        set_range(transfer);
    } else {
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->bytes_max);
    }
    if (request->fresh) {
        add_header(transfer, "Cache-Control", "no-cache");
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

struct weft_http_transfer *weft_http_get(struct weft_http *http,
                                         const struct weft_http_request *request)
{
    struct weft_http_transfer *transfer = calloc(1, sizeof(*transfer));
    if (transfer == NULL) {
        return NULL;
    }
    transfer->http = http;
    transfer->request = *request;
    transfer->content_length = UINT64_MAX;
    transfer->url = strndup(request->url, WEFT_HTTP_URL_BYTES_MAX);
    transfer->easy = curl_easy_init();
    if (transfer->url == NULL || transfer->easy == NULL) {
        free_transfer(transfer);
        return NULL;
    }
    if (request->etag != NULL && strlen(request->etag) < sizeof(transfer->etag)) {
        snprintf(transfer->etag, sizeof(transfer->etag), "%s", request->etag);
    }
    set_up(transfer);
    transfer->next = http->transfers;
    http->transfers = transfer;
    if (!http->in_curl) {
        /* libcurl begins in its timer's callback: done() is never called from here. */
        transfer->phase = WEFT_HTTP_ACTIVE;
        curl_multi_add_handle(http->multi, transfer->easy);
    }
    return transfer;
}

void weft_http_cancel(struct weft_http_transfer *transfer)
{
    if (transfer->http->in_curl) {
        /* One that libcurl does not know yet too: removing such a handle does nothing. */
        transfer->phase = WEFT_HTTP_DEAD;
        return;
    }
    remove_transfer(transfer);
    free_transfer(transfer);
}

void weft_http_pause(struct weft_http_transfer *transfer)
{
    curl_easy_pause(transfer->easy, CURLPAUSE_RECV);
}

void weft_http_resume(struct weft_http_transfer *transfer)
{
    struct weft_http *http = transfer->http;
    bool was_in_curl = http->in_curl;
    /* It may hand over bytes that were kept back. */
    http->in_curl = true;
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    http->in_curl = was_in_curl;
}
