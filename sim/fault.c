/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what goes wrong now?". Faults at a time are planned at time zero; faults at a share of
 * the work are looked at after each stored chunk, and only in runs that have them. */
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

/* Words of a FAULT: what, number of the flag's value. */
enum fault_kind { KILL, CRASH, RESTART, OUTAGE };

void weft_sim_fault_begin(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_faults *faults = &world->faults;
    faults->killed = weft_sim_memory_take(options->segment_count, 2 * sizeof(uint8_t));
    faults->victims = weft_sim_memory_take(options->segment_count, sizeof(uint32_t));
    for (uint32_t s = 0; s < options->segment_count; s++) {
        uint32_t first = world->topology.first_of[s];
        uint32_t count = world->topology.first_of[s + 1] - first;
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

/* --- what happens --- */

static void begin_outage(struct weft_sim_world *world, const struct weft_sim_outage *outage)
{
    weft_sim_source_switch(world, false);
    world->faults.planned_count++;
    weft_sim_world_push(world, weft_sim_world_now(world) + outage->length_ns,
                        WEFT_SIM_SOURCE_SWITCH, 0);
}

void weft_sim_fault_on_switch(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    (void)entry;
    world->faults.planned_count--;
    weft_sim_source_switch(world, true);
}

static void restart_all(struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < world->node_count; i++) {
        uint64_t luck = weft_sim_random(world->options->seed, WEFT_SIM_FOR_FAULT, i, 2);
        weft_sim_node_crash(world, i, RESTART_NS + weft_sim_random_below(luck, RESTART_SPREAD_NS));
    }
}

static bool is_victim(const struct weft_sim_world *world, const struct weft_sim_kill *kill,
                      uint32_t node)
{
    const struct weft_sim_node *self = &world->nodes[node];
    switch (kill->victim) {
    case WEFT_SIM_VICTIM_AGENT:
        return self->alive && weft_view_node(self->core).is_agent;
    case WEFT_SIM_VICTIM_FIRST:
        return node == world->topology.first_of[self->segment];
    case WEFT_SIM_VICTIM_ANY:
        return node == world->faults.victims[self->segment];
    }
    return false;
}

/* A --kill at a time: one node of every segment. */
static void kill_everywhere(struct weft_sim_world *world, const struct weft_sim_kill *kill)
{
    for (uint32_t s = 0; s < world->topology.segment_count; s++) {
        for (uint32_t i = world->topology.first_of[s]; i < world->topology.first_of[s + 1]; i++) {
            if (is_victim(world, kill, i)) {
                weft_sim_node_crash(world, i, kill->away_ns);
                break;
            }
        }
    }
}

static void crash_one(struct weft_sim_world *world, uint32_t number)
{
    uint64_t seed = world->options->seed;
    uint64_t luck = weft_sim_random(seed, WEFT_SIM_FOR_FAULT, number, 4);
    uint32_t node = (uint32_t)weft_sim_random_below(luck, world->node_count);
    luck = weft_sim_random(seed, WEFT_SIM_FOR_FAULT, number, 5);
    /* In microseconds, so that the spread fits the 32 bits of random_below(). */
    weft_ns spread_us = weft_sim_random_below(luck, CRASH_AWAY_SPREAD_NS / WEFT_NS_PER_US);
    weft_sim_node_crash(world, node, CRASH_AWAY_MIN_NS + spread_us * WEFT_NS_PER_US);
}

void weft_sim_fault_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    const struct weft_sim_options *options = world->options;
    uint32_t number = (uint32_t)entry->words[1];
    world->faults.planned_count--;
    switch ((enum fault_kind)entry->words[0]) {
    case KILL:
        kill_everywhere(world, &options->kills[number]);
        break;
    case CRASH:
        crash_one(world, number);
        break;
    case RESTART:
        restart_all(world);
        break;
    case OUTAGE:
        begin_outage(world, &options->outages[number]);
        break;
    }
}

/* --- when it happens --- */

static void plan(struct weft_sim_world *world, enum fault_kind kind, uint32_t number,
                 weft_ns after_ns)
{
    struct weft_sim_entry *entry =
        weft_sim_world_push(world, world->publish_ns + after_ns, WEFT_SIM_FAULT, 0);
    entry->words[0] = kind;
    entry->words[1] = number;
    world->faults.planned_count++;
}

static void plan_crashes(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    weft_ns within_ns = weft_sim_bound(options).fluid_ns / 100 * CRASH_WITHIN_PERCENT;
    for (uint32_t i = 0; i < options->crashes; i++) {
        uint64_t luck = weft_sim_random(options->seed, WEFT_SIM_FOR_FAULT, i, 3);
        weft_ns after_us = weft_sim_random_below(luck, within_ns / WEFT_NS_PER_US + 1);
        plan(world, CRASH, i, after_us * WEFT_NS_PER_US);
    }
}

void weft_sim_fault_plan(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_faults *faults = &world->faults;
    for (uint32_t i = 0; i < options->kill_count; i++) {
        faults->watches_share |= options->kills[i].when.is_share;
        if (!options->kills[i].when.is_share) {
            plan(world, KILL, i, options->kills[i].when.after_ns);
        }
    }
    for (uint32_t i = 0; i < options->restart_count; i++) {
        if (options->restarts[i].is_share) {
            faults->restarts_due |= 1u << i;
        } else {
            plan(world, RESTART, i, options->restarts[i].after_ns);
        }
    }
    for (uint32_t i = 0; i < options->outage_count; i++) {
        if (options->outages[i].when.is_share) {
            faults->outages_due |= 1u << i;
        } else {
            plan(world, OUTAGE, i, options->outages[i].when.after_ns);
        }
    }
    faults->watches_share |= faults->restarts_due != 0 || faults->outages_due != 0;
    plan_crashes(world);
}

/* Kills that wait for a share of the node's own chunks. */
static void kill_by_share(struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_options *options = world->options;
    const struct weft_sim_node *self = &world->nodes[node];
    for (uint32_t i = 0; i < options->kill_count; i++) {
        const struct weft_sim_kill *kill = &options->kills[i];
        uint8_t *done = &world->faults.killed[2 * self->segment + i / 8];
        bool due = kill->when.is_share && ((*done >> (i % 8)) & 1) == 0 &&
                   (uint64_t)self->have_count * 100 >=
                       (uint64_t)world->release.chunk_count * kill->when.percent;
        if (due && is_victim(world, kill, node)) {
            *done |= (uint8_t)(1u << (i % 8));
            weft_sim_node_crash(world, node, kill->away_ns);
            return;
        }
    }
}

void weft_sim_fault_on_progress(struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_faults *faults = &world->faults;
    uint64_t stored = world->totals.chunks_stored - world->totals.chunks_twice;
    uint64_t all = (uint64_t)world->release.chunk_count * world->node_count;
    for (uint32_t i = 0; i < options->outage_count; i++) {
        bool due = ((faults->outages_due >> i) & 1) != 0 &&
                   stored * 100 >= all * options->outages[i].when.percent;
        if (due) {
            faults->outages_due &= ~(1u << i);
            begin_outage(world, &options->outages[i]);
        }
    }
    kill_by_share(world, node);
    for (uint32_t i = 0; i < options->restart_count; i++) {
        bool due = ((faults->restarts_due >> i) & 1) != 0 &&
                   stored * 100 >= all * options->restarts[i].percent;
        if (due) {
            faults->restarts_due &= ~(1u << i);
            restart_all(world);
        }
    }
}
