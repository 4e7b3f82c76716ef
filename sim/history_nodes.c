/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what do the trace files of nodes say together?". Each node tells of itself in its own
 * time; here they meet on one clock, that of the day. The files are read twice: first for who there
 * is and which release is the last one, then for what happened with it. */
#include "history_read.h"
#include "history_sum.h"
#include "lines.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Width of the first slices; nodes write one a second at most. */
#define WIDTH_MS 100

/* A line without chunks that covers more is of a node that waited for nothing. */
#define IDLE_MS_MAX 60000

/* Releases that files may tell of; the first ones count. */
#define RELEASES_MAX 1024

/* Milliseconds since 1970 end in the year 5138. */
#define UNIX_MS_MAX UINT64_C(100000000000000)

/* Times fit 32 bits with room to spare. */
#define TIME_MS_MAX (UINT32_MAX / 2)

struct release {
    weft_release_id id; /* name */
    uint64_t first_ms;  /* since 1970, when the first node knew of it */
    uint64_t bytes;     /* of the whole */
    uint32_t chunks;    /* its chunks */
};

/* One node, one file. */
struct teller {
    weft_node_id id;                       /* name */
    char segment[WEFT_ADDRESS_TEXT_BYTES]; /* its subnet */
    uint32_t number;                       /* of that segment */
    uint64_t head_ms;                      /* since 1970, of the head read last */
    uint64_t last_ms;                      /* since 1970, of the line read last */
    bool complete;                         /* it has the release */
    uint32_t done_ms;                      /* since when; valid if complete */
};

struct telling {
    struct weft_sim_history *history; /* what is filled */
    struct teller *tellers;           /* teller_count; owned */
    uint32_t teller_count;            /* files */
    struct teller *now;               /* whose file is being read */
    struct teller **by_id;            /* sorted; owned */
    struct release *releases;         /* RELEASES_MAX; owned */
    uint32_t release_count;           /* entries of releases */
    const struct release *newest;     /* the one that is looked at */
    uint32_t *done_ms;                /* when nodes were done; owned */
    uint32_t done_count;              /* entries of done_ms */
};

static bool refuse(struct weft_text *message, const char *why)
{
    weft_text_add(message, why);
    return false;
}

static bool is_head(const json_t *line)
{
    return json_object_get(line, "weft_trace") != NULL;
}

static bool is_event(const json_t *line, const char *word)
{
    return strcmp(weft_sim_line_text(line, "event"), word) == 0;
}

/* --- first: who is there, and which release? --- */

static bool take_head(struct teller *teller, const json_t *line, struct weft_text *message)
{
    weft_node_id id = weft_sim_line_id(line, "node");
    teller->head_ms = weft_sim_line_number(line, "unix_ms", UNIX_MS_MAX, 0);
    if (id == 0 || teller->head_ms == 0 || (teller->id != 0 && teller->id != id)) {
        return refuse(message, "a head without a node, or of another node, or without unix_ms");
    }
    teller->id = id;
    snprintf(teller->segment, sizeof(teller->segment), "%s", weft_sim_line_text(line, "segment"));
    return true;
}

static void note_release(struct telling *telling, uint64_t time_ms, const json_t *line)
{
    weft_release_id id = weft_sim_line_id(line, "release");
    uint32_t i = 0;
    while (i < telling->release_count && telling->releases[i].id != id) {
        i++;
    }
    if (id == 0 || i == RELEASES_MAX) {
        return;
    }
    struct release *release = &telling->releases[i];
    if (i == telling->release_count) {
        telling->release_count++;
        *release = (struct release){.id = id, .first_ms = time_ms};
    }
    release->first_ms = time_ms < release->first_ms ? time_ms : release->first_ms;
    release->bytes = weft_sim_line_number(line, "bytes", UINT64_C(1) << 50, release->bytes);
    release->chunks = (uint32_t)weft_sim_line_number(line, "chunks", UINT32_MAX, release->chunks);
}

