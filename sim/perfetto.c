/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does the time line look like?" to people who have a viewer for them. */
#include "perfetto.h"
#include "history_write.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

/* Process of the whole; segments are behind it. */
#define WHOLE 1

/* What a counter shows of a slice. */
typedef uint64_t measure(const struct weft_sim_slice *slice);

static uint64_t complete_of(const struct weft_sim_slice *slice)
{
    return slice->complete;
}

static uint64_t wan_of(const struct weft_sim_slice *slice)
{
    return slice->wan_bytes;
}

static uint64_t source_of(const struct weft_sim_slice *slice)
{
    return slice->bytes[WEFT_TIER_SOURCE];
}

static void name_process(uint32_t process, const char *name, FILE *out)
{
    fprintf(out,
            ",\n{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_name\",\"args\":{\"name\":", process);
    weft_sim_write_string(out, name);
    fprintf(out,
            "}},\n{\"ph\":\"M\",\"pid\":%u,\"name\":\"process_sort_index\",\"args\":{"
            "\"sort_index\":%u}}",
            process, process);
}

/* A counter of the segments [first, end): so many up to here, or so many a second. */
static void write_counter(const struct weft_sim_history *history, uint32_t process,
                          const char *name, uint32_t first, uint32_t end, measure *of, bool is_sum,
                          FILE *out)
{
    uint32_t used = weft_sim_history_used(history);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < used; i++) {
        uint64_t more = 0;
        for (uint32_t s = first; s < end; s++) {
            more += of(&history->slices[(size_t)s * history->slice_count + i]);
        }
        sum += more;
        fprintf(out,
                ",\n{\"ph\":\"C\",\"pid\":%u,\"name\":\"%s\",\"ts\":%" PRIu64
                ",\"args\":{\"value\":%" PRIu64 "}}",
                process, name, (uint64_t)i * history->width_ms * 1000,
                is_sum ? sum : more * 1000 / history->width_ms);
    }
}

/* Something that lasted; each has a track of its own, as slices of a track must nest. */
static void write_slice(uint32_t process, uint32_t track, const char *name, weft_node_id node,
                        uint32_t begin_ms, uint32_t end_ms, FILE *out)
{
    fprintf(out, ",\n{\"ph\":\"X\",\"pid\":%u,\"tid\":%u,\"name\":", process, track);
    weft_sim_write_string(out, name);
    fprintf(out, ",\"ts\":%" PRIu64 ",\"dur\":%" PRIu64 ",\"args\":{\"node\":\"%016" PRIx64 "\"}}",
            (uint64_t)begin_ms * 1000, (uint64_t)(end_ms > begin_ms ? end_ms - begin_ms : 0) * 1000,
            node);
}

static uint32_t end_of(const struct weft_sim_history *history, uint32_t end_ms)
{
    return end_ms == WEFT_SIM_OPEN_MS ? history->end_ms : end_ms;
}

static void write_segment(const struct weft_sim_history *history, uint32_t number, uint32_t process,
                          FILE *out)
{
    name_process(process, history->segments[number].name, out);
    write_counter(history, process, "nodes complete", number, number + 1, complete_of, true, out);
    write_counter(history, process, "WAN bytes/s", number, number + 1, wan_of, false, out);
    uint32_t track = 1;
    for (uint32_t i = 0; i < history->lane_count; i++) {
        const struct weft_sim_lane *lane = &history->lanes[i];
        if (lane->segment == number) {
            write_slice(process, track++, "Update Agent", lane->node, lane->begin_ms,
                        end_of(history, lane->end_ms), out);
        }
    }
    for (uint32_t i = 0; i < history->incident_count; i++) {
        const struct weft_sim_incident *incident = &history->incidents[i];
        if (incident->segment == number) {
            write_slice(process, track++, incident->what, incident->node, incident->begin_ms,
                        end_of(history, incident->end_ms), out);
        }
    }
}

struct place {
    uint32_t last_ms; /* when the segment was done */
    uint32_t number;  /* of the segment */
};

/* The slowest first. */
static int by_last(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    if (left->last_ms != right->last_ms) {
        return left->last_ms < right->last_ms ? 1 : -1;
    }
    return left->number < right->number ? -1 : 1;
}

static void write_whole(const struct weft_sim_history *history, FILE *out)
{
    uint32_t all = history->segment_count;
    name_process(WHOLE, "all segments", out);
    write_counter(history, WHOLE, "nodes complete", 0, all, complete_of, true, out);
    write_counter(history, WHOLE, "WAN bytes/s", 0, all, wan_of, false, out);
    write_counter(history, WHOLE, "source bytes/s", 0, all, source_of, false, out);
    for (uint32_t i = 0; i < history->incident_count; i++) {
        const struct weft_sim_incident *incident = &history->incidents[i];
        if (incident->segment == WEFT_SIM_NO_SEGMENT) {
            write_slice(WHOLE, i + 1, incident->what, 0, incident->begin_ms,
                        end_of(history, incident->end_ms), out);
        }
    }
}

void weft_sim_perfetto_write(const struct weft_sim_history *history, FILE *out)
{
    uint32_t count = history->segment_count;
    struct place *order = weft_sim_memory_take(count, sizeof(*order));
    for (uint32_t i = 0; i < count; i++) {
        order[i] = (struct place){history->segments[i].last_ms, i};
    }

    qsort(order, count, sizeof(*order), by_last);
    fprintf(out,
            "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"segments\":%u,\"drawn\":%u},"
            "\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":%d,\"name\":\"thread_name\",\"args\":{"
            "\"name\":\"faults\"}}",
            count, count < WEFT_SIM_PERFETTO_SEGMENTS_MAX ? count : WEFT_SIM_PERFETTO_SEGMENTS_MAX,
            WHOLE);
    write_whole(history, out);
    for (uint32_t i = 0; i < count && i < WEFT_SIM_PERFETTO_SEGMENTS_MAX; i++) {
        write_segment(history, order[i].number, WHOLE + 1 + i, out);
    }
    fprintf(out, "\n]}\n");
    weft_sim_memory_give(order, count, sizeof(*order));
}
