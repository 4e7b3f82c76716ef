/* SPDX-License-Identifier: Apache-2.0 */
/* To whom does this node keep a data stream? */
#include "link.h"

#include <string.h>

#include "address.h"
#include "follow.h"
#include "frame.h"
#include "have.h"
#include "state.h"

#define RESERVE_PART 6
#define FAR_FACTOR 2
#define SHORT_LIFE_NS (2 * WEFT_NS_PER_S)

#define MAP_WORDS ((uint32_t)sizeof(struct weft_link_map) / sizeof(uint64_t))

_Static_assert(sizeof(struct weft_link_map) % sizeof(uint64_t) == 0, "sets are aligned behind it");
_Static_assert(WEFT_DOWNLOADS_MAX *(MAP_WORDS + WEFT_CHUNKS_MAX / 64) <= UINT16_MAX, "have_at");
_Static_assert(WEFT_CHUNKS_MAX <= UINT16_MAX, "have_count");

void weft_link_carve(struct weft_core *core, struct weft_arena *arena)
{
    const struct weft_config *config = &core->config;
    struct weft_links *self = &core->links;
    self->tags = weft_arena_take(arena, config->links_max, sizeof(self->tags[0]));
    self->places = weft_arena_take(arena, config->links_max, sizeof(self->places[0]));
}

void weft_link_init(struct weft_core *core)
{
    core->links.reserve = &core->reserves->links;
}

size_t weft_link_bytes(const struct weft_config *config)
{
    size_t set_bytes = weft_bitmap_words(config->chunks_max) * sizeof(uint64_t);
    return sizeof(struct weft_link) +
           config->downloads_max * (sizeof(struct weft_link_map) + set_bytes);
}

/* The tag tells nearly always that it is somebody else, without a look at the link. */
static bool is_entry_of(const struct weft_links *self, uint32_t index, weft_node_id peer)
{
    return self->tags[index] == (uint32_t)peer && weft_link_at(self, index)->peer.id == peer;
}

struct weft_link *weft_link_find(struct weft_core *core, weft_node_id peer)
{
    struct weft_links *self = &core->links;
    if (peer == 0) {
        return NULL;
    }
    if (is_entry_of(self, self->found, peer)) {
        return weft_link_at(self, self->found); /* asked for several times in a step */
    }
    for (uint32_t i = 0; i < self->end; i++) {
        if (is_entry_of(self, i, peer)) {
            self->found = i;
            return weft_link_at(self, i);
        }
    }
    return NULL;
}

uint32_t weft_link_index(struct weft_core *core, const struct weft_link *link)
{
    (void)weft_link_find(core, link->peer.id);
    return core->links.found;
}

void weft_link_send(struct weft_core *core, const struct weft_link *link,
                    const struct weft_frame *frame)
{
    uint32_t room = frame->list.length + 32;
    uint8_t *bytes = weft_action_room(core->actions, room);
    uint32_t length = bytes == NULL ? 0 : weft_frame_encode(frame, bytes, room);
    struct weft_action *action =
        length == 0 ? NULL : weft_action_push(core->actions, WEFT_ACTION_FRAME);
    if (action == NULL) {
        return;
    }
    weft_action_claim(core->actions, length);
    action->send = (struct weft_action_send){.to = link->peer, .bytes = bytes, .length = length};
    core->counters.control_bytes_sent += length;
}

enum weft_tier weft_link_tier(const struct weft_core *core, const struct weft_link *link)
{
    if (!link->far) {
        return link->agent ? WEFT_TIER_AGENT : WEFT_TIER_PEER;
    }
    const struct weft_remote *remote = weft_remote_find(core, link->peer.id);
    bool same_site = remote != NULL && remote->site != 0 && remote->site == core->config.site;
    return same_site ? WEFT_TIER_SITE : WEFT_TIER_REMOTE;
}

/* --- opening and closing --- */

