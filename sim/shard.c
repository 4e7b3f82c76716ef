/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what happens next among the machines of one shard?": takes entries out of its queue and
 * hands each to the module that knows what it means. */
#include "canary.h"
#include "document.h"
#include "memory.h"
#include "pipe.h"
#include "shell.h"
#include "source.h"
#include "stream.h"
#include "upload.h"
#include "world.h"

#include "protocol/view.h"

#include <string.h>

/* Bytes that the processor moves at once, and how many of them at the head of a core are fetched
 * before its step: configuration, clock and the modules' small state. */
#define CACHE_LINE 64
#define CORE_LINES 19

/* The core's trace, in virtual time. */
static void take_trace(void *context, const struct weft_trace_record *record)
{
    struct weft_sim_shard *shard = context;
    struct weft_trace_record line = *record;
    line.time_ns = weft_sim_now(shard);
    weft_sim_record_add(&shard->record, &line);
    if (line.kind == WEFT_TRACE_PENALTY) {
        weft_sim_check_penalty(shard, shard->stepped, line.peer);
    }
    if (shard->world->watch != NULL) {
        weft_sim_watch_record(shard, &line);
    }
}

static uint32_t keep_record(void *context, const struct weft_record *record)
{
    struct weft_sim_shard *shard = context;
    return weft_sim_roster_keep(&shard->roster, record);
}

static const uint8_t *keep_bulletin(void *context, const uint8_t *bytes, size_t length)
{
    struct weft_sim_shard *shard = context;
    return weft_sim_roster_keep_bulletin(&shard->roster, bytes, length);
}

void weft_sim_shard_begin(struct weft_sim_shard *shard, struct weft_sim_world *world,
                          uint32_t index, uint32_t first_node, uint32_t end_node)
{
    *shard = (struct weft_sim_shard){
        .world = world,
        .index = index,
        .first_node = first_node,
        .end_node = end_node,
        .queue = weft_sim_queue_new(),
        .host = {.trace = take_trace, .keep = keep_record, .keep_bulletin = keep_bulletin}};
    shard->host.context = shard;
    shard->host.roster = &shard->roster.records;
    weft_sim_buffer_begin(&shard->buffers);
    weft_sim_record_begin(&shard->record, world->decisions != NULL);
    weft_sim_pool_begin(&shard->pipes, sizeof(struct weft_sim_pipe));
    weft_sim_pool_begin(&shard->uploads, sizeof(struct weft_sim_upload));
    weft_sim_pool_begin(&shard->fetches, sizeof(struct weft_sim_fetch));
    weft_sim_pool_begin(&shard->answers, sizeof(struct weft_sim_answer));
    weft_sim_pool_begin(&shard->documents, sizeof(struct weft_sim_document));
    weft_sim_lan_begin(shard);
}

void weft_sim_shard_end(struct weft_sim_shard *shard)
{
    weft_sim_lan_end(shard);
    weft_sim_memory_give(shard->reserve_memory, 1, shard->reserve_bytes);
    weft_sim_memory_give(shard->far.changes, shard->far.room, sizeof(shard->far.changes[0]));
    weft_sim_memory_give(shard->grudges, shard->grudge_room, sizeof(shard->grudges[0]));
    weft_sim_pool_end(&shard->documents);
    weft_sim_pool_end(&shard->answers);
    weft_sim_pool_end(&shard->fetches);
    weft_sim_pool_end(&shard->uploads);
    weft_sim_pool_end(&shard->pipes);
    weft_sim_record_end(&shard->record);
    weft_sim_roster_end(&shard->roster);
    weft_sim_buffer_end(&shard->buffers);
    weft_sim_mail_end(&shard->mail);
    weft_sim_queue_free(shard->queue);
}

/* --- entries for this shard and for others --- */

struct weft_sim_entry *weft_sim_shard_push(struct weft_sim_shard *shard, weft_ns time_ns,
                                           enum weft_sim_kind kind, uint32_t node)
{
    const struct weft_sim_shard *other = weft_sim_world_shard(shard->world, node);
    struct weft_sim_entry *entry = other == shard
                                       ? weft_sim_queue_push(shard->queue, time_ns)
                                       : weft_sim_mail_write(&shard->mail, other->index, time_ns);
    entry->kind = (uint8_t)kind;
    entry->node = node;
    entry->peer = 0;
    entry->slot = 0;
    entry->length = 0;
    memset(entry->words, 0, sizeof(entry->words));
    return entry;
}

