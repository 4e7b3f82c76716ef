/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which chunk, and when are others told what this node has? */
#include "have.h"

#include <string.h>

#include "coming.h"
#include "crowd.h"
#include "follow.h"
#include "source_pause.h"
#include "state.h"

/* News is no hurry where chunks are pushed: it waits so long, or until so many are together. */
#define LAZY_NS (1 * WEFT_NS_PER_S)
#define BATCH 32

/* --- what neighbours have --- */

void weft_have_reset_map(const struct weft_core *core, struct weft_link_map *map)
{
    memset(weft_link_have(map), 0, weft_bitmap_words(core->config.chunks_max) * sizeof(uint64_t));
    *map = (struct weft_link_map){.have_at = map->have_at};
}

void weft_have_begin(struct weft_core *core, uint32_t download)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (link->peer.id != 0) {
            weft_have_reset_map(core, &link->maps[download]);
        }
    }
}

static uint8_t *copies_of(const struct weft_core *core, const struct weft_link *link,
                          struct weft_download *download, uint32_t chunk)
{
    return link->far ? weft_download_far_place(core, download, chunk)
                     : &download->near_copies[chunk];
}

/* The first copy of |chunk| came, or the last one went, near or far as |link| is. */
static void on_copies(const struct weft_core *core, const struct weft_link *link,
                      struct weft_download *download, uint32_t chunk)
{
    const struct weft_release *release = &core->releases.items[download->release];
    bool far_lack = weft_download_far_copies(download, chunk) == 0;
    if (!link->far) {
        weft_download_refresh(download, release, chunk);
        download->reopened = download->reopened || download->near_copies[chunk] == 0;
    } else if (!weft_bitmap_has(release->have, chunk)) {
        weft_coming_count(download, chunk, far_lack);
    }
}

static void add_copy(const struct weft_core *core, const struct weft_link *link,
                     struct weft_download *download, uint32_t chunk)
{
    uint8_t *copies = copies_of(core, link, download, chunk);
    *copies = (uint8_t)(*copies + (*copies < UINT8_MAX));
    if (*copies == 1) {
        on_copies(core, link, download, chunk);
    }
}

static void remove_copy(const struct weft_core *core, const struct weft_link *link,
                        struct weft_download *download, uint32_t chunk)
{
    uint8_t *copies = copies_of(core, link, download, chunk);
    bool last = *copies == 1;
    *copies = (uint8_t)(*copies - (*copies > 0));
    if (last) {
        on_copies(core, link, download, chunk);
    }
}

/* |link| has the chunk no more. */
static void uncount(const struct weft_core *core, const struct weft_link *link,
                    struct weft_download *download, uint32_t chunk)
{
    if (!link->silent) {
        remove_copy(core, link, download, chunk);
    }
}

static struct weft_link_map *map_of(struct weft_link *link, const struct weft_release *release)
{
    bool none = release == NULL || release->download == WEFT_RELEASE_NONE;
    return none ? NULL : &link->maps[release->download];
}

static void forget_map(struct weft_core *core, struct weft_link *link, uint32_t index)
{
    struct weft_download *download = &core->releases.downloads[index];
    struct weft_link_map *map = &link->maps[index];
    const uint64_t *have = weft_link_have_of(map);
    uint32_t words = weft_bitmap_words(core->config.chunks_max);
    for (uint32_t w = 0; download->release != WEFT_RELEASE_NONE && w < words; w++) {
        for (uint64_t left = have[w]; left != 0; left &= left - 1) {
            uncount(core, link, download, w * 64 + (uint32_t)__builtin_ctzll(left));
        }
    }
    weft_have_reset_map(core, map);
}

void weft_have_drop(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        forget_map(core, link, i);
    }
}

/* Let all that |link| told of count as copies, or no more. */
static void recount(const struct weft_core *core, const struct weft_link *link, bool counts)
{
    uint32_t words = weft_bitmap_words(core->config.chunks_max);
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *download = &core->releases.downloads[i];
        const uint64_t *have = weft_link_have_of(&link->maps[i]);
        for (uint32_t w = 0; download->release != WEFT_RELEASE_NONE && w < words; w++) {
            for (uint64_t left = have[w]; left != 0; left &= left - 1) {
                uint32_t chunk = w * 64 + (uint32_t)__builtin_ctzll(left);
                (counts ? add_copy : remove_copy)(core, link, download, chunk);
            }
        }
    }
}

