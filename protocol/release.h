/* SPDX-License-Identifier: Apache-2.0 */
/* Which releases does this node have or want, chunk by chunk?
 *
 * A release is known for as long as the shell wants or serves it. While it is incomplete here, or
 * while neighbours still take it from here, it also occupies a download: the tables about who else
 * has which chunk. SPEC.md section "Releases". Bound: config.releases_max releases; a further one
 * is refused, the oldest complete one making room. config.downloads_max downloads; a further
 * incomplete release waits until one ends. */
#ifndef WEFT_RELEASE_H
#define WEFT_RELEASE_H

#include "arena.h"
#include "bitmap.h"
#include "core.h"
#include "kin.h"
#include "log.h"

/* One extent of a release: the unit of a WAN lease. lease.h answers whose it is. */
struct weft_extent {
    weft_node_id holder; /* who said it fetches it; 0 = nobody said so */
    weft_ns heard_ns;    /* last sign of progress of the holder */
    uint16_t epoch;      /* grows with each change of holder */
    uint32_t left;       /* chunks that nobody near had when the holder was last heard */
};

/* Tables of a release that is being fetched or spread. */
struct weft_download {
    /* What is looked at after nearly every event: timers, and whether there is anything to ask. */
    uint32_t release;      /* index of the release; WEFT_RELEASE_NONE = not in use */
    uint32_t open_count;   /* bits set in open */
    weft_ns near_due_ns;   /* when the segment is told, WEFT_NS_NEVER = nothing new */
    weft_ns far_due_ns;    /* the same for other segments */
    weft_ns coming_due_ns; /* when they are told of what is coming, the same */
    weft_ns seek_ns;       /* when parents are looked for, WEFT_NS_NEVER = none is missing */
    weft_ns pull_ns;       /* when what is open may be pulled, WEFT_NS_NEVER = all of it may */

    /* What becomes of a chunk, from its header until it is pushed. */
    uint64_t *busy;       /* set of chunks asked of somebody */
    uint64_t *open;       /* set of chunks a near neighbour has, this node lacks and asks of
                                   nobody */
    uint64_t *pull;       /* set of chunks that no parent is expected to push any more */
    uint64_t *heard;      /* set of chunks that were open when parents had had their time */
    uint8_t *near_copies; /* per chunk, neighbours of the segment that have it; stops at 255 */
    uint32_t in_flight;   /* bits set in busy */
    uint8_t orphans;      /* stripes without a parent, see follow.h */
    bool overloaded;      /* this node could not push as much as came */
    bool reopened;        /* chunks can be asked for again since drawn, see draw.h */
    struct weft_log push_queue; /* chunks to be pushed, see push.c */
    weft_ns push_since_ns;      /* since when some wait */
    struct weft_kin kin;        /* who pushes chunks to whom */

    /* What others are told. */
    bool near_all;              /* not only who lacks what is old is told the next time */
    uint32_t near_mark;         /* entries of near_log when the segment was told last */
    struct weft_log near_log;   /* chunks in the order in which the segment is told of them; a chunk
                                   lost and found counts again */
    struct weft_log far_log;    /* the same for other segments */
    void **far_copies;          /* per chunk, linked nodes of other segments that have it; in
                                   pieces, see weft_download_far_copies() */
    void **coming;              /* per chunk, when this node first heard that a segment brings it
                                   from the source; in pieces, see coming.h */
    struct weft_log coming_log; /* chunks that are coming, in the order heard, see coming.c */
    uint32_t coming_told;       /* position in it of the first that others were not told of */
    uint32_t coming_count;      /* of the log: those that this node and all far neighbours lack */

    weft_ns begun_ns;            /* when the download began */
    uint32_t quick_count;        /* chunks that the source sent at once, as seen; see crowd.h */
    uint32_t extent_count;       /* extents of the release */
    uint32_t extent_chunks;      /* chunks of an extent, but for the last */
    struct weft_extent *extents; /* extent_count of them */
};

struct weft_release {
    weft_release_id id;                      /* 0 = free entry */
    uint32_t component;                      /* the shell's number */
    uint32_t chunk_count;                    /* chunks */
    uint32_t have_count;                     /* bits set in have */
    uint32_t download;                       /* index of its download, or WEFT_RELEASE_NONE */
    uint64_t bytes;                          /* of the whole */
    uint64_t *have;                          /* set of chunks verified and durable */
    bool wanted;                             /* fetch what is missing */
    bool completing;                         /* COMPLETE was asked of the shell */
    bool activated;                          /* the shell confirmed it */
    uint8_t trials;                          /* tests of the agents so far; stops at 4 */
    bool falls_back;                         /* this node, no agent, may use the WAN for it now */
    weft_ns tried_ns;                        /* when the agents were put to the test; 0 = never */
    weft_ns added_ns;                        /* when it became known */
    weft_ns completed_ns;                    /* when the last chunk was stored; 0 = not yet */
    weft_ns progress_ns;                     /* when the last new chunk was stored, or added */
    uint64_t bytes_by_tier[WEFT_TIER_COUNT]; /* stored, by where they came from */
};

struct weft_releases {
    struct weft_release *items;      /* config.releases_max entries */
    struct weft_download *downloads; /* config.downloads_max entries */
    uint32_t found;                  /* entry that was looked up last */
    weft_ns disk_retry_ns;           /* the disk refused a chunk: nothing is asked before */
};

