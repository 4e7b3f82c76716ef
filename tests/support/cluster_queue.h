/* SPDX-License-Identifier: Apache-2.0 */
/* What happens next in a cluster? Its events, in order of time. */
#ifndef WEFT_CLUSTER_QUEUE_H
#define WEFT_CLUSTER_QUEUE_H

#include "tests/support/cluster.h"

enum weft_cluster_kind {
    WEFT_CLUSTER_TICK,
    WEFT_CLUSTER_DATAGRAM,
    WEFT_CLUSTER_CHECKED,
    WEFT_CLUSTER_LOOKED
};

struct weft_cluster_event {
    enum weft_cluster_kind kind; /* what happens */
    weft_ns at_ns;               /* when */
    uint64_t sequence;           /* order among events of one time */
    uint32_t node;               /* to whom */
    uint64_t life;               /* incarnation of the node it is meant for; 0 = any */
    struct weft_endpoint from;   /* DATAGRAM, CHECKED */
    uint32_t from_node;          /* DATAGRAM */
    uint8_t hop_limit;           /* DATAGRAM */
    weft_bulletin bulletin;      /* CHECKED */
    uint32_t length;             /* of bytes */
    uint8_t bytes[];             /* DATAGRAM, CHECKED */
};

/* An event of |kind| for |node| in |delay_ns|, with room for bytes[length]; not in the queue yet.
 * Owner:  weft_cluster_push() takes it. */
struct weft_cluster_event *weft_cluster_make(struct weft_cluster *cluster,
                                             enum weft_cluster_kind kind, uint32_t node,
                                             weft_ns delay_ns, uint32_t length);

/* Put |event| in its place. */
void weft_cluster_push(struct weft_cluster *cluster, struct weft_cluster_event *event);

/* Take out the first event; there is one.
 * Owner:  the caller; free(). */
struct weft_cluster_event *weft_cluster_pop(struct weft_cluster *cluster);

#endif
