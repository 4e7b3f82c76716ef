/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is what this event speaks of still there?" for uploads, fetches and documents. */
#include "pool.h"
#include "memory.h"

#include <string.h>

enum {
    BLOCK_BITS = 6, /* records of one piece of memory: 64 */
    BLOCK_RECORDS = 1 << BLOCK_BITS
};

#define NONE UINT32_MAX

static struct weft_sim_slot *at(const struct weft_sim_pool *pool, uint32_t index)
{
    uint8_t *block = pool->blocks[index >> BLOCK_BITS];
    return (struct weft_sim_slot *)(void *)(block +
                                            (index & (BLOCK_RECORDS - 1)) * pool->item_bytes);
}

void weft_sim_pool_begin(struct weft_sim_pool *pool, size_t item_bytes)
{
    memset(pool, 0, sizeof(*pool));
    pool->item_bytes = item_bytes;
    pool->free_first = NONE;
}

void weft_sim_pool_end(struct weft_sim_pool *pool)
{
    for (uint32_t i = 0; i < pool->block_room; i++) {
        weft_sim_memory_give(pool->blocks[i], BLOCK_RECORDS, pool->item_bytes);
    }
    weft_sim_memory_give(pool->blocks, pool->block_room, sizeof(*pool->blocks));
    weft_sim_pool_begin(pool, pool->item_bytes);
}

static void add_block(struct weft_sim_pool *pool)
{
    uint32_t block = pool->used_count >> BLOCK_BITS;
    if (block == pool->block_room) {
        pool->blocks =
            weft_sim_memory_grow(pool->blocks, &pool->block_room, sizeof(pool->blocks[0]));
    }
    pool->blocks[block] = weft_sim_memory_take(BLOCK_RECORDS, pool->item_bytes);
}

void *weft_sim_pool_take(struct weft_sim_pool *pool)
{
    uint32_t index = pool->free_first;
    if (index != NONE) {
        pool->free_first = at(pool, index)->index;
    } else {
        if ((pool->used_count & (BLOCK_RECORDS - 1)) == 0) {
            add_block(pool);
        }
        index = pool->used_count++;
    }
    struct weft_sim_slot *slot = at(pool, index);
    uint32_t generation = slot->generation + 1;
    memset(slot, 0, pool->item_bytes);
    slot->generation = generation;
    slot->index = index;
    pool->live_count++;
    return slot;
}

void weft_sim_pool_give(struct weft_sim_pool *pool, void *record)
{
    struct weft_sim_slot *slot = record;
    uint32_t index = slot->index;
    slot->generation++;
    slot->index = pool->free_first;
    pool->free_first = index;
    pool->live_count--;
}

void *weft_sim_pool_at(const struct weft_sim_pool *pool, uint32_t index)
{
    if (index >= pool->used_count) {
        return NULL;
    }
    struct weft_sim_slot *slot = at(pool, index);
    return (slot->generation & 1) != 0 ? slot : NULL;
}

void *weft_sim_pool_find(const struct weft_sim_pool *pool, uint64_t handle)
{
    struct weft_sim_slot *slot = weft_sim_pool_at(pool, (uint32_t)handle);
    return slot != NULL && slot->generation == (uint32_t)(handle >> 32) ? slot : NULL;
}
