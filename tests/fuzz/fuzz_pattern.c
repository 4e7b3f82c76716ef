/* SPDX-License-Identifier: Apache-2.0 */
/* Path patterns of delegations: a pattern, NUL, a path. fnmatch() is the oracle for the patterns
 * that both know: plain ASCII, without the classes and the second spelling of "not" of POSIX, and
 * without a set that is not closed, whose meaning POSIX leaves open. */
#include "protocol/trust/pattern.h"
#include "tests/fuzz/replay.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>

#define TEXT_BYTES_MAX 64

/* Is every set closed in its element and free of what POSIX reads otherwise? */
static bool is_common(const char *pattern)
{
    for (const char *at = pattern; (at = strchr(at, '[')) != NULL; at++) {
        at++;
        at += *at == '!';
        size_t inside = strcspn(at + (*at != '\0'), "]/") + (*at != '\0');
        if (*at == '^' || at[inside] != ']' || memchr(at, '[', inside) != NULL ||
            memchr(at, '/', inside) != NULL || *at == '-' || memchr(at, '-', inside) != NULL) {
            return false;
        }
        at += inside;
    }
    return true;
}

static bool is_ascii(const char *text)
{
    while (*text != '\0' && (uint8_t)*text < 0x80) {
        text++;
    }
    return *text == '\0';
}

/* The next text of the input, shortened; the input moves behind it. */
static void take(char out[TEXT_BYTES_MAX], const uint8_t **bytes, size_t *length)
{
    size_t used = 0;
    while (used < *length && (*bytes)[used] != 0) {
        used++;
    }
    size_t copied = used < TEXT_BYTES_MAX - 1 ? used : TEXT_BYTES_MAX - 1;
    memcpy(out, *bytes, copied);
    out[copied] = '\0';
    used += used < *length;
    *bytes += used;
    *length -= used;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char pattern[TEXT_BYTES_MAX];
    char path[TEXT_BYTES_MAX];
    if (length == 0) {
        return 0;
    }
    take(pattern, &bytes, &length);
    take(path, &bytes, &length);
    bool fits = weft_pattern_match(pattern, path);
    if (is_ascii(pattern) && is_ascii(path) && is_common(pattern)) {
        WEFT_FUZZ_CHECK(fits == (fnmatch(pattern, path, FNM_PATHNAME | FNM_NOESCAPE) == 0));
    }
    const char *first_end = strchr(path, '/');
    const char *second_end = first_end ? strchr(first_end + 1, '/') : NULL;
    if (fits && second_end && !strchr(second_end + 1, '/')) {
        path[first_end - path] = '\0';
        WEFT_FUZZ_CHECK(weft_pattern_meets(pattern, path));
    }
    return 0;
}
