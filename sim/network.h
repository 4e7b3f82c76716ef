/* SPDX-License-Identifier: Apache-2.0 */
/* The links between machines: how long bytes take, and who pays for them.
 *
 * First model: every link (a host's up and down side, a segment's WAN line up and down, the
 * source's uplink) serves transfers one after the other at its rate; a transfer is reserved on all
 * links of its path when it starts and ends when the last of them is done. A transfer much shorter
 * than those before it gets its share at once. Callers start one chunk at a time, so sharing is
 * fair chunk by chunk. The calls below fit a flow model as well: a transfer starts, and later its
 * end comes out of the event queue; nobody else knows why then.
 * SPEC.md section "Simulator". */
#ifndef WEFT_SIM_NETWORK_H
#define WEFT_SIM_NETWORK_H

#include "queue.h"

/* In place of the index of a host: the source. */
#define WEFT_SIM_SOURCE UINT32_MAX

struct weft_sim_network_shape {
    uint32_t host_count;         /* machines */
    uint32_t segment_count;      /* segments, each behind one WAN line */
    const uint32_t *segment_of;  /* segment of each host; borrowed for the network's life */
    uint64_t lan_bytes_per_s;    /* a host's rate, each way; 0 = no limit */
    uint64_t wan_bytes_per_s;    /* a segment's rate, each way; 0 = no limit */
    uint64_t source_bytes_per_s; /* the source's uplink; 0 = no limit */
    weft_ns lan_delay_ns;        /* one way, inside a segment */
    weft_ns wan_delay_ns;        /* one way, between segments and to the source */
    uint32_t loss_ppm;           /* datagrams lost, of a million */
    uint64_t seed;               /* of jitter and loss */
};

/* What one link has carried. */
struct weft_sim_link_bytes {
    uint64_t payload_bytes; /* chunks and documents */
    uint64_t control_bytes; /* datagrams and control frames, without headers of lower layers; not
                               counted on a host's down side */
};

/* What happens when a transfer ends: an entry of this kind with these fields, words[0] = owner,
 * words[1] = when its first byte was on the wire. */
struct weft_sim_transfer {
    uint32_t from;  /* host, or WEFT_SIM_SOURCE */
    uint32_t to;    /* host, or WEFT_SIM_SOURCE */
    uint32_t bytes; /* payload */
    uint8_t kind;   /* of the entry */
    uint32_t node;  /* of the entry */
    uint64_t owner; /* handle of the caller's record */
};

struct weft_sim_network; /* opaque */

/* A network of this shape, idle.
 * Owner: the caller; ends with weft_sim_network_free(). Borrows |queue| and shape->segment_of. */
struct weft_sim_network *weft_sim_network_new(const struct weft_sim_network_shape *shape,
                                              struct weft_sim_queue *queue);

/* Free the network; NULL is fine. */
void weft_sim_network_free(struct weft_sim_network *network);

/* Start a transfer now; its end is pushed to the queue. A caller that loses interest forgets the
 * owner's handle; the capacity is not given back.
 * Returns when its first byte is sent, now or later. */
weft_ns weft_sim_network_start(struct weft_sim_network *network,
                               const struct weft_sim_transfer *transfer);

/* One-way delay between two hosts or a host and the source, without jitter. */
weft_ns weft_sim_network_delay(const struct weft_sim_network *network, uint32_t from, uint32_t to);

/* Count a control message of |bytes| on the links of its path, the receiver's own one left out.
 * Returns its one-way delay, jitter included. */
weft_ns weft_sim_network_control(struct weft_sim_network *network, uint32_t from, uint32_t to,
                                 uint32_t bytes);

/* Is the datagram that |from| sends now lost? Draws once per call. */
bool weft_sim_network_loses(struct weft_sim_network *network, uint32_t from);

/* What a host's link carried, up (away from it) or down. */
struct weft_sim_link_bytes weft_sim_network_host(const struct weft_sim_network *network,
                                                 uint32_t host, bool up);

/* What a segment's WAN line carried, up (out of it) or down (into it). */
struct weft_sim_link_bytes weft_sim_network_wan(const struct weft_sim_network *network,
                                                uint32_t segment, bool up);

/* What the source's uplink carried. */
struct weft_sim_link_bytes weft_sim_network_source(const struct weft_sim_network *network);

#endif
