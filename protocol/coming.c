/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks does another segment bring from the source already? */
#include "coming.h"

#include "crowd.h"
#include "frame.h"
#include "rng.h"
#include "state.h"

#define TELL_NS (2 * WEFT_NS_PER_MS)

/* Times are kept in ticks of the core's time. They come round again after 109 minutes; the lease of
 * a chunk is over by then. */
#define TICK_NS (100 * WEFT_NS_PER_MS)
#define TICKS (UINT16_MAX - 1)
#define NEVER_HEARD 0
#define OVER UINT16_MAX

/* What all segments bring at a time shares the source's line, and is to come after so long; more
 * would come later, all at once, while the lines between segments idle. */
#define WINDOW_NS (400 * WEFT_NS_PER_MS)
#define WINDOW_LEAST 8
#define WINDOW_MOST 65536

/* For each chunk that was told of lately and did not come, so many more may come than the window
 * says: who names a few more again and again, and brings none, would hold up all for as long as
 * there are chunks to name. */
#define BROKEN_LETS 2

/* Who waits looks again after this, half of it more or less; the first fetches of a release begin
 * within so long for each agent known elsewhere, since nobody has heard of the others' yet. */
#define LOOK_NS (20 * WEFT_NS_PER_MS)
#define STAGE_NS (2 * WEFT_NS_PER_MS)

static uint16_t tick_of(weft_ns time_ns)
{
    return (uint16_t)(time_ns / TICK_NS % TICKS + 1);
}

static uint16_t heard(const struct weft_download *download, uint32_t chunk)
{
    const uint16_t *piece = download->coming[chunk / WEFT_PIECE_ROWS(uint16_t)];
    return piece == NULL ? NEVER_HEARD : piece[chunk % WEFT_PIECE_ROWS(uint16_t)];
}

/* Is |chunk| in the log? */
static bool is_listed(const struct weft_download *download, uint32_t chunk)
{
    uint16_t since = heard(download, chunk);
    return since != NEVER_HEARD && since != OVER;
}

weft_ns weft_coming_age_ns(const struct weft_core *core, const struct weft_download *download,
                           uint32_t chunk)
{
    uint16_t since = heard(download, chunk);
    uint32_t age = (uint32_t)(tick_of(core->now_ns) + TICKS - since) % TICKS;
    return is_listed(download, chunk) ? age * TICK_NS : WEFT_NS_NEVER;
}

bool weft_coming_is(const struct weft_core *core, const struct weft_download *download,
                    uint32_t chunk)
{
    weft_ns lease_ns = core->config.tuning.lease_ms * WEFT_NS_PER_MS;
    return weft_coming_age_ns(core, download, chunk) < lease_ns;
}

static bool is_lacked(const struct weft_download *download, const struct weft_release *release,
                      uint32_t chunk)
{
    return !weft_bitmap_has(release->have, chunk) && weft_download_far_copies(download, chunk) == 0;
}

void weft_coming_count(struct weft_download *download, uint32_t chunk, bool lacked)
{
    if (is_listed(download, chunk)) {
        download->coming_count += lacked ? 1 : UINT32_MAX;
    }
    download->reopened = download->reopened || lacked;
}

void weft_coming_recount(struct weft_download *download, const struct weft_release *release)
{
    const struct weft_log *log = &download->coming_log;
    download->coming_count = 0;
    for (uint32_t i = log->first; i < log->count; i++) {
        download->coming_count += is_lacked(download, release, *weft_log_at(log, i));
    }
    download->reopened = true;
}

/* Heard of for the first time: it counts from now on, and is passed on. */
static void note(struct weft_core *core, struct weft_download *download, uint32_t chunk)
{
    if (heard(download, chunk) != NEVER_HEARD || core->links.far_count == 0) {
        return;
    }
    *weft_download_coming_place(core, download, chunk) = tick_of(core->now_ns);
    weft_log_append(&download->coming_log, &core->reserves->rows, (uint16_t)chunk);
    download->coming_count += is_lacked(download, weft_release_of(core, download), chunk);
    weft_ns over_ns = core->now_ns + core->config.tuning.lease_ms * WEFT_NS_PER_MS;
    core->leases.watch_ns = over_ns < core->leases.watch_ns ? over_ns : core->leases.watch_ns;
    weft_ns due_ns = core->now_ns + TELL_NS;
    download->coming_due_ns = due_ns < download->coming_due_ns ? due_ns : download->coming_due_ns;
}

void weft_coming_begin(struct weft_core *core, struct weft_download *download, uint32_t first,
                       uint32_t count)
{
    for (uint32_t chunk = first; chunk < first + count; chunk++) {
        note(core, download, chunk);
    }
}

void weft_coming_on_frame(struct weft_core *core, struct weft_link *link,
                          const struct weft_frame *frame)
{
    const struct weft_release *release = weft_release_find(core, frame->release);
    struct weft_download *download = weft_release_download(core, release);
    if (download == NULL || !link->far) {
        return;
    }
    for (uint32_t i = 0; i < frame->list.length / 2; i++) {
        uint32_t chunk = weft_frame_have_at(frame, i);
        if (chunk >= release->chunk_count) {
            weft_core_reject(core, WEFT_REJECT_RANGE);
            weft_penalty_add(core, link->peer.id, WEFT_OFFENCE_BREACH);
            return;
        }
        note(core, download, chunk);
    }
}

