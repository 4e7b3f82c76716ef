/* SPDX-License-Identifier: Apache-2.0 */
/* Does who leases extents bring anything? */
#include "stall.h"

#include "source.h"
#include "state.h"

/* A holder stalls that brings nothing while this node would have brought so many chunks, or at this
 * rate one, if it does not know. */
#define STALL_CHUNKS 8
#define STALL_BYTES_PER_S (16 << 10)

/* Nor is anybody blamed who has held a lease for less than this: it may only begin. */
#define BLAME_NS (1 * WEFT_NS_PER_S)

/* How long a holder may bring nothing: by what a chunk costs this node, which keeps several ranges
 * open over the same line. */
static weft_ns patience_ns(const struct weft_core *core, const struct weft_release *release)
{
    weft_ns lease_ns = core->config.tuning.lease_ms * WEFT_NS_PER_MS;
    weft_ns floor_ns = weft_release_chunk_bytes(release) * WEFT_NS_PER_S / STALL_BYTES_PER_S;
    weft_ns own_ns = core->source.chunk_ns / weft_source_ranges(core);
    return lease_ns + STALL_CHUNKS * (own_ns > 0 ? own_ns : floor_ns);
}

/* Does |link| hold any extent that is not finished? */
static bool holds_any(const struct weft_core *core, const struct weft_link *link, uint32_t download)
{
    const struct weft_download *self = &core->releases.downloads[download];
    for (uint32_t extent = 0; extent < self->extent_count; extent++) {
        if (self->extents[extent].holder == link->peer.id &&
            weft_lease_count_left(core, download, extent) > 0) {
            return true;
        }
    }
    return false;
}

bool weft_stall_is(struct weft_core *core, struct weft_link *link, uint32_t download,
                   uint32_t extent)
{
    struct weft_link_map *map = &link->maps[download];
    const struct weft_download *self = &core->releases.downloads[download];
    const struct weft_release *release = &core->releases.items[self->release];
    struct weft_extent *entry = &self->extents[extent];
    uint32_t left = weft_lease_count_left(core, download, extent);
    bool begins = entry->holder != link->peer.id && !holds_any(core, link, download);
    /* More is left than before if somebody is not believed any more: that is no fault of its. */
    bool moves = entry->holder == link->peer.id && left != entry->left;
    map->moved_ns = begins || moves ? core->now_ns : map->moved_ns;
    entry->left = left;
    weft_ns patience = patience_ns(core, release);
    bool others = core->now_ns - release->progress_ns < patience;
    return left > 0 && others && core->now_ns - map->moved_ns > patience;
}

void weft_stall_blame(struct weft_core *core, uint32_t download, weft_ns span_ns)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    for (uint32_t i = 0; i < count; i++) {
        const struct weft_link *link = weft_link_find(core, agents[i]);
        bool holds = link != NULL && link->up && holds_any(core, link, download);
        weft_ns idle_ns = holds ? core->now_ns - link->maps[download].moved_ns : 0;
        if (idle_ns > STALL_CHUNKS * span_ns && idle_ns >= BLAME_NS) {
            weft_penalty_add(core, agents[i], WEFT_OFFENCE_STALL);
        }
    }
}
