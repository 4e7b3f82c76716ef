/* SPDX-License-Identifier: Apache-2.0 */
/* The web server's rate limit; see web_limit.h. Who comes first is admitted first, in small pieces:
 * so connections share the rate evenly. */
#include "web_limit.h"

#include <time.h>

static weft_ns now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (weft_ns)time.tv_sec * WEFT_NS_PER_S + (weft_ns)time.tv_nsec;
}

static weft_ns duration(const struct weft_web_limit *limit, uint64_t bytes)
{
    return bytes * WEFT_NS_PER_S / limit->rate_bytes_per_s;
}

void weft_web_limit_init(struct weft_web_limit *limit, uint64_t rate_bytes_per_s)
{
    pthread_mutex_init(&limit->lock, NULL);
    limit->rate_bytes_per_s = rate_bytes_per_s;
    limit->due_ns = 0;
}

void weft_web_limit_wait(struct weft_web_limit *limit, uint64_t bytes)
{
    if (limit->rate_bytes_per_s == 0) {
        return;
    }
    weft_ns now_ns = now();
    weft_ns burst_ns = duration(limit, WEFT_WEB_LIMIT_BURST_BYTES);
    pthread_mutex_lock(&limit->lock);
    if (limit->due_ns < now_ns) {
        limit->due_ns = now_ns;
    }
    limit->due_ns += duration(limit, bytes);
    weft_ns start_ns = limit->due_ns > burst_ns ? limit->due_ns - burst_ns : 0;
    pthread_mutex_unlock(&limit->lock);
    struct timespec until = {.tv_sec = (time_t)(start_ns / WEFT_NS_PER_S),
                             .tv_nsec = (long)(start_ns % WEFT_NS_PER_S)};
    if (start_ns > now_ns) {
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
}