/* --- how many may come at a time --- */

/* Chunks that did not come, of the last lease or two. */
static uint32_t count_broken(struct weft_core *core, uint32_t more)
{
    struct weft_sources *source = &core->source;
    weft_ns lease_ns = core->config.tuning.lease_ms * WEFT_NS_PER_MS;
    weft_ns since_ns = core->now_ns - source->broken_ns;
    if (since_ns >= lease_ns) {
        source->broken_last = since_ns < 2 * lease_ns ? source->broken : 0;
        source->broken = 0;
        source->broken_ns = core->now_ns;
    }
    source->broken += more;
    return source->broken > source->broken_last ? source->broken : source->broken_last;
}

/* Drop from the log what was heard of one lease ago: it is in the order in which it was heard. */
static void settle(struct weft_core *core, struct weft_download *download)
{
    struct weft_log *log = &download->coming_log;
    while (log->first < log->count &&
           !weft_coming_is(core, download, *weft_log_at(log, log->first))) {
        uint32_t chunk = *weft_log_at(log, log->first);
        bool lacked = is_lacked(download, weft_release_of(core, download), chunk);
        download->coming_count -= lacked;
        (void)count_broken(core, lacked);
        download->reopened = download->reopened || lacked;
        *weft_download_coming_place(core, download, chunk) = OVER;
        weft_log_drop(log, &core->reserves->rows, log->first + 1);
    }
    download->coming_told = download->coming_told > log->first ? download->coming_told : log->first;
}

void weft_coming_adapt(struct weft_core *core, const struct weft_fetch *fetch)
{
    struct weft_sources *source = &core->source;
    weft_ns each_ns =
        (core->now_ns - fetch->began_ns) / (fetch->received > 0 ? fetch->received : 1);
    const struct weft_release *release =
        fetch->release == WEFT_RELEASE_NONE ? NULL : &core->releases.items[fetch->release];
    struct weft_download *download = weft_release_download(core, release);
    if (download == NULL || fetch->received == 0 || each_ns == 0) {
        return;
    }
    settle(core, download);
    uint64_t window = (download->coming_count + fetch->received) * WINDOW_NS / each_ns;
    window = (source->window + window) / 2;
    window = window < WINDOW_MOST ? window : WINDOW_MOST;
    source->window = window > WINDOW_LEAST ? (uint32_t)window : WINDOW_LEAST;
}

/* When this node may begin with |release|. */
static weft_ns stage_ns(const struct weft_core *core, const struct weft_release *release)
{
    weft_ns most_ns = STAGE_NS * weft_remote_reach(core, /* any */ false);
    weft_ns drawn_ns = most_ns == 0 ? 0 : weft_mix(core->self.id ^ release->id) % most_ns;
    return release->added_ns + drawn_ns;
}

bool weft_coming_is_crowded(struct weft_core *core, uint32_t index)
{
    struct weft_sources *source = &core->source;
    struct weft_download *download = &core->releases.downloads[index];
    if (core->links.far_count == 0) {
        return false;
    }
    settle(core, download);
    if (source->look_ns <= core->now_ns) {
        weft_ns begin_ns = stage_ns(core, weft_release_of(core, download));
        source->look_ns = begin_ns > core->now_ns ? begin_ns : 0;
    }
    bool slow = source->span_ns != 0 && !weft_crowd_is_quick(core);
    uint32_t most = source->window + BROKEN_LETS * count_broken(core, 0);
    if (source->look_ns == 0 && slow && download->coming_count >= most) {
        source->look_ns = core->now_ns + LOOK_NS / 2 + weft_rng_below(&core->rng, LOOK_NS);
    }
    return source->look_ns != 0;
}

/* --- telling other segments --- */

/* Tell |link| of all that is new. */
static void tell(struct weft_core *core, const struct weft_link *link,
                 const struct weft_download *download)
{
    const struct weft_log *log = &download->coming_log;
    uint8_t list[2 * WEFT_HAVE_CHUNKS_MAX];
    for (uint32_t next = download->coming_told; next < log->count;) {
        uint32_t length = 0;
        for (; next < log->count && length < sizeof(list); next++) {
            uint32_t chunk = *weft_log_at(log, next);
            list[length++] = (uint8_t)(chunk >> 8);
            list[length++] = (uint8_t)chunk;
        }
        struct weft_frame frame = {.kind = WEFT_FRAME_COMING,
                                   .release = weft_release_of(core, download)->id,
                                   .list = {.bytes = list, .length = length}};
        weft_link_send(core, link, &frame);
    }
}

static void tell_all(struct weft_core *core, uint32_t index)
{
    struct weft_download *download = &core->releases.downloads[index];
    download->coming_due_ns = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->links.end; i++) {
        const struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up && link->far && link->maps[index].wanted) {
            tell(core, link, download);
        }
    }
    download->coming_told = download->coming_log.count;
}

void weft_coming_expire(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE) {
            continue;
        }
        settle(core, download);
        if (download->coming_due_ns <= core->now_ns) {
            tell_all(core, i);
        }
    }
}

weft_ns weft_coming_deadline(const struct weft_core *core)
{
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        bool used = download->release != WEFT_RELEASE_NONE;
        next = used && download->coming_due_ns < next ? download->coming_due_ns : next;
    }
    return next;
}
