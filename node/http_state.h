/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the web client, shared by http.c (loop, sockets, life of transfers) and
 * http_answer.c (what an answer means). Included by nobody else. */
#ifndef WEFT_HTTP_STATE_H
#define WEFT_HTTP_STATE_H

#include "http.h"

#include <curl/curl.h>

enum weft_http_phase {
    WEFT_HTTP_NEW,    /* not given to libcurl yet */
    WEFT_HTTP_ACTIVE, /* libcurl works on it */
    WEFT_HTTP_DEAD    /* cancelled; freed when libcurl is not on the stack */
};

struct weft_http {
    uv_loop_t *loop;                      /* borrowed */
    CURLM *multi;                         /* owned */
    uv_timer_t timer;                     /* libcurl's */
    uint32_t handle_count;                /* of libuv, not closed yet */
    bool in_curl;                         /* libcurl is on the stack: it must not be called */
    bool closing;                         /* weft_http_close() was called */
    struct weft_http_transfer *transfers; /* all, linked */
};

struct weft_http_transfer {
    struct weft_http *http;              /* owner */
    struct weft_http_transfer *next;     /* in transfers */
    enum weft_http_phase phase;          /* see above */
    struct weft_http_request request;    /* url and etag point below */
    char *url;                           /* owned */
    char etag[WEFT_HTTP_ETAG_BYTES_MAX]; /* asked for; "" = any */
    CURL *easy;                          /* owned */
    struct curl_slist *headers;          /* owned; NULL = none */
    char detail[CURL_ERROR_SIZE];        /* what libcurl says of an error */
    struct weft_http_result result;      /* so far */
    bool judged;                         /* the head of the answer was looked at */
    bool has_range;                      /* Content-Range was there and readable ... */
    uint64_t range_first;                /* ... and said this */
    uint64_t range_last;                 /* likewise */
    uint64_t content_length;             /* Content-Length; UINT64_MAX = not told */
    uint64_t received;                   /* bytes of the body */
};

/* libcurl has a line of the head of an answer. */
size_t weft_http_answer_header(char *bytes, size_t size, size_t count, void *context);

/* libcurl has bytes of the body of an answer. */
size_t weft_http_answer_body(char *bytes, size_t size, size_t count, void *context);

/* The transfer ended with |code|: fill in its result. */
void weft_http_answer_end(struct weft_http_transfer *transfer, CURLcode code);

#endif
