/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests for chunks does this node serve, and which chunks is it sending? */
#include "serve.h"

#include "frame.h"
#include "have.h"
#include "push.h"
#include "state.h"

#define REFUSE_MS_MIN 1
#define REFUSE_MS_MAX 2000

/* An upload stands still after so many times the usual time, and at least after the shorter of
 * these times; after the longer one if nothing is usual yet. */
#define STUCK_TIMES 8
#define STUCK_NS (200 * WEFT_NS_PER_MS)
#define STUCK_UNKNOWN_NS (2 * WEFT_NS_PER_S)

/* An upload that ends sooner found room in the socket. */
#define AT_ONCE_NS (1 * WEFT_NS_PER_MS)

/* The first copy in the segment is waited for so long, at least. */
#define SPREAD_NS (50 * WEFT_NS_PER_MS)
#define PUSH_PAUSE_NS (1 * WEFT_NS_PER_S)

void weft_serve_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->serves.pieces,
                  WEFT_ROW_PIECES(WEFT_UPLOADS_MAX, struct weft_upload));
}

/* --- sending --- */

bool weft_serve_begin(struct weft_core *core, const struct weft_link *link, weft_release_id release,
                      uint32_t chunk, enum weft_upload_reason why)
{
    struct weft_serves *self = &core->serves;
    bool room = self->upload_count < WEFT_UPLOADS_MAX &&
                weft_rows_grow(&core->reserves->rows, self->pieces, self->upload_count,
                               WEFT_PIECE_ROWS(struct weft_upload));
    struct weft_action *action = room ? weft_action_push(core->actions, WEFT_ACTION_UPLOAD) : NULL;
    if (action == NULL) {
        return false;
    }
    action->chunk =
        (struct weft_action_chunk){.peer = link->peer.id, .release = release, .chunk = chunk};
    *weft_serve_at(self, self->upload_count++) = (struct weft_upload){.peer = link->peer.id,
                                                                      .release = release,
                                                                      .chunk = chunk,
                                                                      .far = link->far,
                                                                      .why = (uint8_t)why,
                                                                      .since_ns = core->now_ns};
    self->near_count += !link->far;
    self->far_count += link->far;
    self->spread_count += why == WEFT_UPLOAD_SPREAD;
    return true;
}

static struct weft_upload *find_upload(struct weft_core *core, weft_node_id peer,
                                       weft_release_id release, uint32_t chunk)
{
    for (uint32_t i = 0; i < core->serves.upload_count; i++) {
        struct weft_upload *upload = weft_serve_at(&core->serves, i);
        if (upload->peer == peer && upload->release == release && upload->chunk == chunk) {
            return upload;
        }
    }
    return NULL;
}

/* --- requests that cross a push --- */

_Static_assert(WEFT_CHUNKS_MAX < UINT16_MAX, "a map holds the chunks that were pushed last");

/* The chunk has left this node, but its receiver may have asked for it before it heard of that. */
static void note_crossing(struct weft_link_map *map, uint32_t chunk)
{
    map->crossed[1] = map->crossed[0];
    map->crossed[0] = (uint16_t)(chunk + 1);
}

