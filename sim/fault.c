/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what goes wrong now?". Faults at a time are planned at time zero; faults at a share of
 * the work are looked at after a chunk was stored (a node's own work) or between windows (all the
 * work), and only in runs that have them. */
#include "fault.h"
#include "bound.h"
#include "memory.h"
#include "random.h"
#include "source.h"
#include "world.h"

#include "protocol/view.h"

/* Random crashes are away this long, and happen within this multiple of the lower bound. */
#define CRASH_AWAY_MIN_NS (WEFT_NS_PER_S / 2)
#define CRASH_AWAY_SPREAD_NS (19 * WEFT_NS_PER_S / 2)
#define CRASH_WITHIN_PERCENT 150

/* After --restart-all, nodes come back after one second and within a further half. */
#define RESTART_NS (1 * WEFT_NS_PER_S)
#define RESTART_SPREAD_NS (WEFT_NS_PER_S / 2)

/* Words of a NODE_CRASH: what, number of the flag's value. */
enum crash_kind { KILL, RANDOM };

/* Words of an OUTAGE: does the source stop, number of the flag's value. */
enum { OUTAGE_ENDS, OUTAGE_BEGINS };

void weft_sim_fault_begin(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_faults *faults = &world->faults;
    faults->killed = weft_sim_memory_take(options->segment_count, 2 * sizeof(uint8_t));
    faults->victims = weft_sim_memory_take(options->segment_count, sizeof(uint32_t));
    for (uint32_t s = 0; s < options->segment_count; s++) {
        uint32_t first = weft_sim_topology_first(&world->topology, s);
        uint32_t count = weft_sim_topology_first(&world->topology, s + 1) - first;
        uint64_t luck = weft_sim_random(options->seed, WEFT_SIM_FOR_FAULT, s, 1);
        faults->victims[s] = first + (uint32_t)weft_sim_random_below(luck, count);
    }
}

void weft_sim_fault_end(struct weft_sim_world *world)
{
    uint32_t count = world->options->segment_count;
    weft_sim_memory_give(world->faults.killed, count, 2 * sizeof(uint8_t));
    weft_sim_memory_give(world->faults.victims, count, sizeof(uint32_t));
}

/* --- what happens to nodes --- */

static bool is_victim(const struct weft_sim_world *world, const struct weft_sim_kill *kill,
                      uint32_t node)
{
    const struct weft_sim_node *self = &world->nodes[node];
    switch (kill->victim) {
    case WEFT_SIM_VICTIM_AGENT:
        return self->alive && weft_view_node(self->core).is_agent;
    case WEFT_SIM_VICTIM_FIRST:
        return node == weft_sim_topology_first(&world->topology, self->segment);
    case WEFT_SIM_VICTIM_ANY:
        return node == world->faults.victims[self->segment];
    }
    return false;
}

/* A --kill at a time: the first victim of the segment in which |node| is. */
static void kill_one(struct weft_sim_shard *shard, const struct weft_sim_kill *kill, uint32_t node)
{
    const struct weft_sim_world *world = shard->world;
    uint32_t segment = world->nodes[node].segment;
    uint32_t end = weft_sim_topology_first(&world->topology, segment + 1);
    for (uint32_t i = weft_sim_topology_first(&world->topology, segment); i < end; i++) {
        if (is_victim(world, kill, i)) {
            weft_sim_node_crash(shard, i, kill->away_ns);
            return;
        }
    }
}

void weft_sim_fault_on_crash(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_options *options = shard->world->options;
    uint32_t number = (uint32_t)entry->words[1];
    shard->totals.planned--;
    if (entry->words[0] == KILL) {
        kill_one(shard, &options->kills[number], entry->node);
        return;
    }
    uint64_t luck = weft_sim_random(options->seed, WEFT_SIM_FOR_FAULT, number, 5);
    /* In microseconds, so that the spread fits the 32 bits of random_below(). */
    weft_ns spread_us = weft_sim_random_below(luck, CRASH_AWAY_SPREAD_NS / WEFT_NS_PER_US);
    weft_sim_node_crash(shard, entry->node, CRASH_AWAY_MIN_NS + spread_us * WEFT_NS_PER_US);
}

/* Kills that wait for a share of the node's own chunks. */
void weft_sim_fault_on_progress(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_world *world = shard->world;
    const struct weft_sim_options *options = world->options;
    const struct weft_sim_node *self = &world->nodes[node];
    uint64_t all = world->releases.items[self->fetching].chunk_count;
    for (uint32_t i = 0; i < options->kill_count; i++) {
        const struct weft_sim_kill *kill = &options->kills[i];
        uint8_t *done = &world->faults.killed[2 * self->segment + i / 8];
        bool due = kill->when.is_share && ((*done >> (i % 8)) & 1) == 0 &&
                   (uint64_t)self->have_count * 100 >= all * kill->when.percent;
        if (due && is_victim(world, kill, node)) {
            *done |= (uint8_t)(1u << (i % 8));
            weft_sim_node_crash(shard, node, kill->away_ns);
            return;
        }
    }
}

