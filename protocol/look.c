/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "when does this node look at the source for newer metadata?"; timers: see look.h. */
#include "look.h"

#include "rng.h"
#include "state.h"

#define START_MIN_MS 200
#define START_MAX_MS 1000
#define BACKOFF_MAX_NS (10 * WEFT_NS_PER_S)
#define LOOK_NS (120 * WEFT_NS_PER_S)

/* A look hangs after this; so often it is asked for in all, each time after twice as long. */
#define HANG_NS (3 * WEFT_NS_PER_S)
#define ASKS_MAX 3

/* Ordinary nodes together look about as often as the agents do: an agent that keeps news back
 * delays it by no more than a look or two. None looks in fewer polls than the least, which bounds
 * what a small segment costs the source, nor in more than the most, which bounds what a freeze
 * lasts. */
#define ORDINARY_LEAST 2
#define ORDINARY_MOST 10

/* When there is something to do next; whoever changes |looks| says so. */
static void set_due(struct weft_core *core)
{
    const struct weft_looks *look = &core->announces.look;
    weft_ns due_ns = look->stale_ns < look->due_ns ? look->stale_ns : look->due_ns;
    weft_ns over_ns = look->hang_ns < look->until_ns ? look->hang_ns : look->until_ns;
    core->dues[WEFT_DUE_LOOK] = look->until_ns != 0 ? over_ns : due_ns;
}

/* Plan the next look in |pace_ns| +-10 %. */
static void plan(struct weft_core *core, weft_ns pace_ns)
{
    uint32_t spread_ms = (uint32_t)(pace_ns / 5 / WEFT_NS_PER_MS) + 1;
    core->announces.look.due_ns = core->now_ns + pace_ns - pace_ns / 10 +
                                  weft_rng_below(&core->rng, spread_ms) * WEFT_NS_PER_MS;
    core->announces.look.reason = WEFT_LOOK_POLL;
    set_due(core);
}

/* The pace of this node: agents take turns, and so do the others. */
static weft_ns pace_ns(const struct weft_core *core)
{
    weft_ns poll_ns = core->config.tuning.poll_ms * WEFT_NS_PER_MS;
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    if (weft_election_self(core)) {
        return count * poll_ns;
    }
    uint32_t up = weft_member_up_count(core);
    uint32_t others = up > count ? up - count : 0;
    others = others > ORDINARY_LEAST ? others : ORDINARY_LEAST;
    return (others < ORDINARY_MOST ? others : ORDINARY_MOST) * poll_ns;
}

/* The first look of a node that needed none when it started: at any moment of its pace, so that the
 * nodes of a segment spread over it whenever they were switched on. */
static void plan_first(struct weft_core *core)
{
    weft_ns pace = pace_ns(core);
    uint32_t spread_ms = (uint32_t)(pace / WEFT_NS_PER_MS);
    plan(core, pace);
    core->announces.look.due_ns =
        core->now_ns + weft_rng_below(&core->rng, spread_ms) * WEFT_NS_PER_MS;
    set_due(core);
}

void weft_look_on_bulletin(struct weft_core *core, weft_ns fresh_ns)
{
    struct weft_looks *look = &core->announces.look;
    look->stale_ns = WEFT_NS_NEVER;
    if (core->config.has_source && fresh_ns != WEFT_NS_NEVER) {
        uint32_t spread_ms = (uint32_t)(fresh_ns / 5 / WEFT_NS_PER_MS) + 1;
        look->stale_ns =
            core->now_ns + fresh_ns + weft_rng_below(&core->rng, spread_ms) * WEFT_NS_PER_MS;
    }
    set_due(core);
}

void weft_look_on_start(struct weft_core *core)
{
    struct weft_looks *look = &core->announces.look;
    look->due_ns = WEFT_NS_NEVER;
    look->stale_ns = WEFT_NS_NEVER;
    if (core->config.has_source) {
        uint32_t delay_ms = START_MIN_MS + weft_rng_below(&core->rng, START_MAX_MS - START_MIN_MS);
        bool is_alone = weft_join_is_alone(core);
        look->due_ns = core->now_ns + (is_alone ? 0 : delay_ms * WEFT_NS_PER_MS);
        look->reason = WEFT_LOOK_START;
    }
    set_due(core);
}

