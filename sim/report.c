/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what came of it?": counts, and prints for people. report_json.c prints for machines. */
#include "report.h"
#include "memory.h"

#include "protocol/amount.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MILLION UINT64_C(1000000)

/* --- counting --- */

static int by_time(const void *a, const void *b)
{
    const weft_ns *left = a;
    const weft_ns *right = b;
    return *left < *right ? -1 : *left > *right;
}

static void count_completion(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    weft_ns *times = weft_sim_memory_take(world->node_count, sizeof(*times));
    uint32_t count = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        if (node->complete) {
            times[count++] = node->complete_ns - world->publish_ns;
        } else if (node->alive) {
            summary->incomplete++;
            summary->stalls[weft_view_node(node->core).stall]++;
        }
    }
    qsort(times, count, sizeof(*times), by_time);
    summary->complete = count;
    if (count > 0) {
        summary->makespan_ns = times[count - 1];
        summary->p50_ns = times[(count - 1) / 2];
        summary->p95_ns = times[(uint64_t)(count - 1) * 95 / 100];
    }
    weft_sim_memory_give(times, world->node_count, sizeof(*times));
}

static uint64_t ppm(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : part / whole * MILLION + part % whole * MILLION / whole;
}

static void count_wan(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    uint64_t total = 0;
    for (uint32_t s = 0; s < world->topology.segment_count; s++) {
        uint64_t bytes = weft_sim_network_wan(world->network, s, false).payload_bytes;
        uint64_t copies = ppm(bytes, world->release.bytes);
        total += copies;
        if (copies > summary->wan_in_max_ppm) {
            summary->wan_in_max_ppm = copies;
            summary->wan_in_max_segment = s;
        }
    }
    uint32_t count = world->topology.segment_count;
    summary->wan_in_mean_ppm = count == 0 ? 0 : total / count;
    summary->source_copies_ppm =
        ppm(weft_sim_network_source(world->network).payload_bytes, world->release.bytes);
}

static void count_control(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    uint64_t total = 0;
    uint64_t idle = 0;
    uint64_t idle_ms = (world->publish_ns - world->mark_ns) / WEFT_NS_PER_MS;
    for (uint32_t i = 0; world->published && i < world->node_count; i++) {
        uint64_t sent =
            weft_sim_network_host(world->network, i, true).control_bytes - world->control_zero[i];
        uint64_t before = world->control_zero[i] - world->control_mark[i];
        total += sent;
        idle += before;
        summary->control_max = sent > summary->control_max ? sent : summary->control_max;
        before = idle_ms == 0 ? 0 : before * 1000 / idle_ms;
        summary->idle_max = before > summary->idle_max ? before : summary->idle_max;
    }
    summary->control_mean = total / world->node_count;
    summary->idle_mean = idle_ms == 0 ? 0 : idle * 1000 / idle_ms / world->node_count;
}

static void count_node(struct weft_sim_summary *summary, const struct weft_core *core)
{
    struct weft_view_counters counters = weft_view_counters(core);
    struct weft_view_release release;
    for (uint32_t i = 0; weft_view_release(core, i, &release); i++) {
        for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
            summary->bytes_by_tier[t] += release.bytes_by_tier[t];
        }
    }
    summary->leases_moved += counters.leases_moved;
    for (uint32_t i = 0; i < WEFT_REJECT_COUNT; i++) {
        summary->rejects[i] += counters.rejects[i];
    }
}

static void count_cores(struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    for (uint32_t s = 0; s < world->topology.segment_count; s++) {
        uint32_t agents = 0;
        for (uint32_t i = world->topology.first_of[s]; i < world->topology.first_of[s + 1]; i++) {
            const struct weft_core *core = world->nodes[i].core;
            if (world->nodes[i].alive) {
                count_node(summary, core);
                agents += weft_view_node(core).is_agent;
            }
        }
        summary->agents += agents;
        summary->segments_without_agent += agents == 0;
    }
}

