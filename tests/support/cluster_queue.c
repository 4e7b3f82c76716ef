/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap; see cluster_queue.h. */
#include "tests/support/cluster_queue.h"

#include <stdlib.h>

static bool is_before(const struct weft_cluster_event *a, const struct weft_cluster_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

void weft_cluster_push(struct weft_cluster *cluster, struct weft_cluster_event *event)
{
    if (cluster->heap_count == cluster->heap_size) {
        cluster->heap_size = cluster->heap_size == 0 ? 1024 : 2 * cluster->heap_size;
        cluster->heap = realloc(cluster->heap, cluster->heap_size * sizeof(void *));
        if (cluster->heap == NULL) {
            abort();
        }
    }
    event->sequence = ++cluster->sequence;
    uint32_t at = cluster->heap_count++;
    while (at > 0 && is_before(event, cluster->heap[(at - 1) / 2])) {
        cluster->heap[at] = cluster->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    cluster->heap[at] = event;
}

struct weft_cluster_event *weft_cluster_pop(struct weft_cluster *cluster)
{
    struct weft_cluster_event *first = cluster->heap[0];
    struct weft_cluster_event *last = cluster->heap[--cluster->heap_count];
    uint32_t at = 0;
    while (2 * at + 1 < cluster->heap_count) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < cluster->heap_count &&
            is_before(cluster->heap[child + 1], cluster->heap[child])) {
            child++;
        }
        if (!is_before(cluster->heap[child], last)) {
            break;
        }
        cluster->heap[at] = cluster->heap[child];
        at = child;
    }
    cluster->heap[at] = last;
    return first;
}

struct weft_cluster_event *weft_cluster_make(struct weft_cluster *cluster,
                                             enum weft_cluster_kind kind, uint32_t node,
                                             weft_ns delay_ns, uint32_t length)
{
    struct weft_cluster_event *event = calloc(1, sizeof *event + length);
    if (event == NULL) {
        abort();
    }
    event->kind = kind;
    event->node = node;
    event->at_ns = cluster->now_ns + delay_ns;
    event->length = length;
    return event;
}
