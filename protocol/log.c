/* SPDX-License-Identifier: Apache-2.0 */
/* Where is the entry at a position, and which pieces does a log need now? */
#include "log.h"

#define ENTRIES WEFT_PIECE_ROWS(uint16_t)

/* One piece more than full ones: both ends may stand in the middle of one. */
uint32_t weft_log_pieces(uint32_t entries_max)
{
    return WEFT_ROW_PIECES(entries_max, uint16_t) + 1;
}

void weft_log_carve(struct weft_log *log, struct weft_arena *arena, uint32_t entries_max)
{
    uint32_t piece_count = weft_log_pieces(entries_max);
    *log = (struct weft_log){.piece_count = piece_count, .entries_max = entries_max};
    log->pieces = weft_arena_take(arena, piece_count, sizeof(log->pieces[0]));
}

static void give(struct weft_log *log, struct weft_reserve *rows, uint32_t position)
{
    void **piece = &log->pieces[position / ENTRIES % log->piece_count];
    if (*piece != NULL) {
        weft_reserve_give(rows, *piece);
        *piece = NULL;
    }
}

void weft_log_append(struct weft_log *log, struct weft_reserve *rows, uint16_t entry)
{
    if (weft_log_length(log) == log->entries_max) {
        weft_log_drop(log, rows, log->first + 1);
    }
    void **piece = &log->pieces[log->count / ENTRIES % log->piece_count];
    *piece = *piece == NULL ? weft_reserve_take(rows) : *piece;
    uint32_t position = log->count++;
    *weft_log_at(log, position) = entry;
}

void weft_log_drop(struct weft_log *log, struct weft_reserve *rows, uint32_t position)
{
    while (position / ENTRIES > log->first / ENTRIES) {
        give(log, rows, log->first);
        log->first = (log->first / ENTRIES + 1) * ENTRIES;
    }
    log->first = position;
    if (log->first == log->count) {
        give(log, rows, log->first);
    }
}

void weft_log_reset(struct weft_log *log, struct weft_reserve *rows)
{
    weft_log_drop(log, rows, log->count);
    log->first = 0;
    log->count = 0;
}
