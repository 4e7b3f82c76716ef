/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how fast do bulk bytes move between sites?". */
#include "backbone.h"
#include "memory.h"
#include "pipe.h"
#include "world.h"

/* Fullness of a line is told in these parts. */
#define WHOLE 1024

#define SOURCE_LINK 0

/* What lines carry beside payload is looked at so often. It is taken off their rate if it has
 * changed by more than a part of that, and never takes more than another part. */
#define LOOK_NS (100 * WEFT_NS_PER_MS)
#define TAKEN_STEPS 128
#define TAKEN_MOST 2

__extension__ typedef unsigned __int128 wide;

uint32_t weft_sim_backbone_line(const struct weft_sim_topology *topology, uint32_t node, bool up)
{
    return node == WEFT_SIM_SOURCE ? SOURCE_LINK
                                   : 1 + 2 * weft_sim_topology_site(topology, node) + (up ? 0 : 1);
}

static uint32_t site_link(const struct weft_sim_world *world, uint32_t node, bool up)
{
    return weft_sim_backbone_line(&world->topology, node, up);
}

static void add_line(struct weft_sim_backbone *self, uint64_t bytes_per_s)
{
    uint64_t rate = weft_sim_network_goodput(bytes_per_s);
    self->lines[weft_sim_fair_add_link(self->fair, rate)].rate = rate;
}

void weft_sim_backbone_begin(struct weft_sim_world *world)
{
    struct weft_sim_backbone *self = &world->backbone;
    uint32_t count = 1 + 2 * world->topology.site_count;
    *self = (struct weft_sim_backbone){.fair = weft_sim_fair_new(), .line_count = count};
    self->lines = weft_sim_memory_take(count, sizeof(self->lines[0]));
    add_line(self, world->options->source_bytes_per_s);
    for (uint32_t i = 0; i < world->topology.site_count; i++) {
        const struct weft_sim_line *line = &world->topology.sites[i].line;
        add_line(self, line->up_bytes_per_s);
        add_line(self, line->down_bytes_per_s);
    }
}

void weft_sim_backbone_end(struct weft_sim_world *world)
{
    struct weft_sim_backbone *self = &world->backbone;
    weft_sim_fair_free(self->fair);
    weft_sim_memory_give(self->lines, self->line_count, sizeof(self->lines[0]));
    weft_sim_memory_give(self->engaged, self->engaged_room, sizeof(self->engaged[0]));
}

/* --- what changes --- */

static void note(struct weft_sim_shard *shard, const struct weft_sim_far_change *change)
{
    struct weft_sim_far *far = &shard->far;
    if (far->count == far->room) {
        far->changes = weft_sim_memory_grow(far->changes, &far->room, sizeof(far->changes[0]));
    }
    far->changes[far->count++] = *change;
}

void weft_sim_backbone_change(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    struct weft_sim_far_change change = {.pipe = weft_sim_pool_handle(pipe),
                                         .flow = WEFT_SIM_NO_FLOW};
    note(shard, &change);
}

void weft_sim_backbone_close(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    if (pipe->flow != WEFT_SIM_NO_FLOW) {
        struct weft_sim_far_change change = {
            .flow = pipe->flow, .from = pipe->from, .to = pipe->to};
        note(shard, &change);
    }
}

/* The card of a node takes part in the backbone. */
static uint32_t card_link(struct weft_sim_world *world, uint32_t node, bool up)
{
    struct weft_sim_card *card = &world->network.cards[node];
    if (card->backbone_links == UINT32_MAX) {
        card->backbone_links = weft_sim_fair_add_link(world->backbone.fair, card->rate);
        weft_sim_fair_add_link(world->backbone.fair, card->rate);
    }
    return card->backbone_links + (up ? 0 : 1);
}

static void engage(struct weft_sim_world *world, uint32_t node, bool up)
{
    struct weft_sim_backbone *self = &world->backbone;
    struct weft_sim_card *card = &world->network.cards[node];
    if (card->far_up == 0 && card->far_down == 0 && !card->engaged) {
        if (self->engaged_count == self->engaged_room) {
            self->engaged =
                weft_sim_memory_grow(self->engaged, &self->engaged_room, sizeof(self->engaged[0]));
        }
        self->engaged[self->engaged_count++] = node;
        card->engaged = true;
    }
    card->far_up = (uint16_t)(card->far_up + up);
    card->far_down = (uint16_t)(card->far_down + !up);
}

