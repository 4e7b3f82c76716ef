/* SPDX-License-Identifier: Apache-2.0 */
/* Whose chunks of a release does this node get pushed, and who gets its? */
#include "follow.h"

#include "frame.h"
#include "have.h"
#include "state.h"

#define SETTLE_NS (200 * WEFT_NS_PER_MS) /* until then only the parent of the tree will do */
#define RETRY_NS (1 * WEFT_NS_PER_S)
#define MISSED_MAX 16 /* chunks in a row that a parent let come from elsewhere */

static uint8_t bit_of(uint32_t stripe)
{
    return (uint8_t)(1U << stripe);
}

/* --- the child's side --- */

void weft_follow_begin(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    self->orphans = WEFT_STRIPES_ALL;
    self->overloaded = false;
    self->kin = (struct weft_kin){.roots = 0};
    self->begun_ns = core->now_ns;
    self->seek_ns = core->now_ns + SETTLE_NS;
}

/* The stripes in which we follow the neighbour. */
static uint8_t stripes_from(struct weft_core *core, const struct weft_link *link, uint32_t download)
{
    const struct weft_kin *kin = &core->releases.downloads[download].kin;
    return weft_kin_stripes(kin->parents, weft_link_index(core, link));
}

/* Say which stripes we follow the neighbour in. */
static void send_follow(struct weft_core *core, const struct weft_link *link, uint32_t download)
{
    struct weft_frame frame = {.kind = WEFT_FRAME_FOLLOW,
                               .release =
                                   weft_release_of(core, &core->releases.downloads[download])->id,
                               .value = stripes_from(core, link, download),
                               .flags = link->agent ? WEFT_FOLLOW_FIRST : 0};
    weft_link_send(core, link, &frame);
}

static bool may_follow(const struct weft_core *core, const struct weft_link *link,
                       uint32_t download, uint32_t stripe)
{
    const struct weft_link_map *map = &link->maps[download];
    return link->up && !link->far && map->known && (map->declined & bit_of(stripe)) == 0 &&
           !weft_penalty_is_doubted(core, link->peer.id);
}

static void follow(struct weft_core *core, struct weft_link *link, uint32_t download,
                   uint32_t stripe)
{
    struct weft_download *self = &core->releases.downloads[download];
    weft_bitmap_set(&self->kin.parents[stripe], weft_link_index(core, link));
    link->maps[download].missed = 0;
    self->orphans &= (uint8_t)~bit_of(stripe);
    send_follow(core, link, download);
}

/* This node is the root: every agent is a parent. */
static void follow_agents(struct weft_core *core, uint32_t download, uint32_t stripe)
{
    const struct weft_download *self = &core->releases.downloads[download];
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        bool follows = weft_bitmap_has(&self->kin.parents[stripe], i);
        if (may_follow(core, link, download, stripe) && link->agent && !follows) {
            follow(core, link, download, stripe);
        }
    }
}

/* The neighbour nearest to this node on the way to the root. */
static struct weft_link *next_best(struct weft_core *core, uint32_t download, uint32_t stripe)
{
    struct weft_link *best = NULL;
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (may_follow(core, link, download, stripe) && !link->agent &&
            weft_tree_is_above(core, link->peer.id, stripe) &&
            (best == NULL || weft_tree_is_nearer(link->peer.id, best->peer.id, stripe))) {
            best = link;
        }
    }
    return best;
}

static void seek(struct weft_core *core, uint32_t download, uint32_t stripe)
{
    const struct weft_download *self = &core->releases.downloads[download];
    weft_node_id parent = weft_tree_parent(core, stripe);
    if (parent == 0) {
        if (!self->overloaded) {
            follow_agents(core, download, stripe);
        }
        return;
    }
    if ((self->orphans & bit_of(stripe)) == 0) {
        return;
    }
    struct weft_link *link = weft_link_find(core, parent);
    if (link == NULL || !may_follow(core, link, download, stripe)) {
        bool settled = core->now_ns - self->begun_ns >= SETTLE_NS;
        link = settled ? next_best(core, download, stripe) : NULL;
    }
    if (link != NULL) {
        follow(core, link, download, stripe);
    }
}

void weft_follow_seek(struct weft_core *core, uint32_t download)
{
    const struct weft_download *self = &core->releases.downloads[download];
    bool wanted =
        self->release != WEFT_RELEASE_NONE && weft_release_is_missing(weft_release_of(core, self));
    for (uint32_t stripe = 0; wanted && stripe < WEFT_STRIPES; stripe++) {
        seek(core, download, stripe);
    }
}

/* Count which stripes have no parent, and look for one. */
static void replace_parents(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    self->orphans = 0;
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        self->orphans |= self->kin.parents[stripe] == 0 ? bit_of(stripe) : 0;
    }
    if (self->orphans != 0 && self->seek_ns == WEFT_NS_NEVER) {
        self->seek_ns = core->now_ns + RETRY_NS;
    }
    weft_follow_seek(core, download);
}

void weft_follow_on_view(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        weft_follow_seek(core, i);
    }
}

void weft_follow_on_link_down(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_kin *kin = &core->releases.downloads[i].kin;
        bool fed = stripes_from(core, link, i) != 0;
        weft_kin_set(kin->parents, weft_link_index(core, link), 0);
        weft_kin_set(kin->children, weft_link_index(core, link), 0);
        if (core->releases.downloads[i].release != WEFT_RELEASE_NONE && fed) {
            replace_parents(core, i);
        }
    }
}