/* Was the chunk pushed a moment ago? Once it is said so: who asks again has not got it. */
static bool take_crossing(struct weft_link *link, const struct weft_release *release,
                          uint32_t chunk)
{
    if (release == NULL || release->download == WEFT_RELEASE_NONE) {
        return false;
    }
    uint16_t *crossed = link->maps[release->download].crossed;
    for (uint32_t i = 0; i < 2; i++) {
        if (crossed[i] == chunk + 1) {
            crossed[i] = 0;
            return true;
        }
    }
    return false;
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

/* Does the upload stand still? Then its receiver, or the line to it, is the limit, and not this
 * node. */
static bool is_stuck(const struct weft_core *core, const struct weft_upload *upload)
{
    weft_ns usual_ns = STUCK_TIMES * (upload->far ? core->serves.far_ns : core->serves.near_ns);
    weft_ns least_ns = usual_ns == 0 ? STUCK_UNKNOWN_NS : STUCK_NS;
    return core->now_ns - upload->since_ns > (usual_ns > least_ns ? usual_ns : least_ns);
}

/* Uploads inside the segment, or to others, that do not stand still. */
static uint32_t count_moving(const struct weft_core *core, bool far)
{
    const struct weft_serves *self = &core->serves;
    uint32_t moving = far ? self->far_count : self->near_count;
    for (uint32_t i = 0; i < self->upload_count; i++) {
        const struct weft_upload *upload = weft_serve_at(self, i);
        moving -= upload->far == far && is_stuck(core, upload) ? 1 : 0;
    }
    return moving;
}

bool weft_serve_has_place(const struct weft_core *core)
{
    const struct weft_serves *self = &core->serves;
    bool few = self->near_count < core->config.tuning.uploads;
    return self->upload_count < WEFT_UPLOADS_MAX &&
           (few || count_moving(core, /* far */ false) < core->config.tuning.uploads);
}

bool weft_serve_is_blocked(const struct weft_core *core, const struct weft_link *link)
{
    for (uint32_t i = 0; i < core->serves.upload_count; i++) {
        const struct weft_upload *upload = weft_serve_at(&core->serves, i);
        if (upload->peer == link->peer.id && is_stuck(core, upload)) {
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
        return table || weft_serve_is_blocked(core, link) ||
               count_moving(core, /* far */ true) >= tuning->wan_uploads;
    }
    bool first = weft_push_is_waiting(core) && count_moving(core, /* far */ false) > 0;
    return first || weft_serve_is_blocked(core, link) || !weft_serve_has_place(core);
}

/* How long a place for |link| will hardly be free: what an upload takes as a rule, or what all of
 * those under way have taken already, if they stand still. */
static uint32_t wait_ms(const struct weft_core *core, const struct weft_link *link)
{
    const struct weft_serves *self = &core->serves;
    weft_ns youngest_ns = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < self->upload_count; i++) {
        const struct weft_upload *upload = weft_serve_at(self, i);
        weft_ns age_ns = core->now_ns - upload->since_ns;
        youngest_ns = upload->far == link->far && age_ns < youngest_ns ? age_ns : youngest_ns;
    }
    weft_ns wait_ns = link->far ? self->far_ns : self->near_ns;
    wait_ns = youngest_ns != WEFT_NS_NEVER && youngest_ns > wait_ns ? youngest_ns : wait_ns;
    weft_ns wait = wait_ns / WEFT_NS_PER_MS;
    wait = wait < REFUSE_MS_MAX ? wait : REFUSE_MS_MAX;
    return wait > REFUSE_MS_MIN ? (uint32_t)wait : REFUSE_MS_MIN;
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
    struct weft_upload *upload = find_upload(core, link->peer.id, frame->release, frame->chunk);
    if (upload != NULL) {
        upload->again = upload->declined; /* or the request has crossed the push */
        return;
    }
    if (take_crossing(link, release, frame->chunk)) {
        return;
    }
    if (is_full(core, link)) {
        refuse(core, link, frame, wait_ms(core, link));
        return;
    }
    (void)weft_serve_begin(core, link, frame->release, frame->chunk, WEFT_UPLOAD_ASKED);
}

void weft_serve_on_cancel(struct weft_core *core, struct weft_link *link,
                          const struct weft_frame *frame)
{
    struct weft_upload *upload = find_upload(core, link->peer.id, frame->release, frame->chunk);
    if (upload == NULL) {
        const struct weft_release *release = weft_release_find(core, frame->release);
        (void)take_crossing(link, release, frame->chunk); /* declined: it may be asked for */
        return;
    }
    upload->declined = true;
    upload->again = false;
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_UPLOAD_CANCEL);
    if (action != NULL) {
        action->chunk = (struct weft_action_chunk){
            .peer = link->peer.id, .release = frame->release, .chunk = frame->chunk};
    }
}

