/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is going on?" while time passes. watch_finish.c looks back when it is over. */
#include "watch.h"
#include "memory.h"
#include "world.h"

#include "protocol/view.h"

#include <string.h>

/* Width of the first slices. */
#define WIDTH_MS 25

/* So many nodes are asked what they wait for; with more, one in some. */
#define ASKED_MAX 10000

/* --- making --- */

struct weft_sim_watch *weft_sim_watch_new(const struct weft_sim_world *world)
{
    struct weft_sim_watch *watch = weft_sim_memory_take(1, sizeof(*watch));
    const struct weft_sim_topology *topology = &world->topology;
    uint32_t segments = topology->segment_count;
    struct weft_sim_history *history = &watch->history;
    weft_sim_history_begin(history, segments, WIDTH_MS);
    history->node_count = world->node_count;
    history->site_count = topology->site_count;
    history->sampled = (world->node_count + ASKED_MAX - 1) / ASKED_MAX;
    for (uint32_t s = 0; s < segments; s++) {
        struct weft_sim_history_segment *segment = &history->segments[s];
        struct weft_prefix prefix = weft_sim_topology_prefix(topology, s);
        weft_prefix_format(&prefix, segment->name, sizeof(segment->name));
        segment->node_count =
            weft_sim_topology_first(topology, s + 1) - weft_sim_topology_first(topology, s);
        segment->half_ms = WEFT_SIM_OPEN_MS;
        segment->last_ms = WEFT_SIM_OPEN_MS;
    }
    watch->shard_count = world->shard_count;
    watch->notes = weft_sim_memory_take(watch->shard_count, sizeof(watch->notes[0]));
    watch->chunks_max = world->config.chunks_max;
    watch->firsts =
        weft_sim_memory_take((size_t)segments * watch->chunks_max, sizeof(watch->firsts[0]));
    watch->node_count = world->node_count;
    watch->lasts = weft_sim_memory_take(watch->node_count, sizeof(watch->lasts[0]));
    watch->down = weft_sim_memory_take(watch->node_count / 64 + 1, sizeof(watch->down[0]));
    watch->wan_bytes = weft_sim_memory_take(segments, sizeof(watch->wan_bytes[0]));
    watch->control_bytes = weft_sim_memory_take(segments, sizeof(watch->control_bytes[0]));
    watch->source_up = true;
    return watch;
}

void weft_sim_watch_free(struct weft_sim_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    size_t segments = watch->history.segment_count;
    for (uint32_t i = 0; i < watch->shard_count; i++) {
        struct weft_sim_notes *notes = &watch->notes[i];
        weft_sim_memory_give(notes->items, notes->room, sizeof(notes->items[0]));
    }
    weft_sim_memory_give(watch->notes, watch->shard_count, sizeof(watch->notes[0]));
    weft_sim_memory_give(watch->firsts, segments * watch->chunks_max, sizeof(watch->firsts[0]));
    weft_sim_memory_give(watch->lasts, watch->node_count, sizeof(watch->lasts[0]));
    weft_sim_memory_give(watch->down, watch->node_count / 64 + 1, sizeof(watch->down[0]));
    weft_sim_memory_give(watch->wan_bytes, segments, sizeof(watch->wan_bytes[0]));
    weft_sim_memory_give(watch->control_bytes, segments, sizeof(watch->control_bytes[0]));
    weft_sim_history_end(&watch->history);
    weft_sim_memory_give(watch, 1, sizeof(*watch));
}

/* --- what cores tell --- */

static uint32_t since_zero_ms(const struct weft_sim_watch *watch, weft_ns time_ns)
{
    return time_ns <= watch->zero_ns ? 0 : (uint32_t)((time_ns - watch->zero_ns) / WEFT_NS_PER_MS);
}

static void take_chunk(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                       const struct weft_trace_record *record)
{
    const struct weft_sim_release *release = &world->releases.items[world->releases.newest];
    uint32_t node = weft_sim_topology_by_id(&world->topology, record->node);
    if (record->release != release->id || node == WEFT_SIM_NOBODY) {
        return;
    }
    uint32_t segment = world->nodes[node].segment;
    uint32_t from = record->peer == 0 ? WEFT_SIM_SOURCE
                                      : weft_sim_topology_by_id(&world->topology, record->peer);
    uint32_t time_ms = since_zero_ms(watch, record->time_ns);
    uint32_t bytes = weft_sim_publish_chunk_bytes(release, record->chunk);
    weft_sim_history_slice(&watch->history, segment, time_ms)->bytes[record->value] += bytes;
    weft_sim_history_pull(
        &watch->history, segment,
        from < watch->node_count ? world->nodes[from].segment : WEFT_SIM_NO_SEGMENT, bytes);
    struct weft_sim_arrival arrival = {
        .time_ms = time_ms, .node = node, .from = from, .chunk = record->chunk};
    struct weft_sim_arrival *first =
        &watch->firsts[(size_t)segment * watch->chunks_max + record->chunk];
    if (first->time_ms == 0) {
        *first = arrival;
    }
    watch->lasts[node] = arrival;
}

void weft_sim_watch_record(struct weft_sim_shard *shard, const struct weft_trace_record *record)
{
    struct weft_sim_watch *watch = shard->world->watch;
    if (record->kind == WEFT_TRACE_CHUNK && watch->zero_ns != 0) {
        take_chunk(watch, shard->world, record);
    } else if (record->kind == WEFT_TRACE_AGENT_CLAIM || record->kind == WEFT_TRACE_AGENT_DRAIN) {
        struct weft_sim_notes *notes = &watch->notes[shard->index];
        if (notes->count == notes->room) {
            notes->items =
                weft_sim_memory_grow(notes->items, &notes->room, sizeof(notes->items[0]));
        }
        notes->items[notes->count++] = *record;
    }
}

