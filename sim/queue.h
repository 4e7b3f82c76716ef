/* SPDX-License-Identifier: Apache-2.0 */
/* The event queue of the simulator: what happens next, in exact order of (time, insertion).
 *
 * A hierarchical timing wheel sorts entries roughly (a slot of its lowest level spans 1024 ns); the
 * entries of the slot that is due stand in a small heap ordered by (time, insertion number), which
 * makes the total order exact whatever the wheel does. Entries are 64 bytes, live in slabs, and are
 * filled in place by whoever pushes. Nothing is allocated per event. */
#ifndef WEFT_SIM_QUEUE_H
#define WEFT_SIM_QUEUE_H

#include "protocol/types.h"

/* Bytes of an entry that belong to its kind. */
#define WEFT_SIM_ENTRY_BYTES 32

/* Bytes of a message that fit into its entry. */
#define WEFT_SIM_INLINE_BYTES (WEFT_SIM_ENTRY_BYTES - 8)

struct weft_sim_entry {
    weft_ns time_ns; /* when it happens, virtual time; set by push, read only */
    uint64_t order;  /* insertion number; set by push, read only */
    uint32_t self;   /* own index, or next entry of the slot; the queue's */
    uint32_t node;   /* index of the node it happens to; meaning set by the kind */
    uint32_t peer;   /* index of the other node; meaning set by the kind */
    uint8_t kind;    /* what happens; the queue does not look */
    uint8_t slot;    /* small number; meaning set by the kind */
    uint16_t length; /* bytes of a message; meaning set by the kind */
    union {
        uint64_t words[WEFT_SIM_ENTRY_BYTES / 8]; /* numbers */
        struct {
            uint32_t tag;                         /* meaning set by the kind */
            uint32_t buffer;                      /* where the bytes are, NONE = here */
            uint8_t bytes[WEFT_SIM_INLINE_BYTES]; /* a short message */
        } message;
    };
};

struct weft_sim_queue; /* opaque */

/* An empty queue at time 0.
 * Owner: the caller; ends with weft_sim_queue_free(). */
struct weft_sim_queue *weft_sim_queue_new(void);

/* Free the queue and every entry in it; NULL is fine. */
void weft_sim_queue_free(struct weft_sim_queue *queue);

/* Insert an entry at |time_ns|; an earlier time than now counts as now. The caller fills in node,
 * peer, kind, slot, length and the payload, which hold old values.
 * Owner: the queue; valid until it is popped and dropped.   Cost: O(1), no allocation as a rule. */
struct weft_sim_entry *weft_sim_queue_push(struct weft_sim_queue *queue, weft_ns time_ns);

/* Take out the next entry if it is due before |end_ns|, and set the queue's time to its time.
 * Errors: NULL if there is none; the time then stays.
 * Owner:  the caller, until weft_sim_queue_drop(). */
struct weft_sim_entry *weft_sim_queue_pop(struct weft_sim_queue *queue, weft_ns end_ns);

/* Time of the next entry; WEFT_NS_NEVER if there is none. */
weft_ns weft_sim_queue_next_ns(struct weft_sim_queue *queue);

/* Nothing happens before |now_ns|: let the queue's time be that, if it is earlier. No entry is out
 * of the queue: if few are in use of those that there once were, memory is given back. */
void weft_sim_queue_advance(struct weft_sim_queue *queue, weft_ns now_ns);

/* The entry that weft_sim_queue_pop() would give now; NULL = none waits. For looking ahead only: a
 * push may still come before it. */
const struct weft_sim_entry *weft_sim_queue_peek(struct weft_sim_queue *queue);

/* Give back an entry that was popped. */
void weft_sim_queue_drop(struct weft_sim_queue *queue, struct weft_sim_entry *entry);

/* Virtual time: that of the entry popped last, or of the last advance. */
weft_ns weft_sim_queue_now(const struct weft_sim_queue *queue);

/* Entries waiting. */
uint64_t weft_sim_queue_count(const struct weft_sim_queue *queue);

/* Entries popped since the beginning. */
uint64_t weft_sim_queue_popped(const struct weft_sim_queue *queue);

#endif