void weft_sim_report_make(struct weft_sim_summary *summary, const struct weft_sim_world *world,
                          uint64_t wall_ns)
{
    memset(summary, 0, sizeof(*summary));
    summary->bound = weft_sim_bound(world->options);
    weft_ns now_ns = weft_sim_world_now(world);
    summary->simulated_ns = now_ns > world->publish_ns ? now_ns - world->publish_ns : 0;
    summary->wall_ns = wall_ns;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    summary->memory_bytes = (uint64_t)usage.ru_maxrss * 1024;
    if (world->first_known_ns != 0) {
        summary->first_known_ns = world->first_known_ns - world->publish_ns;
        summary->last_known_ns = world->last_known_ns - world->publish_ns;
    }
    count_completion(summary, world);
    count_wan(summary, world);
    count_control(summary, world);
    count_cores(summary, world);
}

/* --- printing for people --- */

static void label(const char *text)
{
    printf("  %-18s", text);
}

static void print_amount(uint64_t value, enum weft_unit unit)
{
    char buffer[64];
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_text_add_amount(&text, value, unit);
    fputs(buffer, stdout);
}

/* Bytes with three digits or so, where the exact number does not matter. */
static void print_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    uint64_t tenths = bytes * 10;
    uint32_t unit = 0;
    while (tenths >= 10000 && unit < 5) {
        tenths = (tenths + 500) / 1000;
        unit++;
    }
    if (unit == 0) {
        printf("%llu B", (unsigned long long)bytes);
        return;
    }
    printf("%llu.%llu %s", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10),
           units[unit]);
}

static void print_seconds(weft_ns ns)
{
    uint64_t ms = (ns + WEFT_NS_PER_MS / 2) / WEFT_NS_PER_MS;
    printf("%llu.%03llu s", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000));
}

static void print_ratio(uint64_t part, uint64_t whole)
{
    /* Microseconds are exact enough, and keep the product inside 64 bits. */
    uint64_t thousandths = whole / 1000 == 0 ? 0 : part / 1000 * 1000 / (whole / 1000);
    printf("%llu.%03llu", (unsigned long long)(thousandths / 1000),
           (unsigned long long)(thousandths % 1000));
}

static void print_copies(uint64_t copies_ppm)
{
    uint64_t thousandths = (copies_ppm + 500) / 1000;
    printf("%llu.%03llu", (unsigned long long)(thousandths / 1000),
           (unsigned long long)(thousandths % 1000));
}

static void print_rate(uint64_t bytes_per_s)
{
    if (bytes_per_s == 0) {
        printf("unlimited");
    } else {
        print_amount(bytes_per_s, WEFT_UNIT_RATE);
    }
}

static void print_network(const struct weft_sim_world *world)
{
    const struct weft_sim_options *options = world->options;
    printf("weft-sim: %u nodes in %u segments, ", options->node_count, options->segment_count);
    print_amount(options->size_bytes, WEFT_UNIT_BYTES);
    printf(" in %u chunks of ", world->release.chunk_count);
    print_amount(world->release.chunk_bytes, WEFT_UNIT_BYTES);
    printf(", seed %llu\n", (unsigned long long)options->seed);
    label("links");
    printf("LAN ");
    print_rate(options->lan_bytes_per_s);
    printf(", WAN ");
    print_rate(options->wan_bytes_per_s);
    printf(" a segment, source ");
    print_rate(options->source_bytes_per_s);
    printf("\n");
}

static void print_times(const struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    label("complete");
    printf("%u of %u nodes", summary->complete, world->node_count);
    if (world->gone_count > 0) {
        printf(", %u gone for good", world->gone_count);
    }
    printf("\n");
    label("known");
    print_seconds(summary->first_known_ns);
    printf("   after time zero to the first node, ");
    print_seconds(summary->last_known_ns - summary->first_known_ns);
    printf(" later to the last\n");
    label("makespan");
    print_seconds(summary->makespan_ns);
    printf("   half at ");
    print_seconds(summary->p50_ns);
    printf(", 95 %% at ");
    print_seconds(summary->p95_ns);
    printf("\n");
    label("lower bound");
    print_seconds(summary->bound.fluid_ns);
    printf("   makespan is ");
    print_ratio(summary->makespan_ns, summary->bound.fluid_ns);
    printf(" of it; ");
    print_ratio(summary->makespan_ns, summary->bound.one_copy_ns);
    printf(" of ");
    print_seconds(summary->bound.one_copy_ns);
    printf(", one source copy a segment\n");
}

