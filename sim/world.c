/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what exists?": makes the network, the nodes and the shards, and sums up what the shards
 * counted. How time passes: world_run.c. */
#include "world.h"
#include "capacity.h"
#include "memory.h"
#include "stream.h"

#include "protocol/limits.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Stream slots of a node beyond what its core keeps: being opened, refused or closed. */
#define SPARE_ENDS 16

_Static_assert((WEFT_LINKS_MAX + SPARE_ENDS) % WEFT_SIM_BAND == 0, "whole bands");

/* Idle traffic is measured over the last part of the warm-up. */
#define IDLE_PARTS 2

/* Rates between sites follow within a window, so it is short beside the time of a chunk. Sites
 * nearer to each other than the shortest window are simulated by one thread. */
#define WINDOW_LONGEST_NS (10 * WEFT_NS_PER_MS)
#define WINDOW_SHORTEST_NS (WEFT_NS_PER_MS / 2)
#define WINDOWS_PER_CHUNK 2

/* Fewer nodes than this for each thread are done sooner by fewer threads. */
#define NODES_PER_THREAD 500

/* --- making the world --- */

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* How long a chunk takes over the access lines, or from the source where those are faster. */
static weft_ns chunk_ns(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    uint64_t rate = options->wan_bytes_per_s;
    uint64_t source = options->source_bytes_per_s;
    rate = rate == 0 || (source != 0 && source < rate) ? source : rate;
    return rate == 0 ? 0 : world->releases.items[0].chunk_bytes * WEFT_NS_PER_S / rate;
}

static weft_ns choose_window(const struct weft_sim_world *world, weft_ns lookahead_ns)
{
    weft_ns window_ns = chunk_ns(world) / WINDOWS_PER_CHUNK;
    window_ns = window_ns < lookahead_ns ? window_ns : lookahead_ns;
    window_ns = window_ns < WINDOW_LONGEST_NS ? window_ns : WINDOW_LONGEST_NS;
    return window_ns > WINDOW_SHORTEST_NS ? window_ns : WINDOW_SHORTEST_NS;
}

/* A shard for each site and one for the source, or one for everything. */
static void make_shards(struct weft_sim_world *world)
{
    const struct weft_sim_topology *topology = &world->topology;
    weft_ns lookahead_ns = weft_sim_network_lookahead(&world->network);
    bool roams = weft_sim_menu_has(world->options, WEFT_SIM_MISHAP_ROAM);
    bool apart = lookahead_ns >= WINDOW_SHORTEST_NS && !roams && world->options->fail_nth == 0;
    world->window_ns = choose_window(world, lookahead_ns);
    world->shard_count = apart ? topology->site_count + 1 : 1;
    world->shards = weft_sim_memory_take(world->shard_count, sizeof(world->shards[0]));
    for (uint32_t s = 0; s < world->shard_count; s++) {
        uint32_t first = topology->sites[apart ? s : 0].first_segment;
        uint32_t end = topology->segment_count;
        if (apart && s < topology->site_count) {
            end = topology->sites[s + 1].first_segment;
        }
        weft_sim_shard_begin(&world->shards[s], world, s, weft_sim_topology_first(topology, first),
                             weft_sim_topology_first(topology, end));
    }
}

static void make_crew(struct weft_sim_world *world)
{
    uint32_t threads = world->options->threads;
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = least(processors > 0 ? (uint64_t)processors : 1,
                        world->node_count / NODES_PER_THREAD + 1);
    }
    world->crew = weft_sim_crew_new(least(threads, world->shard_count));
    world->actions =
        weft_sim_memory_take(weft_sim_crew_size(world->crew), sizeof(world->actions[0]));
}

