/* SPDX-License-Identifier: Apache-2.0 */
/* The queue in which a step leaves its actions. Answers "is there room?"; what to do when there is
 * none is the caller's question. */
#include "action.h"

#include <string.h>

void weft_action_reset(struct weft_action_queue *queue)
{
    queue->count = 0;
    queue->arena_used = 0;
}

struct weft_action *weft_action_push(struct weft_action_queue *queue, enum weft_action_kind kind)
{
    if (queue->count == WEFT_ACTIONS_PER_STEP_MAX) {
        queue->dropped_count++;
        return NULL;
    }
    struct weft_action *action = &queue->items[queue->count++];
    /* All bytes, padding too: a driver may hash actions to compare two runs. */
    memset(action, 0, sizeof(*action));
    action->kind = kind;
    return action;
}

uint8_t *weft_action_room(struct weft_action_queue *queue, uint32_t bytes_max)
{
    if (bytes_max > WEFT_ACTION_ARENA_BYTES - queue->arena_used) {
        return NULL;
    }
    return &queue->arena[queue->arena_used];
}

void weft_action_claim(struct weft_action_queue *queue, uint32_t bytes)
{
    uint32_t left = WEFT_ACTION_ARENA_BYTES - queue->arena_used;
    queue->arena_used += bytes < left ? bytes : left;
}
