/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a demo and what is known of each: filled by demo_poll.h, shown by demo_view.h and
 * demo_summary.h. Plain data. */
#ifndef WEFT_DEMO_MESH_H
#define WEFT_DEMO_MESH_H

#include "demo_child.h"
#include "demo_net.h"
#include "demo_place.h"

/* Version of the small release that nodes get before the clock starts, and of the one measured. */
#define WEFT_DEMO_FIRST "1"
#define WEFT_DEMO_SECOND "2"

/* Name of the demo's component. */
#define WEFT_DEMO_COMPONENT "payload"

/* A moment that has not come. */
#define WEFT_DEMO_NOT_YET UINT64_MAX

struct weft_demo_node {
    uint32_t segment;                      /* 0.. */
    char address[WEFT_DEMO_ADDRESS_BYTES]; /* without port */
    char data[1200];                       /* --data */
    char link[1200];                       /* LINK of the component */
    struct weft_demo_child child;          /* its process */
    bool answers;                          /* it answered at least once */
    bool is_agent;                         /* at the last answer */
    uint64_t alive;                        /* nodes of its segment it holds alive */
    uint64_t remote_known;                 /* nodes of other segments it knows */
    bool has_first;                        /* the first release is active */
    bool knows;                            /* it knows that there is a second release */
    bool active;                           /* the second release is active */
    uint64_t bytes;                        /* of the second release; 0 = not known yet */
    uint64_t bytes_have;                   /* of them, verified and stored */
    uint64_t tiers[WEFT_TIER_COUNT];       /* received of it, by where from */
    uint64_t active_ms;                    /* when it was seen active, since time zero */
    char waits[32];                        /* stall word */
    char error[256];                       /* of its component; "" = none */
};

struct weft_demo_segment {
    char prefix[WEFT_DEMO_ADDRESS_BYTES]; /* "127.77.1.0/24" */
    uint32_t first;                       /* node */
    uint32_t count;                       /* nodes */
    uint64_t half_ms;                     /* when half of its bytes were there */
    uint64_t full_ms;                     /* when its last byte was there */
    uint64_t active_ms;                   /* when its last node was active */
};

struct weft_demo_mesh {
    struct weft_demo_options options;                          /* flags */
    struct weft_demo_place place;                              /* directory */
    uint16_t port;                                             /* of source and nodes */
    int port_lock;                                             /* keeps it ours; -1 = none */
    struct weft_demo_child source;                             /* `weft source` */
    struct weft_demo_node nodes[WEFT_DEMO_NODES_MAX];          /* options.nodes entries */
    struct weft_demo_segment segments[WEFT_DEMO_SEGMENTS_MAX]; /* options.segments entries */
    int64_t zero_ms;   /* monotonic time at which the source was told to be looked at */
    uint64_t heard_ms; /* when every node knew of the second release */
    uint64_t bytes;    /* of the second release, as the nodes say; 0 = not known yet */
};

/* Sums over nodes [first, first + count). */
struct weft_demo_sum {
    uint64_t bytes_have;             /* of the second release */
    uint32_t active;                 /* nodes where it is active */
    uint64_t tiers[WEFT_TIER_COUNT]; /* received, by where from */
    uint64_t wan_bytes;              /* of them, from outside the segment */
};

/* Milliseconds of a clock that never jumps. */
int64_t weft_demo_now_ms(void);

/* Milliseconds since time zero. */
uint64_t weft_demo_elapsed_ms(const struct weft_demo_mesh *mesh);

/* Put addresses and paths into all nodes and segments of an open place. */
void weft_demo_mesh_lay_out(struct weft_demo_mesh *mesh);

/* Add up what nodes [first, first + count) have. */
struct weft_demo_sum weft_demo_mesh_sum(const struct weft_demo_mesh *mesh, uint32_t first,
                                        uint32_t count);

/* Add up everything. */
struct weft_demo_sum weft_demo_mesh_total(const struct weft_demo_mesh *mesh);

#endif
