/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers at fixed places: how transport and admission write them, big endian. No parser, no
 * checks: the caller has looked at the length. */
#ifndef WEFT_TRANSPORT_BYTES_H
#define WEFT_TRANSPORT_BYTES_H

#include "../types.h"

/* Write the low |width| bytes of |value| at |bytes|, most significant first; width 1..8. */
static inline void weft_bytes_put(uint8_t *bytes, uint32_t width, uint64_t value)
{
    for (uint32_t i = width; i > 0; i--) {
        bytes[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

/* Read |width| bytes at |bytes|, most significant first; width 1..8. */
static inline uint64_t weft_bytes_get(const uint8_t *bytes, uint32_t width)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < width; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

#endif
