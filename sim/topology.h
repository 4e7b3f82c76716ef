/* SPDX-License-Identifier: Apache-2.0 */
/* Who is where, and how is it connected: sites behind access lines, segments in sites, nodes in
 * segments; names and addresses of all nodes, and back from a name or an address to the node. Names
 * and addresses are computed, not stored. */
#ifndef WEFT_SIM_TOPOLOGY_H
#define WEFT_SIM_TOPOLOGY_H

#include "protocol/types.h"

struct weft_sim_options;

/* No such node. */
#define WEFT_SIM_NOBODY UINT32_MAX

/* In place of the index of a node: the source. */
#define WEFT_SIM_SOURCE (UINT32_MAX - 1)

/* Rates of a line; 0 = no limit. */
struct weft_sim_line {
    uint64_t up_bytes_per_s;   /* away from whoever it belongs to */
    uint64_t down_bytes_per_s; /* towards it */
};

struct weft_sim_segment {
    uint32_t first_node; /* its nodes are those up to the next segment's first */
    uint32_t site;       /* where it is */
};

struct weft_sim_site {
    uint32_t first_segment;    /* its segments are those up to the next site's first */
    struct weft_sim_line line; /* its access line to everybody else */
    uint32_t place;            /* number of the --site that it is of; 0 without */
};

/* A node that has moved, and where it is now. */
struct weft_sim_seat {
    uint32_t node;    /* who */
    uint32_t segment; /* where */
    uint32_t host;    /* its number there, beyond those of the segment's own nodes */
};

/* A node that runs with the identity of another one. */
struct weft_sim_clone {
    uint32_t node; /* who */
    uint32_t as;   /* whose name it has */
};

/* Clones in one run. */
#define WEFT_SIM_CLONES_MAX 64

/* Nodes that move in one run. */
#define WEFT_SIM_SEATS_MAX 128

struct weft_sim_topology {
    uint64_t seed;                     /* of the nodes' names */
    uint32_t node_count;               /* nodes */
    uint32_t segment_count;            /* segments */
    uint32_t site_count;               /* sites */
    uint32_t host_bits;                /* of an IPv4 address that count hosts */
    uint32_t *segment_of;              /* segment of each node; owned */
    struct weft_sim_segment *segments; /* segment_count, and one behind the last; owned */
    struct weft_sim_site *sites;       /* site_count, and one behind the last; owned */
    struct weft_sim_seat seats[WEFT_SIM_SEATS_MAX];    /* of nodes that have moved */
    uint32_t seat_count;                               /* entries of seats */
    uint32_t moves;                                    /* so far: no address is used again */
    struct weft_sim_clone clones[WEFT_SIM_CLONES_MAX]; /* nodes with another one's name */
    uint32_t clone_count;                              /* entries of clones */
};

/* Spread |node_count| nodes evenly over |segment_count| segments, at most as many; every segment is
 * a site with the access line |line|.
 * Owner: the caller; ends with weft_sim_topology_end(). */
void weft_sim_topology_begin(struct weft_sim_topology *topology, uint64_t seed, uint32_t node_count,
                             uint32_t segment_count, struct weft_sim_line line);

/* The network of the sites that |options| list, at least one.
 * Owner: likewise. */
void weft_sim_topology_begin_sites(struct weft_sim_topology *topology,
                                   const struct weft_sim_options *options);

/* Free the tables. */
void weft_sim_topology_end(struct weft_sim_topology *topology);

/* The site of a node. */
static inline uint32_t weft_sim_topology_site(const struct weft_sim_topology *topology,
                                              uint32_t node)
{
    return topology->segments[topology->segment_of[node]].site;
}

/* The first node of |segment|; of the number of segments: one behind the last node. */
static inline uint32_t weft_sim_topology_first(const struct weft_sim_topology *topology,
                                               uint32_t segment)
{
    return topology->segments[segment].first_node;
}

/* Name of node |index|. */
weft_node_id weft_sim_topology_id(const struct weft_sim_topology *topology, uint32_t index);

/* Name and address of node |index|. */
struct weft_endpoint weft_sim_topology_endpoint(const struct weft_sim_topology *topology,
                                                uint32_t index);

/* The subnet of a segment. */
struct weft_prefix weft_sim_topology_prefix(const struct weft_sim_topology *topology,
                                            uint32_t segment);

/* Before anything runs: |node| has the name of |as|.
 * Errors: no effect if there are too many clones, or it is a node's own name. */
void weft_sim_topology_clone(struct weft_sim_topology *topology, uint32_t node, uint32_t as);

/* Have two nodes the name |id|? */
bool weft_sim_topology_is_shared(const struct weft_sim_topology *topology, weft_node_id id);

/* Give |node| a new address in |segment|.
 * Errors: false if no node or address is left; nothing has changed then. */
bool weft_sim_topology_move(struct weft_sim_topology *topology, uint32_t node, uint32_t segment);

/* The node of that name, the real one if there are clones; WEFT_SIM_NOBODY if there is none. */
uint32_t weft_sim_topology_by_id(const struct weft_sim_topology *topology, weft_node_id id);

/* The node at that address; WEFT_SIM_NOBODY if there is none. */
uint32_t weft_sim_topology_by_address(const struct weft_sim_topology *topology,
                                      const struct weft_address *address);

#endif