static void make_nodes(struct weft_sim_world *world)
{
    size_t count = world->node_count;
    world->ends_max = world->config.links_max + SPARE_ENDS;
    world->nodes = weft_sim_memory_take(count, sizeof(world->nodes[0]));
    world->cores = weft_sim_memory_take(count, world->core_bytes);
    world->haves = weft_sim_memory_take(count, world->have_words * sizeof(uint64_t));
    world->bands_max = world->ends_max / WEFT_SIM_BAND;
    world->bands = weft_sim_memory_take(count, world->bands_max * sizeof(uint32_t));
    size_t end_count = WEFT_SIM_BAND + count * world->ends_max; /* and a band of nobody */
    world->peers = weft_sim_memory_take_sparse(end_count, sizeof(world->peers[0]));
    world->ends = weft_sim_memory_take_sparse(end_count, sizeof(world->ends[0]));
    world->control_mark = weft_sim_memory_take(count, sizeof(uint64_t));
    world->control_zero = weft_sim_memory_take(count, sizeof(uint64_t));
    world->seen = weft_sim_memory_take(count, sizeof(world->seen[0]));
    world->beacons = weft_sim_memory_take(count, sizeof(world->beacons[0]));
    world->remembered =
        weft_sim_memory_take_sparse(count, WEFT_SIM_REMEMBERED * sizeof(world->remembered[0]));
    for (uint32_t i = 0; i < world->node_count; i++) {
        weft_sim_node_prepare(world, i);
    }
}

static void plan(struct weft_sim_world *world)
{
    const struct weft_sim_releases *releases = &world->releases;
    weft_ns zero_ns = releases->items[0].publish_ns;
    weft_sim_world_agree(world, zero_ns - zero_ns / IDLE_PARTS, WEFT_SIM_MARK, 0, 0);
    for (uint32_t i = 0; i < releases->count; i++) {
        weft_sim_world_agree(world, releases->items[i].publish_ns, WEFT_SIM_PUBLISH, i, 0);
    }
}

bool weft_sim_world_begin(struct weft_sim_world *world, const struct weft_sim_options *options)
{
    memset(world, 0, sizeof(*world));
    world->options = options;
    world->node_count = options->node_count;
    world->source_up = true;
    world->source_version = WEFT_SIM_VERSION_OLD;
    bool cut = weft_sim_publish_begin(&world->releases, options);
    world->config = weft_sim_capacity_config(world);
    world->have_words = world->config.chunks_max / 64;
    world->core_bytes = (weft_core_size(&world->config) + 63) / 64 * 64;
    if (!cut || world->core_bytes == 0) {
        fprintf(stderr, "weft-sim: the core refuses this network: %u chunks, %u nodes a segment\n",
                world->config.chunks_max, world->config.members_max);
        weft_sim_publish_end(&world->releases);
        return false;
    }
    if (options->decisions_path != NULL) {
        world->decisions = weft_sim_decisions_open(options->decisions_path);
        if (world->decisions == NULL) {
            weft_sim_publish_end(&world->releases);
            return false;
        }
    }
    if (options->place_count > 0) {
        weft_sim_topology_begin_sites(&world->topology, options);
    } else {
        struct weft_sim_line line = {options->wan_bytes_per_s, options->wan_bytes_per_s};
        weft_sim_topology_begin(&world->topology, options->seed, options->node_count,
                                options->segment_count, line);
    }
    weft_sim_network_begin(&world->network, options, &world->topology);
    weft_sim_backbone_begin(world);
    world->agenda = weft_sim_queue_new();
    weft_sim_mishap_begin(world);
    make_shards(world);
    make_crew(world);
    weft_sim_capacity_reserve(world);
    make_nodes(world);
    weft_sim_fault_begin(world);
    plan(world);
    return true;
}

void weft_sim_world_watch(struct weft_sim_world *world)
{
    world->watch = weft_sim_watch_new(world);
}

