/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks are under way from peers, and when is one given up? */
#include "want.h"

#include "frame.h"
#include "have.h"
#include "source.h"
#include "state.h"
#include "trade.h"

#define SILENT_REQUESTS 4 /* overdue in a row; of who never sent a chunk one is enough */
#define NEAR_OVERDUE_NS (1 * WEFT_NS_PER_S)
#define FAR_OVERDUE_NS (4 * WEFT_NS_PER_S)
#define STRANGER_OVERDUE_NS (1 * WEFT_NS_PER_S)  /* until a first chunk has begun to arrive */
#define STRANGER_DOUBT_NS (250 * WEFT_NS_PER_MS) /* so long its word counts unproved, at least */
#define OVERDUE_FACTOR 4
#define OFFERED_FACTOR 4 /* a chunk that has begun to arrive is worth waiting for */
#define UNKNOWN_RATE_BYTES_PER_S 1000000
#define SLOW_PAUSE_NS (2 * WEFT_NS_PER_S)

void weft_want_init(struct weft_core *core)
{
    core->wants.due_ns = WEFT_NS_NEVER;
}

void weft_want_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->wants.pieces,
                  WEFT_ROW_PIECES(WEFT_WANTED_MAX, struct weft_want));
}

struct weft_want *weft_want_find(struct weft_core *core, weft_node_id peer, uint32_t release,
                                 uint32_t chunk)
{
    for (uint32_t i = 0; i < core->wants.count; i++) {
        struct weft_want *want = weft_want_at(&core->wants, i);
        if (want->chunk == chunk && want->peer == peer && want->release == release) {
            return want;
        }
    }
    return NULL;
}

struct weft_want *weft_want_add(struct weft_core *core, const struct weft_link *link,
                                const struct weft_release *release, uint32_t chunk)
{
    struct weft_wants *self = &core->wants;
    if (self->count == WEFT_WANTED_MAX) {
        return NULL;
    }
    uint64_t rate = weft_bandwidth_of(core, link->peer.id);
    rate = rate == 0 ? UNKNOWN_RATE_BYTES_PER_S : rate;
    weft_ns expected = weft_release_chunk_bytes(release) * WEFT_NS_PER_S / rate;
    weft_ns least = link->far ? FAR_OVERDUE_NS : NEAR_OVERDUE_NS;
    weft_ns wait = OVERDUE_FACTOR * expected > least ? OVERDUE_FACTOR * expected : least;
    weft_ns due = link->sends || wait < STRANGER_OVERDUE_NS ? wait : STRANGER_OVERDUE_NS;
    bool unproved = !link->sends && !link->silent && !link->far;
    weft_ns doubt = OVERDUE_FACTOR * expected > STRANGER_DOUBT_NS ? OVERDUE_FACTOR * expected
                                                                  : STRANGER_DOUBT_NS;
    if (!weft_rows_grow(&core->reserves->rows, self->pieces, self->count,
                        WEFT_PIECE_ROWS(struct weft_want))) {
        return NULL;
    }
    struct weft_want *want = weft_want_at(self, self->count++);
    *want = (struct weft_want){.peer = link->peer.id,
                               .release = (uint32_t)(release - core->releases.items),
                               .chunk = chunk,
                               .far = link->far,
                               .asked_ns = core->now_ns,
                               .wait_ns = wait,
                               .unproved = unproved && doubt < due,
                               .due_ns = core->now_ns + (unproved && doubt < due ? doubt : due)};
    self->due_ns = want->due_ns < self->due_ns ? want->due_ns : self->due_ns;
    return want;
}

/* The chunk no longer comes from that peer; unless another peer is asked too, it is free again. */
void weft_want_remove(struct weft_core *core, struct weft_want *want)
{
    struct weft_wants *self = &core->wants;
    struct weft_want gone = *want;
    *want = *weft_want_at(self, --self->count);
    weft_rows_shrink(&core->reserves->rows, self->pieces, self->count,
                     WEFT_PIECE_ROWS(struct weft_want));
    struct weft_link *link = weft_link_find(core, gone.peer);
    if (!gone.pushed) {
        self->near_count -= !gone.far;
        self->far_count -= gone.far;
        if (link != NULL) {
            link->asked = (uint8_t)(link->asked - (link->asked > 0));
        }
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const struct weft_want *other = weft_want_at(self, i);
        if (other->chunk == gone.chunk && other->release == gone.release) {
            return;
        }
    }
    struct weft_download *download =
        weft_release_download(core, &core->releases.items[gone.release]);
    if (download != NULL) {
        weft_download_end(download, &core->releases.items[gone.release], gone.chunk);
    }
}

