/* SPDX-License-Identifier: Apache-2.0 */
/* Which agent may fetch which extent over the WAN? */
#include "lease.h"

#include "frame.h"
#include "rng.h"
#include "stall.h"
#include "state.h"
#include "trade.h"

#define BEATS_PER_LEASE 3
#define GIVEN_UP 1
#define LEARNING_NS (2 * WEFT_NS_PER_S)
#define PART_NS (1 * WEFT_NS_PER_MS)

void weft_lease_init(struct weft_core *core)
{
    core->leases.beat_ns = WEFT_NS_NEVER;
    core->leases.watch_ns = WEFT_NS_NEVER;
}

static weft_ns lease_ns(const struct weft_core *core)
{
    return core->config.tuning.lease_ms * WEFT_NS_PER_MS;
}

/* --- whose is an extent --- */

/* An agent that does not know the release cannot be its owner; but it has time to learn of it. */
static bool knows(struct weft_core *core, weft_node_id agent, uint32_t download)
{
    if (agent == core->self.id) {
        return true;
    }
    const struct weft_link *link = weft_link_find(core, agent);
    const struct weft_release *release = weft_release_of(core, &core->releases.downloads[download]);
    bool early = core->now_ns - release->added_ns < LEARNING_NS;
    return link != NULL && link->up && (early || link->maps[download].known);
}

static weft_node_id preferred(struct weft_core *core, uint32_t download, uint32_t extent)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    weft_release_id id = weft_release_of(core, &core->releases.downloads[download])->id;
    weft_node_id best = 0;
    uint64_t best_weight = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t weight = weft_rendezvous(id + extent, agents[i]);
        bool better = weight > best_weight || best == 0;
        if (better && knows(core, agents[i], download)) {
            best = agents[i];
            best_weight = weight;
        }
    }
    return best;
}

/* Does somebody else work on the extent? Who has a stream to us does, suspect or not: else two
 * agents that cannot probe each other take an extent from each other for ever. */
static bool is_held(struct weft_core *core, const struct weft_extent *extent)
{
    if (extent->holder == 0 || extent->holder == core->self.id ||
        weft_election_is_out(core, extent->holder)) {
        return false;
    }
    const struct weft_member *member = weft_member_find(core, extent->holder);
    const struct weft_link *link = weft_link_find(core, extent->holder);
    bool there =
        (member != NULL && weft_member_is_up(member)) || (link != NULL && link->up && !link->far);
    return there && core->now_ns - extent->heard_ns < lease_ns(core);
}

bool weft_lease_acts(const struct weft_core *core, uint32_t download)
{
    const struct weft_releases *all = &core->releases;
    const struct weft_release *release = &all->items[all->downloads[download].release];
    return weft_election_self(core) || release->falls_back;
}

bool weft_lease_owns(struct weft_core *core, uint32_t download, uint32_t extent)
{
    const struct weft_extent *entry = &core->releases.downloads[download].extents[extent];
    const struct weft_release *release = weft_release_of(core, &core->releases.downloads[download]);
    if (entry->holder == core->self.id || release->falls_back) {
        return true;
    }
    if (is_held(core, entry)) {
        return false;
    }
    weft_node_id owner = preferred(core, download, extent);
    return owner == core->self.id || !weft_election_self(core);
}

bool weft_lease_may_again(struct weft_core *core, uint32_t download, uint32_t chunk,
                          struct weft_lease_look *look)
{
    const struct weft_download *self = &core->releases.downloads[download];
    if (self->near_copies[chunk] > 0 && !weft_release_of(core, self)->falls_back) {
        return false;
    }
    uint32_t extent = chunk / self->extent_chunks;
    if (look->extent != extent) {
        *look = (struct weft_lease_look){extent, weft_lease_owns(core, download, extent)};
    }
    return look->owns;
}

bool weft_lease_may(struct weft_core *core, uint32_t download, uint32_t chunk)
{
    struct weft_lease_look look = {.extent = UINT32_MAX};
    return weft_lease_may_again(core, download, chunk, &look);
}

/* --- telling the segment: also who is no agent may be one in a moment --- */

