/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who of the link hears that a node is there?". */
#include "beacon.h"
#include "random.h"
#include "world.h"

#include "protocol/transport/beacon.h"
#include "protocol/view.h"

#define MILLION 1000000

static bool is_alone(const struct weft_sim_world *world, uint32_t node)
{
    return weft_view_member_count(world->nodes[node].core) <= 1;
}

static uint64_t draw(const struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_beacon *beacon = &world->beacons[node];
    return weft_sim_random(world->options->seed, WEFT_SIM_FOR_BEACON, node, ++beacon->draws);
}

/* The next beacon of |node| in |mean_ms|, -50 to +50 %. */
static void plan(struct weft_sim_shard *shard, uint32_t node, uint32_t mean_ms)
{
    struct weft_sim_beacon *beacon = &shard->world->beacons[node];
    weft_ns mean_us = mean_ms * (WEFT_NS_PER_MS / WEFT_NS_PER_US);
    weft_ns in_us = mean_us / 2 + weft_sim_random_below(draw(shard->world, node), mean_us);
    beacon->heard_count = 0;
    struct weft_sim_entry *entry = weft_sim_shard_push(
        shard, weft_sim_now(shard) + in_us * WEFT_NS_PER_US, WEFT_SIM_BEACON_DUE, node);
    entry->words[0] = beacon->draws;
}

static void plan_soon(struct weft_sim_shard *shard, uint32_t node)
{
    plan(shard, node, WEFT_BEACON_SOON_MS);
}

void weft_sim_beacon_on_start(struct weft_sim_shard *shard, uint32_t node)
{
    shard->world->beacons[node].is_answering = false;
    plan_soon(shard, node);
}

/* What was sent is there at once for who only counts it; a core hears it after the delay, but for
 * beacons of its members, which are nothing new to it. */
static void hear(struct weft_sim_shard *shard, uint32_t node, uint32_t from, bool from_alone)
{
    const struct weft_sim_world *world = shard->world;
    struct weft_sim_beacon *beacon = &world->beacons[node];
    struct weft_endpoint sender = weft_sim_topology_endpoint(&world->topology, from);
    bool known = weft_view_knows(world->nodes[node].core, &sender);
    bool asked = from_alone && !is_alone(world, node);
    if (!known && !asked) {
        weft_ns at_ns = weft_sim_now(shard) + weft_sim_network_delay(&world->network, from, node);
        weft_sim_shard_push(shard, at_ns, WEFT_SIM_BEACON, node)->peer = from;
    }
    if (!from_alone) {
        beacon->heard_count =
            (uint8_t)(beacon->heard_count + (beacon->heard_count < WEFT_BEACON_ENOUGH));
    } else if (asked && !beacon->is_answering) {
        beacon->is_answering = true;
        plan_soon(shard, node);
    }
}

static bool reaches(const struct weft_sim_world *world, uint32_t from, uint32_t to, uint64_t luck)
{
    const struct weft_sim_node *node = &world->nodes[to];
    return to != from && node->alive && node->segment == world->nodes[from].segment &&
           weft_mix(luck ^ to) % MILLION >= world->options->loss_ppm &&
           weft_sim_cut_lets(world, from, to, WEFT_BEACON_BYTES) &&
           !weft_sim_ailment_is_frozen(world, to);
}

static void send(struct weft_sim_shard *shard, uint32_t node, bool alone)
{
    struct weft_sim_world *world = shard->world;
    uint64_t luck = draw(world, node);
    world->network.cards[node].up.control_bytes += WEFT_BEACON_BYTES;
    for (uint32_t i = shard->first_node; i < shard->end_node; i++) {
        if (reaches(world, node, i, luck)) {
            hear(shard, i, node, alone);
        }
    }
}

void weft_sim_beacon_on_due(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_world *world = shard->world;
    uint32_t node = entry->node;
    struct weft_sim_beacon *beacon = &world->beacons[node];
    if (!world->nodes[node].alive || entry->words[0] != beacon->draws) {
        return;
    }
    bool alone = is_alone(world, node);
    if (alone || beacon->heard_count < (beacon->is_answering ? 1 : WEFT_BEACON_ENOUGH)) {
        send(shard, node, alone);
    }
    beacon->is_answering = false;
    plan(shard, node, alone ? WEFT_BEACON_ALONE_MS : WEFT_BEACON_MS);
}

void weft_sim_beacon_on_heard(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_world *world = shard->world;
    if (world->nodes[entry->node].alive) {
        struct weft_event event = {.kind = WEFT_EVENT_BEACON};
        event.beacon.address = weft_sim_topology_endpoint(&world->topology, entry->peer).address;
        weft_sim_node_step(shard, entry->node, &event);
    }
}
