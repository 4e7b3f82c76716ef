/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what happens next?"; does not know what an entry means.
 *
 * A tick is 1024 ns. |base| is the tick whose entries are in the heap; entries of later ticks are
 * in the wheel. The lowest level has 4096 slots of one tick, seven further levels have 64 slots
 * each; together they cover all 64 bits of time. The level of an entry is given by the highest bit
 * in which its tick differs from |base|, so an entry never has to be looked for, and when the base
 * moves into a slot of a higher level, the entries of that slot move down. */
#include "queue.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    TICK_BITS = 10, /* a tick is 1024 ns */
    LOW_BITS = 12,  /* slots of the lowest level: 4096 ticks, 4.2 ms */
    LOW_SLOTS = 1 << LOW_BITS,
    HIGH_BITS = 6, /* slots of every further level */
    HIGH_SLOTS = 1 << HIGH_BITS,
    HIGH_LEVELS = (64 - TICK_BITS - LOW_BITS) / HIGH_BITS,
    BLOCK_BITS = 10, /* entries of one slab: 1024, 64 KiB; a run has thousands of queues */
    BLOCK_ENTRIES = 1 << BLOCK_BITS
};

#define NONE UINT32_MAX

/* If a smaller part of the entries of so many slabs or more is in use, others are given back. */
#define SHRINK_BLOCKS 3
#define SHRINK_PART 6

_Static_assert(TICK_BITS + LOW_BITS + HIGH_BITS * HIGH_LEVELS == 64, "the wheel covers all time");
_Static_assert(sizeof(struct weft_sim_entry) == 64, "an entry is one cache line");

struct near_entry {
    weft_ns time_ns; /* key */
    uint64_t order;  /* breaks ties */
    uint32_t index;  /* of the entry */
};

/* A slab. */
struct block {
    struct weft_sim_entry *entries; /* BLOCK_ENTRIES of them; owned */
};

struct weft_sim_queue {
    weft_ns now_ns;                         /* time of the entry popped last */
    uint64_t base;                          /* tick up to which entries are in the heap */
    uint64_t order;                         /* next insertion number */
    uint64_t count;                         /* entries waiting */
    uint64_t popped;                        /* entries popped ever */
    struct near_entry *near;                /* heap of what is due in this tick or before */
    uint32_t near_count;                    /* entries in it */
    uint32_t near_room;                     /* its capacity */
    uint32_t free_first;                    /* list of unused entries */
    struct block *blocks;                   /* slabs of entries; owned */
    uint32_t block_count;                   /* slabs in use */
    uint32_t block_room;                    /* pointers that blocks can hold */
    uint64_t low_summary;                   /* bit i: word i of low_words is not 0 */
    uint64_t low_words[LOW_SLOTS / 64];     /* bit: the slot is not empty */
    uint64_t high_words[HIGH_LEVELS];       /* bit: the slot is not empty */
    uint32_t low[LOW_SLOTS];                /* first entry of each slot */
    uint32_t high[HIGH_LEVELS][HIGH_SLOTS]; /* first entry of each slot */
};

static struct weft_sim_entry *at(const struct weft_sim_queue *queue, uint32_t index)
{
    return &queue->blocks[index >> BLOCK_BITS].entries[index & (BLOCK_ENTRIES - 1)];
}

struct weft_sim_queue *weft_sim_queue_new(void)
{
    struct weft_sim_queue *queue = weft_sim_memory_take(1, sizeof(*queue));
    queue->free_first = NONE;
    queue->near_room = 64;
    queue->near = weft_sim_memory_take(queue->near_room, sizeof(*queue->near));
    return queue;
}

void weft_sim_queue_free(struct weft_sim_queue *queue)
{
    if (queue == NULL) {
        return;
    }
    for (uint32_t i = 0; i < queue->block_count; i++) {
        weft_sim_memory_give(queue->blocks[i].entries, BLOCK_ENTRIES,
                             sizeof(struct weft_sim_entry));
    }
    weft_sim_memory_give(queue->blocks, queue->block_room, sizeof(*queue->blocks));
    weft_sim_memory_give(queue->near, queue->near_room, sizeof(*queue->near));
    weft_sim_memory_give(queue, 1, sizeof(*queue));
}

static void grow_slabs(struct weft_sim_queue *queue)
{
    if (queue->block_count == queue->block_room) {
        queue->blocks =
            weft_sim_memory_grow(queue->blocks, &queue->block_room, sizeof(*queue->blocks));
    }
    uint32_t block = queue->block_count++;
    struct weft_sim_entry *entries = weft_sim_memory_take(BLOCK_ENTRIES, sizeof(*entries));
    queue->blocks[block].entries = entries;
    for (uint32_t i = BLOCK_ENTRIES; i > 0; i--) {
        entries[i - 1].self = queue->free_first;
        queue->free_first = (block << BLOCK_BITS) + i - 1;
    }
}

static bool before(const struct near_entry *a, const struct near_entry *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->order < b->order;
}

