/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who is hostile, and what becomes of what its core says and sends?". What it says instead
 * in datagrams is lies.c's. */
#include "hostile.h"
#include "lies.h"
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

/* It comes in waves: for so long, then not until so much later. */
#define FLOOD_WAVE_NS (2 * WEFT_NS_PER_S)
#define FLOOD_EBB_NS (8 * WEFT_NS_PER_S)
#define FLOOD_BYTES 200

_Static_assert(FLOOD_BYTES % 8 == 0, "noise is made eight bytes at a time");

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

static void enlist(struct weft_sim_world *world, uint32_t node, enum weft_sim_mishap_class class)
{
    struct weft_sim_mishaps *mishaps = &world->mishaps;
    if (mishaps->hostile_count == mishaps->hostile_room) {
        mishaps->hostiles = weft_sim_memory_grow(mishaps->hostiles, &mishaps->hostile_room,
                                                 sizeof(mishaps->hostiles[0]));
    }
    struct weft_sim_hostile *hostile = &mishaps->hostiles[mishaps->hostile_count++];
    memset(hostile, 0, sizeof(*hostile));
    hostile->class = class;
    hostile->node = node;
    if (class == WEFT_SIM_MISHAP_SLOW_LORIS) {
        world->network.cards[node].rate = weft_sim_network_goodput(LORIS_BYTES_PER_S);
    }
}

void weft_sim_hostile_add(struct weft_sim_world *world, const struct weft_sim_mishap *mishap)
{
    uint32_t node = weft_sim_mishap_victim(world, mishap);
    enlist(world, node, mishap->class);
    if (mishap->class == WEFT_SIM_MISHAP_CLONE) {
        uint32_t as = (uint32_t)weft_sim_random_below(mishap->luck, world->node_count);
        weft_sim_topology_clone(&world->topology, node, as);
    }
    if (mishap->class == WEFT_SIM_MISHAP_FLOOD) {
        weft_ns zero_ns = world->releases.items[0].publish_ns;
        weft_sim_mishap_again(world, zero_ns + mishap->after_ns, mishap);
    }
}

/* Where |node| stands among those of its segment, in an order that the seed draws; in percent. */
static uint32_t standing(const struct weft_sim_world *world, uint32_t node)
{
    uint64_t seed = world->options->seed;
    uint32_t segment = world->topology.segment_of[node];
    uint32_t first = weft_sim_topology_first(&world->topology, segment);
    uint32_t end = weft_sim_topology_first(&world->topology, segment + 1);
    uint64_t own = weft_sim_random(seed, WEFT_SIM_FOR_HOSTILE, node, 0);
    uint32_t before = 0;
    for (uint32_t i = first; i < end; i++) {
        before += weft_sim_random(seed, WEFT_SIM_FOR_HOSTILE, i, 0) < own ? 1 : 0;
    }
    return before * 100 / (end - first);
}

