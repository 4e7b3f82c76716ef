/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of the source. Paths come quoted; so joining is all there is. */
#include "node/url.h"

#include <stdio.h>
#include <string.h>

bool weft_url_join(const char *base, const char *path, char *url, size_t size)
{
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/') {
        length--;
    }
    int written = snprintf(url, size, "%.*s/%s", (int)length, base, path);
    bool fits = written > 0 && (size_t)written < size;
    url[fits ? (size_t)written : 0] = '\0';
    return fits;
}

bool weft_url_ok(const char *url)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    return scheme > 0 && url[scheme] != '\0' && url[scheme] != '/' &&
           strcspn(url, " \t\r\n\"<>?#") == strlen(url);
}
