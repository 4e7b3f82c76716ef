/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what do agents of different segments tell each other?". The timers are in overlay.h. */
#include "overlay.h"

#include "claim.h"
#include "datagram.h"
#include "rng.h"
#include "state.h"

#define IDLE_NS (10 * WEFT_NS_PER_S)
#define QUICK_NS (2 * WEFT_NS_PER_S)

/* Agents elsewhere, and members of the own segment, told at a time. */
#define PEERS 3

static weft_ns jittered(struct weft_core *core, weft_ns pace_ns)
{
    uint32_t spread = (uint32_t)(pace_ns / 5 / WEFT_NS_PER_US);
    return pace_ns - pace_ns / 10 + weft_rng_below(&core->rng, spread) * WEFT_NS_PER_US;
}

struct weft_contact weft_overlay_self(const struct weft_core *core)
{
    return (struct weft_contact){
        .endpoint = core->self,
        .segment = core->segment_key,
        .site = core->config.site,
        .bulletin = weft_announce_bulletin(core),
        .agent_class = (uint8_t)core->config.agent_class,
        .is_agent = weft_election_self(core),
    };
}

static void add(struct weft_contacts *contacts, const struct weft_contact *contact,
                uint32_t count_max)
{
    if (contacts->count < count_max) {
        contacts->items[contacts->count++] = *contact;
    }
}

/* The own segment's agents other than this node. */
static void add_agents(const struct weft_core *core, uint32_t count_max,
                       struct weft_contacts *contacts)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(core, agents);
    for (uint32_t i = 0; i < count; i++) {
        const struct weft_member *member = weft_member_find(core, agents[i]);
        if (member != NULL) {
            struct weft_contact contact = {
                .endpoint = {.id = weft_member_said(core, member)->id,
                             .address = weft_member_said(core, member)->address},
                .segment = core->segment_key,
                .site = weft_member_said(core, member)->site,
                .bulletin = weft_member_bulletin(core, member),
                .agent_class = (uint8_t)weft_member_class(core, member),
                .is_agent = true,
            };
            add(contacts, &contact, count_max);
        }
    }
}

void weft_overlay_collect(struct weft_core *core, uint64_t segment, uint32_t wanted,
                          struct weft_contacts *contacts)
{
    uint32_t count_max = contacts->count + wanted;
    count_max = count_max < WEFT_MESSAGE_CONTACTS_MAX ? count_max : WEFT_MESSAGE_CONTACTS_MAX;
    if (segment != core->segment_key) {
        add_agents(core, count_max, contacts);
    }
    uint32_t places[WEFT_MESSAGE_CONTACTS_MAX];
    uint32_t count = weft_remote_sample(core, WEFT_MESSAGE_CONTACTS_MAX, places);
    for (uint32_t i = 0; i < count; i++) {
        const struct weft_remote *remote = weft_remote_at(core, places[i]);
        if (remote->segment != segment && weft_remote_is_fresh(core, remote)) {
            struct weft_contact contact = weft_remote_contact(core, places[i]);
            add(contacts, &contact, count_max);
        }
    }
}

/* Another agent of the segment of |to|: if the two do not know each other, their segment is in two
 * parts, and nobody there can tell. */
static void add_fellow(struct weft_core *core, const struct weft_endpoint *to, uint64_t segment,
                       struct weft_contacts *contacts)
{
    uint32_t count = weft_remote_count(core);
    uint32_t start = count == 0 ? 0 : weft_rng_below(&core->rng, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct weft_remote *remote = weft_remote_at(core, (start + i) % count);
        if (remote->segment == segment && remote->endpoint.id != to->id &&
            weft_remote_is_fresh(core, remote)) {
            struct weft_contact contact = weft_remote_contact(core, (start + i) % count);
            add(contacts, &contact, WEFT_MESSAGE_CONTACTS_MAX);
            return;
        }
    }
}

static void send_agents(struct weft_core *core, const struct weft_endpoint *to, uint64_t segment,
                        bool is_reply)
{
    struct weft_message message = {.kind = WEFT_MESSAGE_AGENTS};
    message.agents.is_reply = is_reply;
    message.agents.sender = weft_overlay_self(core);
    add_fellow(core, to, segment, &message.agents.contacts);
    weft_overlay_collect(core, segment, WEFT_MESSAGE_CONTACTS_MAX, &message.agents.contacts);
    weft_datagram_send(core, to, &message);
}

/* The agents that somebody knows elsewhere; at one of the own segment that is no member here a
 * node knocks. */
static void learn_all(struct weft_core *core, const struct weft_message_agents *agents)
{
    uint32_t knocks = 0;
    for (uint32_t i = 0; i < agents->contacts.count; i++) {
        const struct weft_contact *contact = &agents->contacts.items[i];
        if (knocks > 0 || !weft_join_knock(core, contact)) {
            weft_remote_learn(core, contact, false /* first_hand */);
        } else {
            knocks++;
        }
    }
}

void weft_overlay_on_agents(struct weft_core *core, const struct weft_endpoint *from, bool local,
                            const struct weft_message_agents *agents)
{
    if (local) {
        if (weft_member_find(core, from->id) == NULL) {
            weft_core_reject(core, WEFT_REJECT_STRANGER);
            return;
        }
        learn_all(core, agents);
        return;
    }
    struct weft_contact sender = agents->sender;
    /* Behind an address translator the address seen counts. */
    sender.endpoint.address = from->address;
    weft_remote_learn(core, &sender, true /* first_hand */);
    learn_all(core, agents);
    if (!agents->is_reply) {
        send_agents(core, from, sender.segment, true /* is_reply */);
    }
}

void weft_overlay_begin(struct weft_core *core)
{
    core->dues[WEFT_DUE_EXCHANGE] = core->now_ns;
    core->dues[WEFT_DUE_TELL] = core->now_ns + jittered(core, QUICK_NS);
}

static void exchange(struct weft_core *core)
{
    uint32_t places[PEERS];
    uint32_t count = weft_remote_sample(core, PEERS, places);
    for (uint32_t i = 0; i < count; i++) {
        const struct weft_remote *remote = weft_remote_at(core, places[i]);
        send_agents(core, &remote->endpoint, remote->segment, false /* is_reply */);
        weft_remote_asked(core, places[i]);
    }
    weft_remote_sweep(core);
}

static void tell_segment(struct weft_core *core)
{
    uint32_t slots[PEERS];
    uint32_t count = core->remotes.count == 0 ? 0 : weft_member_sample(core, 0, PEERS, slots);
    for (uint32_t i = 0; i < count; i++) {
        struct weft_endpoint to = weft_member_endpoint(core, slots[i]);
        send_agents(core, &to, core->segment_key, true /* is_reply */);
    }
}

void weft_overlay_expire(struct weft_core *core)
{
    struct weft_overlays *overlay = &core->remotes.overlay;
    if (!weft_election_self(core)) {
        return;
    }
    if (core->now_ns >= core->dues[WEFT_DUE_EXCHANGE]) {
        bool is_busy = core->now_ns < overlay->busy_ns;
        core->dues[WEFT_DUE_EXCHANGE] = core->now_ns + jittered(core, is_busy ? QUICK_NS : IDLE_NS);
        exchange(core);
    }
    if (core->now_ns >= core->dues[WEFT_DUE_TELL]) {
        core->dues[WEFT_DUE_TELL] = core->now_ns + jittered(core, IDLE_NS);
        tell_segment(core);
    }
}
