/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over slices, and one JSON object of them; see history_sum.h. */
#include "history_sum.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int by_time(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return *left < *right ? -1 : *left > *right;
}

static uint64_t copies_ppm(uint64_t bytes, uint64_t whole)
{
    return whole == 0 ? 0 : bytes / whole * 1000000 + bytes % whole * 1000000 / whole;
}

static uint64_t mean(uint64_t sum, uint32_t count)
{
    return count == 0 ? 0 : sum / count;
}

struct figures {
    uint64_t wan_mean_ppm;  /* copies into a segment */
    uint64_t wan_max_ppm;   /* the segment with most */
    uint64_t source_ppm;    /* copies out of the source */
    uint64_t control_bytes; /* of a node, mean */
};

static struct figures sum_up(const struct weft_sim_history *history)
{
    struct figures sum = {0};
    uint64_t source = 0;
    uint64_t control = 0;
    for (uint32_t s = 0; s < history->segment_count; s++) {
        uint64_t wan = 0;
        for (uint32_t i = 0; i < history->slice_count; i++) {
            const struct weft_sim_slice *slice =
                &history->slices[(size_t)s * history->slice_count + i];
            wan += slice->wan_bytes;
            source += slice->bytes[WEFT_TIER_SOURCE];
            control += slice->control_bytes;
        }
        uint64_t ppm = copies_ppm(wan, history->bytes);
        sum.wan_mean_ppm += ppm;
        sum.wan_max_ppm = ppm > sum.wan_max_ppm ? ppm : sum.wan_max_ppm;
    }
    sum.wan_mean_ppm = mean(sum.wan_mean_ppm, history->segment_count);
    sum.source_ppm = copies_ppm(source, history->bytes);
    sum.control_bytes = mean(control, history->node_count);
    return sum;
}

void weft_sim_history_sum_nodes(struct weft_sim_history *history, struct weft_sim_finish *finish)
{
    struct figures sum = sum_up(history);
    uint32_t count = finish->done_count;
    uint32_t none = 0;
    const uint32_t *done = count == 0 ? &none : finish->done_ms;
    uint32_t last = count == 0 ? 0 : count - 1;
    size_t length = 0;
    qsort(finish->done_ms, count, sizeof(finish->done_ms[0]), by_time);
    FILE *out = open_memstream(&history->summary, &length);
    if (out == NULL) {
        return;
    }
    fprintf(out,
            "{\n  \"segments\": %u,\n  \"nodes\": %u,\n  \"bytes\": %" PRIu64 ",\n  \"chunks\": %u,"
            "\n  \"complete\": %u,\n  \"incomplete\": %u,\n",
            history->segment_count, history->node_count, history->bytes, history->chunk_count,
            count, history->node_count - count);
    fprintf(out,
            "  \"makespan_ns\": %" PRIu64 ",\n  \"half_ns\": %" PRIu64 ",\n  \"p95_ns\": %" PRIu64
            ",\n",
            done[last] * WEFT_NS_PER_MS, done[last / 2] * WEFT_NS_PER_MS,
            done[(uint64_t)last * 95 / 100] * WEFT_NS_PER_MS);
    fprintf(out,
            "  \"wan_copies_mean_ppm\": %" PRIu64 ",\n  \"wan_copies_max_ppm\": %" PRIu64
            ",\n  \"source_copies_ppm\": %" PRIu64 ",\n  \"control_bytes_mean\": %" PRIu64
            ",\n  \"release\": \"%016" PRIx64 "\",\n  \"began_unix_ms\": %" PRIu64
            ",\n  \"ok\": %s\n}\n",
            sum.wan_mean_ppm, sum.wan_max_ppm, sum.source_ppm, sum.control_bytes, finish->release,
            finish->began_unix_ms, count == history->node_count ? "true" : "false");
    fclose(out);
}
