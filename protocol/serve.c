/* SPDX-License-Identifier: Apache-2.0 */
/* To whom does this node send chunks, and which does it send without being asked? */
#include "serve.h"

#include "frame.h"
#include "have.h"
#include "state.h"

#define REVEAL_IDLE_NS (20 * WEFT_NS_PER_MS)
#define REVEAL_NS (2 * WEFT_NS_PER_S)
#define REFUSE_MS_MIN 1
#define REFUSE_MS_MAX 2000
#define CREDITS_MAX 8

/* --- sending --- */

static void begin_upload(struct weft_core *core, const struct weft_link *link,
                         weft_release_id release, uint32_t chunk, bool pushed)
{
    struct weft_serves *self = &core->serves;
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_UPLOAD);
    if (action == NULL || self->upload_count == WEFT_UPLOADS_MAX) {
        return;
    }
    action->chunk =
        (struct weft_action_chunk){.peer = link->peer.id, .release = release, .chunk = chunk};
    self->uploads[self->upload_count++] = (struct weft_upload){.peer = link->peer.id,
                                                               .release = release,
                                                               .chunk = chunk,
                                                               .far = link->far,
                                                               .pushed = pushed,
                                                               .since_ns = core->now_ns};
    self->near_count += !link->far;
    self->far_count += link->far;
}

static struct weft_upload *find_upload(struct weft_core *core, weft_node_id peer,
                                       weft_release_id release, uint32_t chunk)
{
    for (uint32_t i = 0; i < core->serves.upload_count; i++) {
        struct weft_upload *upload = &core->serves.uploads[i];
        if (upload->peer == peer && upload->release == release && upload->chunk == chunk) {
            return upload;
        }
    }
    return NULL;
}

/* --- the first copy of each chunk --- */

static uint32_t fresh_left(const struct weft_download *download)
{
    return download->fresh_count - download->fresh_first;
}

/* The neighbour that is ready for |chunk| and was sent least. */
static struct weft_link *choose_first(struct weft_core *core, uint32_t index, uint32_t chunk)
{
    struct weft_link *best = NULL;
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = &core->links.items[i];
        const struct weft_link_map *map = &link->maps[index];
        bool ready = link->up && !link->far && map->credits > 0 && map->wanted &&
                     !weft_bitmap_has(map->have, chunk);
        if (ready && (best == NULL || link->pushes < best->pushes)) {
            best = link;
        }
    }
    return best;
}

static void push_fresh(struct weft_core *core, uint32_t index)
{
    struct weft_download *download = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, download);
    while (fresh_left(download) > 0 && core->serves.near_count < core->config.tuning.uploads) {
        uint32_t chunk = download->fresh[download->fresh_first % core->config.chunks_max];
        struct weft_link *link = choose_first(core, index, chunk);
        if (link == NULL) {
            return;
        }
        weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_PUSH,
                                                         .peer = link->peer.id,
                                                         .release = release->id,
                                                         .chunk = chunk,
                                                         .value = download->near_copies[chunk]});
        download->fresh_first++;
        download->fresh_since_ns = core->now_ns;
        link->maps[index].credits--;
        link->pushes++;
        begin_upload(core, link, release->id, chunk, /* pushed */ true);
    }
}

static void push_all(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        if (core->releases.downloads[i].release != WEFT_RELEASE_NONE) {
            push_fresh(core, i);
        }
    }
}

static bool somebody_wants(const struct weft_core *core, uint32_t index)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = &core->links.items[i];
        if (link->up && !link->far && link->maps[index].wanted) {
            return true;
        }
    }
    return false;
}

void weft_serve_on_stored(struct weft_core *core, struct weft_release *release, uint32_t chunk,
                          bool first)
{
    struct weft_download *download = weft_release_download(core, release);
    if (!first || !somebody_wants(core, release->download)) {
        weft_have_note_near(core, download, chunk);
        return;
    }
    if (fresh_left(download) == 0) {
        download->fresh_since_ns = core->now_ns;
    }
    download->fresh[download->fresh_count++ % core->config.chunks_max] = (uint16_t)chunk;
    push_fresh(core, release->download);
}

void weft_serve_on_ready(struct weft_core *core, struct weft_link *link,
                         const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    if (release == NULL || release->download == WEFT_RELEASE_NONE || link->far) {
        return;
    }
    struct weft_link_map *map = &link->maps[release->download];
    uint32_t credits = map->credits + frame->value;
    map->credits = (uint8_t)(credits < CREDITS_MAX ? credits : CREDITS_MAX);
    push_fresh(core, release->download);
}

/* --- requests --- */

static void refuse(struct weft_core *core, const struct weft_link *link,
                   const struct weft_frame *request, uint32_t wait_ms)
{
    struct weft_frame frame = {.kind = WEFT_FRAME_REFUSE,
                               .release = request->release,
                               .chunk = request->chunk,
                               .value = wait_ms};
    weft_link_send(core, link, &frame);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_BUSY,
                                                     .peer = link->peer.id,
                                                     .release = request->release,
                                                     .chunk = request->chunk,
                                                     .value = wait_ms});
}

