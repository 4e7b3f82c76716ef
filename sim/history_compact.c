/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how does a run fit into a page?": sums over segments as columns, and for every segment
 * a letter for each slice of time. sim/report/report.js reads it. */
#include "history_write.h"

#include <inttypes.h>

/* Sixty-four levels from nothing to all. */
static const char levels[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { TOP_LEVEL = 63 };

/* What is summed over segments for every slice. */
typedef uint64_t measure(const struct weft_sim_slice *slice, uint32_t index);

static uint64_t bytes_of(const struct weft_sim_slice *slice, uint32_t tier)
{
    return slice->bytes[tier];
}

static uint64_t control_of(const struct weft_sim_slice *slice, uint32_t index)
{
    (void)index;
    return slice->control_bytes;
}

static uint64_t complete_of(const struct weft_sim_slice *slice, uint32_t index)
{
    (void)index;
    return slice->complete;
}

static const struct weft_sim_slice *row_of(const struct weft_sim_history *history, uint32_t segment)
{
    return &history->slices[(size_t)segment * history->slice_count];
}

static void write_column(const struct weft_sim_history *history, measure *of, uint32_t index,
                         FILE *out)
{
    uint32_t used = weft_sim_history_used(history);
    for (uint32_t i = 0; i < used; i++) {
        uint64_t sum = 0;
        for (uint32_t s = 0; s < history->segment_count; s++) {
            sum += of(&row_of(history, s)[i], index);
        }
        fprintf(out, "%s%" PRIu64, i == 0 ? "[" : ",", sum);
    }
    fputc(']', out);
}

static void write_columns(const struct weft_sim_history *history, FILE *out)
{
    fprintf(out, ",\"by_tier\":[");
    for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
        fputs(t == 0 ? "" : ",", out);
        write_column(history, bytes_of, t, out);
    }
    fprintf(out, "],\"control\":");
    write_column(history, control_of, 0, out);
    fprintf(out, ",\"complete\":");
    write_column(history, complete_of, 0, out);
}

static void write_words(FILE *out)
{
    static const char *const tiers[] = {
#define X(name, text) text,
        WEFT_TIER_MAP(X)
#undef X
    };
    fprintf(out, ",\"tiers\":[");
    for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
        fprintf(out, "%s\"%s\"", t == 0 ? "" : ",", tiers[t]);
    }
    fprintf(out, "],\"reasons\":[");
    for (uint32_t i = 0; i < WEFT_STALL_COUNT; i++) {
        fprintf(out, "%s\"%s\"", i == 0 ? "" : ",", weft_stall_word((enum weft_stall)i));
    }
    fputc(']', out);
}

/* --- segments --- */

/* How full the segment was at the end of each slice; quite so only once its last node is done. */
static void write_fill(const struct weft_sim_history *history, uint32_t number, FILE *out)
{
    uint32_t used = weft_sim_history_used(history);
    const struct weft_sim_history_segment *segment = &history->segments[number];
    uint32_t owed = segment->node_count - segment->gone - segment->hostile;
    uint64_t whole = history->bytes * owed;
    uint64_t have = 0;
    fputs(",\"", out);
    for (uint32_t i = 0; i < used; i++) {
        for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
            have += row_of(history, number)[i].bytes[t];
        }
        uint64_t level = whole == 0 ? 0 : have / (whole / TOP_LEVEL + 1);
        level = level < TOP_LEVEL ? level : TOP_LEVEL - 1;
        bool done = segment->last_ms != WEFT_SIM_OPEN_MS &&
                    segment->last_ms < (uint64_t)(i + 1) * history->width_ms;
        fputc(levels[done ? TOP_LEVEL : level], out);
    }
    fputc('"', out);
}

/* What most of the waiting in each slice was for; "." = nobody waited. */
static void write_why(const struct weft_sim_history *history, uint32_t number, FILE *out)
{
    uint32_t used = weft_sim_history_used(history);
    fputs(",\"", out);
    for (uint32_t i = 0; i < used; i++) {
        const uint64_t *wait_ms = row_of(history, number)[i].wait_ms;
        uint32_t most = 0;
        for (uint32_t r = 1; r < WEFT_STALL_COUNT; r++) {
            most = wait_ms[r] > wait_ms[most] ? r : most;
        }
        fputc(wait_ms[most] == 0 ? '.' : levels[most], out);
    }
    fputc('"', out);
}

static struct weft_sim_slice sum_of(const struct weft_sim_history *history, uint32_t number)
{
    struct weft_sim_slice sum = {0};
    uint32_t used = weft_sim_history_used(history);
    for (uint32_t i = 0; i < used; i++) {
        const struct weft_sim_slice *slice = &row_of(history, number)[i];
        for (uint32_t r = 0; r < WEFT_STALL_COUNT; r++) {
            sum.wait_ms[r] += slice->wait_ms[r];
        }
        sum.wan_bytes += slice->wan_bytes;
        sum.control_bytes += slice->control_bytes;
    }
    return sum;
}

_Static_assert(WEFT_SIM_OPEN_MS == WEFT_SIM_NO_SEGMENT, "both are null in a report");

/* A time or a segment, or null where there is none. */
static void write_or_null(FILE *out, uint32_t value)
{
    if (value == WEFT_SIM_OPEN_MS) {
        fputs(",null", out);
    } else {
        fprintf(out, ",%u", value);
    }
}

