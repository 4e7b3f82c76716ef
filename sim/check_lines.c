/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "do the lines and the nodes keep to their measure?", now and then between windows, so
 * often that it costs little beside what happens in a window. */
#include "check.h"
#include "memory.h"
#include "pipe.h"
#include "world.h"

/* A meeting in so many is looked at for each of so many pipes. */
#define PIPES_A_MEETING 64

/* Rates are whole numbers; so much may be lost or won by rounding, in 1/256 bytes per second. */
#define ROUNDING 4096

/* Control traffic: what a node may send a second without a release; and with one, beside a part of
 * the payload that it moves. */
#define IDLE_BYTES_PER_S 4000
#define IDLE_BYTES_PER_S_A_SEGMENT 400 /* whoever is a seed answers the newcomers of all */
#define IDLE_MEAN_BYTES_PER_S 1000
#define IDLE_MEAN_BYTES_PER_S_A_SEGMENT 5 /* newcomers look for those of other segments */
#define BUSY_BYTES_PER_S 64000
#define BUSY_BYTES_PER_S_A_SEGMENT 400
#define BUSY_BYTES_A_PAIR 20  /* a seed tells each newcomer of everybody in the segment */
#define BUSY_BYTES_A_NODE 800 /* and answers newcomers of other segments: a WELCOME, contacts */
#define BUSY_PART 10
#define BUSY_PERIOD_NS (10 * WEFT_NS_PER_S)

/* Nodes have found each other after this time. */
#define IDLE_AFTER_NS (10 * WEFT_NS_PER_S)

/* --- lines --- */

struct load {
    uint64_t up;   /* sum of rates of what leaves */
    uint64_t down; /* sum of rates of what comes */
};

static void add_pipe(const struct weft_sim_world *world, const struct weft_sim_pipe *pipe,
                     struct load *cards, struct load *sites)
{
    uint64_t rate = pipe->flow == WEFT_SIM_NO_FLOW ? 0 : pipe->rate;
    cards[pipe->to].down += rate;
    if (pipe->from != WEFT_SIM_SOURCE) {
        cards[pipe->from].up += rate;
    }
    if (pipe->far) {
        sites[weft_sim_topology_site(&world->topology, pipe->to)].down += rate;
        if (pipe->from != WEFT_SIM_SOURCE) {
            sites[weft_sim_topology_site(&world->topology, pipe->from)].up += rate;
        }
    }
}

static void check_line(struct weft_sim_world *world, const char *what, uint32_t node, uint64_t load,
                       uint64_t rate)
{
    if (load > rate + ROUNDING) {
        weft_sim_check_fail(weft_sim_world_shard(world, node), WEFT_SIM_CHECK_LINE_RATE, node,
                            "%s carries %llu of %llu bytes/s", what,
                            (unsigned long long)(load / 256), (unsigned long long)(rate / 256));
    }
}

static void check_lines(struct weft_sim_world *world)
{
    const struct weft_sim_topology *topology = &world->topology;
    struct load *cards = weft_sim_memory_take(world->node_count, sizeof(*cards));
    struct load *sites = weft_sim_memory_take(topology->site_count, sizeof(*sites));
    for (uint32_t s = 0; s < world->shard_count; s++) {
        const struct weft_sim_pool *pipes = &world->shards[s].pipes;
        for (uint32_t i = 0; i < pipes->used_count; i++) {
            const struct weft_sim_pipe *pipe = weft_sim_pool_at(pipes, i);
            if (pipe != NULL && pipe->busy) {
                add_pipe(world, pipe, cards, sites);
            }
        }
    }
    for (uint32_t i = 0; i < world->node_count; i++) {
        uint64_t rate = world->network.cards[i].rate;
        check_line(world, "the card, up,", i, cards[i].up, rate);
        check_line(world, "the card, down,", i, cards[i].down, rate);
    }
    for (uint32_t s = 0; s < topology->site_count; s++) {
        const struct weft_sim_line *line = &topology->sites[s].line;
        uint32_t first = weft_sim_topology_first(topology, topology->sites[s].first_segment);
        check_line(world, "the access line, up,", first, sites[s].up,
                   weft_sim_network_goodput(line->up_bytes_per_s));
        check_line(world, "the access line, down,", first, sites[s].down,
                   weft_sim_network_goodput(line->down_bytes_per_s));
    }
    weft_sim_memory_give(cards, world->node_count, sizeof(*cards));
    weft_sim_memory_give(sites, topology->site_count, sizeof(*sites));
}

