/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks or members in the order in which something is to be done with them: told, pushed.
 *
 * Every entry has a position that grows from 0. Entries are kept from |first| on, in pieces of the
 * reserve that come and go with them. Bound: |entries_max|; a further entry drops the oldest. */
#ifndef WEFT_LOG_H
#define WEFT_LOG_H

#include "reserve.h"

struct weft_log {
    void **pieces;        /* ring of pieces of entries; NULL where there are none */
    uint32_t piece_count; /* of the ring */
    uint32_t entries_max; /* entries kept at most */
    uint32_t first;       /* position of the oldest entry that is kept */
    uint32_t count;       /* entries ever appended: position of the next one */
};

/* Pieces of a log of so many entries. */
uint32_t weft_log_pieces(uint32_t entries_max);

/* An empty log, whose ring is taken from |arena|. */
void weft_log_carve(struct weft_log *log, struct weft_arena *arena, uint32_t entries_max);

/* Append |entry|. */
void weft_log_append(struct weft_log *log, struct weft_reserve *rows, uint16_t entry);

/* Drop the entries before |position|, which is first..count. */
void weft_log_drop(struct weft_log *log, struct weft_reserve *rows, uint32_t position);

/* Empty it: the next position is 0 again. */
void weft_log_reset(struct weft_log *log, struct weft_reserve *rows);

/* Entries that are kept. */
static inline uint32_t weft_log_length(const struct weft_log *log)
{
    return log->count - log->first;
}

/* The entry at |position|, which is first..count-1. */
static inline uint16_t *weft_log_at(const struct weft_log *log, uint32_t position)
{
    uint32_t rows = WEFT_PIECE_ROWS(uint16_t);
    uint16_t *entries = log->pieces[position / rows % log->piece_count];
    return &entries[position % rows];
}

#endif
