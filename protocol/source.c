/* SPDX-License-Identifier: Apache-2.0 */
/* What is fetched from the source? When a failed one is asked again: source_pause.c. */
#include "source.h"

#include "coming.h"
#include "crowd.h"
#include "draw.h"
#include "fallback.h"
#include "hang.h"
#include "have.h"
#include "push.h"
#include "rng.h"
#include "source_pause.h"
#include "state.h"
#include "trade.h"

#define RUNS_LEFT 4 /* a run is at most this part of what is missing, per agent and fetch */

#define BUDGET_FIRST 2
#define BUDGET_MAX 4096
#define FETCH_SHORT_NS (400 * WEFT_NS_PER_MS)
#define FETCH_LONG_NS (1200 * WEFT_NS_PER_MS)

void weft_source_init(struct weft_core *core)
{
    core->source.budget = BUDGET_FIRST;
    core->source.window = WEFT_COMING_FIRST;
    core->source.hang_ns = WEFT_NS_NEVER;
}

/* --- what next --- */

uint32_t weft_source_ranges(const struct weft_core *core)
{
    uint32_t most = core->config.tuning.source_fetches;
    return core->source.budget < most ? core->source.budget : most;
}

static uint32_t run_max(const struct weft_core *core, const struct weft_release *release)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t sharers = weft_election_agents(core, agents);
    sharers = (sharers == 0 ? 1 : sharers) * core->config.tuning.source_fetches * RUNS_LEFT;
    uint32_t missing = release->chunk_count - release->have_count;
    uint32_t share = missing / sharers > 0 ? missing / sharers : 1;
    uint32_t run = core->source.budget / weft_source_ranges(core);
    return run < share ? run : share;
}

/* More chunks at a time if the fetch was short, fewer if it was long. */
static void adapt_budget(struct weft_core *core, const struct weft_fetch *fetch)
{
    struct weft_sources *self = &core->source;
    weft_ns span = core->now_ns - fetch->began_ns;
    self->span_ns = fetch->received > 0 ? span : self->span_ns;
    if (span < FETCH_SHORT_NS && fetch->received == fetch->count) {
        self->budget += fetch->count;
    } else if (span > FETCH_LONG_NS) {
        self->budget = (uint32_t)(self->budget * FETCH_LONG_NS / 2 / span);
    }
    if (fetch->received > 0) {
        weft_ns each_ns = span / fetch->received;
        self->chunk_ns = self->chunk_ns == 0 ? each_ns : (self->chunk_ns * 3 + each_ns) / 4;
    }
    self->budget = self->budget < 1 ? 1 : self->budget;
    self->budget = self->budget < BUDGET_MAX ? self->budget : BUDGET_MAX;
}

/* A run of open chunks in |extent|. Each segment begins at another chunk of it: else segments that
 * lack the same extents bring the same chunk at the same time, one after the other. */
static struct weft_run find_run(const struct weft_core *core, const struct weft_download *download,
                                uint32_t extent)
{
    const struct weft_release *release = &core->releases.items[download->release];
    uint32_t first = extent * download->extent_chunks;
    uint32_t end = first + download->extent_chunks;
    uint32_t length = (end < release->chunk_count ? end : release->chunk_count) - first;
    uint64_t turn = weft_rendezvous(release->id + extent, core->segment_key);
    struct weft_run run = {0};
    uint32_t longest = run_max(core, release);
    for (uint32_t i = 0; i < length && run.count < longest; i++) {
        uint32_t chunk = first + (uint32_t)((turn % length + i) % length);
        bool open = weft_draw_is_open(core, download, chunk, /* rare */ false);
        if (run.count > 0 && (!open || chunk != run.first + run.count)) {
            break;
        }
        run.first = run.count == 0 ? chunk : run.first;
        run.count += open;
    }
    return run;
}

/* Among the own extents with something open, the one begun already, else the next one in the order
 * of this segment. */
static struct weft_run choose_run(struct weft_core *core, uint32_t index)
{
    const struct weft_download *download = &core->releases.downloads[index];
    weft_release_id id = core->releases.items[download->release].id;
    uint64_t start = weft_rendezvous(id, core->segment_key) % download->extent_count;
    struct weft_run next = {0};
    for (uint32_t i = 0; i < download->extent_count; i++) {
        uint32_t extent = (uint32_t)((start + i) % download->extent_count);
        bool begun = download->extents[extent].holder == core->self.id;
        if ((next.count > 0 && !begun) || !weft_lease_owns(core, index, extent)) {
            continue;
        }
        struct weft_run run = find_run(core, download, extent);
        if (run.count > 0 && begun) {
            return run;
        }
        next = run.count > 0 ? run : next;
    }
    return next;
}

