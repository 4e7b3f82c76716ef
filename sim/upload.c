/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what becomes of a chunk that one node sends to another?".
 *
 * It waits behind the chunk before it on the stream; then it is on the pipe, and its header is
 * offered to the receiver one delay later; when its last byte has left, the next one begins; one
 * delay later it is at the receiver, who stores it or has read past it. To the sender it has been
 * sent as soon as all of it is in the socket, which holds several small chunks, none of the large.
 */
#include "upload.h"
#include "calibration.h"
#include "canary.h"
#include "flip.h"
#include "hostile.h"

/* Words of CHUNK_OFFER and CHUNK_ARRIVED: epoch and name; transfer time; 1 = not genuine. */
static uint64_t pack(uint32_t epoch, uint32_t name)
{
    return ((uint64_t)epoch << 32) | name;
}

/* The upload at |place|; NULL = NO_UPLOAD. */
static struct weft_sim_upload *find(const struct weft_sim_shard *shard, uint32_t place)
{
    return place == WEFT_SIM_NO_UPLOAD ? NULL : weft_sim_pool_at(&shard->uploads, place);
}

/* The upload behind which the next one waits; NULL = none is under way. */
static struct weft_sim_upload *find_last(const struct weft_sim_shard *shard,
                                         const struct weft_sim_end *end)
{
    struct weft_sim_upload *last = find(shard, end->upload_first);
    while (last != NULL && last->next != WEFT_SIM_NO_UPLOAD) {
        last = find(shard, last->next);
    }
    return last;
}

static uint32_t bytes_of(const struct weft_sim_shard *shard, uint32_t name)
{
    return weft_sim_publish_named_bytes(&shard->world->releases, name);
}

/* --- the sender --- */

static struct weft_sim_pipe *pipe_of(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                                     struct weft_sim_end *end)
{
    if (end->pipe != WEFT_SIM_NO_PIPE) {
        return weft_sim_pool_at(&shard->pipes, end->pipe);
    }
    struct weft_sim_pipe *pipe =
        weft_sim_pipe_open(shard, node, peer, WEFT_SIM_PIPE_UPLOAD, /* lane */ 0);
    end->pipe = pipe->slot.index;
    return pipe;
}

/* Put the first chunk of the stream on the pipe. */
static void start_first(struct weft_sim_shard *shard, struct weft_sim_end *end)
{
    struct weft_sim_upload *upload = find(shard, end->upload_first);
    if (upload == NULL) {
        return;
    }
    uint32_t node = upload->sender;
    uint32_t peer = upload->receiver;
    weft_ns delay_ns = weft_sim_network_delay(&shard->world->network, node, peer);
    upload->sending = true;
    upload->flips = weft_sim_flip_hits_records(shard, node, peer, bytes_of(shard, upload->chunk));
    weft_ns until_ns = weft_sim_cut_until(shard->world, node, peer);
    upload->offer_ns = delay_ns + (until_ns == 0 ? weft_sim_now(shard) : until_ns);
    upload->offer_ns = upload->offer_ns > end->last_ns ? upload->offer_ns : end->last_ns;
    shard->totals.chunks_begun++;
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, upload->offer_ns, WEFT_SIM_CHUNK_OFFER, peer);
    entry->peer = node;
    entry->slot = end->peer_slot;
    entry->words[0] = pack(end->epoch, upload->chunk);
    weft_sim_pipe_send(shard, pipe_of(shard, node, peer, end), bytes_of(shard, upload->chunk),
                       end->upload_first);
}

/* The sender is told after its step what became of a chunk. */
static void tell(struct weft_sim_shard *shard, uint32_t node, uint32_t peer, uint32_t name,
                 enum weft_err result)
{
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, weft_sim_now(shard), WEFT_SIM_UPLOAD_END, node);
    entry->peer = peer;
    entry->words[0] = name;
    entry->words[1] = shard->world->nodes[node].life;
    entry->words[2] = result;
}