/* --- completions --- */

/* What the socket took at once says nothing about the line, but that uploads end. */
static void average(weft_ns *mean_ns, weft_ns sample_ns)
{
    if (*mean_ns < AT_ONCE_NS) {
        *mean_ns = sample_ns > 0 ? sample_ns : 1;
    } else if (sample_ns >= AT_ONCE_NS) {
        *mean_ns = (*mean_ns * 7 + sample_ns) / 8;
    }
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
    *found = *weft_serve_at(self, --self->upload_count);
    weft_rows_shrink(&core->reserves->rows, self->pieces, self->upload_count,
                     WEFT_PIECE_ROWS(struct weft_upload));
    self->near_count -= !upload.far;
    self->far_count -= upload.far;
    self->spread_count -= upload.why == WEFT_UPLOAD_SPREAD;
    struct weft_release *release = weft_release_find(core, event->release);
    struct weft_download *download = weft_release_download(core, release);
    struct weft_link *link = weft_link_find(core, event->peer);
    if (link != NULL && upload.why != WEFT_UPLOAD_ASKED) {
        link->pushing = (uint16_t)(link->pushing - (link->pushing > 0));
        link->push_after_ns = event->result == WEFT_ERR_OK ? 0 : core->now_ns + PUSH_PAUSE_NS;
    }
    if (event->result == WEFT_ERR_OK) {
        average(upload.far ? &self->far_ns : &self->near_ns, core->now_ns - upload.since_ns);
        enum weft_tier tier = link == NULL ? WEFT_TIER_PEER : weft_link_tier(core, link);
        core->counters.chunk_bytes_sent[tier] += event->bytes;
        if (link != NULL && link->up && download != NULL) {
            weft_have_set(core, link, download, event->chunk);
        }
        if (link != NULL && download != NULL && upload.why != WEFT_UPLOAD_ASKED &&
            !upload.declined) {
            note_crossing(&link->maps[release->download], event->chunk);
        }
    } else {
        fail_upload(core, link, event);
    }
    if (upload.why == WEFT_UPLOAD_SPREAD && download != NULL) {
        weft_have_note_near(core, download, upload.chunk, /* soon */ true);
    }
    if (upload.again && link != NULL && link->up) {
        struct weft_frame request = {.release = upload.release, .chunk = upload.chunk};
        weft_serve_on_request(core, link, &request);
    }
    weft_push_fill(core);
}

/* --- timer --- */

/* When others need not wait any longer for the first copy that |upload| brings. */
static weft_ns spread_ns(const struct weft_core *core, const struct weft_upload *upload)
{
    weft_ns usual_ns = STUCK_TIMES * core->serves.near_ns;
    return upload->since_ns + (usual_ns > SPREAD_NS ? usual_ns : SPREAD_NS);
}

void weft_serve_expire(struct weft_core *core)
{
    struct weft_serves *self = &core->serves;
    for (uint32_t i = 0; self->spread_count > 0 && i < self->upload_count; i++) {
        struct weft_upload *upload = weft_serve_at(self, i);
        struct weft_download *download =
            weft_release_download(core, weft_release_find(core, upload->release));
        if (upload->why == WEFT_UPLOAD_SPREAD && spread_ns(core, upload) <= core->now_ns) {
            upload->why = WEFT_UPLOAD_PUSHED;
            self->spread_count--;
            if (download != NULL) {
                weft_have_note_near(core, download, upload->chunk, /* soon */ true);
            }
        }
    }
}

weft_ns weft_serve_deadline(const struct weft_core *core)
{
    const struct weft_serves *self = &core->serves;
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; self->spread_count > 0 && i < self->upload_count; i++) {
        const struct weft_upload *upload = weft_serve_at(self, i);
        weft_ns due_ns =
            upload->why == WEFT_UPLOAD_SPREAD ? spread_ns(core, upload) : WEFT_NS_NEVER;
        next = due_ns < next ? due_ns : next;
    }
    return next;
}
