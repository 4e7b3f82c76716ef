/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what came of a run for people. report_json.c prints for machines. */
#include "report.h"

#include "protocol/amount.h"
#include "protocol/text.h"
#include "protocol/view.h"

#include <stdio.h>

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
    uint32_t chunks = world->releases.items[0].chunk_count;
    printf("weft-sim: %u node%s in %u segment%s, ", options->node_count,
           weft_text_ending(options->node_count), options->segment_count,
           weft_text_ending(options->segment_count));
    print_amount(options->size_bytes, WEFT_UNIT_BYTES);
    printf(" in %u chunk%s of ", chunks, weft_text_ending(chunks));
    print_amount(world->releases.items[0].chunk_bytes, WEFT_UNIT_BYTES);
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

/* How long it took those who are complete, and beside the least time; of a run that is not over
 * there is nothing to compare. */
static void print_makespan(const struct weft_sim_summary *summary)
{
    bool over = summary->incomplete == 0 && summary->complete > 0;
    label("makespan");
    if (summary->complete == 0) {
        printf(summary->incomplete > 0 ? "no node is complete\n"
                                       : "nobody is left to whom the release is owed\n");
    } else {
        print_seconds(summary->makespan_ns);
        printf("   half at ");
        print_seconds(summary->p50_ns);
        printf(", 95 %% at ");
        print_seconds(summary->p95_ns);
        printf(over ? "\n" : " of those that are complete\n");
    }
    label("lower bound");
    print_seconds(summary->bound.fluid_ns);
    if (over) {
        printf("   makespan is ");
        print_ratio(summary->makespan_ns, summary->bound.fluid_ns);
        printf(" of it; ");
        print_ratio(summary->makespan_ns, summary->bound.one_copy_ns);
        printf(" of ");
        print_seconds(summary->bound.one_copy_ns);
        printf(", one source copy a segment\n");
    } else {
        printf("   and ");
        print_seconds(summary->bound.one_copy_ns);
        printf(" with one source copy a segment\n");
    }
}

static void print_times(const struct weft_sim_summary *summary, const struct weft_sim_world *world)
{
    label("complete");
    printf("%u of %u nodes", summary->complete, world->node_count);
    if (summary->totals.gone > 0) {
        printf(", %u gone for good", summary->totals.gone);
    }
    if (world->hostile_count > 0) {
        printf(", %u hostile", world->hostile_count);
    }
    printf("\n");
    label("known");
    if (summary->last_known_ns == 0) {
        printf("to no node\n");
    } else {
        print_seconds(summary->first_known_ns);
        printf("   after time zero to the first node, ");
        print_seconds(summary->last_known_ns - summary->first_known_ns);
        printf(" later to the last\n");
    }
    print_makespan(summary);
}

/* What hostile nodes cost, if the same run was made without. */
static void print_honest(const struct weft_sim_summary *summary)
{
    if (summary->honest_makespan_ns == 0) {
        return;
    }
    label("all nodes honest");
    print_seconds(summary->honest_makespan_ns);
    printf("   makespan is ");
    print_ratio(summary->makespan_ns, summary->honest_makespan_ns);
    printf(" of it; WAN copies are ");
    print_ratio(summary->wan_in_mean_ppm, summary->honest_wan_ppm);
    printf(" of ");
    print_copies(summary->honest_wan_ppm);
    printf("\n");
}

static void print_bytes_moved(const struct weft_sim_summary *summary)
{
    label("WAN copies in");
    printf("mean ");
    print_copies(summary->wan_in_mean_ppm);
    printf(", most ");
    print_copies(summary->wan_in_max_ppm);
    printf(" (segment %u)\n", summary->wan_in_max_segment);
    label("source copies");
    print_copies(summary->source_copies_ppm);
    printf(" out, %llu requests, %llu refused", (unsigned long long)summary->totals.source_requests,
           (unsigned long long)summary->totals.source_refused);
    if (summary->totals.source_slow > 0) {
        printf(", %llu too slow", (unsigned long long)summary->totals.source_slow);
    }
    printf("\n");
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
    printf("%s\n", separator[0] == '\0' ? "nothing" : "");
    label("chunks");
    printf("%llu stored, %llu twice, %llu discarded, %llu cut off\n",
           (unsigned long long)summary->totals.chunks_stored,
           (unsigned long long)summary->totals.chunks_twice,
           (unsigned long long)summary->totals.losses.chunks_discarded,
           (unsigned long long)summary->totals.losses.chunks_cut);
}