/* The socket takes what it has room for. */
static void write_ahead(struct weft_sim_shard *shard, const struct weft_sim_end *end)
{
    uint64_t bytes = 0;
    for (struct weft_sim_upload *upload = find(shard, end->upload_first); upload != NULL;
         upload = find(shard, upload->next)) {
        bytes += bytes_of(shard, upload->chunk);
        if (bytes > WEFT_SIM_SOCKET_BYTES) {
            return;
        }
        if (!upload->written) {
            upload->written = true;
            shard->world->nodes[upload->sender].upload_count--;
            tell(shard, upload->sender, upload->receiver, upload->chunk, WEFT_ERR_OK);
        }
    }
}

weft_ns weft_sim_upload_frame_ns(struct weft_sim_shard *shard, const struct weft_sim_end *end,
                                 weft_ns at_ns)
{
    struct weft_sim_pipe *pipe = weft_sim_pool_at(&shard->pipes, end->pipe);
    if (pipe == NULL || pipe->far) {
        return at_ns;
    }
    const struct weft_sim_upload *upload = find(shard, end->upload_first);
    uint64_t behind = 0;
    while (upload != NULL && upload->written) {
        behind += upload->sending ? 0 : bytes_of(shard, upload->chunk);
        upload = find(shard, upload->next);
    }
    at_ns += weft_sim_pipe_drain_ns(shard, pipe, behind, WEFT_SIM_SOCKET_BYTES);
    pipe->frame_ns = at_ns > pipe->frame_ns ? at_ns : pipe->frame_ns;
    return pipe->frame_ns;
}

void weft_sim_upload_begin(struct weft_sim_shard *shard, uint32_t node,
                           const struct weft_action_chunk *chunk)
{
    struct weft_sim_world *world = shard->world;
    uint32_t peer = weft_sim_stream_peer(world, node, chunk->peer);
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    uint32_t release = weft_sim_publish_find(&world->releases, chunk->release);
    if (end == NULL || end->state == WEFT_SIM_END_OPENING || release == WEFT_SIM_NO_RELEASE ||
        chunk->chunk >= world->releases.items[release].chunk_count) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_STREAM_KNOWN, node,
                            "upload of chunk %u without a stream or a release", chunk->chunk);
        return;
    }
    if (end->state != WEFT_SIM_END_UP) {
        tell(shard, node, peer, weft_sim_chunk_name(release, chunk->chunk), WEFT_ERR_CLOSED);
        return;
    }
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_SERVE_DURABLE)) {
        weft_sim_node_lose(&world->nodes[node], chunk->chunk);
    }
    weft_sim_check_serve(shard, node, release, chunk->chunk);
    if (world->nodes[node].hostile && weft_sim_hostile_withholds(world, node)) {
        tell(shard, node, peer, weft_sim_chunk_name(release, chunk->chunk), WEFT_ERR_CANCELLED);
        return;
    }
    if (weft_sim_world_fails(world)) {
        tell(shard, node, peer, weft_sim_chunk_name(release, chunk->chunk), WEFT_ERR_IO);
        return;
    }
    if (world->nodes[node].fetching == release &&
        weft_sim_ailment_is_rotten(world, node, chunk->chunk)) {
        tell(shard, node, peer, weft_sim_chunk_name(release, chunk->chunk), WEFT_ERR_MISMATCH);
        return;
    }
    struct weft_sim_upload *upload = weft_sim_pool_take(&shard->uploads);
    uint32_t place = upload->slot.index;
    upload->sender = node;
    upload->receiver = peer;
    upload->chunk = weft_sim_chunk_name(release, chunk->chunk);
    upload->next = WEFT_SIM_NO_UPLOAD;
    upload->since_ns = weft_sim_now(shard);
    end->upload_count++;
    uint32_t count = weft_sim_canary(world->options, WEFT_SIM_CHECK_CAPS_RESPECTED) ? 2 : 1;
    world->nodes[node].upload_count = (uint16_t)(world->nodes[node].upload_count + count);
    weft_sim_check_caps(shard, node, world->nodes[node].upload_count);
    struct weft_sim_upload *last = find_last(shard, end);
    if (last != NULL) {
        last->next = place;
    } else {
        end->upload_first = place;
        start_first(shard, end);
    }
    write_ahead(shard, end);
}

