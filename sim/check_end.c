/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "did this run end well?". What is owed depends on the flags: with faults less than
 * without, and what needs time to heal only if the run waited (--settle). */
#include "bound.h"
#include "check.h"
#include "hostile.h"
#include "pipe.h"
#include "world.h"

#include "protocol/bitmap.h"
#include "protocol/view.h"

#include <string.h>

/* Without faults: chunks stored twice, and copies over an access line, in this part of all. */
#define TWICE_PART 50
#define COPIES_MOST_PPM 1100000
#define COPIES_LEAST_BYTES (4 << 20)

/* Without faults: makespan in percent of the one-copy bound, and what small releases need. */
#define MAKESPAN_PERCENT 200
#define MAKESPAN_EXTRA_NS (5 * WEFT_NS_PER_S)

/* Views agree only if hardly a datagram is lost; and if none comes again up to two minutes later,
 * for words of a dead node make it look alive (a transport drops them, see SPEC.md "Packets"). */
#define AGREE_LOSS_PPM 10000

/* Transfers that are neither stored nor lost: on a pipe, on the way, or in a disk's queue. */
static uint64_t count_open(const struct weft_sim_world *world)
{
    uint64_t open = 0;
    for (uint32_t i = 0; i < world->shard_count; i++) {
        const struct weft_sim_shard *shard = &world->shards[i];
        open += shard->totals.arriving - shard->totals.arrived;
        for (uint32_t p = 0; p < shard->pipes.used_count; p++) {
            const struct weft_sim_pipe *pipe = weft_sim_pool_at(&shard->pipes, p);
            open += pipe != NULL && pipe->busy ? 1 : 0;
        }
    }
    return open;
}

static void check_bytes(struct weft_sim_world *world)
{
    struct weft_sim_totals totals = weft_sim_world_totals(world);
    uint64_t ended = totals.chunks_stored + totals.losses.chunks_discarded +
                     totals.losses.chunks_cut + totals.losses.chunks_refused + count_open(world);
    if (totals.chunks_begun != ended) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_BYTES_KEPT, 0,
                            "%llu chunks begun, %llu accounted for",
                            (unsigned long long)totals.chunks_begun, (unsigned long long)ended);
    }
}

static void check_node(struct weft_sim_shard *shard, uint32_t node)
{
    const struct weft_sim_world *world = shard->world;
    const struct weft_sim_node *self = &world->nodes[node];
    if (!self->alive) {
        return;
    }
    if (self->fetching != WEFT_SIM_NO_RELEASE) {
        weft_sim_check_belief(shard, node, self->fetching);
    }
    const uint64_t *held = self->held == WEFT_SIM_NO_RELEASE
                               ? NULL
                               : weft_view_have(self->core, world->releases.items[self->held].id);
    uint32_t count = held == NULL ? 0 : world->releases.items[self->held].chunk_count;
    for (uint32_t i = 0; i < count; i++) {
        if (!weft_bitmap_has(held, i)) {
            weft_sim_check_fail(shard, WEFT_SIM_CHECK_STAYS_COMPLETE, node,
                                "was complete and lacks chunk %u", i);
            return;
        }
    }
}

static void check_all_complete(struct weft_sim_world *world)
{
    uint32_t missing = 0;
    uint32_t first = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        bool lacks = !node->hostile && !weft_sim_publish_is_complete(world, node) &&
                     (node->alive || node->returns);
        first = lacks && missing == 0 ? i : first;
        missing += lacks;
    }
    if (missing > 0 && !world->interrupted) {
        weft_sim_check_fail(weft_sim_world_shard(world, first), WEFT_SIM_CHECK_ALL_COMPLETE, first,
                            "%u nodes are not complete, this one has %u chunks of the last release",
                            missing, world->nodes[first].have_count);
    }
}

/* --- the whole --- */

static void check_received(struct weft_sim_world *world)
{
    const struct weft_sim_network *network = &world->network;
    struct weft_sim_totals totals = weft_sim_world_totals(world);
    uint64_t sent = network->source.payload_bytes;
    uint64_t received = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        sent += network->cards[i].up.payload_bytes;
        received += network->cards[i].down_bytes;
    }
    if (received > sent) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_BYTES_SENT, 0,
                            "%llu bytes received, %llu sent", (unsigned long long)received,
                            (unsigned long long)sent);
    }
    if (totals.arrived > totals.arriving) {
        weft_sim_check_fail(
            &world->shards[0], WEFT_SIM_CHECK_ONLY_SENT, 0, "%llu chunks arrived, %llu were sent",
            (unsigned long long)totals.arrived, (unsigned long long)totals.arriving);
    }
}

