/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "does the message arrive, and when?". A stream between two nodes has an end at each; both
 * carry its epoch, and what speaks of another epoch is late and dropped. When both open at once,
 * the stream that the lower node opened counts. */
#include "stream.h"
#include "calibration.h"
#include "canary.h"
#include "dialect.h"
#include "flip.h"
#include "upload.h"

#include <string.h>

/* Hop limits as IP carries them. */
#define HOPS_LOCAL 255
#define HOPS_FAR 64

/* --- slots --- */

static uint32_t *peer_at(const struct weft_sim_world *world, uint32_t node, uint32_t slot)
{
    return &world->peers[weft_sim_stream_place(world, node, slot)];
}

static struct weft_sim_end *end_at(const struct weft_sim_world *world, uint32_t node, uint32_t slot)
{
    return &world->ends[weft_sim_stream_place(world, node, slot)];
}

static uint32_t slot_of(const struct weft_sim_world *world, uint32_t node, uint32_t peer)
{
    uint32_t used = world->nodes[node].slots_used;
    for (uint32_t i = 0; i < used; i++) {
        if (*peer_at(world, node, i) == peer) {
            return i;
        }
    }
    return WEFT_SIM_NOBODY;
}

struct weft_sim_end *weft_sim_stream_find(const struct weft_sim_world *world, uint32_t node,
                                          uint32_t peer)
{
    uint32_t slot = peer == WEFT_SIM_NOBODY ? peer : slot_of(world, node, peer);
    return slot == WEFT_SIM_NOBODY ? NULL : end_at(world, node, slot);
}

uint32_t weft_sim_stream_peer(const struct weft_sim_world *world, uint32_t node, weft_node_id id)
{
    const struct weft_sim_node *self = &world->nodes[node];
    uint32_t found = WEFT_SIM_NOBODY;
    for (uint32_t i = 0; i < self->slots_used && world->topology.clone_count > 0; i++) {
        uint32_t peer = *peer_at(world, node, i);
        bool is_it = peer != WEFT_SIM_NOBODY && world->nodes[peer].id == id;
        if (is_it && end_at(world, node, i)->state == WEFT_SIM_END_UP) {
            return peer; /* another copy of it may be at another place, where nothing is up yet */
        }
        found = is_it && found == WEFT_SIM_NOBODY ? peer : found;
    }
    return found != WEFT_SIM_NOBODY ? found : weft_sim_topology_by_id(&world->topology, id);
}

struct weft_sim_end *weft_sim_stream_at(const struct weft_sim_world *world, uint32_t node,
                                        uint32_t peer, uint32_t slot, uint32_t epoch)
{
    const struct weft_sim_node *self = &world->nodes[node];
    struct weft_sim_end *end = end_at(world, node, slot);
    bool usable =
        self->alive && end->epoch == epoch && end->state == WEFT_SIM_END_UP && end->peer == peer;
    return usable ? end : NULL;
}

/* |node| has a band for |slot| from now on, in all its lives. */
static void take_band(const struct weft_sim_world *world, uint32_t node, uint32_t slot)
{
    uint32_t *band = &world->bands[(size_t)node * world->bands_max + slot / WEFT_SIM_BAND];
    if (*band == 0) {
        struct weft_sim_shard *shard = weft_sim_world_shard(world, node);
        *band = 1 + shard->first_node * world->bands_max + shard->band_count++;
    }
}

static struct weft_sim_end *take_slot(struct weft_sim_world *world, uint32_t node, uint32_t peer)
{
    struct weft_sim_node *self = &world->nodes[node];
    uint32_t slot = slot_of(world, node, WEFT_SIM_NOBODY);
    if (slot == WEFT_SIM_NOBODY && self->slots_used < world->ends_max) {
        slot = self->slots_used++;
        take_band(world, node, slot);
    }
    if (slot == WEFT_SIM_NOBODY) {
        return NULL;
    }
    *peer_at(world, node, slot) = peer;
    struct weft_sim_end *end = end_at(world, node, slot);
    *end = (struct weft_sim_end){.peer = peer,
                                 .slot = (uint8_t)slot,
                                 .pipe = WEFT_SIM_NO_PIPE,
                                 .upload_first = WEFT_SIM_NO_UPLOAD};
    return end;
}

