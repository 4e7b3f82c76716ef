/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how does a run become a trace file?". history_compact.c answers it for reports. */
#include "history_write.h"

#include <inttypes.h>

static const char *const tiers[] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

void weft_sim_write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\' || *at == '<' || *at == '>' || *at == '&' || *at < ' ') {
            fprintf(out, "\\u%04x", *at);
        } else {
            fputc(*at, out);
        }
    }
    fputc('"', out);
}

static void write_head(const struct weft_sim_history *history, FILE *out)
{
    fprintf(out, "{\"weft_trace\":1,\"origin\":\"%s\",\"command\":",
            history->is_real ? "nodes" : "simulator");
    weft_sim_write_string(out, history->command);
    fprintf(out,
            ",\"nodes\":%u,\"segments\":%u,\"sites\":%u,\"bytes\":%" PRIu64
            ",\"chunks\":%u,\"sampled\":%u,"
            "\"bound_ms\":%" PRIu64 ",\"relay_bound_ms\":%" PRIu64 ",\"direct_bound_ms\":%" PRIu64
            ",\"width_ms\":%u,\"end_ms\":%u}\n",
            history->node_count, history->segment_count, history->site_count, history->bytes,
            history->chunk_count, history->sampled, history->bound_ms, history->relay_bound_ms,
            history->direct_bound_ms, history->width_ms, history->end_ms);
}

static void write_until(FILE *out, const char *name, uint32_t time_ms)
{
    if (time_ms != WEFT_SIM_OPEN_MS) {
        fprintf(out, ",\"%s\":%u", name, time_ms);
    }
}

static void write_segments(const struct weft_sim_history *history, FILE *out)
{
    for (uint32_t s = 0; s < history->segment_count; s++) {
        const struct weft_sim_history_segment *segment = &history->segments[s];
        fprintf(out, "{\"segment\":%u,\"name\":", s);
        weft_sim_write_string(out, segment->name);
        fprintf(out, ",\"nodes\":%u", segment->node_count);
        fprintf(out, ",\"gone\":%u", segment->gone);
        fprintf(out, ",\"hostile\":%u", segment->hostile);
        write_until(out, "half_ms", segment->half_ms);
        write_until(out, "last_ms", segment->last_ms);
        fprintf(out, "}\n");
    }
}

