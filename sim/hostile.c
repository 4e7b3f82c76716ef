/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does a hostile node make of what its core says?". */
#include "hostile.h"
#include "memory.h"
#include "network.h"
#include "random.h"
#include "stream.h"
#include "world.h"

#include "protocol/frame.h"
#include "protocol/message.h"

#include <string.h>

/* A slow loris has a card of this rate. */
#define LORIS_BYTES_PER_S 1000

/* A flood: so many datagrams, so often. */
#define FLOOD_COUNT 20
#define FLOOD_NS (WEFT_NS_PER_S / 20)
#define FLOOD_BYTES 200

#define ROOT_VERSION 1

/* A forged bulletin has bytes like these, and is newer by up to so many versions. */
#define FORGED_BYTES 400
#define FORGED_LEAD 5

/* Forged rates are newer than true ones. */
#define FORGED_SEQUENCE 1000000

/* Messages are changed here before they replace what the core wrote. */
union change {
    struct weft_message message; /* a datagram */
    struct weft_frame frame;     /* a control frame */
};

/* --- who --- */

static struct weft_sim_hostile *find(const struct weft_sim_world *world, uint32_t node,
                                     enum weft_sim_mishap_class class)
{
    for (uint32_t i = 0; i < world->mishaps.hostile_count; i++) {
        struct weft_sim_hostile *hostile = &world->mishaps.hostiles[i];
        if (hostile->node == node && hostile->class == class) {
            return hostile;
        }
    }
    return NULL;
}

bool weft_sim_hostile_is(const struct weft_sim_world *world, uint32_t node)
{
    for (uint32_t i = 0; i < world->mishaps.hostile_count; i++) {
        if (world->mishaps.hostiles[i].node == node) {
            return true;
        }
    }
    return false;
}

bool weft_sim_hostile_does(const struct weft_sim_world *world, uint32_t node,
                           enum weft_sim_mishap_class class)
{
    return find(world, node, class) != NULL;
}

void weft_sim_hostile_add(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    struct weft_sim_mishaps *mishaps = &world->mishaps;
    if (mishaps->hostile_count == mishaps->hostile_room) {
        mishaps->hostiles = weft_sim_memory_grow(mishaps->hostiles, &mishaps->hostile_room,
                                                 sizeof(mishaps->hostiles[0]));
    }
    struct weft_sim_hostile *hostile = &mishaps->hostiles[mishaps->hostile_count++];
    memset(hostile, 0, sizeof(*hostile));
    hostile->class = mishap->class;
    hostile->node = weft_sim_mishap_victim(world, mishap);
    if (mishap->class == WEFT_SIM_MISHAP_CLONE) {
        uint32_t as = (uint32_t)weft_sim_random_below(mishap->luck, world->node_count);
        weft_sim_topology_clone(&world->topology, hostile->node, as);
    }
    if (mishap->class == WEFT_SIM_MISHAP_SLOW_LORIS) {
        world->network.cards[hostile->node].rate = weft_sim_network_goodput(LORIS_BYTES_PER_S);
    }
    if (mishap->class == WEFT_SIM_MISHAP_FLOOD) {
        weft_ns zero_ns = world->releases.items[0].publish_ns;
        weft_sim_mishap_again(world, zero_ns + mishap->after_ns, mishap);
    }
}

void weft_sim_hostile_end(struct weft_sim_world *world)
{
    struct weft_sim_mishaps *mishaps = &world->mishaps;
    if (mishaps->hostiles != NULL) {
        weft_sim_memory_give(mishaps->hostiles, mishaps->hostile_room,
                             sizeof(mishaps->hostiles[0]));
    }
}

/* --- what it says in datagrams --- */

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

static bool change_datagram(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                            struct weft_message *message)
{
    switch ((uint32_t)self->class) {
    case WEFT_SIM_MISHAP_FALSE_RATE:
        return lie_about_rates(world, self, message);
    case WEFT_SIM_MISHAP_OLD_NEWS:
        return tell_old_news(self, message);
    case WEFT_SIM_MISHAP_FALSE_NEWS:
        return tell_false_news(self, message);
    default:
        return true;
    }
}

/* --- what it says over streams --- */

