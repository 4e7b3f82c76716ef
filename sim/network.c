/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how long does a message take, and who is charged?". Integers only. */
#include "network.h"
#include "backbone.h"
#include "calibration.h"
#include "canary.h"
#include "memory.h"
#include "random.h"
#include "world.h"

#include <stdatomic.h>

/* A line is full from this part of its capacity on, and its queue grows up to the whole of it. */
#define FULL_FROM 973 /* 95 in 100 of WHOLE */
#define WHOLE 1024

/* Jitter of a message: up to this part of its delay. */
#define JITTER_PART 4

/* A late datagram is late by up to this; a second copy comes within; a replayed one much later. */
#define LATE_NS (WEFT_NS_PER_S / 10)
#define TWICE_NS (WEFT_NS_PER_S / 50)
#define REPLAY_LEAST_NS (1 * WEFT_NS_PER_S)
#define REPLAY_SPREAD_NS (120 * WEFT_NS_PER_S)

#define NO_LINKS UINT32_MAX

/* The source's uplink, and two directions of the access line of each site. */
static size_t lines_of(const struct weft_sim_topology *topology)
{
    return 1 + 2 * (size_t)topology->site_count;
}

void weft_sim_network_begin(struct weft_sim_network *network,
                            const struct weft_sim_options *options,
                            const struct weft_sim_topology *topology)
{
    *network = (struct weft_sim_network){.options = options, .topology = topology};
    network->cards = weft_sim_memory_take(topology->node_count, sizeof(network->cards[0]));
    network->wan_up = weft_sim_memory_take(topology->site_count, sizeof(network->wan_up[0]));
    network->wan_down = weft_sim_memory_take(topology->site_count, sizeof(network->wan_down[0]));
    network->wire = weft_sim_memory_take(topology->site_count + 1, sizeof(network->wire[0]));
    network->beside = weft_sim_memory_take(lines_of(topology), sizeof(network->beside[0]));
    for (uint32_t i = 0; i < topology->node_count; i++) {
        uint64_t rate = weft_sim_place_card(options, topology, i);
        network->cards[i].rate = weft_sim_network_goodput(rate);
        network->cards[i].backbone_links = NO_LINKS;
    }
}

void weft_sim_network_end(struct weft_sim_network *network)
{
    const struct weft_sim_topology *topology = network->topology;
    weft_sim_memory_give(network->cards, topology->node_count, sizeof(network->cards[0]));
    weft_sim_memory_give(network->wan_up, topology->site_count, sizeof(network->wan_up[0]));
    weft_sim_memory_give(network->wan_down, topology->site_count, sizeof(network->wan_down[0]));
    weft_sim_memory_give(network->wire, topology->site_count + 1, sizeof(network->wire[0]));
    weft_sim_memory_give(network->beside, lines_of(topology), sizeof(network->beside[0]));
}

uint64_t weft_sim_network_goodput(uint64_t bytes_per_s)
{
    if (bytes_per_s == 0) {
        return WEFT_SIM_FAIR_UNLIMITED;
    }
    uint64_t rate = bytes_per_s * WEFT_SIM_FAIR_UNIT;
    return rate / WEFT_SIM_LINE * WEFT_SIM_GOODPUT +
           rate % WEFT_SIM_LINE * WEFT_SIM_GOODPUT / WEFT_SIM_LINE;
}

bool weft_sim_network_is_far(const struct weft_sim_network *network, uint32_t from, uint32_t to)
{
    return from == WEFT_SIM_SOURCE || to == WEFT_SIM_SOURCE ||
           weft_sim_topology_site(network->topology, from) !=
               weft_sim_topology_site(network->topology, to);
}

weft_ns weft_sim_network_delay(const struct weft_sim_network *network, uint32_t from, uint32_t to)
{
    return weft_sim_network_is_far(network, from, to) ? network->options->wan_delay_ns
                                                      : network->options->lan_delay_ns;
}

weft_ns weft_sim_network_lookahead(const struct weft_sim_network *network)
{
    return network->options->wan_delay_ns;
}

/* --- on the wire --- */

/* |from| sends into the site of |to|, or is the cause that others do. Only the shard of |from|
 * counts, so no two threads touch one number. */
static void count_wire(struct weft_sim_network *network, uint32_t from, uint32_t to, uint64_t bytes)
{
    if (weft_sim_network_is_far(network, from, to)) {
        uint32_t site = from == WEFT_SIM_SOURCE ? network->topology->site_count
                                                : weft_sim_topology_site(network->topology, from);
        network->wire[site] += bytes;
    }
}

/* |bytes| that are no payload go from |from| to |to|, over lines that threads of other shards use
 * as well; sums do not depend on who is first. */
