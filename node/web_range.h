/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes does a Range header ask for? RFC 9110 section 14, single ranges of bytes. Pure. */
#ifndef WEFT_WEB_RANGE_H
#define WEFT_WEB_RANGE_H

#include "../protocol/types.h"

enum weft_web_range_kind {
    WEFT_WEB_RANGE_ALL,  /* no range, several ranges, or not understood: send everything */
    WEFT_WEB_RANGE_PART, /* first..last */
    WEFT_WEB_RANGE_NONE  /* outside of the object: status 416 */
};

struct weft_web_range {
    enum weft_web_range_kind kind; /* see above */
    uint64_t first;                /* PART: first byte */
    uint64_t last;                 /* PART: last byte, inside the object */
};

/* Read |header| for an object of |size| bytes; NULL = there was none. */
struct weft_web_range weft_web_range_read(const char *header, uint64_t size);

#endif
