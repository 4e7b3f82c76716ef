/* SPDX-License-Identifier: Apache-2.0 */
/* Who is where: names, addresses and segments of all nodes, and back from a name or an address to
 * the node. Everything is computed, nothing is stored per node but its segment. */
#ifndef WEFT_SIM_TOPOLOGY_H
#define WEFT_SIM_TOPOLOGY_H

#include "protocol/types.h"

/* No such node. */
#define WEFT_SIM_NOBODY UINT32_MAX

struct weft_sim_topology {
    uint64_t seed;          /* of the nodes' names */
    uint32_t node_count;    /* nodes */
    uint32_t segment_count; /* segments */
    uint32_t host_bits;     /* of an IPv4 address that count hosts; the others name the segment */
    uint32_t *segment_of;   /* segment of each node; owned */
    uint32_t *first_of;     /* first node of each segment, and node_count behind the last; owned */
};

/* Spread |node_count| nodes evenly over |segment_count| segments, at most as many.
 * Owner: the caller; ends with weft_sim_topology_end(). */
void weft_sim_topology_begin(struct weft_sim_topology *topology, uint64_t seed, uint32_t node_count,
                             uint32_t segment_count);

/* Free the tables. */
void weft_sim_topology_end(struct weft_sim_topology *topology);

/* Name of node |index|. */
weft_node_id weft_sim_topology_id(const struct weft_sim_topology *topology, uint32_t index);

/* Name and address of node |index|. */
struct weft_endpoint weft_sim_topology_endpoint(const struct weft_sim_topology *topology,
                                                uint32_t index);

/* The subnet of a segment. */
struct weft_prefix weft_sim_topology_prefix(const struct weft_sim_topology *topology,
                                            uint32_t segment);

/* The node of that name; WEFT_SIM_NOBODY if there is none. */
uint32_t weft_sim_topology_by_id(const struct weft_sim_topology *topology, weft_node_id id);

/* The node at that address; WEFT_SIM_NOBODY if there is none. */
uint32_t weft_sim_topology_by_address(const struct weft_sim_topology *topology,
                                      const struct weft_address *address);

#endif
