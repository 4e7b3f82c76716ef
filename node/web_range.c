/* SPDX-License-Identifier: Apache-2.0 */
/* Reads Range headers; see web_range.h. */
#include "web_range.h"

#include <string.h>
#include <strings.h>

/* A decimal number at *at, which then is behind it. False: there is none, or it is too large. */
static bool number(const char **at, uint64_t *value)
{
    uint64_t sum = 0;
    const char *start = *at;
    while (**at >= '0' && **at <= '9') {
        uint64_t digit = (uint64_t)(**at - '0');
        if (sum > (UINT64_MAX - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
        (*at)++;
    }
    *value = sum;
    return *at != start;
}

static struct weft_web_range part(uint64_t first, uint64_t last, uint64_t size)
{
    struct weft_web_range range = {.kind = WEFT_WEB_RANGE_NONE};
    if (first < size && first <= last) {
        range.kind = WEFT_WEB_RANGE_PART;
        range.first = first;
        range.last = last < size ? last : size - 1;
    }
    return range;
}

struct weft_web_range weft_web_range_read(const char *header, uint64_t size)
{
    const struct weft_web_range all = {.kind = WEFT_WEB_RANGE_ALL};
    const char *unit = "bytes=";
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    if (header == NULL || strncasecmp(header, unit, strlen(unit)) != 0) {
        return all;
    }
    const char *at = header + strlen(unit);
    bool has_first = number(&at, &first);
    if (*at != '-') {
        return all;
    }
    at++;
    bool has_last = number(&at, &last);
    if (*at != 0 || (!has_first && !has_last) || (has_first && has_last && last < first)) {
        return all;
    }
    if (has_first) {
        return part(first, has_last ? last : UINT64_MAX, size);
    }
    /* "-N": the last N bytes. */
    return last == 0 ? (struct weft_web_range){.kind = WEFT_WEB_RANGE_NONE}
                     : part(last < size ? size - last : 0, UINT64_MAX, size);
}
