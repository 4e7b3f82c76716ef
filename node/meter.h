/* SPDX-License-Identifier: Apache-2.0 */
/* How fast is something growing just now? A mean over the last seconds, from samples of a counter
 * that only grows. For display; the protocol measures peers itself (protocol/bandwidth.h). */
#ifndef WEFT_METER_H
#define WEFT_METER_H

#include "protocol/types.h"

enum {
    WEFT_METER_SAMPLES = 11,   /* at 500 ms: the last 5 s */
    WEFT_METER_PERIOD_MS = 500 /* how often the owner should sample */
};

struct weft_meter {
    weft_ns time_ns[WEFT_METER_SAMPLES]; /* of each sample */
    uint64_t bytes[WEFT_METER_SAMPLES];  /* counter at that time */
    uint32_t next;                       /* slot of the next sample */
    uint32_t count;                      /* slots in use */
};

/* Remember that the counter stood at |bytes| at |now_ns|. A counter that went back starts anew. */
void weft_meter_sample(struct weft_meter *meter, weft_ns now_ns, uint64_t bytes);

/* Bytes per second from where growth began in the samples kept to the newest one; 0 with fewer than
 * two, or without growth. */
uint64_t weft_meter_rate(const struct weft_meter *meter);

#endif
