/* SPDX-License-Identifier: Apache-2.0 */
/* Which streams are missing? */
#include "link_review.h"

#include "rng.h"
#include "state.h"

#define REVIEW_NS (5 * WEFT_NS_PER_S)
#define REVIEW_SOON_NS (250 * WEFT_NS_PER_MS)
#define OPENING_NS (10 * WEFT_NS_PER_S)

/* How many streams this node wants inside its segment. */
static uint32_t near_target(const struct weft_core *core)
{
    const struct weft_tuning *tuning = &core->config.tuning;
    uint32_t count = weft_member_up_count(core);
    if (count <= tuning->full_mesh) {
        return count;
    }
    return weft_election_self(core) ? tuning->neighbours * 3 / 2 : tuning->neighbours;
}

static uint64_t near_weight(const struct weft_core *core, weft_node_id peer)
{
    return weft_rendezvous(core->self.id, peer);
}

static void open_near(struct weft_core *core, const struct weft_member *member)
{
    struct weft_endpoint endpoint = {.id = weft_member_said(core, member)->id,
                                     .address = weft_member_said(core, member)->address};
    weft_link_open(core, &endpoint, /* far */ false);
}

/* The member of largest weight below |below| that is up, neither linked nor paused. */
static const struct weft_member *next_near(struct weft_core *core, uint64_t below)
{
    const struct weft_member *best = NULL;
    uint64_t best_weight = 0;
    for (uint32_t i = 0; i < weft_member_count(core); i++) {
        const struct weft_member *member = weft_member_at(core, i);
        uint64_t weight = near_weight(core, weft_member_said(core, member)->id);
        bool next = weft_member_is_up(member) && weight < below && weight >= best_weight;
        if (next && weft_link_find(core, weft_member_said(core, member)->id) == NULL &&
            !weft_link_pause_is_on(core, weft_member_said(core, member)->id)) {
            best = member;
            best_weight = weight;
        }
    }
    return best;
}

static void open_agents(struct weft_core *core)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    for (uint32_t i = 0; i < count; i++) {
        const struct weft_member *agent = weft_member_find(core, agents[i]);
        if (agent != NULL) {
            open_near(core, agent);
        }
    }
}

/* Streams to those who push chunks to this node, which is the agents for a root. */
static void open_parents(struct weft_core *core)
{
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        weft_node_id parent = weft_tree_parent(core, stripe);
        const struct weft_member *member = NULL;
        if (parent == 0) {
            open_agents(core);
        } else if (weft_link_find(core, parent) == NULL) {
            member = weft_member_find(core, parent);
        }
        if (member != NULL) {
            open_near(core, member);
        }
    }
}

/* Open streams to members until there are as many as wanted, counting those that others opened. */
static void review_near(struct weft_core *core)
{
    if (weft_election_self(core)) {
        open_agents(core);
    }
    open_parents(core);
    uint32_t target = near_target(core);
    uint64_t below = UINT64_MAX;
    for (uint32_t count = weft_link_count(core, /* far */ false); count < target; count++) {
        const struct weft_member *member = next_near(core, below);
        if (member == NULL) {
            return;
        }
        below = near_weight(core, weft_member_said(core, member)->id);
        open_near(core, member);
    }
}

/* Agents keep streams to agents of other segments, each segment at most once, those of largest
 * rendezvous weight; both ends compute the same weight, so links tend to be wanted by both. */
static void review_far(struct weft_core *core)
{
    uint32_t count = weft_link_count(core, /* far */ true);
    uint32_t target = weft_election_self(core) ? core->config.tuning.far_links : 0;
    uint64_t below = UINT64_MAX;
    while (count < target) {
        const struct weft_remote *best = NULL;
        uint64_t best_weight = 0;
        for (uint32_t i = 0; i < weft_remote_count(core); i++) {
            const struct weft_remote *remote = weft_remote_at(core, i);
            uint64_t weight = weft_mix(core->self.id ^ remote->endpoint.id);
            if (remote->is_agent && weight < below && weight >= best_weight &&
                !weft_link_pause_is_on(core, remote->endpoint.id)) {
                best = remote;
                best_weight = weight;
            }
        }
        if (best == NULL) {
            return;
        }
        below = best_weight;
        count += weft_link_find(core, best->endpoint.id) == NULL;
        weft_link_open(core, &best->endpoint, true);
    }
}

/* A name for the agents in force, whichever of them is the better one; links that come up later are
 * marked then. */
static uint64_t name_agents(const struct weft_core *core)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    uint64_t name = count;
    for (uint32_t i = 0; i < count; i++) {
        name += weft_mix(agents[i]);
    }
    return name;
}

/* Mark who is an agent, and forget who did not answer. Mostly neither is to be done, and no link
 * has to be looked at. */
static void review_roles(struct weft_core *core)
{
    uint64_t name = name_agents(core);
    if (name == core->links.marked && weft_link_opening_count(core) == 0) {
        return;
    }
    core->links.marked = name;
    for (uint32_t i = 0; i < core->links.end; i++) {
        struct weft_link *link = weft_link_at(&core->links, i);
        bool forgotten =
            link->peer.id != 0 && !link->up && core->now_ns - link->since_ns > OPENING_NS;
        if (forgotten) {
            weft_link_give_up(core, link);
        } else if (link->up && !link->far) {
            link->agent = weft_election_is_agent(core, link->peer.id);
        }
    }
}

/* Is there a stream that should be up and is not? Agents find others elsewhere at any time. */
static bool is_wanting(const struct weft_core *core)
{
    uint32_t near = weft_link_count(core, /* far */ false);
    bool is_opening = weft_link_opening_count(core) > 0;
    uint32_t others = weft_member_up_count(core) - 1;
    uint32_t target = near_target(core);
    target = target < others ? target : others;
    return weft_election_self(core) || is_opening || near < target;
}

void weft_link_review_soon(struct weft_core *core)
{
    weft_ns soon = core->now_ns + REVIEW_SOON_NS;
    core->links.review_ns = core->links.review_ns < soon ? core->links.review_ns : soon;
    weft_core_stir_content(core);
}

void weft_link_review_on_view(struct weft_core *core)
{
    review_roles(core);
    weft_link_review_soon(core);
}

void weft_link_review_expire(struct weft_core *core)
{
    if (!core->link_up || core->leaving || core->now_ns < core->links.review_ns) {
        return;
    }
    review_roles(core);
    review_near(core);
    review_far(core);
    uint32_t factor = is_wanting(core) ? 1 : weft_pace_factor(core);
    core->links.review_ns = weft_round_near(core, factor * REVIEW_NS);
}

weft_ns weft_link_review_deadline(const struct weft_core *core)
{
    bool idle = !core->link_up || core->leaving;
    return idle ? WEFT_NS_NEVER : core->links.review_ns;
}
