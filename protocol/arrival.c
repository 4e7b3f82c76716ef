/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a chunk or a refusal that a peer sends? */
#include "arrival.h"

#include "follow.h"
#include "frame.h"
#include "have.h"
#include "pick.h"
#include "push.h"
#include "rng.h"
#include "source_pause.h"
#include "state.h"
#include "trade.h"

static void answer_offer(struct weft_core *core, const struct weft_event_offer *event, bool take)
{
    struct weft_action *action =
        weft_action_push(core->actions, take ? WEFT_ACTION_ACCEPT : WEFT_ACTION_DISCARD);
    if (action != NULL) {
        action->chunk = (struct weft_action_chunk){
            .peer = event->peer, .release = event->release, .chunk = event->chunk};
    }
}

/* A chunk that was asked for and given up comes after all: better than to fetch it twice. */
static struct weft_want *take_late(struct weft_core *core, struct weft_link *link,
                                   const struct weft_release *release, uint32_t chunk)
{
    bool wanted = link->late > 0 && !weft_bitmap_has(release->have, chunk);
    struct weft_want *want = wanted ? weft_want_add(core, link, release, chunk) : NULL;
    link->late = (uint8_t)(link->late - (link->late > 0));
    if (want != NULL) {
        want->pushed = true; /* not counted as a request any more */
        weft_download_begin(weft_release_download(core, release), release, chunk);
    }
    return want;
}

/* A chunk that a parent pushes. If it was asked of somebody else who has not begun to send it, that
 * request is taken back. */
static struct weft_want *take_pushed(struct weft_core *core, struct weft_link *link,
                                     const struct weft_release *release, uint32_t chunk)
{
    const struct weft_kin *kin = &weft_release_download(core, release)->kin;
    if (!link->agent && !weft_kin_is_parent(kin, weft_link_index(core, link), chunk)) {
        return NULL;
    }
    weft_want_withdraw(core, (uint32_t)(release - core->releases.items), chunk);
    struct weft_want *want = weft_want_add(core, link, release, chunk);
    if (want != NULL) {
        want->pushed = true;
        weft_download_begin(weft_release_download(core, release), release, chunk);
    }
    return want;
}

/* What is missing may be asked of its sender in a moment, who would take that for a request that
 * crossed the chunk: it has to know that the chunk is not taken this time. */
static void decline(struct weft_core *core, struct weft_link *link,
                    const struct weft_release *release, uint32_t chunk)
{
    if (!weft_bitmap_has(release->have, chunk)) {
        struct weft_frame frame = {
            .kind = WEFT_FRAME_CANCEL, .release = release->id, .chunk = chunk};
        weft_link_send(core, link, &frame);
    }
}

/* Whoever sends a chunk has it, and will not tell of it again: it can be asked for it. */
static void note_offered(struct weft_core *core, struct weft_link *link,
                         const struct weft_release *release, uint32_t chunk)
{
    weft_have_set(core, link, weft_release_download(core, release), chunk);
    weft_pick_pull_soon(core, release->download);
}

void weft_arrival_on_offer(struct weft_core *core, const struct weft_event_offer *event)
{
    const struct weft_release *release = weft_release_find(core, event->release);
    struct weft_link *link = weft_link_find(core, event->peer);
    bool useful = release != NULL && link != NULL && release->download != WEFT_RELEASE_NONE &&
                  event->chunk < release->chunk_count;
    struct weft_want *want = NULL;
    if (useful) {
        uint32_t index = (uint32_t)(release - core->releases.items);
        weft_source_hear(core, link, weft_release_download(core, release), event->chunk);
        want = weft_want_find(core, event->peer, index, event->chunk);
        if (want == NULL) {
            want = take_pushed(core, link, release, event->chunk);
        }
        if (want == NULL) {
            want = take_late(core, link, release, event->chunk);
        }
    }
    if (want == NULL) {
        weft_core_reject(core, WEFT_REJECT_UNEXPECTED);
        answer_offer(core, event, /* take */ false);
        if (useful) {
            decline(core, link, release, event->chunk);
            note_offered(core, link, release, event->chunk);
        }
        return;
    }
    weft_want_offered(core, want);
    if (!weft_penalty_is_doubted(core, event->peer)) {
        weft_have_believe(core, link);
    }
    bool have = weft_bitmap_has(release->have, event->chunk);
    answer_offer(core, event, !have);
    if (have) {
        core->counters.chunks_twice++;
        weft_want_remove(core, want);
    }
}

