/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does the web server send, and when?". A range request sends its chunks one after
 * the other; each is reserved on the links when the one before it has left, so requests that run at
 * the same time share the uplink chunk by chunk. */
#include "source.h"

/* Bytes of an HTTP request and of the head of its answer. */
#define REQUEST_BYTES 300
#define ANSWER_BYTES 300

#define HTTP_PARTIAL_CONTENT 206

static struct weft_sim_fetch *find(const struct weft_sim_world *world, uint64_t handle)
{
    return weft_sim_pool_find(&world->fetches, handle);
}

static struct weft_sim_entry *push(struct weft_sim_world *world, weft_ns time_ns,
                                   enum weft_sim_kind kind, const struct weft_sim_fetch *fetch)
{
    struct weft_sim_entry *entry = weft_sim_world_push(world, time_ns, kind, fetch->node);
    entry->words[0] = weft_sim_pool_handle(fetch);
    return entry;
}

static weft_ns after_delay_ns(const struct weft_sim_world *world,
                              const struct weft_sim_fetch *fetch)
{
    return weft_sim_world_now(world) +
           weft_sim_network_delay(world->network, WEFT_SIM_SOURCE, fetch->node);
}

/* Nothing more will be sent; the node hears of it at |at_ns|. */
static void stop(struct weft_sim_world *world, struct weft_sim_fetch *fetch, enum weft_err result,
                 weft_ns at_ns)
{
    fetch->over = true;
    fetch->result = result;
    push(world, at_ns, WEFT_SIM_FETCH_END, fetch);
}

void weft_sim_source_fetch(struct weft_sim_world *world, uint32_t node,
                           const struct weft_action_source *source)
{
    struct weft_sim_fetch *fetch = weft_sim_pool_take(&world->fetches);
    fetch->node = node;
    fetch->life = world->nodes[node].life;
    fetch->token = source->token;
    fetch->next_chunk = source->first_chunk;
    fetch->end_chunk = source->first_chunk + source->chunk_count;
    world->nodes[node].pending_count++;
    world->totals.source_requests++;
    if (source->release != world->release.id || source->chunk_count == 0 ||
        fetch->end_chunk > world->release.chunk_count) {
        stop(world, fetch, WEFT_ERR_NOT_FOUND, weft_sim_world_now(world));
        return;
    }
    weft_ns delay_ns =
        weft_sim_network_control(world->network, node, WEFT_SIM_SOURCE, REQUEST_BYTES);
    push(world, weft_sim_world_now(world) + delay_ns, WEFT_SIM_FETCH_ASKED, fetch);
}

static void send_next(struct weft_sim_world *world, struct weft_sim_fetch *fetch)
{
    struct weft_sim_transfer transfer = {
        .from = WEFT_SIM_SOURCE,
        .to = fetch->node,
        .bytes = weft_sim_publish_chunk_bytes(&world->release, fetch->next_chunk),
        .kind = WEFT_SIM_FETCH_SENT,
        .node = fetch->node,
        .owner = weft_sim_pool_handle(fetch),
    };
    fetch->sending = true;
    world->totals.chunks_begun++;
    world->totals.bytes_begun += transfer.bytes;
    world->totals.chunks_on_the_way++;
    weft_sim_network_start(world->network, &transfer);
}

/* The chunk being sent will not arrive. */
static void lose_chunk(struct weft_sim_world *world, uint32_t chunk)
{
    world->totals.losses.chunks_cut++;
    world->totals.losses.bytes_cut += weft_sim_publish_chunk_bytes(&world->release, chunk);
    world->totals.chunks_on_the_way--;
}

void weft_sim_source_on_asked(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_fetch *fetch = find(world, entry->words[0]);
    if (fetch == NULL || fetch->over) {
        return;
    }
    weft_sim_network_control(world->network, WEFT_SIM_SOURCE, fetch->node, ANSWER_BYTES);
    if (!world->source_up) {
        world->totals.source_refused++;
        stop(world, fetch, WEFT_ERR_UNREACHABLE, after_delay_ns(world, fetch));
        return;
    }
    send_next(world, fetch);
}

/* Words: handle, chunk, transfer time. */
void weft_sim_source_on_sent(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_fetch *fetch = find(world, entry->words[0]);
    if (fetch == NULL || fetch->over) {
        return; /* counted as lost when the request was stopped */
    }
    struct weft_sim_entry *arrival =
        push(world, after_delay_ns(world, fetch), WEFT_SIM_FETCH_ARRIVED, fetch);
    arrival->words[1] = fetch->next_chunk;
    arrival->words[2] = entry->time_ns - entry->words[1];
    fetch->sending = false;
    fetch->next_chunk++;
    fetch->storing++;
    if (fetch->next_chunk < fetch->end_chunk) {
        send_next(world, fetch);
    } else {
        stop(world, fetch, WEFT_ERR_OK, after_delay_ns(world, fetch));
    }
}

