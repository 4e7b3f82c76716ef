/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does a trace file of the simulator say?". history_nodes.c answers it for nodes. */
#include "history_read.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More segments than the simulator has are no run of it. */
#define SEGMENTS_MAX 65536

/* Times fit 32 bits with room to spare: 24 days. */
#define TIME_MS_MAX (UINT32_MAX / 2)

#define ANY UINT64_MAX

static const char *const tiers[] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

struct reader {
    struct weft_sim_history *history; /* what is filled */
    bool has_begun;                   /* the head was read */
};

static bool refuse(struct weft_text *message, const char *why)
{
    weft_text_add(message, why);
    return false;
}

/* --- what is this? --- */

struct question {
    enum weft_sim_origin origin; /* the answer */
    bool answered;               /* only the first line counts */
};

static bool look_at_head(void *context, const json_t *line, struct weft_text *message)
{
    struct question *question = context;
    const char *origin = weft_sim_line_text(line, "origin");
    if (question->answered) {
        return true;
    }
    question->answered = true;
    if (weft_sim_line_number(line, "weft_trace", ANY, 0) != 1) {
        return refuse(message, "not the head of a trace of version 1; is it a file of --trace?");
    }
    question->origin = strcmp(origin, "simulator") == 0 ? WEFT_SIM_ORIGIN_SIMULATOR
                       : strcmp(origin, "node") == 0    ? WEFT_SIM_ORIGIN_NODE
                                                        : WEFT_SIM_ORIGIN_NONE;
    return question->origin != WEFT_SIM_ORIGIN_NONE || refuse(message, "its origin is not known");
}

enum weft_sim_origin weft_sim_history_origin(const char *path, struct weft_text *message)
{
    struct question question = {.origin = WEFT_SIM_ORIGIN_NONE};
    bool read = weft_sim_lines_read(path, look_at_head, &question, message);
    return read ? question.origin : WEFT_SIM_ORIGIN_NONE;
}

/* --- lines --- */

static bool take_head(struct reader *reader, const json_t *line, struct weft_text *message)
{
    struct weft_sim_history *history = reader->history;
    uint64_t segments = weft_sim_line_number(line, "segments", SEGMENTS_MAX, 0);
    uint64_t width_ms = weft_sim_line_number(line, "width_ms", TIME_MS_MAX, 0);
    uint64_t nodes = weft_sim_line_number(line, "nodes", UINT32_MAX, 0);
    if (segments == 0 || width_ms == 0 || nodes == 0) {
        return refuse(message, "the head lacks nodes, segments or width_ms");
    }
    weft_sim_history_begin(history, (uint32_t)segments, (uint32_t)width_ms);
    reader->has_begun = true;
    history->node_count = (uint32_t)nodes;
    history->site_count = (uint32_t)weft_sim_line_number(line, "sites", segments, segments);
    history->bytes = weft_sim_line_number(line, "bytes", UINT64_C(1) << 50, 0);
    history->chunk_count = (uint32_t)weft_sim_line_number(line, "chunks", UINT32_MAX, 0);
    history->sampled = (uint32_t)weft_sim_line_number(line, "sampled", UINT32_MAX, 1);
    history->bound_ms = weft_sim_line_number(line, "bound_ms", ANY, 0);
    history->relay_bound_ms = weft_sim_line_number(line, "relay_bound_ms", ANY, 0);
    history->direct_bound_ms = weft_sim_line_number(line, "direct_bound_ms", ANY, 0);
    history->end_ms = (uint32_t)weft_sim_line_number(line, "end_ms", TIME_MS_MAX, 0);
    snprintf(history->command, sizeof(history->command), "%s", weft_sim_line_text(line, "command"));
    return true;
}

static uint32_t time_or_open(const json_t *line, const char *name)
{
    return (uint32_t)weft_sim_line_number(line, name, TIME_MS_MAX, WEFT_SIM_OPEN_MS);
}

static void take_segment(const struct weft_sim_history *history, uint32_t number,
                         const json_t *line)
{
    struct weft_sim_history_segment *segment = &history->segments[number];
    snprintf(segment->name, sizeof(segment->name), "%s", weft_sim_line_text(line, "name"));
    segment->node_count = (uint32_t)weft_sim_line_number(line, "nodes", history->node_count, 0);
    segment->gone = (uint32_t)weft_sim_line_number(line, "gone", segment->node_count, 0);
    segment->hostile =
        (uint32_t)weft_sim_line_number(line, "hostile", segment->node_count - segment->gone, 0);
    segment->half_ms = time_or_open(line, "half_ms");
    segment->last_ms = time_or_open(line, "last_ms");
}

static void add_map(const json_t *map, uint64_t *values, uint32_t count,
                    const char *(*word)(uint32_t))
{
    for (uint32_t i = 0; json_is_object(map) && i < count; i++) {
        values[i] += weft_sim_line_number(map, word(i), ANY / 4, 0);
    }
}

static const char *tier_word(uint32_t tier)
{
    return tiers[tier];
}

static const char *stall_word(uint32_t stall)
{
    return weft_stall_word((enum weft_stall)stall);
}

void weft_sim_history_add_line(struct weft_sim_slice *slice, const json_t *line)
{
    add_map(json_object_get(line, "bytes"), slice->bytes, WEFT_TIER_COUNT, tier_word);
    add_map(json_object_get(line, "wait_ms"), slice->wait_ms, WEFT_STALL_COUNT, stall_word);
    slice->wan_bytes += weft_sim_line_number(line, "wan", ANY / 4, 0);
    slice->control_bytes += weft_sim_line_number(line, "control", ANY / 4, 0);
    slice->complete += weft_sim_line_number(line, "complete", UINT32_MAX, 0);
}

