/* SPDX-License-Identifier: Apache-2.0 */
/* Builds text piece by piece in a caller's buffer. Answers "does it fit?", not "what to say?". */
#include "text.h"

#include <string.h>

/* Digits of 2^64 - 1 in decimal. */
#define DIGITS_MAX 20

struct weft_text weft_text_into(char *buffer, size_t size)
{
    if (size > 0) {
        buffer[0] = '\0';
    }
    return (struct weft_text){.start = buffer, .size = size, .length = 0, .cut = false};
}

/* How many of |wanted| bytes fit, the terminating zero kept free. */
static size_t room_for(struct weft_text *text, size_t wanted)
{
    size_t room = text->size == 0 ? 0 : text->size - 1 - text->length;
    if (wanted > room) {
        text->cut = true;
        return room;
    }
    return wanted;
}

void weft_text_add_bytes(struct weft_text *text, const char *bytes, size_t length)
{
    size_t count = room_for(text, length);
    if (count == 0) {
        return;
    }
    memcpy(text->start + text->length, bytes, count);
    text->length += count;
    text->start[text->length] = '\0';
}

void weft_text_add(struct weft_text *text, const char *string)
{
    weft_text_add_bytes(text, string, weft_text_length(string));
}

void weft_text_add_fill(struct weft_text *text, char character, size_t count)
{
    count = room_for(text, count);
    if (count == 0) {
        return;
    }
    memset(text->start + text->length, character, count);
    text->length += count;
    text->start[text->length] = '\0';
}

/* Append |value| to |base| with at least |digits_min| digits. */
static void add_number(struct weft_text *text, uint64_t value, uint32_t base, uint32_t digits_min)
{
    char digits[DIGITS_MAX];
    uint32_t at = DIGITS_MAX;
    while (at > 0 && (value > 0 || DIGITS_MAX - at < digits_min)) {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    }
    weft_text_add_bytes(text, digits + at, DIGITS_MAX - at);
}

void weft_text_add_uint(struct weft_text *text, uint64_t value)
{
    add_number(text, value, 10, 1);
}

void weft_text_add_digits(struct weft_text *text, uint64_t value, uint32_t digits)
{
    add_number(text, value, 10, digits);
}

void weft_text_add_hex64(struct weft_text *text, uint64_t value)
{
    add_number(text, value, 16, 16);
}

void weft_text_add_hex(struct weft_text *text, uint64_t value)
{
    add_number(text, value, 16, 1);
}

const char *weft_text_ending(uint64_t count)
{
    return count == 1 ? "" : "s";
}

size_t weft_text_length(const char *string)
{
    size_t length = 0;
    while (string[length] != '\0') {
        length++;
    }
    return length;
}

bool weft_text_equal(const char *bytes, size_t length, const char *string)
{
    return weft_text_length(string) == length &&
           (length == 0 || memcmp(bytes, string, length) == 0);
}