static void step_upload(struct weft_sim_shard *shard, uint32_t node, uint32_t peer, uint32_t name,
                        enum weft_err result)
{
    struct weft_sim_world *world = shard->world;
    struct weft_event event = {.kind = WEFT_EVENT_UPLOAD};
    event.upload.peer = world->nodes[peer].id;
    event.upload.release = world->releases.items[name >> 16].id;
    event.upload.chunk = name & UINT16_MAX;
    event.upload.result = result;
    event.upload.bytes = result == WEFT_ERR_OK ? bytes_of(shard, name) : 0;
    weft_sim_node_step(shard, node, &event);
}

/* Take the upload behind |before| (NO_UPLOAD: the first) off the stream and forget it. */
static void remove_upload(struct weft_sim_shard *shard, struct weft_sim_end *end, uint32_t before,
                          struct weft_sim_upload *upload)
{
    struct weft_sim_upload *previous = find(shard, before);
    if (previous == NULL) {
        end->upload_first = upload->next;
    } else {
        previous->next = upload->next;
    }
    end->upload_count--;
    if (!upload->written) {
        shard->world->nodes[upload->sender].upload_count--;
    }
    weft_sim_pool_give(&shard->uploads, upload);
}

void weft_sim_upload_cancel(struct weft_sim_shard *shard, uint32_t node,
                            const struct weft_action_chunk *chunk)
{
    struct weft_sim_world *world = shard->world;
    uint32_t peer = weft_sim_stream_peer(world, node, chunk->peer);
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    uint32_t release = weft_sim_publish_find(&world->releases, chunk->release);
    uint32_t name = weft_sim_chunk_name(release, chunk->chunk);
    uint32_t before = WEFT_SIM_NO_UPLOAD;
    uint32_t at = end == NULL ? WEFT_SIM_NO_UPLOAD : end->upload_first;
    for (struct weft_sim_upload *upload = find(shard, at); upload != NULL;
         upload = find(shard, at)) {
        if (upload->chunk == name && !upload->sending && !upload->written) {
            remove_upload(shard, end, before, upload);
            tell(shard, node, peer, name, WEFT_ERR_CANCELLED);
            return;
        }
        before = at;
        at = upload->next;
    }
}

void weft_sim_upload_on_end(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_node *node = &shard->world->nodes[entry->node];
    if (node->alive && node->life == entry->words[1]) {
        if (entry->words[2] == WEFT_ERR_MISMATCH) {
            (void)weft_sim_ailment_finds_rot(shard->world, entry->node,
                                             (uint32_t)entry->words[0] & UINT16_MAX);
        }
        step_upload(shard, entry->node, entry->peer, (uint32_t)entry->words[0],
                    (enum weft_err)entry->words[2]);
    }
}

/* --- the receiver: words of CHUNK_STORED are name, life, transfer time --- */

/* The last byte is here at |at_ns|, now or soon: to the disk, or it was read past. */
static void arrive(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                   struct weft_sim_end *end, weft_ns at_ns, weft_ns transfer_ns)
{
    uint32_t name = end->chunk;
    bool twice = weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_ONLY_SENT);
    shard->totals.arrived += twice ? 1 : 0;
    bool accepted = end->incoming == WEFT_SIM_INCOMING_ACCEPTED;
    end->incoming = WEFT_SIM_INCOMING_NONE;
    if (!accepted) {
        bool forgets = weft_sim_canary(shard->world->options, WEFT_SIM_CHECK_BYTES_KEPT);
        shard->totals.losses.chunks_discarded += forgets ? 0 : 1;
        shard->totals.arrived++;
        return;
    }
    weft_ns stored_ns = weft_sim_node_store(shard, node, at_ns, bytes_of(shard, name));
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, stored_ns, WEFT_SIM_CHUNK_STORED, node);
    entry->peer = peer;
    entry->words[0] = name;
    entry->words[1] = shard->world->nodes[node].life;
    entry->words[2] = transfer_ns;
}

/* Inside a shard the receiver's state is at hand, and a chunk that was accepted goes straight to
 * the disk's queue; else the arrival is an entry of its own. */