void weft_sim_source_on_arrived(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_fetch *fetch = find(world, entry->words[0]);
    if (fetch == NULL) {
        lose_chunk(world, (uint32_t)entry->words[1]);
        return;
    }
    uint32_t bytes = weft_sim_publish_chunk_bytes(&world->release, (uint32_t)entry->words[1]);
    weft_ns at_ns = weft_sim_node_store(world, entry->node, entry->time_ns, bytes);
    struct weft_sim_entry *stored = push(world, at_ns, WEFT_SIM_FETCH_STORED, fetch);
    stored->words[1] = entry->words[1];
    stored->words[2] = entry->words[2];
}

void weft_sim_source_on_stored(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_fetch *fetch = find(world, entry->words[0]);
    uint32_t chunk = (uint32_t)entry->words[1];
    if (fetch == NULL) {
        lose_chunk(world, chunk);
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_CHUNK};
    event.chunk.token = fetch->token;
    event.chunk.release = world->release.id;
    event.chunk.chunk = chunk;
    event.chunk.result = WEFT_ERR_OK;
    event.chunk.bytes = weft_sim_publish_chunk_bytes(&world->release, chunk);
    event.chunk.transfer_ns = entry->words[2];
    fetch->storing--;
    world->nodes[entry->node].pending_count++; /* stored() ends one operation, the request lasts */
    world->totals.chunks_on_the_way--;
    weft_sim_node_stored(world, entry->node, &event);
}

void weft_sim_source_on_end(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_fetch *fetch = find(world, entry->words[0]);
    if (fetch == NULL) {
        return;
    }
    if (fetch->storing > 0) {
        /* The end is told after the last chunk is durable. */
        weft_ns free_ns = world->nodes[entry->node].disk_free_ns;
        weft_ns later_ns = entry->time_ns + WEFT_NS_PER_US;
        push(world, free_ns > later_ns ? free_ns : later_ns, WEFT_SIM_FETCH_END, fetch);
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_SOURCE};
    event.source.token = fetch->token;
    event.source.result = fetch->result;
    event.source.http_status = fetch->result == WEFT_ERR_UNREACHABLE ? 0 : HTTP_PARTIAL_CONTENT;
    world->nodes[entry->node].pending_count--;
    weft_sim_pool_give(&world->fetches, fetch);
    weft_sim_node_step(world, entry->node, &event);
}

/* Stop the request wherever it is; a chunk on the links is lost. */
static void cut(struct weft_sim_world *world, struct weft_sim_fetch *fetch, enum weft_err result,
                weft_ns at_ns)
{
    bool sending = fetch->sending;
    fetch->sending = false;
    if (sending) {
        lose_chunk(world, fetch->next_chunk);
    }
    stop(world, fetch, result, at_ns);
}

void weft_sim_source_cancel(struct weft_sim_world *world, uint32_t node, uint64_t token)
{
    for (uint32_t i = 0; i < world->fetches.used_count; i++) {
        struct weft_sim_fetch *fetch = weft_sim_pool_at(&world->fetches, i);
        bool same = fetch != NULL && fetch->node == node && fetch->token == token;
        if (same && !fetch->over) {
            cut(world, fetch, WEFT_ERR_CANCELLED, weft_sim_world_now(world));
        }
    }
}

void weft_sim_source_forget(struct weft_sim_world *world, uint32_t node)
{
    for (uint32_t i = 0; i < world->fetches.used_count; i++) {
        struct weft_sim_fetch *fetch = weft_sim_pool_at(&world->fetches, i);
        if (fetch != NULL && fetch->node == node) {
            if (fetch->sending) {
                lose_chunk(world, fetch->next_chunk);
            }
            weft_sim_pool_give(&world->fetches, fetch);
        }
    }
}

void weft_sim_source_switch(struct weft_sim_world *world, bool up)
{
    world->source_up = up;
    for (uint32_t i = 0; !up && i < world->fetches.used_count; i++) {
        struct weft_sim_fetch *fetch = weft_sim_pool_at(&world->fetches, i);
        if (fetch != NULL && !fetch->over && fetch->sending) {
            cut(world, fetch, WEFT_ERR_CLOSED, after_delay_ns(world, fetch));
        }
    }
}
