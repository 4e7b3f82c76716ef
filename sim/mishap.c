/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what happens when a mishap begins, and when it ends?" for each class, and plans them.
 * Cuts are in cut.c, hostile nodes in hostile.c, what disks and frozen nodes do in ailment.c. */
#include "mishap.h"
#include "hostile.h"
#include "memory.h"
#include "node.h"
#include "random.h"
#include "source.h"
#include "world.h"

/* A program that is replaced is away for so long. */
#define REPLACE_NS (1 * WEFT_NS_PER_S)

/* Nodes of a segment come back from a power cut within this time. */
#define POWER_SPREAD_NS (2 * WEFT_NS_PER_S)

/* A clock that drifts is moved on so often, up to this many millionths of the time. */
#define DRIFT_NS (WEFT_NS_PER_S / 10)
#define DRIFT_PPM_MAX 10000

/* A clock leaps up to this much. */
#define LEAP_NS (24 * 3600 * WEFT_NS_PER_S)

/* A join storm has from 10 to 90 percent of a segment. */
#define STORM_LEAST 10
#define STORM_SPREAD 80

#define TORN_MAX 8
#define ROTTEN_MAX 4

/* A slow access line has a part from one in TWENTY to ten in TWENTY. */
#define SLOW_PARTS 20

/* The source in a bad state sends so much to all together. */
#define SOURCE_CRAWL_BYTES_PER_S 1000

/* Words of a MISHAP: phase, class and number. */
enum phase { BEGINS, GOES_ON, ENDS };

static void agree(struct weft_sim_world *world, weft_ns time_ns, enum phase phase, uint32_t name)
{
    weft_sim_world_agree(world, time_ns, WEFT_SIM_MISHAP, phase, name);
    world->faults.planned_count++;
}

void weft_sim_mishap_again(struct weft_sim_world *world, weft_ns time_ns,
                           const struct weft_sim_mishap *mishap)
{
    weft_sim_world_agree(world, time_ns, WEFT_SIM_MISHAP, GOES_ON, weft_sim_menu_name(mishap));
}

weft_ns weft_sim_mishap_start_ns(const struct weft_sim_world *world, uint32_t node, weft_ns time_ns)
{
    weft_ns start_ns = time_ns;
    struct weft_sim_mishap mishap;
    for (uint32_t k = 0; k < WEFT_SIM_MISHAPS_MAX; k++) {
        if (!weft_sim_menu_draw(world->options, WEFT_SIM_MISHAP_JOIN_STORM, k, &mishap)) {
            continue;
        }
        uint64_t share = STORM_LEAST + weft_sim_random_below(mishap.luck, STORM_SPREAD + 1);
        uint64_t luck = weft_mix(mishap.victim ^ node);
        if (world->topology.segment_of[node] == mishap.segment && luck % 100 < share) {
            weft_ns within_us = weft_sim_random_below(luck, mishap.length_ns / WEFT_NS_PER_US);
            start_ns =
                world->releases.items[0].publish_ns + mishap.after_ns + within_us * WEFT_NS_PER_US;
        }
    }
    return start_ns;
}

uint32_t weft_sim_mishap_victim(const struct weft_sim_world *world,
                                const struct weft_sim_mishap *mishap)
{
    uint32_t first = weft_sim_topology_first(&world->topology, mishap->segment);
    uint32_t count = weft_sim_topology_first(&world->topology, mishap->segment + 1) - first;
    return first + (uint32_t)weft_sim_random_below(mishap->victim, count);
}

static struct weft_sim_ailment *ailment_of(struct weft_sim_world *world,
                                           const struct weft_sim_mishap *mishap)
{
    return &world->mishaps.ailments[weft_sim_mishap_victim(world, mishap)];
}

/* --- machines --- */

static void crash(struct weft_sim_world *world, uint32_t node, weft_ns away_ns)
{
    weft_sim_node_crash(weft_sim_world_shard(world, node), node, away_ns);
}