static void print_control(const struct weft_sim_summary *summary)
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
    printf("%llu frames, %llu datagrams, %llu lost\n", (unsigned long long)summary->totals.frames,
           (unsigned long long)summary->totals.datagrams,
           (unsigned long long)summary->totals.datagrams_lost);
    const struct weft_sim_totals *totals = &summary->totals;
    if (totals->datagrams_flipped + totals->records_flipped + totals->bodies_flipped > 0) {
        label("bits flipped");
        printf(
            "%llu datagrams dropped, %llu streams closed, %llu of the source's answers refused\n",
            (unsigned long long)totals->datagrams_flipped,
            (unsigned long long)totals->records_flipped,
            (unsigned long long)totals->bodies_flipped);
    }
    label("agents");
    printf("%u at the end, %u segments without; %llu leases moved, %llu crashes\n", summary->agents,
           summary->segments_without_agent, (unsigned long long)summary->leases_moved,
           (unsigned long long)summary->totals.crashes);
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

static void print_run(const struct weft_sim_summary *summary)
{
    uint64_t events = summary->events;
    label("run");
    print_seconds(summary->wall_ns);
    printf(" of wall time, %llu events, ", (unsigned long long)events);
    printf("%llu a second, peak ",
           (unsigned long long)(events * 1000 / (summary->wall_ns / WEFT_NS_PER_MS + 1)));
    print_bytes(summary->memory_bytes);
    printf("\n");
    label("trace hash");
    printf("%016llx\n", (unsigned long long)summary->trace_hash);
}

const char *weft_sim_report_stall(enum weft_stall stall)
{
    static const char *const texts[WEFT_STALL_COUNT] = {
        [WEFT_STALL_NONE] = "nothing",
        [WEFT_STALL_NO_MANIFEST] = "the release is not known yet",
        [WEFT_STALL_NO_PEER] = "there is nobody to ask",
        [WEFT_STALL_QUEUED_AT_PEER] = "neighbours are busy with others",
        [WEFT_STALL_TRANSFER] = "bytes are on their way",
        [WEFT_STALL_VERIFY] = "the release is being checked",
        [WEFT_STALL_DISK] = "the disk is slow or full",
        [WEFT_STALL_CAPPED] = "limits of the nodes themselves",
        [WEFT_STALL_WAITING_AGENT] = "the segment's agent has not brought the bytes yet",
        [WEFT_STALL_SOURCE_DOWN] = "the source does not answer",
        [WEFT_STALL_ASLEEP] = "down",
    };
    return texts[stall];
}

static void print_verdict(const struct weft_sim_summary *summary,
                          const struct weft_sim_world *world)
{
    if (world->interrupted) {
        weft_ns zero_ns = world->releases.items[0].publish_ns;
        bool begun = world->now_ns >= zero_ns;
        printf("  interrupted ");
        print_seconds(begun ? world->now_ns - zero_ns : zero_ns - world->now_ns);
        printf(" %s time zero: these are the figures so far\n", begun ? "after" : "before");
    }
    for (uint32_t i = 0; i < WEFT_SIM_STALLS; i++) {
        if (summary->stalls[i] > 0) {
            label(weft_stall_word((enum weft_stall)i));
            printf("%u incomplete node%s: %s\n", summary->stalls[i],
                   weft_text_ending(summary->stalls[i]), weft_sim_report_stall((enum weft_stall)i));
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
    print_honest(summary);
    print_bytes_moved(summary);
    print_control(summary);
    print_run(summary);
    print_verdict(summary, world);
}