static bool take_first(void *context, const json_t *line, struct weft_text *message)
{
    struct telling *telling = context;
    if (is_head(line)) {
        return take_head(telling->now, line, message);
    }
    if (telling->now->id == 0) {
        return refuse(message, "a line before the head");
    }
    if (is_event(line, "release")) {
        uint64_t time_ms = weft_sim_line_number(line, "t_ms", UNIX_MS_MAX, 0);
        note_release(telling, telling->now->head_ms + time_ms, line);
    }
    return true;
}

static int by_segment(const void *a, const void *b)
{
    const struct teller *const *left = a;
    const struct teller *const *right = b;
    int order = strcmp((*left)->segment, (*right)->segment);
    return order != 0 ? order : ((*left)->id < (*right)->id ? -1 : (*left)->id > (*right)->id);
}

static int by_id(const void *a, const void *b)
{
    const struct teller *const *left = a;
    const struct teller *const *right = b;
    return (*left)->id < (*right)->id ? -1 : (*left)->id > (*right)->id;
}

/* Number the segments in order of their names; begins the history. */
static void number_segments(struct telling *telling)
{
    uint32_t count = 0;
    qsort(telling->by_id, telling->teller_count, sizeof(struct teller *), by_segment);
    for (uint32_t i = 0; i < telling->teller_count; i++) {
        bool same =
            i > 0 && strcmp(telling->by_id[i]->segment, telling->by_id[i - 1]->segment) == 0;
        count += same ? 0 : 1;
        telling->by_id[i]->number = count - 1;
    }
    struct weft_sim_history *history = telling->history;
    weft_sim_history_begin(history, count, WIDTH_MS);
    history->is_real = true;
    history->node_count = telling->teller_count;
    history->bytes = telling->newest->bytes;
    history->chunk_count = telling->newest->chunks;
    for (uint32_t i = 0; i < telling->teller_count; i++) {
        struct weft_sim_history_segment *segment = &history->segments[telling->by_id[i]->number];
        memcpy(segment->name, telling->by_id[i]->segment, sizeof(segment->name));
        segment->node_count++;
        segment->half_ms = WEFT_SIM_OPEN_MS;
        segment->last_ms = WEFT_SIM_OPEN_MS;
    }
    qsort(telling->by_id, telling->teller_count, sizeof(struct teller *), by_id);
}

/* --- then: what happened? --- */

static const struct teller *find(const struct telling *telling, weft_node_id id)
{
    struct teller wanted = {.id = id};
    const struct teller *key = &wanted;
    struct teller **found =
        bsearch(&key, telling->by_id, telling->teller_count, sizeof(struct teller *), by_id);
    return found == NULL ? NULL : *found;
}

/* {"0123456789abcdef": bytes, "source": bytes}; nodes without a file are passed over. */
static void take_pulled(const struct telling *telling, const json_t *pulled)
{
    const char *name = NULL;
    json_t *value = NULL;
    /* The macro of the library casts const away. */
    json_t *map =
        json_is_object(pulled) ? json_object_get((json_t *)(uintptr_t)pulled, "pulled") : NULL;
    json_object_foreach(map, name, value)
    {
        const struct teller *from = find(telling, weft_sim_read_id(name));
        bool is_source = strcmp(name, "source") == 0;
        if (json_integer_value(value) > 0 && (from != NULL || is_source)) {
            weft_sim_history_pull(telling->history, telling->now->number,
                                  is_source ? WEFT_SIM_NO_SEGMENT : from->number,
                                  (uint64_t)json_integer_value(value));
        }
    }
}

static void reach(struct weft_sim_history *history, uint32_t time_ms)
{
    weft_sim_history_reach(history, time_ms);
    history->end_ms = time_ms > history->end_ms ? time_ms : history->end_ms;
}

static void take_complete(struct telling *telling, uint32_t time_ms, const json_t *line)
{
    if (weft_sim_line_id(line, "release") != telling->newest->id || telling->now->complete) {
        return;
    }
    struct weft_sim_history *history = telling->history;
    uint32_t number = telling->now->number;
    telling->now->complete = true;
    telling->now->done_ms = time_ms;
    reach(history, time_ms);
    weft_sim_history_slice(history, number, time_ms)->complete++;
    telling->done_ms[telling->done_count++] = time_ms;
    history->segments[number].complete++;
}

