/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who is this?". Segment s is 10.s.0.0/16 as long as there are at most 255 segments, and a
 * smaller net of 10.0.0.0/8 otherwise; node k of it is host 10 + k, as in the lab. */
#include "topology.h"
#include "memory.h"
#include "options.h"
#include "random.h"

#include "protocol/address.h"

#define PORT 7767
#define FIRST_HOST 10
#define MILLION 1000000

#define NET_BITS 24 /* of 10.0.0.0/8 */

void weft_sim_topology_begin(struct weft_sim_topology *topology, uint64_t seed, uint32_t node_count,
                             uint32_t segment_count, struct weft_sim_line line)
{
    *topology = (struct weft_sim_topology){.seed = seed,
                                           .node_count = node_count,
                                           .segment_count = segment_count,
                                           .site_count = segment_count,
                                           .host_bits = 16};
    while (((uint64_t)(segment_count + 1) << topology->host_bits) > (UINT64_C(1) << NET_BITS)) {
        topology->host_bits--;
    }
    size_t ends = (size_t)segment_count + 1;
    topology->segment_of = weft_sim_memory_take(node_count, sizeof(uint32_t));
    topology->segments = weft_sim_memory_take(ends, sizeof(topology->segments[0]));
    topology->sites = weft_sim_memory_take(ends, sizeof(topology->sites[0]));
    for (uint32_t s = 0; s <= segment_count; s++) {
        topology->segments[s].first_node = (uint32_t)((uint64_t)node_count * s / segment_count);
        topology->segments[s].site = s;
        topology->sites[s] = (struct weft_sim_site){.first_segment = s, .line = line};
    }
    for (uint32_t s = 0; s < segment_count; s++) {
        for (uint32_t i = weft_sim_topology_first(topology, s);
             i < weft_sim_topology_first(topology, s + 1); i++) {
            topology->segment_of[i] = s;
        }
    }
}

/* What others leave of a line. */
static uint64_t left(uint64_t bytes_per_s, uint32_t busy_ppm)
{
    return bytes_per_s / MILLION * (MILLION - busy_ppm) +
           bytes_per_s % MILLION * (MILLION - busy_ppm) / MILLION;
}

/* How much of the network is laid out already. */
struct layout {
    uint32_t node;    /* number of the next node */
    uint32_t segment; /* number of the next segment */
    uint32_t site;    /* number of the next site */
};

/* One more site, as number |index| of the options' list says. */
static void add_site(struct weft_sim_topology *topology, struct layout *next,
                     const struct weft_sim_place *place, uint32_t index)
{
    topology->sites[next->site] =
        (struct weft_sim_site){.first_segment = next->segment,
                               .place = index,
                               .line = {left(place->up_bytes_per_s, place->busy_ppm),
                                        left(place->down_bytes_per_s, place->busy_ppm)}};
    for (uint32_t s = 0; s < place->segments; s++) {
        topology->segments[next->segment] = (struct weft_sim_segment){next->node, next->site};
        for (uint32_t k = 0; k < place->nodes; k++) {
            topology->segment_of[next->node++] = next->segment;
        }
        next->segment++;
    }
    next->site++;
}

void weft_sim_topology_begin_sites(struct weft_sim_topology *topology,
                                   const struct weft_sim_options *options)
{
    struct weft_sim_line none = {0, 0};
    struct layout next = {0, 0, 0};
    weft_sim_topology_begin(topology, options->seed, options->node_count, options->segment_count,
                            none);
    for (uint32_t p = 0; p < options->place_count; p++) {
        for (uint32_t i = 0; i < options->places[p].sites; i++) {
            add_site(topology, &next, &options->places[p], p);
        }
    }
    topology->sites[next.site] = (struct weft_sim_site){.first_segment = next.segment};
    topology->segments[next.segment] = (struct weft_sim_segment){next.node, next.site};
    topology->site_count = next.site;
}

void weft_sim_topology_end(struct weft_sim_topology *topology)
{
    size_t segments = (size_t)topology->segment_count + 1;
    size_t sites = (size_t)topology->segment_count + 1;
    weft_sim_memory_give(topology->segment_of, topology->node_count, sizeof(uint32_t));
    weft_sim_memory_give(topology->segments, segments, sizeof(topology->segments[0]));
    weft_sim_memory_give(topology->sites, sites, sizeof(topology->sites[0]));
}

/* The last 24 bits of an address in 10.0.0.0/8, as an address. */
static struct weft_address address_of(uint32_t low, uint16_t port)
{
    uint8_t ipv4[4] = {10, (uint8_t)(low >> 16), (uint8_t)(low >> 8), (uint8_t)low};
    return weft_address_of_ipv4(ipv4, port);
}

