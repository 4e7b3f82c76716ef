/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is there a way from here to there?". */
#include "cut.h"
#include "pipe.h"
#include "random.h"
#include "world.h"

/* An MTU hole lets messages of this length pass, and up to so many bytes more. */
#define HOLE_LEAST_BYTES 400
#define HOLE_SPREAD_BYTES 800

/* --- sides --- */

static bool half(const struct weft_sim_cut *cut, uint32_t entity)
{
    return (weft_mix(cut->luck ^ entity) & 1) != 0;
}

/* Does |node| stand on the side that is cut off? */
static bool is_inside(const struct weft_sim_world *world, const struct weft_sim_cut *cut,
                      uint32_t node)
{
    bool source = node == WEFT_SIM_SOURCE;
    switch (cut->shape) {
    case WEFT_SIM_CUT_NODE:
        return node == cut->entity;
    case WEFT_SIM_CUT_SITE:
        return !source && weft_sim_topology_site(&world->topology, node) == cut->entity;
    case WEFT_SIM_CUT_SEGMENT:
        return !source && world->topology.segment_of[node] == cut->entity;
    case WEFT_SIM_CUT_HALF_NODES:
        return half(cut, node);
    case WEFT_SIM_CUT_HALF_SEGMENTS:
        return half(cut, source ? WEFT_SIM_SOURCE : world->topology.segment_of[node]);
    }
    return false;
}

/* Does |cut| lie between them? In a segment also if both are inside. */
static bool parts(const struct weft_sim_world *world, const struct weft_sim_cut *cut, uint32_t from,
                  uint32_t to)
{
    bool leaves = is_inside(world, cut, from);
    bool stays = is_inside(world, cut, to);
    if (cut->shape == WEFT_SIM_CUT_SEGMENT) {
        return leaves || stays;
    }
    return leaves != stays && (leaves || !cut->one_way);
}

bool weft_sim_cut_lets(const struct weft_sim_world *world, uint32_t from, uint32_t to,
                       uint32_t bytes)
{
    const struct weft_sim_cuts *cuts = &world->mishaps.cuts;
    for (uint32_t i = 0; i < cuts->count; i++) {
        const struct weft_sim_cut *cut = &cuts->items[i];
        if (bytes > cut->bytes_free && parts(world, cut, from, to)) {
            return false;
        }
    }
    return true;
}

weft_ns weft_sim_cut_until(const struct weft_sim_world *world, uint32_t from, uint32_t to)
{
    const struct weft_sim_cuts *cuts = &world->mishaps.cuts;
    weft_ns until_ns = 0;
    for (uint32_t i = 0; i < cuts->count; i++) {
        const struct weft_sim_cut *cut = &cuts->items[i];
        bool crosses =
            !cut->datagrams_only && is_inside(world, cut, from) != is_inside(world, cut, to);
        until_ns = crosses && cut->until_ns > until_ns ? cut->until_ns : until_ns;
    }
    return until_ns;
}

/* --- beginning and end --- */

static enum weft_sim_cut_shape shape_of(const struct weft_sim_world *world,
                                        const struct weft_sim_mishap *mishap)
{
    static const enum weft_sim_cut_shape shapes[] = {WEFT_SIM_CUT_NODE, WEFT_SIM_CUT_HALF_NODES,
                                                     WEFT_SIM_CUT_HALF_SEGMENTS};
    static const enum weft_sim_cut_shape holes[] = {WEFT_SIM_CUT_NODE, WEFT_SIM_CUT_SEGMENT,
                                                    WEFT_SIM_CUT_SITE};
    switch ((uint32_t)mishap->class) {
    case WEFT_SIM_MISHAP_PARTITION:
    case WEFT_SIM_MISHAP_ONE_WAY:
        return shapes[mishap->luck % (world->topology.segment_count > 1 ? 3 : 2)];
    case WEFT_SIM_MISHAP_WAN_DOWN:
        return WEFT_SIM_CUT_SITE;
    case WEFT_SIM_MISHAP_MTU_HOLE:
        return holes[mishap->luck % 3];
    default:
        return WEFT_SIM_CUT_NODE;
    }
}

/* Pipes stand still where no stream moves, and go on where one does again. */
static void hold_pipes(struct weft_sim_world *world)
{
    for (uint32_t s = 0; s < world->shard_count; s++) {
        struct weft_sim_shard *shard = &world->shards[s];
        for (uint32_t i = 0; i < shard->pipes.used_count; i++) {
            struct weft_sim_pipe *pipe = weft_sim_pool_at(&shard->pipes, i);
            if (pipe != NULL) {
                weft_sim_pipe_hold(shard, pipe,
                                   weft_sim_cut_until(world, pipe->from, pipe->to) != 0);
            }
        }
    }
}

void weft_sim_cut_begin(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    struct weft_sim_cuts *cuts = &world->mishaps.cuts;
    if (cuts->count == WEFT_SIM_CUTS_MAX) {
        return;
    }
    struct weft_sim_cut *cut = &cuts->items[cuts->count++];
    bool hole = mishap->class == WEFT_SIM_MISHAP_MTU_HOLE;
    uint64_t more = weft_sim_random_below(mishap->luck, HOLE_SPREAD_BYTES);
    *cut = (struct weft_sim_cut){.shape = shape_of(world, mishap),
                                 .one_way = mishap->class == WEFT_SIM_MISHAP_ONE_WAY,
                                 .datagrams_only = hole || mishap->class == WEFT_SIM_MISHAP_BURST,
                                 .bytes_free = hole ? HOLE_LEAST_BYTES + (uint32_t)more : 0,
                                 .luck = mishap->luck,
                                 .name = weft_sim_menu_name(mishap),
                                 .until_ns = world->now_ns + mishap->length_ns};
    uint32_t victim = weft_sim_mishap_victim(world, mishap);
    cut->entity = cut->shape == WEFT_SIM_CUT_SITE ? world->topology.segments[mishap->segment].site
                  : cut->shape == WEFT_SIM_CUT_SEGMENT ? mishap->segment
                                                       : victim;
    if (!cut->datagrams_only) {
        hold_pipes(world);
    }
}

void weft_sim_cut_end(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    struct weft_sim_cuts *cuts = &world->mishaps.cuts;
    for (uint32_t i = 0; i < cuts->count; i++) {
        if (cuts->items[i].name == weft_sim_menu_name(mishap)) {
            cuts->items[i] = cuts->items[--cuts->count];
            break;
        }
    }
    hold_pipes(world);
}