static void give_slot(const struct weft_sim_world *world, uint32_t node, struct weft_sim_end *end)
{
    *peer_at(world, node, end->slot) = WEFT_SIM_NOBODY;
    end->state = WEFT_SIM_END_FREE;
}

/* When something sent now on |end| arrives at |peer|: never before what was sent earlier. */
static weft_ns arrival_ns(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                          struct weft_sim_end *end, uint32_t bytes)
{
    weft_ns delay_ns = weft_sim_network_control(shard, node, peer, bytes);
    weft_ns until_ns = weft_sim_cut_until(shard->world, node, peer);
    weft_ns at_ns = delay_ns + (until_ns == 0 ? weft_sim_now(shard) : until_ns);
    if (end == NULL) {
        return at_ns;
    }
    end->last_ns = at_ns > end->last_ns ? at_ns : end->last_ns;
    return end->last_ns;
}

/* --- datagrams: the tag says whether it was sent to the segment only --- */

void weft_sim_stream_send_datagram(struct weft_sim_shard *shard, uint32_t node,
                                   const struct weft_action_send *send)
{
    struct weft_sim_world *world = shard->world;
    uint32_t peer = weft_sim_topology_by_address(&world->topology, &send->to.address);
    if (peer == WEFT_SIM_NOBODY || weft_sim_network_loses(&world->network, node) ||
        !weft_sim_cut_lets(world, node, peer, send->length) || weft_sim_world_fails(world) ||
        (node == 1 && world->now_ns > world->releases.items[0].publish_ns &&
         weft_sim_canary(world->options, WEFT_SIM_CHECK_MEMBERS_AGREE))) {
        shard->totals.datagrams_lost++;
        return;
    }
    weft_ns delay_ns = weft_sim_network_control(shard, node, peer, send->length);
    if (weft_sim_flip_hits_datagram(shard, node)) {
        shard->totals.datagrams_lost++;
        return;
    }
    const uint8_t *bytes = send->bytes;
    uint8_t estranged[WEFT_DATAGRAM_BYTES_MAX];
    if (weft_sim_dialect_differs(world, node, peer)) {
        memcpy(estranged, bytes, send->length);
        weft_sim_dialect_estrange(estranged, send->length);
        bytes = estranged;
    }
    weft_ns echoes_ns[WEFT_SIM_ECHOES_MAX];
    uint32_t count = weft_sim_network_echoes(&world->network, node, delay_ns, echoes_ns);
    for (uint32_t i = 0; i < count; i++) {
        struct weft_sim_entry *entry =
            weft_sim_shard_push(shard, weft_sim_now(shard) + echoes_ns[i], WEFT_SIM_DATAGRAM, peer);
        entry->peer = node;
        entry->message.tag = send->local;
        weft_sim_shard_put(shard, entry, bytes, send->length);
    }
}

void weft_sim_stream_on_datagram(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    if (!world->nodes[entry->node].alive) {
        shard->totals.datagrams_lost++;
        weft_sim_shard_drop_bytes(shard, entry);
        return;
    }
    const struct weft_sim_topology *topology = &world->topology;
    bool routed = topology->segment_of[entry->peer] != topology->segment_of[entry->node];
    uint32_t hops = entry->message.tag != 0 ? HOPS_LOCAL : HOPS_FAR;
    struct weft_event event = {.kind = WEFT_EVENT_DATAGRAM};
    event.datagram.from = weft_sim_topology_endpoint(topology, entry->peer);
    event.datagram.hop_limit = (uint8_t)(routed ? hops - 1 : hops);
    event.datagram.bytes = weft_sim_shard_bytes(shard, entry);
    event.datagram.length = entry->length;
    shard->totals.datagrams++;
    weft_sim_node_step(shard, entry->node, &event);
    weft_sim_shard_drop_bytes(shard, entry);
}

