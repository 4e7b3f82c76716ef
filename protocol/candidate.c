/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who stands before whom?" and "how many agents does a segment need?". */
#include "candidate.h"

#include "rng.h"
#include "state.h"

/* Goodput assumed while too few observers told: 8 MiB/s, in half-octaves above 128 KiB/s. */
#define RATE_NEUTRAL 12

/* Small segments need one agent; others one for so many nodes, but at least two. */
#define SMALL_SEGMENT 3
#define NODES_PER_AGENT 128

/* Who sent this node bad chunks is none for it. */
static bool is_candidate(const struct weft_core *core, const struct weft_member *member)
{
    return weft_member_is_up(member) && weft_member_class(core, member) != WEFT_AGENT_NEVER &&
           !weft_penalty_is_doubted(core, weft_member_said(core, member)->id);
}

static uint32_t score_of(const struct weft_core *core, const struct weft_member *member)
{
    if (!is_candidate(core, member)) {
        return 0;
    }
    uint32_t rate = member->rate == WEFT_MEMBER_RATE_UNKNOWN ? RATE_NEUTRAL : member->rate;
    uint32_t goodput =
        rate < weft_member_said(core, member)->claim ? rate : weft_member_said(core, member)->claim;
    return (uint32_t)weft_member_said(core, member)->agent_class * 256 + 1 + goodput +
           weft_member_said(core, member)->stability;
}

/* |key|: of the segment. */
static bool is_before(const struct weft_core *core, uint64_t key, const struct weft_member *a,
                      const struct weft_member *b)
{
    uint32_t a_score = score_of(core, a);
    uint32_t b_score = score_of(core, b);
    if (a_score != b_score) {
        return a_score > b_score;
    }
    uint64_t a_weight = weft_rendezvous(key, weft_member_said(core, a)->id);
    uint64_t b_weight = weft_rendezvous(key, weft_member_said(core, b)->id);
    return a_weight != b_weight ? a_weight > b_weight
                                : weft_member_said(core, a)->id < weft_member_said(core, b)->id;
}

static const struct weft_member *known(const struct weft_core *core, weft_node_id id)
{
    uint32_t slot = weft_member_slot(core, id);
    return slot == WEFT_MEMBER_NONE ? NULL : &core->members.table[slot];
}

bool weft_candidate_is_before(const struct weft_core *core, weft_node_id a, weft_node_id b)
{
    const struct weft_member *first = known(core, a);
    const struct weft_member *second = known(core, b);
    if (first == NULL || second == NULL) {
        return first != NULL;
    }
    return is_before(core, core->segment_key, first, second);
}

uint32_t weft_candidate_place(const struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    const struct weft_member *self = &members->table[0];
    uint64_t key = core->segment_key;
    uint32_t place = 0;
    for (uint32_t slot = 1; slot < members->count && place < WEFT_AGENTS_MAX; slot++) {
        const struct weft_member *member = &members->table[slot];
        if (weft_member_is_up(member) &&
            weft_member_said(core, member)->role == WEFT_ROLE_FOLLOWER &&
            is_before(core, key, member, self)) {
            place++;
        }
    }
    return place;
}

bool weft_candidate_is_own_proper(const struct weft_core *core)
{
    return is_candidate(core, &core->members.table[0]);
}

bool weft_candidate_is_any(const struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    for (uint32_t slot = 0; slot < members->count; slot++) {
        if (is_candidate(core, &members->table[slot])) {
            return true;
        }
    }
    return false;
}

bool weft_candidate_is_eligible(const struct weft_core *core)
{
    return weft_candidate_is_own_proper(core) || !weft_candidate_is_any(core);
}

uint32_t weft_election_score(const struct weft_core *core, weft_node_id id)
{
    const struct weft_member *member = known(core, id);
    return member == NULL ? 0 : score_of(core, member);
}

uint32_t weft_election_rank(const struct weft_core *core, weft_node_id id)
{
    const struct weft_members *members = &core->members;
    const struct weft_member *subject = known(core, id);
    if (subject == NULL || !weft_member_is_up(subject)) {
        return members->count;
    }
    uint64_t key = core->segment_key;
    uint32_t rank = 0;
    for (uint32_t slot = 0; slot < members->count; slot++) {
        const struct weft_member *member = &members->table[slot];
        if (member != subject && weft_member_is_up(member) &&
            is_before(core, key, member, subject)) {
            rank++;
        }
    }
    return rank;
}

/* Pinned nodes and servers that are up: they are always agents. */
static uint32_t pinned_count(const struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < members->count; slot++) {
        const struct weft_member *member = &members->table[slot];
        count +=
            weft_member_is_up(member) && weft_member_class(core, member) >= WEFT_AGENT_PIN ? 1 : 0;
    }
    return count;
}

uint32_t weft_election_wanted(const struct weft_core *core)
{
    const struct weft_members *members = &core->members;
    uint32_t wanted = core->config.tuning.agents;
    if (wanted == 0 && members->up_count <= SMALL_SEGMENT) {
        wanted = 1;
    } else if (wanted == 0) {
        wanted = (members->up_count + NODES_PER_AGENT - 1) / NODES_PER_AGENT;
        wanted = wanted < 2 ? 2 : wanted;
    }
    uint32_t pinned = pinned_count(core);
    wanted = wanted > pinned ? wanted : pinned;
    return wanted < WEFT_AGENTS_MAX ? wanted : WEFT_AGENTS_MAX;
}
