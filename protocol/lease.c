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
#define SOON_NS (1 * WEFT_NS_PER_MS)
#define ENTRY_BYTES 4 /* of a further extent in a LEASE, with its epoch */

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

static struct weft_frame lease_of(struct weft_core *core, uint32_t download, uint32_t extent)
{
    const struct weft_download *self = &core->releases.downloads[download];
    return (struct weft_frame){.kind = WEFT_FRAME_LEASE,
                               .release = weft_release_of(core, self)->id,
                               .chunk = extent,
                               .value = self->extents[extent].epoch};
}

/* One LEASE of many extents. */
struct leases {
    struct weft_frame frame; /* the first one, and |list|; without a kind there is none */
    uint8_t list[ENTRY_BYTES * (WEFT_EXTENTS_MAX - 1)]; /* the others */
};

_Static_assert(WEFT_DOWNLOADS_MAX *WEFT_LINKS_MAX * sizeof(struct leases) <=
                   WEFT_ACTION_ARENA_BYTES,
               "a step has room for all leases to all neighbours");

static void add_lease(struct weft_core *core, struct leases *leases, uint32_t download,
                      uint32_t extent)
{
    struct weft_frame frame = lease_of(core, download, extent);
    if (leases->frame.kind == 0) {
        leases->frame = frame;
        return;
    }
    uint8_t *entry = &leases->list[leases->frame.list.length];
    entry[0] = (uint8_t)(frame.chunk >> 8);
    entry[1] = (uint8_t)frame.chunk;
    entry[2] = (uint8_t)(frame.value >> 8);
    entry[3] = (uint8_t)frame.value;
    leases->frame.list.bytes = leases->list;
    leases->frame.list.length += ENTRY_BYTES;
}

static void tell_segment(struct weft_core *core, const struct weft_frame *frame)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up && !link->far) {
            weft_link_send(core, link, frame);
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
    struct weft_frame frame = lease_of(core, download, extent);
    tell_segment(core, &frame);
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
    struct leases leases = {0};
    for (uint32_t extent = 0; !link->far && extent < self->extent_count; extent++) {
        if (self->extents[extent].holder == core->self.id) {
            add_lease(core, &leases, download, extent);
        }
    }
    if (leases.frame.kind != 0) {
        weft_link_send(core, link, &leases.frame);
    }
}

/* --- agents that are none any more for this node --- */

/* Tell those who act, or think that they do; the others hear of it with the next beat. */
static void tell_agents(struct weft_core *core, uint32_t download, uint32_t extent)
{
    struct weft_frame frame = lease_of(core, download, extent);
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        const struct weft_member *member =
            link->up && !link->far ? weft_member_find(core, link->peer.id) : NULL;
        if (member != NULL && weft_member_said(core, member)->role == WEFT_ROLE_AGENT) {
            weft_link_send(core, link, &frame);
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
        core->leases.beat_ns = core->now_ns + SOON_NS;
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

/* |link| says that it fetches |extent|, as of |epoch|. */
static void hear(struct weft_core *core, struct weft_link *link, const struct weft_release *release,
                 uint32_t number, uint16_t epoch)
{
    uint32_t download = release->download;
    struct weft_extent *extent = &core->releases.downloads[download].extents[number];
    bool mine = extent->holder == core->self.id;
    if (weft_election_is_out(core, link->peer.id)) {
        outbid(core, download, number, epoch);
        return;
    }
    if (mine && release->falls_back) {
        return; /* what the others said came to nothing */
    }
    if (mine && wins(core, download, number, link->peer.id, epoch)) {
        struct weft_frame answer = lease_of(core, download, number);
        weft_link_send(core, link, &answer);
        return;
    }
    if (weft_stall_is(core, link, download, number)) {
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
        weft_source_yield(core, download, number);
    }
}

void weft_lease_on_frame(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    const struct weft_download *download = weft_release_download(core, release);
    weft_node_id peer = link->peer.id;
    bool given_up = (frame->flags & GIVEN_UP) != 0;
    if (download == NULL || link->far) {
        return;
    }
    uint32_t count = frame->list.length / ENTRY_BYTES + 1;
    for (uint32_t i = 0; i < count && link->peer.id == peer; i++) { /* a penalty may end the link */
        uint32_t number = i == 0 ? frame->chunk : weft_frame_have_at(frame, 2 * (i - 1));
        uint32_t epoch = i == 0 ? frame->value : weft_frame_have_at(frame, 2 * i - 1);
        if (number >= download->extent_count) {
            continue;
        }
        struct weft_extent *extent = &download->extents[number];
        if (!given_up) {
            hear(core, link, release, number, (uint16_t)epoch);
        } else if (extent->holder == peer) {
            extent->holder = 0;
        }
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

/* Repeat the leases of a download with one message to each neighbour, or end them: to give up, or
 * because others have to fetch where no agent is. True: some were repeated. */
static bool repeat(struct weft_core *core, uint32_t d, bool giving_up)
{
    struct weft_download *download = &core->releases.downloads[d];
    uint32_t end = download->release == WEFT_RELEASE_NONE ? 0 : download->extent_count;
    struct leases leases = {0};
    bool kept = end > 0 && !giving_up && weft_lease_acts(core, d);
    for (uint32_t extent = 0; extent < end; extent++) {
        struct weft_extent *entry = &download->extents[extent];
        bool told = giving_up || is_unfinished(core, d, extent);
        if (entry->holder == core->self.id && told) {
            entry->holder = kept ? core->self.id : 0;
            add_lease(core, &leases, d, extent);
        }
    }
    if (leases.frame.kind != 0) {
        leases.frame.flags = kept ? 0 : GIVEN_UP;
        tell_segment(core, &leases.frame);
    }
    return kept && leases.frame.kind != 0;
}

static void repeat_all(struct weft_core *core, bool giving_up)
{
    bool keeps = false;
    for (uint32_t d = 0; d < core->config.downloads_max; d++) {
        keeps = repeat(core, d, giving_up) || keeps;
    }
    core->leases.beat_ns = keeps ? core->now_ns + lease_ns(core) / BEATS_PER_LEASE : WEFT_NS_NEVER;
}

void weft_lease_give_up(struct weft_core *core)
{
    repeat_all(core, /* giving_up */ true);
}

void weft_lease_expire(struct weft_core *core)
{
    if (core->leases.beat_ns <= core->now_ns) {
        repeat_all(core, /* giving_up */ false);
    }
    watch_others(core);
}

weft_ns weft_lease_deadline(const struct weft_core *core)
{
    const struct weft_leases *self = &core->leases;
    return self->beat_ns < self->watch_ns ? self->beat_ns : self->watch_ns;
}
