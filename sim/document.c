/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who sends a metadata document, and when is it there?". Verifying it is shell.c's. A
 * document is short: it takes its time on the narrowest line but none of the others' rate. */
#include "document.h"
#include "calibration.h"
#include "canary.h"
#include "flip.h"
#include "shell.h"
#include "stream.h"

/* Shells give up a peer that does not begin to answer by then, and one that then sends slower than
 * this. As node/ does. */
#define ANSWER_NS (5 * WEFT_NS_PER_S)
#define ANSWER_BYTES_PER_S 65536

/* Words of DOCUMENT_END: handle of the request, result, version. */
static void push_end(struct weft_sim_shard *shard, weft_ns time_ns, uint32_t node, uint64_t handle,
                     enum weft_err result, uint32_t version)
{
    struct weft_sim_entry *entry = weft_sim_shard_push(shard, time_ns, WEFT_SIM_DOCUMENT_END, node);
    entry->words[0] = handle;
    entry->words[1] = result;
    entry->words[2] = version;
}

/* Words of DOCUMENT_ASKED: handle of the request, kind, version. */
void weft_sim_document_fetch(struct weft_sim_shard *shard, const struct weft_sim_document *wanted)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_document *document = weft_sim_pool_take(&shard->documents);
    struct weft_sim_slot slot = document->slot;
    *document = *wanted;
    document->slot = slot;
    document->life = world->nodes[document->node].life;
    world->nodes[document->node].pending_count++;
    uint64_t handle = weft_sim_pool_handle(document);
    weft_ns now_ns = weft_sim_now(shard);
    if (document->from != WEFT_SIM_SOURCE) {
        const struct weft_sim_end *end =
            weft_sim_stream_find(world, document->node, document->from);
        if (end == NULL || end->state != WEFT_SIM_END_UP) {
            push_end(shard, now_ns, document->node, handle, WEFT_ERR_CLOSED, 0);
            return;
        }
    }
    weft_ns until_ns = weft_sim_cut_until(world, document->node, document->from);
    if (weft_sim_world_fails(world) || (until_ns != 0 && document->from == WEFT_SIM_SOURCE)) {
        push_end(shard, now_ns + WEFT_SIM_CONNECT_NS, document->node, handle, WEFT_ERR_UNREACHABLE,
                 0);
        return;
    }
    if (until_ns > now_ns + ANSWER_NS) {
        push_end(shard, now_ns + ANSWER_NS, document->node, handle, WEFT_ERR_TIMEOUT, 0);
        return;
    }
    now_ns = until_ns > now_ns ? until_ns : now_ns;
    weft_ns delay_ns =
        weft_sim_network_control(shard, document->node, document->from, WEFT_SIM_ASK_BYTES);
    struct weft_sim_entry *entry =
        weft_sim_shard_push(shard, now_ns + delay_ns, WEFT_SIM_DOCUMENT_ASKED, document->from);
    entry->peer = document->node;
    entry->words[0] = handle;
    entry->words[1] = document->kind;
    entry->words[2] = document->version;
}

/* What is wrong with everything that the source sends now; OK = nothing. */
static enum weft_err mistreat(const struct weft_sim_world *world)
{
    static const struct {
        enum weft_sim_mishap_class class;
        enum weft_err err;
    } ways[] = {{WEFT_SIM_MISHAP_SOURCE_HANG, WEFT_ERR_TIMEOUT},
                {WEFT_SIM_MISHAP_SOURCE_ERROR, WEFT_ERR_HTTP_STATUS},
                {WEFT_SIM_MISHAP_SOURCE_PORTAL, WEFT_ERR_FORMAT},
                {WEFT_SIM_MISHAP_SOURCE_SHORT, WEFT_ERR_TOO_SHORT},
                {WEFT_SIM_MISHAP_SOURCE_ROTTEN, WEFT_ERR_SIGNATURE}};
    for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (weft_sim_mishap_source(&world->mishaps, ways[i].class)) {
            return ways[i].err;
        }
    }
    return WEFT_ERR_OK;
}

/* The newest metadata that the source shows. */
static uint32_t shown_version(const struct weft_sim_world *world)
{
    bool stale = weft_sim_mishap_source(&world->mishaps, WEFT_SIM_MISHAP_SOURCE_STALE) &&
                 world->source_version > WEFT_SIM_VERSION_OLD;
    return world->source_version - (stale ? 1 : 0);
}

/* Why the document cannot be sent; OK if it can. */
static enum weft_err refusal(const struct weft_sim_world *world, uint32_t from, uint32_t kind,
                             uint32_t version)
{
    if (from == WEFT_SIM_SOURCE) {
        bool shown = version <= shown_version(world) && kind < WEFT_SIM_DOCUMENT_KIND_COUNT;
        enum weft_err err = world->source_up ? mistreat(world) : WEFT_ERR_UNREACHABLE;
        return err != WEFT_ERR_OK || shown ? err : WEFT_ERR_NOT_FOUND;
    }
    if (!world->nodes[from].alive) {
        return WEFT_ERR_CLOSED;
    }
    bool held = weft_sim_shell_holds(&world->nodes[from].updater, kind, version);
    return held ? WEFT_ERR_OK : WEFT_ERR_NOT_FOUND;
}

