/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what is kept of a run, and in how much room?". */
#include "history.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t slices_for(uint32_t segment_count)
{
    uint32_t count = WEFT_SIM_SLICES_ALL / segment_count;
    count = count > WEFT_SIM_SLICES_MAX ? WEFT_SIM_SLICES_MAX : count;
    return count < WEFT_SIM_SLICES_MIN ? WEFT_SIM_SLICES_MIN : count / 2 * 2;
}

static size_t slices_in_all(const struct weft_sim_history *history)
{
    return (size_t)history->segment_count * history->slice_count;
}

static size_t pulled_in_all(const struct weft_sim_history *history)
{
    return (size_t)history->segment_count * (history->group_count + 1);
}

void weft_sim_history_begin(struct weft_sim_history *history, uint32_t segment_count,
                            uint32_t width_ms)
{
    memset(history, 0, sizeof(*history));
    history->segment_count = segment_count;
    history->site_count = segment_count;
    history->width_ms = width_ms;
    history->slice_count = slices_for(segment_count);
    history->group_count =
        segment_count < WEFT_SIM_GROUPS_MAX ? segment_count : WEFT_SIM_GROUPS_MAX;
    history->sampled = 1;
    history->slices = weft_sim_memory_take(slices_in_all(history), sizeof(history->slices[0]));
    history->segments = weft_sim_memory_take(segment_count, sizeof(history->segments[0]));
    history->pulled = weft_sim_memory_take(pulled_in_all(history), sizeof(history->pulled[0]));
    history->lanes = weft_sim_memory_take(WEFT_SIM_LANES_MAX, sizeof(history->lanes[0]));
    history->incidents =
        weft_sim_memory_take(WEFT_SIM_INCIDENTS_MAX, sizeof(history->incidents[0]));
}

void weft_sim_history_end(struct weft_sim_history *history)
{
    free(history->summary);
    weft_sim_memory_give(history->incidents, WEFT_SIM_INCIDENTS_MAX, sizeof(history->incidents[0]));
    weft_sim_memory_give(history->lanes, WEFT_SIM_LANES_MAX, sizeof(history->lanes[0]));
    weft_sim_memory_give(history->pulled, pulled_in_all(history), sizeof(history->pulled[0]));
    weft_sim_memory_give(history->segments, history->segment_count, sizeof(history->segments[0]));
    weft_sim_memory_give(history->slices, slices_in_all(history), sizeof(history->slices[0]));
    memset(history, 0, sizeof(*history));
}

/* What lasts begins anew with the release; what is over is of no interest any more. */
static void carry_over(struct weft_sim_history *history)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < history->lane_count; i++) {
        if (history->lanes[i].end_ms == WEFT_SIM_OPEN_MS) {
            history->lanes[kept] = history->lanes[i];
            history->lanes[kept++].begin_ms = 0;
        }
    }
    history->lane_count = kept;
    kept = 0;
    for (uint32_t i = 0; i < history->incident_count; i++) {
        if (history->incidents[i].end_ms == WEFT_SIM_OPEN_MS) {
            history->incidents[kept] = history->incidents[i];
            history->incidents[kept++].begin_ms = 0;
        }
    }
    history->incident_count = kept;
}

void weft_sim_history_restart(struct weft_sim_history *history, uint32_t width_ms)
{
    memset(history->slices, 0, slices_in_all(history) * sizeof(history->slices[0]));
    memset(history->pulled, 0, pulled_in_all(history) * sizeof(history->pulled[0]));
    carry_over(history);
    history->width_ms = width_ms;
    history->end_ms = 0;
}

/* --- slices --- */

static uint64_t part_of(uint64_t value, uint64_t part, uint64_t parts)
{
    return value / parts + (part < value % parts ? 1 : 0);
}

