/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what exists, and what happens next?": makes the network and the nodes, takes entries out
 * of the queue and hands each to the module that knows what it means. */
#include "world.h"
#include "bound.h"
#include "document.h"
#include "memory.h"
#include "source.h"
#include "stream.h"
#include "upload.h"

#include "protocol/limits.h"

#include <stdio.h>
#include <string.h>

/* Stream slots of a node beyond what its core keeps: being opened, refused or closed. */
#define SPARE_ENDS 16

/* Idle traffic is measured over the last part of the warm-up. */
#define IDLE_PARTS 2

/* Entries between two looks at the signal. */
#define LOOK_EVERY 4096

/* Bytes that the processor moves at once, and how many of them at the head of a core are fetched
 * before its step: configuration, clock and the modules' small state. */
#define CACHE_LINE 64
#define CORE_LINES 16

/* Time beyond three lower bounds in which a run must have ended. */
#define LIMIT_EXTRA_NS (120 * WEFT_NS_PER_S)

struct weft_sim_entry *weft_sim_world_push(struct weft_sim_world *world, weft_ns time_ns,
                                           enum weft_sim_kind kind, uint32_t node)
{
    struct weft_sim_entry *entry = weft_sim_queue_push(world->queue, time_ns);
    entry->kind = (uint8_t)kind;
    entry->node = node;
    entry->peer = 0;
    entry->slot = 0;
    entry->length = 0;
    memset(entry->words, 0, sizeof(entry->words));
    return entry;
}

/* The core's trace, in virtual time. */
static void take_trace(void *context, const struct weft_trace_record *record)
{
    struct weft_sim_world *world = context;
    struct weft_trace_record line = *record;
    line.time_ns = weft_sim_world_now(world);
    weft_sim_record_add(&world->record, &line);
}

/* --- making the world --- */

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* Tables as large as this network needs them, and no larger: memory is nodes times tables. */
static struct weft_config core_config(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    uint32_t in_segment =
        (options->node_count + options->segment_count - 1) / options->segment_count;
    struct weft_config config = weft_config_default();
    config.tuning = options->tuning;
    config.mesh = 1;
    config.agent_class = WEFT_AGENT_AUTO;
    config.has_source = true;
    config.members_max = least((uint64_t)in_segment + in_segment / 8 + 4, WEFT_MEMBERS_MAX);
    config.remotes_max = least((uint64_t)options->segment_count * 4 + 4, WEFT_REMOTES_MAX);
    config.links_max = WEFT_LINKS_MAX; /* as a real node: what happens at the limit matters */
    config.releases_max = 2;
    config.downloads_max = 1;
    config.chunks_max = (world->release.chunk_count + 63) / 64 * 64;
    return config;
}

static void make_network(struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    struct weft_sim_network_shape shape = {
        .host_count = options->node_count,
        .segment_count = options->segment_count,
        .segment_of = world->topology.segment_of,
        .lan_bytes_per_s = options->lan_bytes_per_s,
        .wan_bytes_per_s = options->wan_bytes_per_s,
        .source_bytes_per_s = options->source_bytes_per_s,
        .lan_delay_ns = options->lan_delay_ns,
        .wan_delay_ns = options->wan_delay_ns,
        .loss_ppm = options->loss_ppm,
        .seed = options->seed,
    };
    world->network = weft_sim_network_new(&shape, world->queue);
}

static void make_nodes(struct weft_sim_world *world)
{
    size_t count = world->node_count;
    world->ends_max = world->config.links_max + SPARE_ENDS;
    world->have_words = (world->release.chunk_count + 63) / 64;
    world->nodes = weft_sim_memory_take(count, sizeof(*world->nodes));
    world->cores = weft_sim_memory_take(count, world->core_bytes);
    world->haves = weft_sim_memory_take(count, world->have_words * sizeof(uint64_t));
    world->peers = weft_sim_memory_take(count, world->ends_max * sizeof(uint32_t));
    world->ends = weft_sim_memory_take(count, world->ends_max * sizeof(struct weft_sim_end));
    world->control_mark = weft_sim_memory_take(count, sizeof(uint64_t));
    world->control_zero = weft_sim_memory_take(count, sizeof(uint64_t));
    for (uint32_t i = 0; i < world->node_count; i++) {
        weft_sim_node_prepare(world, i);
    }
}

