/* SPDX-License-Identifier: Apache-2.0 */
/* Which piece of memory is free? Does not know what is in it. */
#include "reserve.h"

void weft_reserve_carve(struct weft_reserve *reserve, struct weft_arena *arena,
                        uint32_t piece_count, size_t piece_bytes)
{
    size_t whole = (piece_bytes + 7) & ~(size_t)7;
    *reserve = (struct weft_reserve){.piece_bytes = whole, .piece_count = piece_count};
    reserve->memory = weft_arena_take(arena, piece_count, whole);
    reserve->next = weft_arena_take(arena, piece_count, sizeof(reserve->next[0]));
}

void *weft_reserve_take(struct weft_reserve *reserve)
{
    if (reserve->free_first != 0) {
        uint32_t number = reserve->free_first - 1;
        reserve->free_first = reserve->next[number];
        return weft_reserve_at(reserve, number);
    }
    if (reserve->used_count == reserve->piece_count) {
        return NULL;
    }
    return weft_reserve_at(reserve, reserve->used_count++);
}

void weft_reserve_give(struct weft_reserve *reserve, void *piece)
{
    uint32_t number = weft_reserve_number(reserve, piece);
    reserve->next[number] = reserve->free_first;
    reserve->free_first = number + 1;
}

bool weft_rows_grow(struct weft_reserve *reserve, void **pieces, uint32_t count, uint32_t rows)
{
    void **piece = &pieces[count / rows];
    if (*piece == NULL) {
        *piece = weft_reserve_take(reserve);
    }
    return *piece != NULL;
}

void weft_rows_shrink(struct weft_reserve *reserve, void **pieces, uint32_t count, uint32_t rows)
{
    if (count % rows == 0) {
        weft_reserve_give(reserve, pieces[count / rows]);
        pieces[count / rows] = NULL;
    }
}

void weft_rows_end(struct weft_reserve *reserve, void **pieces, uint32_t piece_count)
{
    for (uint32_t i = 0; i < piece_count; i++) {
        if (pieces[i] != NULL) {
            weft_reserve_give(reserve, pieces[i]);
            pieces[i] = NULL;
        }
    }
}
