/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a run as one JSON object. Every value is an integer or a plain word, so nothing
 * needs escaping but the violated invariant's detail, which holds printable ASCII only. */
#include "report.h"

#include <stdio.h>

static void number(const char *name, uint64_t value)
{
    printf("  \"%s\": %llu,\n", name, (unsigned long long)value);
}

static void print_setting(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    number("segments", options->segment_count);
    number("nodes", options->node_count);
    number("bytes", options->size_bytes);
    number("chunks", world->releases.items[0].chunk_count);
    number("seed", options->seed);
    number("lan_bytes_per_s", options->lan_bytes_per_s);
    number("wan_bytes_per_s", options->wan_bytes_per_s);
    number("source_bytes_per_s", options->source_bytes_per_s);
}

static void print_map(const char *name, const char *const *words, const uint64_t *values,
                      uint32_t count)
{
    printf("  \"%s\": {", name);
    for (uint32_t i = 0; i < count; i++) {
        printf("%s\"%s\": %llu", i == 0 ? "" : ", ", words[i], (unsigned long long)values[i]);
    }
    printf("},\n");
}

static void print_figures(const struct weft_sim_summary *summary)
{
    number("complete", summary->complete);
    number("incomplete", summary->incomplete);
    number("gone", summary->totals.gone);
    number("makespan_ns", summary->makespan_ns);
    number("first_known_ns", summary->first_known_ns);
    number("last_known_ns", summary->last_known_ns);
    number("half_ns", summary->p50_ns);
    number("p95_ns", summary->p95_ns);
    number("bound_fluid_ns", summary->bound.fluid_ns);
    number("bound_one_copy_ns", summary->bound.one_copy_ns);
    number("wan_copies_mean_ppm", summary->wan_in_mean_ppm);
    number("wan_copies_max_ppm", summary->wan_in_max_ppm);
    number("source_copies_ppm", summary->source_copies_ppm);
    number("source_requests", summary->totals.source_requests);
    number("source_refused", summary->totals.source_refused);
    number("chunks_stored", summary->totals.chunks_stored);
    number("chunks_twice", summary->totals.chunks_twice);
    number("chunks_discarded", summary->totals.losses.chunks_discarded);
    number("chunks_cut", summary->totals.losses.chunks_cut);
    number("control_bytes_mean", summary->control_mean);
    number("control_bytes_max", summary->control_max);
    number("idle_bytes_per_s_mean", summary->idle_mean);
    number("idle_bytes_per_s_max", summary->idle_max);
    number("frames", summary->totals.frames);
    number("datagrams", summary->totals.datagrams);
    number("datagrams_lost", summary->totals.datagrams_lost);
    number("agents", summary->agents);
    number("segments_without_agent", summary->segments_without_agent);
    number("leases_moved", summary->leases_moved);
    number("crashes", summary->totals.crashes);
}

void weft_sim_report_json(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world)
{
    static const char *const tiers[] = {
#define X(name, text) text,
        WEFT_TIER_MAP(X)
#undef X
    };
    static const char *const stalls[] = {
#define X(name, text) text,
        WEFT_STALL_MAP(X)
#undef X
    };
    uint64_t waiting[WEFT_SIM_STALLS];
    for (uint32_t i = 0; i < WEFT_SIM_STALLS; i++) {
        waiting[i] = summary->stalls[i];
    }
    printf("{\n");
    print_setting(world);
    print_figures(summary);
    print_map("bytes_by_tier", tiers, summary->bytes_by_tier, WEFT_TIER_COUNT);
    print_map("incomplete_wait_for", stalls, waiting, WEFT_SIM_STALLS);
    number("events", summary->events);
    number("wall_ns", summary->wall_ns);
    number("memory_bytes", summary->memory_bytes);
    printf("  \"trace_hash\": \"%016llx\",\n", (unsigned long long)summary->trace_hash);
    printf("  \"interrupted\": %s,\n", world->interrupted ? "true" : "false");
    const struct weft_sim_checks *checks = &world->checks;
    if (checks->failed) {
        printf("  \"violated\": \"%s\",\n", weft_sim_check_name(checks->check));
        printf("  \"violated_by\": %u,\n", checks->node);
        printf("  \"violated_how\": \"%s\",\n", checks->detail);
    }
    printf("  \"ok\": %s\n}\n", checks->failed ? "false" : "true");
}
