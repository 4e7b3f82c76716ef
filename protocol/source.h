/* SPDX-License-Identifier: Apache-2.0 */
/* What is fetched from the source? When a failed one is asked again: source_pause.h.
 *
 * An acting node keeps tuning.source_fetches ranges open. It prefers runs of chunks of its own
 * extents that no other segment has or brings (those can be traded later, see coming.h), drawn by a
 * weight of its own; if there are none, and the source is quick, what far neighbours, who are asked
 * before the source, do not take any more. The chunks under way are as many as the source delivers
 * in about a second: more would keep them from being traded. Runs shrink towards the end.
 * SPEC.md section "Source". Bound: 16 fetches. Timers: RETRY, LOOK, TURN. */
#ifndef WEFT_SOURCE_H
#define WEFT_SOURCE_H

#include "draw.h"
#include "release.h"

#define WEFT_FETCHES_MAX 16

struct weft_fetch {
    uint64_t token;    /* names it; 0 = free entry */
    uint32_t release;  /* index of the release, WEFT_RELEASE_NONE once it is gone */
    uint32_t first;    /* first chunk of the run */
    uint32_t count;    /* chunks of the run */
    uint32_t received; /* of them arrived and verified */
    bool trial;        /* one chunk, to see whether the source answers: no lease is taken */
    bool left;         /* it was cancelled, as other segments have the chunks by now */
    bool hung;         /* it was cancelled, as later ones were answered and it was not */
    weft_ns began_ns;  /* when it began */
    weft_ns heard_ns;  /* when a chunk of it came last, or it began */
};

struct weft_sources {
    uint32_t fetch_count; /* entries in use */
    uint32_t end;         /* entries of the table from here on are free */
    weft_ns retry_ns;     /* not tried before; 0 = no pause */
    weft_ns look_ns;      /* when it is looked again if others bring fewer now; 0 = does not wait */
    weft_ns turn_ns;      /* when this node may ask for what others bring; 0 = does not wait */
    weft_ns hang_ns;      /* when a request will hang, see hang.h; WEFT_NS_NEVER = none is open */
    uint64_t next_token;  /* of the next fetch */
    uint32_t budget;      /* chunks that may be under way from the source; adapts to its rate */
    uint32_t failures;    /* in a row */
    weft_ns span_ns;      /* how long the last fetch took that was answered; 0 = none was */
    weft_ns failed_ns;    /* when the last failure was counted */
    uint32_t whole;       /* pauses, with the present one, that are not cut short */
    weft_ns chunk_ns;     /* moving mean (1/4) of what a chunk took in a fetch; 0 = none came yet */
    uint32_t window;      /* chunks of a release that all segments may bring at a time; adapts */
    weft_ns broken_ns;    /* since when |broken| counts, a lease at most */
    uint32_t broken;      /* chunks that were coming for a lease, and that nobody had then */
    uint32_t broken_last; /* of them, in the lease before */
    struct weft_draw draw; /* what it brings next of what nobody else has or brings */
    bool no_ranges;        /* the server sends whole files only */
    void *pieces[WEFT_ROW_PIECES(WEFT_FETCHES_MAX, struct weft_fetch)]; /* the table, in no order */
};

struct weft_core;
struct weft_link;

/* Entry |index|, below end, in use or not. */
static inline struct weft_fetch *weft_source_at(const struct weft_sources *sources, uint32_t index)
{
    struct weft_fetch *rows = sources->pieces[index / WEFT_PIECE_ROWS(struct weft_fetch)];
    return &rows[index % WEFT_PIECE_ROWS(struct weft_fetch)];
}

/* The core ends: give back the table. */
void weft_source_end(struct weft_core *core);

/* Nothing was fetched yet. */
void weft_source_init(struct weft_core *core);

/* Begin fetches as far as this node may and has something to fetch. */
void weft_source_fill(struct weft_core *core);

/* Ranges that are kept open at a time, 1 and up: they share the budget. */
uint32_t weft_source_ranges(const struct weft_core *core);

/* Can it be asked for single chunks, and has it nothing to send to this node? */
bool weft_source_is_free(const struct weft_core *core);

/* Fetch |chunk| of the download at |index| now. */
void weft_source_ask(struct weft_core *core, uint32_t index, uint32_t chunk);

/* Fetch one chunk that nobody near has, best of an extent that nobody holds, and lease nothing. */
void weft_source_try(struct weft_core *core, uint32_t index);

/* A chunk came from the source, or did not verify. */
void weft_source_on_chunk(struct weft_core *core, const struct weft_event_chunk *event);

/* The release at |index| is no longer fetched: cancel what is under way for it. */
void weft_source_forget(struct weft_core *core, uint32_t index);

/* Another agent fetches |extent| of the download at |index|: cancel what is under way for it. */
void weft_source_yield(struct weft_core *core, uint32_t index, uint32_t extent);

/* A fetch ended. */
void weft_source_on_end(struct weft_core *core, const struct weft_event_source *event);

/* Try again after a pause. */
void weft_source_expire(struct weft_core *core);

/* When the pause ends. */
weft_ns weft_source_deadline(const struct weft_core *core);

#endif
