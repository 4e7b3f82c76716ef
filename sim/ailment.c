/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does a sick machine do with this?". */
#include "ailment.h"
#include "flip.h"
#include "hostile.h"
#include "pipe.h"
#include "random.h"
#include "world.h"

#include "protocol/bitmap.h"

#include <string.h>

/* What a slow disk takes of its rate. */
#define SLOW_FACTOR 20

const struct weft_sim_ailment *weft_sim_ailment_of(const struct weft_sim_world *world,
                                                   uint32_t node)
{
    return world->mishaps.ailments == NULL ? NULL : &world->mishaps.ailments[node];
}

/* --- standing still --- */

bool weft_sim_ailment_is_frozen(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, node);
    return ailment != NULL && ailment->frozen_ns > world->now_ns;
}

bool weft_sim_ailment_is_clock_wrong(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, node);
    return ailment != NULL && ailment->clock_wrong > 0;
}

/* A TICK and a PIPE_DUE count only at the time that their owner remembers. */
static void remember(struct weft_sim_shard *shard, const struct weft_sim_entry *entry,
                     weft_ns time_ns)
{
    struct weft_sim_node *node = &shard->world->nodes[entry->node];
    if (entry->kind == WEFT_SIM_NODE_TICK && node->tick_ns == entry->time_ns) {
        node->tick_ns = time_ns;
    } else if (entry->kind == WEFT_SIM_NODE_TICK && node->later_ns == entry->time_ns) {
        node->later_ns = time_ns;
    }
    if (entry->kind == WEFT_SIM_PIPE_DUE) {
        struct weft_sim_pipe *pipe = weft_sim_pool_find(&shard->pipes, entry->words[0]);
        if (pipe != NULL && pipe->due_ns == entry->time_ns) {
            pipe->due_ns = time_ns;
        }
    }
}

static void put_off(struct weft_sim_shard *shard, const struct weft_sim_entry *entry,
                    weft_ns time_ns)
{
    remember(shard, entry, time_ns);
    struct weft_sim_entry *later = weft_sim_queue_push(shard->queue, time_ns);
    later->kind = entry->kind;
    later->node = entry->node;
    later->peer = entry->peer;
    later->slot = entry->slot;
    later->length = entry->length;
    memcpy(later->words, entry->words, sizeof(later->words));
}

bool weft_sim_ailment_defers(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_world *world = shard->world;
    bool starts = entry->kind == WEFT_SIM_NODE_START || entry->kind == WEFT_SIM_NODE_CRASH ||
                  entry->kind == WEFT_SIM_NODE_EVENING;
    if (entry->node >= world->node_count || starts) {
        return false;
    }
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, entry->node);
    if (ailment->frozen_ns <= entry->time_ns) {
        return false;
    }
    if (ailment->is_asleep && entry->kind == WEFT_SIM_DATAGRAM) {
        shard->totals.datagrams_lost++;
        weft_sim_shard_drop_bytes(shard, entry);
    } else if (ailment->is_asleep && entry->kind == WEFT_SIM_BEACON) {
        return true; /* lost as well */
    } else {
        put_off(shard, entry, ailment->frozen_ns);
    }
    return true;
}

/* --- the disk --- */

weft_ns weft_sim_ailment_disk_ns(const struct weft_sim_world *world, uint32_t node, weft_ns long_ns)
{
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, node);
    return ailment != NULL && ailment->disk_slow > 0 ? long_ns * SLOW_FACTOR : long_ns;
}

/* Has a bit flipped in the chunk, while it was in the memory of the one or the other? */
static bool is_damaged(const struct weft_sim_world *world, uint32_t node, uint32_t peer,
                       uint32_t chunk)
{
    bool sick = weft_sim_ailment_of(world, node)->memory_bad > 0 ||
                (peer != WEFT_SIM_NOBODY && weft_sim_ailment_of(world, peer)->memory_bad > 0);
    return sick && weft_sim_flip_hits_chunk(world, node, chunk);
}

enum weft_err weft_sim_ailment_verify(const struct weft_sim_world *world, uint32_t node,
                                      const struct weft_event *event)
{
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, node);
    if (ailment == NULL) {
        return WEFT_ERR_OK;
    }
    bool from_source = event->chunk.token != 0;
    uint32_t peer = weft_sim_topology_by_id(&world->topology, event->chunk.peer);
    bool bad = from_source ? world->mishaps.source_ails[WEFT_SIM_MISHAP_SOURCE_ROTTEN] > 0
                           : weft_sim_hostile_does(world, peer, WEFT_SIM_MISHAP_CORRUPT);
    bad |= is_damaged(world, node, from_source ? WEFT_SIM_NOBODY : peer, event->chunk.chunk);
    return bad ? WEFT_ERR_MISMATCH : ailment->disk_full > 0 ? WEFT_ERR_DISK_FULL : WEFT_ERR_OK;
}

static uint64_t *rotten_of(const struct weft_sim_world *world, uint32_t node)
{
    return world->mishaps.rotten == NULL ? NULL
                                         : world->mishaps.rotten + (size_t)node * world->have_words;
}

void weft_sim_ailment_damage(struct weft_sim_world *world, uint32_t node, uint64_t luck,
                             uint32_t most, bool unnoticed)
{
    const struct weft_sim_node *self = &world->nodes[node];
    uint64_t *rotten = rotten_of(world, node);
    if (self->fetching == WEFT_SIM_NO_RELEASE) {
        return;
    }
    uint32_t count = world->releases.items[self->fetching].chunk_count;
    for (uint32_t i = 0; i < most; i++) {
        uint32_t chunk = (uint32_t)(weft_mix(luck + i) % count);
        if (weft_bitmap_has(self->have, chunk) && unnoticed) {
            weft_bitmap_set(rotten, chunk);
        } else if (weft_bitmap_has(self->have, chunk)) {
            weft_sim_node_lose(&world->nodes[node], chunk);
        }
    }
}

bool weft_sim_ailment_is_rotten(const struct weft_sim_world *world, uint32_t node, uint32_t chunk)
{
    const uint64_t *rotten = rotten_of(world, node);
    return rotten != NULL && weft_bitmap_has(rotten, chunk);
}

bool weft_sim_ailment_finds_rot(struct weft_sim_world *world, uint32_t node, uint32_t chunk)
{
    uint64_t *rotten = rotten_of(world, node);
    if (rotten == NULL || !weft_bitmap_has(rotten, chunk)) {
        return false;
    }
    weft_bitmap_clear(rotten, chunk);
    weft_sim_node_lose(&world->nodes[node], chunk);
    return true;
}

uint32_t weft_sim_ailment_finds_all_rot(struct weft_sim_world *world, uint32_t node)
{
    uint32_t found = 0;
    uint32_t count = world->releases.items[world->nodes[node].fetching].chunk_count;
    for (uint32_t i = 0; i < count && rotten_of(world, node) != NULL; i++) {
        found += weft_sim_ailment_finds_rot(world, node, i);
    }
    return found;
}
