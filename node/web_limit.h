/* SPDX-License-Identifier: Apache-2.0 */
/* How fast may all answers of the web server together be? One bucket, shared by its threads. */
#ifndef WEFT_WEB_LIMIT_H
#define WEFT_WEB_LIMIT_H

#include "../protocol/types.h"

#include <pthread.h>

/* Bytes that may be sent at once: at most this much is sent before its time. */
#define WEFT_WEB_LIMIT_BURST_BYTES 32768

struct weft_web_limit {
    pthread_mutex_t lock;      /* of all below */
    uint64_t rate_bytes_per_s; /* 0 = no limit */
    weft_ns due_ns;            /* when everything admitted so far has been sent at that rate */
};

/* Make a bucket. */
void weft_web_limit_init(struct weft_web_limit *limit, uint64_t rate_bytes_per_s);

/* Admit |bytes|: returns after the wait that the rate asks for. Any thread. */
void weft_web_limit_wait(struct weft_web_limit *limit, uint64_t bytes);

#endif