static void take_slice(struct weft_sim_history *history, uint32_t number, uint32_t time_ms,
                       const json_t *line)
{
    weft_sim_history_reach(history, time_ms);
    weft_sim_history_add_line(weft_sim_history_slice(history, number, time_ms), line);
    struct weft_sim_history_segment *segment = &history->segments[number];
    uint64_t complete = segment->complete;
    complete += weft_sim_line_number(line, "complete", segment->node_count, 0);
    segment->complete = complete < segment->node_count ? (uint32_t)complete : segment->node_count;
}

static void take_pulled(const struct weft_sim_history *history, uint32_t number,
                        const json_t *values)
{
    uint32_t columns = history->group_count + 1;
    for (uint32_t i = 0; i < columns && i < json_array_size(values); i++) {
        json_int_t bytes = json_integer_value(json_array_get(values, i));
        history->pulled[(size_t)number * columns + i] += bytes > 0 ? (uint64_t)bytes : 0;
    }
}

static void take_hop(struct weft_sim_history *history, uint32_t number, uint32_t time_ms,
                     const json_t *line)
{
    if (history->hop_count < WEFT_SIM_HOPS_MAX) {
        history->hops[history->hop_count++] = (struct weft_sim_hop){
            .node = weft_sim_line_id(line, "node"),
            .from = weft_sim_line_id(line, "from"),
            .segment = number,
            .time_ms = time_ms,
            .chunk = (uint32_t)weft_sim_line_number(line, "chunk", UINT32_MAX, 0),
        };
    }
}

/* What ends later, or not, is known already. */
static void take_event(struct weft_sim_history *history, uint32_t number, uint32_t time_ms,
                       const json_t *line)
{
    const char *what = weft_sim_line_text(line, "event");
    weft_node_id node = weft_sim_line_id(line, "node");
    uint32_t until_ms = time_or_open(line, "until_ms");
    if (strcmp(what, "hop") == 0) {
        take_hop(history, number, time_ms, line);
    } else if (strcmp(what, "agent") == 0) {
        weft_sim_history_agent(history, number, node, time_ms);
        if (until_ms != WEFT_SIM_OPEN_MS) {
            weft_sim_history_no_agent(history, node, until_ms,
                                      json_is_true(json_object_get(line, "crashed")));
        }
    } else {
        bool is_source = strcmp(what, "source-down") == 0;
        weft_sim_history_begins(history, what, is_source ? WEFT_SIM_NO_SEGMENT : number, node,
                                time_ms);
        if (until_ms != WEFT_SIM_OPEN_MS) {
            weft_sim_history_ends(history, what, node, until_ms);
        }
    }
}

static void take_rule(struct weft_sim_history *history, const json_t *line)
{
    if (history->rule_count == WEFT_SIM_RULES_MAX) {
        return;
    }
    struct weft_sim_rule *rule = &history->rules[history->rule_count++];
    snprintf(rule->name, sizeof(rule->name), "%s", weft_sim_line_text(line, "rule"));
    snprintf(rule->statement, sizeof(rule->statement), "%s", weft_sim_line_text(line, "statement"));
    snprintf(rule->detail, sizeof(rule->detail), "%s", weft_sim_line_text(line, "violated"));
}

static bool take_rest(struct weft_sim_history *history, const json_t *line,
                      struct weft_text *message)
{
    const json_t *summary = json_object_get(line, "summary");
    if (json_is_object(summary)) {
        free(history->summary);
        history->summary = json_dumps(summary, JSON_INDENT(2));
        return true;
    }
    if (json_object_get(line, "rule") != NULL) {
        take_rule(history, line);
        return true;
    }
    bool has_segment = json_object_get(line, "segment") != NULL;
    uint64_t number = weft_sim_line_number(line, "segment", history->segment_count - 1, ANY);
    uint64_t time_ms = weft_sim_line_number(line, "t_ms", TIME_MS_MAX, 0);
    if (has_segment && number == ANY) {
        return refuse(message, "a segment that the head does not count");
    }
    number = has_segment ? number : 0;
    if (json_object_get(line, "event") != NULL) {
        take_event(history, (uint32_t)number, (uint32_t)time_ms, line);
    } else if (has_segment && json_object_get(line, "name") != NULL) {
        take_segment(history, (uint32_t)number, line);
    } else if (has_segment && json_object_get(line, "pulled_by_group") != NULL) {
        take_pulled(history, (uint32_t)number, json_object_get(line, "pulled_by_group"));
    } else if (has_segment) {
        take_slice(history, (uint32_t)number, (uint32_t)time_ms, line);
    }
    return true;
}

static bool take_line(void *context, const json_t *line, struct weft_text *message)
{
    struct reader *reader = context;
    return reader->has_begun ? take_rest(reader->history, line, message)
                             : take_head(reader, line, message);
}

bool weft_sim_history_read(struct weft_sim_history *history, const char *path,
                           struct weft_text *message)
{
    struct reader reader = {.history = history};
    bool good = weft_sim_lines_read(path, take_line, &reader, message);
    if (good && history->summary == NULL) {
        weft_text_add(message, path);
        good = refuse(message, ": it ends before the summary; was the run ended by force?");
    }
    if (!good && reader.has_begun) {
        weft_sim_history_end(history);
    }
    return good;
}
