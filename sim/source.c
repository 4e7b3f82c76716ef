/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does the web server send, and when?". A request keeps a connection of its own, over
 * which its chunks go one after the other. */
#include "source.h"
#include "calibration.h"
#include "upload.h"

#define HTTP_PARTIAL_CONTENT 206
#define HTTP_OK 200
#define HTTP_UNAVAILABLE 503

static weft_ns after_delay_ns(const struct weft_sim_shard *shard, uint32_t node)
{
    return weft_sim_now(shard) +
           weft_sim_network_delay(&shard->world->network, WEFT_SIM_SOURCE, node);
}

static uint32_t bytes_of(const struct weft_sim_shard *shard, uint32_t name)
{
    return weft_sim_publish_named_bytes(&shard->world->releases, name);
}

/* --- the node asks --- */

/* Words of FETCH_END: handle of the fetch, result. */
static void push_end(struct weft_sim_shard *shard, weft_ns time_ns, uint32_t node, uint64_t fetch,
                     enum weft_err result)
{
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, time_ns, WEFT_SIM_FETCH_END, node);
    entry->words[0] = fetch;
    entry->words[1] = result;
}

/* Take a connection that an earlier request left open; false: there is none, or it went cold. */
static bool take_connection(const struct weft_sim_shard *shard, struct weft_sim_node *node)
{
    bool warm = weft_sim_now(shard) - node->source_idle_ns < WEFT_SIM_IDLE_NS;
    node->source_idle = warm ? node->source_idle : 0;
    if (node->source_idle == 0) {
        return false;
    }
    node->source_idle--;
    return true;
}

/* Words of FETCH_ASKED: handle of the fetch, name of the first chunk, number of chunks, twice the
 * number of the connection and one more if it is up to speed. Connections are used in turn. */
void weft_sim_source_fetch(struct weft_sim_shard *shard, uint32_t node,
                           const struct weft_action_source *source)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_fetch *fetch = weft_sim_pool_take(&shard->fetches);
    fetch->node = node;
    fetch->token = source->token;
    world->nodes[node].pending_count++;
    shard->totals.source_requests++;
    uint32_t release = weft_sim_publish_find(&world->releases, source->release);
    if (release == WEFT_SIM_NO_RELEASE || source->chunk_count == 0 ||
        (uint64_t)source->first_chunk + source->chunk_count >
            world->releases.items[release].chunk_count) {
        push_end(shard, weft_sim_now(shard), node, weft_sim_pool_handle(fetch), WEFT_ERR_NOT_FOUND);
        return;
    }
    if (weft_sim_world_fails(world) || weft_sim_cut_until(world, node, WEFT_SIM_SOURCE) != 0) {
        push_end(shard, weft_sim_now(shard) + WEFT_SIM_CONNECT_NS, node,
                 weft_sim_pool_handle(fetch), WEFT_ERR_UNREACHABLE);
        return;
    }
    weft_ns delay_ns =
        weft_sim_network_control(shard, node, WEFT_SIM_SOURCE, WEFT_SIM_REQUEST_BYTES);
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, weft_sim_now(shard) + delay_ns,
                                                       WEFT_SIM_FETCH_ASKED, WEFT_SIM_SOURCE);
    entry->peer = node;
    entry->words[0] = weft_sim_pool_handle(fetch);
    entry->words[1] = weft_sim_chunk_name(release, source->first_chunk);
    entry->words[2] = source->chunk_count;
    entry->words[3] = 2 * (source->token % world->options->tuning.source_fetches) +
                      take_connection(shard, &world->nodes[node]);
}

static void tell_stop(struct weft_sim_shard *shard, const struct weft_sim_fetch *fetch)
{
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, after_delay_ns(shard, fetch->node),
                                                       WEFT_SIM_FETCH_STOP, WEFT_SIM_SOURCE);
    entry->peer = fetch->node;
    entry->words[0] = weft_sim_pool_handle(fetch);
}

