/* SPDX-License-Identifier: Apache-2.0 */
/* Records of one size, named by handles that notice when the record behind them is gone.
 *
 * A handle is (generation, index). Giving a record back raises its generation, so an event in the
 * queue that still names it finds nothing: cancelling means forgetting. */
#ifndef WEFT_SIM_POOL_H
#define WEFT_SIM_POOL_H

#include "protocol/types.h"

/* Stands first in every record of a pool. */
struct weft_sim_slot {
    uint32_t generation; /* raised when the record is given back; odd while it is in use */
    uint32_t index;      /* own index; next free record while it is not in use */
};

struct weft_sim_pool {
    size_t item_bytes;   /* size of a record, its slot included */
    uint8_t **blocks;    /* pieces of memory of 64 records each; owned */
    uint32_t block_room; /* pointers that blocks can hold */
    uint32_t used_count; /* records ever handed out: indexes below it exist */
    uint32_t free_first; /* list of records given back, UINT32_MAX = none */
    uint32_t live_count; /* records in use */
};

/* An empty pool of records of |item_bytes|; ends with weft_sim_pool_end(). */
void weft_sim_pool_begin(struct weft_sim_pool *pool, size_t item_bytes);

/* Free every record. */
void weft_sim_pool_end(struct weft_sim_pool *pool);

/* A zeroed record with its slot filled in.
 * Owner: the pool; its address stays until it is given back. */
void *weft_sim_pool_take(struct weft_sim_pool *pool);

/* Give a record back; handles to it find nothing from now on. */
void weft_sim_pool_give(struct weft_sim_pool *pool, void *record);

/* The record in use behind |handle|; NULL if it was given back. */
void *weft_sim_pool_find(const struct weft_sim_pool *pool, uint64_t handle);

/* Record |index| if it is in use, else NULL; for walks over [0, used_count). */
void *weft_sim_pool_at(const struct weft_sim_pool *pool, uint32_t index);

/* The handle of a record in use. */
static inline uint64_t weft_sim_pool_handle(const void *record)
{
    const struct weft_sim_slot *slot = record;
    return ((uint64_t)slot->generation << 32) | slot->index;
}

#endif
