/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "does the message arrive, and when?". A stream between two nodes has an end at each; both
 * carry its epoch, and what speaks of another epoch is late and dropped. When both open at once,
 * the stream that the lower node opened counts. */
#include "stream.h"
#include "upload.h"

#include <string.h>

/* Bytes of a frame that fit into its entry, behind the epoch and the name of a buffer. */
#define FRAME_INLINE_BYTES (WEFT_SIM_ENTRY_BYTES - 8)

/* Bytes that opening or closing a stream costs on the wire: a handshake message. */
#define HANDSHAKE_BYTES 120

/* Hop limits as IP carries them. */
#define HOPS_LOCAL 255
#define HOPS_FAR 64

struct frame_head {
    uint32_t epoch;  /* of the stream */
    uint32_t buffer; /* where the bytes are, WEFT_SIM_BUFFER_NONE = behind the head */
};

/* --- slots --- */

static uint32_t slot_of(const struct weft_sim_node *node, uint32_t peer)
{
    for (uint32_t i = 0; i < node->slots_used; i++) {
        if (node->peers[i] == peer) {
            return i;
        }
    }
    return WEFT_SIM_NOBODY;
}

struct weft_sim_end *weft_sim_stream_find(struct weft_sim_world *world, uint32_t node,
                                          uint32_t peer)
{
    struct weft_sim_node *self = &world->nodes[node];
    uint32_t slot = peer == WEFT_SIM_NOBODY ? peer : slot_of(self, peer);
    return slot == WEFT_SIM_NOBODY ? NULL : &self->ends[slot];
}

static struct weft_sim_end *take_slot(struct weft_sim_world *world, uint32_t node, uint32_t peer)
{
    struct weft_sim_node *self = &world->nodes[node];
    uint32_t slot = slot_of(self, WEFT_SIM_NOBODY);
    if (slot == WEFT_SIM_NOBODY && self->slots_used < world->ends_max) {
        slot = self->slots_used++;
    }
    if (slot == WEFT_SIM_NOBODY || self->ends == NULL) {
        return NULL;
    }
    self->peers[slot] = peer;
    self->ends[slot] = (struct weft_sim_end){.upload_first = WEFT_SIM_NO_UPLOAD,
                                             .upload_last = WEFT_SIM_NO_UPLOAD};
    return &self->ends[slot];
}

static void give_slot(struct weft_sim_world *world, uint32_t node, struct weft_sim_end *end)
{
    struct weft_sim_node *self = &world->nodes[node];
    self->peers[end - self->ends] = WEFT_SIM_NOBODY;
    end->state = WEFT_SIM_END_FREE;
}

static uint8_t slot_number(const struct weft_sim_world *world, uint32_t node,
                           const struct weft_sim_end *end)
{
    return (uint8_t)(end - world->nodes[node].ends);
}

/* When something sent now on |end| arrives at |peer|: never before what was sent earlier. */
static weft_ns arrival_ns(struct weft_sim_world *world, uint32_t node, uint32_t peer,
                          struct weft_sim_end *end, uint32_t bytes)
{
    weft_ns at_ns =
        weft_sim_world_now(world) + weft_sim_network_control(world->network, node, peer, bytes);
    if (end == NULL) {
        return at_ns;
    }
    end->last_ns = at_ns > end->last_ns ? at_ns : end->last_ns;
    return end->last_ns;
}

/* --- datagrams --- */

/* Words of a datagram's entry: name of the buffer, and whether it was sent to the segment only. */
void weft_sim_stream_send_datagram(struct weft_sim_world *world, uint32_t node,
                                   const struct weft_action_send *send)
{
    uint32_t peer = weft_sim_topology_by_address(&world->topology, &send->to.address);
    if (peer == WEFT_SIM_NOBODY || weft_sim_network_loses(world->network, node)) {
        world->totals.datagrams_lost++;
        return;
    }
    weft_ns at_ns = arrival_ns(world, node, peer, NULL, send->length);
    struct weft_sim_entry *entry = weft_sim_world_push(world, at_ns, WEFT_SIM_DATAGRAM, peer);
    entry->peer = node;
    entry->length = (uint16_t)send->length;
    entry->words[0] = weft_sim_buffer_keep(&world->buffers, send->bytes, send->length);
    entry->words[1] = send->local;
}

