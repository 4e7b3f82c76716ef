/* SPDX-License-Identifier: Apache-2.0 */
/* Which releases does this node have or want, chunk by chunk? */
#include "release.h"

#include <string.h>

#include "coming.h"
#include "fallback.h"
#include "follow.h"
#include "have.h"
#include "state.h"

#define DISK_PAUSE_NS (5 * WEFT_NS_PER_S)

static uint32_t words_max(const struct weft_core *core)
{
    return weft_bitmap_words(core->config.chunks_max);
}

static uint32_t copy_pieces(const struct weft_config *config)
{
    return WEFT_ROW_PIECES(config->chunks_max, uint8_t);
}

static uint32_t coming_pieces(const struct weft_config *config)
{
    return WEFT_ROW_PIECES(config->chunks_max, uint16_t);
}

uint32_t weft_release_row_pieces(const struct weft_config *config)
{
    return config->downloads_max *
           (copy_pieces(config) + coming_pieces(config) + 4 * weft_log_pieces(config->chunks_max));
}

void weft_release_carve(struct weft_core *core, struct weft_arena *arena)
{
    const struct weft_config *config = &core->config;
    struct weft_releases *self = &core->releases;
    uint32_t words = weft_bitmap_words(config->chunks_max);
    self->items = weft_arena_take(arena, config->releases_max, sizeof(self->items[0]));
    self->downloads = weft_arena_take(arena, config->downloads_max, sizeof(self->downloads[0]));
    for (uint32_t i = 0; i < config->releases_max; i++) {
        uint64_t *have = weft_arena_take(arena, words, sizeof(uint64_t));
        if (self->items != NULL) {
            self->items[i] = (struct weft_release){.have = have, .download = WEFT_RELEASE_NONE};
        }
    }
    for (uint32_t i = 0; i < config->downloads_max; i++) {
        struct weft_download download = {.release = WEFT_RELEASE_NONE};
        download.busy = weft_arena_take(arena, words, sizeof(uint64_t));
        download.open = weft_arena_take(arena, words, sizeof(uint64_t));
        download.pull = weft_arena_take(arena, words, sizeof(uint64_t));
        download.heard = weft_arena_take(arena, words, sizeof(uint64_t));
        download.near_copies = weft_arena_take(arena, config->chunks_max, 1);
        download.far_copies = weft_arena_take(arena, copy_pieces(config), sizeof(void *));
        download.coming = weft_arena_take(arena, coming_pieces(config), sizeof(void *));
        weft_log_carve(&download.coming_log, arena, config->chunks_max);
        weft_log_carve(&download.near_log, arena, config->chunks_max);
        weft_log_carve(&download.far_log, arena, config->chunks_max);
        weft_log_carve(&download.push_queue, arena, config->chunks_max);
        download.extents = weft_arena_take(arena, config->extents_max, sizeof(download.extents[0]));
        if (self->downloads != NULL) {
            self->downloads[i] = download;
        }
    }
}

struct weft_release *weft_release_find(struct weft_core *core, weft_release_id id)
{
    struct weft_releases *self = &core->releases;
    if (id == 0) {
        return NULL;
    }
    if (self->items[self->found].id == id) {
        return &self->items[self->found]; /* as a rule it is the same again */
    }
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        if (self->items[i].id == id) {
            self->found = i;
            return &self->items[i];
        }
    }
    return NULL;
}

struct weft_download *weft_release_download(struct weft_core *core,
                                            const struct weft_release *release)
{
    bool none = release == NULL || release->download == WEFT_RELEASE_NONE;
    return none ? NULL : &core->releases.downloads[release->download];
}

struct weft_release *weft_release_of(struct weft_core *core, const struct weft_download *download)
{
    return &core->releases.items[download->release];
}

void weft_release_blame_disk(struct weft_core *core, enum weft_err result)
{
    bool disk = result == WEFT_ERR_DISK_FULL || result == WEFT_ERR_IO ||
                result == WEFT_ERR_PERMISSION || result == WEFT_ERR_MEMORY;
    if (!disk) {
        return;
    }
    core->releases.disk_retry_ns = core->now_ns + DISK_PAUSE_NS;
    weft_pick_retry_at(core, core->releases.disk_retry_ns);
}