void weft_sim_source_cancel(struct weft_sim_shard *shard, uint32_t node, uint64_t token)
{
    for (uint32_t i = 0; i < shard->fetches.used_count; i++) {
        struct weft_sim_fetch *fetch = weft_sim_pool_at(&shard->fetches, i);
        if (fetch != NULL && fetch->node == node && fetch->token == token && !fetch->over) {
            fetch->over = true;
            tell_stop(shard, fetch);
            push_end(shard, weft_sim_now(shard), node, weft_sim_pool_handle(fetch),
                     WEFT_ERR_CANCELLED);
        }
    }
}

void weft_sim_source_forget(struct weft_sim_shard *shard, uint32_t node)
{
    for (uint32_t i = 0; i < shard->fetches.used_count; i++) {
        struct weft_sim_fetch *fetch = weft_sim_pool_at(&shard->fetches, i);
        if (fetch != NULL && fetch->node == node) {
            tell_stop(shard, fetch);
            weft_sim_pool_give(&shard->fetches, fetch);
        }
    }
}

/* --- the source answers --- */

static void send_next(struct weft_sim_shard *shard, const struct weft_sim_answer *answer,
                      struct weft_sim_pipe *pipe)
{
    shard->totals.chunks_begun++;
    uint32_t name = weft_sim_chunk_name(answer->release, answer->next_chunk);
    weft_sim_pipe_send(shard, pipe, bytes_of(shard, name), weft_sim_pool_handle(answer));
}

/* What a source in a bad state makes of a range request; OK = it sends, perhaps only half. */
static enum weft_err mistreat(const struct weft_sim_world *world, uint32_t release,
                              weft_ns *patience_ns)
{
    const struct weft_sim_mishaps *mishaps = &world->mishaps;
    *patience_ns = 0;
    if (!world->source_up) {
        return WEFT_ERR_UNREACHABLE;
    }
    if (weft_sim_mishap_source(mishaps, WEFT_SIM_MISHAP_SOURCE_HANG)) {
        *patience_ns = WEFT_SIM_PATIENCE_NS;
        return WEFT_ERR_TIMEOUT;
    }
    if (weft_sim_mishap_source(mishaps, WEFT_SIM_MISHAP_SOURCE_ERROR)) {
        return WEFT_ERR_HTTP_STATUS;
    }
    if (weft_sim_mishap_source(mishaps, WEFT_SIM_MISHAP_SOURCE_PORTAL)) {
        return WEFT_ERR_HTTP_NO_RANGES;
    }
    bool stale = weft_sim_mishap_source(mishaps, WEFT_SIM_MISHAP_SOURCE_STALE);
    return stale && release == world->releases.newest ? WEFT_ERR_NOT_FOUND : WEFT_ERR_OK;
}

void weft_sim_source_on_asked(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    uint32_t node = entry->peer;
    weft_sim_network_control(shard, WEFT_SIM_SOURCE, node, WEFT_SIM_REQUEST_BYTES);
    weft_ns patience_ns = 0;
    enum weft_err err = mistreat(shard->world, (uint32_t)entry->words[1] >> 16, &patience_ns);
    if (err != WEFT_ERR_OK) {
        shard->totals.source_refused++;
        push_end(shard, after_delay_ns(shard, node) + patience_ns, node, entry->words[0], err);
        return;
    }
    struct weft_sim_answer *answer = weft_sim_pool_take(&shard->answers);
    answer->node = node;
    answer->release = (uint32_t)entry->words[1] >> 16;
    answer->next_chunk = (uint32_t)entry->words[1] & UINT16_MAX;
    answer->end_chunk = answer->next_chunk + (uint32_t)entry->words[2];
    if (weft_sim_mishap_source(&shard->world->mishaps, WEFT_SIM_MISHAP_SOURCE_SHORT)) {
        answer->end_chunk -= (uint32_t)entry->words[2] / 2;
        answer->result = WEFT_ERR_TOO_SHORT;
    }
    answer->fetch = entry->words[0];
    answer->slow_ns = WEFT_NS_NEVER;
    struct weft_sim_pipe *pipe = weft_sim_pipe_open(
        shard, WEFT_SIM_SOURCE, node, WEFT_SIM_PIPE_ANSWER, (uint32_t)(entry->words[3] / 2));
    pipe->idle_ns = entry->words[3] % 2 != 0 ? weft_sim_now(shard) : WEFT_NS_NEVER;
    answer->pipe = weft_sim_pool_handle(pipe);
    send_next(shard, answer, pipe);
}