void weft_sim_stream_on_datagram(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    uint32_t buffer = (uint32_t)entry->words[0];
    const struct weft_sim_node *self = &world->nodes[entry->node];
    if (!self->alive || buffer == WEFT_SIM_BUFFER_NONE) {
        world->totals.datagrams_lost++;
    } else {
        bool routed = world->nodes[entry->peer].segment != self->segment;
        uint32_t hops = entry->words[1] != 0 ? HOPS_LOCAL : HOPS_FAR;
        struct weft_event event = {.kind = WEFT_EVENT_DATAGRAM};
        event.datagram.from = weft_sim_topology_endpoint(&world->topology, entry->peer);
        event.datagram.hop_limit = (uint8_t)(routed ? hops - 1 : hops);
        event.datagram.bytes = weft_sim_buffer_bytes(&world->buffers, buffer);
        event.datagram.length = entry->length;
        world->totals.datagrams++;
        weft_sim_node_step(world, entry->node, &event);
    }
    if (buffer != WEFT_SIM_BUFFER_NONE) {
        weft_sim_buffer_give(&world->buffers, buffer);
    }
}

/* --- control frames --- */

void weft_sim_stream_send_frame(struct weft_sim_world *world, uint32_t node,
                                const struct weft_action_send *send)
{
    uint32_t peer = weft_sim_topology_by_id(&world->topology, send->to.id);
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    if (end == NULL || end->state == WEFT_SIM_END_OPENING) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_STREAM_KNOWN, node,
                            "frame to %016llx without a stream", (unsigned long long)send->to.id);
        return;
    }
    if (end->state != WEFT_SIM_END_UP) {
        return;
    }
    weft_ns at_ns = arrival_ns(world, node, peer, end, send->length);
    struct weft_sim_entry *entry = weft_sim_queue_push(world->queue, at_ns);
    struct frame_head head = {end->epoch, WEFT_SIM_BUFFER_NONE};
    entry->kind = WEFT_SIM_FRAME;
    entry->node = peer;
    entry->peer = node;
    entry->slot = end->peer_slot;
    entry->length = (uint16_t)send->length;
    if (send->length <= FRAME_INLINE_BYTES) {
        memcpy(entry->bytes + sizeof(head), send->bytes, send->length);
    } else {
        head.buffer = weft_sim_buffer_keep(&world->buffers, send->bytes, send->length);
    }
    memcpy(entry->bytes, &head, sizeof(head));
}

void weft_sim_stream_on_frame(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct frame_head head;
    memcpy(&head, entry->bytes, sizeof(head));
    struct weft_sim_node *self = &world->nodes[entry->node];
    const struct weft_sim_end *end = &self->ends[entry->slot];
    bool usable = self->alive && end->epoch == head.epoch && end->state == WEFT_SIM_END_UP;
    if (usable) {
        struct weft_event event = {.kind = WEFT_EVENT_FRAME};
        event.frame.peer = weft_sim_topology_id(&world->topology, entry->peer);
        event.frame.length = entry->length;
        event.frame.bytes = head.buffer == WEFT_SIM_BUFFER_NONE
                                ? entry->bytes + sizeof(head)
                                : weft_sim_buffer_bytes(&world->buffers, head.buffer);
        world->totals.frames++;
        weft_sim_node_step(world, entry->node, &event);
    }
    if (head.buffer != WEFT_SIM_BUFFER_NONE) {
        weft_sim_buffer_give(&world->buffers, head.buffer);
    }
}

/* --- opening: words[0] = epoch, slot = of the sender's end --- */

static void push_opening(struct weft_sim_world *world, enum weft_sim_kind kind, uint32_t node,
                         uint32_t peer, struct weft_sim_end *end, uint32_t epoch)
{
    weft_ns at_ns = arrival_ns(world, node, peer, end, HANDSHAKE_BYTES);
    struct weft_sim_entry *entry = weft_sim_world_push(world, at_ns, kind, peer);
    entry->peer = node;
    entry->slot = end == NULL ? 0 : slot_number(world, node, end);
    entry->words[0] = epoch;
}

static void step_stream(struct weft_sim_world *world, uint32_t node, uint32_t peer,
                        enum weft_event_kind kind, bool opened_here)
{
    struct weft_event event = {.kind = kind};
    event.stream.peer = weft_sim_topology_endpoint(&world->topology, peer);
    event.stream.opened_here = opened_here;
    weft_sim_node_step(world, node, &event);
}

void weft_sim_stream_open(struct weft_sim_world *world, uint32_t node,
                          const struct weft_endpoint *peer)
{
    uint32_t index = weft_sim_topology_by_address(&world->topology, &peer->address);
    bool other = index == WEFT_SIM_NOBODY || index == node ||
                 (peer->id != 0 && world->nodes[index].id != peer->id);
    if (!other && weft_sim_stream_find(world, node, index) != NULL) {
        return;
    }
    struct weft_sim_end *end = other ? NULL : take_slot(world, node, index);
    if (end == NULL) {
        struct weft_sim_entry *entry = weft_sim_world_push(
            world, weft_sim_world_now(world) + WEFT_NS_PER_MS, WEFT_SIM_REFUSED, node);
        entry->peer = other ? weft_sim_topology_by_id(&world->topology, peer->id) : index;
        return;
    }
    end->state = WEFT_SIM_END_OPENING;
    end->epoch = world->epoch_next++;
    push_opening(world, WEFT_SIM_CONNECT, node, index, end, end->epoch);
}