bool weft_sim_check_is_calm(const struct weft_sim_options *options)
{
    bool menu = false;
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        menu |= weft_sim_menu_has(options, (enum weft_sim_mishap_class)c);
    }
    uint32_t messages = options->loss_ppm | options->twice_ppm | options->replay_ppm |
                        options->late_ppm | options->flip_ppm | options->flip_record_ppm |
                        options->flip_body_ppm;
    uint32_t crashes = options->crashes | options->kill_count | options->restart_count;
    struct weft_tuning standard = weft_tuning_default();
    bool tuned = memcmp(&standard, &options->tuning, sizeof(standard)) != 0;
    bool alike = options->place_count == 0;
    return alike && !menu && !tuned && options->fail_nth == 0 && messages == 0 && crashes == 0 &&
           options->outage_count == 0;
}

static void check_waste(struct weft_sim_world *world)
{
    struct weft_sim_totals totals = weft_sim_world_totals(world);
    if (totals.chunks_twice > totals.chunks_stored / TWICE_PART + world->node_count) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_FEW_TWICE, 0,
                            "%llu of %llu chunks were there already",
                            (unsigned long long)totals.chunks_twice,
                            (unsigned long long)totals.chunks_stored);
    }
    uint64_t whole = world->releases.items[0].bytes * world->releases.count;
    for (uint32_t s = 0; s < world->topology.site_count && whole >= COPIES_LEAST_BYTES; s++) {
        uint64_t in = world->network.wan_down[s].payload_bytes;
        if (in / (whole / 1000) * 1000 > COPIES_MOST_PPM) {
            weft_sim_check_fail(
                &world->shards[0], WEFT_SIM_CHECK_WAN_COPIES,
                weft_sim_topology_first(&world->topology, world->topology.sites[s].first_segment),
                "site %u took %llu bytes for %llu", s, (unsigned long long)in,
                (unsigned long long)whole);
        }
    }
}

/* Time of |bytes| at a rate; 0 = no limit. */
static weft_ns bytes_ns(uint64_t bytes, uint64_t bytes_per_s)
{
    return bytes_per_s == 0 ? 0
                            : bytes / bytes_per_s * WEFT_NS_PER_S +
                                  bytes % bytes_per_s * WEFT_NS_PER_S / bytes_per_s;
}

static void check_makespan(struct weft_sim_world *world)
{
    const struct weft_sim_release *last = &world->releases.items[world->releases.count - 1];
    const struct weft_sim_options *options = world->options;
    weft_ns allowed_ns = weft_sim_bound(options).one_copy_ns / 100 * MAKESPAN_PERCENT +
                         bytes_ns(last->bytes, options->disk_bytes_per_s) +
                         bytes_ns(last->bytes, options->hash_bytes_per_s) + MAKESPAN_EXTRA_NS;
    if (last->last_complete_ns > last->publish_ns + allowed_ns) {
        weft_sim_check_fail(
            &world->shards[0], WEFT_SIM_CHECK_MAKESPAN, 0, "%llu ms, %llu are allowed",
            (unsigned long long)((last->last_complete_ns - last->publish_ns) / WEFT_NS_PER_MS),
            (unsigned long long)(allowed_ns / WEFT_NS_PER_MS));
    }
}

/* --- when all has healed --- */

struct roll {
    uint32_t alive;  /* nodes that run, and are the only ones of their names */
    uint32_t agents; /* agents among all that run */
    uint32_t first;  /* of them that count in alive, one */
    bool honest;     /* all that run, but that a name may run twice */
};

/* Does |node| say other things than its core, or do other things? To have the name of another node
 * is no lie. */
static bool is_liar(const struct weft_sim_world *world, uint32_t node)
{
    bool lies = false;
    for (uint32_t c = 0; world->nodes[node].hostile && c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        lies |= c != WEFT_SIM_MISHAP_CLONE &&
                weft_sim_hostile_does(world, node, (enum weft_sim_mishap_class)c);
    }
    return lies;
}