/* Words of FETCH_ARRIVED and FETCH_STORED: handle of the fetch, name of the chunk, transfer time.
 */
void weft_sim_source_on_sent(struct weft_sim_shard *shard, struct weft_sim_pipe *pipe)
{
    struct weft_sim_answer *answer = weft_sim_pool_find(&shard->answers, pipe->item);
    weft_ns at_ns = after_delay_ns(shard, answer->node);
    shard->totals.arriving++;
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, at_ns, WEFT_SIM_FETCH_ARRIVED, answer->node);
    entry->words[0] = answer->fetch;
    entry->words[1] = weft_sim_chunk_name(answer->release, answer->next_chunk);
    entry->words[2] = weft_sim_now(shard) - pipe->began_ns;
    answer->next_chunk++;
    if (answer->next_chunk < answer->end_chunk) {
        send_next(shard, answer, pipe);
        return;
    }
    push_end(shard, at_ns, answer->node, answer->fetch, answer->result);
    weft_sim_pool_give(&shard->answers, answer);
    weft_sim_pipe_close(shard, pipe);
}

/* Stop sending, wherever it is; a chunk on the pipe is lost. */
static void cut(struct weft_sim_shard *shard, struct weft_sim_answer *answer)
{
    struct weft_sim_pipe *pipe = weft_sim_pool_find(&shard->pipes, answer->pipe);
    shard->totals.losses.chunks_cut += pipe->busy ? 1 : 0;
    weft_sim_pipe_close(shard, pipe);
    weft_sim_pool_give(&shard->answers, answer);
}

void weft_sim_source_on_stop(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    for (uint32_t i = 0; i < shard->answers.used_count; i++) {
        struct weft_sim_answer *answer = weft_sim_pool_at(&shard->answers, i);
        if (answer != NULL && answer->node == entry->peer && answer->fetch == entry->words[0]) {
            cut(shard, answer);
            return;
        }
    }
}

void weft_sim_source_switch(struct weft_sim_world *world, bool up)
{
    struct weft_sim_shard *shard = weft_sim_world_shard(world, WEFT_SIM_SOURCE);
    world->source_up = up;
    for (uint32_t i = 0; !up && i < shard->answers.used_count; i++) {
        struct weft_sim_answer *answer = weft_sim_pool_at(&shard->answers, i);
        if (answer != NULL) {
            push_end(shard, after_delay_ns(shard, answer->node), answer->node, answer->fetch,
                     WEFT_ERR_CLOSED);
            cut(shard, answer);
        }
    }
}

/* Words of FETCH_SLOW: handle of the answer, since when it is too slow. */
void weft_sim_source_on_rate(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe)
{
    struct weft_sim_answer *answer = weft_sim_pool_find(&shard->answers, pipe->item);
    if (pipe->rate >= WEFT_SIM_PATIENCE_BYTES_PER_S * WEFT_SIM_FAIR_UNIT) {
        answer->slow_ns = WEFT_NS_NEVER;
        return;
    }
    if (answer->slow_ns != WEFT_NS_NEVER) {
        return; /* it was too slow before */
    }
    answer->slow_ns = weft_sim_now(shard);
    struct weft_sim_entry *entry = weft_sim_shard_push(
        shard, answer->slow_ns + WEFT_SIM_PATIENCE_NS, WEFT_SIM_FETCH_SLOW, WEFT_SIM_SOURCE);
    entry->words[0] = weft_sim_pool_handle(answer);
    entry->words[1] = answer->slow_ns;
}