#define WEFT_RELEASE_NONE UINT32_MAX

struct weft_core;

/* Take the tables from the block, and empty them. */
void weft_release_carve(struct weft_core *core, struct weft_arena *arena);

/* The core ends: give back what downloads hold. */
void weft_release_end(struct weft_core *core);

/* Pieces of rows that all downloads hold at most. */
uint32_t weft_release_row_pieces(const struct weft_config *config);

/* A release is wanted or can be served; tells every neighbour. An id that is known already is
 * updated (wanted, have). Too many chunks: counted as LIMIT and ignored. */
void weft_release_on_add(struct weft_core *core, const struct weft_event_release *event);

/* Forget a release; chunks in flight for it are ignored when they come. */
void weft_release_on_gone(struct weft_core *core, weft_release_id id);

/* The shell has checked and activated it, or could not. MISMATCH: every chunk is fetched again. */
void weft_release_on_completed(struct weft_core *core, const struct weft_event_completed *event);

/* The release of that name; NULL = unknown. */
struct weft_release *weft_release_find(struct weft_core *core, weft_release_id id);

/* The download of a release; NULL = it has none. */
struct weft_download *weft_release_download(struct weft_core *core,
                                            const struct weft_release *release);

/* The release of a download in use. */
struct weft_release *weft_release_of(struct weft_core *core, const struct weft_download *download);

/* A chunk was stored for the first time: count it, and ask for completion after the last one. */
void weft_release_store(struct weft_core *core, struct weft_release *release, uint32_t chunk,
                        enum weft_tier tier, uint32_t bytes);

/* A chunk that was counted is damaged on disk: fetch it again. */
void weft_release_lose(struct weft_core *core, struct weft_release *release, uint32_t chunk);

/* A chunk was not stored; if the disk refused it (full, failing), ask for nothing during 5 s. */
void weft_release_blame_disk(struct weft_core *core, enum weft_err result);

/* May chunks be asked of anybody now, or does the disk not take them? */
bool weft_release_is_open(const struct weft_core *core);

/* Into how many extents a release of so many chunks and bytes is cut, 1..WEFT_EXTENTS_MAX;
 * |extent_bytes|: tuning. |chunk_count| is not 0. */
uint32_t weft_release_extents(uint32_t chunk_count, uint64_t bytes, uint32_t extent_bytes);

/* Is anything still to be fetched of any release? */
bool weft_release_is_any_missing(const struct weft_core *core);

/* Mean length of a chunk in bytes, at least 1; what all time estimates are made from. */
uint32_t weft_release_chunk_bytes(const struct weft_release *release);

/* Is anything still to be fetched? */
static inline bool weft_release_is_missing(const struct weft_release *release)
{
    return release->wanted && release->have_count < release->chunk_count;
}

/* How many linked nodes of other segments have |chunk|; stops at 255. */
static inline uint8_t weft_download_far_copies(const struct weft_download *download, uint32_t chunk)
{
    const uint8_t *piece = download->far_copies[chunk / WEFT_PIECE_ROWS(uint8_t)];
    return piece == NULL ? 0 : piece[chunk % WEFT_PIECE_ROWS(uint8_t)];
}

/* Where the number for |chunk| is written; a piece is taken where there is none. */
uint8_t *weft_download_far_place(const struct weft_core *core, struct weft_download *download,
                                 uint32_t chunk);

/* Where the time for |chunk| is written (coming.h); a piece is taken where there is none. */
uint16_t *weft_download_coming_place(const struct weft_core *core, struct weft_download *download,
                                     uint32_t chunk);

/* |chunk| was stored, lost, asked for, or copies of it came or went: is it open? */
static inline void weft_download_refresh(struct weft_download *download,
                                         const struct weft_release *release, uint32_t chunk)
{
    bool is_open = download->near_copies[chunk] > 0 && !weft_bitmap_has(release->have, chunk) &&
                   !weft_bitmap_has(download->busy, chunk);
    if (is_open == weft_bitmap_has(download->open, chunk)) {
        return;
    }
    if (is_open) {
        weft_bitmap_set(download->open, chunk);
        download->open_count++;
    } else {
        weft_bitmap_clear(download->open, chunk);
        download->open_count--;
    }
}

/* Mark |chunk| as asked of somebody. No effect if it is marked. */
static inline void weft_download_begin(struct weft_download *download,
                                       const struct weft_release *release, uint32_t chunk)
{
    if (!weft_bitmap_has(download->busy, chunk)) {
        weft_bitmap_set(download->busy, chunk);
        download->in_flight++;
        weft_download_refresh(download, release, chunk);
    }
}

/* Unmark |chunk|, which may be asked for again at once. No effect if it is not marked. */
static inline void weft_download_end(struct weft_download *download,
                                     const struct weft_release *release, uint32_t chunk)
{
    if (weft_bitmap_has(download->busy, chunk)) {
        weft_bitmap_clear(download->busy, chunk);
        weft_bitmap_set(download->pull, chunk);
        download->in_flight--;
        download->reopened = download->reopened || !weft_bitmap_has(release->have, chunk);
        weft_download_refresh(download, release, chunk);
    }
}

#endif