/* --- what is looked at between windows --- */

static void read_notes(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < watch->shard_count; i++) {
        struct weft_sim_notes *notes = &watch->notes[i];
        for (uint32_t n = 0; n < notes->count; n++) {
            const struct weft_trace_record *record = &notes->items[n];
            uint32_t node = weft_sim_topology_by_id(&world->topology, record->node);
            uint32_t time_ms = since_zero_ms(watch, record->time_ns);
            if (record->kind == WEFT_TRACE_AGENT_CLAIM) {
                weft_sim_history_agent(&watch->history, world->nodes[node].segment, record->node,
                                       time_ms);
            } else {
                weft_sim_history_no_agent(&watch->history, record->node, time_ms, false);
            }
        }
        notes->count = 0;
    }
}

/* Nodes that went down or came back since the last look. */
static void look_at_life(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                         uint32_t index, uint32_t now_ms)
{
    const struct weft_sim_node *node = &world->nodes[index];
    uint64_t bit = UINT64_C(1) << (index % 64);
    bool was_down = (watch->down[index / 64] & bit) != 0;
    if (node->alive == !was_down) {
        return;
    }
    watch->down[index / 64] ^= bit;
    if (node->alive) {
        weft_sim_history_ends(&watch->history, "crash", node->id, now_ms);
    } else {
        weft_sim_history_begins(&watch->history, "crash", node->segment, node->id, now_ms);
        weft_sim_history_no_agent(&watch->history, node->id, now_ms, true);
    }
}

static enum weft_stall waits_for(const struct weft_sim_node *node)
{
    return node->alive ? weft_view_node(node->core).stall : WEFT_STALL_ASLEEP;
}

static void look_at_segment(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                            uint32_t number, uint32_t now_ms)
{
    struct weft_sim_history *history = &watch->history;
    struct weft_sim_history_segment *segment = &history->segments[number];
    struct weft_sim_slice *slice = weft_sim_history_slice(history, number, now_ms);
    uint64_t passed_ms = (world->now_ns - watch->looked_ns) / WEFT_NS_PER_MS * history->sampled;
    uint32_t first = weft_sim_topology_first(&world->topology, number);
    uint32_t complete = 0;
    uint64_t control = 0;
    for (uint32_t i = first; i < first + segment->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        bool is_complete = weft_sim_publish_is_complete(world, node);
        complete += is_complete && !node->hostile;
        control += world->network.cards[i].up.control_bytes;
        look_at_life(watch, world, i, now_ms);
        if (!is_complete && !node->hostile && i % history->sampled == 0) {
            enum weft_stall stall = waits_for(node);
            slice->wait_ms[stall == WEFT_STALL_NONE ? WEFT_STALL_NO_MANIFEST : stall] += passed_ms;
        }
    }
    slice->complete += complete > segment->complete ? complete - segment->complete : 0;
    segment->complete = complete;
    slice->control_bytes += control - watch->control_bytes[number];
    watch->control_bytes[number] = control;
}

/* What came in over a site's line is its first segment's: lines belong to sites. */
static void look_at_lines(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                          uint32_t now_ms)
{
    for (uint32_t i = 0; i < world->topology.site_count; i++) {
        uint32_t segment = world->topology.sites[i].first_segment;
        uint64_t bytes = world->network.wan_down[i].payload_bytes;
        weft_sim_history_slice(&watch->history, segment, now_ms)->wan_bytes +=
            bytes - watch->wan_bytes[segment];
        watch->wan_bytes[segment] = bytes;
    }
    if (world->source_up != watch->source_up) {
        watch->source_up = world->source_up;
        if (watch->source_up) {
            weft_sim_history_ends(&watch->history, "source-down", 0, now_ms);
        } else {
            weft_sim_history_begins(&watch->history, "source-down", WEFT_SIM_NO_SEGMENT, 0, now_ms);
        }
    }
}

static void look(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    uint32_t now_ms = since_zero_ms(watch, world->now_ns);
    watch->history.end_ms = now_ms;
    for (uint32_t s = 0; s < watch->history.segment_count; s++) {
        look_at_segment(watch, world, s, now_ms);
    }
    look_at_lines(watch, world, now_ms);
    watch->looked_ns = world->now_ns;
    watch->next_ns = world->now_ns + watch->history.width_ms * WEFT_NS_PER_MS;
}

void weft_sim_watch_open(struct weft_sim_watch *watch, weft_ns end_ns)
{
    if (watch->zero_ns != 0) {
        weft_sim_history_reach(&watch->history, since_zero_ms(watch, end_ns));
    }
}

void weft_sim_watch_look(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    read_notes(watch, world);
    if (watch->zero_ns != 0 && world->now_ns >= watch->next_ns) {
        look(watch, world);
    }
}

void weft_sim_watch_publish(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    struct weft_sim_history *history = &watch->history;
    size_t segments = history->segment_count;
    weft_sim_history_restart(history, WIDTH_MS);
    memset(watch->firsts, 0, segments * watch->chunks_max * sizeof(watch->firsts[0]));
    memset(watch->lasts, 0, watch->node_count * sizeof(watch->lasts[0]));
    watch->zero_ns = world->now_ns;
    watch->looked_ns = world->now_ns;
    const struct weft_sim_release *release = &world->releases.items[world->releases.newest];
    history->bytes = release->bytes;
    history->chunk_count = release->chunk_count;
    for (uint32_t s = 0; s < segments; s++) {
        history->segments[s].complete = 0;
    }
    look(watch, world);
    /* What was counted before time zero is none of the release's. */
    memset(history->slices, 0, segments * history->slice_count * sizeof(history->slices[0]));
}