void weft_sim_world_end(struct weft_sim_world *world)
{
    size_t count = world->node_count;
    weft_sim_watch_free(world->watch);
    weft_sim_mishap_end(world);
    weft_sim_fault_end(world);
    weft_sim_memory_give(world->actions, weft_sim_crew_size(world->crew),
                         sizeof(world->actions[0]));
    weft_sim_crew_free(world->crew);
    for (uint32_t i = 0; i < world->shard_count; i++) {
        weft_sim_shard_end(&world->shards[i]);
    }
    weft_sim_memory_give(world->shards, world->shard_count, sizeof(world->shards[0]));
    weft_sim_queue_free(world->agenda);
    weft_sim_backbone_end(world);
    weft_sim_network_end(&world->network);
    weft_sim_topology_end(&world->topology);
    weft_sim_publish_end(&world->releases);
    weft_sim_memory_give(world->control_mark, count, sizeof(uint64_t));
    weft_sim_memory_give(world->control_zero, count, sizeof(uint64_t));
    weft_sim_memory_give(world->seen, count, sizeof(world->seen[0]));
    weft_sim_memory_give(world->beacons, count, sizeof(world->beacons[0]));
    weft_sim_memory_give(world->remembered, count,
                         WEFT_SIM_REMEMBERED * sizeof(world->remembered[0]));
    size_t end_count = WEFT_SIM_BAND + count * world->ends_max;
    weft_sim_memory_give(world->ends, end_count, sizeof(world->ends[0]));
    weft_sim_memory_give(world->bands, count, world->bands_max * sizeof(uint32_t));
    weft_sim_memory_give(world->peers, end_count, sizeof(world->peers[0]));
    weft_sim_memory_give(world->haves, count, world->have_words * sizeof(uint64_t));
    weft_sim_memory_give(world->cores, count, world->core_bytes);
    weft_sim_memory_give(world->nodes, count, sizeof(world->nodes[0]));
}

struct weft_sim_shard *weft_sim_world_shard(const struct weft_sim_world *world, uint32_t node)
{
    if (world->shard_count == 1) {
        return &world->shards[0];
    }
    return node == WEFT_SIM_SOURCE ? &world->shards[world->shard_count - 1]
                                   : &world->shards[weft_sim_topology_site(&world->topology, node)];
}

/* --- between windows --- */

void weft_sim_world_agree(struct weft_sim_world *world, weft_ns time_ns, enum weft_sim_kind kind,
                          uint64_t first, uint64_t second)
{
    struct weft_sim_entry *entry = weft_sim_queue_push(world->agenda, time_ns);
    entry->kind = (uint8_t)kind;
    entry->words[0] = first;
    entry->words[1] = second;
}

void weft_sim_world_step(struct weft_sim_world *world, uint32_t node, struct weft_event *event)
{
    struct weft_sim_shard *shard = weft_sim_world_shard(world, node);
    shard->actions = &world->actions[0];
    weft_sim_node_step(shard, node, event);
}

struct weft_sim_totals weft_sim_world_totals(const struct weft_sim_world *world)
{
    struct weft_sim_totals sum = {0};
    for (uint32_t i = 0; i < world->shard_count; i++) {
        const struct weft_sim_totals *part = &world->shards[i].totals;
        sum.chunks_stored += part->chunks_stored;
        sum.chunks_begun += part->chunks_begun;
        sum.arriving += part->arriving;
        sum.arrived += part->arrived;
        sum.chunks_twice += part->chunks_twice;
        sum.chunks_new += part->chunks_new;
        sum.frames += part->frames;
        sum.datagrams += part->datagrams;
        sum.datagrams_lost += part->datagrams_lost;
        sum.datagrams_flipped += part->datagrams_flipped;
        sum.records_flipped += part->records_flipped;
        sum.bodies_flipped += part->bodies_flipped;
        sum.steps += part->steps;
        sum.source_requests += part->source_requests;
        sum.source_refused += part->source_refused;
        sum.source_slow += part->source_slow;
        sum.crashes += part->crashes;
        sum.complete += part->complete;
        sum.gone += part->gone;
        sum.away += part->away;
        sum.planned += part->planned;
        sum.losses.chunks_discarded += part->losses.chunks_discarded;
        sum.losses.chunks_refused += part->losses.chunks_refused;
        sum.losses.chunks_cut += part->losses.chunks_cut;
    }
    return sum;
}

void weft_sim_world_count_release(struct weft_sim_world *world)
{
    struct weft_sim_release *release = &world->releases.items[world->releases.newest];
    release->complete_count = weft_sim_world_totals(world).complete;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        const struct weft_sim_shard *shard = &world->shards[i];
        bool first =
            shard->first_known_ns != 0 &&
            (release->first_known_ns == 0 || shard->first_known_ns < release->first_known_ns);
        release->first_known_ns = first ? shard->first_known_ns : release->first_known_ns;
        release->last_known_ns = shard->last_known_ns > release->last_known_ns
                                     ? shard->last_known_ns
                                     : release->last_known_ns;
        release->last_complete_ns = shard->last_complete_ns > release->last_complete_ns
                                        ? shard->last_complete_ns
                                        : release->last_complete_ns;
    }
}