static void count_beside(struct weft_sim_network *network, uint32_t from, uint32_t to,
                         uint64_t bytes)
{
    const struct weft_sim_topology *topology = network->topology;
    uint32_t up = weft_sim_backbone_line(topology, from, /* up */ true);
    atomic_fetch_add_explicit(&network->beside[up], bytes, memory_order_relaxed);
    if (to != WEFT_SIM_SOURCE) {
        uint32_t down = weft_sim_backbone_line(topology, to, /* up */ false);
        atomic_fetch_add_explicit(&network->beside[down], bytes, memory_order_relaxed);
    }
}

uint64_t weft_sim_network_take_beside(struct weft_sim_network *network, uint32_t number)
{
    uint64_t bytes = atomic_load_explicit(&network->beside[number], memory_order_relaxed);
    atomic_store_explicit(&network->beside[number], 0, memory_order_relaxed);
    return bytes;
}

/* Payload, and the acknowledgements for it if they go into a site. */
static void count_wire_payload(struct weft_sim_network *network, uint32_t from, uint32_t to,
                               uint64_t bytes)
{
    uint64_t acks = from == WEFT_SIM_SOURCE ? 0 : WEFT_SIM_ACK_BYTES;
    uint64_t two_segments = 2 * WEFT_SIM_SEGMENT_BYTES + acks;
    count_wire(network, from, to, bytes * two_segments / (2 * WEFT_SIM_SEGMENT_PAYLOAD_BYTES));
    if (weft_sim_network_is_far(network, from, to)) {
        count_beside(network, to, from,
                     bytes * WEFT_SIM_ACK_BYTES / (2 * WEFT_SIM_SEGMENT_PAYLOAD_BYTES));
    }
}

uint64_t weft_sim_network_wire(const struct weft_sim_network *network)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i <= network->topology->site_count; i++) {
        sum += network->wire[i];
    }
    return sum;
}

/* --- messages --- */

/* A queue grows when its line is full. */
static weft_ns queue_ns(weft_ns whole_ns, uint32_t fullness)
{
    return fullness <= FULL_FROM ? 0 : whole_ns * (fullness - FULL_FROM) / (WHOLE - FULL_FROM);
}

static uint32_t card_fullness(const struct weft_sim_shard *shard, uint32_t node, bool up)
{
    bool here = node >= shard->first_node && node < shard->end_node;
    uint64_t load = here ? weft_sim_lan_load(shard, node, up) : 0;
    return load == 0 ? 0 : (uint32_t)(load / (shard->world->network.cards[node].rate / WHOLE + 1));
}

static weft_ns queues_ns(const struct weft_sim_shard *shard, uint32_t from, uint32_t to, bool far)
{
    const struct weft_sim_options *options = shard->world->options;
    weft_ns wait_ns = 0;
    if (far && options->wan_queue_ns > 0) {
        wait_ns +=
            queue_ns(options->wan_queue_ns, weft_sim_backbone_fullness(shard->world, from, to));
    }
    if (options->lan_queue_ns > 0) {
        wait_ns += queue_ns(options->lan_queue_ns, card_fullness(shard, from, /* up */ true));
        wait_ns += queue_ns(options->lan_queue_ns, card_fullness(shard, to, /* up */ false));
    }
    return wait_ns;
}

/* The next random number of |from|'s messages. */
static uint64_t draw(struct weft_sim_network *network, uint32_t from, enum weft_sim_purpose purpose)
{
    uint32_t *draws =
        from == WEFT_SIM_SOURCE ? &network->source_draws : &network->cards[from].draws;
    return weft_sim_random(network->options->seed, purpose, from, (*draws)++);
}

/* How often a message is sent: once, unless a bug is planted that repeats it. */
static uint32_t repeats(const struct weft_sim_shard *shard)
{
    const struct weft_sim_options *options = shard->world->options;
    bool idle = shard->world->releases.newest == WEFT_SIM_NO_RELEASE;
    bool marked = shard->world->mark_ns != 0;
    bool often = idle ? marked && weft_sim_canary(options, WEFT_SIM_CHECK_IDLE_QUIET)
                      : weft_sim_canary(options, WEFT_SIM_CHECK_BUSY_QUIET);
    return often ? 100 : 1;
}

