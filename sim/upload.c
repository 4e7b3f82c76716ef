/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what becomes of a chunk that one node sends to another?".
 *
 * WAITING behind the chunk before it on the stream -> SENDING (reserved on the links; the header is
 * offered to the receiver as soon as the first byte can be there) -> SENT (the sender is told) ->
 * arrived, stored, and the receiver is told; or read past, if the receiver did not want it. */
#include "upload.h"

static struct weft_sim_upload *find(const struct weft_sim_world *world, uint64_t handle)
{
    return handle == WEFT_SIM_NO_UPLOAD ? NULL : weft_sim_pool_find(&world->uploads, handle);
}

static uint32_t bytes_of(const struct weft_sim_world *world, const struct weft_sim_upload *upload)
{
    return weft_sim_publish_chunk_bytes(&world->release, upload->chunk);
}

static struct weft_sim_entry *push(struct weft_sim_world *world, weft_ns time_ns,
                                   enum weft_sim_kind kind, uint32_t node,
                                   const struct weft_sim_upload *upload)
{
    struct weft_sim_entry *entry = weft_sim_world_push(world, time_ns, kind, node);
    entry->words[0] = weft_sim_pool_handle(upload);
    return entry;
}

static weft_ns delay_ns(const struct weft_sim_world *world, const struct weft_sim_upload *upload)
{
    return weft_sim_network_delay(world->network, upload->sender, upload->receiver);
}

/* The chunk will not be stored; count why and forget it. */
static void lose(struct weft_sim_world *world, struct weft_sim_upload *upload)
{
    struct weft_sim_losses *losses = &world->totals.losses;
    bool begun = upload->state != WEFT_SIM_UPLOAD_WAITING;
    if (begun && upload->answered && !upload->accepted && upload->state == WEFT_SIM_UPLOAD_SENT) {
        losses->chunks_discarded++;
        losses->bytes_discarded += bytes_of(world, upload);
    } else if (begun) {
        losses->chunks_cut++;
        losses->bytes_cut += bytes_of(world, upload);
    }
    world->totals.chunks_on_the_way -= begun ? 1 : 0;
    struct weft_sim_node *receiver = &world->nodes[upload->receiver];
    receiver->pending_count -= upload->accepted && receiver->life == upload->receiver_life;
    weft_sim_pool_give(&world->uploads, upload);
}

/* --- the sender --- */

/* Put the first chunk of the stream on the links. */
static void start_first(struct weft_sim_world *world, struct weft_sim_end *end)
{
    struct weft_sim_upload *upload = find(world, end->upload_first);
    if (upload == NULL) {
        return;
    }
    struct weft_sim_transfer transfer = {
        .from = upload->sender,
        .to = upload->receiver,
        .bytes = bytes_of(world, upload),
        .kind = WEFT_SIM_CHUNK_SENT,
        .node = upload->sender,
        .owner = end->upload_first,
    };
    weft_ns first_ns = weft_sim_network_start(world->network, &transfer);
    upload->state = WEFT_SIM_UPLOAD_SENDING;
    upload->receiver_life = world->nodes[upload->receiver].life;
    upload->offer_ns = first_ns + delay_ns(world, upload);
    upload->offer_ns = upload->offer_ns > end->last_ns ? upload->offer_ns : end->last_ns;
    world->totals.chunks_begun++;
    world->totals.bytes_begun += transfer.bytes;
    world->totals.chunks_on_the_way++;
    push(world, upload->offer_ns, WEFT_SIM_CHUNK_OFFER, upload->receiver, upload);
}

void weft_sim_upload_begin(struct weft_sim_world *world, uint32_t node,
                           const struct weft_action_chunk *chunk)
{
    uint32_t peer = weft_sim_topology_by_id(&world->topology, chunk->peer);
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    if (end == NULL || end->state == WEFT_SIM_END_OPENING || chunk->release != world->release.id ||
        chunk->chunk >= world->release.chunk_count) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_STREAM_KNOWN, node,
                            "upload of chunk %u without a stream or a release", chunk->chunk);
        return;
    }
    if (end->state != WEFT_SIM_END_UP) {
        return;
    }
    weft_sim_check_serve(world, node, chunk->chunk);
    struct weft_sim_upload *upload = weft_sim_pool_take(&world->uploads);
    uint64_t handle = weft_sim_pool_handle(upload);
    upload->sender = node;
    upload->receiver = peer;
    upload->epoch = end->epoch;
    upload->chunk = chunk->chunk;
    upload->next = WEFT_SIM_NO_UPLOAD;
    end->upload_count++;
    weft_sim_check_caps(world, node, ++world->nodes[node].upload_count);
    struct weft_sim_upload *last = find(world, end->upload_last);
    end->upload_last = handle;
    if (last != NULL) {
        last->next = handle;
        return;
    }
    end->upload_first = handle;
    start_first(world, end);
}