/* A server without ranges sends everything in one go. */
static struct weft_run whole_run(struct weft_core *core, uint32_t index)
{
    const struct weft_release *release = weft_release_of(core, &core->releases.downloads[index]);
    bool busy = core->source.fetch_count > 0;
    return (struct weft_run){.first = 0, .count = busy ? 0 : release->chunk_count};
}

/* May what others have or bring be asked of the source as well? If it is quick; but beside as much
 * as is wanted of other segments, by one range: that fills what they leave of the line. */
static bool may_double(const struct weft_core *core)
{
    bool idle = core->source.fetch_count == 0 || !weft_trade_is_full(core);
    return idle && weft_crowd_is_quick(core);
}

/* What no other segment has or brings; else whatever is missing, if that may be. */
static struct weft_run draw_run(struct weft_core *core, uint32_t index)
{
    const struct weft_release *release = weft_release_of(core, &core->releases.downloads[index]);
    struct weft_run run = {0};
    if (core->links.far_count > 0) {
        run = weft_draw_rare(core, index, run_max(core, release));
    }
    return run.count == 0 && may_double(core) ? choose_run(core, index) : run;
}

static struct weft_run next_run(struct weft_core *core, uint32_t index)
{
    if (core->source.no_ranges) {
        return whole_run(core, index);
    }
    struct weft_run run = draw_run(core, index);
    if (run.count == 0 && weft_lease_steal(core, index)) {
        run = draw_run(core, index);
    }
    return run;
}

/* --- fetching --- */

static struct weft_fetch *find_fetch(struct weft_core *core, uint64_t token)
{
    for (uint32_t i = 0; i < core->source.end; i++) {
        struct weft_fetch *fetch = weft_source_at(&core->source, i);
        if (fetch->token == token) {
            return fetch;
        }
    }
    return NULL;
}

/* A free entry; NULL = none is left. */
static struct weft_fetch *take_fetch(struct weft_core *core)
{
    struct weft_sources *self = &core->source;
    struct weft_fetch *fetch = find_fetch(core, 0);
    if (fetch == NULL && self->end < WEFT_FETCHES_MAX &&
        weft_rows_grow(&core->reserves->rows, self->pieces, self->end,
                       WEFT_PIECE_ROWS(struct weft_fetch))) {
        fetch = weft_source_at(self, self->end++);
        fetch->token = 0;
    }
    return fetch;
}

static void give_fetch(struct weft_core *core, struct weft_fetch *fetch)
{
    struct weft_sources *self = &core->source;
    fetch->token = 0;
    self->fetch_count--;
    while (self->end > 0 && weft_source_at(self, self->end - 1)->token == 0) {
        self->end--;
        weft_rows_shrink(&core->reserves->rows, self->pieces, self->end,
                         WEFT_PIECE_ROWS(struct weft_fetch));
    }
}

void weft_source_end(struct weft_core *core)
{
    weft_rows_end(&core->reserves->rows, core->source.pieces,
                  WEFT_ROW_PIECES(WEFT_FETCHES_MAX, struct weft_fetch));
}

static bool begin_fetch(struct weft_core *core, uint32_t index, struct weft_run run, bool trial)
{
    struct weft_sources *self = &core->source;
    struct weft_download *download = &core->releases.downloads[index];
    const struct weft_release *release = weft_release_of(core, download);
    struct weft_fetch *fetch = take_fetch(core);
    struct weft_action *action =
        fetch == NULL ? NULL : weft_action_push(core->actions, WEFT_ACTION_SOURCE_FETCH);
    if (action == NULL) {
        return false;
    }
    *fetch = (struct weft_fetch){.token = ++self->next_token,
                                 .release = download->release,
                                 .first = run.first,
                                 .count = run.count,
                                 .trial = trial,
                                 .began_ns = core->now_ns,
                                 .heard_ns = core->now_ns};
    weft_hang_watch(core, fetch);
    self->fetch_count++;
    core->counters.source_requests++;
    weft_remote_stir(core);
    for (uint32_t i = run.first; i < run.first + run.count; i++) {
        if (!weft_bitmap_has(release->have, i)) {
            weft_download_begin(download, release, i);
        }
    }
    if (!self->no_ranges && !trial) {
        weft_lease_take(core, index, run.first / download->extent_chunks);
        weft_coming_begin(core, download, run.first, run.count);
    }
    action->source = (struct weft_action_source){.token = fetch->token,
                                                 .release = release->id,
                                                 .first_chunk = run.first,
                                                 .chunk_count = run.count};
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_SOURCE_FETCH,
                                                     .release = release->id,
                                                     .chunk = run.first,
                                                     .value = run.count});
    return true;
}

