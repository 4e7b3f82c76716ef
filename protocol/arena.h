/* SPDX-License-Identifier: Apache-2.0 */
/* Hands out parts of the one block of memory a core lives in, or only counts them.
 *
 * Every module carves its tables in one function; weft_core_size() runs it over an arena without
 * memory, weft_core_init() over the real block, so the two can never disagree. */
#ifndef WEFT_ARENA_H
#define WEFT_ARENA_H

#include "types.h"

struct weft_arena {
    uint8_t *memory; /* the block, aligned for any type; NULL = count only */
    size_t used;     /* bytes taken so far, a multiple of 16 */
};

/* Take |count| items of |item_bytes| each, aligned to 16 bytes; zeroed, as the block is.
 * Owner: the block. NULL while counting. */
static inline void *weft_arena_take(struct weft_arena *arena, size_t count, size_t item_bytes)
{
    void *piece = arena->memory == NULL ? NULL : arena->memory + arena->used;
    arena->used += (count * item_bytes + 15) & ~(size_t)15;
    return piece;
}

#endif