void weft_sim_source_on_slow(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_answer *answer = weft_sim_pool_find(&shard->answers, entry->words[0]);
    if (answer != NULL && answer->slow_ns == entry->words[1]) {
        shard->totals.source_slow++;
        push_end(shard, after_delay_ns(shard, answer->node), answer->node, answer->fetch,
                 WEFT_ERR_TIMEOUT);
        cut(shard, answer);
    }
}

/* What the web server's last line said; 0 = it said nothing. */
static uint32_t status_of(enum weft_err result)
{
    switch ((uint32_t)result) {
    case WEFT_ERR_UNREACHABLE:
    case WEFT_ERR_TIMEOUT:
        return 0;
    case WEFT_ERR_HTTP_STATUS:
        return HTTP_UNAVAILABLE;
    case WEFT_ERR_HTTP_NO_RANGES:
        return HTTP_OK;
    default:
        return HTTP_PARTIAL_CONTENT;
    }
}

/* --- what arrives --- */

void weft_sim_source_on_arrived(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    uint32_t bytes = bytes_of(shard, (uint32_t)entry->words[1]);
    weft_sim_network_received(&shard->world->network, WEFT_SIM_SOURCE, entry->node, bytes);
    struct weft_sim_fetch *fetch = weft_sim_pool_find(&shard->fetches, entry->words[0]);
    if (fetch == NULL || fetch->over) {
        shard->totals.losses.chunks_cut++;
        shard->totals.arrived++;
        return;
    }
    fetch->storing++;
    weft_ns at_ns = weft_sim_node_store(shard, entry->node, entry->time_ns, bytes);
    struct weft_sim_entry *stored =
        weft_sim_shard_push(shard, at_ns, WEFT_SIM_FETCH_STORED, entry->node);
    for (uint32_t i = 0; i < 3; i++) {
        stored->words[i] = entry->words[i];
    }
}

void weft_sim_source_on_stored(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_fetch *fetch = weft_sim_pool_find(&shard->fetches, entry->words[0]);
    shard->totals.arrived++;
    if (fetch == NULL) {
        shard->totals.losses.chunks_cut++;
        return;
    }
    uint32_t name = (uint32_t)entry->words[1];
    struct weft_event event = {.kind = WEFT_EVENT_CHUNK};
    event.chunk.token = fetch->token;
    event.chunk.release = world->releases.items[name >> 16].id;
    event.chunk.chunk = name & UINT16_MAX;
    event.chunk.result = WEFT_ERR_OK;
    event.chunk.bytes = bytes_of(shard, name);
    event.chunk.transfer_ns = entry->words[2];
    fetch->storing--;
    world->nodes[entry->node].pending_count++; /* stored() ends one operation, the request lasts */
    weft_sim_node_stored(shard, entry->node, name, &event);
}

void weft_sim_source_on_end(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_fetch *fetch = weft_sim_pool_find(&shard->fetches, entry->words[0]);
    if (fetch == NULL) {
        return;
    }
    enum weft_err result = (enum weft_err)entry->words[1];
    if (fetch->over && result != WEFT_ERR_CANCELLED) {
        return; /* it was taken back meanwhile */
    }
    if (fetch->storing > 0) {
        /* The end is told after the last chunk is durable. */
        weft_ns free_ns = world->nodes[entry->node].disk_free_ns;
        weft_ns later_ns = entry->time_ns + WEFT_NS_PER_US;
        push_end(shard, free_ns > later_ns ? free_ns : later_ns, entry->node, entry->words[0],
                 result);
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_SOURCE};
    event.source.token = fetch->token;
    event.source.result = result;
    event.source.http_status = status_of(result);
    struct weft_sim_node *node = &world->nodes[entry->node];
    node->pending_count--;
    node->source_idle = result == WEFT_ERR_OK ? (uint8_t)(node->source_idle + 1) : 0;
    node->source_idle_ns = entry->time_ns;
    weft_sim_pool_give(&shard->fetches, fetch);
    weft_sim_node_step(shard, entry->node, &event);
}
