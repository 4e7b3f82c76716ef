/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "where does the simulator's memory come from?". Large pieces come straight from mmap, so
 * that untouched parts cost nothing; the largest in huge pages, which keep the address translation
 * cheap, unless most of them is never touched. */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Every piece begins on a cache line. */
#define LINE_BYTES ((size_t)64)

/* Pieces from this size on are asked of the system, and from the second size on in huge pages. */
#define MAP_BYTES ((size_t)64 << 10)
#define HUGE_BYTES ((size_t)4 << 20)

static void refuse(size_t count, size_t item_bytes)
{
    fprintf(stderr,
            "weft-sim: out of memory: %zu x %zu bytes were wanted; use fewer --nodes, or a larger"
            " --chunk\n",
            count, item_bytes);
    exit(1);
}

static size_t bytes_of(size_t count, size_t item_bytes)
{
    if (item_bytes != 0 && count > SIZE_MAX / 2 / item_bytes) {
        refuse(count, item_bytes);
    }
    size_t bytes = count * item_bytes;
    return bytes == 0 ? 1 : bytes;
}

static void *take_small(size_t count, size_t item_bytes)
{
    size_t whole = (bytes_of(count, item_bytes) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    void *memory = aligned_alloc(LINE_BYTES, whole);
    if (memory == NULL) {
        refuse(count, item_bytes);
    }
    return memset(memory, 0, whole);
}

static void *map(size_t count, size_t item_bytes, int advice)
{
    size_t bytes = bytes_of(count, item_bytes);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        refuse(count, item_bytes);
    }
    (void)madvise(memory, bytes, advice);
    return memory;
}

void *weft_sim_memory_take(size_t count, size_t item_bytes)
{
    size_t bytes = bytes_of(count, item_bytes);
    if (bytes < MAP_BYTES) {
        return take_small(count, item_bytes);
    }
    return map(count, item_bytes, bytes < HUGE_BYTES ? MADV_NORMAL : MADV_HUGEPAGE);
}

void *weft_sim_memory_take_sparse(size_t count, size_t item_bytes)
{
    bool is_small = bytes_of(count, item_bytes) < MAP_BYTES;
    return is_small ? take_small(count, item_bytes) : map(count, item_bytes, MADV_NOHUGEPAGE);
}

void weft_sim_memory_give(void *memory, size_t count, size_t item_bytes)
{
    if (memory == NULL) {
        return;
    }
    size_t bytes = bytes_of(count, item_bytes);
    if (bytes < MAP_BYTES) {
        free(memory);
        return;
    }
    (void)munmap(memory, bytes);
}

void *weft_sim_memory_grow(void *memory, uint32_t *room, size_t item_bytes)
{
    uint32_t wider = *room == 0 ? 16 : *room * 2;
    void *table = weft_sim_memory_take(wider, item_bytes);
    if (*room > 0) {
        memcpy(table, memory, *room * item_bytes);
    }
    weft_sim_memory_give(memory, *room, item_bytes);
    *room = wider;
    return table;
}