/* Who is in |segment| now? */
static struct roll call_roll(const struct weft_sim_world *world, uint32_t segment)
{
    struct roll roll = {.honest = true};
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_node *node = &world->nodes[i];
        if (node->segment != segment || !node->alive) {
            continue;
        }
        roll.honest &= !is_liar(world, i);
        roll.agents += weft_view_node(node->core).is_agent;
        if (!weft_sim_topology_is_shared(&world->topology, node->id)) {
            roll.first = roll.alive++ == 0 ? i : roll.first;
        }
    }
    return roll;
}

/* Nodes that |node| holds alive, itself included. Names that run twice are left out: the transport
 * keeps a copy out, and the simulator has none, so either one makes its name look alive. */
static uint32_t count_seen(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_core *core = world->nodes[node].core;
    uint32_t seen = weft_view_member_count(core);
    struct weft_view_member member;
    for (uint32_t i = 0; world->topology.clone_count > 0 && weft_view_member(core, i, &member);
         i++) {
        seen -= !member.is_remote && member.state == WEFT_MEMBER_ALIVE &&
                weft_sim_topology_is_shared(&world->topology, member.endpoint.id);
    }
    return seen;
}

/* What is still wrong with a segment. */
struct wound {
    enum weft_sim_check check; /* AGENT_PRESENT or MEMBERS_AGREE */
    uint32_t node;             /* where it shows */
    uint32_t seen;             /* MEMBERS_AGREE: nodes that this one holds for alive */
    uint32_t alive;            /* nodes that are */
};

/* True if something is, and then |wound| says what. */
static bool find_wound(const struct weft_sim_world *world, uint32_t segment, struct wound *wound)
{
    struct roll roll = call_roll(world, segment);
    if (roll.alive == 0 || !roll.honest) {
        return false;
    }
    *wound = (struct wound){WEFT_SIM_CHECK_AGENT_PRESENT, roll.first, 0, roll.alive};
    if (roll.agents == 0) {
        return true;
    }
    wound->check = WEFT_SIM_CHECK_MEMBERS_AGREE;
    for (wound->node = 0; wound->node < world->node_count; wound->node++) {
        const struct weft_sim_node *node = &world->nodes[wound->node];
        if (node->segment == segment && node->alive &&
            !weft_sim_topology_is_shared(&world->topology, node->id)) {
            wound->seen = count_seen(world, wound->node);
            if (wound->seen != roll.alive) {
                return true;
            }
        }
    }
    return false;
}

/* Is anything owed to segments after healing? */
static bool owes_healing(const struct weft_sim_options *options)
{
    return options->loss_ppm + options->flip_ppm <= AGREE_LOSS_PPM && options->replay_ppm == 0;
}

bool weft_sim_check_is_healed(const struct weft_sim_world *world)
{
    struct wound wound;
    for (uint32_t s = 0; s < world->topology.segment_count && owes_healing(world->options); s++) {
        if (find_wound(world, s, &wound)) {
            return false;
        }
    }
    return true;
}

static void check_healed(struct weft_sim_world *world)
{
    struct wound wound;
    for (uint32_t s = 0; s < world->topology.segment_count && owes_healing(world->options); s++) {
        if (!find_wound(world, s, &wound)) {
            continue;
        }
        struct weft_sim_shard *shard = weft_sim_world_shard(world, wound.node);
        if (wound.check == WEFT_SIM_CHECK_AGENT_PRESENT) {
            weft_sim_check_fail(shard, wound.check, wound.node,
                                "none of %u nodes of segment %u is an agent", wound.alive, s);
        } else {
            weft_sim_check_fail(shard, wound.check, wound.node, "sees %u nodes alive, %u are",
                                wound.seen, wound.alive);
        }
    }
}

void weft_sim_check_end(struct weft_sim_world *world)
{
    check_received(world);
    check_bytes(world);
    for (uint32_t i = 0; i < world->node_count; i++) {
        check_node(weft_sim_world_shard(world, i), i);
    }
    check_all_complete(world);
    bool over = !world->interrupted && world->releases.newest == world->releases.count - 1;
    if (over && weft_sim_check_is_calm(world->options)) {
        check_waste(world);
        check_makespan(world);
    }
    if (over && world->options->settle_ms > 0) {
        check_healed(world);
    }
    for (uint32_t i = 0; i < world->shard_count && !world->checks.failed; i++) {
        world->checks = world->shards[i].checks;
    }
}