static void print_bytes_moved(const struct weft_sim_summary *summary,
                              const struct weft_sim_world *world)
{
    label("WAN copies in");
    printf("mean ");
    print_copies(summary->wan_in_mean_ppm);
    printf(", most ");
    print_copies(summary->wan_in_max_ppm);
    printf(" (segment %u)\n", summary->wan_in_max_segment);
    label("source copies");
    print_copies(summary->source_copies_ppm);
    printf(" out, %llu requests, %llu refused\n", (unsigned long long)world->totals.source_requests,
           (unsigned long long)world->totals.source_refused);
    label("bytes by tier");
    static const char *const tiers[] = {
#define X(name, text) text,
        WEFT_TIER_MAP(X)
#undef X
    };
    const char *separator = "";
    for (uint32_t t = 0; t < WEFT_TIER_COUNT; t++) {
        if (summary->bytes_by_tier[t] > 0) {
            printf("%s%s ", separator, tiers[t]);
            print_bytes(summary->bytes_by_tier[t]);
            separator = ", ";
        }
    }
    printf("\n");
    label("chunks");
    printf("%llu stored, %llu twice, %llu discarded, %llu cut off\n",
           (unsigned long long)world->totals.chunks_stored,
           (unsigned long long)world->totals.chunks_twice,
           (unsigned long long)world->totals.losses.chunks_discarded,
           (unsigned long long)world->totals.losses.chunks_cut);
}

static void print_control(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world)
{
    label("control sent");
    uint64_t ms = summary->simulated_ns / WEFT_NS_PER_MS + 1;
    printf("mean ");
    print_bytes(summary->control_mean);
    printf(" a node (");
    print_bytes(summary->control_mean * 1000 / ms);
    printf("/s), most ");
    print_bytes(summary->control_max);
    printf(" (");
    print_bytes(summary->control_max * 1000 / ms);
    printf("/s)\n");
    label("idle before");
    printf("mean ");
    print_bytes(summary->idle_mean);
    printf("/s a node, most ");
    print_bytes(summary->idle_max);
    printf("/s\n");
    label("messages");
    printf("%llu frames, %llu datagrams, %llu lost\n", (unsigned long long)world->totals.frames,
           (unsigned long long)world->totals.datagrams,
           (unsigned long long)world->totals.datagrams_lost);
    label("agents");
    printf("%u at the end, %u segments without; %llu leases moved, %u crashes\n", summary->agents,
           summary->segments_without_agent, (unsigned long long)summary->leases_moved,
           world->faults.crash_count);
    label("dropped");
    const char *separator = "";
    for (uint32_t i = 1; i < WEFT_REJECT_COUNT; i++) {
        if (summary->rejects[i] > 0) {
            printf("%s%llu %s", separator, (unsigned long long)summary->rejects[i],
                   weft_reject_name((enum weft_reject)i));
            separator = ", ";
        }
    }
    printf("%s\n", separator[0] == '\0' ? "nothing" : "");
}

static void print_run(const struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    uint64_t events = weft_sim_queue_popped(world->queue);
    label("run");
    print_seconds(summary->wall_ns);
    printf(" of wall time, %llu events, ", (unsigned long long)events);
    printf("%llu a second, peak ",
           (unsigned long long)(events * 1000 / (summary->wall_ns / WEFT_NS_PER_MS + 1)));
    print_bytes(summary->memory_bytes);
    printf("\n");
    label("trace hash");
    printf("%016llx\n", (unsigned long long)world->record.hash);
}

static void print_verdict(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world)
{
    if (world->interrupted) {
        printf("  interrupted: these are the figures so far\n");
    }
    for (uint32_t i = 0; i < WEFT_SIM_STALLS; i++) {
        if (summary->stalls[i] > 0) {
            printf("  %u incomplete nodes wait: %s\n", summary->stalls[i],
                   weft_stall_word((enum weft_stall)i));
        }
    }
    const struct weft_sim_checks *checks = &world->checks;
    if (checks->failed) {
        printf("  VIOLATED %s: %s\n", weft_sim_check_name(checks->check),
               weft_sim_check_statement(checks->check));
        printf("  node %u (%016llx, segment %u) at ", checks->node,
               (unsigned long long)world->nodes[checks->node].id,
               world->nodes[checks->node].segment);
        print_seconds(checks->time_ns);
        printf(": %s\n", checks->detail);
    }
}

void weft_sim_report_text(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world)
{
    print_network(world);
    print_times(summary, world);
    print_bytes_moved(summary, world);
    print_control(summary, world);
    print_run(summary, world);
    print_verdict(summary, world);
}