bool weft_sim_world_begin(struct weft_sim_world *world, const struct weft_sim_options *options)
{
    memset(world, 0, sizeof(*world));
    world->options = options;
    world->node_count = options->node_count;
    world->source_up = true;
    world->source_version = WEFT_SIM_VERSION_OLD;
    world->offer = WEFT_SIM_NO_UPLOAD;
    world->epoch_next = 1;
    world->publish_ns = (weft_ns)options->warmup_ms * WEFT_NS_PER_MS;
    world->release = weft_sim_publish_cut(options->size_bytes, options->chunk_bytes, options->seed);
    world->config = core_config(world);
    world->core_bytes = (weft_core_size(&world->config) + 63) / 64 * 64;
    if (world->release.chunk_count == 0 || world->core_bytes == 0) {
        fprintf(stderr, "weft-sim: the core refuses this network: %u chunks, %u nodes a segment\n",
                world->release.chunk_count, world->config.members_max);
        return false;
    }
    if (!weft_sim_record_begin(&world->record, options->trace_path)) {
        return false;
    }
    world->host = (struct weft_host){.context = world, .trace = take_trace};
    world->queue = weft_sim_queue_new();
    world->actions = weft_sim_memory_take(1, sizeof(*world->actions));
    weft_sim_buffer_begin(&world->buffers);
    weft_sim_pool_begin(&world->uploads, sizeof(struct weft_sim_upload));
    weft_sim_pool_begin(&world->fetches, sizeof(struct weft_sim_fetch));
    weft_sim_pool_begin(&world->documents, sizeof(struct weft_sim_document));
    weft_sim_topology_begin(&world->topology, options->seed, options->node_count,
                            options->segment_count);
    make_network(world);
    make_nodes(world);
    weft_sim_fault_begin(world);
    weft_sim_world_push(world, world->publish_ns - world->publish_ns / IDLE_PARTS, WEFT_SIM_MARK,
                        0);
    weft_sim_world_push(world, world->publish_ns, WEFT_SIM_PUBLISH, 0);
    return true;
}

void weft_sim_world_end(struct weft_sim_world *world)
{
    size_t count = world->node_count;
    weft_sim_fault_end(world);
    weft_sim_network_free(world->network);
    weft_sim_topology_end(&world->topology);
    weft_sim_pool_end(&world->documents);
    weft_sim_pool_end(&world->fetches);
    weft_sim_pool_end(&world->uploads);
    weft_sim_buffer_end(&world->buffers);
    weft_sim_queue_free(world->queue);
    weft_sim_memory_give(world->actions, 1, sizeof(*world->actions));
    weft_sim_memory_give(world->control_zero, count, sizeof(uint64_t));
    weft_sim_memory_give(world->control_mark, count, sizeof(uint64_t));
    weft_sim_memory_give(world->ends, count, world->ends_max * sizeof(struct weft_sim_end));
    weft_sim_memory_give(world->peers, count, world->ends_max * sizeof(uint32_t));
    weft_sim_memory_give(world->haves, count, world->have_words * sizeof(uint64_t));
    weft_sim_memory_give(world->cores, count, world->core_bytes);
    weft_sim_memory_give(world->nodes, count, sizeof(*world->nodes));
}

/* --- letting time pass --- */

static void on_start(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    weft_sim_node_on_start(world, entry->node);
}

static void on_publish(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    (void)entry;
    weft_sim_publish_on_zero(world);
    weft_sim_fault_plan(world);
}

static void on_mark(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    world->mark_ns = entry->time_ns;
    for (uint32_t i = 0; i < world->node_count; i++) {
        world->control_mark[i] = weft_sim_network_host(world->network, i, true).control_bytes;
    }
}

typedef void handler(struct weft_sim_world *world, const struct weft_sim_entry *entry);