/* The end is void: tell the core of everything that hung on it. */
static void close_here(struct weft_sim_world *world, uint32_t node, uint32_t peer,
                       struct weft_sim_end *end)
{
    end->state = WEFT_SIM_END_CLOSING;
    weft_sim_upload_fail_end(world, node, end);
    give_slot(world, node, end);
    step_stream(world, node, peer, WEFT_EVENT_STREAM_DOWN, false);
}

void weft_sim_stream_on_connect(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    uint32_t node = entry->node;
    uint32_t peer = entry->peer;
    uint32_t epoch = (uint32_t)entry->words[0];
    if (!world->nodes[node].alive) {
        push_opening(world, WEFT_SIM_REFUSED, node, peer, NULL, epoch);
        return;
    }
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    if (end != NULL && end->state == WEFT_SIM_END_OPENING && node < peer) {
        return; /* our own attempt counts */
    }
    if (end != NULL && end->state == WEFT_SIM_END_UP) {
        close_here(world, node, peer, end); /* the peer knows better: it opens again */
        end = weft_sim_stream_find(world, node, peer);
    }
    end = end == NULL ? take_slot(world, node, peer) : end;
    if (end == NULL) {
        push_opening(world, WEFT_SIM_REFUSED, node, peer, NULL, epoch);
        return;
    }
    end->state = WEFT_SIM_END_UP;
    end->epoch = epoch;
    end->peer_slot = entry->slot;
    push_opening(world, WEFT_SIM_CONNECTED, node, peer, end, epoch);
    step_stream(world, node, peer, WEFT_EVENT_STREAM_UP, false);
}

void weft_sim_stream_on_connected(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_end *end = weft_sim_stream_find(world, entry->node, entry->peer);
    if (end == NULL || end->state != WEFT_SIM_END_OPENING || end->epoch != entry->words[0]) {
        return;
    }
    end->state = WEFT_SIM_END_UP;
    end->peer_slot = entry->slot;
    step_stream(world, entry->node, entry->peer, WEFT_EVENT_STREAM_UP, true);
}

void weft_sim_stream_on_refused(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    if (!world->nodes[entry->node].alive || entry->peer == WEFT_SIM_NOBODY) {
        return;
    }
    struct weft_sim_end *end = weft_sim_stream_find(world, entry->node, entry->peer);
    bool own = end != NULL && end->state == WEFT_SIM_END_OPENING && end->epoch == entry->words[0];
    if (end != NULL && !own) {
        return;
    }
    if (own) {
        give_slot(world, entry->node, end);
    }
    step_stream(world, entry->node, entry->peer, WEFT_EVENT_STREAM_DOWN, true);
}

/* --- closing --- */

/* |node| is done with |end|, or dead: the other side hears of it. */
static void close_there(struct weft_sim_world *world, uint32_t node, struct weft_sim_end *end)
{
    uint32_t peer = world->nodes[node].peers[end - world->nodes[node].ends];
    weft_sim_upload_cut_end(world, node, end, peer);
    push_opening(world, WEFT_SIM_DISCONNECT, node, peer, end, end->epoch);
    give_slot(world, node, end);
}

void weft_sim_stream_close(struct weft_sim_world *world, uint32_t node, weft_node_id peer)
{
    uint32_t index = weft_sim_topology_by_id(&world->topology, peer);
    struct weft_sim_end *end = weft_sim_stream_find(world, node, index);
    if (end != NULL && end->state != WEFT_SIM_END_CLOSING) {
        close_there(world, node, end);
    }
}

void weft_sim_stream_break_all(struct weft_sim_world *world, uint32_t node)
{
    struct weft_sim_node *self = &world->nodes[node];
    for (uint32_t i = 0; i < self->slots_used; i++) {
        if (self->peers[i] != WEFT_SIM_NOBODY) {
            close_there(world, node, &self->ends[i]);
        }
    }
    self->slots_used = 0;
}

void weft_sim_stream_on_disconnect(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    if (!world->nodes[entry->node].alive) {
        return;
    }
    struct weft_sim_end *end = weft_sim_stream_find(world, entry->node, entry->peer);
    if (end != NULL && end->epoch == entry->words[0]) {
        close_here(world, entry->node, entry->peer, end);
    }
}