static void power_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint32_t end = weft_sim_topology_first(&world->topology, mishap->segment + 1);
    for (uint32_t i = weft_sim_topology_first(&world->topology, mishap->segment); i < end; i++) {
        uint64_t luck = weft_mix(mishap->luck ^ i);
        weft_ns spread_us = weft_sim_random_below(luck, POWER_SPREAD_NS / WEFT_NS_PER_US);
        crash(world, i, mishap->length_ns + spread_us * WEFT_NS_PER_US);
    }
}

static void freeze(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    struct weft_sim_ailment *ailment = ailment_of(world, mishap);
    weft_ns until_ns = world->now_ns + mishap->length_ns;
    ailment->frozen_ns = until_ns > ailment->frozen_ns ? until_ns : ailment->frozen_ns;
}

static void sleep_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    struct weft_sim_ailment *ailment = ailment_of(world, mishap);
    if (!ailment->is_asleep) {
        ailment->is_asleep = true;
        ailment->sleep_name = weft_sim_menu_name(mishap);
        ailment->life = world->nodes[weft_sim_mishap_victim(world, mishap)].life;
        freeze(world, mishap);
    }
}

/* The clock that stood goes on: it is behind by the time slept. */
static void sleep_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    struct weft_sim_ailment *ailment = ailment_of(world, mishap);
    struct weft_sim_node *node = &world->nodes[weft_sim_mishap_victim(world, mishap)];
    if (!ailment->is_asleep || ailment->sleep_name != weft_sim_menu_name(mishap)) {
        return;
    }
    ailment->is_asleep = false;
    if (node->alive && node->life == ailment->life) {
        node->clock_ns -= mishap->length_ns;
    }
}

/* --- addresses --- */

static void step_link(struct weft_sim_world *world, uint32_t node, bool up)
{
    if (!world->nodes[node].alive) {
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_LINK};
    event.link.up = up;
    event.link.address = weft_sim_topology_endpoint(&world->topology, node).address;
    event.link.segment =
        weft_sim_topology_prefix(&world->topology, world->topology.segment_of[node]);
    weft_sim_world_step(world, node, &event);
}

static void move_to(struct weft_sim_world *world, uint32_t node, uint32_t segment)
{
    if (weft_sim_topology_move(&world->topology, node, segment)) {
        world->nodes[node].segment = segment;
        step_link(world, node, /* up */ true);
    }
}

static void move_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint32_t node = weft_sim_mishap_victim(world, mishap);
    move_to(world, node, world->topology.segment_of[node]);
}

static void roam_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    weft_sim_cut_begin(world, mishap);
    step_link(world, weft_sim_mishap_victim(world, mishap), /* up */ false);
}

static void roam_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    weft_sim_cut_end(world, mishap);
    uint64_t segment = weft_sim_random_below(mishap->luck, world->topology.segment_count);
    move_to(world, weft_sim_mishap_victim(world, mishap), (uint32_t)segment);
}

/* --- disks --- */

static void full_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->disk_full++;
}

static void full_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->disk_full--;
}

static void slow_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->disk_slow++;
}

static void slow_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->disk_slow--;
}

static void torn_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint32_t node = weft_sim_mishap_victim(world, mishap);
    bool was_alive = world->nodes[node].alive;
    crash(world, node, mishap->length_ns);
    if (was_alive) {
        weft_sim_ailment_damage(world, node, mishap->luck, TORN_MAX, /* unnoticed */ false);
    }
}

static void rot_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    weft_sim_ailment_damage(world, weft_sim_mishap_victim(world, mishap), mishap->luck, ROTTEN_MAX,
                            /* unnoticed */ true);
}

/* --- clocks --- */

static void leap(struct weft_sim_world *world, uint32_t node, weft_ns by_ns)
{
    world->nodes[node].clock_ns += by_ns;
    if (world->nodes[node].alive && !weft_sim_ailment_is_frozen(world, node)) {
        struct weft_event event = {.kind = WEFT_EVENT_TICK};
        weft_sim_world_step(world, node, &event);
    }
}

static void drift(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint64_t ppm = 1 + weft_sim_random_below(mishap->luck, DRIFT_PPM_MAX);
    leap(world, weft_sim_mishap_victim(world, mishap), DRIFT_NS / 1000000 * ppm);
    agree(world, world->now_ns + DRIFT_NS, GOES_ON, weft_sim_menu_name(mishap));
}