bool weft_release_is_open(const struct weft_core *core)
{
    return core->releases.disk_retry_ns <= core->now_ns;
}

static uint32_t mean_bytes(uint32_t chunk_count, uint64_t bytes)
{
    uint64_t mean = bytes / chunk_count;
    return mean == 0 ? 1 : (uint32_t)(mean < UINT32_MAX ? mean : UINT32_MAX);
}

uint32_t weft_release_chunk_bytes(const struct weft_release *release)
{
    return mean_bytes(release->chunk_count, release->bytes);
}

/* A free entry, or that of the complete release that is known for the longest time. */
static struct weft_release *make_room(struct weft_core *core)
{
    struct weft_release *oldest = NULL;
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        struct weft_release *release = &core->releases.items[i];
        if (release->id == 0) {
            return release;
        }
        bool idle = !weft_release_is_missing(release) && !release->completing;
        if (idle && (oldest == NULL || release->added_ns < oldest->added_ns)) {
            oldest = release;
        }
    }
    if (oldest != NULL) {
        weft_release_on_gone(core, oldest->id);
    }
    return oldest;
}

/* Chunks of an extent: no more bytes than the flag says, at least eight extents so that agents can
 * share, and no more extents than the protocol has. */
static uint32_t extent_chunks(uint32_t chunk_count, uint64_t bytes, uint32_t extent_bytes)
{
    uint32_t chunks = extent_bytes / mean_bytes(chunk_count, bytes);
    uint32_t share = chunk_count / 8;
    uint32_t least = (chunk_count + WEFT_EXTENTS_MAX - 1) / WEFT_EXTENTS_MAX;
    chunks = chunks < share ? chunks : share;
    return chunks > least ? chunks : least;
}

uint32_t weft_release_extents(uint32_t chunk_count, uint64_t bytes, uint32_t extent_bytes)
{
    uint32_t chunks = extent_chunks(chunk_count, bytes, extent_bytes);
    return (chunk_count + chunks - 1) / chunks;
}

static void cut_extents(const struct weft_core *core, const struct weft_release *release,
                        struct weft_download *download)
{
    uint32_t chunk_count = release->chunk_count;
    uint32_t extent_bytes = core->config.tuning.extent_bytes;
    download->extent_chunks = extent_chunks(chunk_count, release->bytes, extent_bytes);
    download->extent_count = weft_release_extents(chunk_count, release->bytes, extent_bytes);
    memset(download->extents, 0, download->extent_count * sizeof(download->extents[0]));
}

/* Nothing of the release is asked of anybody any more. */
static void end_download(struct weft_core *core, struct weft_release *release)
{
    if (release->download == WEFT_RELEASE_NONE) {
        return;
    }
    struct weft_download *download = &core->releases.downloads[release->download];
    weft_want_forget(core, release->download);
    weft_source_forget(core, download->release);
    download->release = WEFT_RELEASE_NONE;
    release->download = WEFT_RELEASE_NONE;
}

/* A download that is free, or whose release is complete here: neighbours then ask without help. */
static struct weft_download *free_download(struct weft_core *core)
{
    struct weft_download *spare = NULL;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *download = &core->releases.downloads[i];
        if (download->release == WEFT_RELEASE_NONE) {
            return download;
        }
        if (!weft_release_is_missing(weft_release_of(core, download))) {
            spare = download;
        }
    }
    if (spare != NULL) {
        end_download(core, weft_release_of(core, spare));
    }
    return spare;
}

/* Nothing is told, pushed or known of other segments any more. */
static void give_pieces(struct weft_core *core, struct weft_download *download)
{
    struct weft_reserve *rows = &core->reserves->rows;
    weft_log_reset(&download->near_log, rows);
    weft_log_reset(&download->far_log, rows);
    weft_log_reset(&download->push_queue, rows);
    weft_rows_end(rows, download->far_copies, copy_pieces(&core->config));
    weft_log_reset(&download->coming_log, rows);
    weft_rows_end(rows, download->coming, coming_pieces(&core->config));
    download->coming_told = 0;
    download->coming_count = 0;
    download->reopened = true;
}