void weft_sim_shard_put(struct weft_sim_shard *shard, struct weft_sim_entry *entry,
                        const uint8_t *bytes, uint32_t length)
{
    entry->length = (uint16_t)length;
    entry->message.buffer = WEFT_SIM_BUFFER_NONE;
    if (length <= WEFT_SIM_INLINE_BYTES) {
        memcpy(entry->message.bytes, bytes, length);
    } else {
        entry->message.buffer = weft_sim_buffer_keep(&shard->buffers, bytes, length);
    }
}

const uint8_t *weft_sim_shard_bytes(const struct weft_sim_shard *shard,
                                    const struct weft_sim_entry *entry)
{
    return entry->length <= WEFT_SIM_INLINE_BYTES
               ? entry->message.bytes
               : weft_sim_buffer_bytes(&shard->buffers, entry->message.buffer);
}

void weft_sim_shard_drop_bytes(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    if (entry->length > WEFT_SIM_INLINE_BYTES) {
        weft_sim_buffer_give(&shard->buffers, entry->message.buffer);
    }
}

/* The entry's bytes move to the other shard's buffers with it. */
static void hand_over_bytes(struct weft_sim_shard *from, struct weft_sim_shard *to,
                            struct weft_sim_entry *entry)
{
    bool is_message = entry->kind == WEFT_SIM_DATAGRAM || entry->kind == WEFT_SIM_FRAME;
    if (!is_message || entry->length <= WEFT_SIM_INLINE_BYTES) {
        return;
    }
    uint32_t name = entry->message.buffer;
    entry->message.buffer = weft_sim_buffer_keep(
        &to->buffers, weft_sim_buffer_bytes(&from->buffers, name), entry->length);
    weft_sim_buffer_give(&from->buffers, name);
}

void weft_sim_shard_deliver(struct weft_sim_shard *shard)
{
    struct weft_sim_mail *mail = &shard->mail;
    for (uint32_t i = 0; i < mail->count; i++) {
        const struct weft_sim_entry *letter = &mail->letters[i].entry;
        struct weft_sim_shard *other = &shard->world->shards[mail->letters[i].shard];
        struct weft_sim_entry *entry = weft_sim_queue_push(other->queue, letter->time_ns);
        entry->kind = letter->kind;
        entry->node = letter->node;
        entry->peer = letter->peer;
        entry->slot = letter->slot;
        entry->length = letter->length;
        memcpy(entry->words, letter->words, sizeof(entry->words));
        hand_over_bytes(shard, other, entry);
    }
    mail->count = 0;
}

/* --- letting time pass --- */