/* --- control frames: the tag is the stream's epoch; length 0 = not genuine --- */

void weft_sim_stream_send_frame(struct weft_sim_shard *shard, uint32_t node,
                                const struct weft_action_send *send)
{
    struct weft_sim_world *world = shard->world;
    uint32_t peer = weft_sim_stream_peer(world, node, send->to.id);
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_STREAM_KNOWN)) {
        peer = node;
    }
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    if (end == NULL || end->state == WEFT_SIM_END_OPENING) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_STREAM_KNOWN, node,
                            "frame to %016llx without a stream", (unsigned long long)send->to.id);
        return;
    }
    if (end->state != WEFT_SIM_END_UP) {
        return;
    }
    weft_sim_check_frame(shard, node, peer, send->bytes, send->length);
    weft_ns at_ns = arrival_ns(shard, node, peer, end, send->length);
    at_ns = weft_sim_upload_frame_ns(shard, end, at_ns);
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, at_ns, WEFT_SIM_FRAME, peer);
    entry->peer = node;
    entry->slot = end->peer_slot;
    entry->message.tag = end->epoch;
    bool flips = weft_sim_flip_hits_records(shard, node, peer, send->length);
    weft_sim_shard_put(shard, entry, send->bytes, flips ? 0 : send->length);
}

void weft_sim_stream_on_frame(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    uint32_t epoch = entry->message.tag;
    if (entry->length == 0) {
        weft_sim_stream_break(shard, entry->node, entry->peer, entry->slot, epoch);
        return;
    }
    if (weft_sim_stream_at(world, entry->node, entry->peer, entry->slot, epoch) != NULL) {
        struct weft_event event = {.kind = WEFT_EVENT_FRAME};
        event.frame.peer = world->nodes[entry->peer].id;
        event.frame.length = entry->length;
        event.frame.bytes = weft_sim_shard_bytes(shard, entry);
        shard->totals.frames++;
        weft_sim_node_step(shard, entry->node, &event);
    }
    weft_sim_shard_drop_bytes(shard, entry);
}

/* --- opening: words[0] = epoch, slot = of the sender's end --- */

static struct weft_sim_entry *push_opening(struct weft_sim_shard *shard, enum weft_sim_kind kind,
                                           uint32_t node, uint32_t peer, struct weft_sim_end *end,
                                           uint32_t epoch)
{
    weft_ns at_ns = arrival_ns(shard, node, peer, end, WEFT_SIM_HANDSHAKE_BYTES);
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, at_ns, kind, peer);
    entry->peer = node;
    entry->slot = end == NULL ? 0 : end->slot;
    entry->words[0] = epoch;
    return entry;
}

static void step_stream(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                        enum weft_event_kind kind, bool opened_here)
{
    struct weft_event event = {.kind = kind};
    event.stream.peer = weft_sim_topology_endpoint(&shard->world->topology, peer);
    event.stream.opened_here = opened_here;
    weft_sim_node_step(shard, node, &event);
}

/* Names of streams are unique for a pair of nodes: each side counts its own, one of them odd. */
static uint32_t next_epoch(struct weft_sim_shard *shard, uint32_t node, uint32_t peer)
{
    shard->epoch_next += 2;
    return shard->epoch_next + (node < peer ? 1 : 0);
}

