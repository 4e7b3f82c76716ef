/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who is Update Agent, and should this node be one?". States and timers are in election.h;
 * the order of candidates is in candidate.c. */
#include "election.h"

#include "candidate.h"
#include "state.h"

/* Half-octaves, rather classes, by which a challenger has to be better, and for how long. */
#define CHALLENGE_MERIT 2
#define CHALLENGE_WINDOWS 10
#define WINDOW_NS (60 * WEFT_NS_PER_S)
#define CHANGE_NS (600 * WEFT_NS_PER_S)

/* Windows that are looked at together while nothing happens and none counts. */
#define WINDOWS_TOGETHER 10

/* Claims are staggered, so that the best candidate acts first. */
#define CLAIM_NS (300 * WEFT_NS_PER_MS)
#define CLAIM_STEP_NS (150 * WEFT_NS_PER_MS)

/* So much later the next ones act: a better one may see no need, or be none for the others. */
#define SPARE_STEP_NS (500 * WEFT_NS_PER_MS)

/* Cold start: the view has to be stable for so long, but nobody waits longer than that. */
#define STABLE_NS (1 * WEFT_NS_PER_S)
#define COLD_NS (3 * WEFT_NS_PER_S)

/* Surplus agents leave the worst first. */
#define SURPLUS_NS (3 * WEFT_NS_PER_S)
#define SURPLUS_STEP_NS (5 * WEFT_NS_PER_S)
#define DRAIN_NS (2 * WEFT_NS_PER_S)

/* Changes of the view that do not concern agents are looked at together. */
#define SETTLE_NS (200 * WEFT_NS_PER_MS)

void weft_election_reset(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    if (election->state == WEFT_ELECTION_AGENT || election->state == WEFT_ELECTION_DRAIN) {
        weft_own_record_take_role(core, WEFT_ROLE_FOLLOWER, election->term);
    }
    *election = (struct weft_elections){
        .state = WEFT_ELECTION_FOLLOWER,
        .since_ns = core->now_ns,
        .window_ns = core->now_ns + WINDOW_NS,
        .changed_ns = core->now_ns,
        .term = election->term,
    };
    core->is_agent = false;
    core->dues[WEFT_DUE_ELECTION] = core->now_ns;
}

void weft_election_on_start(struct weft_core *core)
{
    weft_election_reset(core);
}

/* ---- The agents in force ---- */

/* Is |member| what it says it is, an agent? Who may be none is one only where there is no other. */
static bool is_in_force(const struct weft_core *core, const struct weft_member *member)
{
    return weft_member_said(core, member)->role == WEFT_ROLE_AGENT && weft_member_is_up(member) &&
           !weft_penalty_is_doubted(core, weft_member_said(core, member)->id) &&
           (!member->is_barred || !weft_candidate_is_any(core));
}

/* Make the list anew: up members and the own node that are agents, best first. */
static void list_agents(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    const struct weft_members *members = &core->members;
    election->agent_count = 0;
    for (uint32_t slot = 0; slot < members->count; slot++) {
        const struct weft_member *member = &members->table[slot];
        if (!is_in_force(core, member)) {
            continue;
        }
        uint32_t at = 0;
        while (at < election->agent_count &&
               weft_candidate_is_before(core, election->agents[at],
                                        weft_member_said(core, member)->id)) {
            at++;
        }
        if (at >= WEFT_AGENTS_MAX) {
            continue;
        }
        uint32_t last =
            election->agent_count < WEFT_AGENTS_MAX ? election->agent_count : WEFT_AGENTS_MAX - 1;
        for (uint32_t i = last; i > at; i--) {
            election->agents[i] = election->agents[i - 1];
        }
        election->agents[at] = weft_member_said(core, member)->id;
        election->agent_count = last + 1;
    }
    core->is_agent = weft_election_is_agent(core, core->self.id);
}

void weft_election_on_role(struct weft_core *core, uint32_t slot, bool is_role)
{
    struct weft_elections *election = &core->election;
    if (slot != WEFT_MEMBER_NONE) {
        const struct weft_member *member = &core->members.table[slot];
        election->term = weft_member_said(core, member)->term > election->term
                             ? weft_member_said(core, member)->term
                             : election->term;
        if (is_role && weft_member_said(core, member)->role == WEFT_ROLE_AGENT) {
            election->changed_ns = core->now_ns;
        }
        if (is_role && weft_member_said(core, member)->role == WEFT_ROLE_AGENT && slot != 0) {
            weft_core_trace(
                core, (struct weft_trace_record){.kind = WEFT_TRACE_AGENT_SEEN,
                                                 .peer = weft_member_said(core, member)->id,
                                                 .value = weft_member_said(core, member)->term});
        }
    }
    list_agents(core);
    core->dues[WEFT_DUE_ELECTION] = core->now_ns;
}

