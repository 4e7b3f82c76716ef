/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does one machine do when something happens to it?": steps its core, carries out the
 * actions, keeps its one deadline in the queue. */
#include "node.h"
#include "canary.h"
#include "dialect.h"
#include "document.h"
#include "flip.h"
#include "hostile.h"
#include "random.h"
#include "shell.h"
#include "source.h"
#include "stream.h"
#include "upload.h"
#include "world.h"

#include "protocol/view.h"

#include <string.h>

/* Seeds a node is given: the first nodes of this many segments, and of its own. */
#define SEED_SEGMENTS 3

/* All nodes start within this time. */
#define JOIN_NS (1 * WEFT_NS_PER_S)

/* Incarnations are times of starts, as those of real nodes are: Unix ms when a run begins, of a day
 * whose number is easy to read past. */
#define EPOCH_MS UINT64_C(1000000000000)

/* Clocks begin up to this much apart. */
#define CLOCK_SPREAD_NS (24 * 3600 * WEFT_NS_PER_S)

void weft_sim_node_prepare(struct weft_sim_world *world, uint32_t index)
{
    struct weft_sim_node *node = &world->nodes[index];
    uint64_t seed = world->options->seed;
    node->id = weft_sim_topology_id(&world->topology, index);
    node->segment = world->topology.segment_of[index];
    node->have = world->haves + (size_t)index * world->have_words;
    node->tick_ns = WEFT_NS_NEVER;
    node->later_ns = WEFT_NS_NEVER;
    node->returns = true;
    node->fetching = WEFT_SIM_NO_RELEASE;
    node->held = WEFT_SIM_NO_RELEASE;
    node->updater.version = WEFT_SIM_VERSION_OLD;
    node->updater.hint = WEFT_SIM_NOBODY;
    node->hostile = weft_sim_hostile_is(world, index);
    world->hostile_count += node->hostile ? 1 : 0;
    uint64_t luck = weft_sim_random(seed, WEFT_SIM_FOR_CLOCK, index, 0);
    node->clock_ns = weft_sim_random_below(luck, CLOCK_SPREAD_NS / WEFT_NS_PER_MS) * WEFT_NS_PER_MS;
    luck = weft_sim_random(seed, WEFT_SIM_FOR_JOIN, index, 0);
    weft_ns start_ns = weft_sim_place_start_ns(world, index, weft_sim_random_below(luck, JOIN_NS));
    start_ns = weft_sim_mishap_start_ns(world, index, start_ns);
    weft_sim_shard_push(weft_sim_world_shard(world, index), start_ns, WEFT_SIM_NODE_START, index);
}

/* --- start, end --- */

static void step_start(struct weft_sim_shard *shard, uint32_t index)
{
    const struct weft_sim_topology *topology = &shard->world->topology;
    const struct weft_sim_node *node = &shard->world->nodes[index];
    struct weft_endpoint known[SEED_SEGMENTS + 1 + WEFT_SIM_REMEMBERED];
    size_t count = 0;
    uint32_t own = weft_sim_topology_first(topology, node->segment);
    for (uint32_t i = 0; i <= SEED_SEGMENTS; i++) {
        bool shared = i < SEED_SEGMENTS && i < topology->segment_count;
        uint32_t seed = shared ? weft_sim_topology_first(topology, i) : own;
        bool again = shared ? seed == own : i < SEED_SEGMENTS;
        if (!again && seed != index) {
            known[count] = weft_sim_topology_endpoint(topology, seed);
            known[count++].id = 0;
        }
    }
    const uint32_t *peers = shard->world->remembered + (size_t)index * WEFT_SIM_REMEMBERED;
    for (uint32_t i = 0; i < WEFT_SIM_REMEMBERED && node->life > 1 && peers[i] != 0; i++) {
        known[count++] = weft_sim_topology_endpoint(topology, peers[i] - 1);
    }
    struct weft_event event = {.kind = WEFT_EVENT_START};
    event.start.self = weft_sim_topology_endpoint(topology, index);
    event.start.segment = weft_sim_topology_prefix(topology, node->segment);
    event.start.incarnation = EPOCH_MS + weft_sim_now(shard) / WEFT_NS_PER_MS;
    event.start.known = known;
    event.start.known_count = count;
    weft_sim_node_step(shard, index, &event);
}

