/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how did it come to that?" when the run is over: who was last and why, what held. */
#include "memory.h"
#include "report.h"
#include "watch.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* When a segment's nodes were done, exactly; those to whom the release is owed. */
static void close_segment(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                          uint32_t number, uint32_t *times)
{
    struct weft_sim_history_segment *segment = &watch->history.segments[number];
    uint32_t first = weft_sim_topology_first(&world->topology, number);
    uint32_t count = 0;
    uint32_t gone = 0;
    uint32_t hostile = 0;
    for (uint32_t i = first; i < first + segment->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        if (node->hostile) {
            hostile++;
        } else if (weft_sim_publish_is_complete(world, node)) {
            times[count++] = (uint32_t)((node->complete_ns - watch->zero_ns) / WEFT_NS_PER_MS);
        } else {
            gone += !node->alive && !node->returns;
        }
    }
    qsort(times, count, sizeof(times[0]), by_time);
    uint32_t owed = segment->node_count - hostile;
    uint32_t half = (owed + 1) / 2;
    segment->complete = count;
    segment->hostile = hostile;
    segment->half_ms = count >= half && half > 0 ? times[half - 1] : WEFT_SIM_OPEN_MS;
    segment->gone = gone;
    bool all = count > 0 && count + gone == owed;
    segment->last_ms = all ? times[count - 1] : WEFT_SIM_OPEN_MS;
}

static void close_segments(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    uint32_t *times = weft_sim_memory_take(world->node_count, sizeof(*times));
    for (uint32_t s = 0; s < watch->history.segment_count; s++) {
        close_segment(watch, world, s, times);
    }
    weft_sim_memory_give(times, world->node_count, sizeof(*times));
}

/* The complete node that was last; NOBODY if there is none. */
static uint32_t last_finisher(const struct weft_sim_world *world)
{
    uint32_t last = WEFT_SIM_NOBODY;
    for (uint32_t i = 0; i < world->node_count; i++) {
        bool later =
            last == WEFT_SIM_NOBODY || world->nodes[i].complete_ns > world->nodes[last].complete_ns;
        if (weft_sim_publish_is_complete(world, &world->nodes[i]) && later) {
            last = i;
        }
    }
    return last;
}

static struct weft_sim_hop hop_of(const struct weft_sim_world *world,
                                  const struct weft_sim_arrival *arrival)
{
    return (struct weft_sim_hop){
        .node = world->nodes[arrival->node].id,
        .from = arrival->from < world->node_count ? world->nodes[arrival->from].id : 0,
        .segment = world->nodes[arrival->node].segment,
        .time_ms = arrival->time_ms,
        .chunk = arrival->chunk,
    };
}

/* From the last finisher's last chunk back to the source: who sent it, and how had that one's
 * segment come by it? Between them the chunk may have passed more nodes of the segment. */
static void trace_back(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    struct weft_sim_history *history = &watch->history;
    uint32_t last = last_finisher(world);
    if (last == WEFT_SIM_NOBODY || watch->lasts[last].time_ms == 0) {
        return;
    }
    struct weft_sim_hop hops[WEFT_SIM_HOPS_MAX];
    uint32_t count = 0;
    const struct weft_sim_arrival *arrival = &watch->lasts[last];
    while (count < WEFT_SIM_HOPS_MAX) {
        hops[count++] = hop_of(world, arrival);
        if (arrival->from >= world->node_count) {
            break;
        }
        uint32_t segment = world->nodes[arrival->from].segment;
        const struct weft_sim_arrival *first =
            &watch->firsts[(size_t)segment * watch->chunks_max + arrival->chunk];
        /* A node that had the chunk before its segment counts none: an earlier life's. */
        if (first->time_ms == 0 || first->time_ms > arrival->time_ms || first == arrival) {
            break;
        }
        arrival = first;
    }
    for (uint32_t i = 0; i < count; i++) {
        history->hops[i] = hops[count - 1 - i];
    }
    history->hop_count = count;
}

/* Whom a mishap befalls: the source, a segment or more, or one node. */
enum target { AT_SOURCE, AT_SEGMENT, AT_NODE };

static enum target target_of(enum weft_sim_mishap_class class)
{
    if (class == WEFT_SIM_MISHAP_PARTITION || class == WEFT_SIM_MISHAP_ONE_WAY ||
        class == WEFT_SIM_MISHAP_WAN_DOWN || class == WEFT_SIM_MISHAP_WAN_SLOW ||
        class == WEFT_SIM_MISHAP_POWER_CUT || class == WEFT_SIM_MISHAP_JOIN_STORM ||
        class == WEFT_SIM_MISHAP_MTU_HOLE) {
        return AT_SEGMENT;
    }
    return strncmp(weft_sim_menu_flag(class), "source-", strlen("source-")) == 0 ? AT_SOURCE
                                                                                 : AT_NODE;
}