static bool change_frame(struct weft_sim_hostile *self, struct weft_frame *frame)
{
    bool lies = self->class == WEFT_SIM_MISHAP_FALSE_MAP;
    if (lies && frame->kind == WEFT_FRAME_MAP) {
        frame->flags = (frame->flags | WEFT_MAP_ALL) & ~(uint32_t)WEFT_MAP_WANTED;
        frame->list = (struct weft_span){0};
    }
    if (self->class == WEFT_SIM_MISHAP_OLD_NEWS && frame->kind == WEFT_FRAME_BULLETIN &&
        self->first != 0) {
        frame->bulletin = self->first;
    }
    return !(lies && frame->kind == WEFT_FRAME_REFUSE);
}

/* Read what the core wrote, change it, write it anew. What cannot be read goes out as it is. */
static bool change(const struct weft_sim_world *world, struct weft_sim_hostile *self, bool is_frame,
                   struct weft_action_send *send)
{
    union change read;
    enum weft_reject reject = is_frame
                                  ? weft_frame_decode(send->bytes, send->length, &read.frame)
                                  : weft_message_decode(send->bytes, send->length, &read.message);
    if (reject != WEFT_REJECT_NONE) {
        return true;
    }
    bool sends =
        is_frame ? change_frame(self, &read.frame) : change_datagram(world, self, &read.message);
    if (!sends) {
        self->changed++;
        return false;
    }
    self->length = is_frame
                       ? weft_frame_encode(&read.frame, self->bytes, sizeof(self->bytes))
                       : weft_message_encode(&read.message, self->bytes, WEFT_DATAGRAM_BYTES_MAX);
    bool same = self->length == send->length && memcmp(self->bytes, send->bytes, send->length) == 0;
    self->changed += same ? 0 : 1;
    send->bytes = self->bytes;
    send->length = self->length;
    return self->length > 0;
}

bool weft_sim_hostile_changes(struct weft_sim_shard *shard, uint32_t node, bool is_frame,
                              struct weft_action_send *send)
{
    const struct weft_sim_world *world = shard->world;
    bool sends = true;
    for (uint32_t i = 0; sends && i < world->mishaps.hostile_count; i++) {
        struct weft_sim_hostile *hostile = &world->mishaps.hostiles[i];
        if (hostile->node == node) {
            sends = change(world, hostile, is_frame, send);
        }
    }
    return sends;
}

/* --- flooding --- */

/* Half of a flood is noise, the other half is what the node said last. */
static uint32_t flood_bytes(const struct weft_sim_hostile *self, uint64_t luck,
                            uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX])
{
    if ((luck & 1) != 0 && self->length > 0 && self->length <= WEFT_DATAGRAM_BYTES_MAX) {
        memcpy(bytes, self->bytes, self->length);
        return self->length;
    }
    for (uint32_t i = 0; i < FLOOD_BYTES; i++) {
        bytes[i] = (uint8_t)(weft_mix(luck + i / 8) >> (8 * (i % 8)));
    }
    return FLOOD_BYTES;
}

void weft_sim_hostile_on_flood(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint32_t node = weft_sim_mishap_victim(world, mishap);
    const struct weft_sim_hostile *self = find(world, node, WEFT_SIM_MISHAP_FLOOD);
    struct weft_sim_shard *shard = weft_sim_world_shard(world, node);
    uint32_t first = weft_sim_topology_first(&world->topology, mishap->segment);
    uint32_t count = weft_sim_topology_first(&world->topology, mishap->segment + 1) - first;
    for (uint32_t i = 0; i < FLOOD_COUNT && world->nodes[node].alive; i++) {
        uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
        uint64_t luck = weft_mix(mishap->luck ^ (world->now_ns + i));
        uint32_t peer = first + (uint32_t)weft_sim_random_below(luck, count);
        struct weft_action_send send = {.to = weft_sim_topology_endpoint(&world->topology, peer),
                                        .bytes = bytes,
                                        .length = flood_bytes(self, luck, bytes),
                                        .local = true};
        if (peer != node) {
            weft_sim_stream_send_datagram(shard, node, &send);
        }
    }
    weft_sim_mishap_again(world, world->now_ns + FLOOD_NS, mishap);
}