/* The maps of a link are followed by their sets. */
static void empty_maps(const struct weft_core *core, struct weft_link *link)
{
    uint32_t count = core->config.downloads_max;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sets_at = (count - i) * MAP_WORDS;
        uint32_t have_at = sets_at + i * weft_bitmap_words(core->config.chunks_max);
        link->maps[i].have_at = (uint16_t)have_at;
        weft_have_reset_map(core, &link->maps[i]);
    }
}

static struct weft_link *take_entry(struct weft_core *core, const struct weft_endpoint *peer)
{
    struct weft_links *self = &core->links;
    for (uint32_t i = 0; i < core->config.links_max; i++) {
        if (self->places[i] == 0) {
            struct weft_link *link = weft_reserve_take(self->reserve);
            *link = (struct weft_link){.peer = *peer, .since_ns = core->now_ns};
            empty_maps(core, link);
            self->places[i] = weft_reserve_number(self->reserve, link);
            self->tags[i] = (uint32_t)peer->id;
            self->end = self->end > i ? self->end : i + 1;
            return link;
        }
    }
    return NULL;
}

static void close_stream(struct weft_core *core, weft_node_id peer)
{
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_STREAM_CLOSE);
    if (action != NULL) {
        action->stream = (struct weft_endpoint){.id = peer};
    }
}

void weft_link_open(struct weft_core *core, const struct weft_endpoint *peer, bool far)
{
    bool self = peer->id == core->self.id || peer->id == 0;
    if (self || weft_link_find(core, peer->id) != NULL || weft_link_pause_is_on(core, peer->id)) {
        return;
    }
    struct weft_link *link = take_entry(core, peer);
    if (link == NULL) {
        return;
    }
    link->far = far;
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_STREAM_OPEN);
    if (action != NULL) {
        action->stream = *peer;
    }
}

/* Entry |index| is free; what was in it stays until it is taken again. */
static void give_entry(struct weft_links *self, uint32_t index)
{
    weft_reserve_give(self->reserve, weft_link_at(self, index));
    self->tags[index] = 0;
    self->places[index] = 0;
    while (self->end > 0 && self->places[self->end - 1] == 0) {
        self->end--;
    }
}

/* Everything that was known through this link is void. */
static void release_entry(struct weft_core *core, struct weft_link *link)
{
    weft_node_id peer = link->peer.id;
    uint32_t index = weft_link_index(core, link);
    if (link->up) {
        core->links.up_count--;
        core->links.far_count -= link->far;
        link->up = false;
        weft_follow_on_link_down(core, link);
        weft_have_drop(core, link);
    }
    link->peer.id = 0;
    link->up = false;
    give_entry(&core->links, index);
    weft_want_on_link_down(core, peer);
}

static void trace_link(const struct weft_core *core, enum weft_trace_kind kind, weft_node_id peer)
{
    weft_core_trace(core, (struct weft_trace_record){
                              .kind = kind, .peer = peer, .value = core->links.up_count});
}

/* Entries in use. */
static uint32_t used_count(const struct weft_links *self)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < self->end; i++) {
        used += self->places[i] != 0;
    }
    return used;
}

uint32_t weft_link_opening_count(const struct weft_core *core)
{
    return used_count(&core->links) - core->links.up_count;
}

uint32_t weft_link_count(const struct weft_core *core, bool far)
{
    uint32_t count = 0;
    if (weft_link_opening_count(core) == 0) { /* then no link has to be looked at */
        return far ? core->links.far_count : core->links.up_count - core->links.far_count;
    }
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        count += link->peer.id != 0 && link->far == far;
    }
    return count;
}

/* Streams that others open must leave room for those between the agents of a segment; agents of
 * other segments get twice as many as this node opens to them. */
