/* SPDX-License-Identifier: Apache-2.0 */
/* What does a core look like from outside? Copies only; decides nothing. */
#include "view.h"

#include "address.h"
#include "state.h"

/* A linked neighbour has something this node still lacks. */
static bool sees_holder(const struct weft_core *core, const struct weft_release *release)
{
    const struct weft_download *download = &core->releases.downloads[release->download];
    for (uint32_t chunk = 0; chunk < release->chunk_count; chunk++) {
        if (!weft_bitmap_has(release->have, chunk) && download->near_copies[chunk] > 0) {
            return true;
        }
    }
    return false;
}

static enum weft_stall stall_of(const struct weft_core *core, const struct weft_release *release)
{
    if (release->completing) {
        return WEFT_STALL_VERIFY;
    }
    if (!weft_release_is_open(core)) {
        return WEFT_STALL_DISK;
    }
    if (release->download == WEFT_RELEASE_NONE) {
        return WEFT_STALL_CAPPED;
    }
    if (core->releases.downloads[release->download].in_flight > 0) {
        return WEFT_STALL_TRANSFER;
    }
    if (sees_holder(core, release)) {
        return WEFT_STALL_QUEUED_AT_PEER;
    }
    if (core->source.failures > 0) {
        return WEFT_STALL_SOURCE_DOWN;
    }
    return weft_member_up_count(core) > 1 ? WEFT_STALL_WAITING_AGENT : WEFT_STALL_NO_PEER;
}

static enum weft_stall stall(const struct weft_core *core)
{
    if (!core->link_up) {
        return WEFT_STALL_ASLEEP;
    }
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        const struct weft_release *release = &core->releases.items[i];
        bool waits = release->id != 0 && (weft_release_is_missing(release) || release->completing);
        if (waits) {
            return stall_of(core, release);
        }
    }
    return weft_announce_version(core) == 0 ? WEFT_STALL_NO_MANIFEST : WEFT_STALL_NONE;
}

struct weft_view_node weft_view_node(const struct weft_core *core)
{
    return (struct weft_view_node){
        .self = core->self,
        .segment = core->segment,
        .member_count = weft_member_up_count(core),
        .remote_count = weft_remote_count(core),
        .link_count = core->links.up_count,
        .is_agent = weft_election_self(core),
        .bulletin_version = weft_announce_version(core),
        .stall = stall(core),
        .source_down = core->source.failures > 0,
        .source_retry_ns = core->source.retry_ns == 0 ? WEFT_NS_NEVER : core->source.retry_ns,
    };
}

uint32_t weft_view_member_count(const struct weft_core *core)
{
    return weft_member_up_count(core);
}

bool weft_view_knows(const struct weft_core *core, const struct weft_endpoint *endpoint)
{
    const struct weft_member *member = weft_member_find(core, endpoint->id);
    return member != NULL && weft_member_is_live(member) &&
           weft_address_equal(&weft_member_said(core, member)->address, &endpoint->address);
}

struct weft_view_counters weft_view_counters(const struct weft_core *core)
{
    return core->counters;
}

static bool is_linked(const struct weft_core *core, weft_node_id id)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        if (weft_link_at(&core->links, i)->peer.id == id) {
            return weft_link_at(&core->links, i)->up;
        }
    }
    return false;
}

bool weft_view_member(const struct weft_core *core, uint32_t index, struct weft_view_member *member)
{
    uint32_t count = weft_member_count(core);
    if (index < count) {
        const struct weft_member *near = weft_member_at(core, index);
        *member = (struct weft_view_member){
            .endpoint = {.id = weft_member_said(core, near)->id,
                         .address = weft_member_said(core, near)->address},
            .state = (enum weft_member_state)near->state,
            .agent_class = weft_member_class(core, near),
            .is_agent = weft_election_is_agent(core, weft_member_said(core, near)->id),
            .is_linked = is_linked(core, weft_member_said(core, near)->id),
            .rate_bytes_per_s = weft_bandwidth_of(core, weft_member_said(core, near)->id),
            .score = weft_election_score(core, weft_member_said(core, near)->id)};
        return true;
    }
    if (index - count < weft_remote_count(core)) {
        const struct weft_remote *far = weft_remote_at(core, index - count);
        *member = (struct weft_view_member){.endpoint = far->endpoint,
                                            .state = WEFT_MEMBER_ALIVE,
                                            .agent_class = (enum weft_agent_class)far->agent_class,
                                            .is_agent = far->is_agent,
                                            .is_linked = is_linked(core, far->endpoint.id),
                                            .is_remote = true,
                                            .rate_bytes_per_s =
                                                weft_bandwidth_of(core, far->endpoint.id)};
        return true;
    }
    return false;
}

bool weft_view_release(const struct weft_core *core, uint32_t index,
                       struct weft_view_release *release)
{
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        const struct weft_release *from = &core->releases.items[i];
        if (from->id == 0 || index-- > 0) {
            continue;
        }
        *release = (struct weft_view_release){.id = from->id,
                                              .component = from->component,
                                              .chunk_count = from->chunk_count,
                                              .chunks_have = from->have_count,
                                              .bytes = from->bytes,
                                              .wanted = weft_release_is_missing(from),
                                              .activated = from->activated,
                                              .added_ns = from->added_ns,
                                              .completed_ns = from->completed_ns};
        if (from->download != WEFT_RELEASE_NONE) {
            release->chunks_in_flight = core->releases.downloads[from->download].in_flight;
        }
        for (uint32_t tier = 0; tier < WEFT_TIER_COUNT; tier++) {
            release->bytes_by_tier[tier] = from->bytes_by_tier[tier];
        }
        return true;
    }
    return false;
}

bool weft_view_penalty(const struct weft_core *core, uint32_t index,
                       struct weft_view_penalty *penalty)
{
    const struct weft_penalty *from = weft_penalty_debtor(core, index);
    if (from == NULL) {
        return false;
    }
    *penalty = (struct weft_view_penalty){.peer = from->peer,
                                          .standing = (enum weft_standing)from->standing,
                                          .until_ns = from->until_ns};
    for (uint32_t offence = 0; offence < WEFT_OFFENCE_COUNT; offence++) {
        penalty->counts[offence] = from->counts[offence];
    }
    return true;
}

const uint64_t *weft_view_have(const struct weft_core *core, weft_release_id id)
{
    for (uint32_t i = 0; id != 0 && i < core->config.releases_max; i++) {
        if (core->releases.items[i].id == id) {
            return core->releases.items[i].have;
        }
    }
    return NULL;
}