static void trace_chunk(const struct weft_core *core, const struct weft_event_chunk *event,
                        enum weft_trace_kind kind, uint64_t value)
{
    weft_core_trace(core, (struct weft_trace_record){.kind = kind,
                                                     .peer = event->peer,
                                                     .release = event->release,
                                                     .chunk = event->chunk,
                                                     .value = value});
}

/* A verified chunk: count it once, tell others. */
static void accept_chunk(struct weft_core *core, struct weft_release *release,
                         const struct weft_link *link, const struct weft_event_chunk *event)
{
    enum weft_tier tier = link == NULL ? WEFT_TIER_PEER : weft_link_tier(core, link);
    if (weft_bitmap_has(release->have, event->chunk)) {
        core->counters.chunks_twice++;
        trace_chunk(core, event, WEFT_TRACE_CHUNK_TWICE, tier);
        return;
    }
    trace_chunk(core, event, WEFT_TRACE_CHUNK, tier);
    struct weft_download *download = weft_release_download(core, release);
    weft_release_store(core, release, event->chunk, tier, event->bytes);
    if (download != NULL) {
        weft_have_note_far(core, download, event->chunk);
        bool first = link != NULL && link->far;
        weft_push_on_stored(core, release, event->chunk, link, first);
    }
}

/* It sent a bad chunk: until it has paid for that it is asked for no other. */
static void let_rest(struct weft_core *core, weft_node_id peer)
{
    struct weft_link *link = weft_link_find(core, peer);
    if (link != NULL) {
        weft_follow_quit(core, link);
        weft_have_disbelieve(core, link);
        weft_pick_pause(core, link, weft_penalty_owed_ns(core, peer));
    }
}

void weft_arrival_on_chunk(struct weft_core *core, const struct weft_event_chunk *event)
{
    struct weft_release *release = weft_release_find(core, event->release);
    struct weft_link *link = weft_link_find(core, event->peer);
    if (event->result == WEFT_ERR_MISMATCH) {
        weft_penalty_add(core, event->peer, WEFT_OFFENCE_CHUNK);
        let_rest(core, event->peer);
    }
    if (release == NULL || event->chunk >= release->chunk_count) {
        return;
    }
    uint32_t index = (uint32_t)(release - core->releases.items);
    struct weft_want *want = weft_want_find(core, event->peer, index, event->chunk);
    bool pushed = want != NULL && want->pushed;
    if (want != NULL && want->far && event->result == WEFT_ERR_OK) {
        weft_ns took_ns = core->now_ns - want->asked_ns;
        weft_ns mean_ns = core->wants.far_ns;
        core->wants.far_ns = mean_ns == 0 ? took_ns : (mean_ns * 7 + took_ns) / 8;
    }
    if (want != NULL) {
        weft_want_remove(core, want);
    }
    if (event->result == WEFT_ERR_OK) {
        weft_bandwidth_observe(core, event->peer, event->bytes, event->transfer_ns);
        if (link != NULL) {
            link->slow = pushed ? link->slow : 0;
        }
        accept_chunk(core, release, link, event);
    } else {
        weft_release_blame_disk(core, event->result);
        trace_chunk(core, event, WEFT_TRACE_CHUNK_BAD, event->result);
        core->counters.chunks_bad += event->result == WEFT_ERR_MISMATCH;
        if (event->result == WEFT_ERR_MISMATCH) {
            weft_trade_fill(core);
            weft_source_fill(core); /* what it held of the WAN is free again */
        } else if (link != NULL && release->download != WEFT_RELEASE_NONE) {
            note_offered(core, link, release, event->chunk); /* the disk failed, not the peer */
        }
    }
    weft_pick_fill(core);
}

void weft_arrival_on_refuse(struct weft_core *core, struct weft_link *link,
                            const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    if (release == NULL || frame->chunk >= release->chunk_count) {
        return;
    }
    uint32_t index = (uint32_t)(release - core->releases.items);
    struct weft_want *want = weft_want_find(core, link->peer.id, index, frame->chunk);
    if (want == NULL || want->pushed) {
        return;
    }
    weft_want_remove(core, want);
    struct weft_download *download = weft_release_download(core, release);
    if (frame->value == 0 && download != NULL) {
        weft_have_clear(core, link, download, frame->chunk);
    } else {
        uint64_t spread = weft_rng_below(&core->rng, frame->value + 1);
        weft_pick_pause(core, link, (frame->value + spread) * WEFT_NS_PER_MS / 2);
    }
    weft_pick_fill(core);
    weft_trade_fill(core);
    weft_source_fill(core); /* a chunk that nobody has after all */
}