void weft_sim_hostile_share(struct weft_sim_world *world)
{
    const struct weft_sim_order *menu = world->options->menu;
    uint32_t all = 0;
    for (uint32_t c = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
        all += menu[c].percent;
    }
    for (uint32_t i = 0; i < world->node_count && all > 0; i++) {
        uint32_t place = standing(world, i);
        for (uint32_t c = 0, taken = 0; c < WEFT_SIM_MISHAP_CLASS_COUNT; c++) {
            if (place >= taken && place < taken + menu[c].percent) {
                enlist(world, i, (enum weft_sim_mishap_class)c);
            }
            taken += menu[c].percent;
        }
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

/* --- what it says over streams --- */

/* To other segments: whatever it has, it brings other chunks, those next in turn. */
static void tell_coming(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                        weft_node_id to, struct weft_frame *frame)
{
    uint32_t release = weft_sim_publish_find(&world->releases, frame->release);
    uint32_t peer = weft_sim_stream_peer(world, self->node, to);
    const uint32_t *segments = world->topology.segment_of;
    if (release == WEFT_SIM_NO_RELEASE || peer == WEFT_SIM_NOBODY ||
        segments[peer] == segments[self->node]) {
        return;
    }
    if (frame->kind == WEFT_FRAME_MAP) {
        frame->flags &= ~(uint32_t)WEFT_MAP_ALL;
        frame->list = (struct weft_span){0};
    }
    if (frame->kind != WEFT_FRAME_HAVE && frame->kind != WEFT_FRAME_COMING) {
        return;
    }
    uint32_t all = world->releases.items[release].chunk_count;
    uint32_t count = all < WEFT_SIM_FALSE_COMING_CHUNKS ? all : WEFT_SIM_FALSE_COMING_CHUNKS;
    for (uint32_t i = 0; i < count; i++) {
        self->coming = (self->coming + 1) % all;
        self->claims[2 * i] = (uint8_t)(self->coming >> 8);
        self->claims[2 * i + 1] = (uint8_t)self->coming;
    }
    frame->kind = WEFT_FRAME_COMING;
    frame->list = (struct weft_span){.bytes = self->claims, .length = 2 * count};
}

static bool change_frame(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                         weft_node_id to, struct weft_frame *frame)
{
    if (self->class == WEFT_SIM_MISHAP_FALSE_COMING) {
        tell_coming(world, self, to, frame);
    }
    bool lies = self->class == WEFT_SIM_MISHAP_FALSE_MAP;
    if (lies && frame->kind == WEFT_FRAME_MAP) {
        frame->flags = (frame->flags | WEFT_MAP_ALL) & ~(uint32_t)WEFT_MAP_WANTED;
        frame->list = (struct weft_span){0};
    }
    if (self->class == WEFT_SIM_MISHAP_OLD_NEWS && frame->kind == WEFT_FRAME_BULLETIN &&
        self->first != 0) {
        frame->bulletin = self->first;
    }
    bool mute = lies || self->class == WEFT_SIM_MISHAP_WITHHOLD;
    return !(mute && frame->kind == WEFT_FRAME_REFUSE);
}

/* Does a node of this class say other things than its core, in frames or in datagrams? */
static bool speaks(enum weft_sim_mishap_class class, bool in_frames)
{
    switch ((uint32_t) class) {
    case WEFT_SIM_MISHAP_CLONE:
    case WEFT_SIM_MISHAP_CORRUPT:
    case WEFT_SIM_MISHAP_SLOW_LORIS:
    case WEFT_SIM_MISHAP_FLOOD:
        return false;
    case WEFT_SIM_MISHAP_FALSE_MAP:
    case WEFT_SIM_MISHAP_WITHHOLD:
    case WEFT_SIM_MISHAP_FALSE_COMING:
        return in_frames;
    case WEFT_SIM_MISHAP_OLD_NEWS:
        return true;
    default:
        return !in_frames;
    }
}

/* Keep what goes out for a flood. */
static void keep(struct weft_sim_hostile *self, const struct weft_action_send *send)
{
    memcpy(self->bytes, send->bytes, send->length);
    self->length = send->length;
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
    bool sends = is_frame ? change_frame(world, self, send->to.id, &read.frame)
                          : weft_sim_lies_tell(world, self, &read.message);
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
        if (hostile->node != node) {
            continue;
        }
        if (hostile->class == WEFT_SIM_MISHAP_FLOOD) {
            keep(hostile, send);
        } else if (speaks(hostile->class, is_frame)) {
            sends = change(world, hostile, is_frame, send);
        }
    }
    return sends;
}

bool weft_sim_hostile_withholds(struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_hostile *self = find(world, node, WEFT_SIM_MISHAP_WITHHOLD);
    if (self != NULL) {
        self->changed++;
    }
    return self != NULL;
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
    for (uint32_t i = 0; i < FLOOD_BYTES; i += 8) {
        uint64_t word = weft_mix(luck + i / 8);
        for (uint32_t j = 0; j < 8; j++) {
            bytes[i + j] = (uint8_t)(word >> (8 * j));
        }
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
    weft_ns into_ns = (world->now_ns + FLOOD_NS) % (FLOOD_WAVE_NS + FLOOD_EBB_NS);
    weft_ns ebb_ns = into_ns < FLOOD_WAVE_NS ? 0 : FLOOD_WAVE_NS + FLOOD_EBB_NS - into_ns;
    weft_sim_mishap_again(world, world->now_ns + FLOOD_NS + ebb_ns, mishap);
}