/* How long a shell waits for |bytes| that come evenly, in |delay_ns|. */
static weft_ns patience_ns(uint32_t from, uint32_t bytes, weft_ns delay_ns)
{
    if (from != WEFT_SIM_SOURCE) {
        return ANSWER_NS + bytes * WEFT_NS_PER_S / ANSWER_BYTES_PER_S;
    }
    bool is_slow = bytes * WEFT_NS_PER_S / WEFT_SIM_PATIENCE_BYTES_PER_S < delay_ns;
    return is_slow ? WEFT_SIM_PATIENCE_NS : WEFT_NS_NEVER;
}

void weft_sim_document_on_asked(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    uint32_t from = entry->node;
    uint32_t node = entry->peer;
    uint32_t kind = (uint32_t)entry->words[1];
    uint32_t version = (uint32_t)entry->words[2];
    if (kind == WEFT_SIM_DOCUMENT_TIMESTAMP && from == WEFT_SIM_SOURCE) {
        version = shown_version(world);
    }
    weft_ns now_ns = weft_sim_now(shard);
    enum weft_err err = refusal(world, from, kind, version);
    if (err != WEFT_ERR_OK) {
        weft_ns delay_ns = weft_sim_network_delay(&world->network, from, node);
        delay_ns += err == WEFT_ERR_TIMEOUT ? WEFT_SIM_PATIENCE_NS : 0;
        push_end(shard, now_ns + delay_ns, node, entry->words[0], err, version);
        return;
    }
    uint32_t bytes = weft_sim_publish_document_bytes(&world->releases,
                                                     (enum weft_sim_document_kind)kind, version);
    weft_sim_network_sent(&world->network, from, node, bytes);
    weft_ns delay_ns = weft_sim_network_document(shard, from, node, bytes);
    weft_ns most_ns = patience_ns(from, bytes, delay_ns);
    if (delay_ns > most_ns) {
        delay_ns = most_ns;
        err = WEFT_ERR_TIMEOUT;
    }
    push_end(shard, now_ns + delay_ns, node, entry->words[0], err, version);
}

/* What the shell finds when the |bytes| of a document are here: bits flip on the way. */
static enum weft_err inspect(struct weft_sim_shard *shard, const struct weft_sim_document *document,
                             uint32_t bytes)
{
    struct weft_sim_world *world = shard->world;
    uint32_t node = document->node;
    if (document->from == WEFT_SIM_SOURCE) {
        uint32_t what = WEFT_SIM_FLIP_DOCUMENT + document->kind;
        if (!weft_sim_flip_hits_body(shard, node, what, bytes)) {
            return WEFT_ERR_OK;
        }
        if (weft_sim_canary(world->options, WEFT_SIM_CHECK_VERIFIED_INSTALL)) {
            world->seen[node].bad_stored++;
            return WEFT_ERR_OK;
        }
        bool is_index = document->kind == WEFT_SIM_DOCUMENT_INDEX;
        return is_index ? WEFT_ERR_MISMATCH : WEFT_ERR_SIGNATURE;
    }
    if (!weft_sim_flip_hits_document(shard, node, document->kind, bytes)) {
        return WEFT_ERR_OK;
    }
    const struct weft_sim_end *end = weft_sim_stream_find(world, node, document->from);
    if (end != NULL) {
        weft_sim_stream_break(shard, node, document->from, end->slot, end->epoch);
    }
    return WEFT_ERR_CLOSED;
}

void weft_sim_document_on_end(struct weft_sim_shard *shard, const struct weft_sim_entry *entry)
{
    struct weft_sim_world *world = shard->world;
    struct weft_sim_document *document = weft_sim_pool_find(&shard->documents, entry->words[0]);
    if (document == NULL) {
        return;
    }
    struct weft_sim_document copy = *document;
    weft_sim_pool_give(&shard->documents, document);
    copy.result = (enum weft_err)entry->words[1];
    copy.version = (uint32_t)entry->words[2];
    uint32_t bytes = 0;
    if (copy.result == WEFT_ERR_OK) {
        bytes = weft_sim_publish_document_bytes(
            &world->releases, (enum weft_sim_document_kind)copy.kind, copy.version);
        weft_sim_network_received(&world->network, copy.from, copy.node, bytes);
    }
    struct weft_sim_node *node = &world->nodes[copy.node];
    if (!node->alive || node->life != copy.life) {
        return;
    }
    if (copy.result == WEFT_ERR_OK) {
        copy.result = inspect(shard, &copy, bytes);
    }
    node->pending_count--;
    weft_sim_shell_on_document(shard, &copy);
}
