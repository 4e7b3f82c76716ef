/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the table of members, many of them: a byte each where all fit into one, else two. */
#ifndef WEFT_SLOTS_H
#define WEFT_SLOTS_H

#include "arena.h"

struct weft_slots {
    uint8_t *bytes;  /* the places, if each fits into a byte; else NULL */
    uint16_t *pairs; /* the places otherwise; else NULL */
};

/* Take |count| places up to |largest| from |arena|, each 0. */
static inline void weft_slots_carve(struct weft_slots *slots, struct weft_arena *arena,
                                    uint32_t count, uint32_t largest)
{
    *slots = (struct weft_slots){.bytes = NULL};
    if (largest <= UINT8_MAX) {
        slots->bytes = weft_arena_take(arena, count, sizeof(slots->bytes[0]));
    } else {
        slots->pairs = weft_arena_take(arena, count, sizeof(slots->pairs[0]));
    }
}

/* The place at |index|. */
static inline uint32_t weft_slots_get(const struct weft_slots *slots, uint32_t index)
{
    return slots->bytes != NULL ? slots->bytes[index] : slots->pairs[index];
}

/* Set the place at |index|. */
static inline void weft_slots_set(struct weft_slots *slots, uint32_t index, uint32_t place)
{
    if (slots->bytes != NULL) {
        slots->bytes[index] = (uint8_t)place;
    } else {
        slots->pairs[index] = (uint16_t)place;
    }
}

/* Set the first |count| places to 0. */
static inline void weft_slots_clear(struct weft_slots *slots, uint32_t count)
{
    for (uint32_t index = 0; index < count; index++) {
        weft_slots_set(slots, index, 0);
    }
}

#endif
