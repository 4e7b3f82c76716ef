/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what came of it?" by counting. */
#include "summary.h"
#include "memory.h"

#include "protocol/view.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MILLION UINT64_C(1000000)

static int by_time(const void *a, const void *b)
{
    const weft_ns *left = a;
    const weft_ns *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* The release that the figures are of: the last one that has appeared, or the first one. */
static const struct weft_sim_release *release_of(const struct weft_sim_world *world)
{
    const struct weft_sim_releases *releases = &world->releases;
    return &releases->items[releases->newest == WEFT_SIM_NO_RELEASE ? 0 : releases->newest];
}

static void count_completion(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    weft_ns zero_ns = release_of(world)->publish_ns;
    weft_ns *times = weft_sim_memory_take(world->node_count, sizeof(*times));
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        if (weft_sim_publish_counts(world, node)) {
            times[count++] = node->complete_ns - zero_ns;
        } else if (node->alive && !node->hostile) {
            summary->incomplete++;
            enum weft_stall stall = weft_view_node(node->core).stall;
            summary->stalls[stall == WEFT_STALL_NONE ? WEFT_STALL_NO_MANIFEST : stall]++;
        }
    }
    qsort(times, count, sizeof(*times), by_time);
    summary->complete = count;
    if (count > 0) {
        summary->makespan_ns = times[count - 1];
        summary->p50_ns = times[(count - 1) / 2];
        summary->p95_ns = times[(uint64_t)(count - 1) * 95 / 100];
    }
    weft_sim_memory_give(times, world->node_count, sizeof(*times));
}

static uint64_t ppm(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : part / whole * MILLION + part % whole * MILLION / whole;
}

static void count_wan(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    uint64_t total = 0;
    uint64_t all = world->releases.items[0].bytes * world->releases.count;
    for (uint32_t s = 0; s < world->topology.site_count; s++) {
        uint64_t copies = ppm(world->network.wan_down[s].payload_bytes, all);
        total += copies;
        if (copies > summary->wan_in_max_ppm) {
            summary->wan_in_max_ppm = copies;
            summary->wan_in_max_segment = s;
        }
    }
    uint32_t sites = world->topology.site_count;
    summary->wan_in_mean_ppm = sites == 0 ? 0 : total / sites;
    summary->wan_in_wire_bytes = weft_sim_network_wire(&world->network) - world->wire_zero;
    summary->source_copies_ppm = ppm(world->network.source.payload_bytes, all);
}

static void count_control(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    uint64_t total = 0;
    uint64_t idle = 0;
    uint64_t idle_ms = (world->releases.items[0].publish_ns - world->mark_ns) / WEFT_NS_PER_MS;
    bool published = world->releases.newest != WEFT_SIM_NO_RELEASE;
    uint32_t honest = 0;
    for (uint32_t i = 0; published && i < world->node_count; i++) {
        if (world->nodes[i].hostile) {
            continue; /* a flood is no cost of the protocol */
        }
        honest++;
        uint64_t sent = world->network.cards[i].up.control_bytes - world->control_zero[i];
        uint64_t before = world->control_zero[i] - world->control_mark[i];
        total += sent;
        idle += before;
        summary->control_max = sent > summary->control_max ? sent : summary->control_max;
        before = idle_ms == 0 ? 0 : before * 1000 / idle_ms;
        summary->idle_max = before > summary->idle_max ? before : summary->idle_max;
    }
    honest = honest == 0 ? 1 : honest;
    summary->control_mean = total / honest;
    summary->idle_mean = idle_ms == 0 ? 0 : idle * 1000 / idle_ms / honest;
}

static void count_node(struct weft_sim_summary *summary, const struct weft_core *core)
{
    struct weft_view_counters counters = weft_view_counters(core);
    struct weft_view_release release;
    for (uint32_t i = 0; weft_view_release(core, i, &release); i++) {
        for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
            summary->bytes_by_tier[t] += release.bytes_by_tier[t];
        }
    }
    summary->leases_moved += counters.leases_moved;
    for (uint32_t i = 0; i < WEFT_REJECT_COUNT; i++) {
        summary->rejects[i] += counters.rejects[i];
    }
}

static void count_cores(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    for (uint32_t s = 0; s < world->topology.segment_count; s++) {
        uint32_t agents = 0;
        uint32_t end = weft_sim_topology_first(&world->topology, s + 1);
        for (uint32_t i = weft_sim_topology_first(&world->topology, s); i < end; i++) {
            const struct weft_core *core = world->nodes[i].core;
            if (world->nodes[i].alive) {
                count_node(summary, core);
                agents += weft_view_node(core).is_agent;
            }
        }
        summary->agents += agents;
        summary->segments_without_agent += agents == 0;
    }
}

void weft_sim_summary_make(struct weft_sim_summary *summary, const struct weft_sim_world *world,
                           uint64_t wall_ns)
{
    memset(summary, 0, sizeof(*summary));
    summary->bound = weft_sim_bound(world->options);
    const struct weft_sim_release *release = release_of(world);
    weft_ns zero_ns = world->releases.items[0].publish_ns;
    summary->simulated_ns = world->now_ns > zero_ns ? world->now_ns - zero_ns : 0;
    summary->totals = weft_sim_world_totals(world);
    for (uint32_t i = 0; i < world->shard_count; i++) {
        summary->events += weft_sim_queue_popped(world->shards[i].queue);
        summary->trace_hash =
            weft_sim_record_fold(summary->trace_hash, world->shards[i].record.hash);
    }
    summary->wall_ns = wall_ns;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    summary->memory_bytes = (uint64_t)usage.ru_maxrss * 1024;
    if (release->first_known_ns != 0) {
        summary->first_known_ns = release->first_known_ns - release->publish_ns;
        summary->last_known_ns = release->last_known_ns - release->publish_ns;
    }
    count_completion(summary, world);
    count_wan(summary, world);
    count_control(summary, world);
    count_cores(summary, world);
}
