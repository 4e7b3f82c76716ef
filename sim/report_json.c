/* SPDX-License-Identifier: Apache-2.0 */
/* The summary of a run as one JSON object. Every value is an integer or a plain word, so nothing
 * needs escaping but the violated invariant's detail, which holds printable ASCII only. */
#include "report.h"

static void number(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "  \"%s\": %llu,\n", name, (unsigned long long)value);
}

static void print_setting(FILE *out, const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    number(out, "segments", options->segment_count);
    number(out, "nodes", options->node_count);
    number(out, "bytes", options->size_bytes);
    number(out, "chunks", world->releases.items[0].chunk_count);
    number(out, "seed", options->seed);
    number(out, "lan_bytes_per_s", options->lan_bytes_per_s);
    number(out, "wan_bytes_per_s", options->wan_bytes_per_s);
    number(out, "source_bytes_per_s", options->source_bytes_per_s);
}

static void print_map(FILE *out, const char *name, const char *const *words, const uint64_t *values,
                      uint32_t count)
{
    fprintf(out, "  \"%s\": {", name);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(out, "%s\"%s\": %llu", i == 0 ? "" : ", ", words[i], (unsigned long long)values[i]);
    }
    fprintf(out, "},\n");
}

static void print_figures(FILE *out, const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world)
{
    number(out, "complete", summary->complete);
    number(out, "incomplete", summary->incomplete);
    number(out, "gone", summary->totals.gone);
    number(out, "hostile", world->hostile_count);
    number(out, "makespan_ns", summary->makespan_ns);
    number(out, "first_known_ns", summary->first_known_ns);
    number(out, "last_known_ns", summary->last_known_ns);
    number(out, "half_ns", summary->p50_ns);
    number(out, "p95_ns", summary->p95_ns);
    number(out, "bound_fluid_ns", summary->bound.fluid_ns);
    number(out, "bound_one_copy_ns", summary->bound.one_copy_ns);
    number(out, "wan_copies_mean_ppm", summary->wan_in_mean_ppm);
    if (summary->honest_makespan_ns > 0) {
        number(out, "honest_makespan_ns", summary->honest_makespan_ns);
        number(out, "honest_wan_copies_mean_ppm", summary->honest_wan_ppm);
    }
    number(out, "wan_copies_max_ppm", summary->wan_in_max_ppm);
    number(out, "wan_in_wire_bytes", summary->wan_in_wire_bytes);
    number(out, "source_copies_ppm", summary->source_copies_ppm);
    number(out, "source_requests", summary->totals.source_requests);
    number(out, "source_refused", summary->totals.source_refused);
    number(out, "source_slow", summary->totals.source_slow);
    number(out, "chunks_stored", summary->totals.chunks_stored);
    number(out, "chunks_twice", summary->totals.chunks_twice);
    number(out, "chunks_discarded", summary->totals.losses.chunks_discarded);
    number(out, "chunks_cut", summary->totals.losses.chunks_cut);
    number(out, "control_bytes_mean", summary->control_mean);
    number(out, "control_bytes_max", summary->control_max);
    number(out, "idle_bytes_per_s_mean", summary->idle_mean);
    number(out, "idle_bytes_per_s_max", summary->idle_max);
    number(out, "frames", summary->totals.frames);
    number(out, "datagrams", summary->totals.datagrams);
    number(out, "datagrams_lost", summary->totals.datagrams_lost);
    number(out, "datagrams_flipped", summary->totals.datagrams_flipped);
    number(out, "records_flipped", summary->totals.records_flipped);
    number(out, "bodies_flipped", summary->totals.bodies_flipped);
    number(out, "agents", summary->agents);
    number(out, "segments_without_agent", summary->segments_without_agent);
    number(out, "leases_moved", summary->leases_moved);
    number(out, "crashes", summary->totals.crashes);
}

void weft_sim_report_json(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world, FILE *out)
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
    fprintf(out, "{\n");
    print_setting(out, world);
    print_figures(out, summary, world);
    print_map(out, "bytes_by_tier", tiers, summary->bytes_by_tier, WEFT_TIER_COUNT);
    print_map(out, "incomplete_wait_for", stalls, waiting, WEFT_SIM_STALLS);
    number(out, "events", summary->events);
    number(out, "wall_ns", summary->wall_ns);
    number(out, "memory_bytes", summary->memory_bytes);
    fprintf(out, "  \"trace_hash\": \"%016llx\",\n", (unsigned long long)summary->trace_hash);
    fprintf(out, "  \"interrupted\": %s,\n", world->interrupted ? "true" : "false");
    const struct weft_sim_checks *checks = &world->checks;
    if (checks->failed) {
        fprintf(out, "  \"violated\": \"%s\",\n", weft_sim_check_name(checks->check));
        fprintf(out, "  \"violated_by\": %u,\n", checks->node);
        fprintf(out, "  \"violated_how\": \"%s\",\n", checks->detail);
    }
    fprintf(out, "  \"ok\": %s\n}\n", checks->failed || world->interrupted ? "false" : "true");
}