weft_node_id weft_sim_topology_id(const struct weft_sim_topology *topology, uint32_t index)
{
    for (uint32_t i = 0; i < topology->clone_count; i++) {
        if (topology->clones[i].node == index) {
            index = topology->clones[i].as;
            break;
        }
    }
    /* The index in the lower half finds the node again; the upper half spreads rendezvous order. */
    uint64_t luck = weft_sim_random(topology->seed, WEFT_SIM_FOR_ID, index, 0);
    return (luck << 32) | (index + 1);
}

bool weft_sim_topology_is_shared(const struct weft_sim_topology *topology, weft_node_id id)
{
    for (uint32_t i = 0; i < topology->clone_count; i++) {
        if (weft_sim_topology_id(topology, topology->clones[i].as) == id) {
            return true;
        }
    }
    return false;
}

void weft_sim_topology_clone(struct weft_sim_topology *topology, uint32_t node, uint32_t as)
{
    bool real = weft_sim_topology_id(topology, as) != weft_sim_topology_id(topology, node) &&
                weft_sim_topology_by_id(topology, weft_sim_topology_id(topology, as)) == as;
    if (real && topology->clone_count < WEFT_SIM_CLONES_MAX) {
        topology->clones[topology->clone_count++] = (struct weft_sim_clone){node, as};
    }
}

static const struct weft_sim_seat *find_seat(const struct weft_sim_topology *topology,
                                             uint32_t node)
{
    for (uint32_t i = 0; i < topology->seat_count; i++) {
        if (topology->seats[i].node == node) {
            return &topology->seats[i];
        }
    }
    return NULL;
}

bool weft_sim_topology_move(struct weft_sim_topology *topology, uint32_t node, uint32_t segment)
{
    struct weft_sim_seat *seat = NULL;
    for (uint32_t i = 0; i < topology->seat_count; i++) {
        seat = topology->seats[i].node == node ? &topology->seats[i] : seat;
    }
    uint32_t own =
        weft_sim_topology_first(topology, segment + 1) - weft_sim_topology_first(topology, segment);
    uint32_t host = FIRST_HOST + own + topology->moves;
    if (host >= (UINT32_C(1) << topology->host_bits) - 1 ||
        (seat == NULL && topology->seat_count == WEFT_SIM_SEATS_MAX)) {
        return false;
    }
    seat = seat == NULL ? &topology->seats[topology->seat_count++] : seat;
    *seat = (struct weft_sim_seat){.node = node, .segment = segment, .host = host};
    topology->segment_of[node] = segment;
    topology->moves++;
    return true;
}

struct weft_endpoint weft_sim_topology_endpoint(const struct weft_sim_topology *topology,
                                                uint32_t index)
{
    uint32_t segment = topology->segment_of[index];
    const struct weft_sim_seat *seat = find_seat(topology, index);
    uint32_t host =
        seat != NULL ? seat->host : FIRST_HOST + index - weft_sim_topology_first(topology, segment);
    uint32_t low = ((segment + 1) << topology->host_bits) + host;
    return (struct weft_endpoint){.id = weft_sim_topology_id(topology, index),
                                  .address = address_of(low, PORT)};
}

struct weft_prefix weft_sim_topology_prefix(const struct weft_sim_topology *topology,
                                            uint32_t segment)
{
    struct weft_address address = address_of((segment + 1) << topology->host_bits, PORT);
    return weft_prefix_of(address.ip, 128 - topology->host_bits);
}

uint32_t weft_sim_topology_by_id(const struct weft_sim_topology *topology, weft_node_id id)
{
    uint32_t index = (uint32_t)id - 1;
    bool known = index < topology->node_count && weft_sim_topology_id(topology, index) == id;
    return known ? index : WEFT_SIM_NOBODY;
}

uint32_t weft_sim_topology_by_address(const struct weft_sim_topology *topology,
                                      const struct weft_address *address)
{
    if (!weft_address_is_ipv4(address->ip) || address->ip[12] != 10 || address->port != PORT) {
        return WEFT_SIM_NOBODY;
    }
    uint32_t low =
        (uint32_t)address->ip[13] << 16 | (uint32_t)address->ip[14] << 8 | address->ip[15];
    uint32_t segment = (low >> topology->host_bits) - 1;
    uint32_t host = low & ((UINT32_C(1) << topology->host_bits) - 1);
    for (uint32_t i = 0; i < topology->seat_count; i++) {
        if (topology->seats[i].segment == segment && topology->seats[i].host == host) {
            return topology->seats[i].node;
        }
    }
    if (segment >= topology->segment_count || host < FIRST_HOST) {
        return WEFT_SIM_NOBODY;
    }
    uint32_t index = weft_sim_topology_first(topology, segment) + host - FIRST_HOST;
    bool there = index < weft_sim_topology_first(topology, segment + 1) &&
                 find_seat(topology, index) == NULL;
    return there ? index : WEFT_SIM_NOBODY;
}
