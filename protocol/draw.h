/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunk that no other segment has or brings does this node bring next?
 *
 * The one with the largest weight for this node. To look at every chunk of a release for each fetch
 * would take longer than the fetch is worth; so one look finds the next few, and they are drawn one
 * after the other until something can be asked for that could not be when it was looked. SPEC.md
 * section "Source". Bound: 16 chunks of one release. */
#ifndef WEFT_DRAW_H
#define WEFT_DRAW_H

#include "types.h"

#define WEFT_DRAW_MAX 16

struct weft_core;
struct weft_download;

/* Chunks of one extent in a row. */
struct weft_run {
    uint32_t first; /* first chunk */
    uint32_t count; /* chunks; 0 = none was found */
};

struct weft_draw {
    uint64_t own;                   /* fingerprint of the extents in which it was looked */
    uint16_t chunks[WEFT_DRAW_MAX]; /* what was found, the largest weight last */
    uint8_t count;                  /* of them left */
    uint8_t download;               /* index of the download */
    bool is_all;                    /* when it was looked, no more than these were there */
};

/* Can |chunk| be asked of the source? |rare|: only if no other segment has or brings it. */
bool weft_draw_is_open(const struct weft_core *core, const struct weft_download *download,
                       uint32_t chunk, bool rare);

/* Draw a chunk of the download at |index| among the rare ones of the own extents, and take those
 * behind it that are rare as well, |longest| in all. Who draws is unlikely to draw what others draw
 * that have not told yet. */
struct weft_run weft_draw_rare(struct weft_core *core, uint32_t index, uint32_t longest);

#endif