/* --- what happens to everybody --- */

static void begin_outage(struct weft_sim_world *world, uint32_t number)
{
    weft_sim_source_switch(world, false);
    world->faults.planned_count++;
    weft_sim_world_agree(world, world->now_ns + world->options->outages[number].length_ns,
                         WEFT_SIM_OUTAGE, OUTAGE_ENDS, number);
}

static void restart_all(struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < world->node_count; i++) {
        uint64_t luck = weft_sim_random(world->options->seed, WEFT_SIM_FOR_FAULT, i, 2);
        weft_sim_node_crash(weft_sim_world_shard(world, i), i,
                            RESTART_NS + weft_sim_random_below(luck, RESTART_SPREAD_NS));
    }
}

void weft_sim_fault_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    world->faults.planned_count--;
    if (entry->kind == WEFT_SIM_RESTART) {
        restart_all(world);
    } else if (entry->words[0] == OUTAGE_BEGINS) {
        begin_outage(world, (uint32_t)entry->words[1]);
    } else {
        weft_sim_source_switch(world, true);
    }
}

void weft_sim_fault_on_meeting(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_faults *faults = &world->faults;
    uint64_t stored = weft_sim_world_totals(world).chunks_new;
    uint64_t all = (uint64_t)world->releases.items[0].chunk_count * world->node_count;
    for (uint32_t i = 0; i < options->outage_count; i++) {
        bool due = ((faults->outages_due >> i) & 1) != 0 &&
                   stored * 100 >= all * options->outages[i].when.percent;
        if (due) {
            faults->outages_due &= ~(1u << i);
            begin_outage(world, i);
        }
    }
    for (uint32_t i = 0; i < options->restart_count; i++) {
        bool due = ((faults->restarts_due >> i) & 1) != 0 &&
                   stored * 100 >= all * options->restarts[i].percent;
        if (due) {
            faults->restarts_due &= ~(1u << i);
            restart_all(world);
        }
    }
}

/* --- when it happens --- */

static void plan_crash(struct weft_sim_world *world, enum crash_kind kind, uint32_t number,
                       weft_ns after_ns, uint32_t node)
{
    struct weft_sim_shard *shard = weft_sim_world_shard(world, node);
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, world->now_ns + after_ns, WEFT_SIM_NODE_CRASH, node);
    entry->words[0] = kind;
    entry->words[1] = number;
    shard->totals.planned++;
}

static void plan_agenda(struct weft_sim_world *world, enum weft_sim_kind kind, uint32_t number,
                        weft_ns after_ns)
{
    weft_sim_world_agree(world, world->now_ns + after_ns, kind, OUTAGE_BEGINS, number);
    world->faults.planned_count++;
}

static void plan_random(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    weft_ns within_ns = weft_sim_bound(options).fluid_ns / 100 * CRASH_WITHIN_PERCENT;
    for (uint32_t i = 0; i < options->crashes; i++) {
        uint64_t luck = weft_sim_random(options->seed, WEFT_SIM_FOR_FAULT, i, 3);
        weft_ns after_us = weft_sim_random_below(luck, within_ns / WEFT_NS_PER_US + 1);
        luck = weft_sim_random(options->seed, WEFT_SIM_FOR_FAULT, i, 4);
        uint32_t node = (uint32_t)weft_sim_random_below(luck, world->node_count);
        plan_crash(world, RANDOM, i, after_us * WEFT_NS_PER_US, node);
    }
}

static void plan_kills(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    for (uint32_t i = 0; i < options->kill_count; i++) {
        const struct weft_sim_when *when = &options->kills[i].when;
        world->faults.watches_share |= when->is_share;
        for (uint32_t s = 0; !when->is_share && s < options->segment_count; s++) {
            uint32_t first = weft_sim_topology_first(&world->topology, s);
            plan_crash(world, KILL, i, when->after_ns, first);
        }
    }
}

void weft_sim_fault_plan(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_faults *faults = &world->faults;
    plan_kills(world);
    for (uint32_t i = 0; i < options->restart_count; i++) {
        if (options->restarts[i].is_share) {
            faults->restarts_due |= 1u << i;
        } else {
            plan_agenda(world, WEFT_SIM_RESTART, i, options->restarts[i].after_ns);
        }
    }
    for (uint32_t i = 0; i < options->outage_count; i++) {
        if (options->outages[i].when.is_share) {
            faults->outages_due |= 1u << i;
        } else {
            plan_agenda(world, WEFT_SIM_OUTAGE, i, options->outages[i].when.after_ns);
        }
    }
    faults->watches_share |= faults->restarts_due != 0 || faults->outages_due != 0;
    plan_random(world);
}