static void add_flow(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    struct weft_sim_world *world = shard->world;
    uint32_t path[4];
    uint32_t count = 0;
    if (pipe->from == WEFT_SIM_SOURCE) {
        path[count++] = SOURCE_LINK;
    } else {
        path[count++] = card_link(world, pipe->from, /* up */ true);
        path[count++] = site_link(world, pipe->from, /* up */ true);
        engage(world, pipe->from, /* up */ true);
    }
    path[count++] = site_link(world, pipe->to, /* up */ false);
    path[count++] = card_link(world, pipe->to, /* up */ false);
    engage(world, pipe->to, /* up */ false);
    uint64_t owner = ((uint64_t)shard->index << 32) | pipe->slot.index;
    pipe->flow = weft_sim_fair_add_weighted(world->backbone.fair, path, count, owner, pipe->weight);
}

static void remove_flow(struct weft_sim_world *world, uint32_t flow, uint32_t from, uint32_t to)
{
    weft_sim_fair_remove(world->backbone.fair, flow);
    if (from != WEFT_SIM_SOURCE) {
        world->network.cards[from].far_up--;
    }
    world->network.cards[to].far_down--;
}

static void apply(struct weft_sim_shard *shard, const struct weft_sim_far_change *change)
{
    if (change->flow != WEFT_SIM_NO_FLOW) {
        remove_flow(shard->world, change->flow, change->from, change->to);
        return;
    }
    struct weft_sim_pipe *pipe = weft_sim_pool_find(&shard->pipes, change->pipe);
    bool sends = pipe != NULL && pipe->busy && !pipe->beginning && !pipe->held;
    if (pipe == NULL || sends == (pipe->flow != WEFT_SIM_NO_FLOW)) {
        return;
    }
    if (sends) {
        add_flow(shard, pipe);
    } else {
        remove_flow(shard->world, pipe->flow, pipe->from, pipe->to);
        pipe->flow = WEFT_SIM_NO_FLOW;
    }
}

/* --- cards, which belong to the site as well --- */

/* What flows between sites may have of one side of a card. */
static uint64_t far_part(const struct weft_sim_shard *shard, uint32_t node, bool up,
                         uint32_t far_count)
{
    uint64_t rate = shard->world->network.cards[node].rate;
    uint32_t near_count = weft_sim_lan_flows(shard, node, up);
    if (near_count == 0 || far_count == 0) {
        return rate;
    }
    uint64_t load = weft_sim_lan_load(shard, node, up);
    uint64_t fair = rate / (near_count + far_count) * far_count;
    uint64_t rest = rate > load ? rate - load : 0;
    return fair > rest ? fair : rest;
}

static void limit_cards(struct weft_sim_world *world)
{
    const struct weft_sim_backbone *self = &world->backbone;
    for (uint32_t i = 0; i < self->engaged_count; i++) {
        uint32_t node = self->engaged[i];
        const struct weft_sim_card *card = &world->network.cards[node];
        const struct weft_sim_shard *shard = weft_sim_world_shard(world, node);
        weft_sim_fair_set_capacity(self->fair, card->backbone_links,
                                   far_part(shard, node, /* up */ true, card->far_up));
        weft_sim_fair_set_capacity(self->fair, card->backbone_links + 1,
                                   far_part(shard, node, /* up */ false, card->far_down));
    }
}

/* Leave to the sites what the backbone does not take; forget cards that have no flow any more. */
static void take_cards(struct weft_sim_world *world)
{
    struct weft_sim_backbone *self = &world->backbone;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->engaged_count; i++) {
        uint32_t node = self->engaged[i];
        struct weft_sim_card *card = &world->network.cards[node];
        struct weft_sim_shard *shard = weft_sim_world_shard(world, node);
        weft_sim_lan_take(shard, node, /* up */ true,
                          weft_sim_fair_load(self->fair, card->backbone_links));
        weft_sim_lan_take(shard, node, /* up */ false,
                          weft_sim_fair_load(self->fair, card->backbone_links + 1));
        weft_sim_lan_settle(shard);
        card->engaged = card->far_up + card->far_down > 0;
        if (card->engaged) {
            self->engaged[kept++] = node;
        }
    }
    self->engaged_count = kept;
}

/* --- what else lines carry --- */

/* A line has another rate, or something else takes another part of it. */
static void set_line(struct weft_sim_backbone *self, uint32_t number, uint64_t rate, uint64_t taken)
{
    struct weft_sim_long_line *line = &self->lines[number];
    line->rate = rate;
    line->taken = taken;
    uint64_t most = rate / TAKEN_MOST;
    weft_sim_fair_set_capacity(self->fair, number, rate - (taken < most ? taken : most));
}