typedef void handler(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

static handler *const handlers[WEFT_SIM_KIND_COUNT] = {
    [WEFT_SIM_NODE_START] = weft_sim_node_on_start,
    [WEFT_SIM_NODE_CRASH] = weft_sim_fault_on_crash,
    [WEFT_SIM_NODE_EVENING] = weft_sim_place_on_evening,
    [WEFT_SIM_NODE_TICK] = weft_sim_node_on_tick,
    [WEFT_SIM_DATAGRAM] = weft_sim_stream_on_datagram,
    [WEFT_SIM_FRAME] = weft_sim_stream_on_frame,
    [WEFT_SIM_CONNECT] = weft_sim_stream_on_connect,
    [WEFT_SIM_CONNECTED] = weft_sim_stream_on_connected,
    [WEFT_SIM_REFUSED] = weft_sim_stream_on_refused,
    [WEFT_SIM_DISCONNECT] = weft_sim_stream_on_disconnect,
    [WEFT_SIM_PIPE_DUE] = weft_sim_pipe_on_due,
    [WEFT_SIM_PIPE_BEGIN] = weft_sim_pipe_on_begin,
    [WEFT_SIM_CHUNK_OFFER] = weft_sim_upload_on_offer,
    [WEFT_SIM_CHUNK_ARRIVED] = weft_sim_upload_on_arrived,
    [WEFT_SIM_CHUNK_STORED] = weft_sim_upload_on_stored,
    [WEFT_SIM_UPLOAD_END] = weft_sim_upload_on_end,
    [WEFT_SIM_FETCH_ASKED] = weft_sim_source_on_asked,
    [WEFT_SIM_FETCH_STOP] = weft_sim_source_on_stop,
    [WEFT_SIM_FETCH_SLOW] = weft_sim_source_on_slow,
    [WEFT_SIM_FETCH_ARRIVED] = weft_sim_source_on_arrived,
    [WEFT_SIM_FETCH_STORED] = weft_sim_source_on_stored,
    [WEFT_SIM_FETCH_END] = weft_sim_source_on_end,
    [WEFT_SIM_DOCUMENT_ASKED] = weft_sim_document_on_asked,
    [WEFT_SIM_DOCUMENT_END] = weft_sim_document_on_end,
    [WEFT_SIM_ACTIVATED] = weft_sim_shell_on_activated,
    [WEFT_SIM_VERDICT] = weft_sim_shell_on_verdict,
    [WEFT_SIM_BEACON_DUE] = weft_sim_beacon_on_due,
    [WEFT_SIM_BEACON] = weft_sim_beacon_on_heard,
};

/* Ask for the memory that the next entry will need while this one is handled. */
static void fetch_ahead(const struct weft_sim_shard *shard)
{
    const struct weft_sim_entry *next = weft_sim_queue_peek(shard->queue);
    const struct weft_sim_world *world = shard->world;
    if (next == NULL || next->node >= world->node_count) {
        return;
    }
    const struct weft_sim_node *node = &world->nodes[next->node];
    const uint8_t *core = world->cores + next->node * world->core_bytes;
    __builtin_prefetch(node);
    __builtin_prefetch((const uint8_t *)node + CACHE_LINE);
    if (next->slot < world->ends_max) {
        __builtin_prefetch(&world->ends[weft_sim_stream_place(world, next->node, next->slot)]);
    }
    for (size_t line = 0; line < CORE_LINES; line++) {
        __builtin_prefetch(core + line * CACHE_LINE);
    }
}

/* A planted bug: nodes that are complete do not hear anything, and agents among them die. */
static bool is_planted_dead(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    const struct weft_sim_world *world = shard->world;
    if (!weft_sim_canary(world->options, WEFT_SIM_CHECK_AGENT_PRESENT) ||
        (entry->kind != WEFT_SIM_NODE_TICK && entry->kind != WEFT_SIM_DATAGRAM)) {
        return false;
    }
    const struct weft_sim_node *node = &world->nodes[entry->node];
    bool over = world->settle_ns != 0;
    if (over && node->alive && weft_view_node(node->core).is_agent) {
        weft_sim_node_crash(shard, entry->node, WEFT_NS_NEVER);
    }
    return over;
}

/* Does nothing else happen at this moment? Rates hold for a time, so flows that begin or end at the
 * same moment, as those to all children of a node do, are rated once. */
static bool is_instant_over(const struct weft_sim_shard *shard)
{
    const struct weft_sim_entry *next = weft_sim_queue_peek(shard->queue);
    return next == NULL || next->time_ns > weft_sim_now(shard);
}

void weft_sim_shard_run(struct weft_sim_shard *shard, weft_ns end_ns)
{
    struct weft_sim_entry *entry = weft_sim_queue_pop(shard->queue, end_ns);
    while (entry != NULL && !shard->checks.failed) {
        fetch_ahead(shard);
        bool defers =
            shard->world->mishaps.ailments != NULL && weft_sim_ailment_defers(shard, entry);
        if (!defers && !is_planted_dead(shard, entry)) {
            handlers[entry->kind](shard, entry);
        }
        weft_sim_queue_drop(shard->queue, entry);
        if (shard->lan.change_count > 0 && is_instant_over(shard)) {
            weft_sim_lan_settle(shard);
        }
        entry = weft_sim_queue_pop(shard->queue, end_ns);
    }
    weft_sim_queue_advance(shard->queue, end_ns);
}
