/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is this datagram for us, and from where it claims to be, and who hears it?". */
#include "datagram.h"

#include "address.h"
#include "claim.h"
#include "state.h"

/* Hop limit of a datagram that passed no router. */
#define HOP_LIMIT_LOCAL 255

/* Is the sender in the own segment? NONE, or why not. */
static enum weft_reject check_local(const struct weft_core *core,
                                    const struct weft_event_datagram *event)
{
    if (!weft_prefix_contains(&core->segment, event->from.address.ip)) {
        return WEFT_REJECT_STRANGER;
    }
    /* 0: the driver cannot tell; then the address has to do. */
    if (event->hop_limit != HOP_LIMIT_LOCAL && event->hop_limit != 0) {
        return WEFT_REJECT_HOP_LIMIT;
    }
    return WEFT_REJECT_NONE;
}

static bool is_segment_only(enum weft_message_kind kind)
{
    switch (kind) {
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
    case WEFT_MESSAGE_PINGREQ:
    case WEFT_MESSAGE_GOSSIP:
    case WEFT_MESSAGE_SYNC:
    case WEFT_MESSAGE_SYNC_RECORDS:
    case WEFT_MESSAGE_LEAVE:
        return true;
    case WEFT_MESSAGE_JOIN:
    case WEFT_MESSAGE_WELCOME:
    case WEFT_MESSAGE_AGENTS:
    case WEFT_MESSAGE_ANNOUNCE:
    case WEFT_MESSAGE_ANNOUNCE_GET:
    case WEFT_MESSAGE_HINT:
        break;
    }
    return false;
}

static enum weft_reject check(const struct weft_core *core, const struct weft_event_datagram *event,
                              const struct weft_message *message)
{
    if (message->mesh != core->config.mesh) {
        return WEFT_REJECT_MESH;
    }
    if (message->sender == core->self.id) {
        return WEFT_REJECT_SELF;
    }
    if (event->from.id != 0 && event->from.id != message->sender) {
        return WEFT_REJECT_STRANGER;
    }
    return is_segment_only(message->kind) ? check_local(core, event) : WEFT_REJECT_NONE;
}

/* Messages that only members of the segment send. */
static void route_local(struct weft_core *core, const struct weft_endpoint *from,
                        const struct weft_message *message)
{
    switch (message->kind) {
    case WEFT_MESSAGE_PING:
        weft_probe_on_ping(core, from, &message->probe);
        break;
    case WEFT_MESSAGE_ACK:
        weft_probe_on_ack(core, from, &message->probe);
        break;
    case WEFT_MESSAGE_PINGREQ:
        weft_probe_on_pingreq(core, from, &message->pingreq);
        break;
    case WEFT_MESSAGE_GOSSIP:
        weft_gossip_on_gossip(core, from->id, &message->gossip);
        break;
    case WEFT_MESSAGE_SYNC:
        weft_sync_on_sync(core, from, &message->sync);
        break;
    case WEFT_MESSAGE_SYNC_RECORDS:
        weft_sync_on_records(core, from, &message->gossip.records);
        break;
    case WEFT_MESSAGE_LEAVE:
        weft_claim_merge(core, &message->leave, WEFT_HEARSAY_SELF);
        break;
    case WEFT_MESSAGE_JOIN:
    case WEFT_MESSAGE_WELCOME:
    case WEFT_MESSAGE_AGENTS:
    case WEFT_MESSAGE_ANNOUNCE:
    case WEFT_MESSAGE_ANNOUNCE_GET:
    case WEFT_MESSAGE_HINT:
        break;
    }
}