static bool may_fetch(const struct weft_core *core)
{
    return core->config.has_source && !core->leaving && core->link_up &&
           core->source.retry_ns <= core->now_ns && weft_release_is_open(core);
}

bool weft_source_is_free(const struct weft_core *core)
{
    return core->source.fetch_count == 0 && !core->source.no_ranges && may_fetch(core);
}

void weft_source_ask(struct weft_core *core, uint32_t index, uint32_t chunk)
{
    begin_fetch(core, index, (struct weft_run){.first = chunk, .count = 1}, /* trial */ false);
}

/* A chunk that may be fetched, each as likely as the others, of an extent that nobody holds, or of
 * any; UINT32_MAX = none. */
static uint32_t draw_open(struct weft_core *core, const struct weft_download *download, bool held)
{
    const struct weft_release *release = weft_release_of(core, download);
    uint32_t drawn = UINT32_MAX;
    uint32_t count = 0;
    for (uint32_t chunk = 0; chunk < release->chunk_count; chunk++) {
        bool fits = held || download->extents[chunk / download->extent_chunks].holder == 0;
        if (fits && weft_draw_is_open(core, download, chunk, /* rare */ false)) {
            count++;
            drawn = weft_rng_below(&core->rng, count) == 0 ? chunk : drawn;
        }
    }
    return drawn;
}

void weft_source_try(struct weft_core *core, uint32_t index)
{
    const struct weft_download *download = &core->releases.downloads[index];
    if (!may_fetch(core) || core->source.no_ranges) {
        return;
    }
    uint32_t chunk = draw_open(core, download, /* held */ false);
    chunk = chunk == UINT32_MAX ? draw_open(core, download, /* held */ true) : chunk;
    if (chunk != UINT32_MAX) {
        begin_fetch(core, index, (struct weft_run){.first = chunk, .count = 1}, /* trial */ true);
    }
}

void weft_source_fill(struct weft_core *core)
{
    struct weft_sources *self = &core->source;
    bool may = may_fetch(core);
    weft_crowd_leave(core);
    for (uint32_t i = 0; i < core->config.downloads_max && may; i++) {
        const struct weft_download *download = &core->releases.downloads[i];
        bool wanted = download->release != WEFT_RELEASE_NONE &&
                      weft_release_is_missing(weft_release_of(core, download)) &&
                      weft_lease_acts(core, i) && weft_crowd_is_turn(core, i);
        while (wanted && self->fetch_count < weft_crowd_ranges(core, i) + weft_hang_spare(core) &&
               !weft_coming_is_crowded(core, i)) {
            struct weft_run run = next_run(core, i);
            run = run.count > 0 ? run : weft_hang_again(core, i);
            wanted = run.count > 0 && begin_fetch(core, i, run, /* trial */ false);
        }
    }
}

/* --- completions --- */

static void trace_source(const struct weft_core *core, const struct weft_event_chunk *event,
                         enum weft_trace_kind kind, uint64_t value)
{
    weft_core_trace(
        core, (struct weft_trace_record){
                  .kind = kind, .release = event->release, .chunk = event->chunk, .value = value});
}

void weft_source_on_chunk(struct weft_core *core, const struct weft_event_chunk *event)
{
    struct weft_fetch *fetch = event->token == 0 ? NULL : find_fetch(core, event->token);
    struct weft_release *release = weft_release_find(core, event->release);
    if (release == NULL || event->chunk >= release->chunk_count) {
        return;
    }
    struct weft_download *download = weft_release_download(core, release);
    if (download != NULL) {
        weft_download_end(download, release, event->chunk);
    }
    if (event->result != WEFT_ERR_OK) {
        weft_release_blame_disk(core, event->result);
        trace_source(core, event, WEFT_TRACE_CHUNK_BAD, event->result);
        core->counters.chunks_bad += event->result == WEFT_ERR_MISMATCH;
        return;
    }
    if (weft_bitmap_has(release->have, event->chunk)) {
        core->counters.chunks_twice++;
        trace_source(core, event, WEFT_TRACE_CHUNK_TWICE, WEFT_TIER_SOURCE);
        return;
    }
    if (fetch != NULL) {
        fetch->received++;
        weft_hang_on_chunk(core, fetch);
    }
    if (fetch != NULL && download != NULL) {
        weft_crowd_learn(core, download, core->now_ns - fetch->began_ns);
    }
    if (fetch != NULL && fetch->trial) {
        weft_fallback_on_trial(core, release, core->now_ns - fetch->began_ns);
    }
    core->source.failures = 0;
    core->source.whole = 0;
    trace_source(core, event, WEFT_TRACE_CHUNK, WEFT_TIER_SOURCE);
    weft_release_store(core, release, event->chunk, WEFT_TIER_SOURCE, event->bytes);
    if (download != NULL) {
        weft_have_note_far(core, download, event->chunk);
        weft_push_on_stored(core, release, event->chunk, NULL, /* first */ true);
    }
}

