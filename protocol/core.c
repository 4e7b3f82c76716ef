/* SPDX-License-Identifier: Apache-2.0 */
/* Which module hears which event, and in what order do modules act? Policy is in the modules. */
#include "core.h"

#include <string.h>

#include "address.h"
#include "arrival.h"
#include "control.h"
#include "derive.h"
#include "fallback.h"
#include "follow.h"
#include "frame.h"
#include "coming.h"
#include "hang.h"
#include "have.h"
#include "hedge.h"
#include "roster.h"
#include "state.h"
#include "trade.h"

/* --- memory --- */

/* Pieces that all tables of short rows have at their limits. */
static uint32_t row_pieces(const struct weft_config *config)
{
    return WEFT_ROW_PIECES(WEFT_WANTED_MAX, struct weft_want) +
           WEFT_ROW_PIECES(WEFT_UPLOADS_MAX, struct weft_upload) +
           WEFT_ROW_PIECES(WEFT_FETCHES_MAX, struct weft_fetch) +
           WEFT_ROW_PIECES(config->remotes_max, struct weft_remote) +
           WEFT_ROW_PIECES(config->links_max, struct weft_bandwidth) +
           WEFT_ROW_PIECES(WEFT_BANDWIDTH_SUBJECTS_MAX, struct weft_bandwidth_subject) +
           WEFT_ROW_PIECES(WEFT_PROBES_MAX, struct weft_probe) +
           weft_log_pieces(config->members_max) + 1 + /* records and rates to be told */
           1 +                                        /* announcements sent lately */
           WEFT_ROW_PIECES(WEFT_BULLETIN_REFUSALS_MAX, struct weft_bulletin_refusal) +
           WEFT_ROW_PIECES(WEFT_PENALTIES_MAX, struct weft_penalty) +
           WEFT_ROW_PIECES(WEFT_LINK_PAUSES, struct weft_link_pause) +
           weft_release_row_pieces(config);
}

static void carve_reserves(struct weft_reserves *reserves, struct weft_arena *arena,
                           const struct weft_config *config, uint32_t core_count)
{
    uint32_t link_count = core_count * config->links_max + 1; /* and one that stays zero */
    weft_reserve_carve(&reserves->links, arena, link_count, weft_link_bytes(config));
    if (reserves->links.memory != NULL) { /* not only counted */
        (void)weft_reserve_take(&reserves->links);
    }
    weft_reserve_carve(&reserves->rows, arena, core_count * row_pieces(config), WEFT_ROWS_BYTES);
}

static void carve_own(struct weft_core *core, struct weft_arena *arena)
{
    struct weft_reserves reserves;
    core->reserves = weft_arena_take(arena, 1, sizeof(*core->reserves));
    carve_reserves(&reserves, arena, &core->config, 1);
    if (core->reserves != NULL) {
        *core->reserves = reserves;
    }
}

static void carve(struct weft_core *core, struct weft_arena *arena)
{
    if (core->config.shares_reserves) {
        core->reserves = core->host.reserves;
    } else {
        carve_own(core, arena);
    }
    weft_control_carve(core, arena);
    weft_release_carve(core, arena);
    weft_link_carve(core, arena);
    weft_document_carve(core, arena);
}

static bool is_between(uint32_t value, uint32_t least, uint32_t most)
{
    return value >= least && value <= most;
}

static bool is_valid(const struct weft_config *config)
{
    return is_between(config->members_max, 2, WEFT_MEMBERS_MAX) &&
           is_between(config->remotes_max, 1, WEFT_REMOTES_MAX) &&
           is_between(config->links_max, 2, WEFT_LINKS_MAX) &&
           is_between(config->releases_max, 1, WEFT_RELEASES_MAX) &&
           is_between(config->downloads_max, 1, WEFT_DOWNLOADS_MAX) &&
           is_between(config->chunks_max, 64, WEFT_CHUNKS_MAX) && config->chunks_max % 64 == 0 &&
           is_between(config->extents_max, 1, WEFT_EXTENTS_MAX) &&
           is_between(config->documents_max, 1, WEFT_DOCUMENTS_MAX) &&
           is_between(config->path_max, 1, WEFT_PATH_BYTES_MAX) &&
           is_between(config->bulletin_max, 1, WEFT_BULLETIN_BYTES_MAX);
}

struct weft_config weft_config_default(void)
{
    return (struct weft_config){.tuning = weft_tuning_default(),
                                .agent_class = WEFT_AGENT_AUTO,
                                .has_source = true,
                                .members_max = WEFT_MEMBERS_MAX,
                                .remotes_max = WEFT_REMOTES_MAX,
                                .links_max = WEFT_LINKS_MAX,
                                .releases_max = WEFT_RELEASES_MAX,
                                .downloads_max = WEFT_DOWNLOADS_MAX,
                                .chunks_max = WEFT_CHUNKS_MAX,
                                .extents_max = WEFT_EXTENTS_MAX,
                                .documents_max = WEFT_DOCUMENTS_MAX,
                                .path_max = WEFT_PATH_BYTES_MAX,
                                .bulletin_max = WEFT_BULLETIN_BYTES_MAX};
}

