/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is published, and how long is it?" and "who is told at time zero?". What a node's
 * shell does with it is in shell.c. */
#include "publish.h"
#include "calibration.h"
#include "memory.h"
#include "random.h"
#include "world.h"

#include "protocol/limits.h"
#include "protocol/view.h"

/* The rule of weft publish: about 512 chunks, but not too small and not too large. */
#define CHUNKS_AIM 512
#define CHUNK_BYTES_MIN 32768

/* --- releases --- */

static void cut(struct weft_sim_release *release, uint32_t chunk_bytes)
{
    release->chunk_bytes = chunk_bytes;
    if (chunk_bytes == 0) {
        release->chunk_bytes = CHUNK_BYTES_MIN;
        while (release->chunk_bytes < WEFT_CHUNK_BYTES_MAX &&
               (uint64_t)release->chunk_bytes * CHUNKS_AIM < release->bytes) {
            release->chunk_bytes *= 2;
        }
    }
    uint64_t count = (release->bytes + release->chunk_bytes - 1) / release->chunk_bytes;
    count = count == 0 ? 1 : count;
    release->chunk_count = count > WEFT_CHUNKS_MAX ? 0 : (uint32_t)count;
}

bool weft_sim_publish_begin(struct weft_sim_releases *releases,
                            const struct weft_sim_options *options)
{
    *releases =
        (struct weft_sim_releases){.count = options->releases, .newest = WEFT_SIM_NO_RELEASE};
    releases->items = weft_sim_memory_take(releases->count, sizeof(releases->items[0]));
    for (uint32_t i = 0; i < releases->count; i++) {
        struct weft_sim_release *release = &releases->items[i];
        release->bytes = options->size_bytes;
        release->id =
            weft_sim_random(options->seed, WEFT_SIM_FOR_CONTENT, i, options->size_bytes) | 1;
        release->publish_ns =
            (options->warmup_ms + (uint64_t)i * options->every_ms) * WEFT_NS_PER_MS;
        cut(release, options->chunk_bytes);
        if (release->chunk_count == 0) {
            return false;
        }
    }
    return true;
}

void weft_sim_publish_end(struct weft_sim_releases *releases)
{
    weft_sim_memory_give(releases->items, releases->count, sizeof(releases->items[0]));
}

uint32_t weft_sim_publish_find(const struct weft_sim_releases *releases, weft_release_id id)
{
    for (uint32_t i = releases->count; i-- > 0;) {
        if (releases->items[i].id == id) {
            return i;
        }
    }
    return WEFT_SIM_NO_RELEASE;
}

uint32_t weft_sim_publish_chunk_bytes(const struct weft_sim_release *release, uint32_t chunk)
{
    uint64_t left = release->bytes - (uint64_t)chunk * release->chunk_bytes;
    return left < release->chunk_bytes ? (uint32_t)left : release->chunk_bytes;
}

uint32_t weft_sim_publish_document_bytes(const struct weft_sim_releases *releases,
                                         enum weft_sim_document_kind kind, uint32_t version)
{
    uint32_t number = version > WEFT_SIM_VERSION_OLD ? version - WEFT_SIM_VERSION_OLD - 1 : 0;
    switch (kind) {
    case WEFT_SIM_DOCUMENT_TIMESTAMP:
        return WEFT_SIM_BULLETIN_BYTES;
    case WEFT_SIM_DOCUMENT_SNAPSHOT:
        return WEFT_SIM_SNAPSHOT_BYTES;
    case WEFT_SIM_DOCUMENT_TARGETS:
        return WEFT_SIM_TARGETS_BYTES;
    case WEFT_SIM_DOCUMENT_INDEX:
        return WEFT_SIM_INDEX_HEAD_BYTES +
               WEFT_SIM_INDEX_BYTES_PER_CHUNK * releases->items[number].chunk_count;
    case WEFT_SIM_DOCUMENT_KIND_COUNT:
        break;
    }
    return 0;
}

bool weft_sim_publish_is_complete(const struct weft_sim_world *world,
                                  const struct weft_sim_node *node)
{
    return node->held == world->releases.newest && node->held != WEFT_SIM_NO_RELEASE;
}

bool weft_sim_publish_counts(const struct weft_sim_world *world, const struct weft_sim_node *node)
{
    return !node->hostile && weft_sim_publish_is_complete(world, node);
}

/* --- a release appears --- */

/* Who is told when one node is: an agent if there is one, as an administrator would choose, and no
 * node that would keep it to itself. */
static uint32_t told_node(const struct weft_sim_world *world)
{
    uint32_t honest = world->node_count;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        bool fit = node->alive && !node->hostile;
        if (fit && weft_view_node(node->core).is_agent) {
            return i;
        }
        honest = fit && honest == world->node_count ? i : honest;
    }
    return honest;
}

/* What the shards counted for the release before belongs to it; they begin anew. */
static void close_books(struct weft_sim_world *world)
{
    if (world->releases.newest != WEFT_SIM_NO_RELEASE) {
        weft_sim_world_count_release(world);
    }
    for (uint32_t i = 0; i < world->shard_count; i++) {
        struct weft_sim_shard *shard = &world->shards[i];
        shard->totals.complete = 0;
        shard->first_known_ns = 0;
        shard->last_known_ns = 0;
        shard->last_complete_ns = 0;
    }
}

void weft_sim_publish_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    uint32_t number = (uint32_t)entry->words[0];
    close_books(world);
    world->releases.newest = number;
    world->source_version = WEFT_SIM_VERSION_OLD + 1 + number;
    if (number == 0) {
        weft_sim_check_idle(world);
        world->wire_zero = weft_sim_network_wire(&world->network);
    }
    bool all = world->options->announce == WEFT_SIM_ANNOUNCE_ALL;
    uint32_t one = all ? 0 : told_node(world);
    for (uint32_t i = 0; i < world->node_count; i++) {
        if (number == 0) {
            world->control_zero[i] = world->network.cards[i].up.control_bytes;
        }
        if (world->nodes[i].alive && (all || i == one)) {
            struct weft_event event = {.kind = WEFT_EVENT_LOOK};
            weft_sim_world_step(world, i, &event);
        }
    }
    if (number == 0) {
        weft_sim_fault_plan(world);
    }
}