static handler *const handlers[WEFT_SIM_KIND_COUNT] = {
    [WEFT_SIM_NODE_START] = on_start,
    [WEFT_SIM_NODE_TICK] = weft_sim_node_on_tick,
    [WEFT_SIM_DATAGRAM] = weft_sim_stream_on_datagram,
    [WEFT_SIM_FRAME] = weft_sim_stream_on_frame,
    [WEFT_SIM_CONNECT] = weft_sim_stream_on_connect,
    [WEFT_SIM_CONNECTED] = weft_sim_stream_on_connected,
    [WEFT_SIM_REFUSED] = weft_sim_stream_on_refused,
    [WEFT_SIM_DISCONNECT] = weft_sim_stream_on_disconnect,
    [WEFT_SIM_CHUNK_OFFER] = weft_sim_upload_on_offer,
    [WEFT_SIM_CHUNK_SENT] = weft_sim_upload_on_sent,
    [WEFT_SIM_CHUNK_ARRIVED] = weft_sim_upload_on_arrived,
    [WEFT_SIM_CHUNK_STORED] = weft_sim_upload_on_stored,
    [WEFT_SIM_CHUNK_CUT] = weft_sim_upload_on_cut,
    [WEFT_SIM_CHUNK_DROPPED] = weft_sim_upload_on_dropped,
    [WEFT_SIM_FETCH_ASKED] = weft_sim_source_on_asked,
    [WEFT_SIM_FETCH_SENT] = weft_sim_source_on_sent,
    [WEFT_SIM_FETCH_ARRIVED] = weft_sim_source_on_arrived,
    [WEFT_SIM_FETCH_STORED] = weft_sim_source_on_stored,
    [WEFT_SIM_FETCH_END] = weft_sim_source_on_end,
    [WEFT_SIM_SOURCE_SWITCH] = weft_sim_fault_on_switch,
    [WEFT_SIM_DOCUMENT_ASKED] = weft_sim_document_on_asked,
    [WEFT_SIM_DOCUMENT_SENT] = weft_sim_document_on_sent,
    [WEFT_SIM_DOCUMENT_END] = weft_sim_document_on_end,
    [WEFT_SIM_PUBLISH] = on_publish,
    [WEFT_SIM_ACTIVATED] = weft_sim_publish_on_activated,
    [WEFT_SIM_VERDICT] = weft_sim_publish_on_verdict,
    [WEFT_SIM_MARK] = on_mark,
    [WEFT_SIM_FAULT] = weft_sim_fault_on_time,
};

static weft_ns limit_ns(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    if (options->time_limit_ms != 0) {
        return world->publish_ns + options->time_limit_ms * WEFT_NS_PER_MS;
    }
    weft_ns limit = world->publish_ns + 3 * weft_sim_bound(options).fluid_ns + LIMIT_EXTRA_NS;
    for (uint32_t i = 0; i < options->outage_count; i++) {
        limit += options->outages[i].length_ns;
        limit += options->outages[i].when.is_share ? 0 : options->outages[i].when.after_ns;
    }
    return limit;
}

/* Does everybody who can have the release have it? */
static bool is_done(const struct weft_sim_world *world)
{
    return world->published && world->away_count == 0 && world->faults.planned_count == 0 &&
           world->complete_count + world->gone_count == world->node_count;
}

/* Ask for the memory that the next entry will need while this one is handled. A node's core is far
 * larger than any cache, so without this every event would wait for it. */
static void fetch_ahead(const struct weft_sim_world *world)
{
    const struct weft_sim_entry *next = weft_sim_queue_peek(world->queue);
    if (next == NULL) {
        return;
    }
    size_t node = next->node < world->node_count ? next->node : 0;
    const uint8_t *core = world->cores + node * world->core_bytes;
    __builtin_prefetch(&world->nodes[node]);
    __builtin_prefetch((const uint8_t *)&world->nodes[node] + CACHE_LINE);
    __builtin_prefetch(&world->ends[node * world->ends_max + next->slot]);
    for (size_t line = 0; line < CORE_LINES; line++) {
        __builtin_prefetch(core + line * CACHE_LINE);
    }
}

void weft_sim_world_run(struct weft_sim_world *world, const volatile int *stop)
{
    weft_ns end_ns = limit_ns(world);
    uint32_t until_look = LOOK_EVERY;
    while (!is_done(world) && !world->checks.failed) {
        if (--until_look == 0) {
            until_look = LOOK_EVERY;
            if (*stop) {
                world->interrupted = true;
                break;
            }
        }
        struct weft_sim_entry *entry = weft_sim_queue_pop(world->queue);
        if (entry == NULL || entry->time_ns > end_ns) {
            break;
        }
        fetch_ahead(world);
        handlers[entry->kind](world, entry);
        weft_sim_queue_drop(world->queue, entry);
    }
    if (!world->checks.failed) {
        weft_sim_check_end(world);
    }
}