size_t weft_core_size(const struct weft_config *config)
{
    if (!is_valid(config)) {
        return 0;
    }
    struct weft_core core = {.config = *config};
    struct weft_arena arena = {.memory = NULL};
    (void)weft_arena_take(&arena, 1, sizeof(core));
    carve(&core, &arena);
    return arena.used;
}

size_t weft_core_share_size(const struct weft_config *config, uint32_t core_count)
{
    struct weft_reserves reserves;
    struct weft_arena arena = {.memory = NULL};
    if (is_valid(config)) {
        carve_reserves(&reserves, &arena, config, core_count);
    }
    return arena.used;
}

void weft_core_share(struct weft_reserves *reserves, void *memory, const struct weft_config *config,
                     uint32_t core_count)
{
    struct weft_arena arena = {.memory = memory};
    carve_reserves(reserves, &arena, config, core_count);
}

struct weft_core *weft_core_init(void *memory, size_t bytes, const struct weft_config *config,
                                 const struct weft_host *host)
{
    size_t wanted = weft_core_size(config);
    bool is_complete =
        (!config->shares_records ||
         (host->keep != NULL && host->keep_bulletin != NULL && host->roster != NULL)) &&
        (!config->shares_reserves || host->reserves != NULL);
    if (wanted == 0 || bytes < wanted || !is_complete) {
        return NULL;
    }
    struct weft_arena arena = {.memory = memory};
    struct weft_core *core = weft_arena_take(&arena, 1, sizeof(*core));
    core->config = *config;
    core->host = *host;
    if (!config->has_source) {
        core->config.agent_class = WEFT_AGENT_NEVER; /* it could bring nothing into its segment */
    }
    core->rng = config->seed;
    core->fallback_ns = WEFT_NS_NEVER;
    carve(core, &arena);
    weft_link_init(core);
    weft_roster_init(core);
    weft_tree_init(core);
    weft_pick_init(core);
    weft_want_init(core);
    weft_lease_init(core);
    weft_source_init(core);
    return core;
}

void weft_core_end(struct weft_core *core)
{
    weft_link_end(core);
    weft_probe_end(core);
    weft_gossip_end(core);
    weft_announce_end(core);
    weft_want_end(core);
    weft_serve_end(core);
    weft_source_end(core);
    weft_remote_end(core);
    weft_bandwidth_end(core);
    weft_penalty_end(core);
    weft_link_pause_end_all(core);
    weft_release_end(core);
}

void weft_core_trace(const struct weft_core *core, struct weft_trace_record record)
{
    if (core->host.trace != NULL) {
        record.time_ns = core->now_ns;
        record.node = core->self.id;
        core->host.trace(core->host.context, &record);
    }
}

/* Does no version of weft write this? */
static bool is_malformed(enum weft_reject reject)
{
    return reject == WEFT_REJECT_TRUNCATED || reject == WEFT_REJECT_NOT_CANONICAL ||
           reject == WEFT_REJECT_WRONG_TYPE || reject == WEFT_REJECT_RANGE ||
           reject == WEFT_REJECT_TRAILING;
}

void weft_core_refuse(struct weft_core *core, enum weft_reject reject, weft_node_id peer)
{
    weft_core_reject(core, reject);
    if (is_malformed(reject)) {
        weft_penalty_add(core, peer, WEFT_OFFENCE_MALFORMED);
    }
}

/* --- the life of the node --- */

static void on_link(struct weft_core *core, const struct weft_event_link *event)
{
    bool moved = event->up && (!weft_prefix_equal(&event->segment, &core->segment) ||
                               !weft_address_equal(&event->address, &core->self.address));
    if (!event->up || moved) {
        weft_link_close_all(core);
    }
    weft_control_on_link(core, event);
}

static void on_leave(struct weft_core *core, const struct weft_event *event)
{
    (void)event;
    weft_core_trace(
        core, (struct weft_trace_record){.kind = WEFT_TRACE_LEAVE, .value = core->incarnation});
    weft_lease_give_up(core);
    weft_control_on_leave(core);
    weft_link_close_all(core);
    (void)weft_action_push(core->actions, WEFT_ACTION_LEFT);
}

/* --- frames --- */