uint32_t weft_election_agents(const struct weft_core *core,
                              weft_node_id agents[static WEFT_AGENTS_MAX])
{
    const struct weft_elections *election = &core->election;
    for (uint32_t i = 0; i < election->agent_count; i++) {
        agents[i] = election->agents[i];
    }
    return election->agent_count;
}

bool weft_election_is_agent(const struct weft_core *core, weft_node_id id)
{
    for (uint32_t i = 0; i < core->election.agent_count; i++) {
        if (core->election.agents[i] == id) {
            return true;
        }
    }
    return false;
}

bool weft_election_is_out(const struct weft_core *core, weft_node_id id)
{
    const struct weft_member *member = weft_member_find(core, id);
    bool is_barred = member != NULL && member->is_barred && !weft_election_is_agent(core, id);
    return is_barred || weft_penalty_is_doubted(core, id);
}

bool weft_election_self(const struct weft_core *core)
{
    return core->is_agent;
}

/* ---- States ---- */

static void enter(struct weft_core *core, enum weft_election_state state)
{
    core->election.state = (uint8_t)state;
    core->election.since_ns = core->now_ns;
    core->election.is_surplus = false;
    core->election.windows = 0;
}

static void become_agent(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    election->term += election->term < UINT32_MAX ? 1 : 0;
    enter(core, WEFT_ELECTION_AGENT);
    weft_own_record_take_role(core, WEFT_ROLE_AGENT, election->term);
    weft_core_trace(
        core, (struct weft_trace_record){.kind = WEFT_TRACE_AGENT_CLAIM, .value = election->term});
    weft_overlay_begin(core);
    weft_look_on_role(core);
    weft_lease_on_doubt(core);
}

static void become_draining(struct weft_core *core)
{
    enter(core, WEFT_ELECTION_DRAIN);
    weft_own_record_take_role(core, WEFT_ROLE_DRAIN, core->election.term);
    weft_core_trace(core, (struct weft_trace_record){.kind = WEFT_TRACE_AGENT_DRAIN,
                                                     .value = core->election.term});
}

static void become_follower(struct weft_core *core)
{
    bool was_draining = core->election.state == WEFT_ELECTION_DRAIN;
    enter(core, WEFT_ELECTION_FOLLOWER);
    if (was_draining) {
        weft_own_record_take_role(core, WEFT_ROLE_FOLLOWER, core->election.term);
        weft_look_on_role(core);
    }
}

/* Does this node know its segment well enough to judge? */
static bool is_settled(const struct weft_core *core)
{
    const struct weft_joins *join = &core->members.join;
    weft_ns young_ns = core->now_ns - join->began_ns;
    weft_ns stable_ns = core->now_ns - core->members.digest_changed_ns;
    return weft_join_is_alone(core) || young_ns >= COLD_NS ||
           (stable_ns >= STABLE_NS && join->welcomed);
}

/* Is the weakest agent in force weaker than this node by so much that it has to be replaced? */
static bool is_stronger(const struct weft_core *core, bool *at_once)
{
    const struct weft_elections *election = &core->election;
    uint32_t count = election->agent_count;
    *at_once = false;
    if (count == 0 || weft_candidate_place(core) != 0) {
        return false;
    }
    uint32_t own = weft_election_score(core, core->self.id);
    uint32_t weakest = weft_election_score(core, election->agents[count - 1]);
    uint32_t own_class = weft_candidate_class(own);
    if (own_class > weft_candidate_class(weakest)) {
        *at_once = own_class >= WEFT_AGENT_PIN;
        return true;
    }
    return own_class == weft_candidate_class(weakest) && own >= weakest + CHALLENGE_MERIT;
}

/* Count the windows in which this node was stronger. */
static bool challenges(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    bool at_once = false;
    bool stronger = is_stronger(core, &at_once);
    if (core->now_ns >= election->window_ns) {
        election->window_ns = core->now_ns + WINDOW_NS;
        election->windows =
            stronger && election->windows < UINT8_MAX ? (uint8_t)(election->windows + 1) : 0;
    }
    return stronger && (at_once || (election->windows >= CHALLENGE_WINDOWS &&
                                    core->now_ns - election->changed_ns >= CHANGE_NS));
}

