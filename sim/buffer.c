/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "where do the bytes of a message wait until it arrives?". A name is the size's number in
 * the top three bits and the index of the buffer in the others. */
#include "buffer.h"
#include "memory.h"

#include "protocol/limits.h"

#include <string.h>

enum {
    BLOCK_BUFFERS = 16, /* buffers of one piece of memory */
    INDEX_BITS = 29     /* of a name */
};

#define NONE UINT32_MAX

/* Most messages are datagrams, of some hundred bytes while there is news. */
#define SIZES(X) X(64) X(128) X(256) X(512) X(768) X(1216) X(4096) X(16384)
#define ONE(bytes) +1
#define BYTES(bytes) bytes,

_Static_assert(SIZES(ONE) == WEFT_SIM_BUFFER_SIZES, "all sizes have a number");
_Static_assert(1216 >= WEFT_DATAGRAM_BYTES_MAX, "a datagram fits");
_Static_assert(16384 >= WEFT_FRAME_BYTES_MAX, "a frame fits");

static uint32_t bytes_of(uint32_t size)
{
    static const uint32_t bytes[] = {SIZES(BYTES)};
    return bytes[size];
}

static uint8_t *at(const struct weft_sim_buffers *buffers, uint32_t size, uint32_t index)
{
    uint8_t *block = buffers->sizes[size].blocks[index / BLOCK_BUFFERS];
    return block + (size_t)(index % BLOCK_BUFFERS) * bytes_of(size);
}

void weft_sim_buffer_begin(struct weft_sim_buffers *buffers)
{
    memset(buffers, 0, sizeof(*buffers));
    for (uint32_t i = 0; i < WEFT_SIM_BUFFER_SIZES; i++) {
        buffers->sizes[i].free_first = NONE;
    }
}

void weft_sim_buffer_end(struct weft_sim_buffers *buffers)
{
    for (uint32_t i = 0; i < WEFT_SIM_BUFFER_SIZES; i++) {
        struct weft_sim_buffer_size *slab = &buffers->sizes[i];
        for (uint32_t b = 0; b < slab->block_room; b++) {
            weft_sim_memory_give(slab->blocks[b], BLOCK_BUFFERS, bytes_of(i));
        }
        weft_sim_memory_give(slab->blocks, slab->block_room, sizeof(*slab->blocks));
    }
    weft_sim_buffer_begin(buffers);
}

static void add_block(struct weft_sim_buffer_size *slab, uint32_t size)
{
    uint32_t block = slab->used_count / BLOCK_BUFFERS;
    if (block == slab->block_room) {
        slab->blocks =
            weft_sim_memory_grow(slab->blocks, &slab->block_room, sizeof(slab->blocks[0]));
    }
    slab->blocks[block] = weft_sim_memory_take(BLOCK_BUFFERS, bytes_of(size));
}

uint32_t weft_sim_buffer_keep(struct weft_sim_buffers *buffers, const uint8_t *bytes,
                              uint32_t length)
{
    uint32_t size = 0;
    while (size < WEFT_SIM_BUFFER_SIZES && bytes_of(size) < length) {
        size++;
    }
    if (size == WEFT_SIM_BUFFER_SIZES) {
        return WEFT_SIM_BUFFER_NONE;
    }
    struct weft_sim_buffer_size *slab = &buffers->sizes[size];
    uint32_t index = slab->free_first;
    if (index != NONE) {
        memcpy(&slab->free_first, at(buffers, size, index), sizeof(slab->free_first));
    } else {
        if (slab->used_count % BLOCK_BUFFERS == 0) {
            add_block(slab, size);
        }
        index = slab->used_count++;
    }
    slab->live_count++;
    memcpy(at(buffers, size, index), bytes, length);
    return (size << INDEX_BITS) | index;
}

const uint8_t *weft_sim_buffer_bytes(const struct weft_sim_buffers *buffers, uint32_t name)
{
    return at(buffers, name >> INDEX_BITS, name & ((UINT32_C(1) << INDEX_BITS) - 1));
}

/* No message is in the slab: only its first block stays. */
static void shrink(struct weft_sim_buffer_size *slab, uint32_t size)
{
    for (uint32_t block = 1; block * BLOCK_BUFFERS < slab->used_count; block++) {
        weft_sim_memory_give(slab->blocks[block], BLOCK_BUFFERS, bytes_of(size));
        slab->blocks[block] = NULL;
    }
    slab->used_count = BLOCK_BUFFERS;
    slab->free_first = NONE;
    for (uint32_t index = BLOCK_BUFFERS; index-- > 0;) {
        uint8_t *buffer = slab->blocks[0] + (size_t)index * bytes_of(size);
        memcpy(buffer, &slab->free_first, sizeof(slab->free_first));
        slab->free_first = index;
    }
}

void weft_sim_buffer_give(struct weft_sim_buffers *buffers, uint32_t name)
{
    uint32_t size = name >> INDEX_BITS;
    uint32_t index = name & ((UINT32_C(1) << INDEX_BITS) - 1);
    struct weft_sim_buffer_size *slab = &buffers->sizes[size];
    memcpy(at(buffers, size, index), &slab->free_first, sizeof(slab->free_first));
    slab->free_first = index;
    slab->live_count--;
    if (slab->live_count == 0 && slab->used_count > BLOCK_BUFFERS) {
        shrink(slab, size);
    }
}