weft_ns weft_sim_network_control(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                 uint32_t bytes)
{
    struct weft_sim_network *network = &shard->world->network;
    bool far = weft_sim_network_is_far(network, from, to);
    if (from == WEFT_SIM_SOURCE) {
        network->source.control_bytes += bytes;
    } else {
        network->cards[from].up.control_bytes += bytes * repeats(shard);
    }
    if (far && from != WEFT_SIM_SOURCE) {
        network->wan_up[weft_sim_topology_site(network->topology, from)].control_bytes += bytes;
    }
    if (far) {
        count_beside(network, from, to, bytes + WEFT_SIM_MESSAGE_HEAD_BYTES);
    }
    if (to != WEFT_SIM_SOURCE) {
        count_wire(network, from, to, bytes + WEFT_SIM_MESSAGE_HEAD_BYTES);
    }
    weft_ns base_ns = far ? network->options->wan_delay_ns : network->options->lan_delay_ns;
    uint64_t luck = draw(network, from, WEFT_SIM_FOR_DELAY);
    return base_ns + weft_sim_random_below(luck, base_ns / JITTER_PART + 1) +
           queues_ns(shard, from, to, far);
}

weft_ns weft_sim_network_document(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                  uint32_t bytes)
{
    struct weft_sim_network *network = &shard->world->network;
    bool far = weft_sim_network_is_far(network, from, to);
    uint64_t rate = from == WEFT_SIM_SOURCE ? WEFT_SIM_FAIR_UNLIMITED : network->cards[from].rate;
    uint64_t share = far ? weft_sim_backbone_share(shard->world, from, to) : rate;
    rate = (share < rate ? share : rate) / WEFT_SIM_FAIR_UNIT + 1;
    weft_ns base_ns = far ? network->options->wan_delay_ns : network->options->lan_delay_ns;
    return base_ns + queues_ns(shard, from, to, far) + (uint64_t)bytes * WEFT_NS_PER_S / rate;
}

bool weft_sim_network_loses(struct weft_sim_network *network, uint32_t from)
{
    uint32_t loss_ppm = network->options->loss_ppm;
    return loss_ppm != 0 &&
           weft_sim_random_below(draw(network, from, WEFT_SIM_FOR_LOSS), 1000000) < loss_ppm;
}

/* Is it so for this datagram, as for |share_ppm| of all? Its luck is a function of itself alone. */
static bool happens(uint64_t luck, uint32_t share_ppm)
{
    return share_ppm != 0 && weft_sim_random_below(luck, 1000000) < share_ppm;
}

uint32_t weft_sim_network_echoes(const struct weft_sim_network *network, uint32_t from,
                                 weft_ns delay_ns, weft_ns delays_ns[WEFT_SIM_ECHOES_MAX])
{
    const struct weft_sim_options *options = network->options;
    uint32_t count = 0;
    delays_ns[count++] = delay_ns;
    if ((options->late_ppm | options->twice_ppm | options->replay_ppm) == 0) {
        return count;
    }
    uint64_t luck =
        weft_sim_random(options->seed, WEFT_SIM_FOR_ECHO, from, network->cards[from].draws);
    if (happens(luck, options->late_ppm)) {
        delays_ns[0] += weft_mix(luck + 1) % LATE_NS;
    }
    if (happens(weft_mix(luck + 2), options->twice_ppm)) {
        delays_ns[count++] = delay_ns + weft_mix(luck + 3) % TWICE_NS;
    }
    if (happens(weft_mix(luck + 4), options->replay_ppm)) {
        delays_ns[count++] = REPLAY_LEAST_NS + weft_mix(luck + 5) % REPLAY_SPREAD_NS;
    }
    return count;
}

/* --- payload --- */

uint32_t weft_sim_network_weight(const struct weft_sim_network *network, uint32_t from, uint32_t to,
                                 uint32_t lane)
{
    uint64_t luck = weft_sim_random(network->options->seed, WEFT_SIM_FOR_SHARE, to,
                                    ((uint64_t)from << 32) | lane);
    uint32_t range = WEFT_SIM_SHARE_MOST - WEFT_SIM_SHARE_LEAST + 1;
    return WEFT_SIM_SHARE_LEAST + (uint32_t)weft_sim_random_below(luck, range);
}

void weft_sim_network_sent(struct weft_sim_network *network, uint32_t from, uint32_t to,
                           uint32_t bytes)
{
    count_wire_payload(network, from, to, bytes);
    if (from == WEFT_SIM_SOURCE) {
        network->source.payload_bytes += bytes;
        return;
    }
    network->cards[from].up.payload_bytes += bytes;
    if (weft_sim_network_is_far(network, from, to)) {
        network->wan_up[weft_sim_topology_site(network->topology, from)].payload_bytes += bytes;
    }
}

void weft_sim_network_received(struct weft_sim_network *network, uint32_t from, uint32_t to,
                               uint32_t bytes)
{
    if (to == WEFT_SIM_SOURCE) {
        return;
    }
    network->cards[to].down_bytes +=
        weft_sim_canary(network->options, WEFT_SIM_CHECK_BYTES_SENT) ? 2 * bytes : bytes;
    if (weft_sim_network_is_far(network, from, to)) {
        network->wan_down[weft_sim_topology_site(network->topology, to)].payload_bytes += bytes;
    }
}
