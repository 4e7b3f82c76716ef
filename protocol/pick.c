/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk next, and from whom in the segment? */
#include "pick.h"

#include "frame.h"
#include "rng.h"
#include "source.h"
#include "state.h"
#include "trade.h"
#include "tree.h"

#define ASKED_PER_LINK 2
#define GRACE_NS (30 * WEFT_NS_PER_MS) /* time for a parent to push, at least */
#define GRACE_UPLOADS 6                /* and as many times a chunk takes from here */
#define TURN_NS (3 * WEFT_NS_PER_MS)

void weft_pick_init(struct weft_core *core)
{
    core->picks.retry_ns = WEFT_NS_NEVER;
}

uint32_t weft_pick_rarest(struct weft_core *core, const struct weft_link *link, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    const struct weft_release *release = weft_release_of(core, self);
    const uint64_t *theirs = weft_link_have_of(&link->maps[download]);
    uint32_t words = weft_bitmap_words(release->chunk_count);
    uint32_t start = weft_rng_below(&core->rng, words);
    bool any = link->far || link->silent; /* what only it has is not open */
    uint64_t orphans = self->orphans * (UINT64_MAX / WEFT_STRIPES_ALL);
    struct weft_lease_look look = {.extent = UINT32_MAX};
    uint32_t best = UINT32_MAX;
    uint32_t best_copies = UINT32_MAX;
    uint32_t ties = 0;
    for (uint32_t i = 0; i < words; i++) {
        uint32_t w = start + i < words ? start + i : start + i - words;
        uint64_t left = theirs[w] & (any ? ~release->have[w] & ~self->busy[w]
                                         : self->open[w] & (self->pull[w] | orphans));
        for (; left != 0; left &= left - 1) {
            uint32_t chunk = w * 64 + (uint32_t)__builtin_ctzll(left);
            uint32_t copies =
                link->far ? weft_download_far_copies(self, chunk) : self->near_copies[chunk];
            if (copies > best_copies ||
                (link->far && !weft_lease_may_again(core, download, chunk, &look))) {
                continue;
            }
            ties = copies < best_copies ? 1 : ties + 1;
            best_copies = copies;
            if (ties == 1 || weft_rng_below(&core->rng, ties) == 0) {
                best = chunk;
            }
        }
    }
    return best;
}

void weft_pick_ask(struct weft_core *core, struct weft_link *link,
                   const struct weft_release *release, uint32_t chunk)
{
    if (weft_want_add(core, link, release, chunk) == NULL) {
        return;
    }
    weft_download_begin(weft_release_download(core, release), release, chunk);
    link->asked++;
    core->wants.near_count += !link->far;
    core->wants.far_count += link->far;
    struct weft_frame frame = {.kind = WEFT_FRAME_REQUEST, .release = release->id, .chunk = chunk};
    weft_link_send(core, link, &frame);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_REQUEST,
                                                     .peer = link->peer.id,
                                                     .release = release->id,
                                                     .chunk = chunk,
                                                     .value = weft_link_tier(core, link)});
}

static bool is_askable(const struct weft_core *core, const struct weft_link *link)
{
    return link->up && !link->far && link->asked < (link->sends ? ASKED_PER_LINK : 1) &&
           link->busy_until_ns <= core->now_ns;
}

static bool has_room(const struct weft_core *core)
{
    return core->wants.near_count < core->config.tuning.window &&
           core->wants.count < WEFT_WANTED_MAX && weft_release_is_open(core);
}

/* A chunk that few have is wanted by every neighbour at once, but its holders send only a few
 * copies at a time. So each node draws whether it is its turn; the others look again when there are
 * more copies. Saves four refusals of five. */
static bool is_turn(struct weft_core *core, uint32_t copies)
{
    uint32_t offers = copies * core->config.tuning.uploads;
    if (weft_rng_below(&core->rng, core->links.up_count + 1) < offers) {
        return true;
    }
    weft_ns wait = TURN_NS + weft_rng_below(&core->rng, TURN_NS);
    weft_pick_retry_at(core, core->now_ns + wait);
    return false;
}

/* Is there any chunk to ask of a near neighbour? Mostly there is none while the WAN is the
 * limit. */
static bool has_open(const struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE && download->open_count > 0) {
            return true;
        }
    }
    return false;
}

/* Ask |link| for one chunk of the first release that it can help with. */
static bool ask_one(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE ||
            (download->open_count == 0 && !link->silent)) {
            continue;
        }
        const struct weft_release *release = weft_release_of(core, download);
        uint32_t chunk =
            weft_release_is_missing(release) ? weft_pick_rarest(core, link, i) : UINT32_MAX;
        if (chunk != UINT32_MAX && (link->silent || is_turn(core, download->near_copies[chunk]))) {
            weft_pick_ask(core, link, release, chunk);
            return true;
        }
    }
    return false;
}