static void write_segment(const struct weft_sim_history *history, uint32_t number, FILE *out)
{
    const struct weft_sim_history_segment *segment = &history->segments[number];
    struct weft_sim_slice sum = sum_of(history, number);
    fputs(number == 0 ? "[" : ",\n[", out);
    weft_sim_write_string(out, segment->name);
    fprintf(out, ",%u,%u,%u,%u", segment->node_count, segment->complete, segment->gone,
            segment->hostile);
    write_or_null(out, segment->half_ms);
    write_or_null(out, segment->last_ms);
    fprintf(out, ",%" PRIu64 ",%" PRIu64, sum.wan_bytes, sum.control_bytes);
    for (uint32_t r = 0; r < WEFT_STALL_COUNT; r++) {
        fprintf(out, "%s%" PRIu64, r == 0 ? ",[" : ",", sum.wait_ms[r]);
    }
    fputc(']', out);
    write_fill(history, number, out);
    write_why(history, number, out);
    fputc(']', out);
}

/* --- who, when, whom --- */

static void write_pulled(const struct weft_sim_history *history, FILE *out)
{
    uint32_t columns = history->group_count + 1;
    fprintf(out, ",\"groups\":%u,\"pulled\":[", history->group_count);
    for (uint32_t row = 0; row < history->group_count; row++) {
        fputs(row == 0 ? "[" : ",[", out);
        for (uint32_t column = 0; column < columns; column++) {
            uint64_t sum = 0;
            for (uint32_t s = 0; s < history->segment_count; s++) {
                bool counts = weft_sim_history_group(history, s) == row;
                sum += counts ? history->pulled[(size_t)s * columns + column] : 0;
            }
            fprintf(out, "%s%" PRIu64, column == 0 ? "" : ",", sum);
        }
        fputc(']', out);
    }
    fputc(']', out);
}

static void write_lanes(const struct weft_sim_history *history, FILE *out)
{
    fprintf(out, ",\"lanes_left_out\":%u,\"lanes\":[", history->lanes_left_out);
    for (uint32_t i = 0; i < history->lane_count; i++) {
        const struct weft_sim_lane *lane = &history->lanes[i];
        fprintf(out, "%s[%u,\"%" PRIx64 "\",%u", i == 0 ? "" : ",", lane->segment, lane->node,
                lane->begin_ms);
        write_or_null(out, lane->end_ms);
        fprintf(out, ",%d]", lane->crashed);
    }
    fputc(']', out);
}

static void write_incidents(const struct weft_sim_history *history, FILE *out)
{
    fprintf(out, ",\"incidents_left_out\":%u,\"incidents\":[", history->incidents_left_out);
    for (uint32_t i = 0; i < history->incident_count; i++) {
        const struct weft_sim_incident *incident = &history->incidents[i];
        fputs(i == 0 ? "[" : ",[", out);
        weft_sim_write_string(out, incident->what);
        write_or_null(out, incident->segment);
        fprintf(out, ",\"%" PRIx64 "\",%u", incident->node, incident->begin_ms);
        write_or_null(out, incident->end_ms);
        fputc(']', out);
    }
    fputc(']', out);
}

static void write_verdict(const struct weft_sim_history *history, FILE *out)
{
    fprintf(out, ",\"hops\":[");
    for (uint32_t i = 0; i < history->hop_count; i++) {
        const struct weft_sim_hop *hop = &history->hops[i];
        fprintf(out, "%s[%u,%u,\"%" PRIx64 "\",\"%" PRIx64 "\",%u]", i == 0 ? "" : ",",
                hop->time_ms, hop->segment, hop->node, hop->from, hop->chunk);
    }
    fprintf(out, "],\"rules\":[");
    for (uint32_t i = 0; i < history->rule_count; i++) {
        fputs(i == 0 ? "[" : ",[", out);
        weft_sim_write_string(out, history->rules[i].name);
        fputc(',', out);
        weft_sim_write_string(out, history->rules[i].statement);
        fputc(',', out);
        weft_sim_write_string(out, history->rules[i].detail);
        fputc(']', out);
    }
    fprintf(out, "],\"summary\":");
    /* A bare < is part of a string, where its number means the same. */
    for (const char *at = history->summary != NULL ? history->summary : "{}"; *at != '\0'; at++) {
        if (*at == '<') {
            fputs("\\u003c", out);
        } else {
            fputc(*at, out);
        }
    }
}

void weft_sim_history_write_compact(const struct weft_sim_history *history, const char *name,
                                    FILE *out)
{
    fprintf(out, "{\"name\":");
    weft_sim_write_string(out, name);
    fprintf(out, ",\"real\":%s,\"command\":", history->is_real ? "true" : "false");
    weft_sim_write_string(out, history->command);
    fprintf(out,
            ",\"nodes\":%u,\"sites\":%u,\"bytes\":%" PRIu64
            ",\"chunks\":%u,\"sampled\":%u,\"bound_ms\":%" PRIu64 ",\"relay_ms\":%" PRIu64
            ",\"direct_ms\":%" PRIu64 ",\"width_ms\":%u,\"end_ms\":%u",
            history->node_count, history->site_count, history->bytes, history->chunk_count,
            history->sampled, history->bound_ms, history->relay_bound_ms, history->direct_bound_ms,
            history->width_ms, history->end_ms);
    write_words(out);
    write_columns(history, out);
    fprintf(out, ",\"segments\":[");
    for (uint32_t s = 0; s < history->segment_count; s++) {
        write_segment(history, s, out);
    }
    fputc(']', out);
    write_pulled(history, out);
    write_lanes(history, out);
    write_incidents(history, out);
    write_verdict(history, out);
    fprintf(out, "}");
}