static void send_off(struct weft_sim_shard *shard, const struct weft_sim_upload *upload,
                     const struct weft_sim_end *end, weft_ns transfer_ns)
{
    struct weft_sim_world *world = shard->world;
    uint32_t node = upload->receiver;
    weft_ns at_ns =
        weft_sim_now(shard) + weft_sim_network_delay(&world->network, upload->sender, node);
    at_ns = at_ns > upload->offer_ns ? at_ns : upload->offer_ns;
    if (weft_sim_world_shard(world, node) == shard && !upload->flips) {
        struct weft_sim_end *other =
            weft_sim_stream_at(world, node, upload->sender, end->peer_slot, end->epoch);
        bool answered = other != NULL && other->chunk == upload->chunk &&
                        other->incoming >= WEFT_SIM_INCOMING_ACCEPTED;
        if (answered) {
            weft_sim_network_received(&world->network, upload->sender, node,
                                      bytes_of(shard, upload->chunk));
            arrive(shard, node, upload->sender, other, at_ns, transfer_ns);
            return;
        }
    }
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, at_ns, WEFT_SIM_CHUNK_ARRIVED, node);
    entry->peer = upload->sender;
    entry->slot = end->peer_slot;
    entry->words[0] = pack(end->epoch, upload->chunk);
    entry->words[1] = transfer_ns;
    entry->words[2] = upload->flips ? 1 : 0;
}

void weft_sim_upload_on_sent(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    struct weft_sim_upload *upload = find(shard, (uint32_t)pipe->item);
    uint32_t node = upload->sender;
    uint32_t peer = upload->receiver;
    uint32_t name = upload->chunk;
    bool written = upload->written;
    struct weft_sim_end *end = weft_sim_stream_find(shard->world, node, peer);
    shard->totals.arriving++;
    send_off(shard, upload, end, weft_sim_now(shard) - pipe->began_ns);
    remove_upload(shard, end, WEFT_SIM_NO_UPLOAD, upload);
    start_first(shard, end);
    write_ahead(shard, end);
    if (!written) {
        step_upload(shard, node, peer, name, WEFT_ERR_OK);
    }
}

void weft_sim_upload_on_offer(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    uint32_t name = (uint32_t)entry->words[0];
    struct weft_sim_end *end = weft_sim_stream_at(world, entry->node, entry->peer, entry->slot,
                                                  (uint32_t)(entry->words[0] >> 32));
    if (end == NULL) {
        return;
    }
    end->incoming = WEFT_SIM_INCOMING_OFFERED;
    end->chunk = name;
    struct weft_event event = {.kind = WEFT_EVENT_OFFER};
    event.offer.peer = world->nodes[entry->peer].id;
    event.offer.release = world->releases.items[name >> 16].id;
    event.offer.chunk = name & UINT16_MAX;
    shard->offered = entry->slot;
    weft_sim_node_step(shard, entry->node, &event);
    shard->offered = WEFT_SIM_NOBODY;
    if (end->incoming == WEFT_SIM_INCOMING_OFFERED && end->state == WEFT_SIM_END_UP) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_OFFER_ANSWERED, entry->node,
                            "chunk %u was offered and neither accepted nor discarded",
                            name & UINT16_MAX);
    }
}

void weft_sim_upload_answer(struct weft_sim_shard *shard, uint32_t node,
                            const struct weft_action_chunk *chunk, bool accept)
{
    struct weft_sim_world *world = shard->world;
    size_t place = weft_sim_stream_place(world, node, shard->offered);
    struct weft_sim_end *end = shard->offered == WEFT_SIM_NOBODY ? NULL : &world->ends[place];
    if (weft_sim_canary(world->options, WEFT_SIM_CHECK_OFFER_ANSWERED)) {
        return;
    }
    bool same = end != NULL && end->incoming == WEFT_SIM_INCOMING_OFFERED &&
                (end->chunk & UINT16_MAX) == chunk->chunk &&
                world->nodes[end->peer].id == chunk->peer;
    if (!same) {
        weft_sim_check_fail(shard, WEFT_SIM_CHECK_OFFER_ANSWERED, node,
                            "chunk %u was answered although it was not offered now", chunk->chunk);
        return;
    }
    end->incoming = accept ? WEFT_SIM_INCOMING_ACCEPTED : WEFT_SIM_INCOMING_UNWANTED;
    world->nodes[node].pending_count += accept ? 1 : 0;
}