static bool is_welcome(struct weft_core *core, const struct weft_event_stream *event)
{
    uint32_t used = used_count(&core->links);
    bool near = weft_prefix_contains(&core->segment, event->peer.address.ip);
    uint32_t far_max = FAR_FACTOR * core->config.tuning.far_links + 1;
    if (!near && weft_link_count(core, /* far */ true) >= far_max) {
        return false;
    }
    bool fellow = weft_election_self(core) && weft_election_is_agent(core, event->peer.id);
    uint32_t reserve = fellow ? 0 : core->config.links_max / RESERVE_PART;
    return event->peer.id != core->self.id && !core->leaving &&
           used + reserve < core->config.links_max;
}

void weft_link_on_up(struct weft_core *core, const struct weft_event_stream *event)
{
    struct weft_link *link = weft_link_find(core, event->peer.id);
    bool banned = weft_penalty_is_banned(core, event->peer.id);
    if (link == NULL && !banned && is_welcome(core, event)) {
        link = take_entry(core, &event->peer);
    }
    if (link == NULL || banned) {
        close_stream(core, event->peer.id);
        return;
    }
    if (link->up) {
        release_entry(core, link); /* the peer restarted: a new stream replaces the old one */
        link = take_entry(core, &event->peer);
    }
    link->peer = event->peer;
    link->far = weft_member_find(core, event->peer.id) == NULL &&
                !weft_prefix_contains(&core->segment, event->peer.address.ip);
    link->agent = !link->far && weft_election_is_agent(core, event->peer.id);
    link->up = true;
    link->since_ns = core->now_ns;
    link->broken = false;
    link->sends = false;
    link->silent = weft_penalty_is_doubted(core, event->peer.id);
    link->busy_until_ns = core->now_ns;
    weft_ns owed_ns = weft_penalty_owed_ns(core, event->peer.id);
    if (owed_ns > 0) {
        weft_pick_pause(core, link, owed_ns); /* and asked when it is over */
    }
    core->links.up_count++;
    core->links.far_count += link->far;
    trace_link(core, WEFT_TRACE_LINK_UP, event->peer.id);
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        weft_have_reset_map(core, &link->maps[i]);
    }
    weft_announce_on_link_up(core, link);
    weft_have_on_link_up(core, link);
    weft_link_pause_end(core, event->peer.id);
}

void weft_link_on_down(struct weft_core *core, const struct weft_event_stream *event)
{
    struct weft_link *link = weft_link_find(core, event->peer.id);
    if (link == NULL) {
        return;
    }
    bool was_up = link->up;
    bool misbehaved = was_up && event->result == WEFT_ERR_FORMAT;
    bool refused = core->now_ns - link->since_ns < SHORT_LIFE_NS; /* the peer has no room */
    release_entry(core, link);
    if (was_up) {
        trace_link(core, WEFT_TRACE_LINK_DOWN, event->peer.id);
    }
    if (!was_up || refused) {
        weft_link_pause_failed(core, event->peer.id);
    }
    if (misbehaved) {
        weft_penalty_add(core, event->peer.id, WEFT_OFFENCE_BREACH);
    }
    weft_probe_doubt(core, event->peer.id);
    weft_link_review_soon(core);
}

void weft_link_shut(struct weft_core *core, weft_node_id peer)
{
    struct weft_link *link = weft_link_find(core, peer);
    if (link != NULL) {
        release_entry(core, link);
        close_stream(core, peer);
        weft_core_stir_content(core);
    }
}

void weft_link_give_up(struct weft_core *core, struct weft_link *link)
{
    weft_node_id peer = link->peer.id;
    release_entry(core, link);
    close_stream(core, peer);
    weft_link_pause_failed(core, peer);
}

void weft_link_close_all(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (link->peer.id != 0) {
            weft_node_id peer = link->peer.id;
            release_entry(core, link);
            close_stream(core, peer);
        }
    }
    weft_link_review_soon(core);
}

void weft_link_end(struct weft_core *core)
{
    while (core->links.end > 0) {
        give_entry(&core->links, core->links.end - 1);
    }
}