static void near_push(struct weft_sim_queue *queue, uint32_t index)
{
    if (queue->near_count == queue->near_room) {
        queue->near = weft_sim_memory_grow(queue->near, &queue->near_room, sizeof(queue->near[0]));
    }
    struct weft_sim_entry *entry = at(queue, index);
    struct near_entry key = {entry->time_ns, entry->order, index};
    entry->self = index;
    uint32_t hole = queue->near_count++;
    while (hole > 0 && before(&key, &queue->near[(hole - 1) / 4])) {
        queue->near[hole] = queue->near[(hole - 1) / 4];
        hole = (hole - 1) / 4;
    }
    queue->near[hole] = key;
}

static uint32_t near_pop(struct weft_sim_queue *queue)
{
    uint32_t index = queue->near[0].index;
    uint32_t count = --queue->near_count;
    struct near_entry last = queue->near[count];
    uint32_t hole = 0;
    for (;;) {
        uint32_t child = hole * 4 + 1;
        if (child >= count) {
            break;
        }
        uint32_t end = child + 4 < count ? child + 4 : count;
        uint32_t least = child;
        for (uint32_t i = child + 1; i < end; i++) {
            least = before(&queue->near[i], &queue->near[least]) ? i : least;
        }
        if (!before(&queue->near[least], &last)) {
            break;
        }
        queue->near[hole] = queue->near[least];
        hole = least;
    }
    queue->near[hole] = last;
    return index;
}

static void place(struct weft_sim_queue *queue, uint32_t index)
{
    struct weft_sim_entry *entry = at(queue, index);
    uint64_t tick = entry->time_ns >> TICK_BITS;
    if (tick <= queue->base) {
        near_push(queue, index);
        return;
    }
    uint64_t difference = tick ^ queue->base;
    if (difference < LOW_SLOTS) {
        uint32_t slot = (uint32_t)(tick & (LOW_SLOTS - 1));
        bool used = (queue->low_words[slot / 64] >> (slot % 64)) & 1;
        entry->self = used ? queue->low[slot] : NONE;
        queue->low[slot] = index;
        queue->low_words[slot / 64] |= UINT64_C(1) << (slot % 64);
        queue->low_summary |= UINT64_C(1) << (slot / 64);
        return;
    }
    uint32_t bit = 63 - (uint32_t)__builtin_clzll(difference);
    uint32_t level = (bit - LOW_BITS) / HIGH_BITS;
    uint32_t slot = (uint32_t)(tick >> (LOW_BITS + HIGH_BITS * level)) & (HIGH_SLOTS - 1);
    bool used = (queue->high_words[level] >> slot) & 1;
    entry->self = used ? queue->high[level][slot] : NONE;
    queue->high[level][slot] = index;
    queue->high_words[level] |= UINT64_C(1) << slot;
}

/* Index of an entry that is not in use; its fields hold old values. */
static uint32_t take_free(struct weft_sim_queue *queue)
{
    if (queue->free_first == NONE) {
        grow_slabs(queue);
    }
    uint32_t index = queue->free_first;
    queue->free_first = at(queue, index)->self;
    return index;
}

struct weft_sim_entry *weft_sim_queue_push(struct weft_sim_queue *queue, weft_ns time_ns)
{
    uint32_t index = take_free(queue);
    struct weft_sim_entry *entry = at(queue, index);
    entry->time_ns = time_ns < queue->now_ns ? queue->now_ns : time_ns;
    entry->order = queue->order++;
    queue->count++;
    place(queue, index);
    return entry;
}

static void place_list(struct weft_sim_queue *queue, uint32_t first)
{
    while (first != NONE) {
        uint32_t next = at(queue, first)->self;
        if (next != NONE) {
            __builtin_prefetch(at(queue, next));
        }
        place(queue, first);
        first = next;
    }
}

/* Bits of |words| above |index|. */
static uint64_t above(uint64_t words, uint32_t index)
{
    return index == 63 ? 0 : words & (UINT64_MAX << (index + 1));
}