static void send_lease(struct weft_core *core, const struct weft_link *link, uint32_t download,
                       uint32_t extent, bool given_up)
{
    const struct weft_download *self = &core->releases.downloads[download];
    struct weft_frame frame = {.kind = WEFT_FRAME_LEASE,
                               .release = weft_release_of(core, self)->id,
                               .chunk = extent,
                               .value = self->extents[extent].epoch,
                               .flags = given_up ? GIVEN_UP : 0};
    weft_link_send(core, link, &frame);
}

static void tell_segment(struct weft_core *core, uint32_t download, uint32_t extent, bool given_up)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up && !link->far) {
            send_lease(core, link, download, extent, given_up);
        }
    }
}

uint32_t weft_lease_count_left(const struct weft_core *core, uint32_t download, uint32_t extent)
{
    const struct weft_download *self = &core->releases.downloads[download];
    const struct weft_release *release = &core->releases.items[self->release];
    uint32_t first = extent * self->extent_chunks;
    uint32_t end = first + self->extent_chunks;
    end = end < release->chunk_count ? end : release->chunk_count;
    uint32_t left = 0;
    for (uint32_t chunk = first; chunk < end; chunk++) {
        left += !weft_bitmap_has(release->have, chunk) && self->near_copies[chunk] == 0;
    }
    return left;
}

static bool is_unfinished(const struct weft_core *core, uint32_t download, uint32_t extent)
{
    return weft_lease_count_left(core, download, extent) > 0;
}

static void trace_lease(const struct weft_core *core, uint32_t download, uint32_t extent,
                        weft_node_id from)
{
    uint32_t release = core->releases.downloads[download].release;
    weft_core_trace(core, (struct weft_trace_record){.kind = from == 0 ? WEFT_TRACE_LEASE_TAKE
                                                                       : WEFT_TRACE_LEASE_MOVE,
                                                     .peer = from,
                                                     .release = core->releases.items[release].id,
                                                     .value = extent});
}

void weft_lease_take(struct weft_core *core, uint32_t download, uint32_t extent)
{
    struct weft_extent *entry = &core->releases.downloads[download].extents[extent];
    entry->heard_ns = core->now_ns;
    if (entry->holder == core->self.id) {
        return;
    }
    core->counters.leases_moved += entry->holder != 0;
    trace_lease(core, download, extent, entry->holder);
    entry->holder = core->self.id;
    entry->epoch++;
    tell_segment(core, download, extent, /* given_up */ false);
    if (core->leases.beat_ns == WEFT_NS_NEVER) {
        core->leases.beat_ns = core->now_ns + lease_ns(core) / BEATS_PER_LEASE;
    }
}

/* Is anything left that is this agent's to fetch, now or once others have it? */
static bool has_own(struct weft_core *core, uint32_t download)
{
    const struct weft_download *self = &core->releases.downloads[download];
    for (uint32_t extent = 0; extent < self->extent_count; extent++) {
        if (is_unfinished(core, download, extent) && weft_lease_owns(core, download, extent)) {
            return true;
        }
    }
    return false;
}

bool weft_lease_steal(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    if (has_own(core, download)) {
        return false;
    }
    uint32_t start = weft_rng_below(&core->rng, self->extent_count);
    for (uint32_t i = 0; i < self->extent_count; i++) {
        uint32_t extent = (start + i) % self->extent_count;
        bool mine = self->extents[extent].holder == core->self.id;
        bool idle = !mine && !is_held(core, &self->extents[extent]);
        if (idle && is_unfinished(core, download, extent)) {
            weft_lease_take(core, download, extent);
            return true;
        }
    }
    return false;
}

void weft_lease_tell(struct weft_core *core, const struct weft_link *link, uint32_t download)
{
    const struct weft_download *self = &core->releases.downloads[download];
    for (uint32_t extent = 0; !link->far && extent < self->extent_count; extent++) {
        if (self->extents[extent].holder == core->self.id) {
            send_lease(core, link, download, extent, /* given_up */ false);
        }
    }
}

/* --- agents that are none any more for this node --- */

/* Tell those who act, or think that they do; the others hear of it with the next beat. */
static void tell_agents(struct weft_core *core, uint32_t download, uint32_t extent)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        const struct weft_member *member =
            link->up && !link->far ? weft_member_find(core, link->peer.id) : NULL;
        if (member != NULL && weft_member_said(core, member)->role == WEFT_ROLE_AGENT) {
            send_lease(core, link, download, extent, /* given_up */ false);
        }
    }
}