void weft_want_forget(struct weft_core *core, uint32_t download)
{
    uint32_t release = core->releases.downloads[download].release;
    for (uint32_t i = core->wants.count; i-- > 0;) {
        if (weft_want_at(&core->wants, i)->release == release) {
            weft_want_remove(core, weft_want_at(&core->wants, i));
        }
    }
}

void weft_want_on_link_down(struct weft_core *core, weft_node_id peer)
{
    for (uint32_t i = core->wants.count; i-- > 0;) {
        if (weft_want_at(&core->wants, i)->peer == peer) {
            weft_want_remove(core, weft_want_at(&core->wants, i));
        }
    }
}

void weft_want_offered(const struct weft_core *core, struct weft_want *want)
{
    want->due_ns = core->now_ns + OFFERED_FACTOR * want->wait_ns;
    want->begun = true;
}

void weft_want_withdraw(struct weft_core *core, uint32_t release, uint32_t chunk)
{
    for (uint32_t i = core->wants.count; i-- > 0;) {
        struct weft_want *want = weft_want_at(&core->wants, i);
        if (want->release != release || want->chunk != chunk || want->begun) {
            continue;
        }
        struct weft_link *link = weft_link_find(core, want->peer);
        weft_want_remove(core, want);
        if (link != NULL && link->up) {
            struct weft_frame frame = {.kind = WEFT_FRAME_CANCEL,
                                       .release = core->releases.items[release].id,
                                       .chunk = chunk};
            link->late = (uint8_t)(link->late + (link->late < UINT8_MAX));
            weft_link_send(core, link, &frame);
        }
    }
}

/* Who leaves one request after the other unanswered has nothing, for all that it told: what only
 * such nodes have is fetched from the source. */
static void doubt(struct weft_core *core, struct weft_link *link)
{
    if (link->slow >= (link->sends ? SILENT_REQUESTS : 1)) {
        weft_have_disbelieve(core, link);
        weft_source_fill(core);
    }
}

static void give_up(struct weft_core *core, struct weft_want *want)
{
    struct weft_want late = *want;
    const struct weft_release *release = &core->releases.items[late.release];
    weft_want_remove(core, want);
    struct weft_link *link = weft_link_find(core, late.peer);
    if (link == NULL || !link->up) {
        return;
    }
    link->late = (uint8_t)(link->late + (link->late < UINT8_MAX));
    link->slow = (uint8_t)(link->slow + (link->slow < UINT8_MAX));
    link->broken = link->broken || !late.begun;
    weft_pick_pause(core, link, SLOW_PAUSE_NS * link->slow);
    struct weft_frame frame = {
        .kind = WEFT_FRAME_CANCEL, .release = release->id, .chunk = late.chunk};
    weft_link_send(core, link, &frame);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_OVERDUE,
                                                     .peer = late.peer,
                                                     .release = release->id,
                                                     .chunk = late.chunk,
                                                     .value = weft_link_tier(core, link)});
    doubt(core, link);
}

/* Nothing has come yet from who never sent anything: it is waited for, but what it says it has does
 * not keep others from being asked. */
static void wait_on(struct weft_core *core, struct weft_want *want)
{
    struct weft_link *link = weft_link_find(core, want->peer);
    want->unproved = false;
    want->due_ns = want->asked_ns + STRANGER_OVERDUE_NS;
    if (link != NULL && !link->sends) {
        weft_have_disbelieve(core, link);
    }
}

static void expire(struct weft_core *core)
{
    struct weft_wants *self = &core->wants;
    for (uint32_t i = self->count; i-- > 0;) {
        struct weft_want *want = i < self->count ? weft_want_at(self, i) : NULL;
        if (want != NULL && want->due_ns <= core->now_ns) {
            (want->unproved && !want->begun ? wait_on : give_up)(core, want);
        }
    }
    self->due_ns = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < self->count; i++) {
        weft_ns due = weft_want_at(self, i)->due_ns;
        self->due_ns = due < self->due_ns ? due : self->due_ns;
    }
}

void weft_want_expire(struct weft_core *core)
{
    if (core->wants.due_ns <= core->now_ns) {
        expire(core);
        weft_pick_fill(core);
        weft_trade_fill(core);
        weft_source_fill(core);
    }
}

weft_ns weft_want_deadline(const struct weft_core *core)
{
    return core->wants.due_ns;
}
