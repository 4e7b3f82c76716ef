/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of memory that a core takes when a table grows, and gives back when it shrinks.
 *
 * Every table has its limit, and a reserve holds as many pieces as all tables that draw on it have
 * at their limits: taking one never fails, and the memory of a core is fixed at its start. What
 * no table needed was never touched, so a driver of many cores gives them one reserve together, in
 * pages that exist only when touched: that is what tables hold in fact, not what they could hold.
 * Pieces have no order that matters; which one a table has changes nothing. */
#ifndef WEFT_RESERVE_H
#define WEFT_RESERVE_H

#include "arena.h"

/* Pieces of one size. */
struct weft_reserve {
    uint8_t *memory;      /* the pieces, one behind the other */
    uint32_t *next;       /* of each piece given back: the one given back before it, counted from
                             1; 0 = none */
    size_t piece_bytes;   /* of a piece, a multiple of 8 */
    uint32_t piece_count; /* pieces in all */
    uint32_t used_count;  /* pieces ever taken: those behind them were never touched */
    uint32_t free_first;  /* piece given back last, counted from 1; 0 = none */
};

/* What a core, or several together, draw on. */
struct weft_reserves {
    struct weft_reserve links; /* a link with all that is known of the neighbour, see link.h */
    struct weft_reserve rows;  /* WEFT_ROWS_BYTES each: rows of short tables, see below */
};

/* Take |piece_count| pieces of at least |piece_bytes| from |arena|.
 * Owner: the arena's block. */
void weft_reserve_carve(struct weft_reserve *reserve, struct weft_arena *arena,
                        uint32_t piece_count, size_t piece_bytes);

/* A piece, with old contents; zeroed if nobody had it before.
 * Errors: NULL if there is none left, which the sizes exclude.
 * Owner:  the caller, until weft_reserve_give(). */
void *weft_reserve_take(struct weft_reserve *reserve);

/* Give |piece| back; what is in it stays until somebody takes it. */
void weft_reserve_give(struct weft_reserve *reserve, void *piece);

/* Number of |piece|, 0..piece_count-1. */
static inline uint32_t weft_reserve_number(const struct weft_reserve *reserve, const void *piece)
{
    return (uint32_t)((size_t)((const uint8_t *)piece - reserve->memory) / reserve->piece_bytes);
}

/* The piece of that number. */
static inline void *weft_reserve_at(const struct weft_reserve *reserve, uint32_t number)
{
    return reserve->memory + number * reserve->piece_bytes;
}

/* --- tables of short rows: each of its pieces holds as many as fit --- */

#define WEFT_ROWS_BYTES 256

/* Rows of a piece, and the pieces that so many rows need. */
#define WEFT_PIECE_ROWS(type) ((uint32_t)(WEFT_ROWS_BYTES / sizeof(type)))
#define WEFT_ROW_PIECES(count, type)                                                               \
    (((uint32_t)(count) + WEFT_PIECE_ROWS(type) - 1) / WEFT_PIECE_ROWS(type))

/* A table has |count| rows, |rows| in each of |pieces|, which are NULL at first: make room for one
 * more.
 * Errors: false if there is no piece left, which the sizes exclude. */
bool weft_rows_grow(struct weft_reserve *reserve, void **pieces, uint32_t count, uint32_t rows);

/* The table has only |count| rows any more, one less than before. */
void weft_rows_shrink(struct weft_reserve *reserve, void **pieces, uint32_t count, uint32_t rows);

/* The table ends.   Shape: pieces[piece_count]. */
void weft_rows_end(struct weft_reserve *reserve, void **pieces, uint32_t piece_count);

#endif