static void on_frame(struct weft_core *core, const struct weft_event_frame *event)
{
    core->counters.control_bytes_received += event->length;
    struct weft_frame frame;
    enum weft_reject reject = weft_frame_decode(event->bytes, event->length, &frame);
    struct weft_link *link = weft_link_find(core, event->peer);
    if (reject == WEFT_REJECT_NONE && (link == NULL || !link->up)) {
        reject = WEFT_REJECT_STRANGER;
    }
    if (reject != WEFT_REJECT_NONE) {
        weft_core_refuse(core, reject, event->peer);
        return;
    }
    static void (*const handlers[WEFT_FRAME_KIND_END])(struct weft_core *, struct weft_link *,
                                                       const struct weft_frame *) = {
        [WEFT_FRAME_MAP] = weft_have_on_map,
        [WEFT_FRAME_HAVE] = weft_have_on_have,
        [WEFT_FRAME_REQUEST] = weft_serve_on_request,
        [WEFT_FRAME_CANCEL] = weft_serve_on_cancel,
        [WEFT_FRAME_REFUSE] = weft_arrival_on_refuse,
        [WEFT_FRAME_FOLLOW] = weft_follow_on_follow,
        [WEFT_FRAME_LEASE] = weft_lease_on_frame,
        [WEFT_FRAME_BULLETIN] = weft_announce_on_frame,
        [WEFT_FRAME_DECLINE] = weft_follow_on_decline,
        [WEFT_FRAME_COMING] = weft_coming_on_frame,
    };
    handlers[frame.kind](core, link, &frame);
    if (frame.kind == WEFT_FRAME_BULLETIN) {
        core->control_due_ns = core->now_ns; /* the one frame that is of the control plane */
    }
}

static void on_chunk(struct weft_core *core, const struct weft_event_chunk *event)
{
    if (event->token != 0) {
        weft_source_on_chunk(core, event);
    } else {
        weft_arrival_on_chunk(core, event);
    }
}

/* --- one event --- */

static void on_look(struct weft_core *core, const struct weft_event *event)
{
    (void)event;
    weft_control_on_look(core);
}

static void on_tick(struct weft_core *core, const struct weft_event *event)
{
    (void)core; /* what is due is done after every event */
    (void)event;
}

static void on_gone(struct weft_core *core, const struct weft_event *event)
{
    weft_release_on_gone(core, event->release_gone.id);
}

/* A handler that takes its own part of the event. */
#define HEAR(name, field, function)                                                                \
    static void name(struct weft_core *core, const struct weft_event *event)                       \
    {                                                                                              \
        function(core, &event->field);                                                             \
    }

HEAR(hear_start, start, weft_control_on_start)
HEAR(hear_link, link, on_link)
HEAR(hear_datagram, datagram, weft_control_on_datagram)
HEAR(hear_beacon, beacon, weft_control_on_beacon)
HEAR(hear_stream_up, stream, weft_link_on_up)
HEAR(hear_stream_down, stream, weft_link_on_down)
HEAR(hear_frame, frame, on_frame)
HEAR(hear_offer, offer, weft_arrival_on_offer)
HEAR(hear_chunk, chunk, on_chunk)
HEAR(hear_upload, upload, weft_serve_on_upload)
HEAR(hear_source, source, weft_source_on_end)
HEAR(hear_looked, looked, weft_control_on_looked)
HEAR(hear_bulletin, bulletin, weft_control_on_bulletin)
HEAR(hear_refused, bulletin_refused, weft_control_on_bulletin_refused)
HEAR(hear_release, release, weft_release_on_add)
HEAR(hear_completed, completed, weft_release_on_completed)
HEAR(hear_wanted, document_wanted, weft_document_on_wanted)
HEAR(hear_document, document, weft_document_on_end)
HEAR(hear_misled, misled, weft_derive_on_misled)
#undef HEAR

struct handler {
    void (*hear)(struct weft_core *core, const struct weft_event *event);
    bool opens_work; /* there may be something new to ask of somebody afterwards */
};

static const struct handler handlers[WEFT_EVENT_KIND_COUNT] = {
    [WEFT_EVENT_START] = {hear_start, false},
    [WEFT_EVENT_TICK] = {on_tick, false},
    [WEFT_EVENT_LINK] = {hear_link, false},
    [WEFT_EVENT_DATAGRAM] = {hear_datagram, false},
    [WEFT_EVENT_STREAM_UP] = {hear_stream_up, false},
    [WEFT_EVENT_STREAM_DOWN] = {hear_stream_down, true},
    [WEFT_EVENT_FRAME] = {hear_frame, false},
    [WEFT_EVENT_OFFER] = {hear_offer, false},
    [WEFT_EVENT_CHUNK] = {hear_chunk, true},
    [WEFT_EVENT_UPLOAD] = {hear_upload, true},
    [WEFT_EVENT_SOURCE] = {hear_source, true},
    [WEFT_EVENT_LOOKED] = {hear_looked, false},
    [WEFT_EVENT_BULLETIN] = {hear_bulletin, false},
    [WEFT_EVENT_BULLETIN_REFUSED] = {hear_refused, false},
    [WEFT_EVENT_RELEASE] = {hear_release, true},
    [WEFT_EVENT_RELEASE_GONE] = {on_gone, true},
    [WEFT_EVENT_COMPLETED] = {hear_completed, true},
    [WEFT_EVENT_DOCUMENT_WANTED] = {hear_wanted, false},
    [WEFT_EVENT_DOCUMENT] = {hear_document, false},
    [WEFT_EVENT_MISLED] = {hear_misled, true},
    [WEFT_EVENT_LOOK] = {on_look, false},
    [WEFT_EVENT_LEAVE] = {on_leave, false},
    [WEFT_EVENT_BEACON] = {hear_beacon, false},
};