void weft_have_disbelieve(struct weft_core *core, struct weft_link *link)
{
    if (!link->silent) {
        recount(core, link, /* counts */ false);
    }
    link->silent = true;
    link->sends = false;
    for (uint32_t i = 0; i < core->config.downloads_max && link->broken; i++) {
        struct weft_link_map *map = &link->maps[i];
        memset(weft_link_have(map), 0,
               weft_bitmap_words(core->config.chunks_max) * sizeof(uint64_t));
        map->have_count = 0;
    }
}

void weft_have_believe(struct weft_core *core, struct weft_link *link)
{
    if (link->silent) {
        recount(core, link, /* counts */ true);
    }
    link->silent = false;
    link->sends = true;
}

static void note_peer_has(const struct weft_core *core, struct weft_link *link,
                          struct weft_download *download, uint32_t chunk)
{
    struct weft_link_map *map = &link->maps[download - core->releases.downloads];
    if (!weft_bitmap_has(weft_link_have_of(map), chunk)) {
        weft_bitmap_set(weft_link_have(map), chunk);
        map->have_count++;
        if (!link->silent) {
            add_copy(core, link, download, chunk);
        }
    }
}

void weft_have_set(struct weft_core *core, struct weft_link *link, struct weft_download *download,
                   uint32_t chunk)
{
    struct weft_link_map *map = &link->maps[download - core->releases.downloads];
    note_peer_has(core, link, download, chunk);
    map->wanted = map->wanted && map->have_count < weft_release_of(core, download)->chunk_count;
}

void weft_have_clear(struct weft_core *core, struct weft_link *link, struct weft_download *download,
                     uint32_t chunk)
{
    struct weft_link_map *map = &link->maps[download - core->releases.downloads];
    if (weft_bitmap_has(weft_link_have_of(map), chunk)) {
        weft_bitmap_clear(weft_link_have(map), chunk);
        map->have_count--;
        uncount(core, link, download, chunk);
    }
}

/* --- telling neighbours --- */

static void send_map(struct weft_core *core, struct weft_link *link,
                     const struct weft_release *release, bool ask)
{
    uint8_t bits[WEFT_CHUNKS_MAX / 8];
    struct weft_frame frame = {.kind = WEFT_FRAME_MAP,
                               .release = release->id,
                               .value = release->chunk_count,
                               .flags = ask ? WEFT_MAP_ASK : 0};
    if (release->have_count == release->chunk_count) {
        frame.flags |= WEFT_MAP_ALL;
    } else {
        uint32_t length = release->have_count == 0 ? 0 : (release->chunk_count + 7) / 8;
        for (uint32_t i = 0; i < length; i++) {
            bits[i] = (uint8_t)(release->have[i / 8] >> (8 * (i % 8)));
        }
        frame.list = (struct weft_span){.bytes = length == 0 ? NULL : bits, .length = length};
    }
    frame.flags |= weft_release_is_missing(release) ? WEFT_MAP_WANTED : 0;
    weft_link_send(core, link, &frame);
    struct weft_link_map *map = map_of(link, release);
    if (map != NULL) {
        const struct weft_download *download = &core->releases.downloads[release->download];
        map->told_count = link->far ? download->far_log.count : download->near_log.count;
    }
}

void weft_have_tell_all(struct weft_core *core, const struct weft_release *release)
{
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up) {
            send_map(core, link, release, /* ask */ true);
        }
    }
}

void weft_have_on_link_up(struct weft_core *core, struct weft_link *link)
{
    for (uint32_t i = 0; i < core->config.releases_max; i++) {
        const struct weft_release *release = &core->releases.items[i];
        if (release->id != 0) {
            send_map(core, link, release, /* ask */ false);
        }
    }
}