/* The next slot in use of the lowest level after that of the base; LOW_SLOTS if there is none. */
static uint32_t next_low(const struct weft_sim_queue *queue)
{
    uint32_t current = (uint32_t)(queue->base & (LOW_SLOTS - 1));
    uint64_t bits = above(queue->low_words[current / 64], current % 64);
    if (bits != 0) {
        return current / 64 * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    uint64_t words = above(queue->low_summary, current / 64);
    if (words == 0) {
        return LOW_SLOTS;
    }
    uint32_t word = (uint32_t)__builtin_ctzll(words);
    return word * 64 + (uint32_t)__builtin_ctzll(queue->low_words[word]);
}

static void open_low(struct weft_sim_queue *queue, uint32_t slot)
{
    queue->base = (queue->base & ~(uint64_t)(LOW_SLOTS - 1)) | slot;
    queue->low_words[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    if (queue->low_words[slot / 64] == 0) {
        queue->low_summary &= ~(UINT64_C(1) << (slot / 64));
    }
    uint32_t next = next_low(queue);
    if (next < LOW_SLOTS) {
        __builtin_prefetch(at(queue, queue->low[next])); /* by then it is here */
    }
    place_list(queue, queue->low[slot]);
}

/* Move the base to the first slot in use of the lowest high level that has one. */
static void open_high(struct weft_sim_queue *queue)
{
    for (uint32_t level = 0; level < HIGH_LEVELS; level++) {
        uint32_t shift = LOW_BITS + HIGH_BITS * level;
        uint32_t current = (uint32_t)(queue->base >> shift) & (HIGH_SLOTS - 1);
        uint64_t bits = above(queue->high_words[level], current);
        if (bits == 0) {
            continue;
        }
        uint32_t slot = (uint32_t)__builtin_ctzll(bits);
        uint64_t upper = shift + HIGH_BITS >= 64 ? 0 : queue->base >> (shift + HIGH_BITS);
        queue->base = ((upper << HIGH_BITS) | slot) << shift;
        queue->high_words[level] &= ~(UINT64_C(1) << slot);
        place_list(queue, queue->high[level][slot]);
        return;
    }
}

/* Bring the next entry into the heap. */
static bool find_next(struct weft_sim_queue *queue)
{
    while (queue->near_count == 0 && queue->count > 0) {
        uint32_t slot = next_low(queue);
        if (slot < LOW_SLOTS) {
            open_low(queue, slot);
        } else {
            open_high(queue);
        }
    }
    return queue->near_count > 0;
}

struct weft_sim_entry *weft_sim_queue_pop(struct weft_sim_queue *queue, weft_ns end_ns)
{
    if (!find_next(queue) || queue->near[0].time_ns >= end_ns) {
        return NULL;
    }
    struct weft_sim_entry *entry = at(queue, near_pop(queue));
    queue->now_ns = entry->time_ns;
    queue->count--;
    queue->popped++;
    return entry;
}

weft_ns weft_sim_queue_next_ns(struct weft_sim_queue *queue)
{
    return find_next(queue) ? queue->near[0].time_ns : WEFT_NS_NEVER;
}

/* --- after a storm --- */

/* Append a copy of each entry of a slot's list. */
static void copy_list(const struct weft_sim_queue *queue, uint32_t first,
                      struct weft_sim_entry *copies, uint32_t *count)
{
    for (; first != NONE; first = at(queue, first)->self) {
        copies[(*count)++] = *at(queue, first);
    }
}

/* Copy every entry that waits; then the wheel is empty. */
static void take_out(struct weft_sim_queue *queue, struct weft_sim_entry *copies)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < queue->near_count; i++) {
        copies[count++] = *at(queue, queue->near[i].index);
    }
    for (uint32_t slot = 0; slot < LOW_SLOTS; slot++) {
        bool used = (queue->low_words[slot / 64] >> (slot % 64)) & 1;
        copy_list(queue, used ? queue->low[slot] : NONE, copies, &count);
    }
    for (uint32_t i = 0; i < HIGH_LEVELS * HIGH_SLOTS; i++) {
        uint32_t level = i / HIGH_SLOTS;
        uint32_t slot = i % HIGH_SLOTS;
        bool used = (queue->high_words[level] >> slot) & 1;
        copy_list(queue, used ? queue->high[level][slot] : NONE, copies, &count);
    }
    queue->near_count = 0;
    queue->low_summary = 0;
    memset(queue->low_words, 0, sizeof(queue->low_words));
    memset(queue->high_words, 0, sizeof(queue->high_words));
}

/* Let the entries that wait move together, and give back the other slabs. */
static void shrink(struct weft_sim_queue *queue)
{
    uint32_t count = (uint32_t)queue->count;
    struct weft_sim_entry *copies = weft_sim_memory_take(count, sizeof(*copies));
    take_out(queue, copies);
    for (uint32_t i = 0; i < queue->block_count; i++) {
        weft_sim_memory_give(queue->blocks[i].entries, BLOCK_ENTRIES,
                             sizeof(struct weft_sim_entry));
    }
    queue->block_count = 0;
    queue->free_first = NONE;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = take_free(queue);
        *at(queue, index) = copies[i];
        place(queue, index);
    }
    weft_sim_memory_give(copies, count, sizeof(*copies));
}

void weft_sim_queue_advance(struct weft_sim_queue *queue, weft_ns now_ns)
{
    queue->now_ns = now_ns > queue->now_ns ? now_ns : queue->now_ns;
    uint64_t room = (uint64_t)queue->block_count * BLOCK_ENTRIES;
    if (queue->block_count >= SHRINK_BLOCKS && queue->count < room / SHRINK_PART) {
        shrink(queue);
    }
}

const struct weft_sim_entry *weft_sim_queue_peek(struct weft_sim_queue *queue)
{
    return find_next(queue) ? at(queue, queue->near[0].index) : NULL;
}

void weft_sim_queue_drop(struct weft_sim_queue *queue, struct weft_sim_entry *entry)
{
    uint32_t index = entry->self;
    entry->self = queue->free_first;
    queue->free_first = index;
}

weft_ns weft_sim_queue_now(const struct weft_sim_queue *queue)
{
    return queue->now_ns;
}

uint64_t weft_sim_queue_count(const struct weft_sim_queue *queue)
{
    return queue->count;
}

uint64_t weft_sim_queue_popped(const struct weft_sim_queue *queue)
{
    return queue->popped;
}