static void take_event(struct telling *telling, uint32_t time_ms, const json_t *line)
{
    const struct teller *teller = telling->now;
    if (is_event(line, "complete")) {
        take_complete(telling, time_ms, line);
    } else if (is_event(line, "agent")) {
        weft_sim_history_agent(telling->history, teller->number, teller->id, time_ms);
    } else if (is_event(line, "agent-ends")) {
        weft_sim_history_no_agent(telling->history, teller->id, time_ms, false);
    }
}

/* Milliseconds since the first node knew of the release; 0 before. */
static uint32_t since_zero(const struct telling *telling, uint64_t unix_ms)
{
    uint64_t zero_ms = telling->newest->first_ms;
    uint64_t time_ms = unix_ms > zero_ms ? unix_ms - zero_ms : 0;
    return time_ms < TIME_MS_MAX ? (uint32_t)time_ms : TIME_MS_MAX;
}

/* A head in the middle: the node was down, and is there again. */
static void take_restart(struct telling *telling, uint64_t last_ms)
{
    const struct teller *teller = telling->now;
    uint32_t from_ms = since_zero(telling, last_ms);
    uint32_t until_ms = since_zero(telling, teller->head_ms);
    if (last_ms == 0 || until_ms == 0) {
        return;
    }
    weft_sim_history_no_agent(telling->history, teller->id, from_ms, true);
    weft_sim_history_begins(telling->history, "crash", teller->number, teller->id, from_ms);
    weft_sim_history_ends(telling->history, "crash", teller->id, until_ms);
}

/* What a node counted from |begin_ms| to |end_ms| is spread evenly over the slices between. */
static void take_slice(struct telling *telling, uint32_t begin_ms, uint32_t end_ms,
                       const json_t *line)
{
    struct weft_sim_history *history = telling->history;
    bool is_idle = json_object_get(line, "bytes") == NULL;
    if (telling->now->complete) {
        end_ms = end_ms < telling->now->done_ms ? end_ms : telling->now->done_ms;
    }
    weft_release_id release = weft_sim_line_id(line, "release");
    if (end_ms == 0 || begin_ms >= end_ms || (!is_idle && release != telling->newest->id)) {
        return; /* before the release, after it, or of another one: they do not count */
    }
    if (is_idle && end_ms - begin_ms > IDLE_MS_MAX) {
        return; /* an old line that reaches into the release */
    }
    reach(history, end_ms);
    struct weft_sim_slice whole = {0};
    weft_sim_history_add_line(&whole, line);
    take_pulled(telling, line);
    uint32_t parts = end_ms / history->width_ms - begin_ms / history->width_ms;
    parts = parts == 0 ? 1 : parts;
    for (uint32_t i = 0; i < parts; i++) {
        weft_sim_history_add_part(
            weft_sim_history_slice(history, telling->now->number, begin_ms + i * history->width_ms),
            &whole, i, parts);
    }
}

static bool take_again(void *context, const json_t *line, struct weft_text *message)
{
    struct telling *telling = context;
    struct teller *teller = telling->now;
    if (is_head(line)) {
        uint64_t last_ms = teller->last_ms;
        bool good = take_head(teller, line, message);
        take_restart(telling, last_ms);
        return good;
    }
    uint64_t unix_ms = teller->head_ms + weft_sim_line_number(line, "t_ms", UNIX_MS_MAX, 0);
    uint32_t time_ms = since_zero(telling, unix_ms);
    teller->last_ms = unix_ms;
    if (json_object_get(line, "event") != NULL) {
        take_event(telling, time_ms, line);
    } else {
        uint64_t for_ms = weft_sim_line_number(line, "for_ms", TIME_MS_MAX, 0);
        take_slice(telling, time_ms, since_zero(telling, unix_ms + for_ms), line);
    }
    return true;
}

/* --- what it comes to --- */