void weft_have_on_map(struct weft_core *core, struct weft_link *link,
                      const struct weft_frame *frame)
{
    struct weft_release *release = weft_release_find(core, frame->release);
    if (release == NULL) {
        return; /* not ours, or not yet: our own MAP will ask again */
    }
    bool all = (frame->flags & WEFT_MAP_ALL) != 0;
    bool fits = all || frame->list.length == 0 || frame->list.length == (frame->value + 7) / 8;
    if (frame->value != release->chunk_count || !fits) {
        weft_core_reject(core, WEFT_REJECT_RANGE);
        weft_penalty_add(core, link->peer.id, WEFT_OFFENCE_BREACH);
        return;
    }
    struct weft_link_map *map = map_of(link, release);
    if (map != NULL) {
        struct weft_download *download = &core->releases.downloads[release->download];
        struct weft_link_map before = *map;
        forget_map(core, link, release->download);
        map->known = true;
        map->wanted = (frame->flags & WEFT_MAP_WANTED) != 0;
        map->told_count = before.told_count;
        map->declined = before.declined;
        map->missed = before.missed;
        map->moved_ns = before.moved_ns;
        bool any = (all || frame->list.length != 0) && !link->broken;
        for (uint32_t i = 0; any && i < release->chunk_count; i++) {
            if (all || (frame->list.bytes[i / 8] >> (i % 8)) & 1) {
                note_peer_has(core, link, download, i);
            }
        }
        weft_pick_pull_now(core, release->download); /* nobody pushes what is old */
        weft_follow_seek(core, release->download);
        weft_lease_tell(core, link, release->download);
    }
    if ((frame->flags & WEFT_MAP_ASK) != 0) {
        send_map(core, link, release, /* ask */ false);
    }
    weft_pick_from(core, link);
}

void weft_have_on_have(struct weft_core *core, struct weft_link *link,
                       const struct weft_frame *frame)
{
    struct weft_release *release = weft_release_find(core, frame->release);
    struct weft_link_map *map = map_of(link, release);
    if (map == NULL) {
        return;
    }
    struct weft_download *download = &core->releases.downloads[release->download];
    uint32_t entry = weft_link_index(core, link);
    for (uint32_t i = 0; i < frame->list.length / 2; i++) {
        uint32_t chunk = weft_frame_have_at(frame, i);
        if (chunk >= release->chunk_count) {
            weft_core_reject(core, WEFT_REJECT_RANGE);
            weft_penalty_add(core, link->peer.id, WEFT_OFFENCE_BREACH);
            return;
        }
        weft_source_hear(core, link, download, chunk);
        weft_crowd_hear(core, link, download, chunk);
        note_peer_has(core, link, download, chunk);
        if (weft_kin_is_parent(&download->kin, entry, chunk)) {
            weft_bitmap_set(download->pull, chunk); /* or it would push it */
        }
        if (link->agent) {
            weft_lease_on_progress(core, download, link->peer.id, chunk);
        }
    }
    map->known = true;
    map->wanted = map->wanted && map->have_count < release->chunk_count;
    weft_crowd_leave(core);
    weft_pick_pull_soon(core, release->download);
    weft_pick_from(core, link);
}

void weft_have_note_near(struct weft_core *core, struct weft_download *download, uint32_t chunk,
                         bool soon)
{
    struct weft_log *log = &download->near_log;
    weft_log_append(log, &core->reserves->rows, (uint16_t)chunk);
    bool many = log->count - download->near_mark >= BATCH;
    download->near_all = download->near_all || soon || many;
    weft_ns wait = soon || many ? core->config.tuning.have_delay_ms * WEFT_NS_PER_MS : LAZY_NS;
    weft_ns due_ns = core->now_ns + wait;
    download->near_due_ns = due_ns < download->near_due_ns ? due_ns : download->near_due_ns;
}

void weft_have_tell(struct weft_core *core, const struct weft_link *link, uint32_t download,
                    uint32_t chunk)
{
    uint8_t list[2] = {(uint8_t)(chunk >> 8), (uint8_t)chunk};
    struct weft_frame frame = {.kind = WEFT_FRAME_HAVE,
                               .release =
                                   weft_release_of(core, &core->releases.downloads[download])->id,
                               .list = {.bytes = list, .length = sizeof(list)}};
    weft_link_send(core, link, &frame);
}

void weft_have_hurry(struct weft_core *core, struct weft_download *download)
{
    weft_ns due_ns = core->now_ns + core->config.tuning.have_delay_ms * WEFT_NS_PER_MS;
    download->near_due_ns = due_ns < download->near_due_ns ? due_ns : download->near_due_ns;
    download->near_all = true;
}

