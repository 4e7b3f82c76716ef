/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of TUF repositories. Targets keep their slashes, and the other characters that a path of a
 * URL may have (RFC 3986, pchar); role names keep nothing. */
#include "path.h"

#include <stdio.h>
#include <string.h>

#include "hex.h"

#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
#define TARGET_KEEP "/!$&'()*+,;=:@"

bool weft_path_quote(const char *text, const char *keep, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;
    for (; *text; text++) {
        bool plain = strchr(UNRESERVED, *text) || strchr(keep, *text);
        uint8_t byte = (uint8_t)*text;
        if (at + (plain ? 1 : 3) >= size) {
            out[0] = '\0';
            return false;
        }
        if (plain) {
            out[at++] = *text;
        } else {
            out[at++] = '%';
            out[at++] = digits[byte >> 4];
            out[at++] = digits[byte & 15];
        }
    }
    out[at] = '\0';
    return true;
}

bool weft_path_unquote(const char *text, char *out, size_t size)
{
    size_t at = 0;
    while (*text && at + 1 < size) {
        uint8_t byte = (uint8_t)*text++;
        if (byte == '%') {
            char digits[3] = {text[0], text[0] ? text[1] : '\0', '\0'};
            if (!weft_hex_decode(digits, &byte, 1) || byte == 0) {
                return false;
            }
            text += 2;
        }
        out[at++] = (char)byte;
    }
    out[at] = '\0';
    return *text == '\0';
}

bool weft_path_metadata(const char *name, uint64_t version, char path[WEFT_PATH_BYTES_MAX])
{
    char quoted[WEFT_PATH_BYTES_MAX];
    char number[24] = "";
    if (version > 0) {
        snprintf(number, sizeof number, "%llu.", (unsigned long long)version);
    }
    bool fits = weft_path_quote(name, "", quoted, sizeof quoted) &&
                snprintf(path, WEFT_PATH_BYTES_MAX, "metadata/%s%s.json", number, quoted) <
                    WEFT_PATH_BYTES_MAX;
    path[0] = fits ? path[0] : '\0';
    return fits;
}

/* Does every element of |target| lead further down? */
static bool leads_down(const char *target)
{
    for (const char *at = target;; at++) {
        size_t length = strcspn(at, "/");
        bool is_dots = (length == 1 || length == 2) && strspn(at, ".") == length;
        if (length == 0 || is_dots) {
            return false;
        }
        at += length;
        if (*at == '\0') {
            return true;
        }
    }
}

const char *weft_path_file(const char *target)
{
    const char *slash = strrchr(target, '/');
    return slash ? slash + 1 : target;
}

bool weft_path_target(const char *target, const char *hash, char path[WEFT_PATH_BYTES_MAX])
{
    char quoted[WEFT_PATH_BYTES_MAX];
    path[0] = '\0';
    if (!leads_down(target) || !weft_path_quote(target, TARGET_KEEP, quoted, sizeof quoted)) {
        return false;
    }
    const char *file = weft_path_file(quoted);
    bool fits = snprintf(path, WEFT_PATH_BYTES_MAX, "targets/%.*s%s%s%s", (int)(file - quoted),
                         quoted, hash ? hash : "", hash ? "." : "", file) < WEFT_PATH_BYTES_MAX;
    path[0] = fits ? path[0] : '\0';
    return fits;
}
