/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk that no other segment has or brings does this node bring next? */
#include "draw.h"

#include "coming.h"
#include "rng.h"
#include "state.h"

bool weft_draw_is_open(const struct weft_core *core, const struct weft_download *download,
                       uint32_t chunk, bool rare)
{
    const struct weft_release *release = &core->releases.items[download->release];
    bool near = download->near_copies[chunk] > 0 && !release->falls_back;
    if (weft_bitmap_has(release->have, chunk) || weft_bitmap_has(download->busy, chunk) || near) {
        return false;
    }
    return !rare || (weft_download_far_copies(download, chunk) == 0 &&
                     !weft_coming_is(core, download, chunk));
}

static uint32_t end_of(const struct weft_download *download, const struct weft_release *release,
                       uint32_t extent)
{
    uint32_t end = (extent + 1) * download->extent_chunks;
    return end < release->chunk_count ? end : release->chunk_count;
}

/* Keep |chunk| if its weight is among the largest. */
static void keep(const struct weft_core *core, struct weft_draw *draw, uint32_t chunk)
{
    uint64_t weight = weft_mix(core->self.id + chunk);
    bool is_full = draw->count == WEFT_DRAW_MAX;
    draw->is_all = draw->is_all && !is_full;
    if (is_full && weight < weft_mix(core->self.id + draw->chunks[0])) {
        return;
    }
    uint32_t place = is_full ? 1 : 0;
    for (; place < draw->count && weft_mix(core->self.id + draw->chunks[place]) < weight; place++) {
        draw->chunks[place - is_full] = draw->chunks[place];
    }
    if (is_full) {
        draw->chunks[place - 1] = (uint16_t)chunk;
        return;
    }
    for (uint32_t i = draw->count++; i > place; i--) {
        draw->chunks[i] = draw->chunks[i - 1];
    }
    draw->chunks[place] = (uint16_t)chunk;
}

/* Extents in which this node may fetch, as a set; what it is taken for says the return value. */
static uint64_t find_own(struct weft_core *core, uint32_t index,
                         uint64_t own[WEFT_EXTENTS_MAX / 64])
{
    const struct weft_download *download = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, download);
    uint64_t print = weft_mix(release->id + release->falls_back);
    for (uint32_t extent = 0; extent < download->extent_count; extent++) {
        if (weft_lease_owns(core, index, extent)) {
            weft_bitmap_set(own, extent);
            print = weft_mix(print ^ (extent + 1));
        }
    }
    return print;
}

static void look(struct weft_core *core, uint32_t index, const uint64_t own[WEFT_EXTENTS_MAX / 64])
{
    struct weft_draw *draw = &core->source.draw;
    struct weft_download *download = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, download);
    draw->count = 0;
    draw->is_all = true;
    draw->download = (uint8_t)index;
    download->reopened = false;
    for (uint32_t extent = 0; extent < download->extent_count; extent++) {
        uint32_t end = weft_bitmap_has(own, extent) ? end_of(download, release, extent) : 0;
        for (uint32_t chunk = extent * download->extent_chunks; chunk < end; chunk++) {
            if (weft_draw_is_open(core, download, chunk, /* rare */ true)) {
                keep(core, draw, chunk);
            }
        }
    }
}

/* The best of what was found that is rare still; false = nothing is left of it. */
static bool take(const struct weft_core *core, struct weft_draw *draw, uint32_t *chunk)
{
    const struct weft_download *download = &core->releases.downloads[draw->download];
    for (; draw->count > 0; draw->count--) {
        *chunk = draw->chunks[draw->count - 1];
        if (weft_draw_is_open(core, download, *chunk, /* rare */ true)) {
            return true;
        }
    }
    return false;
}

struct weft_run weft_draw_rare(struct weft_core *core, uint32_t index, uint32_t longest)
{
    struct weft_draw *draw = &core->source.draw;
    const struct weft_download *download = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, download);
    uint64_t own[WEFT_EXTENTS_MAX / 64] = {0};
    uint64_t print = find_own(core, index, own);
    uint32_t chunk = 0;
    bool known = draw->own == print && draw->download == index && !download->reopened;
    bool found = known && take(core, draw, &chunk);
    if (!found && !(known && draw->is_all)) {
        look(core, index, own);
        draw->own = print;
        found = take(core, draw, &chunk);
    }
    if (!found) {
        return (struct weft_run){0};
    }
    uint32_t end = end_of(download, release, chunk / download->extent_chunks);
    struct weft_run run = {.first = chunk, .count = 1};
    while (run.count < longest && run.first + run.count < end &&
           weft_draw_is_open(core, download, run.first + run.count, /* rare */ true)) {
        run.count++;
    }
    return run;
}