static void step_upload(struct weft_sim_world *world, uint32_t node, uint32_t peer, uint32_t chunk,
                        enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_UPLOAD};
    event.upload.peer = weft_sim_topology_id(&world->topology, peer);
    event.upload.release = world->release.id;
    event.upload.chunk = chunk;
    event.upload.result = result;
    event.upload.bytes =
        result == WEFT_ERR_OK ? weft_sim_publish_chunk_bytes(&world->release, chunk) : 0;
    weft_sim_node_step(world, node, &event);
}

/* Take the upload behind |before| (NO_UPLOAD: the first) off the stream. */
static void unlink_upload(struct weft_sim_world *world, struct weft_sim_end *end, uint64_t before,
                          const struct weft_sim_upload *upload)
{
    struct weft_sim_upload *previous = find(world, before);
    if (previous == NULL) {
        end->upload_first = upload->next;
    } else {
        previous->next = upload->next;
    }
    if (upload->next == WEFT_SIM_NO_UPLOAD) {
        end->upload_last = before;
    }
    end->upload_count--;
    world->nodes[upload->sender].upload_count--;
}

void weft_sim_upload_cancel(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_chunk *chunk)
{
    uint32_t peer = weft_sim_topology_by_id(&world->topology, chunk->peer);
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    uint64_t before = WEFT_SIM_NO_UPLOAD;
    uint64_t at = end == NULL ? WEFT_SIM_NO_UPLOAD : end->upload_first;
    for (struct weft_sim_upload *upload = find(world, at); upload != NULL;
         upload = find(world, at)) {
        if (upload->chunk == chunk->chunk && upload->state == WEFT_SIM_UPLOAD_WAITING) {
            unlink_upload(world, end, before, upload);
            struct weft_sim_entry *entry =
                weft_sim_world_push(world, weft_sim_world_now(world), WEFT_SIM_CHUNK_DROPPED, node);
            entry->peer = peer;
            entry->words[0] = chunk->chunk;
            entry->words[1] = world->nodes[node].life;
            lose(world, upload);
            return;
        }
        before = at;
        at = upload->next;
    }
}

void weft_sim_upload_on_dropped(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    if (world->nodes[entry->node].alive && world->nodes[entry->node].life == entry->words[1]) {
        step_upload(world, entry->node, entry->peer, (uint32_t)entry->words[0], WEFT_ERR_CANCELLED);
    }
}

/* Can the receiver still take the chunk: same life, same stream? */
static bool is_reachable(struct weft_sim_world *world, const struct weft_sim_upload *upload)
{
    const struct weft_sim_node *node = &world->nodes[upload->receiver];
    const struct weft_sim_end *end = weft_sim_stream_find(world, upload->receiver, upload->sender);
    return node->alive && node->life == upload->receiver_life && end != NULL &&
           end->epoch == upload->epoch;
}

/* The last byte is at the receiver at |at_ns|, now or soon: to its disk, or read past it. */
static void arrive(struct weft_sim_world *world, struct weft_sim_upload *upload, weft_ns at_ns)
{
    if (!upload->accepted || !is_reachable(world, upload)) {
        lose(world, upload);
        return;
    }
    uint32_t node = upload->receiver;
    weft_ns stored_ns = weft_sim_node_store(world, node, at_ns, bytes_of(world, upload));
    push(world, stored_ns, WEFT_SIM_CHUNK_STORED, node, upload);
}

void weft_sim_upload_on_sent(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_upload *upload = find(world, entry->words[0]);
    if (upload == NULL || upload->state != WEFT_SIM_UPLOAD_SENDING) {
        return;
    }
    uint32_t node = upload->sender;
    uint32_t peer = upload->receiver;
    uint32_t chunk = upload->chunk;
    struct weft_sim_end *end = weft_sim_stream_find(world, node, peer);
    unlink_upload(world, end, WEFT_SIM_NO_UPLOAD, upload);
    start_first(world, end);
    upload->state = WEFT_SIM_UPLOAD_SENT;
    upload->transfer_ns = entry->time_ns - entry->words[1];
    weft_ns at_ns = entry->time_ns + delay_ns(world, upload);
    at_ns = at_ns > upload->offer_ns ? at_ns : upload->offer_ns;
    if (upload->answered) {
        arrive(world, upload, at_ns);
    } else {
        push(world, at_ns, WEFT_SIM_CHUNK_ARRIVED, peer, upload);
    }
    step_upload(world, node, peer, chunk, WEFT_ERR_OK);
}