void weft_sim_history_add_part(struct weft_sim_slice *slice, const struct weft_sim_slice *more,
                               uint32_t part, uint32_t parts)
{
    for (uint32_t i = 0; i < WEFT_TIER_COUNT; i++) {
        slice->bytes[i] += part_of(more->bytes[i], part, parts);
    }
    for (uint32_t i = 0; i < WEFT_STALL_COUNT; i++) {
        slice->wait_ms[i] += part_of(more->wait_ms[i], part, parts);
    }
    slice->wan_bytes += part_of(more->wan_bytes, part, parts);
    slice->control_bytes += part_of(more->control_bytes, part, parts);
    slice->complete += part_of(more->complete, part, parts);
}

/* Two slices become one: half as many are in use, and the rest is free. */
static void widen(struct weft_sim_history *history)
{
    for (uint32_t s = 0; s < history->segment_count; s++) {
        struct weft_sim_slice *row = &history->slices[(size_t)s * history->slice_count];
        uint32_t half = history->slice_count / 2;
        for (uint32_t i = 0; i < half; i++) {
            struct weft_sim_slice sum = row[(size_t)2 * i];
            weft_sim_history_add_part(&sum, &row[(size_t)2 * i + 1], 0, 1);
            row[i] = sum;
        }
        memset(&row[half], 0, half * sizeof(row[0]));
    }
    history->width_ms *= 2;
}

void weft_sim_history_reach(struct weft_sim_history *history, uint32_t time_ms)
{
    while (time_ms / history->width_ms >= history->slice_count) {
        widen(history);
    }
}

uint32_t weft_sim_history_used(const struct weft_sim_history *history)
{
    uint32_t used = history->end_ms / history->width_ms + 1;
    return used < history->slice_count ? used : history->slice_count;
}

/* --- who is agent, what goes wrong --- */

static struct weft_sim_lane *open_lane(const struct weft_sim_history *history, weft_node_id node)
{
    for (uint32_t i = history->lane_count; i-- > 0;) {
        struct weft_sim_lane *lane = &history->lanes[i];
        if (lane->node == node && lane->end_ms == WEFT_SIM_OPEN_MS) {
            return lane;
        }
    }
    return NULL;
}

void weft_sim_history_agent(struct weft_sim_history *history, uint32_t segment, weft_node_id node,
                            uint32_t time_ms)
{
    if (open_lane(history, node) != NULL) {
        return;
    }
    if (history->lane_count == WEFT_SIM_LANES_MAX) {
        history->lanes_left_out++;
        return;
    }
    history->lanes[history->lane_count++] = (struct weft_sim_lane){
        .node = node, .segment = segment, .begin_ms = time_ms, .end_ms = WEFT_SIM_OPEN_MS};
}

void weft_sim_history_no_agent(struct weft_sim_history *history, weft_node_id node,
                               uint32_t time_ms, bool crashed)
{
    struct weft_sim_lane *lane = open_lane(history, node);
    if (lane != NULL) {
        lane->end_ms = time_ms;
        lane->crashed = crashed;
    }
}

void weft_sim_history_begins(struct weft_sim_history *history, const char *what, uint32_t segment,
                             weft_node_id node, uint32_t time_ms)
{
    if (history->incident_count == WEFT_SIM_INCIDENTS_MAX) {
        history->incidents_left_out++;
        return;
    }
    struct weft_sim_incident *incident = &history->incidents[history->incident_count++];
    *incident = (struct weft_sim_incident){
        .node = node, .segment = segment, .begin_ms = time_ms, .end_ms = WEFT_SIM_OPEN_MS};
    snprintf(incident->what, sizeof(incident->what), "%s", what);
}

void weft_sim_history_ends(struct weft_sim_history *history, const char *what, weft_node_id node,
                           uint32_t time_ms)
{
    for (uint32_t i = history->incident_count; i-- > 0;) {
        struct weft_sim_incident *incident = &history->incidents[i];
        if (incident->node == node && incident->end_ms == WEFT_SIM_OPEN_MS &&
            strcmp(incident->what, what) == 0) {
            incident->end_ms = time_ms;
            return;
        }
    }
}