/* First copies go before second ones. */
static bool has_first_copies(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE && fresh_left(download) > 0) {
            return true;
        }
    }
    return false;
}

static bool is_full(struct weft_core *core, const struct weft_link *link)
{
    const struct weft_serves *self = &core->serves;
    const struct weft_tuning *tuning = &core->config.tuning;
    bool table = self->upload_count == WEFT_UPLOADS_MAX;
    if (link->far) {
        return table || self->far_count >= tuning->wan_uploads;
    }
    bool first = has_first_copies(core) && self->near_count > 0;
    return table || first || self->near_count >= tuning->uploads;
}

void weft_serve_on_request(struct weft_core *core, struct weft_link *link,
                           const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    bool have = release != NULL && frame->chunk < release->chunk_count &&
                weft_bitmap_has(release->have, frame->chunk);
    if (!have) {
        refuse(core, link, frame, 0);
        return;
    }
    if (find_upload(core, link->peer.id, frame->release, frame->chunk) != NULL) {
        return;
    }
    if (is_full(core, link)) {
        weft_ns wait = (link->far ? core->serves.far_ns : core->serves.near_ns) / WEFT_NS_PER_MS;
        wait = wait < REFUSE_MS_MAX ? wait : REFUSE_MS_MAX;
        refuse(core, link, frame, wait > REFUSE_MS_MIN ? (uint32_t)wait : REFUSE_MS_MIN);
        return;
    }
    begin_upload(core, link, frame->release, frame->chunk, /* pushed */ false);
}

void weft_serve_on_cancel(struct weft_core *core, struct weft_link *link,
                          const struct weft_frame *frame)
{
    if (find_upload(core, link->peer.id, frame->release, frame->chunk) == NULL) {
        return;
    }
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_UPLOAD_CANCEL);
    if (action != NULL) {
        action->chunk = (struct weft_action_chunk){
            .peer = link->peer.id, .release = frame->release, .chunk = frame->chunk};
    }
}

/* --- completions --- */

static void average(weft_ns *mean_ns, weft_ns sample_ns)
{
    *mean_ns = *mean_ns == 0 ? sample_ns : (*mean_ns * 7 + sample_ns) / 8;
}

/* The peer waits for a chunk that will not come: tell it; a chunk rotten on disk is lost. */
static void fail_upload(struct weft_core *core, const struct weft_link *link,
                        const struct weft_event_upload *event)
{
    struct weft_release *release = weft_release_find(core, event->release);
    bool rotten = event->result == WEFT_ERR_MISMATCH || event->result == WEFT_ERR_NOT_FOUND;
    if (rotten && release != NULL) {
        weft_release_lose(core, release, event->chunk);
    }
    if (link != NULL && link->up && event->result != WEFT_ERR_CANCELLED) {
        struct weft_frame request = {.release = event->release, .chunk = event->chunk};
        refuse(core, link, &request, rotten ? 0 : REFUSE_MS_MAX);
    }
}

void weft_serve_on_upload(struct weft_core *core, const struct weft_event_upload *event)
{
    struct weft_serves *self = &core->serves;
    struct weft_upload *found = find_upload(core, event->peer, event->release, event->chunk);
    if (found == NULL) {
        return;
    }
    struct weft_upload upload = *found;
    *found = self->uploads[--self->upload_count];
    self->near_count -= !upload.far;
    self->far_count -= upload.far;
    struct weft_release *release = weft_release_find(core, event->release);
    struct weft_download *download = weft_release_download(core, release);
    struct weft_link *link = weft_link_find(core, event->peer);
    if (event->result == WEFT_ERR_OK) {
        average(upload.far ? &self->far_ns : &self->near_ns, core->now_ns - upload.since_ns);
        enum weft_tier tier = link == NULL ? WEFT_TIER_PEER : weft_link_tier(core, link);
        core->counters.chunk_bytes_sent[tier] += event->bytes;
        if (link != NULL && link->up && download != NULL) {
            weft_have_set(core, link, download, event->chunk);
        }
    } else {
        fail_upload(core, link, event);
    }
    if (upload.pushed && download != NULL) {
        weft_have_note_near(core, download, upload.chunk);
    }
    push_all(core);
}

/* --- chunks that nobody takes --- */

static weft_ns reveal_ns(const struct weft_core *core, const struct weft_download *download)
{
    if (download->release == WEFT_RELEASE_NONE || fresh_left(download) == 0) {
        return WEFT_NS_NEVER;
    }
    bool idle = core->serves.near_count == 0;
    return download->fresh_since_ns + (idle ? REVEAL_IDLE_NS : REVEAL_NS);
}

void weft_serve_expire(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *download = &core->releases.downloads[i];
        if (reveal_ns(core, download) > core->now_ns) {
            continue;
        }
        while (fresh_left(download) > 0) {
            uint32_t chunk = download->fresh[download->fresh_first++ % core->config.chunks_max];
            weft_have_note_near(core, download, chunk);
        }
    }
}

weft_ns weft_serve_deadline(const struct weft_core *core)
{
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        weft_ns due = reveal_ns(core, &core->releases.downloads[i]);
        next = due < next ? due : next;
    }
    return next;
}