/* --- control traffic --- */

static uint64_t moved_bytes(const struct weft_sim_card *card)
{
    return card->up.payload_bytes + card->down_bytes;
}

static uint64_t busy_budget(const struct weft_sim_topology *topology)
{
    uint64_t rate =
        BUSY_BYTES_PER_S + (uint64_t)BUSY_BYTES_PER_S_A_SEGMENT * topology->segment_count;
    uint64_t members = topology->node_count / topology->segment_count + 1;
    return rate * (BUSY_PERIOD_NS / WEFT_NS_PER_S) + BUSY_BYTES_A_PAIR * members * members +
           (uint64_t)BUSY_BYTES_A_NODE * topology->node_count;
}

static void check_busy(struct weft_sim_world *world)
{
    uint64_t budget = busy_budget(&world->topology);
    for (uint32_t i = 0; i < world->node_count; i++) {
        const struct weft_sim_card *card = &world->network.cards[i];
        struct weft_sim_seen *seen = &world->seen[i];
        uint64_t sent = card->up.control_bytes - seen->control_bytes;
        uint64_t moved = moved_bytes(card) - seen->moved_bytes;
        seen->control_bytes = card->up.control_bytes;
        seen->moved_bytes = moved_bytes(card);
        if (!world->nodes[i].hostile && sent > budget + moved / BUSY_PART) {
            weft_sim_check_fail(weft_sim_world_shard(world, i), WEFT_SIM_CHECK_BUSY_QUIET, i,
                                "%llu bytes of control messages in 10 s, %llu of payload",
                                (unsigned long long)sent, (unsigned long long)moved);
        }
    }
}

/* Has a pipe another rate, or begun, since this was asked last? Else the lines are as they were. */
static bool is_news(struct weft_sim_world *world)
{
    bool is_rated = false;
    for (uint32_t s = 0; s < world->shard_count; s++) {
        is_rated |= world->shards[s].is_rated;
        world->shards[s].is_rated = false;
    }
    return is_rated;
}

/* The more pipes there are, the longer until the next look. */
static void look_at_lines(struct weft_sim_world *world)
{
    uint32_t pipes = 0;
    for (uint32_t s = 0; s < world->shard_count; s++) {
        pipes += world->shards[s].pipes.used_count;
    }
    world->lines_due = world->meetings + (pipes + world->node_count) / PIPES_A_MEETING;
    if (is_news(world)) {
        check_lines(world);
    }
}

void weft_sim_check_meeting(struct weft_sim_world *world)
{
    if (world->meetings++ >= world->lines_due) {
        look_at_lines(world);
    }
    if (world->now_ns >= world->busy_ns) {
        check_busy(world);
        world->busy_ns = world->now_ns + BUSY_PERIOD_NS;
    }
}

void weft_sim_check_idle(struct weft_sim_world *world)
{
    uint64_t ms = (world->now_ns - world->mark_ns) / WEFT_NS_PER_MS;
    uint64_t rate =
        IDLE_BYTES_PER_S + (uint64_t)IDLE_BYTES_PER_S_A_SEGMENT * world->topology.segment_count;
    if (world->node_count == 0 || world->mark_ns < IDLE_AFTER_NS ||
        world->mishaps.hostile_count > 0) {
        return;
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < world->node_count; i++) {
        uint64_t sent = world->network.cards[i].up.control_bytes - world->control_mark[i];
        total += sent;
        if (sent > rate * ms / 1000) {
            weft_sim_check_fail(weft_sim_world_shard(world, i), WEFT_SIM_CHECK_IDLE_QUIET, i,
                                "%llu bytes of control messages in %llu ms without a release",
                                (unsigned long long)sent, (unsigned long long)ms);
        }
    }
    uint64_t mean_rate = IDLE_MEAN_BYTES_PER_S +
                         (uint64_t)IDLE_MEAN_BYTES_PER_S_A_SEGMENT * world->topology.segment_count;
    if (total / world->node_count > mean_rate * ms / 1000) {
        weft_sim_check_fail(&world->shards[0], WEFT_SIM_CHECK_IDLE_QUIET, 0,
                            "the mean node sent %llu bytes of control messages in %llu ms",
                            (unsigned long long)(total / world->node_count),
                            (unsigned long long)ms);
    }
}