void weft_source_forget(struct weft_core *core, uint32_t index)
{
    for (uint32_t i = 0; i < core->source.end; i++) {
        struct weft_fetch *fetch = weft_source_at(&core->source, i);
        struct weft_action *action =
            fetch->token == 0 || fetch->release != index
                ? NULL
                : weft_action_push(core->actions, WEFT_ACTION_SOURCE_CANCEL);
        if (action != NULL) {
            fetch->release = WEFT_RELEASE_NONE;
            action->source = (struct weft_action_source){.token = fetch->token};
        }
    }
}

void weft_source_yield(struct weft_core *core, uint32_t index, uint32_t extent)
{
    const struct weft_download *download = &core->releases.downloads[index];
    for (uint32_t i = 0; i < core->source.end && !core->source.no_ranges; i++) {
        const struct weft_fetch *fetch = weft_source_at(&core->source, i);
        bool touched = fetch->token != 0 && fetch->release == download->release &&
                       fetch->first / download->extent_chunks == extent;
        struct weft_action *action =
            touched ? weft_action_push(core->actions, WEFT_ACTION_SOURCE_CANCEL) : NULL;
        if (action != NULL) {
            action->source = (struct weft_action_source){.token = fetch->token};
        }
    }
}

/* What the end of |fetch| says about the server. Who refuses ranges is asked for the whole file;
 * who fails then as well just fails, and is asked for ranges again after the pause. */
static void judge(struct weft_core *core, const struct weft_fetch *fetch,
                  const struct weft_release *release, const struct weft_event_source *event)
{
    bool ranged = release != NULL && fetch->count < release->chunk_count;
    bool failed = event->result != WEFT_ERR_OK && event->result != WEFT_ERR_CANCELLED;
    if (ranged && event->result == WEFT_ERR_HTTP_NO_RANGES) {
        core->source.no_ranges = true;
    } else if (failed) {
        core->source.no_ranges = false;
        weft_source_pause(core, fetch, event);
    } else if (event->result == WEFT_ERR_OK && fetch->received == 0 && fetch->count > 0) {
        /* An answer without one good chunk: do not ask in a loop. */
        weft_source_pause(core, fetch, event);
    }
}

void weft_source_on_end(struct weft_core *core, const struct weft_event_source *event)
{
    struct weft_fetch *found = event->token == 0 ? NULL : find_fetch(core, event->token);
    if (found == NULL) {
        return;
    }
    struct weft_fetch fetch = *found;
    if (!fetch.hung) {
        adapt_budget(core, &fetch);
    }
    weft_coming_adapt(core, &fetch);
    give_fetch(core, found);
    const struct weft_release *release =
        fetch.release == WEFT_RELEASE_NONE ? NULL : &core->releases.items[fetch.release];
    struct weft_download *download = weft_release_download(core, release);
    bool gone = release == NULL || download == NULL;
    for (uint32_t i = fetch.first; !gone && i < fetch.first + fetch.count; i++) {
        weft_download_end(download, release, i);
    }
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_SOURCE_END,
                                                     .release = release == NULL ? 0 : release->id,
                                                     .chunk = fetch.first,
                                                     .value = event->result});
    judge(core, &fetch, release, event);
    weft_trade_fill(core);
    weft_source_fill(core);
}

void weft_source_expire(struct weft_core *core)
{
    struct weft_sources *self = &core->source;
    bool looks = self->look_ns != 0 && self->look_ns <= core->now_ns;
    bool begins = self->turn_ns != 0 && self->turn_ns <= core->now_ns;
    self->look_ns = looks ? 0 : self->look_ns;
    self->turn_ns = begins ? 0 : self->turn_ns;
    if (weft_source_pause_over(core) || looks || begins) {
        weft_source_fill(core);
    }
}

static weft_ns sooner(weft_ns next_ns, weft_ns timer_ns)
{
    return timer_ns != 0 && timer_ns < next_ns ? timer_ns : next_ns;
}

weft_ns weft_source_deadline(const struct weft_core *core)
{
    const struct weft_sources *self = &core->source;
    return sooner(sooner(sooner(WEFT_NS_NEVER, self->retry_ns), self->look_ns), self->turn_ns);
}