void weft_sim_upload_cut_end(struct weft_sim_world *world, uint32_t node, struct weft_sim_end *end,
                             uint32_t peer)
{
    weft_ns at_ns = weft_sim_world_now(world) + weft_sim_network_delay(world->network, node, peer);
    while (end->upload_first != WEFT_SIM_NO_UPLOAD) {
        struct weft_sim_upload *upload = find(world, end->upload_first);
        unlink_upload(world, end, WEFT_SIM_NO_UPLOAD, upload);
        if (upload->state == WEFT_SIM_UPLOAD_WAITING) {
            lose(world, upload);
            continue;
        }
        upload->state = WEFT_SIM_UPLOAD_CUT;
        push(world, at_ns > end->last_ns ? at_ns : end->last_ns, WEFT_SIM_CHUNK_CUT, peer, upload);
    }
}

void weft_sim_upload_fail_end(struct weft_sim_world *world, uint32_t node, struct weft_sim_end *end)
{
    while (end->upload_first != WEFT_SIM_NO_UPLOAD) {
        struct weft_sim_upload *upload = find(world, end->upload_first);
        uint32_t peer = upload->receiver;
        uint32_t chunk = upload->chunk;
        unlink_upload(world, end, WEFT_SIM_NO_UPLOAD, upload);
        lose(world, upload);
        step_upload(world, node, peer, chunk, WEFT_ERR_CLOSED);
    }
}

/* --- the receiver --- */

void weft_sim_upload_on_offer(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_upload *upload = find(world, entry->words[0]);
    if (upload == NULL || upload->state == WEFT_SIM_UPLOAD_CUT || !is_reachable(world, upload)) {
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_OFFER};
    event.offer.peer = weft_sim_topology_id(&world->topology, upload->sender);
    event.offer.release = world->release.id;
    event.offer.chunk = upload->chunk;
    world->offer = entry->words[0];
    weft_sim_node_step(world, entry->node, &event);
    world->offer = WEFT_SIM_NO_UPLOAD;
    upload = find(world, entry->words[0]);
    if (upload != NULL && !upload->answered) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_OFFER_ANSWERED, entry->node,
                            "chunk %u was offered and neither accepted nor discarded",
                            upload->chunk);
    }
}

void weft_sim_upload_answer(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_chunk *chunk, bool accept)
{
    struct weft_sim_upload *upload = find(world, world->offer);
    bool same = upload != NULL && upload->receiver == node && upload->chunk == chunk->chunk &&
                weft_sim_topology_id(&world->topology, upload->sender) == chunk->peer;
    if (!same || upload->answered) {
        weft_sim_check_fail(world, WEFT_SIM_CHECK_OFFER_ANSWERED, node,
                            "chunk %u was answered although it was not offered now", chunk->chunk);
        return;
    }
    upload->answered = true;
    upload->accepted = accept;
    world->nodes[node].pending_count += accept ? 1 : 0;
}

static struct weft_event chunk_event(const struct weft_sim_world *world,
                                     const struct weft_sim_upload *upload, enum weft_err result)
{
    struct weft_event event = {.kind = WEFT_EVENT_CHUNK};
    event.chunk.peer = weft_sim_topology_id(&world->topology, upload->sender);
    event.chunk.release = world->release.id;
    event.chunk.chunk = upload->chunk;
    event.chunk.result = result;
    event.chunk.bytes = bytes_of(world, upload);
    event.chunk.transfer_ns = upload->transfer_ns;
    return event;
}

void weft_sim_upload_on_arrived(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_upload *upload = find(world, entry->words[0]);
    if (upload != NULL) {
        arrive(world, upload, entry->time_ns);
    }
}

void weft_sim_upload_on_stored(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_upload *upload = find(world, entry->words[0]);
    if (upload == NULL) {
        return;
    }
    const struct weft_sim_node *node = &world->nodes[entry->node];
    if (!node->alive || node->life != upload->receiver_life) {
        lose(world, upload);
        return;
    }
    struct weft_event event = chunk_event(world, upload, WEFT_ERR_OK);
    weft_sim_pool_give(&world->uploads, upload);
    world->totals.chunks_on_the_way--;
    weft_sim_node_stored(world, entry->node, &event);
}

void weft_sim_upload_on_cut(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_upload *upload = find(world, entry->words[0]);
    if (upload == NULL) {
        return;
    }
    bool tell = upload->accepted && is_reachable(world, upload);
    struct weft_event event = chunk_event(world, upload, WEFT_ERR_CLOSED);
    event.chunk.transfer_ns = 0;
    lose(world, upload);
    if (tell) {
        weft_sim_node_step(world, entry->node, &event);
    }
}