/* Agents in force that count: one of class never only stands in while there is nobody else. */
static uint32_t count_proper(const struct weft_core *core)
{
    const struct weft_elections *election = &core->election;
    uint32_t count = 0;
    for (uint32_t i = 0; i < election->agent_count; i++) {
        count += weft_election_score(core, election->agents[i]) != 0 ? 1 : 0;
    }
    return weft_candidate_is_own_proper(core) || count > 0 ? count : election->agent_count;
}

/* FOLLOWER and CLAIM: should this node act? */
static void think_follower(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    uint32_t wanted = weft_election_wanted(core);
    uint32_t proper = count_proper(core);
    uint32_t missing = wanted > proper ? wanted - proper : 0;
    uint32_t place = weft_candidate_place(core);
    bool is_challenge = challenges(core);
    if (election->windows > 0) {
        weft_due_by(core, WEFT_DUE_ELECTION, election->window_ns); /* the next one may count, too */
    }
    bool is_reason = weft_candidate_is_eligible(core) && is_settled(core) &&
                     ((missing > 0 && place < WEFT_AGENTS_MAX) || is_challenge);
    if (!is_reason) {
        if (election->state == WEFT_ELECTION_CLAIM) {
            become_follower(core);
        }
        return;
    }
    if (election->state == WEFT_ELECTION_FOLLOWER) {
        uint8_t windows = election->windows;
        enter(core, WEFT_ELECTION_CLAIM);
        election->windows = windows;
    }
    uint32_t spare = place >= missing && !is_challenge ? place - missing + 1 : 0;
    weft_ns claim_ns =
        election->since_ns + CLAIM_NS + place * CLAIM_STEP_NS + spare * SPARE_STEP_NS;
    if (weft_join_is_alone(core) || core->now_ns >= claim_ns) {
        become_agent(core);
    } else {
        weft_due_by(core, WEFT_DUE_ELECTION, claim_ns);
    }
}

/* AGENT: are there enough better ones? */
static void think_agent(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    uint32_t better = 0;
    while (better < election->agent_count && election->agents[better] != core->self.id) {
        better++;
    }
    bool is_stand_in =
        !weft_candidate_is_own_proper(core) && weft_election_score(core, election->agents[0]) != 0;
    if (better < weft_election_wanted(core) && !is_stand_in) {
        election->is_surplus = false;
        return;
    }
    if (!election->is_surplus) {
        election->is_surplus = true;
        election->since_ns = core->now_ns;
    }
    uint32_t behind = better < election->agent_count ? election->agent_count - 1 - better : 0;
    weft_ns leave_ns = election->since_ns + SURPLUS_NS + behind * SURPLUS_STEP_NS;
    if (core->now_ns >= leave_ns) {
        become_draining(core);
        core->dues[WEFT_DUE_ELECTION] = core->now_ns + DRAIN_NS;
    } else {
        weft_due_by(core, WEFT_DUE_ELECTION, leave_ns);
    }
}

/* When the answer may change although no event comes. Doubts end with time alone. */
static weft_ns next_ns(const struct weft_core *core)
{
    const struct weft_elections *election = &core->election;
    uint32_t factor = core->penalties.count > 0 ? 1 : weft_pace_factor(core);
    factor = factor < WINDOWS_TOGETHER ? factor : WINDOWS_TOGETHER;
    weft_ns due_ns = election->window_ns > core->now_ns ? election->window_ns
                                                        : weft_round_near(core, factor * WINDOW_NS);
    if (!is_settled(core)) {
        due_ns = core->now_ns + SETTLE_NS;
    }
    return due_ns;
}

void weft_election_expire(struct weft_core *core)
{
    struct weft_elections *election = &core->election;
    if (core->elected_epoch != core->epoch) {
        core->elected_epoch = core->epoch;
        weft_due_by(core, WEFT_DUE_ELECTION, core->now_ns + SETTLE_NS);
    }
    if (core->now_ns < core->dues[WEFT_DUE_ELECTION]) {
        return;
    }
    core->dues[WEFT_DUE_ELECTION] = next_ns(core);
    list_agents(core);
    switch ((enum weft_election_state)election->state) {
    case WEFT_ELECTION_FOLLOWER:
    case WEFT_ELECTION_CLAIM:
        think_follower(core);
        break;
    case WEFT_ELECTION_AGENT:
        think_agent(core);
        break;
    case WEFT_ELECTION_DRAIN:
        if (core->now_ns - election->since_ns >= DRAIN_NS) {
            become_follower(core);
        } else {
            core->dues[WEFT_DUE_ELECTION] = election->since_ns + DRAIN_NS;
        }
        break;
    case WEFT_ELECTION_STATE_COUNT:
        break;
    }
}