void weft_have_note_far(struct weft_core *core, struct weft_download *download, uint32_t chunk)
{
    if (core->links.far_count == 0) {
        return; /* who comes later is sent a MAP */
    }
    weft_log_append(&download->far_log, &core->reserves->rows, (uint16_t)chunk);
    if (download->far_due_ns == WEFT_NS_NEVER) {
        download->far_due_ns =
            core->now_ns + core->config.tuning.far_have_delay_ms * WEFT_NS_PER_MS;
    }
}

/* One HAVE with what |link| was not told, leaving out what it has itself; at most one frame's worth
 * at a time. Returns true if there is more. */
static bool send_have(struct weft_core *core, struct weft_link *link, uint32_t index)
{
    struct weft_download *download = &core->releases.downloads[index];
    struct weft_link_map *map = &link->maps[index];
    const struct weft_log *log = link->far ? &download->far_log : &download->near_log;
    uint8_t list[2 * WEFT_HAVE_CHUNKS_MAX];
    uint32_t length = 0;
    map->told_count = map->told_count > log->first ? map->told_count : log->first;
    while (map->told_count < log->count && length < sizeof(list)) {
        uint32_t chunk = *weft_log_at(log, map->told_count++);
        if (!weft_bitmap_has(weft_link_have_of(map), chunk)) {
            list[length++] = (uint8_t)(chunk >> 8);
            list[length++] = (uint8_t)chunk;
        }
    }
    if (length > 0) {
        struct weft_frame frame = {.kind = WEFT_FRAME_HAVE,
                                   .release = weft_release_of(core, download)->id,
                                   .list = {.bytes = list, .length = length}};
        weft_link_send(core, link, &frame);
    }
    return map->told_count < log->count;
}

static void send_haves(struct weft_core *core, struct weft_link *link, uint32_t index)
{
    while (send_have(core, link, index)) {
    }
}

/* Was the neighbour not told of a chunk that it lacks and that is no news any more, because others
 * were told since it was stored? Most chunks are pushed to it, or told by it, meanwhile. */
static bool lacks_old(const struct weft_download *download, const struct weft_link_map *map)
{
    const struct weft_log *log = &download->near_log;
    uint32_t next = map->told_count > log->first ? map->told_count : log->first;
    for (; next < download->near_mark; next++) {
        if (!weft_bitmap_has(weft_link_have_of(map), *weft_log_at(log, next))) {
            return true;
        }
    }
    return false;
}

/* Tell other segments; then nobody needs the log any more. */
static void flush_far(struct weft_core *core, uint32_t index)
{
    struct weft_download *download = &core->releases.downloads[index];
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (link->up && link->far) {
            send_haves(core, link, index);
        }
    }
    weft_log_drop(&download->far_log, &core->reserves->rows, download->far_log.count);
    download->far_due_ns = WEFT_NS_NEVER;
}

/* Tell the neighbours of the segment: all of them, or agents and who lacks something old. What is
 * new then waits for the next time. */
static void flush_near(struct weft_core *core, uint32_t index)
{
    struct weft_download *download = &core->releases.downloads[index];
    struct weft_log *log = &download->near_log;
    uint32_t told = download->near_all ? log->count : download->near_mark;
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        bool all = download->near_all || link->agent;
        if (link->up && !link->far && (all || lacks_old(download, &link->maps[index]))) {
            send_haves(core, link, index);
        }
    }
    weft_log_drop(log, &core->reserves->rows, told > log->first ? told : log->first);
    download->near_mark = log->count;
    download->near_all = false;
    download->near_due_ns = weft_log_length(log) > 0 ? core->now_ns + LAZY_NS : WEFT_NS_NEVER;
}

void weft_have_expire(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        struct weft_download *download = &core->releases.downloads[i];
        bool used = download->release != WEFT_RELEASE_NONE;
        if (used && download->near_due_ns <= core->now_ns) {
            flush_near(core, i);
        }
        if (used && download->far_due_ns <= core->now_ns) {
            flush_far(core, i);
        }
    }
}

weft_ns weft_have_deadline(const struct weft_core *core)
{
    weft_ns next = WEFT_NS_NEVER;
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE) {
            next = download->near_due_ns < next ? download->near_due_ns : next;
            next = download->far_due_ns < next ? download->far_due_ns : next;
        }
    }
    return next;
}