/* The neighbour is no parent in |stripes| any more, nor asked to be one again. */
static void leave(struct weft_core *core, struct weft_link *link, uint32_t download,
                  uint8_t stripes)
{
    uint64_t *parents = core->releases.downloads[download].kin.parents;
    uint8_t left = stripes_from(core, link, download) & (uint8_t)~stripes;
    weft_kin_set(parents, weft_link_index(core, link), left);
    link->maps[download].declined |= stripes;
    replace_parents(core, download);
}

void weft_follow_quit(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        uint8_t stripes = stripes_from(core, link, i);
        if (core->releases.downloads[i].release != WEFT_RELEASE_NONE && stripes != 0) {
            leave(core, link, i, stripes);
            send_follow(core, link, i);
        }
    }
}

void weft_follow_on_decline(struct weft_core *core, struct weft_link *link,
                            const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    if (release != NULL && release->download != WEFT_RELEASE_NONE) {
        leave(core, link, release->download, (uint8_t)frame->value);
    }
}

void weft_follow_on_stored(struct weft_core *core, const struct weft_link *from, uint32_t download,
                           uint32_t chunk)
{
    const struct weft_download *self = &core->releases.downloads[download];
    const uint64_t *parents = &self->kin.parents[chunk % WEFT_STRIPES];
    for (uint32_t i = weft_kin_next(*parents, 0); i < core->links.end;
         i = weft_kin_next(*parents, i + 1)) {
        struct weft_link *link = weft_link_at(&core->links, i);
        struct weft_link_map *map = &link->maps[download];
        if (link->agent) {
            continue;
        }
        if (link == from) {
            map->missed = 0;
        } else if (!weft_bitmap_has(weft_link_have_of(map), chunk)) {
            weft_have_tell(core, link, download, chunk);
            if (++map->missed == MISSED_MAX) {
                leave(core, link, download, stripes_from(core, link, download));
                send_follow(core, link, download);
            }
        }
    }
}

/* --- the parent's side --- */

/* How many neighbours follow this node in |stripe|, as roots (|first|) or as children? */
static uint32_t count_followers(const struct weft_core *core, uint32_t download, uint32_t stripe,
                                bool first)
{
    const struct weft_kin *kin = &core->releases.downloads[download].kin;
    uint64_t counted = kin->children[stripe] & (first ? kin->roots : ~kin->roots);
    return weft_bitmap_count(&counted, 1);
}

static void send_decline(struct weft_core *core, const struct weft_link *link,
                         weft_release_id release, uint8_t stripes)
{
    struct weft_frame frame = {.kind = WEFT_FRAME_DECLINE, .release = release, .value = stripes};
    weft_link_send(core, link, &frame);
}

void weft_follow_on_follow(struct weft_core *core, struct weft_link *link,
                           const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    if (release == NULL || release->download == WEFT_RELEASE_NONE || link->far) {
        return;
    }
    struct weft_kin *kin = &core->releases.downloads[release->download].kin;
    uint32_t index = weft_link_index(core, link);
    bool first = (frame->flags & WEFT_FOLLOW_FIRST) != 0;
    bool overloaded = core->releases.downloads[release->download].overloaded;
    uint32_t most = first ? WEFT_ROOTS_MAX : overloaded ? 0 : WEFT_FOLLOWERS_MAX;
    uint8_t declined = 0;
    weft_kin_set(kin->children, index, 0);
    kin->roots = (kin->roots & ~weft_kin_bit(index)) | (first ? weft_kin_bit(index) : 0);
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        if ((frame->value & bit_of(stripe)) == 0) {
            continue;
        }
        bool room = count_followers(core, release->download, stripe, first) < most;
        kin->children[stripe] |= room ? weft_kin_bit(index) : 0;
        declined |= room ? 0 : bit_of(stripe);
    }
    if (declined != 0) {
        send_decline(core, link, release->id, declined);
    }
}

void weft_follow_give_up(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    self->overloaded = true;
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        uint8_t from = weft_kin_stripes(self->kin.parents, i);
        uint8_t to = weft_kin_stripes(self->kin.children, i);
        if (link->agent && from != 0) {
            self->orphans |= from;
            weft_kin_set(self->kin.parents, i, 0);
            send_follow(core, link, download);
        }
        if (to != 0 && !weft_bitmap_has(&self->kin.roots, i)) {
            send_decline(core, link, weft_release_of(core, self)->id, to);
            weft_kin_set(self->kin.children, i, 0);
        }
    }
}

/* --- timer --- */

void weft_follow_expire(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *self = &core->releases.downloads[i];
        if (self->release == WEFT_RELEASE_NONE || self->seek_ns > core->now_ns) {
            continue;
        }
        weft_follow_seek(core, i);
        bool again = self->orphans != 0 && weft_release_is_missing(weft_release_of(core, self));
        self->seek_ns = again ? core->now_ns + RETRY_NS : WEFT_NS_NEVER;
    }
}

weft_ns weft_follow_deadline(const struct weft_core *core)
{
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *self = &core->releases.downloads[i];
        bool used = self->release != WEFT_RELEASE_NONE;
        next = used && self->seek_ns < next ? self->seek_ns : next;
    }
    return next;
}