/* Milliseconds of the newest release's time at |after_ns| of the first one's; 0 before it. */
static uint32_t time_of(const struct weft_sim_watch *watch, const struct weft_sim_world *world,
                        weft_ns after_ns)
{
    weft_ns time_ns = world->releases.items[0].publish_ns + after_ns;
    return time_ns > watch->zero_ns ? (uint32_t)((time_ns - watch->zero_ns) / WEFT_NS_PER_MS) : 0;
}

static void list_mishap(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                        const struct weft_sim_mishap *mishap)
{
    struct weft_sim_history *history = &watch->history;
    enum target target = target_of(mishap->class);
    bool hostile = weft_sim_menu_is_hostile(mishap->class); /* to the end, and from the start on */
    bool waits = !hostile || mishap->class == WEFT_SIM_MISHAP_FLOOD;
    uint32_t begin_ms = waits ? time_of(watch, world, mishap->after_ns) : 0;
    uint32_t end_ms = time_of(watch, world, mishap->after_ns + mishap->length_ns);
    end_ms = hostile ? history->end_ms + 1 : end_ms;
    if (begin_ms > history->end_ms || (end_ms == 0 && mishap->length_ns > 0)) {
        return;
    }
    uint32_t victim = weft_sim_mishap_victim(world, mishap);
    weft_node_id node = target == AT_NODE ? world->nodes[victim].id : 0;
    const char *flag = weft_sim_menu_flag(mishap->class);
    weft_sim_history_begins(
        history, flag, target == AT_SOURCE ? WEFT_SIM_NO_SEGMENT : world->nodes[victim].segment,
        node, begin_ms);
    if (end_ms <= history->end_ms) {
        weft_sim_history_ends(history, flag, node, end_ms > begin_ms ? end_ms : begin_ms);
    }
}

/* Mishaps are a function of the options, so they are known without having been seen. */
static void list_mishaps(struct weft_sim_watch *watch, const struct weft_sim_world *world)
{
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        for (uint32_t k = 0; k < WEFT_SIM_MISHAPS_MAX; k++) {
            struct weft_sim_mishap mishap;
            if (weft_sim_menu_draw(world->options, (enum weft_sim_mishap_class)c, k, &mishap)) {
                list_mishap(watch, world, &mishap);
            }
        }
    }
}

static void list_rules(struct weft_sim_history *history, const struct weft_sim_world *world)
{
    const struct weft_sim_checks *checks = &world->checks;
    history->rule_count = WEFT_SIM_CHECK_COUNT;
    for (uint32_t i = 0; i < WEFT_SIM_CHECK_COUNT; i++) {
        struct weft_sim_rule *rule = &history->rules[i];
        snprintf(rule->name, sizeof(rule->name), "%s", weft_sim_check_name((enum weft_sim_check)i));
        snprintf(rule->statement, sizeof(rule->statement), "%s",
                 weft_sim_check_statement((enum weft_sim_check)i));
        if (checks->failed && checks->check == (enum weft_sim_check)i) {
            snprintf(rule->detail, sizeof(rule->detail), "node %u: %s", checks->node,
                     checks->detail);
        }
    }
}

static void keep_summary(struct weft_sim_history *history, const struct weft_sim_world *world,
                         const struct weft_sim_summary *summary)
{
    size_t length = 0;
    FILE *out = open_memstream(&history->summary, &length);
    if (out != NULL) {
        weft_sim_report_json(summary, world, out);
        fclose(out);
    }
}

_Static_assert((int)WEFT_SIM_CHECK_COUNT <= (int)WEFT_SIM_RULES_MAX, "a place for every invariant");

void weft_sim_watch_finish(struct weft_sim_watch *watch, const struct weft_sim_world *world,
                           const struct weft_sim_summary *summary)
{
    struct weft_sim_history *history = &watch->history;
    history->bound_ms = summary->bound.fluid_ns / WEFT_NS_PER_MS;
    history->relay_bound_ms = summary->bound.relay_ns / WEFT_NS_PER_MS;
    history->direct_bound_ms = summary->bound.direct_ns / WEFT_NS_PER_MS;
    list_rules(history, world);
    keep_summary(history, world, summary);
    if (watch->zero_ns == 0) {
        return;
    }
    weft_sim_watch_open(watch, world->now_ns);
    watch->next_ns = 0;
    weft_sim_watch_look(watch, world);
    close_segments(watch, world);
    trace_back(watch, world);
    list_mishaps(watch, world);
}