/* Ask for a look, and plan to ask once more if nothing comes of it. */
static bool ask(struct weft_core *core, uint32_t asks)
{
    struct weft_looks *look = &core->announces.look;
    if (weft_action_push(core->actions, WEFT_ACTION_SOURCE_LOOK) == NULL) {
        return false;
    }
    look->asks = asks;
    look->hang_ns = asks < ASKS_MAX ? core->now_ns + (HANG_NS << (asks - 1)) : WEFT_NS_NEVER;
    set_due(core);
    return true;
}

static void begin(struct weft_core *core, enum weft_look_reason reason)
{
    struct weft_looks *look = &core->announces.look;
    if (!ask(core, 1)) {
        return;
    }
    look->until_ns = core->now_ns + LOOK_NS;
    look->due_ns = WEFT_NS_NEVER;
    look->reason = (uint8_t)reason;
    set_due(core);
    weft_core_trace(core,
                    (struct weft_trace_record){.kind = WEFT_TRACE_LOOK, .value = (uint64_t)reason});
}

void weft_look_on_look(struct weft_core *core)
{
    struct weft_looks *look = &core->announces.look;
    if (!core->config.has_source) {
        return;
    }
    if (look->until_ns != 0) {
        look->again = true;
    } else {
        look->failures = 0;
        begin(core, WEFT_LOOK_OPERATOR);
    }
}

/* The pause after so many failures in a row. */
static weft_ns backoff_ns(const struct weft_core *core, uint32_t failures)
{
    weft_ns pause_ns = core->config.tuning.source_backoff_ms * WEFT_NS_PER_MS;
    for (uint32_t i = 1; i < failures && pause_ns < BACKOFF_MAX_NS; i++) {
        pause_ns *= 2;
    }
    return pause_ns < BACKOFF_MAX_NS ? pause_ns : BACKOFF_MAX_NS;
}

void weft_look_on_looked(struct weft_core *core, const struct weft_event_looked *event)
{
    struct weft_looks *look = &core->announces.look;
    if (look->until_ns == 0) {
        return;
    }
    uint8_t reason = look->reason;
    look->until_ns = 0;
    set_due(core);
    if (look->again) {
        look->again = false;
        begin(core, WEFT_LOOK_OPERATOR);
        return;
    }
    if (event->result == WEFT_ERR_OK) {
        look->failures = 0;
        plan(core, pace_ns(core));
    } else if (weft_election_self(core) || reason == WEFT_LOOK_OPERATOR) {
        look->failures++;
        plan(core, backoff_ns(core, look->failures));
        look->reason = reason;
    } else {
        plan(core, pace_ns(core));
    }
}

void weft_look_on_role(struct weft_core *core)
{
    struct weft_looks *look = &core->announces.look;
    if (!core->config.has_source || look->until_ns != 0 || look->reason != WEFT_LOOK_POLL) {
        return;
    }
    weft_ns due_ns = look->due_ns;
    look->failures = 0;
    plan(core, pace_ns(core));
    /* A new agent takes its first turn in its place of the order. */
    if (weft_election_self(core)) {
        weft_ns poll_ns = core->config.tuning.poll_ms * WEFT_NS_PER_MS;
        look->due_ns = core->now_ns + poll_ns / 2 +
                       weft_rng_below(&core->rng, core->config.tuning.poll_ms) * WEFT_NS_PER_MS;
    }
    look->due_ns = due_ns < look->due_ns ? due_ns : look->due_ns;
    set_due(core);
}

void weft_look_expire(struct weft_core *core)
{
    if (core->now_ns < core->dues[WEFT_DUE_LOOK]) {
        return;
    }
    struct weft_looks *look = &core->announces.look;
    if (look->until_ns != 0 && core->now_ns >= look->until_ns) {
        struct weft_event_looked lost = {.result = WEFT_ERR_TIMEOUT};
        weft_look_on_looked(core, &lost);
    }
    if (look->until_ns != 0 && core->now_ns >= look->hang_ns) {
        (void)ask(core, look->asks + 1);
    }
    if (look->until_ns == 0 && core->now_ns >= look->stale_ns) {
        look->stale_ns = WEFT_NS_NEVER;
        set_due(core);
        begin(core, WEFT_LOOK_STALE);
    }
    if (look->until_ns != 0 || core->now_ns < look->due_ns) {
        return;
    }
    bool is_served = core->election.agent_count > 0 && !weft_election_self(core);
    if (look->reason == WEFT_LOOK_START && is_served) {
        plan_first(core);
        return;
    }
    begin(core, (enum weft_look_reason)look->reason);
}
