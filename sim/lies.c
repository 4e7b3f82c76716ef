/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does a hostile node say in its datagrams instead of what is true?". */
#include "lies.h"
#include "hostile.h"
#include "random.h"
#include "world.h"

#include "protocol/message.h"

#define ROOT_VERSION 1

/* A forged bulletin has bytes like these, and is newer by up to so many versions. */
#define FORGED_BYTES 400
#define FORGED_LEAD 5

/* Forged rates are newer than true ones. */
#define FORGED_SEQUENCE 1000000

/* Members that one node invents. */
#define GHOSTS_MAX 64

/* Put words into the mouths of others: every node of the segment has seen this one fast, and one of
 * the others slow. */
static void forge_rates(const struct weft_sim_world *world, const struct weft_sim_hostile *self,
                        struct weft_message_gossip *gossip)
{
    uint32_t segment = world->topology.segment_of[self->node];
    uint32_t first = weft_sim_topology_first(&world->topology, segment);
    uint32_t count = weft_sim_topology_first(&world->topology, segment + 1) - first;
    for (uint32_t i = 0; i < count && gossip->rate_count + 2 <= WEFT_MESSAGE_RATES_MAX; i++) {
        weft_node_id observer = world->nodes[first + i].id;
        weft_node_id other = world->nodes[first + (i + 1) % count].id;
        gossip->rates[gossip->rate_count++] = (struct weft_rate){
            observer, world->nodes[self->node].id, FORGED_SEQUENCE, WEFT_HALF_OCTAVES_MAX};
        gossip->rates[gossip->rate_count++] =
            (struct weft_rate){observer, other, FORGED_SEQUENCE, 0};
    }
}

/* Tells itself as fast as can be, and everybody else as slow. */
static bool lie_about_rates(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                            struct weft_message *message)
{
    weft_node_id own = world->nodes[self->node].id;
    bool gossips = message->kind == WEFT_MESSAGE_GOSSIP;
    uint32_t rates = gossips ? message->gossip.rate_count : 0;
    for (uint32_t i = 0; i < rates; i++) {
        struct weft_rate *rate = &message->gossip.rates[i];
        rate->half_octaves = rate->subject == own ? WEFT_HALF_OCTAVES_MAX : 0;
    }
    if (gossips) {
        forge_rates(world, self, &message->gossip);
    }
    struct weft_records *records = gossips ? &message->gossip.records : &message->probe.records;
    bool has_records =
        gossips || message->kind == WEFT_MESSAGE_PING || message->kind == WEFT_MESSAGE_ACK;
    for (uint32_t i = 0; has_records && i < records->count; i++) {
        struct weft_record *record = &records->items[i];
        record->claim = record->id == own ? WEFT_HALF_OCTAVES_MAX : record->claim;
        record->stability = record->id == own ? 7 : record->stability;
    }
    return true;
}

static bool tell_old_news(struct weft_sim_hostile *self, struct weft_message *message)
{
    self->first = self->first == 0 ? message->bulletin : self->first;
    message->bulletin = self->first;
    return message->kind != WEFT_MESSAGE_ANNOUNCE;
}

static bool tell_false_news(struct weft_sim_hostile *self, struct weft_message *message)
{
    static const uint8_t forged[FORGED_BYTES] = {'{', '}'};
    if (message->bulletin == 0) {
        return true;
    }
    uint32_t version = weft_bulletin_version(message->bulletin);
    uint32_t lead = 1 + self->forgeries++ / 64 % FORGED_LEAD;
    message->bulletin = weft_bulletin_of(ROOT_VERSION, version + lead, (uint16_t)lead);
    if (message->kind == WEFT_MESSAGE_ANNOUNCE) {
        message->announce.bytes = forged;
        message->announce.length = sizeof(forged);
    }
    return true;
}

/* Records in |message|; NULL if it has none. */
static struct weft_records *records_of(struct weft_message *message)
{
    switch ((uint32_t)message->kind) {
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
        return &message->probe.records;
    case WEFT_MESSAGE_GOSSIP:
    case WEFT_MESSAGE_SYNC_RECORDS:
        return &message->gossip.records;
    case WEFT_MESSAGE_WELCOME:
        return &message->welcome.records;
    default:
        return NULL;
    }
}

/* Whoever it speaks of is dead, or has left. */
static bool slander(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                    struct weft_message *message)
{
    weft_node_id own = world->nodes[self->node].id;
    struct weft_records *records = records_of(message);
    for (uint32_t i = 0; records != NULL && i < records->count; i++) {
        struct weft_record *record = &records->items[i];
        if (record->id != own && record->incarnation < WEFT_INCARNATION_MAX) {
            record->state =
                self->forgeries++ % 2 == 0 ? (uint8_t)WEFT_MEMBER_DEAD : (uint8_t)WEFT_MEMBER_LEFT;
            record->incarnation++;
        }
    }
    return true;
}

/* It speaks of members that do not exist. */
static bool invent(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                   struct weft_message *message)
{
    struct weft_records *records = records_of(message);
    for (; records != NULL && records->count < WEFT_MESSAGE_WELCOME_MAX; self->forgeries++) {
        uint64_t luck = weft_mix(world->nodes[self->node].id ^ self->forgeries % GHOSTS_MAX);
        struct weft_record ghost = {
            .id = luck | 1,
            .incarnation = 1,
            .address = weft_sim_topology_endpoint(&world->topology, self->node).address,
            .agent_class = WEFT_AGENT_PREFER,
            .stability = 7,
            .claim = WEFT_HALF_OCTAVES_MAX};
        ghost.address.ip[WEFT_IP_BYTES - 1] = (uint8_t)(luck >> 8);
        ghost.address.ip[WEFT_IP_BYTES - 2] = (uint8_t)(luck >> 16 | 0x80);
        records->items[records->count++] = ghost;
    }
    return true;
}

/* Whoever asks it meets nobody else. */
static bool eclipse(const struct weft_sim_world *world, const struct weft_sim_hostile *self,
                    struct weft_message *message)
{
    weft_node_id own = world->nodes[self->node].id;
    struct weft_records *records = records_of(message);
    uint32_t kept = 0;
    for (uint32_t i = 0; records != NULL && i < records->count; i++) {
        if (records->items[i].id == own) {
            records->items[kept++] = records->items[i];
        }
    }
    if (records != NULL) {
        records->count = kept;
    }
    if (message->kind == WEFT_MESSAGE_WELCOME) {
        message->welcome.contacts.count = 0;
    } else if (message->kind == WEFT_MESSAGE_AGENTS) {
        message->agents.contacts.count = 0;
    }
    return message->kind != WEFT_MESSAGE_SYNC;
}

bool weft_sim_lies_tell(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                        struct weft_message *message)
{
    switch ((uint32_t)self->class) {
    case WEFT_SIM_MISHAP_FALSE_RATE:
        return lie_about_rates(world, self, message);
    case WEFT_SIM_MISHAP_OLD_NEWS:
        return tell_old_news(self, message);
    case WEFT_SIM_MISHAP_FALSE_NEWS:
        return tell_false_news(self, message);
    case WEFT_SIM_MISHAP_SLANDER:
        return slander(world, self, message);
    case WEFT_SIM_MISHAP_GHOSTS:
        return invent(world, self, message);
    case WEFT_SIM_MISHAP_ECLIPSE:
        return eclipse(world, self, message);
    default:
        return true;
    }
}