void weft_sim_node_on_start(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    uint32_t index = entry->node;
    struct weft_sim_node *node = &world->nodes[index];
    bool forgotten = index == 1 && weft_sim_canary(world->options, WEFT_SIM_CHECK_ALL_COMPLETE);
    if (node->alive || forgotten) {
        return;
    }
    shard->totals.away -= node->life > 0 ? 1 : 0;
    node->life++;
    node->alive = true;
    node->returns = false;
    struct weft_config config = world->config;
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_VERSION_GROWS)) {
        node->updater.version = WEFT_SIM_VERSION_OLD;
    }
    config.site = weft_sim_place_site(world, index);
    if (weft_sim_place_is_battery(world, index)) {
        config.agent_class = WEFT_AGENT_NEVER;
    }
    config.seed = weft_sim_random(world->options->seed, WEFT_SIM_FOR_CORE, index, node->life);
    uint8_t *memory = world->cores + (size_t)index * world->core_bytes;
    if (node->life > 1) {
        memset(memory, 0, world->core_bytes);
    }
    node->core = weft_core_init(memory, world->core_bytes, &config, &shard->host);
    shard->totals.complete += weft_sim_publish_counts(world, node) ? 1 : 0;
    step_start(shard, index);
    weft_sim_shell_on_start(shard, index);
    weft_sim_beacon_on_start(shard, index);
    weft_sim_place_on_start(shard, index);
}

/* What the node keeps on disk of those it knows: alive ones, its segment first. */
static void remember_peers(const struct weft_sim_world *world, uint32_t index)
{
    uint32_t *peers = world->remembered + (size_t)index * WEFT_SIM_REMEMBERED;
    struct weft_view_member member;
    uint32_t count = 0;
    memset(peers, 0, WEFT_SIM_REMEMBERED * sizeof(peers[0]));
    for (uint32_t i = 0;
         count < WEFT_SIM_REMEMBERED && weft_view_member(world->nodes[index].core, i, &member);
         i++) {
        uint32_t peer = weft_sim_topology_by_id(&world->topology, member.endpoint.id);
        bool lives = member.state == WEFT_MEMBER_ALIVE || member.state == WEFT_MEMBER_SUSPECT;
        if (lives && peer != WEFT_SIM_NOBODY) {
            peers[count++] = peer + 1;
        }
    }
}

void weft_sim_node_crash(struct weft_sim_shard *shard, uint32_t index, weft_ns away_ns)
{
    struct weft_sim_node *node = &shard->world->nodes[index];
    if (!node->alive) {
        return;
    }
    node->alive = false;
    remember_peers(shard->world, index);
    weft_core_end(node->core);
    node->core = NULL;
    weft_sim_stream_break_all(shard, index);
    weft_sim_source_forget(shard, index);
    node->pending_count = 0;
    node->upload_count = 0;
    node->completing = false;
    node->tick_ns = WEFT_NS_NEVER;
    node->later_ns = WEFT_NS_NEVER;
    node->disk_free_ns = 0;
    node->source_idle = 0;
    node->returns = away_ns != WEFT_NS_NEVER;
    shard->totals.complete -= weft_sim_publish_counts(shard->world, node) ? 1 : 0;
    shard->totals.crashes++;
    if (node->returns) {
        shard->totals.away++;
        weft_sim_shard_push(shard, weft_sim_now(shard) + away_ns, WEFT_SIM_NODE_START, index);
    } else {
        shard->totals.gone += node->hostile ? 0 : 1;
    }
}

/* --- the disk --- */

weft_ns weft_sim_node_store(struct weft_sim_shard *shard, uint32_t index, weft_ns from_ns,
                            uint32_t bytes)
{
    struct weft_sim_node *node = &shard->world->nodes[index];
    uint64_t rate = shard->world->options->disk_bytes_per_s;
    weft_ns start_ns = node->disk_free_ns > from_ns ? node->disk_free_ns : from_ns;
    weft_ns long_ns = rate == 0 ? 0 : ((uint64_t)bytes * WEFT_NS_PER_S + rate - 1) / rate;
    node->disk_free_ns = start_ns + weft_sim_ailment_disk_ns(shard->world, index, long_ns);
    return node->disk_free_ns;
}

bool weft_sim_node_has(const struct weft_sim_node *node, uint32_t release, uint32_t chunk)
{
    return node->held == release ||
           (node->fetching == release && ((node->have[chunk / 64] >> (chunk % 64)) & 1) != 0);
}

void weft_sim_node_lose(struct weft_sim_node *node, uint32_t chunk)
{
    uint64_t bit = UINT64_C(1) << (chunk % 64);
    node->have_count = (uint16_t)(node->have_count - ((node->have[chunk / 64] & bit) != 0));
    node->have[chunk / 64] &= ~bit;
}