void weft_pick_from(struct weft_core *core, struct weft_link *link)
{
    if (link->far) {
        weft_trade_fill(core);
        return;
    }
    while (has_room(core) && is_askable(core, link) && link->asked == 0 && ask_one(core, link)) {
    }
}

/* One chunk from every idle neighbour first, then a second one, so that no uplink idles. */
void weft_pick_fill(struct weft_core *core)
{
    uint32_t end = core->links.end;
    if (!has_open(core)) {
        return;
    }
    for (uint32_t round = 0; round < ASKED_PER_LINK && has_room(core); round++) {
        uint32_t start = weft_rng_below(&core->rng, end);
        for (uint32_t i = 0; i < end && has_room(core); i++) {
            struct weft_link *link = weft_link_at(&core->links, (start + i) % end);
            if (link->asked == round && is_askable(core, link)) {
                ask_one(core, link);
            }
        }
    }
}

/* --- what a parent may still push is not asked for yet --- */

void weft_pick_pull_now(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    uint32_t words = weft_bitmap_words(core->config.chunks_max);
    for (uint32_t w = 0; w < words; w++) {
        self->pull[w] |= self->open[w];
    }
    self->pull_ns = WEFT_NS_NEVER;
}

void weft_pick_pull_soon(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    if (self->open_count > 0 && self->pull_ns == WEFT_NS_NEVER) {
        weft_ns grace = core->serves.near_ns * GRACE_UPLOADS;
        self->pull_ns = core->now_ns + (grace > GRACE_NS ? grace : GRACE_NS);
    }
}

/* Parents have had their time for what was known when this was last called; for the rest they have
 * until the next time. */
static void let_pull(struct weft_core *core, uint32_t download)
{
    struct weft_download *self = &core->releases.downloads[download];
    uint32_t words = weft_bitmap_words(core->config.chunks_max);
    uint64_t left = 0;
    for (uint32_t w = 0; w < words; w++) {
        self->pull[w] |= self->open[w] & self->heard[w];
        self->heard[w] = self->open[w];
        left |= self->open[w] & ~self->pull[w];
    }
    self->pull_ns = WEFT_NS_NEVER;
    if (left != 0) {
        weft_pick_pull_soon(core, download);
    }
}

static void expire_grace(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE && download->pull_ns <= core->now_ns) {
            let_pull(core, i);
            weft_pick_fill(core);
        }
    }
}

/* --- neighbours that are not to be asked for a while --- */

void weft_pick_retry_at(struct weft_core *core, weft_ns when_ns)
{
    struct weft_picks *self = &core->picks;
    self->retry_ns = when_ns < self->retry_ns ? when_ns : self->retry_ns;
}

void weft_pick_pause(struct weft_core *core, struct weft_link *link, weft_ns wait)
{
    weft_ns owed_ns = weft_penalty_owed_ns(core, link->peer.id);
    link->busy_until_ns = core->now_ns + (wait > owed_ns ? wait : owed_ns);
    weft_pick_retry_at(core, link->busy_until_ns);
}

static void expire_pauses(struct weft_core *core)
{
    struct weft_picks *self = &core->picks;
    bool open = weft_release_is_open(core);
    self->retry_ns = open ? WEFT_NS_NEVER : core->releases.disk_retry_ns;
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (link->silent && has_room(core) && is_askable(core, link)) {
            ask_one(core, link); /* perhaps it sends after all */
        }
        bool waits = link->up && link->busy_until_ns > core->now_ns;
        if (waits && link->busy_until_ns < self->retry_ns) {
            self->retry_ns = link->busy_until_ns;
        }
    }
}

/* The disk may take chunks again: what the source was not asked for meanwhile is. */
static void expire_disk(struct weft_core *core)
{
    struct weft_releases *releases = &core->releases;
    if (releases->disk_retry_ns != 0 && releases->disk_retry_ns <= core->now_ns) {
        releases->disk_retry_ns = 0;
        weft_source_fill(core);
    }
}

void weft_pick_expire(struct weft_core *core)
{
    expire_grace(core);
    expire_disk(core);
    if (core->picks.retry_ns <= core->now_ns) {
        expire_pauses(core);
        weft_pick_fill(core);
        weft_trade_fill(core);
    }
}

weft_ns weft_pick_deadline(const struct weft_core *core)
{
    weft_ns next = core->picks.retry_ns;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        bool used = download->release != WEFT_RELEASE_NONE;
        next = used && download->pull_ns < next ? download->pull_ns : next;
    }
    return next;
}
