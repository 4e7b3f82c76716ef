/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how fast do bulk bytes move inside a site?". */
#include "lan.h"
#include "memory.h"
#include "pipe.h"
#include "world.h"

static uint32_t link_of(const struct weft_sim_shard *shard, uint32_t node, bool up)
{
    return 2 * (node - shard->first_node) + (up ? 0 : 1);
}

void weft_sim_lan_begin(struct weft_sim_shard *shard)
{
    struct weft_sim_lan *lan = &shard->lan;
    *lan = (struct weft_sim_lan){.fair = weft_sim_fair_new()};
    for (uint32_t i = shard->first_node; i < shard->end_node; i++) {
        uint64_t rate = shard->world->network.cards[i].rate;
        weft_sim_fair_add_link(lan->fair, rate);
        weft_sim_fair_add_link(lan->fair, rate);
    }
}

void weft_sim_lan_end(struct weft_sim_shard *shard)
{
    struct weft_sim_lan *lan = &shard->lan;
    weft_sim_fair_free(lan->fair);
    weft_sim_memory_give(lan->changes, lan->change_room, sizeof(lan->changes[0]));
}

void weft_sim_lan_change(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    struct weft_sim_lan *lan = &shard->lan;
    if (lan->change_count == lan->change_room) {
        lan->changes =
            weft_sim_memory_grow(lan->changes, &lan->change_room, sizeof(lan->changes[0]));
    }
    lan->changes[lan->change_count++] = weft_sim_pool_handle(pipe);
}

/* Give the pipe a flow, or take it away, as it is busy or not. */
static void reconcile(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    bool sends = pipe->busy && !pipe->beginning && !pipe->held;
    if (sends == (pipe->flow != WEFT_SIM_NO_FLOW)) {
        return;
    }
    if (!sends) {
        weft_sim_fair_remove(shard->lan.fair, pipe->flow);
        pipe->flow = WEFT_SIM_NO_FLOW;
        return;
    }
    uint32_t path[] = {link_of(shard, pipe->from, /* up */ true),
                       link_of(shard, pipe->to, /* up */ false)};
    pipe->flow = weft_sim_fair_add(shard->lan.fair, path, 2, pipe->slot.index);
}

void weft_sim_lan_settle(struct weft_sim_shard *shard)
{
    struct weft_sim_lan *lan = &shard->lan;
    for (uint32_t i = 0; i < lan->change_count; i++) {
        struct weft_sim_pipe *pipe = weft_sim_pool_find(&shard->pipes, lan->changes[i]);
        if (pipe != NULL) {
            reconcile(shard, pipe);
        }
    }
    lan->change_count = 0;
    uint32_t changed = weft_sim_fair_solve(lan->fair);
    for (uint32_t i = 0; i < changed; i++) {
        uint32_t flow = weft_sim_fair_changed(lan->fair, i);
        uint32_t index = (uint32_t)weft_sim_fair_owner(lan->fair, flow);
        weft_sim_pipe_rate(shard, weft_sim_pool_at(&shard->pipes, index),
                           weft_sim_fair_rate(lan->fair, flow));
    }
}

void weft_sim_lan_take(struct weft_sim_shard *shard, uint32_t node, bool up, uint64_t taken)
{
    uint64_t rate = shard->world->network.cards[node].rate;
    weft_sim_fair_set_capacity(shard->lan.fair, link_of(shard, node, up),
                               rate > taken ? rate - taken : 0);
}

uint64_t weft_sim_lan_load(const struct weft_sim_shard *shard, uint32_t node, bool up)
{
    return weft_sim_fair_load(shard->lan.fair, link_of(shard, node, up));
}

uint32_t weft_sim_lan_flows(const struct weft_sim_shard *shard, uint32_t node, bool up)
{
    return weft_sim_fair_flows(shard->lan.fair, link_of(shard, node, up));
}