void weft_release_end(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        give_pieces(core, &core->releases.downloads[i]);
    }
}

static void *zeroed_piece(const struct weft_core *core, void **piece)
{
    if (*piece == NULL) {
        *piece = weft_reserve_take(&core->reserves->rows);
        memset(*piece, 0, WEFT_ROWS_BYTES);
    }
    return *piece;
}

uint8_t *weft_download_far_place(const struct weft_core *core, struct weft_download *download,
                                 uint32_t chunk)
{
    uint32_t rows = WEFT_PIECE_ROWS(uint8_t);
    uint8_t *copies = zeroed_piece(core, &download->far_copies[chunk / rows]);
    return &copies[chunk % rows];
}

uint16_t *weft_download_coming_place(const struct weft_core *core, struct weft_download *download,
                                     uint32_t chunk)
{
    uint32_t rows = WEFT_PIECE_ROWS(uint16_t);
    uint16_t *since = zeroed_piece(core, &download->coming[chunk / rows]);
    return &since[chunk % rows];
}

/* Give the release its download if there is one to give. */
static void begin_download(struct weft_core *core, struct weft_release *release)
{
    if (!weft_release_is_missing(release) || release->download != WEFT_RELEASE_NONE) {
        return;
    }
    struct weft_download *download = free_download(core);
    if (download == NULL) {
        return;
    }
    download->release = (uint32_t)(release - core->releases.items);
    release->download = (uint32_t)(download - core->releases.downloads);
    memset(download->busy, 0, words_max(core) * sizeof(uint64_t));
    memset(download->open, 0, words_max(core) * sizeof(uint64_t));
    memset(download->pull, 0, words_max(core) * sizeof(uint64_t));
    memset(download->heard, 0, words_max(core) * sizeof(uint64_t));
    memset(download->near_copies, 0, core->config.chunks_max);
    give_pieces(core, download);
    download->open_count = 0;
    download->pull_ns = WEFT_NS_NEVER;
    download->near_due_ns = WEFT_NS_NEVER;
    download->near_mark = 0;
    download->near_all = false;
    download->far_due_ns = WEFT_NS_NEVER;
    download->coming_due_ns = WEFT_NS_NEVER;
    download->in_flight = 0;
    cut_extents(core, release, download);
    weft_have_begin(core, release->download);
    weft_follow_begin(core, release->download);
}

static void set_have(struct weft_core *core, struct weft_release *release, const uint8_t *bits)
{
    memset(release->have, 0, words_max(core) * sizeof(uint64_t));
    for (uint32_t i = 0; bits != NULL && i < release->chunk_count; i++) {
        if ((bits[i / 8] >> (i % 8)) & 1) {
            weft_bitmap_set(release->have, i);
        }
    }
    release->have_count = weft_bitmap_count(release->have, words_max(core));
    struct weft_download *download = weft_release_download(core, release);
    for (uint32_t i = 0; download != NULL && i < release->chunk_count; i++) {
        weft_download_refresh(download, release, i);
    }
    if (download != NULL) {
        weft_coming_recount(download, release);
    }
}

/* After the last chunk the shell checks the whole and activates it. */
static void ask_completion(struct weft_core *core, struct weft_release *release)
{
    bool whole = release->have_count == release->chunk_count;
    if (!release->wanted || !whole || release->completing || release->activated) {
        return;
    }
    release->completing = true;
    release->completed_ns = core->now_ns;
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_COMPLETE);
    if (action != NULL) {
        action->release = release->id;
    }
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_COMPLETE,
                                                     .release = release->id,
                                                     .value = (core->now_ns - release->added_ns) /
                                                              WEFT_NS_PER_MS});
}

static bool fits(const struct weft_config *config, const struct weft_event_release *event)
{
    return event->id != 0 && event->chunk_count != 0 && event->chunk_count <= config->chunks_max &&
           weft_release_extents(event->chunk_count, event->bytes, config->tuning.extent_bytes) <=
               config->extents_max;
}

