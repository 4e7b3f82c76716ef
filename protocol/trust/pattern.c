/* SPDX-License-Identifier: Apache-2.0 */
/* Path patterns, without recursion: when a byte does not fit, the last star takes one more. Earlier
 * stars never need to take more than they did, so one place to return to is enough. */
#include "pattern.h"

#include <string.h>

struct span {
    const char *at;  /* next byte */
    const char *end; /* one past the last */
};

/* The element of |text| up to the next slash or the end. */
static struct span element_of(const char *text)
{
    const char *slash = strchr(text, '/');
    return (struct span){text, slash ? slash : text + strlen(text)};
}

/* Bytes of the character at |at|; what is no UTF-8 counts byte by byte. */
static size_t character_bytes(struct span text)
{
    size_t bytes = 1;
    while (text.at + bytes < text.end && ((uint8_t)text.at[bytes] & 0xc0) == 0x80) {
        bytes++;
    }
    return bytes;
}

/* The character at the front, as its bytes: they sort like its code points. */
static uint32_t take_character(struct span *text)
{
    uint32_t value = 0;
    size_t bytes = character_bytes(*text);
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | (uint8_t)text->at[i];
    }
    text->at += bytes;
    return value;
}

/* The closing bracket of the set that begins behind |at|; NULL = there is none. A bracket right at
 * the begin belongs to the set. */
static const char *set_end(struct span pattern)
{
    const char *at = pattern.at;
    if (at < pattern.end && *at == '!') {
        at++;
    }
    if (at < pattern.end && *at == ']') {
        at++;
    }
    while (at < pattern.end && *at != ']') {
        at++;
    }
    return at < pattern.end ? at : NULL;
}

/* Is |character| in the set that |set| holds between its brackets? */
static bool is_in_set(struct span set, uint32_t character)
{
    bool negated = set.at < set.end && *set.at == '!';
    bool found = false;
    set.at += negated;
    while (set.at < set.end) {
        uint32_t low = take_character(&set);
        uint32_t high = low;
        if (set.end - set.at >= 2 && *set.at == '-') {
            set.at++;
            high = take_character(&set);
        }
        found = found || (character >= low && character <= high);
    }
    return found != negated;
}

/* Match one character of |text| against the front of |pattern|; both move on if it fits. */
static bool match_one(struct span *pattern, struct span *text)
{
    struct span rest = {pattern->at + 1, pattern->end};
    struct span after = *text;
    uint32_t character = take_character(&after);
    if (*pattern->at == '[') {
        const char *end = set_end(rest);
        if (end) {
            bool fits = is_in_set((struct span){rest.at, end}, character);
            pattern->at = end + 1;
            *text = after;
            return fits;
        }
    }
    if (*pattern->at == '?') {
        pattern->at++;
        *text = after;
        return true;
    }
    bool fits = *pattern->at == *text->at;
    pattern->at++;
    text->at++;
    return fits;
}

static bool match_element(struct span pattern, struct span text)
{
    struct span star = {NULL, NULL};  /* behind the last star */
    struct span taken = {NULL, NULL}; /* what that star leaves */
    while (text.at < text.end) {
        if (pattern.at < pattern.end && *pattern.at == '*') {
            pattern.at++;
            star = pattern;
            taken = text;
        } else if (pattern.at == pattern.end || !match_one(&pattern, &text)) {
            if (!star.at) {
                return false;
            }
            taken.at += character_bytes(taken);
            text = taken;
            pattern = star;
        }
    }
    while (pattern.at < pattern.end && *pattern.at == '*') {
        pattern.at++;
    }
    return pattern.at == pattern.end;
}

bool weft_pattern_match(const char *pattern, const char *path)
{
    for (;;) {
        struct span part = element_of(pattern);
        struct span element = element_of(path);
        if (*part.end != *element.end || !match_element(part, element)) {
            return false;
        }
        if (*part.end == '\0') {
            return true;
        }
        pattern = part.end + 1;
        path = element.end + 1;
    }
}

bool weft_pattern_meets(const char *pattern, const char *first)
{
    struct span element = element_of(pattern);
    size_t slashes = 0;
    for (const char *at = element.end; *at; at++) {
        slashes += *at == '/';
    }
    return slashes == 2 && match_element(element, element_of(first));
}