/* Messages that anybody sends; |local|: a node of the own segment did. */
static void route_anywhere(struct weft_core *core, const struct weft_endpoint *from, bool local,
                           const struct weft_message *message)
{
    switch (message->kind) {
    case WEFT_MESSAGE_JOIN:
        weft_join_on_join(core, from, local, &message->join, message->bulletin);
        break;
    case WEFT_MESSAGE_WELCOME:
        weft_join_on_welcome(core, from, local, &message->welcome);
        break;
    case WEFT_MESSAGE_AGENTS:
        weft_overlay_on_agents(core, from, local, &message->agents);
        break;
    case WEFT_MESSAGE_ANNOUNCE:
        weft_bulletin_check_on_announce(core, from, message->bulletin, &message->announce);
        break;
    case WEFT_MESSAGE_ANNOUNCE_GET:
        weft_announce_on_get(core, from);
        break;
    case WEFT_MESSAGE_HINT:
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
    case WEFT_MESSAGE_PINGREQ:
    case WEFT_MESSAGE_GOSSIP:
    case WEFT_MESSAGE_SYNC:
    case WEFT_MESSAGE_SYNC_RECORDS:
    case WEFT_MESSAGE_LEAVE:
        break;
    }
}

/* The sender lives, and has some bulletin. */
static void note_sender(struct weft_core *core, const struct weft_endpoint *from, bool local,
                        weft_bulletin bulletin)
{
    if (!local) {
        weft_remote_heard(core, from->id, bulletin);
    } else if (weft_member_heard(core, from->id, bulletin) != NULL) {
        weft_probe_on_heard(core);
    }
}

/* A node of another segment may be no agent: it says that it is none. */
static void bar(struct weft_message *message)
{
    if (message->kind == WEFT_MESSAGE_AGENTS) {
        message->agents.sender.agent_class = WEFT_AGENT_NEVER;
        message->agents.sender.is_agent = false;
    } else if (message->kind == WEFT_MESSAGE_JOIN) {
        message->join.record.agent_class = WEFT_AGENT_NEVER;
        message->join.record.role = WEFT_ROLE_FOLLOWER;
    }
}

void weft_datagram_on_datagram(struct weft_core *core, const struct weft_event_datagram *event)
{
    core->counters.datagrams_received++;
    core->counters.control_bytes_received += event->length;
    weft_member_fetch(core, event->from.id); /* while the message is read */
    struct weft_message message;
    enum weft_reject reject = weft_message_decode(event->bytes, event->length, &message);
    if (reject != WEFT_REJECT_NONE) {
        weft_core_refuse(core, reject, event->from.id);
        return;
    }
    reject = check(core, event, &message);
    if (reject != WEFT_REJECT_NONE) {
        weft_core_reject(core, reject);
        return;
    }
    /* Accepted. */
    bool local = check_local(core, event) == WEFT_REJECT_NONE;
    struct weft_endpoint from = {.id = message.sender, .address = event->from.address};
    note_sender(core, &from, local, message.bulletin);
    if (event->no_agent && !local) {
        bar(&message);
    }
    if (is_segment_only(message.kind)) {
        route_local(core, &from, &message);
    } else {
        route_anywhere(core, &from, local, &message);
    }
    weft_member_bar(core, from.id, event->no_agent);
    if (message.kind != WEFT_MESSAGE_ANNOUNCE && message.kind != WEFT_MESSAGE_ANNOUNCE_GET &&
        message.kind != WEFT_MESSAGE_LEAVE) {
        weft_announce_on_heard(core, &from, message.bulletin);
    }
}

void weft_datagram_send(struct weft_core *core, const struct weft_endpoint *to,
                        struct weft_message *message)
{
    if (!core->link_up) {
        return;
    }
    message->mesh = core->config.mesh;
    message->sender = core->self.id;
    message->bulletin = weft_announce_bulletin(core);
    uint8_t *room = weft_action_room(core->actions, WEFT_DATAGRAM_BYTES_MAX);
    if (room == NULL) {
        return;
    }
    uint32_t length = weft_message_encode(message, room, WEFT_DATAGRAM_BYTES_MAX);
    if (length == 0) {
        return;
    }
    struct weft_action *action = weft_action_push(core->actions, WEFT_ACTION_DATAGRAM);
    if (action == NULL) {
        return;
    }
    weft_action_claim(core->actions, length);
    action->send = (struct weft_action_send){
        .to = *to,
        .bytes = room,
        .length = length,
        .local = weft_prefix_contains(&core->segment, to->address.ip),
    };
    core->counters.datagrams_sent++;
    core->counters.control_bytes_sent += length;
}
