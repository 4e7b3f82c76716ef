/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks does this node send without being asked, and to whom first? */
#include "push.h"

#include "follow.h"
#include "have.h"
#include "serve.h"
#include "state.h"

/* An entry of the queue is an index and whether the chunk came over the WAN. */
#define FIRST 0x8000U
#define DONE 0x7fffU /* nothing is left to do */
#define INDEX(entry) ((entry) & (FIRST - 1))

_Static_assert(WEFT_CHUNKS_MAX <= DONE, "an entry holds an index and a flag");

/* Chunks looked at behind one whose receivers are all busy. */
#define LOOK_AHEAD 4

/* Overloaded is a node with so many chunks waiting, some for so long. */
#define WAITING_MAX 4
#define WAITING_NS (30 * WEFT_NS_PER_MS)

/* A chunk that a smaller part of the neighbours has is news. */
#define RARE_PART 8

static uint32_t waiting(const struct weft_download *download)
{
    return weft_log_length(&download->push_queue);
}

bool weft_push_is_waiting(const struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE && waiting(download) > 0) {
            return true;
        }
    }
    return false;
}

/* --- to whom --- */

static bool lacks(const struct weft_link *link, uint32_t download, uint32_t chunk)
{
    const struct weft_link_map *map = &link->maps[download];
    return link->up && !link->far && map->wanted && !weft_bitmap_has(weft_link_have_of(map), chunk);
}

/* The set of those to whom the chunk goes down a tree from here. */
static uint64_t followers(const struct weft_download *download, uint32_t entry)
{
    return weft_kin_followers(&download->kin, INDEX(entry), (entry & FIRST) != 0);
}

/* Who gets the chunk next: the neighbour pushed least. |left|: somebody lacks it still. */
static struct weft_link *next_link(struct weft_core *core, uint32_t download, uint32_t entry,
                                   bool spread, bool *left)
{
    uint64_t set = spread ? UINT64_MAX : followers(&core->releases.downloads[download], entry);
    struct weft_link *best = NULL;
    *left = false;
    for (uint32_t i = weft_kin_next(set, 0); i < core->links.end; i = weft_kin_next(set, i + 1)) {
        struct weft_link *link = weft_link_at(&core->links, i);
        if (!lacks(link, download, INDEX(entry))) {
            continue;
        }
        bool stands = link->pushing > 0 && weft_serve_is_blocked(core, link);
        if (link->push_after_ns > core->now_ns || stands) {
            continue;
        }
        *left = true;
        if (link->pushing == 0 && (best == NULL || link->pushed < best->pushed)) {
            best = link;
        }
    }
    return best;
}

/* --- sending --- */

static bool send(struct weft_core *core, struct weft_link *link, uint32_t download, uint32_t chunk,
                 bool spread)
{
    const struct weft_download *self = &core->releases.downloads[download];
    weft_release_id release = weft_release_of(core, self)->id;
    if (!weft_serve_begin(core, link, release, chunk,
                          spread ? WEFT_UPLOAD_SPREAD : WEFT_UPLOAD_PUSHED)) {
        return false;
    }
    link->pushing++;
    link->pushed++;
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_PUSH,
                                                     .peer = link->peer.id,
                                                     .release = release,
                                                     .chunk = chunk,
                                                     .value = self->near_copies[chunk]});
    return true;
}

static bool has_place(const struct weft_core *core)
{
    return weft_serve_has_place(core);
}

/* Push one waiting chunk to whom it can be pushed now. True: nothing is left to do for it. One that
 * was lost meanwhile, as it is rotten on disk, waits anew when it is stored again. */
static bool fill_entry(struct weft_core *core, uint32_t index, uint32_t entry)
{
    struct weft_download *self = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, self);
    if (!weft_bitmap_has(release->have, INDEX(entry))) {
        return true;
    }
    bool spread = (entry & FIRST) != 0 && followers(self, entry) == 0;
    bool left = true;
    while (left && has_place(core)) {
        struct weft_link *link = next_link(core, index, entry, spread, &left);
        if (link == NULL || !send(core, link, index, INDEX(entry), spread)) {
            break;
        }
        if (spread) {
            return true; /* the others hear of it when it is sent */
        }
    }
    if (!left && spread) {
        weft_have_note_near(core, self, INDEX(entry), /* soon */ true);
    }
    return !left;
}

static void fill(struct weft_core *core, uint32_t index)
{
    struct weft_download *self = &core->releases.downloads[index];
    struct weft_log *queue = &self->push_queue;
    uint32_t kept = 0;
    for (uint32_t at = queue->first; at != queue->count && kept < LOOK_AHEAD && has_place(core);
         at++) {
        uint16_t *entry = weft_log_at(queue, at);
        if (*entry == DONE || fill_entry(core, index, *entry)) {
            *entry = DONE;
        } else {
            kept++;
        }
    }
    while (waiting(self) > 0 && *weft_log_at(queue, queue->first) == DONE) {
        weft_log_drop(queue, &core->reserves->rows, queue->first + 1);
    }
}

void weft_push_fill(struct weft_core *core)
{
    for (uint32_t i = 0; i < core->config.downloads_max; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        if (download->release != WEFT_RELEASE_NONE && waiting(download) > 0) {
            fill(core, i);
        }
    }
}

/* --- a chunk was stored --- */

static void enqueue(struct weft_core *core, struct weft_download *download, uint32_t entry)
{
    if (waiting(download) == 0) {
        download->push_since_ns = core->now_ns;
    }
    weft_log_append(&download->push_queue, &core->reserves->rows, (uint16_t)entry);
}

void weft_push_on_stored(struct weft_core *core, struct weft_release *release, uint32_t chunk,
                         const struct weft_link *from, bool first)
{
    uint32_t index = release->download;
    struct weft_download *self = weft_release_download(core, release);
    uint32_t entry = chunk | (first ? FIRST : 0);
    bool followed = followers(self, entry) != 0;
    weft_follow_on_stored(core, from, index, chunk);
    if (!weft_release_is_missing(release)) {
        weft_have_hurry(core, self);
    }
    if (followed || !first) {
        bool rare = self->near_copies[chunk] * RARE_PART < core->links.up_count;
        weft_have_note_near(core, self, chunk, /* soon */ rare && self->overloaded);
    }
    if (!followed && !first) {
        return;
    }
    enqueue(core, self, entry);
    fill(core, index);
    if (waiting(self) >= WAITING_MAX && !self->overloaded &&
        core->now_ns - self->push_since_ns >= WAITING_NS) {
        weft_follow_give_up(core, index);
        weft_have_hurry(core, self);
    }
}