/* The driver's answer to a chunk that was received; a planted bug may be in it. */
static enum weft_err verify(struct weft_sim_shard *shard, uint32_t index,
                            const struct weft_event *event)
{
    const struct weft_sim_world *world = shard->world;
    enum weft_err err = weft_sim_ailment_verify(world, index, event);
    bool from_source = event->chunk.token != 0;
    if (err == WEFT_ERR_OK && from_source &&
        weft_sim_flip_hits_body(shard, index, event->chunk.chunk, event->chunk.bytes)) {
        err = WEFT_ERR_MISMATCH;
    }
    err = weft_sim_world_fails(shard->world) ? WEFT_ERR_IO : err;
    if (err == WEFT_ERR_MISMATCH && !from_source) {
        weft_sim_check_bad_chunk(shard, index, event->chunk.peer);
        if (weft_sim_canary(world->options, WEFT_SIM_CHECK_SHUNNED)) {
            return WEFT_ERR_CLOSED;
        }
    }
    if (err == WEFT_ERR_MISMATCH &&
        weft_sim_canary(world->options, WEFT_SIM_CHECK_VERIFIED_INSTALL)) {
        world->seen[index].bad_stored++;
        return WEFT_ERR_OK;
    }
    uint64_t luck = weft_mix(weft_sim_now(shard) ^ event->chunk.chunk);
    bool fails =
        from_source && luck % 3 == 0 && weft_sim_canary(world->options, WEFT_SIM_CHECK_WAN_COPIES);
    return fails ? WEFT_ERR_CLOSED : err;
}

void weft_sim_node_stored(struct weft_sim_shard *shard, uint32_t index, uint32_t name,
                          struct weft_event *event)
{
    struct weft_sim_node *node = &shard->world->nodes[index];
    uint32_t chunk = name & UINT16_MAX;
    node->pending_count--;
    event->chunk.result = verify(shard, index, event);
    if (event->chunk.result != WEFT_ERR_OK) {
        shard->totals.losses.chunks_refused++;
        weft_sim_node_step(shard, index, event);
        return;
    }
    shard->totals.chunks_stored++;
    bool twice = weft_sim_node_has(node, name >> 16, chunk);
    bool counts = !twice && node->fetching == name >> 16;
    shard->totals.chunks_twice += twice ? 1 : 0;
    if (counts) {
        node->have[chunk / 64] |= UINT64_C(1) << (chunk % 64);
        node->have_count++;
        shard->totals.chunks_new++;
    }
    if (weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_FEW_TWICE) && !twice) {
        event->chunk.result = WEFT_ERR_CLOSED;
    }
    weft_sim_node_step(shard, index, event);
    if (weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_COMPLETE_WHOLE) && counts) {
        weft_sim_shell_complete(shard, index, event->chunk.release);
    }
    if (counts && shard->world->faults.watches_share) {
        weft_sim_fault_on_progress(shard, index);
    }
}

/* --- one step --- */

/* A hostile node says something else than its core. */
static void say(struct weft_sim_shard *shard, uint32_t index, const struct weft_action *action)
{
    bool is_frame = action->kind == WEFT_ACTION_FRAME;
    struct weft_action_send send = action->send;
    if (shard->world->nodes[index].hostile &&
        !weft_sim_hostile_changes(shard, index, is_frame, &send)) {
        return;
    }
    if (weft_sim_dialect_is_later(shard->world, index)) {
        weft_sim_dialect_say(shard, index, is_frame, &send);
    } else if (is_frame) {
        weft_sim_stream_send_frame(shard, index, &send);
    } else {
        weft_sim_stream_send_datagram(shard, index, &send);
    }
}