/* Segments one after the other, and in each its nodes in the order in which they were done. */
static int by_done(const void *a, const void *b)
{
    const struct teller *const *left = a;
    const struct teller *const *right = b;
    uint32_t left_ms = (*left)->complete ? (*left)->done_ms : WEFT_SIM_OPEN_MS;
    uint32_t right_ms = (*right)->complete ? (*right)->done_ms : WEFT_SIM_OPEN_MS;
    if ((*left)->number != (*right)->number) {
        return (*left)->number < (*right)->number ? -1 : 1;
    }
    return left_ms < right_ms ? -1 : left_ms > right_ms;
}

static void close_segments(const struct telling *telling)
{
    struct weft_sim_history *history = telling->history;
    qsort(telling->by_id, telling->teller_count, sizeof(struct teller *), by_done);
    uint32_t first = 0;
    for (uint32_t s = 0; s < history->segment_count; s++) {
        struct weft_sim_history_segment *segment = &history->segments[s];
        uint32_t half = (segment->node_count + 1) / 2;
        if (segment->complete >= half) {
            segment->half_ms = telling->by_id[first + half - 1]->done_ms;
        }
        if (segment->complete == segment->node_count) {
            segment->last_ms = telling->by_id[first + segment->node_count - 1]->done_ms;
        }
        first += segment->node_count;
    }
    /* An office that ended before the release appeared is of no interest. */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < history->lane_count; i++) {
        if (history->lanes[i].end_ms > 0) {
            history->lanes[kept++] = history->lanes[i];
        }
    }
    history->lane_count = kept;
}

/* --- all of it --- */

static bool read_all(struct telling *telling, char *const *paths, weft_sim_line_taker *take,
                     struct weft_text *message)
{
    for (uint32_t i = 0; i < telling->teller_count; i++) {
        telling->now = &telling->tellers[i];
        if (!weft_sim_lines_read(paths[i], take, telling, message)) {
            return false;
        }
    }
    return true;
}

static const struct release *newest_of(const struct telling *telling)
{
    const struct release *newest = NULL;
    for (uint32_t i = 0; i < telling->release_count; i++) {
        const struct release *release = &telling->releases[i];
        newest = newest == NULL || release->first_ms > newest->first_ms ? release : newest;
    }
    return newest;
}

static bool read_nodes(struct telling *telling, char *const *paths, struct weft_text *message)
{
    if (!read_all(telling, paths, take_first, message)) {
        return false;
    }
    telling->newest = newest_of(telling);
    if (telling->newest == NULL) {
        weft_text_add(message, paths[0]);
        return refuse(message, ": no node tells of a release; is there anything to report?");
    }
    number_segments(telling);
    if (!read_all(telling, paths, take_again, message)) {
        weft_sim_history_end(telling->history);
        return false;
    }
    close_segments(telling);
    struct weft_sim_finish finish = {.release = telling->newest->id,
                                     .began_unix_ms = telling->newest->first_ms,
                                     .done_ms = telling->done_ms,
                                     .done_count = telling->done_count};
    weft_sim_history_sum_nodes(telling->history, &finish);
    return true;
}

bool weft_sim_history_read_nodes(struct weft_sim_history *history, char *const *paths,
                                 uint32_t count, struct weft_text *message)
{
    struct telling telling = {.history = history, .teller_count = count};
    telling.tellers = weft_sim_memory_take(count, sizeof(telling.tellers[0]));
    telling.by_id = weft_sim_memory_take(count, sizeof(struct teller *));
    telling.releases = weft_sim_memory_take(RELEASES_MAX, sizeof(telling.releases[0]));
    telling.done_ms = weft_sim_memory_take(count, sizeof(telling.done_ms[0]));
    for (uint32_t i = 0; i < count; i++) {
        telling.by_id[i] = &telling.tellers[i];
    }
    bool good = read_nodes(&telling, paths, message);
    weft_sim_memory_give(telling.done_ms, count, sizeof(telling.done_ms[0]));
    weft_sim_memory_give(telling.releases, RELEASES_MAX, sizeof(telling.releases[0]));
    weft_sim_memory_give(telling.by_id, count, sizeof(struct teller *));
    weft_sim_memory_give(telling.tellers, count, sizeof(telling.tellers[0]));
    return good;
}