void weft_sim_stream_open(struct weft_sim_shard *shard, uint32_t node,
                          const struct weft_endpoint *peer)
{
    struct weft_sim_world *world = shard->world;
    uint32_t index = weft_sim_topology_by_address(&world->topology, &peer->address);
    bool other = index == WEFT_SIM_NOBODY || index == node ||
                 (peer->id != 0 && world->nodes[index].id != peer->id);
    bool fails = weft_sim_world_fails(world);
    if (!other && weft_sim_stream_find(world, node, index) != NULL) {
        return;
    }
    struct weft_sim_end *end = other || fails ? NULL : take_slot(world, node, index);
    if (end == NULL) {
        struct weft_sim_entry *entry = weft_sim_shard_push(
            shard, weft_sim_now(shard) + WEFT_NS_PER_MS, WEFT_SIM_REFUSED, node);
        entry->peer = other ? weft_sim_topology_by_id(&world->topology, peer->id) : index;
        return;
    }
    end->state = WEFT_SIM_END_OPENING;
    end->epoch = next_epoch(shard, node, index);
    if (weft_sim_cut_until(world, node, index) != 0) {
        struct weft_sim_entry *entry = weft_sim_shard_push(
            shard, weft_sim_now(shard) + WEFT_SIM_CONNECT_NS, WEFT_SIM_REFUSED, node);
        entry->peer = index;
        entry->words[0] = end->epoch;
        return;
    }
    push_opening(shard, WEFT_SIM_CONNECT, node, index, end, end->epoch);
}

/* --- closing: words[0] = epoch, words[1] = bytes of a chunk in the middle that had left --- */

/* |node| is done with |end|, or dead: the other side hears of it. */
static void close_there(struct weft_sim_shard *shard, uint32_t node, struct weft_sim_end *end)
{
    uint32_t peer = end->peer;
    uint32_t sent = weft_sim_upload_drop_outgoing(shard, node, end);
    weft_sim_upload_drop_incoming(shard, node, end);
    struct weft_sim_entry *entry =
        push_opening(shard, WEFT_SIM_DISCONNECT, node, peer, end, end->epoch);
    entry->words[1] = sent;
    give_slot(shard->world, node, end);
}

/* The end is void: tell the core of everything that hung on it. */
static void close_here(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                       struct weft_sim_end *end)
{
    end->state = WEFT_SIM_END_CLOSING;
    weft_sim_upload_fail_incoming(shard, node, peer, end);
    weft_sim_upload_fail_outgoing(shard, node, end);
    give_slot(shard->world, node, end);
    step_stream(shard, node, peer, WEFT_EVENT_STREAM_DOWN, false);
}

/* |node| has to end a stream that neither its core nor its peer gave up. */
static void close_both(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                       struct weft_sim_end *end)
{
    bool known = end->state == WEFT_SIM_END_UP;
    end->state = WEFT_SIM_END_CLOSING;
    weft_sim_upload_fail_incoming(shard, node, peer, end);
    weft_sim_upload_fail_outgoing(shard, node, end);
    close_there(shard, node, end);
    if (known) {
        step_stream(shard, node, peer, WEFT_EVENT_STREAM_DOWN, false);
    }
}

void weft_sim_stream_break(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                           uint32_t slot, uint32_t epoch)
{
    struct weft_sim_end *end = weft_sim_stream_at(shard->world, node, peer, slot, epoch);
    if (end != NULL) {
        close_both(shard, node, peer, end);
    }
}

/* A peer of the same name at another place: its stream gives way, as names are unique in a core. */
static void close_clone(struct weft_sim_shard *shard, uint32_t node, uint32_t peer)
{
    const struct weft_sim_world *world = shard->world;
    uint32_t used = world->topology.clone_count > 0 ? world->nodes[node].slots_used : 0;
    for (uint32_t i = 0; i < used; i++) {
        uint32_t other = *peer_at(world, node, i);
        bool same = other != WEFT_SIM_NOBODY && other != peer &&
                    world->nodes[other].id == world->nodes[peer].id;
        if (same && end_at(world, node, i)->state != WEFT_SIM_END_CLOSING) {
            close_both(shard, node, other, end_at(world, node, i));
        }
    }
}