static void carry_out(struct weft_sim_shard *shard, uint32_t index,
                      const struct weft_action *action)
{
    switch (action->kind) {
    case WEFT_ACTION_DATAGRAM:
    case WEFT_ACTION_FRAME:
        say(shard, index, action);
        break;
    case WEFT_ACTION_STREAM_OPEN:
        weft_sim_stream_open(shard, index, &action->stream);
        break;
    case WEFT_ACTION_STREAM_CLOSE:
        weft_sim_stream_close(shard, index, action->stream.id);
        break;
    case WEFT_ACTION_ACCEPT:
        weft_sim_upload_answer(shard, index, &action->chunk, true);
        break;
    case WEFT_ACTION_DISCARD:
        weft_sim_upload_answer(shard, index, &action->chunk, false);
        break;
    case WEFT_ACTION_UPLOAD:
        weft_sim_upload_begin(shard, index, &action->chunk);
        break;
    case WEFT_ACTION_UPLOAD_CANCEL:
        weft_sim_upload_cancel(shard, index, &action->chunk);
        break;
    case WEFT_ACTION_SOURCE_FETCH:
        weft_sim_source_fetch(shard, index, &action->source);
        break;
    case WEFT_ACTION_SOURCE_CANCEL:
        weft_sim_source_cancel(shard, index, action->source.token);
        break;
    case WEFT_ACTION_SOURCE_LOOK:
        weft_sim_shell_look(shard, index);
        break;
    case WEFT_ACTION_BULLETIN_CHECK:
        weft_sim_shell_check(shard, index, &action->bulletin);
        break;
    case WEFT_ACTION_DOCUMENT_FETCH:
        weft_sim_shell_fetch(shard, index, &action->document);
        break;
    case WEFT_ACTION_DOCUMENT_FAILED:
        weft_sim_shell_failed(shard, index, action->document.token);
        break;
    case WEFT_ACTION_COMPLETE:
        weft_sim_shell_complete(shard, index, action->release);
        break;
    case WEFT_ACTION_LEFT:
    case WEFT_ACTION_KIND_COUNT:
        break;
    }
}

/* Put the core's deadline into the queue unless an earlier TICK is there already: that one will
 * look again. Deadlines jump between soon and much later, so one of each may stand in the queue;
 * further ones are void. */
static void arm(struct weft_sim_shard *shard, uint32_t index, weft_ns deadline_ns)
{
    struct weft_sim_node *node = &shard->world->nodes[index];
    if (deadline_ns >= node->tick_ns) {
        return;
    }
    node->later_ns = node->later_ns == WEFT_NS_NEVER ? node->tick_ns : node->later_ns;
    node->tick_ns = deadline_ns;
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, deadline_ns, WEFT_SIM_NODE_TICK, index);
    entry->words[0] = node->life;
}

/* The core's deadline in virtual time. */
static weft_ns deadline_of(const struct weft_sim_shard *shard, const struct weft_sim_node *node)
{
    weft_ns deadline_ns = node->due_ns;
    if (weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_NEVER_STUCK) &&
        node->fetching != WEFT_SIM_NO_RELEASE) {
        return WEFT_NS_NEVER;
    }
    if (deadline_ns == WEFT_NS_NEVER) {
        return WEFT_NS_NEVER;
    }
    weft_ns now_ns = weft_sim_now(shard);
    weft_ns local_ns = now_ns + node->clock_ns;
    return deadline_ns <= local_ns ? now_ns : now_ns + (deadline_ns - local_ns);
}

void weft_sim_node_step(struct weft_sim_shard *shard, uint32_t index, struct weft_event *event)
{
    struct weft_sim_node *node = &shard->world->nodes[index];
    struct weft_action_queue *actions = shard->actions;
    event->now_ns = weft_sim_now(shard) + node->clock_ns;
    shard->totals.steps++;
    shard->stepped = index;
    bool fills = weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_ACTIONS_FIT);
    actions->count = fills ? WEFT_ACTIONS_PER_STEP_MAX : 0;
    weft_core_step(node->core, event, actions);
    node->due_ns = weft_core_deadline(node->core);
    actions->count = fills ? 0 : actions->count;
    for (uint32_t i = 0; i < actions->count; i++) {
        carry_out(shard, index, &actions->items[i]);
    }
    weft_ns deadline_ns = deadline_of(shard, node);
    weft_sim_check_step(shard, index, deadline_ns);
    weft_action_reset(actions);
    arm(shard, index, deadline_ns);
}

void weft_sim_node_on_tick(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_node *node = &shard->world->nodes[entry->node];
    bool counts = node->alive && node->tick_ns == entry->time_ns && node->life == entry->words[0];
    if (!counts) {
        return;
    }
    node->tick_ns = node->later_ns;
    node->later_ns = WEFT_NS_NEVER;
    weft_ns deadline_ns = deadline_of(shard, node);
    if (deadline_ns > entry->time_ns) {
        arm(shard, entry->node, deadline_ns);
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_TICK};
    node->ticks_at_once++;
    if (weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_NO_SPIN)) {
        weft_sim_check_step(shard, entry->node, deadline_ns);
        arm(shard, entry->node, deadline_ns);
        return;
    }
    weft_sim_node_step(shard, entry->node, &event);
    if (node->tick_ns > entry->time_ns) {
        node->ticks_at_once = 0;
    }
}
