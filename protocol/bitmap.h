/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of small integers as words of 64 bits; bit i of the set is bit i % 64 of word i / 64. */
#ifndef WEFT_BITMAP_H
#define WEFT_BITMAP_H

#include "types.h"

/* Words that hold |count| bits. */
static inline uint32_t weft_bitmap_words(uint32_t count)
{
    return (count + 63) / 64;
}

/* Is bit |index| set? The caller keeps |index| inside the set. */
static inline bool weft_bitmap_has(const uint64_t *words, uint32_t index)
{
    return (words[index / 64] >> (index % 64)) & 1;
}

/* Set bit |index|. */
static inline void weft_bitmap_set(uint64_t *words, uint32_t index)
{
    words[index / 64] |= UINT64_C(1) << (index % 64);
}

/* Clear bit |index|. */
static inline void weft_bitmap_clear(uint64_t *words, uint32_t index)
{
    words[index / 64] &= ~(UINT64_C(1) << (index % 64));
}

/* Number of bits set in |word_count| words. */
static inline uint32_t weft_bitmap_count(const uint64_t *words, uint32_t word_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < word_count; i++) {
        count += (uint32_t)__builtin_popcountll(words[i]);
    }
    return count;
}

#endif