/* {"a":1,"b":2} of the values that are not 0, behind their name; nothing if all are. */
static void write_map(FILE *out, const char *name, const uint64_t *values, uint32_t count,
                      const char *(*word)(uint32_t))
{
    const char *separator = "";
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] == 0) {
            continue;
        }
        if (separator[0] == '\0') {
            fprintf(out, ",\"%s\":{", name);
        }
        fprintf(out, "%s\"%s\":%" PRIu64, separator, word(i), values[i]);
        separator = ",";
    }
    if (separator[0] != '\0') {
        fputc('}', out);
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

static void write_number(FILE *out, const char *name, uint64_t value)
{
    if (value > 0) {
        fprintf(out, ",\"%s\":%" PRIu64, name, value);
    }
}

static void write_slice(const struct weft_sim_slice *slice, FILE *out)
{
    write_map(out, "bytes", slice->bytes, WEFT_TIER_COUNT, tier_word);
    write_map(out, "wait_ms", slice->wait_ms, WEFT_STALL_COUNT, stall_word);
    write_number(out, "wan", slice->wan_bytes);
    write_number(out, "control", slice->control_bytes);
    write_number(out, "complete", slice->complete);
}

static bool is_empty(const struct weft_sim_slice *slice)
{
    uint64_t sum = slice->wan_bytes + slice->control_bytes + slice->complete;
    for (uint32_t i = 0; i < WEFT_TIER_COUNT; i++) {
        sum += slice->bytes[i];
    }
    for (uint32_t i = 0; i < WEFT_STALL_COUNT; i++) {
        sum += slice->wait_ms[i];
    }
    return sum == 0;
}

/* In order of time, as if they had been written while it passed. */
static void write_slices(const struct weft_sim_history *history, FILE *out)
{
    uint32_t used = weft_sim_history_used(history);
    for (uint32_t i = 0; i < used; i++) {
        for (uint32_t s = 0; s < history->segment_count; s++) {
            const struct weft_sim_slice *slice =
                &history->slices[(size_t)s * history->slice_count + i];
            if (!is_empty(slice)) {
                fprintf(out, "{\"t_ms\":%" PRIu64 ",\"segment\":%u",
                        (uint64_t)i * history->width_ms, s);
                write_slice(slice, out);
                fprintf(out, "}\n");
            }
        }
    }
}

static void write_pulled(const struct weft_sim_history *history, FILE *out)
{
    uint32_t columns = history->group_count + 1;
    for (uint32_t s = 0; s < history->segment_count; s++) {
        fprintf(out, "{\"segment\":%u,\"pulled_by_group\":[", s);
        for (uint32_t g = 0; g < columns; g++) {
            fprintf(out, "%s%" PRIu64, g == 0 ? "" : ",", history->pulled[(size_t)s * columns + g]);
        }
        fprintf(out, "]}\n");
    }
}

static void write_events(const struct weft_sim_history *history, FILE *out)
{
    for (uint32_t i = 0; i < history->lane_count; i++) {
        const struct weft_sim_lane *lane = &history->lanes[i];
        fprintf(out, "{\"t_ms\":%u,\"event\":\"agent\",\"segment\":%u,\"node\":\"%016" PRIx64 "\"",
                lane->begin_ms, lane->segment, lane->node);
        write_until(out, "until_ms", lane->end_ms);
        fprintf(out, ",\"crashed\":%s}\n", lane->crashed ? "true" : "false");
    }
    for (uint32_t i = 0; i < history->incident_count; i++) {
        const struct weft_sim_incident *incident = &history->incidents[i];
        fprintf(out, "{\"t_ms\":%u,\"event\":", incident->begin_ms);
        weft_sim_write_string(out, incident->what);
        if (incident->segment != WEFT_SIM_NO_SEGMENT) {
            fprintf(out, ",\"segment\":%u,\"node\":\"%016" PRIx64 "\"", incident->segment,
                    incident->node);
        }
        write_until(out, "until_ms", incident->end_ms);
        fprintf(out, "}\n");
    }
}

static void write_verdict(const struct weft_sim_history *history, FILE *out)
{
    for (uint32_t i = 0; i < history->hop_count; i++) {
        const struct weft_sim_hop *hop = &history->hops[i];
        fprintf(out,
                "{\"t_ms\":%u,\"event\":\"hop\",\"segment\":%u,\"node\":\"%016" PRIx64
                "\",\"from\":\"%016" PRIx64 "\",\"chunk\":%u}\n",
                hop->time_ms, hop->segment, hop->node, hop->from, hop->chunk);
    }
    for (uint32_t i = 0; i < history->rule_count; i++) {
        const struct weft_sim_rule *rule = &history->rules[i];
        fprintf(out, "{\"rule\":");
        weft_sim_write_string(out, rule->name);
        fprintf(out, ",\"statement\":");
        weft_sim_write_string(out, rule->statement);
        fprintf(out, ",\"violated\":");
        weft_sim_write_string(out, rule->detail);
        fprintf(out, "}\n");
    }
    if (history->summary == NULL) {
        return;
    }
    fprintf(out, "{\"summary\":");
    for (const char *at = history->summary; *at != '\0'; at++) {
        if (*at != '\n') {
            fputc(*at, out);
        }
    }
    fprintf(out, "}\n");
}

void weft_sim_history_write(const struct weft_sim_history *history, FILE *out)
{
    write_head(history, out);
    write_segments(history, out);
    write_slices(history, out);
    write_pulled(history, out);
    write_events(history, out);
    write_verdict(history, out);
}
