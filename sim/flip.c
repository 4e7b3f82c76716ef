/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "does a bit flip in this?". Who notices, and what becomes of it, is the caller's. */
#include "flip.h"
#include "random.h"
#include "world.h"

#include "protocol/transport/bounds.h"

#define MILLION 1000000

/* A sick memory damages one in so many chunks that pass through it. */
#define SICK_ONE_IN 8

/* A draw of its own for what |from| sends now, so that no other luck depends on it. */
static uint64_t draw(const struct weft_sim_world *world, uint32_t from, uint32_t other)
{
    uint64_t counter = (uint64_t)other << 32 | world->network.cards[from].draws;
    return weft_sim_random(world->options->seed, WEFT_SIM_FOR_FLIP, from, counter);
}

bool weft_sim_flip_hits_datagram(struct weft_sim_shard *shard, uint32_t from)
{
    uint32_t share_ppm = shard->world->options->flip_ppm;
    bool hits = share_ppm != 0 && weft_sim_random_below(draw(shard->world, from, WEFT_SIM_NOBODY),
                                                        MILLION) < share_ppm;
    shard->totals.datagrams_flipped += hits ? 1 : 0;
    return hits;
}

bool weft_sim_flip_hits_records(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                uint32_t bytes)
{
    uint64_t share_ppm = shard->world->options->flip_record_ppm;
    uint64_t records = ((uint64_t)bytes + WEFT_RECORD_BYTES_MAX - 1) / WEFT_RECORD_BYTES_MAX;
    if (share_ppm == 0 ||
        weft_sim_random_below(draw(shard->world, from, to), MILLION) >= share_ppm * records) {
        return false;
    }
    shard->totals.records_flipped++;
    return true;
}

bool weft_sim_flip_hits_chunk(const struct weft_sim_world *world, uint32_t node, uint32_t chunk)
{
    uint64_t luck = weft_sim_random(world->options->seed, WEFT_SIM_FOR_FLIP, node,
                                    world->now_ns ^ ((uint64_t)chunk << 48));
    return luck % SICK_ONE_IN == 0;
}