static void expire(struct weft_core *core)
{
    weft_link_review_expire(core);
    weft_document_expire(core);
    weft_want_expire(core);
    weft_pick_expire(core);
    weft_follow_expire(core);
    weft_lease_expire(core);
    weft_source_expire(core);
    weft_hang_expire(core);
    weft_hedge_expire(core);
    weft_fallback_expire(core);
    weft_serve_expire(core);
    weft_have_expire(core);
    weft_coming_expire(core);
}

static weft_ns content_deadline(const struct weft_core *core)
{
    static weft_ns (*const deadlines[])(const struct weft_core *) = {
        weft_link_review_deadline, weft_document_deadline, weft_pick_deadline,
        weft_want_deadline,        weft_follow_deadline,   weft_lease_deadline,
        weft_source_deadline,      weft_hang_deadline,     weft_hedge_deadline,
        weft_fallback_deadline,    weft_have_deadline,     weft_coming_deadline,
        weft_serve_deadline,
    };
    weft_ns next = WEFT_NS_NEVER;
    for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
        weft_ns due = deadlines[i](core);
        next = due < next ? due : next;
    }
    return next;
}

/* A release may have become fetchable by a change of roles; the fallback clock follows.
 * True: roles changed. */
static bool refill(struct weft_core *core, enum weft_event_kind kind)
{
    bool roles = core->seen_epoch != core->epoch;
    core->seen_epoch = core->epoch;
    if (!roles && !handlers[kind].opens_work) {
        return false;
    }
    if (roles) {
        weft_link_review_on_view(core);
        weft_follow_on_view(core);
    }
    if (roles || kind == WEFT_EVENT_RELEASE || kind == WEFT_EVENT_COMPLETED) {
        weft_fallback_plan(core);
    }
    if (kind != WEFT_EVENT_CHUNK) {
        weft_pick_fill(core); /* which asks again by itself after each chunk */
    }
    weft_trade_fill(core);
    weft_source_fill(core);
    return roles;
}

/* Most events by far concern the content plane only: a chunk at most sets a timer of the control
 * plane. */
static bool is_content_only(enum weft_event_kind kind)
{
    return kind == WEFT_EVENT_FRAME || kind == WEFT_EVENT_OFFER || kind == WEFT_EVENT_CHUNK ||
           kind == WEFT_EVENT_UPLOAD || kind == WEFT_EVENT_TICK;
}

/* Does content wait for the same as before this event? Datagrams and time alone change nothing of
 * it, and what the control plane changes it says; only requests to other segments are looked at by
 * time alone (hedge.h). */
static bool is_content_calm(const struct weft_core *core, enum weft_event_kind kind)
{
    return (kind == WEFT_EVENT_DATAGRAM || kind == WEFT_EVENT_TICK) && core->wants.count == 0 &&
           core->content_due_ns > core->now_ns;
}

static void act(struct weft_core *core, enum weft_event_kind kind)
{
    bool control = core->control_due_ns <= core->now_ns || !is_content_only(kind);
    if (control) {
        weft_control_expire(core);
    }
    bool calm = is_content_calm(core, kind);
    if (!calm && core->due_ns <= core->now_ns) {
        expire(core);
    }
    bool roles = refill(core, kind);
    if (roles || control || kind == WEFT_EVENT_CHUNK) {
        core->control_due_ns = weft_control_deadline(core);
    }
    if (roles || !calm) {
        core->content_due_ns = content_deadline(core);
    }
    core->due_ns =
        core->content_due_ns < core->control_due_ns ? core->content_due_ns : core->control_due_ns;
}

void weft_core_step(struct weft_core *core, const struct weft_event *event,
                    struct weft_action_queue *actions)
{
    core->actions = actions;
    core->now_ns = event->now_ns > core->now_ns ? event->now_ns : core->now_ns;
    if ((event->kind == WEFT_EVENT_START) != core->started) {
        handlers[event->kind].hear(core, event);
    }
    if (core->started) {
        act(core, event->kind);
    }
    core->actions = NULL;
}

weft_ns weft_core_deadline(const struct weft_core *core)
{
    return core->started ? core->due_ns : WEFT_NS_NEVER;
}
