/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the simulator: taken in large pieces, never refused to the caller. Running out of it
 * ends the program with a sentence that says how much was wanted and what to do. */
#ifndef WEFT_SIM_MEMORY_H
#define WEFT_SIM_MEMORY_H

#include "protocol/types.h"

/* Take |count| zeroed items of |item_bytes| each, aligned to 64 bytes; large pieces are backed by
 * the system as they are touched.
 * Errors: none to the caller; ends the program with exit status 1 when there is no more memory.
 * Owner:  the caller, who gives it back with weft_sim_memory_give() or with the program's end. */
void *weft_sim_memory_take(size_t count, size_t item_bytes) __attribute__((returns_nonnull));

/* The same for a table of which most is never touched: what is not takes no memory at all. */
void *weft_sim_memory_take_sparse(size_t count, size_t item_bytes) __attribute__((returns_nonnull));

/* Give back what one of these gave for the same count and size; NULL is fine. */
void weft_sim_memory_give(void *memory, size_t count, size_t item_bytes);

/* A table that is full gets twice the room, 16 at first; what was in it is kept.
 * Shape:  memory[*room]; NULL and 0 for a new one.
 * Owner:  the caller, in place of |memory|. */
void *weft_sim_memory_grow(void *memory, uint32_t *room, size_t item_bytes)
    __attribute__((returns_nonnull));

#endif
