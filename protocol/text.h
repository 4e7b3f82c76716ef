/* SPDX-License-Identifier: Apache-2.0 */
/* Builds text piece by piece in a caller's buffer, for code that may not use stdio.
 *
 * Answers "does it fit?": what does not is cut at the end of the buffer, remembered, and never
 * written past. The text is terminated by a zero after every call. */
#ifndef WEFT_TEXT_H
#define WEFT_TEXT_H

#include "types.h"

struct weft_text {
    char *start;   /* caller's buffer, zero terminated; borrowed */
    size_t size;   /* bytes of the buffer, the terminating zero included; 0 = keep nothing */
    size_t length; /* bytes of text in it, without the terminating zero */
    bool cut;      /* something did not fit */
};

/* Begin an empty text in |buffer|; borrows it as long as the text is used.
 * Shape:  buffer[size]; size may be 0, |buffer| may then be NULL. */
struct weft_text weft_text_into(char *buffer, size_t size);

/* Append a zero terminated string. */
void weft_text_add(struct weft_text *text, const char *string);

/* Append |length| bytes; none of them is a zero. */
void weft_text_add_bytes(struct weft_text *text, const char *bytes, size_t length);

/* Append one character |count| times. */
void weft_text_add_fill(struct weft_text *text, char character, size_t count);

/* Append |value| in decimal. */
void weft_text_add_uint(struct weft_text *text, uint64_t value);

/* Append |value| in decimal with zeros in front up to |digits| digits, 1..20. */
void weft_text_add_digits(struct weft_text *text, uint64_t value, uint32_t digits);

/* Append |value| as 16 lower-case hexadecimal digits: the notation of node and release ids. */
void weft_text_add_hex64(struct weft_text *text, uint64_t value);

/* Append |value| in lower-case hexadecimal without zeros in front. */
void weft_text_add_hex(struct weft_text *text, uint64_t value);

/* What a counted noun ends with: "" for one, else "s". */
const char *weft_text_ending(uint64_t count);

/* Length of a zero terminated string, for code that may not use strlen(). */
size_t weft_text_length(const char *string);

/* Do the |length| bytes at |bytes| spell exactly |string|? */
bool weft_text_equal(const char *bytes, size_t length, const char *string);

#endif