void weft_sim_upload_on_arrived(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    uint32_t name = (uint32_t)entry->words[0];
    weft_sim_network_received(&world->network, entry->peer, entry->node, bytes_of(shard, name));
    uint32_t epoch = (uint32_t)(entry->words[0] >> 32);
    struct weft_sim_end *end =
        weft_sim_stream_at(world, entry->node, entry->peer, entry->slot, epoch);
    bool flipped = entry->words[2] != 0;
    if (flipped || end == NULL || end->chunk != name || end->incoming == WEFT_SIM_INCOMING_NONE) {
        shard->totals.losses.chunks_cut++;
        shard->totals.arrived++;
        if (flipped) {
            weft_sim_stream_break(shard, entry->node, entry->peer, entry->slot, epoch);
        }
        return;
    }
    arrive(shard, entry->node, entry->peer, end, entry->time_ns, entry->words[1]);
}

static struct weft_event chunk_event(const struct weft_sim_shard *shard, uint32_t peer,
                                     uint32_t name, enum weft_err result)
{
    const struct weft_sim_world *world = shard->world;
    struct weft_event event = {.kind = WEFT_EVENT_CHUNK};
    event.chunk.peer = world->nodes[peer].id;
    event.chunk.release = world->releases.items[name >> 16].id;
    event.chunk.chunk = name & UINT16_MAX;
    event.chunk.result = result;
    event.chunk.bytes = bytes_of(shard, name);
    return event;
}

void weft_sim_upload_on_stored(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_node *node = &shard->world->nodes[entry->node];
    shard->totals.arrived++;
    if (!node->alive || node->life != entry->words[1]) {
        shard->totals.losses.chunks_cut++;
        return;
    }
    struct weft_event event =
        chunk_event(shard, entry->peer, (uint32_t)entry->words[0], WEFT_ERR_OK);
    event.chunk.transfer_ns = entry->words[2];
    weft_sim_node_stored(shard, entry->node, (uint32_t)entry->words[0], &event);
}

/* --- streams that end --- */

/* The chunk on the pipe, and the pipe, end; what waits is forgotten. */
static uint32_t stop_pipe(struct weft_sim_shard *shard, struct weft_sim_end *end)
{
    struct weft_sim_pipe *pipe = weft_sim_pool_at(&shard->pipes, end->pipe);
    end->pipe = WEFT_SIM_NO_PIPE;
    if (pipe == NULL) {
        return 0;
    }
    shard->totals.losses.chunks_cut += pipe->busy ? 1 : 0;
    return weft_sim_pipe_close(shard, pipe);
}

uint32_t weft_sim_upload_drop_outgoing(struct weft_sim_shard *shard, uint32_t node,
                                       struct weft_sim_end *end)
{
    (void)node;
    uint32_t sent = stop_pipe(shard, end);
    while (end->upload_first != WEFT_SIM_NO_UPLOAD) {
        remove_upload(shard, end, WEFT_SIM_NO_UPLOAD, find(shard, end->upload_first));
    }
    return sent;
}

void weft_sim_upload_fail_outgoing(struct weft_sim_shard *shard, uint32_t node,
                                   struct weft_sim_end *end)
{
    stop_pipe(shard, end);
    while (end->upload_first != WEFT_SIM_NO_UPLOAD) {
        struct weft_sim_upload *upload = find(shard, end->upload_first);
        uint32_t peer = upload->receiver;
        uint32_t name = upload->chunk;
        bool written = upload->written;
        remove_upload(shard, end, WEFT_SIM_NO_UPLOAD, upload);
        if (!written) {
            step_upload(shard, node, peer, name, WEFT_ERR_CLOSED);
        }
    }
}

void weft_sim_upload_drop_incoming(struct weft_sim_shard *shard, uint32_t node,
                                   struct weft_sim_end *end)
{
    struct weft_sim_node *self = &shard->world->nodes[node];
    self->pending_count -= end->incoming == WEFT_SIM_INCOMING_ACCEPTED ? 1 : 0;
    end->incoming = WEFT_SIM_INCOMING_NONE;
}

void weft_sim_upload_fail_incoming(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                                   struct weft_sim_end *end)
{
    bool accepted = end->incoming == WEFT_SIM_INCOMING_ACCEPTED;
    weft_sim_upload_drop_incoming(shard, node, end);
    if (accepted) {
        struct weft_event event = chunk_event(shard, peer, end->chunk, WEFT_ERR_CLOSED);
        weft_sim_node_step(shard, node, &event);
    }
}
