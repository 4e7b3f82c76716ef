/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who is probed when?". The timers are in round.h.
 *
 * The ring gives every member exactly one prober per period, so that a crash is noticed within one
 * period and not only on average; the shuffled round robin finds what a fixed pair cannot see. */
#include "round.h"

#include "rng.h"
#include "state.h"

/* Watchers of an agent, and their pace. */
#define WATCHERS 3
#define WATCH_NS (500 * WEFT_NS_PER_MS)

/* Without news an agent is watched so many times more rarely at most: others wait for it. */
#define WATCH_FACTOR_MAX 16

/* Besides the successor somebody else is probed in every so manieth period, at full pace and at a
 * slower one: what he shows besides, nobody waits for while nothing happens. */
#define OTHERS_PERIODS 2
#define OTHERS_PERIODS_SLOW 4

/* A pause of so many periods or more may be half a one longer or shorter. */
#define NEAR_PERIODS 4

static weft_ns period_ns(const struct weft_core *core)
{
    return core->config.tuning.probe_period_ms * WEFT_NS_PER_MS;
}

static weft_ns random_phase(struct weft_core *core, weft_ns within_ns)
{
    return weft_rng_below(&core->rng, (uint32_t)(within_ns / WEFT_NS_PER_MS)) * WEFT_NS_PER_MS;
}

void weft_round_carve(struct weft_core *core, struct weft_arena *arena)
{
    struct weft_rounds *round = &core->probes.round;
    uint32_t members_max = core->config.members_max;
    weft_slots_carve(&round->order, arena, members_max, members_max);
}

void weft_round_restart(struct weft_core *core)
{
    struct weft_rounds *round = &core->probes.round;
    core->dues[WEFT_DUE_ROUND] = core->now_ns + random_phase(core, period_ns(core));
    core->dues[WEFT_DUE_WATCH] = WEFT_NS_NEVER;
    round->watched_count = 0;
    round->epoch = UINT64_MAX;
}

void weft_round_hasten(struct weft_core *core)
{
    weft_due_by(core, WEFT_DUE_ROUND, core->now_ns + random_phase(core, period_ns(core)));
    if (core->dues[WEFT_DUE_WATCH] != WEFT_NS_NEVER) {
        weft_due_by(core, WEFT_DUE_WATCH, core->now_ns + random_phase(core, WATCH_NS));
    }
}

weft_ns weft_round_near(const struct weft_core *core, weft_ns pause_ns)
{
    weft_ns at_ns = core->now_ns + pause_ns;
    weft_ns begin_ns = core->dues[WEFT_DUE_ROUND];
    weft_ns long_ns = weft_pace_factor(core) * period_ns(core);
    if (weft_pace_factor(core) == 1 || pause_ns < NEAR_PERIODS * long_ns || at_ns < begin_ns) {
        return at_ns;
    }
    return begin_ns + (at_ns - begin_ns + long_ns / 2) / long_ns * long_ns;
}

/* The next member on the ring, and the agents to watch; made anew when the view changed. */
static void look_around(struct weft_core *core)
{
    struct weft_rounds *round = &core->probes.round;
    const struct weft_members *members = &core->members;
    if (round->epoch == core->epoch) {
        return;
    }
    round->epoch = core->epoch;
    uint64_t own = weft_mix(core->self.id);
    uint64_t nearest = UINT64_MAX;
    round->successor = WEFT_MEMBER_NONE;
    for (uint32_t slot = 1; slot < members->count; slot++) {
        const struct weft_member *member = &members->table[slot];
        uint64_t distance = weft_mix(weft_member_said(core, member)->id) - own;
        if (weft_member_is_up(member) && distance < nearest) {
            nearest = distance;
            round->successor = slot;
        }
    }
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    round->watched_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (agents[i] != core->self.id &&
            weft_member_place_for(core, agents[i], WATCHERS) < WATCHERS) {
            round->watched[round->watched_count++] = weft_member_slot(core, agents[i]);
        }
    }
    if (round->watched_count == 0) {
        core->dues[WEFT_DUE_WATCH] = WEFT_NS_NEVER;
    } else if (core->dues[WEFT_DUE_WATCH] == WEFT_NS_NEVER) {
        core->dues[WEFT_DUE_WATCH] = core->now_ns + random_phase(core, WATCH_NS);
    }
}

uint32_t weft_round_successor(struct weft_core *core)
{
    look_around(core);
    return core->probes.round.successor;
}

/* Probe the member at |slot| unless it was heard within |fresh_ns|. */
static bool probe_silent(struct weft_core *core, uint32_t slot, weft_ns fresh_ns)
{
    if (slot == WEFT_MEMBER_NONE || slot == 0 || !weft_member_is_up(&core->members.table[slot])) {
        return false;
    }
    uint32_t silent_ms = weft_member_clock_ms(core) - core->members.table[slot].heard_ms;
    if (silent_ms < fresh_ns / WEFT_NS_PER_MS) {
        return false;
    }
    weft_probe_slot(core, slot);
    return true;
}

/* Begin another round over all members, in another order. */
static void shuffle(struct weft_core *core)
{
    struct weft_rounds *round = &core->probes.round;
    round->order_at = 0;
    round->order_count = core->members.count - 1;
    for (uint32_t i = 0; i < round->order_count; i++) {
        uint32_t j = weft_rng_below(&core->rng, i + 1);
        weft_slots_set(&round->order, i, weft_slots_get(&round->order, j));
        weft_slots_set(&round->order, j, i + 1);
    }
}

/* The next member in round robin that was not heard within the period. */
static void probe_next(struct weft_core *core)
{
    struct weft_rounds *round = &core->probes.round;
    weft_ns fresh_ns = weft_pace_factor(core) * period_ns(core);
    for (uint32_t tries = 0; tries < 8; tries++) {
        if (round->order_at >= round->order_count) {
            shuffle(core);
        }
        if (round->order_at >= round->order_count) {
            return;
        }
        uint32_t slot = weft_slots_get(&round->order, round->order_at++);
        if (slot < core->members.count && probe_silent(core, slot, fresh_ns)) {
            return;
        }
    }
}

static void begin_period(struct weft_core *core)
{
    struct weft_rounds *round = &core->probes.round;
    weft_pace_on_period(core);
    uint32_t factor = weft_pace_factor(core);
    weft_ns long_ns = factor * period_ns(core);
    core->dues[WEFT_DUE_ROUND] += long_ns;
    if (core->dues[WEFT_DUE_ROUND] <= core->now_ns) {
        core->dues[WEFT_DUE_ROUND] = core->now_ns + long_ns;
    }
    look_around(core);
    round->count++;
    probe_silent(core, round->successor, long_ns / 2);
    if (round->count % (factor > 1 ? OTHERS_PERIODS_SLOW : OTHERS_PERIODS) == 0) {
        probe_next(core);
    }
}

static void watch(struct weft_core *core)
{
    struct weft_rounds *round = &core->probes.round;
    uint32_t factor = weft_pace_factor(core);
    weft_ns long_ns = (factor < WATCH_FACTOR_MAX ? factor : WATCH_FACTOR_MAX) * WATCH_NS;
    core->dues[WEFT_DUE_WATCH] = core->now_ns + long_ns;
    look_around(core);
    for (uint32_t i = 0; i < round->watched_count; i++) {
        probe_silent(core, round->watched[i], long_ns / 2);
    }
}

void weft_round_expire(struct weft_core *core)
{
    if (core->now_ns >= core->dues[WEFT_DUE_ROUND]) {
        begin_period(core);
    }
    if (core->now_ns >= core->dues[WEFT_DUE_WATCH]) {
        watch(core);
    }
}