bool weft_release_is_any_missing(const struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        const struct weft_release *release = &core->releases.items[i];
        if (release->id != 0 && weft_release_is_missing(release)) {
            return true;
        }
    }
    return false;
}

void weft_release_on_add(struct weft_core *core, const struct weft_event_release *event)
{
    if (!fits(&core->config, event)) {
        weft_core_reject(core, WEFT_REJECT_RANGE);
        return;
    }
    struct weft_release *release = weft_release_find(core, event->id);
    if (release == NULL) {
        release = make_room(core);
        if (release == NULL) {
            weft_core_reject(core, WEFT_REJECT_FULL);
            return;
        }
        uint64_t *have = release->have;
        *release = (struct weft_release){
            .id = event->id, .have = have, .download = WEFT_RELEASE_NONE, .added_ns = core->now_ns};
    }
    release->component = event->component;
    release->chunk_count = event->chunk_count;
    release->bytes = event->bytes;
    release->wanted = event->wanted;
    release->progress_ns = core->now_ns;
    set_have(core, release, event->have);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_RELEASE,
                                                     .release = release->id,
                                                     .value = release->have_count});
    weft_pace_stir(core);
    begin_download(core, release);
    weft_have_tell_all(core, release);
    ask_completion(core, release);
}

void weft_release_on_gone(struct weft_core *core, weft_release_id id)
{
    struct weft_release *release = weft_release_find(core, id);
    if (release == NULL) {
        return;
    }
    end_download(core, release);
    release->id = 0;
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        struct weft_release *other = &core->releases.items[i];
        if (other->id != 0) {
            begin_download(core, other);
        }
    }
}

void weft_release_on_completed(struct weft_core *core, const struct weft_event_completed *event)
{
    struct weft_release *release = weft_release_find(core, event->id);
    if (release == NULL || !release->completing) {
        return;
    }
    release->completing = false;
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_ACTIVATED,
                                                     .release = release->id,
                                                     .value = event->result});
    if (event->result == WEFT_ERR_MISMATCH) {
        set_have(core, release, NULL);
        release->completed_ns = 0;
        weft_release_on_gone(core, event->id); /* the shell adds it again with what still holds */
        return;
    }
    release->activated = event->result == WEFT_ERR_OK;
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        if (core->releases.items[i].id != 0) {
            begin_download(core, &core->releases.items[i]);
        }
    }
}

/* This node has |chunk| now, or no more. */
static void count_coming(struct weft_download *download, uint32_t chunk, bool lacked)
{
    if (weft_download_far_copies(download, chunk) == 0) {
        weft_coming_count(download, chunk, lacked);
    }
}

void weft_release_store(struct weft_core *core, struct weft_release *release, uint32_t chunk,
                        enum weft_tier tier, uint32_t bytes)
{
    weft_bitmap_set(release->have, chunk);
    release->have_count++;
    struct weft_download *download = weft_release_download(core, release);
    if (download != NULL) {
        weft_download_refresh(download, release, chunk);
        count_coming(download, chunk, /* lacked */ false);
    }
    release->bytes_by_tier[tier] += bytes;
    release->progress_ns = core->now_ns;
    if (release->falls_back && (tier == WEFT_TIER_PEER || tier == WEFT_TIER_AGENT)) {
        release->falls_back = false;
        weft_fallback_plan(core); /* its clock left out whoever falls back already */
    }
    ask_completion(core, release);
}

void weft_release_lose(struct weft_core *core, struct weft_release *release, uint32_t chunk)
{
    if (chunk < release->chunk_count && weft_bitmap_has(release->have, chunk)) {
        weft_bitmap_clear(release->have, chunk);
        release->have_count--;
        begin_download(core, release);
        struct weft_download *download = weft_release_download(core, release);
        if (download != NULL) {
            weft_bitmap_set(download->pull, chunk);
            weft_download_refresh(download, release, chunk);
            count_coming(download, chunk, /* lacked */ true);
        }
        weft_fallback_plan(core); /* its clock left out what was complete */
    }
}
