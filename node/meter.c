/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of samples, and the slope between its ends. */
#include "meter.h"

#include <string.h>

static uint32_t newest_slot(const struct weft_meter *meter)
{
    return (meter->next + WEFT_METER_SAMPLES - 1) % WEFT_METER_SAMPLES;
}

static uint32_t oldest_slot(const struct weft_meter *meter)
{
    return (meter->next + WEFT_METER_SAMPLES - meter->count) % WEFT_METER_SAMPLES;
}

void weft_meter_sample(struct weft_meter *meter, weft_ns now_ns, uint64_t bytes)
{
    if (meter->count > 0 && bytes < meter->bytes[newest_slot(meter)]) {
        memset(meter, 0, sizeof(*meter));
    }
    meter->time_ns[meter->next] = now_ns;
    meter->bytes[meter->next] = bytes;
    meter->next = (meter->next + 1) % WEFT_METER_SAMPLES;
    if (meter->count < WEFT_METER_SAMPLES) {
        meter->count++;
    }
}

uint64_t weft_meter_rate(const struct weft_meter *meter)
{
    if (meter->count < 2) {
        return 0;
    }
    uint32_t oldest = oldest_slot(meter);
    uint32_t next = (oldest + 1) % WEFT_METER_SAMPLES;
    /* A pause before the transfer is no part of its rate. */
    while (next != newest_slot(meter) && meter->bytes[next] == meter->bytes[oldest]) {
        oldest = next;
        next = (next + 1) % WEFT_METER_SAMPLES;
    }
    uint32_t newest = newest_slot(meter);
    uint64_t span_us = (meter->time_ns[newest] - meter->time_ns[oldest]) / WEFT_NS_PER_US;
    uint64_t grown_bytes = meter->bytes[newest] - meter->bytes[oldest];
    if (span_us == 0) {
        return 0;
    }
    /* Whole seconds first would lose short spans; bytes times a million fits up to 18 TB. */
    return grown_bytes > UINT64_MAX / 1000000 ? grown_bytes / (span_us / 1000000 + 1)
                                              : grown_bytes * 1000000 / span_us;
}
