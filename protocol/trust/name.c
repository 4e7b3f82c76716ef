/* SPDX-License-Identifier: Apache-2.0 */
/* Names are checked by allow-list; file names by what they must not contain. */
#include "name.h"

#include <string.h>

static bool is_name_byte(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

/* Bytes of the well-formed UTF-8 sequence at |text| (Unicode 15, table 3-7); 0 if it is none. */
static size_t utf8_bytes(const uint8_t *text)
{
    uint8_t first = text[0];
    if (first < 0x80) {
        return 1;
    }
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t count = 0;
    if (first >= 0xc2 && first <= 0xdf) {
        count = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        count = 3;
        low = first == 0xe0 ? 0xa0 : 0x80;
        high = first == 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
        count = 4;
        low = first == 0xf0 ? 0x90 : 0x80;
        high = first == 0xf4 ? 0x8f : 0xbf;
    }
    for (size_t i = 1; i < count; i++) {
        if (text[i] < low || text[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return count;
}

static bool is_control(const uint8_t *text)
{
    return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

/* Valid UTF-8 without control characters and backslashes. */
static bool is_clean(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    while (*at) {
        size_t bytes = utf8_bytes(at);
        if (bytes == 0 || is_control(at) || *at == '\\') {
            return false;
        }
        at += bytes;
    }
    return true;
}

/* Does |text| have at least one and at most |bytes_max| bytes before its NUL? */
static bool fits(const char *text, size_t bytes_max)
{
    size_t length = 0;
    while (length <= bytes_max && text[length] != '\0') {
        length++;
    }
    return length >= 1 && length <= bytes_max;
}

bool weft_name_ok(const char *name)
{
    if (!name || name[0] == '.' || name[0] == '-' || !fits(name, WEFT_NAME_BYTES_MAX)) {
        return false;
    }
    for (const char *at = name; *at; at++) {
        if (!is_name_byte(*at)) {
            return false;
        }
    }
    return true;
}

bool weft_name_place_ok(const char *name)
{
    if (!name || name[0] != WEFT_NAME_PLAIN_MARK) {
        return weft_name_ok(name);
    }
    for (const char *at = name + 1; *at; at++) {
        if (!is_name_byte(*at) && *at != '%' && *at != '~') {
            return false;
        }
    }
    return name[1] != '\0' && fits(name, WEFT_NAME_PLACE_BYTES - 1);
}

bool weft_name_file_ok(const char *name)
{
    if (!name || name[0] == '.' || !fits(name, WEFT_NAME_FILE_BYTES_MAX)) {
        return false;
    }
    return !strchr(name, '/') && is_clean(name);
}

bool weft_name_path_ok(const char *path)
{
    if (!path || !fits(path, WEFT_PATH_BYTES_MAX - 1) || !is_clean(path)) {
        return false;
    }
    bool at_start = true;
    for (const char *at = path; *at; at++) {
        if (at_start && (*at == '/' || *at == '.')) {
            return false;
        }
        at_start = *at == '/';
    }
    return !at_start;
}
