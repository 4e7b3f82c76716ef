/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does this node say of itself?". */
#include "own_record.h"

#include "address.h"
#include "datagram.h"
#include "state.h"

/* Stability grows up to this: 64 hours. */
#define STABILITY_MAX 7
#define HOUR_NS (3600 * WEFT_NS_PER_S)

/* To whom goodbyes go, besides the agents. */
#define GOODBYES 6

static void say(struct weft_core *core, const struct weft_record *record)
{
    struct weft_member self = core->members.table[0];
    self.state = (enum weft_member_state)record->state;
    weft_member_put(core, 0, &self, record);
}

/* Tell the own record as it is now, which whoever has the one before takes for newer. */
static void renew(struct weft_core *core)
{
    struct weft_record self = weft_member_record(core, 0);
    core->incarnation += core->incarnation < WEFT_INCARNATION_MAX ? 1 : 0;
    self.incarnation = core->incarnation;
    self.address = core->self.address;
    say(core, &self);
    weft_gossip_tell(core, 0, true /* eager */);
}

void weft_own_record_renew(struct weft_core *core)
{
    renew(core);
    weft_pace_stir(core);
}

void weft_own_record_take_role(struct weft_core *core, enum weft_role role, uint32_t term)
{
    struct weft_record self = weft_member_record(core, 0);
    self.role = (uint8_t)role;
    self.term = term;
    say(core, &self);
    weft_own_record_renew(core);
}

static void add_self(struct weft_core *core)
{
    struct weft_record self = {
        .id = core->self.id,
        .incarnation = core->incarnation,
        .address = core->self.address,
        .site = core->config.site,
        .state = WEFT_MEMBER_ALIVE,
        .agent_class = (uint8_t)core->config.agent_class,
        .claim = WEFT_HALF_OCTAVES_MAX,
    };
    weft_member_add(core, &self);
}

void weft_own_record_on_start(struct weft_core *core)
{
    core->own_record.started_ns = core->now_ns;
    core->dues[WEFT_DUE_OLDER] = core->now_ns + HOUR_NS;
    add_self(core);
}

/* Another segment: its members are no members here; some of them are remembered as ways back. */
static void move(struct weft_core *core)
{
    uint32_t slots[4];
    uint32_t count = weft_member_sample(core, 0, 4, slots);
    for (uint32_t i = 0; i < count; i++) {
        struct weft_endpoint endpoint = weft_member_endpoint(core, slots[i]);
        weft_join_remember(core, &endpoint);
    }
    weft_gossip_clear(core);
    weft_member_forget_others(core);
    weft_election_reset(core);
    weft_remote_sweep(core);
}

void weft_own_record_on_link(struct weft_core *core, const struct weft_event_link *event)
{
    bool is_moved = !weft_prefix_equal(&event->segment, &core->segment);
    bool is_changed = is_moved || !weft_address_equal(&event->address, &core->self.address);
    core->self.address = event->address;
    core->segment = event->segment;
    core->segment_key = weft_segment_key(&core->segment);
    if (is_moved) {
        move(core);
    }
    if (is_changed) {
        weft_own_record_renew(core);
    }
}

static void say_goodbye(struct weft_core *core, uint32_t slot)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_LEAVE};
    message.leave = weft_member_record(core, 0);
    struct weft_endpoint to = weft_member_endpoint(core, slot);
    weft_datagram_send(core, &to, &message);
}

void weft_own_record_on_leave(struct weft_core *core)
{
    struct weft_record self = weft_member_record(core, 0);
    self.state = WEFT_MEMBER_LEFT;
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t agent_count = weft_election_agents(core, agents);
    say(core, &self);
    for (uint32_t i = 0; i < agent_count; i++) {
        uint32_t slot = weft_member_slot(core, agents[i]);
        if (slot != WEFT_MEMBER_NONE && slot != 0) {
            say_goodbye(core, slot);
        }
    }
    uint32_t slots[GOODBYES];
    uint32_t count = weft_member_sample(core, 0, GOODBYES, slots);
    for (uint32_t i = 0; i < count; i++) {
        say_goodbye(core, slots[i]);
    }
}

void weft_own_record_expire(struct weft_core *core)
{
    struct weft_own_record *own = &core->own_record;
    if (core->now_ns < core->dues[WEFT_DUE_OLDER]) {
        return;
    }
    struct weft_record self = weft_member_record(core, 0);
    self.stability++;
    say(core, &self);
    renew(core); /* which is no reason to hurry */
    core->dues[WEFT_DUE_OLDER] = self.stability >= STABILITY_MAX
                                     ? WEFT_NS_NEVER
                                     : own->started_ns + (HOUR_NS << self.stability);
}