static void drift_goes_on(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    weft_ns end_ns = world->releases.items[0].publish_ns + mishap->after_ns + mishap->length_ns;
    if (world->now_ns < end_ns) {
        drift(world, mishap);
    }
}

static void step_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint64_t ms = weft_sim_random_below(mishap->luck, LEAP_NS / WEFT_NS_PER_MS);
    leap(world, weft_sim_mishap_victim(world, mishap), ms * WEFT_NS_PER_MS);
}

static void wrong_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->clock_wrong++;
}

static void wrong_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->clock_wrong--;
}

/* --- memories and versions --- */

static void memory_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->memory_bad++;
}

static void memory_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    ailment_of(world, mishap)->memory_bad--;
}

/* The program of a node is replaced: it stops, and starts as the other version. */
static void replace(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    crash(world, weft_sim_mishap_victim(world, mishap), REPLACE_NS);
}

static void newer_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    replace(world, mishap);
    ailment_of(world, mishap)->later_minor++;
}

static void newer_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    replace(world, mishap);
    ailment_of(world, mishap)->later_minor--;
}

static void other_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    replace(world, mishap);
    ailment_of(world, mishap)->other_major++;
}

static void other_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    replace(world, mishap);
    ailment_of(world, mishap)->other_major--;
}

/* --- lines and the source --- */

static void line_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint64_t parts = 1 + weft_sim_random_below(mishap->luck, SLOW_PARTS / 2);
    weft_sim_backbone_slow(world, world->topology.segments[mishap->segment].site, parts,
                           SLOW_PARTS);
}

static void line_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    weft_sim_backbone_slow(world, world->topology.segments[mishap->segment].site, 1, 1);
}

static void source_begins(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    world->mishaps.source_ails[mishap->class]++;
    if (mishap->class == WEFT_SIM_MISHAP_SOURCE_SLOW) {
        weft_sim_backbone_source(world, SOURCE_CRAWL_BYTES_PER_S);
    }
}

static void source_ends(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint8_t left = --world->mishaps.source_ails[mishap->class];
    if (mishap->class == WEFT_SIM_MISHAP_SOURCE_SLOW && left == 0) {
        weft_sim_backbone_source(world, world->options->source_bytes_per_s);
    }
}

/* --- the plan --- */

typedef void act(struct weft_sim_world *world, const struct weft_sim_mishap *mishap);

/* Classes that are missing here stand from the start: see weft_sim_mishap_begin(). */
static const struct {
    act *begins;     /* NULL = nothing */
    act *ends;       /* NULL = nothing */
    bool needs_step; /* waits until its node is not frozen */
} acts[WEFT_SIM_MISHAP_CLASS_COUNT] = {
    [WEFT_SIM_MISHAP_BURST] = {weft_sim_cut_begin, weft_sim_cut_end, false},
    [WEFT_SIM_MISHAP_PARTITION] = {weft_sim_cut_begin, weft_sim_cut_end, false},
    [WEFT_SIM_MISHAP_ONE_WAY] = {weft_sim_cut_begin, weft_sim_cut_end, false},
    [WEFT_SIM_MISHAP_WAN_DOWN] = {weft_sim_cut_begin, weft_sim_cut_end, false},
    [WEFT_SIM_MISHAP_WAN_SLOW] = {line_begins, line_ends, false},
    [WEFT_SIM_MISHAP_POWER_CUT] = {power_begins, NULL, false},
    [WEFT_SIM_MISHAP_SLEEP] = {sleep_begins, sleep_ends, false},
    [WEFT_SIM_MISHAP_STALL] = {freeze, NULL, false},
    [WEFT_SIM_MISHAP_MOVE] = {move_begins, NULL, true},
    [WEFT_SIM_MISHAP_ROAM] = {roam_begins, roam_ends, true},
    [WEFT_SIM_MISHAP_DISK_FULL] = {full_begins, full_ends, false},
    [WEFT_SIM_MISHAP_DISK_SLOW] = {slow_begins, slow_ends, false},
    [WEFT_SIM_MISHAP_DISK_TORN] = {torn_begins, NULL, false},
    [WEFT_SIM_MISHAP_DISK_ROT] = {rot_begins, NULL, false},
    [WEFT_SIM_MISHAP_CLOCK_DRIFT] = {drift, NULL, false},
    [WEFT_SIM_MISHAP_CLOCK_STEP] = {step_begins, NULL, true},
    [WEFT_SIM_MISHAP_CLOCK_WRONG] = {wrong_begins, wrong_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_ERROR] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_HANG] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_SHORT] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_PORTAL] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_ROTTEN] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_SLOW] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_SOURCE_STALE] = {source_begins, source_ends, false},
    [WEFT_SIM_MISHAP_BAD_MEMORY] = {memory_begins, memory_ends, false},
    [WEFT_SIM_MISHAP_MTU_HOLE] = {weft_sim_cut_begin, weft_sim_cut_end, false},
    [WEFT_SIM_MISHAP_NEWER] = {newer_begins, newer_ends, false},
    [WEFT_SIM_MISHAP_OTHER_VERSION] = {other_begins, other_ends, false},
};