void weft_sim_stream_on_connect(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    uint32_t node = entry->node;
    uint32_t peer = entry->peer;
    uint32_t epoch = (uint32_t)entry->words[0];
    if (!world->nodes[node].alive || weft_sim_dialect_differs(world, node, peer)) {
        push_opening(shard, WEFT_SIM_REFUSED, node, peer, NULL, epoch);
        return;
    }
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    if (end != NULL && end->state == WEFT_SIM_END_OPENING && node < peer) {
        return; /* our own attempt counts */
    }
    close_clone(shard, node, peer);
    end = weft_sim_stream_find(world, node, peer); /* the core may have opened one meanwhile */
    if (end != NULL && end->state == WEFT_SIM_END_UP) {
        close_here(shard, node, peer, end); /* the peer knows better: it opens again */
        end = weft_sim_stream_find(world, node, peer);
    }
    end = end == NULL ? take_slot(world, node, peer) : end;
    if (end == NULL) {
        push_opening(shard, WEFT_SIM_REFUSED, node, peer, NULL, epoch);
        return;
    }
    end->state = WEFT_SIM_END_UP;
    end->epoch = epoch;
    end->peer_slot = entry->slot;
    push_opening(shard, WEFT_SIM_CONNECTED, node, peer, end, epoch);
    step_stream(shard, node, peer, WEFT_EVENT_STREAM_UP, false);
}

void weft_sim_stream_on_connected(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_end *end = weft_sim_stream_find(shard->world, entry->node, entry->peer);
    if (end == NULL || end->state != WEFT_SIM_END_OPENING || end->epoch != entry->words[0]) {
        return;
    }
    close_clone(shard, entry->node, entry->peer);
    end->state = WEFT_SIM_END_UP;
    end->peer_slot = entry->slot;
    step_stream(shard, entry->node, entry->peer, WEFT_EVENT_STREAM_UP, true);
}

void weft_sim_stream_on_refused(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    if (!shard->world->nodes[entry->node].alive || entry->peer == WEFT_SIM_NOBODY) {
        return;
    }
    struct weft_sim_end *end = weft_sim_stream_find(shard->world, entry->node, entry->peer);
    bool own = end != NULL && end->state == WEFT_SIM_END_OPENING && end->epoch == entry->words[0];
    if (end != NULL && !own) {
        return;
    }
    if (own) {
        give_slot(shard->world, entry->node, end);
    }
    step_stream(shard, entry->node, entry->peer, WEFT_EVENT_STREAM_DOWN, true);
}

/* --- closing by an action, a crash, the other side --- */

void weft_sim_stream_close(struct weft_sim_shard *shard, uint32_t node, weft_node_id peer)
{
    uint32_t index = weft_sim_stream_peer(shard->world, node, peer);
    struct weft_sim_end *end = weft_sim_stream_find(shard->world, node, index);
    if (end != NULL && end->state != WEFT_SIM_END_CLOSING) {
        close_there(shard, node, end);
    }
}

void weft_sim_stream_break_all(struct weft_sim_shard *shard, uint32_t node)
{
    struct weft_sim_node *self = &shard->world->nodes[node];
    for (uint32_t i = 0; i < self->slots_used; i++) {
        if (*peer_at(shard->world, node, i) != WEFT_SIM_NOBODY) {
            close_there(shard, node, end_at(shard->world, node, i));
        }
    }
    self->slots_used = 0;
}

void weft_sim_stream_on_disconnect(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    weft_sim_network_received(&world->network, entry->peer, entry->node, (uint32_t)entry->words[1]);
    if (!world->nodes[entry->node].alive) {
        return;
    }
    struct weft_sim_end *end = weft_sim_stream_find(world, entry->node, entry->peer);
    if (end != NULL && end->epoch == entry->words[0]) {
        close_here(shard, entry->node, entry->peer, end);
    }
}
