/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how large are the tables of the cores, and where do they grow?". */
#include "capacity.h"
#include "memory.h"
#include "world.h"

#include "protocol/limits.h"
#include "protocol/release.h"

/* So few nodes may have reserves in huge pages, of which most is never touched. */
#define SMALL_NODES 4000

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

static uint32_t chunks_max(const struct weft_sim_world *world)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < world->releases.count; i++) {
        uint32_t count = world->releases.items[i].chunk_count;
        most = count > most ? count : most;
    }
    return most;
}

static uint32_t extents_max(const struct weft_sim_world *world)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < world->releases.count; i++) {
        const struct weft_sim_release *release = &world->releases.items[i];
        uint32_t count = weft_release_extents(release->chunk_count, release->bytes,
                                              world->options->tuning.extent_bytes);
        most = count > most ? count : most;
    }
    return most;
}

struct weft_config weft_sim_capacity_config(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    uint32_t in_segment = options->segment_nodes_max;
    bool mixes = weft_sim_menu_has(options, WEFT_SIM_MISHAP_ROAM) ||
                 weft_sim_menu_has(options, WEFT_SIM_MISHAP_GHOSTS);
    uint32_t strangers = mixes ? in_segment / 8 : 0; /* who comes from elsewhere, or never was */
    struct weft_config config = weft_config_default();
    config.tuning = options->tuning;
    config.mesh = 1;
    config.agent_class = WEFT_AGENT_AUTO;
    config.has_source = true;
    config.members_max = least((uint64_t)in_segment + strangers + 4, WEFT_MEMBERS_MAX);
    config.remotes_max = least((uint64_t)options->segment_count * 4 + 4, WEFT_REMOTES_MAX);
    config.links_max = WEFT_LINKS_MAX; /* as a real node: what happens at the limit matters */
    config.releases_max = least(world->releases.count, 2);
    config.downloads_max = 1;
    config.chunks_max = (chunks_max(world) + 63) / 64 * 64;
    config.extents_max = extents_max(world);
    config.documents_max = least(world->releases.count, WEFT_DOCUMENTS_MAX); /* one of each */
    config.path_max = WEFT_SIM_PATH_BYTES;
    config.bulletin_max = WEFT_SIM_BULLETIN_BYTES;
    config.shares_records = true;
    config.shares_reserves = true;
    return config;
}

void weft_sim_capacity_reserve(struct weft_sim_world *world)
{
    for (uint32_t i = 0; i < world->shard_count; i++) {
        struct weft_sim_shard *shard = &world->shards[i];
        uint32_t core_count = shard->end_node - shard->first_node;
        shard->reserve_bytes = weft_core_share_size(&world->config, core_count);
        shard->reserve_memory = world->node_count <= SMALL_NODES
                                    ? weft_sim_memory_take(1, shard->reserve_bytes)
                                    : weft_sim_memory_take_sparse(1, shard->reserve_bytes);
        weft_core_share(&shard->reserves, shard->reserve_memory, &world->config, core_count);
        shard->host.reserves = &shard->reserves;
    }
}