/* What the lines carried beside payload since the last look is taken off until the next one. */
static void look(struct weft_sim_world *world)
{
    struct weft_sim_backbone *self = &world->backbone;
    weft_ns past_ns = world->now_ns - self->looked_ns;
    if (past_ns < LOOK_NS) {
        return;
    }
    self->looked_ns = world->now_ns;
    for (uint32_t i = 0; i < self->line_count; i++) {
        const struct weft_sim_long_line *line = &self->lines[i];
        uint64_t bytes = weft_sim_network_take_beside(&world->network, i);
        uint64_t bytes_per_s = (uint64_t)((wide)bytes * WEFT_NS_PER_S / past_ns);
        uint64_t taken = bytes_per_s == 0 ? 0 : weft_sim_network_goodput(bytes_per_s);
        uint64_t change = taken > line->taken ? taken - line->taken : line->taken - taken;
        if (change > line->rate / TAKEN_STEPS) {
            set_line(self, i, line->rate, taken);
        }
    }
}

void weft_sim_backbone_slow(struct weft_sim_world *world, uint32_t site, uint64_t parts,
                            uint64_t whole)
{
    struct weft_sim_backbone *self = &world->backbone;
    const struct weft_sim_line *line = &world->topology.sites[site].line;
    const uint64_t rates[] = {line->up_bytes_per_s, line->down_bytes_per_s};
    for (uint32_t i = 0; i < 2; i++) {
        if (rates[i] != 0) {
            uint32_t number = 1 + 2 * site + i;
            set_line(self, number, weft_sim_network_goodput(rates[i]) / whole * parts,
                     self->lines[number].taken);
        }
    }
}

void weft_sim_backbone_source(struct weft_sim_world *world, uint64_t bytes_per_s)
{
    struct weft_sim_backbone *self = &world->backbone;
    set_line(self, SOURCE_LINK, weft_sim_network_goodput(bytes_per_s),
             self->lines[SOURCE_LINK].taken);
}

void weft_sim_backbone_settle(struct weft_sim_world *world)
{
    struct weft_sim_backbone *self = &world->backbone;
    for (uint32_t s = 0; s < world->shard_count; s++) {
        struct weft_sim_shard *shard = &world->shards[s];
        for (uint32_t i = 0; i < shard->far.count; i++) {
            apply(shard, &shard->far.changes[i]);
        }
        shard->far.count = 0;
    }
    look(world);
    limit_cards(world);
    uint32_t changed = weft_sim_fair_solve(self->fair);
    for (uint32_t i = 0; i < changed; i++) {
        uint32_t flow = weft_sim_fair_changed(self->fair, i);
        uint64_t owner = weft_sim_fair_owner(self->fair, flow);
        struct weft_sim_shard *shard = &world->shards[owner >> 32];
        weft_sim_pipe_rate(shard, weft_sim_pool_at(&shard->pipes, (uint32_t)owner),
                           weft_sim_fair_rate(self->fair, flow));
    }
    take_cards(world);
}

/* --- what others ask --- */

static uint32_t fullness(const struct weft_sim_fair *fair, uint32_t link)
{
    return (uint32_t)(weft_sim_fair_load(fair, link) /
                      (weft_sim_fair_capacity(fair, link) / WHOLE + 1));
}

static uint64_t share(const struct weft_sim_fair *fair, uint32_t link)
{
    return weft_sim_fair_capacity(fair, link) / (weft_sim_fair_flows(fair, link) + 1);
}

uint32_t weft_sim_backbone_fullness(const struct weft_sim_world *world, uint32_t from, uint32_t to)
{
    const struct weft_sim_fair *fair = world->backbone.fair;
    uint32_t up = from == WEFT_SIM_SOURCE ? SOURCE_LINK : site_link(world, from, /* up */ true);
    uint32_t most = fullness(fair, up);
    if (to != WEFT_SIM_SOURCE) {
        uint32_t other = fullness(fair, site_link(world, to, /* up */ false));
        most = other > most ? other : most;
    }
    return most;
}

uint64_t weft_sim_backbone_share(const struct weft_sim_world *world, uint32_t from, uint32_t to)
{
    const struct weft_sim_fair *fair = world->backbone.fair;
    uint32_t up = from == WEFT_SIM_SOURCE ? SOURCE_LINK : site_link(world, from, /* up */ true);
    uint64_t least = share(fair, up);
    if (to != WEFT_SIM_SOURCE) {
        uint64_t other = share(fair, site_link(world, to, /* up */ false));
        least = other < least ? other : least;
    }
    return least;
}