/* Take every extent that nobody holds who is trusted. Two epochs more: a doubted agent may have
 * said so in a message that was not believed. */
static void take_free(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    for (uint32_t extent = 0; extent < self->extent_count; extent++) {
        struct weft_extent *entry = &self->extents[extent];
        if (entry->holder == core->self.id || is_held(core, entry) ||
            !is_unfinished(core, download, extent)) {
            continue;
        }
        core->counters.leases_moved += entry->holder != 0;
        trace_lease(core, download, extent, entry->holder);
        entry->holder = core->self.id;
        entry->heard_ns = core->now_ns;
        entry->epoch = (uint16_t)(entry->epoch + 2);
        tell_agents(core, download, extent);
        core->leases.beat_ns = core->now_ns + PART_NS;
    }
}

/* Does any agent's word count for nothing? */
static bool is_any_out(const struct weft_core *core)
{
    for (uint32_t i = 0; i < weft_member_count(core); i++) {
        const struct weft_member *member = weft_member_at(core, i);
        if (weft_member_said(core, member)->role == WEFT_ROLE_AGENT &&
            weft_election_is_out(core, weft_member_said(core, member)->id)) {
            return true;
        }
    }
    return false;
}

void weft_lease_on_doubt(struct weft_core *core)
{
    bool takes = weft_election_self(core) && is_any_out(core);
    for (uint32_t d = 0; takes && d < core->config.downloads_max; d++) {
        if (core->releases.downloads[d].release != WEFT_RELEASE_NONE) {
            take_free(core, d);
        }
    }
    core->leases.watch_ns = core->now_ns; /* what is free now is fetched */
    weft_core_stir_content(core);
}

/* --- hearing other agents --- */

/* Two agents took the same extent: who took it later keeps it, because the lease had run out; else
 * the one first in rendezvous order. Both come to the same answer. */
static bool wins(struct weft_core *core, uint32_t download, uint32_t extent, weft_node_id peer,
                 uint16_t epoch)
{
    uint16_t own_epoch = core->releases.downloads[download].extents[extent].epoch;
    if (own_epoch != epoch) {
        return own_epoch > epoch;
    }
    weft_release_id id = weft_release_of(core, &core->releases.downloads[download])->id;
    uint64_t own = weft_rendezvous(id + extent, core->self.id);
    uint64_t other = weft_rendezvous(id + extent, peer);
    return own > other || (own == other && core->self.id < peer);
}

/* Whose word does not count says that it fetches |extent|: unless somebody else does, this node
 * takes it. What the other brings nobody takes from it, but it would use the line. */
static void outbid(struct weft_core *core, uint32_t download, uint32_t extent, uint16_t epoch)
{
    struct weft_extent *entry = &core->releases.downloads[download].extents[extent];
    if (!weft_election_self(core) || is_held(core, entry) ||
        !is_unfinished(core, download, extent)) {
        return;
    }
    if (epoch >= entry->epoch && epoch < UINT16_MAX) {
        entry->epoch = (uint16_t)(epoch + 1); /* told with the next beat, if it is held already */
    }
    weft_lease_take(core, download, extent);
}

void weft_lease_on_frame(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    struct weft_download *download = weft_release_download(core, release);
    if (download == NULL || frame->chunk >= download->extent_count || link->far) {
        return;
    }
    struct weft_extent *extent = &download->extents[frame->chunk];
    if ((frame->flags & GIVEN_UP) != 0) {
        if (extent->holder == link->peer.id) {
            extent->holder = 0;
        }
        return;
    }
    uint16_t epoch = (uint16_t)frame->value;
    bool mine = extent->holder == core->self.id;
    if (weft_election_is_out(core, link->peer.id)) {
        outbid(core, release->download, frame->chunk, epoch);
        return;
    }
    if (mine && release->falls_back) {
        return; /* what the others said came to nothing */
    }
    if (mine && wins(core, release->download, frame->chunk, link->peer.id, epoch)) {
        send_lease(core, link, release->download, frame->chunk, /* given_up */ false);
        return;
    }
    if (weft_stall_is(core, link, release->download, frame->chunk)) {
        weft_penalty_add(core, link->peer.id, WEFT_OFFENCE_STALL);
        return;
    }
    extent->holder = link->peer.id;
    extent->epoch = epoch;
    extent->heard_ns = core->now_ns;
    if (core->leases.watch_ns == WEFT_NS_NEVER) {
        core->leases.watch_ns = core->now_ns + lease_ns(core);
    }
    if (mine) {
        weft_source_yield(core, release->download, frame->chunk);
    }
}

