/* SPDX-License-Identifier: Apache-2.0 */
/* Who should push this node the chunks of a stripe? */
#include "tree.h"

#include "rng.h"
#include "state.h"

void weft_tree_init(struct weft_core *core)
{
    core->trees.view = UINT64_MAX;
}

/* Place in a stripe: the smaller, the nearer to the root. A quarter turn from stripe to stripe, so
 * that who is near the root in one of them is far from it in the others. */
static uint64_t place_of(weft_node_id id, uint32_t stripe)
{
    return weft_mix(id ^ UINT64_C(0x7765667474726565)) + ((uint64_t)stripe << 62);
}

/* Level of a place: a quarter of those on one belong to the next. */
static uint32_t level_of(uint64_t place)
{
    return place == 0 ? 32 : (uint32_t)__builtin_clzll(place) / 2;
}

static uint64_t own_place(const struct weft_core *core, uint32_t stripe)
{
    return weft_election_self(core) ? UINT64_MAX : place_of(core->self.id, stripe);
}

/* Member |index| of the segment, the own node first. */
static const struct weft_member *at(const struct weft_core *core, uint32_t index)
{
    return index == 0 ? weft_member_self(core) : weft_member_at(core, index - 1);
}

static bool is_relay(const struct weft_core *core, const struct weft_member *member)
{
    return weft_member_is_up(member) &&
           !weft_election_is_agent(core, weft_member_said(core, member)->id);
}

/* --- all are linked with all --- */

/* How many relays come before |id| in the order of stripe 0? */
static uint32_t rank_of(const struct weft_core *core, weft_node_id id)
{
    uint64_t place = place_of(id, 0);
    uint32_t rank = 0;
    for (uint32_t i = 0; i <= weft_member_count(core); i++) {
        const struct weft_member *member = at(core, i);
        rank += is_relay(core, member) && place_of(weft_member_said(core, member)->id, 0) < place;
    }
    return rank;
}

static weft_node_id relay_at(const struct weft_core *core, uint32_t rank)
{
    for (uint32_t i = 0; i <= weft_member_count(core); i++) {
        const struct weft_member *member = at(core, i);
        if (is_relay(core, member) && rank_of(core, weft_member_said(core, member)->id) == rank) {
            return weft_member_said(core, member)->id;
        }
    }
    return 0;
}

static weft_node_id parent_by_rank(const struct weft_core *core, uint32_t stripe)
{
    uint32_t relays = 0;
    for (uint32_t i = 0; i <= weft_member_count(core); i++) {
        relays += is_relay(core, at(core, i));
    }
    if (relays == 0) {
        return 0;
    }
    uint32_t shift = stripe * relays / WEFT_STRIPES;
    uint32_t own = rank_of(core, core->self.id);
    bool agent = weft_election_self(core);
    uint32_t rank = agent ? relays + own % WEFT_TREE_FANOUT : (own + relays - shift) % relays;
    return rank == 0 ? 0 : relay_at(core, ((rank - 1) / WEFT_TREE_FANOUT + shift) % relays);
}

/* --- each is linked with some --- */

/* The relay with the smallest place, to which all tops of the tree belong. */
static weft_node_id root_of(const struct weft_core *core, uint32_t stripe)
{
    weft_node_id root = core->self.id;
    uint64_t smallest = own_place(core, stripe);
    for (uint32_t i = 0; i < weft_member_count(core); i++) {
        const struct weft_member *member = weft_member_at(core, i);
        uint64_t place = place_of(weft_member_said(core, member)->id, stripe);
        if (place < smallest && is_relay(core, member)) {
            smallest = place;
            root = weft_member_said(core, member)->id;
        }
    }
    return root == core->self.id ? 0 : root;
}

static weft_node_id parent_by_level(const struct weft_core *core, uint32_t stripe)
{
    uint32_t own = level_of(own_place(core, stripe));
    uint32_t best_level = UINT32_MAX;
    uint64_t best_weight = 0;
    weft_node_id best = 0;
    for (uint32_t i = 0; i < weft_member_count(core); i++) {
        const struct weft_member *member = weft_member_at(core, i);
        uint32_t level = level_of(place_of(weft_member_said(core, member)->id, stripe));
        if (level <= own || level > best_level || !is_relay(core, member)) {
            continue;
        }
        uint64_t weight =
            weft_rendezvous(core->self.id + stripe, weft_member_said(core, member)->id);
        if (level < best_level || weight > best_weight) {
            best_level = level;
            best_weight = weight;
            best = weft_member_said(core, member)->id;
        }
    }
    return best != 0 ? best : root_of(core, stripe);
}

/* --- answers --- */

/* Changes whenever a parent may. */
static uint64_t view_of(const struct weft_core *core)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    uint64_t view = core->epoch;
    for (uint32_t i = 0; i < count; i++) {
        view = view * 31 + agents[i];
    }
    return view;
}

weft_node_id weft_tree_parent(struct weft_core *core, uint32_t stripe)
{
    struct weft_trees *self = &core->trees;
    uint64_t view = view_of(core);
    bool small = weft_member_up_count(core) <= core->config.tuning.full_mesh;
    for (uint32_t i = 0; view != self->view && i < WEFT_STRIPES; i++) {
        self->parents[i] = small ? parent_by_rank(core, i) : parent_by_level(core, i);
    }
    self->view = view;
    return self->parents[stripe];
}

bool weft_tree_is_above(const struct weft_core *core, weft_node_id id, uint32_t stripe)
{
    return level_of(place_of(id, stripe)) > level_of(own_place(core, stripe));
}

bool weft_tree_is_nearer(weft_node_id left, weft_node_id right, uint32_t stripe)
{
    return place_of(left, stripe) > place_of(right, stripe);
}
