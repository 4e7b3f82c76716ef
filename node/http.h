/* SPDX-License-Identifier: Apache-2.0 */
/* How does a node read from the source? libcurl's multi interface on the node's loop. Decides
 * what a web server's answer means; not what is fetched when, and never whether bytes are right:
 * they are verified by whoever asked for them. SPEC.md section "HTTP".
 *
 * Timers: 5 s to connect; an answer slower than the request allows for 10 s is abandoned. Proxies
 * come from the environment (http_proxy, https_proxy, no_proxy). At most 4 redirects, http and
 * https only. No cookies, no passwords, no compression. */
#ifndef WEFT_HTTP_H
#define WEFT_HTTP_H

#include "../protocol/err.h"
#include "../protocol/types.h"

#include <uv.h>

enum {
    WEFT_HTTP_CONNECT_MS = 5000,       /* name lookup, TCP and TLS */
    WEFT_HTTP_SLOW_S = 10,             /* seconds below the slow limit before giving up */
    WEFT_HTTP_SLOW_BYTES_PER_S = 1024, /* the slow limit where a request names none */
    WEFT_HTTP_REDIRECTS_MAX = 4,       /* further ones: HTTP_STATUS */
    WEFT_HTTP_ETAG_BYTES_MAX = 128,    /* a longer ETag is not used to pin */
    WEFT_HTTP_TEXT_BYTES_MAX = 256,    /* of an error for people, cut */
    WEFT_HTTP_URL_BYTES_MAX = 4096,    /* a longer URL is refused: ARGUMENT */
    WEFT_HTTP_CONNECTIONS_MAX = 16     /* kept open at all servers together */
};

struct weft_http;          /* opaque; one client per node */
struct weft_http_transfer; /* opaque; one request under way */

struct weft_http_result {
    enum weft_err err;       /* OK: the whole answer arrived, within its limits */
    uint32_t status;         /* of the last answer; 0 = none */
    uint32_t retry_after_ms; /* asked for by the server; 0 = nothing */
    char etag
        [WEFT_HTTP_ETAG_BYTES_MAX]; /* of the object, with quotes; "" = none, weak or too long */
    char text[WEFT_HTTP_TEXT_BYTES_MAX]; /* what happened, for people; "" if OK */
    int64_t date_unix_s;                 /* the server's clock, by its Date header; 0 = not told */
};

struct weft_http_request {
    const char *url;    /* http or https; copied */
    bool ranged;        /* ask for bytes first..last only */
    uint64_t first;     /* first byte of the range, from 0 */
    uint64_t last;      /* last byte of the range, >= first */
    bool fresh;         /* past caches on the way: metadata that changes in place */
    uint64_t bytes_max; /* without a range: a longer answer ends in TOO_LONG */
    const char *etag;   /* with a range: it must still be this object; NULL or "" = any; copied */
    uint32_t slow_bytes_per_s; /* slower for slow_s ends in TIMEOUT; 0 = the standard */
    uint32_t slow_s;           /* seconds; 0 = the standard */
    void *context;             /* passed back */
    /* Bytes of the answer, in order, only of one with status 200 or 206. False ends the transfer
     * with CANCELLED. */
    bool (*data)(void *context, const uint8_t *bytes, size_t length);
    /* The end, once, never before weft_http_get() has returned; the transfer is then gone. Not
     * after weft_http_cancel(). */
    void (*done)(void *context, const struct weft_http_result *result);
};

/* Make a client on |loop|.
 * Errors: NULL if memory is short or libcurl does not start.
 * Owner:  the caller, weft_http_close(); |loop| outlives it. */
struct weft_http *weft_http_open(uv_loop_t *loop);

/* End every transfer without calling anybody back. Memory is released when the loop has run the
 * close callbacks. |http| may be NULL. */
void weft_http_close(struct weft_http *http);

/* Begin a request. Meaning of the result's err, apart from OK:
 * NOT_FOUND 404 or 410; HTTP_CHANGED another ETag than asked for, or 412; HTTP_NO_RANGES the server
 * sent all instead of a range; HTTP_STATUS any other status, or too many redirects; TOO_LONG,
 * TOO_SHORT; UNREACHABLE no connection; TIMEOUT; CLOSED the server broke off; ARGUMENT a URL nobody
 * can fetch; FORMAT not HTTP, or TLS failed; CANCELLED data() said no; MEMORY.
 * Errors: NULL if memory is short; done() is then not called.
 * Owner:  the client owns the transfer until done(). */
struct weft_http_transfer *weft_http_get(struct weft_http *http,
                                         const struct weft_http_request *request);

/* Take no more bytes for now: the server is made to wait. data() may still be called for what was
 * read already. Allowed from within data(). */
void weft_http_pause(struct weft_http_transfer *transfer);

/* Go on; not from within data(). */
void weft_http_resume(struct weft_http_transfer *transfer);

/* End a transfer; neither data() nor done() is called any more. Allowed from within them. */
void weft_http_cancel(struct weft_http_transfer *transfer);

#endif
