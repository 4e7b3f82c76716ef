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

static uint32_t records_of(uint32_t bytes)
{
    return (bytes + WEFT_RECORD_BYTES_MAX - 1) / WEFT_RECORD_BYTES_MAX;
}

bool weft_sim_flip_hits_records(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                uint32_t bytes)
{
    uint64_t share_ppm = shard->world->options->flip_record_ppm;
    if (share_ppm == 0 || weft_sim_random_below(draw(shard->world, from, to), MILLION) >=
                              share_ppm * records_of(bytes)) {
        return false;
    }
    shard->totals.records_flipped++;
    return true;
}

/* Of the |bytes| that |node| gets now, as for |share_ppm| of all pieces as long as a record; |what|
 * tells those that come at the same moment apart. */
static bool hits_fetched(const struct weft_sim_shard *shard, uint64_t share_ppm, uint32_t node,
                         uint32_t what, uint32_t bytes)
{
    uint64_t luck = weft_sim_random(shard->world->options->seed, WEFT_SIM_FOR_BODY, node,
                                    weft_sim_now(shard) ^ ((uint64_t)what << 40));
    return weft_sim_random_below(luck, MILLION) < share_ppm * records_of(bytes);
}

bool weft_sim_flip_hits_document(struct weft_sim_shard *shard, uint32_t node, uint32_t kind,
                                 uint32_t bytes)
{
    bool hits = hits_fetched(shard, shard->world->options->flip_record_ppm, node,
                             WEFT_SIM_FLIP_DOCUMENT + kind, bytes);
    shard->totals.records_flipped += hits ? 1 : 0;
    return hits;
}

bool weft_sim_flip_hits_body(struct weft_sim_shard *shard, uint32_t node, uint32_t what,
                             uint32_t bytes)
{
    bool hits = hits_fetched(shard, shard->world->options->flip_body_ppm, node, what, bytes);
    shard->totals.bodies_flipped += hits ? 1 : 0;
    return hits;
}

bool weft_sim_flip_hits_chunk(const struct weft_sim_world *world, uint32_t node, uint32_t chunk)
{
    uint64_t luck = weft_sim_random(world->options->seed, WEFT_SIM_FOR_FLIP, node,
                                    world->now_ns ^ ((uint64_t)chunk << 48));
    return luck % SICK_ONE_IN == 0;
}