void weft_lease_on_progress(struct weft_core *core, struct weft_download *download,
                            weft_node_id peer, uint32_t chunk)
{
    struct weft_extent *extent = &download->extents[chunk / download->extent_chunks];
    if (extent->holder == peer) {
        extent->heard_ns = core->now_ns;
    }
}

/* --- timers --- */

/* An agent that has nothing in flight hears of nothing; so it looks by itself when the lease of
 * another one runs out, and takes what is left. */
static void watch_others(struct weft_core *core)
{
    if (core->now_ns < core->leases.watch_ns) {
        return;
    }
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t d = 0; d < core->config.downloads_max; d++) {
        const struct weft_download *download = &core->releases.downloads[d];
        if (download->release == WEFT_RELEASE_NONE) {
            continue;
        }
        for (uint32_t extent = 0; extent < download->extent_count; extent++) {
            const struct weft_extent *entry = &download->extents[extent];
            weft_ns out = entry->heard_ns + lease_ns(core);
            bool held = is_held(core, entry) && out < next;
            next = held && is_unfinished(core, d, extent) ? out : next;
        }
    }
    /* What others bring from the source may fail to come as well. */
    bool awaits = core->links.far_count > 0 && weft_release_is_any_missing(core);
    weft_ns again_ns = core->now_ns + lease_ns(core);
    core->leases.watch_ns = awaits && again_ns < next ? again_ns : next;
    weft_trade_fill(core);
    weft_source_fill(core);
}

/* Repeat one lease, or end it: to give up, or because others have to fetch where no agent is. */
static void repeat(struct weft_core *core, uint32_t d, uint32_t extent)
{
    struct weft_leases *self = &core->leases;
    struct weft_download *download = &core->releases.downloads[d];
    if (download->release == WEFT_RELEASE_NONE || extent >= download->extent_count ||
        download->extents[extent].holder != core->self.id ||
        (!self->giving_up && !is_unfinished(core, d, extent))) {
        return;
    }
    bool kept = !self->giving_up && weft_lease_acts(core, d);
    self->keeps = self->keeps || kept;
    download->extents[extent].holder = kept ? core->self.id : 0;
    tell_segment(core, d, extent, /* given_up */ !kept);
}

/* Many leases and many neighbours are more messages than a step has room for: the rest follows. */
static void beat(struct weft_core *core)
{
    struct weft_leases *self = &core->leases;
    uint32_t end = core->config.downloads_max * WEFT_EXTENTS_MAX;
    if (core->now_ns < self->beat_ns) {
        return;
    }
    for (; self->next < end; self->next++) {
        if (core->actions->count > WEFT_ACTIONS_PER_STEP_MAX / 2) {
            self->beat_ns = core->now_ns + PART_NS;
            return;
        }
        repeat(core, self->next / WEFT_EXTENTS_MAX, self->next % WEFT_EXTENTS_MAX);
    }
    self->beat_ns = self->keeps ? core->now_ns + lease_ns(core) / BEATS_PER_LEASE : WEFT_NS_NEVER;
    self->next = 0;
    self->giving_up = false;
    self->keeps = false;
}

void weft_lease_give_up(struct weft_core *core)
{
    struct weft_leases *self = &core->leases;
    self->giving_up = true;
    self->keeps = false;
    self->next = 0;
    self->beat_ns = core->now_ns;
    beat(core);
}

void weft_lease_expire(struct weft_core *core)
{
    beat(core);
    watch_others(core);
}

weft_ns weft_lease_deadline(const struct weft_core *core)
{
    const struct weft_leases *self = &core->leases;
    return self->beat_ns < self->watch_ns ? self->beat_ns : self->watch_ns;
}