static void make_tables(struct weft_sim_world *world)
{
    bool any = false;
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        any |= weft_sim_menu_has(world->options, (enum weft_sim_mishap_class)c);
    }
    struct weft_sim_mishaps *mishaps = &world->mishaps;
    if (any) {
        mishaps->ailments = weft_sim_memory_take(world->node_count, sizeof(mishaps->ailments[0]));
    }
    if (weft_sim_menu_has(world->options, WEFT_SIM_MISHAP_DISK_ROT)) {
        mishaps->rotten =
            weft_sim_memory_take(world->node_count, world->have_words * sizeof(uint64_t));
    }
}

void weft_sim_mishap_begin(struct weft_sim_world *world)
{
    weft_ns zero_ns = world->releases.items[0].publish_ns;
    make_tables(world);
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        for (uint32_t k = 0; k < WEFT_SIM_MISHAPS_MAX; k++) {
            struct weft_sim_mishap mishap;
            if (!weft_sim_menu_draw(world->options, (enum weft_sim_mishap_class)c, k, &mishap)) {
                continue;
            }
            if (weft_sim_menu_is_hostile(mishap.class)) {
                weft_sim_hostile_add(world, &mishap);
            } else {
                agree(world, zero_ns + mishap.after_ns, BEGINS, weft_sim_menu_name(&mishap));
            }
        }
    }
    weft_sim_hostile_share(world);
}

void weft_sim_mishap_end(struct weft_sim_world *world)
{
    struct weft_sim_mishaps *mishaps = &world->mishaps;
    if (mishaps->ailments != NULL) {
        weft_sim_memory_give(mishaps->ailments, world->node_count, sizeof(mishaps->ailments[0]));
    }
    if (mishaps->rotten != NULL) {
        weft_sim_memory_give(mishaps->rotten, world->node_count,
                             world->have_words * sizeof(uint64_t));
    }
    weft_sim_hostile_end(world);
}

void weft_sim_mishap_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    enum phase phase = (enum phase)entry->words[0];
    uint32_t name = (uint32_t)entry->words[1];
    enum weft_sim_mishap_class class = (enum weft_sim_mishap_class)(name >> 8);
    struct weft_sim_mishap mishap;
    (void)weft_sim_menu_draw(world->options, class, name & UINT8_MAX, &mishap);
    if (class == WEFT_SIM_MISHAP_FLOOD) {
        weft_sim_hostile_on_flood(world, &mishap);
        return;
    }
    world->faults.planned_count--;
    uint32_t node = weft_sim_mishap_victim(world, &mishap);
    if (acts[class].needs_step && weft_sim_ailment_is_frozen(world, node)) {
        agree(world, world->mishaps.ailments[node].frozen_ns, phase, name);
        return;
    }
    if (phase == BEGINS && mishap.length_ns > 0) {
        agree(world, world->now_ns + mishap.length_ns, ENDS, name);
    }
    if (phase == GOES_ON) {
        drift_goes_on(world, &mishap);
        return;
    }
    act *what = phase == BEGINS ? acts[class].begins : acts[class].ends;
    if (what != NULL) {
        what(world, &mishap);
    }
}
