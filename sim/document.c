/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "who sends a metadata document, and when is it there?". Verifying it is publish.c's. */
#include "document.h"
#include "stream.h"

#define REQUEST_BYTES 120

static struct weft_sim_document *find(const struct weft_sim_world *world, uint64_t handle)
{
    return weft_sim_pool_find(&world->documents, handle);
}

static void push(struct weft_sim_world *world, weft_ns time_ns, enum weft_sim_kind kind,
                 const struct weft_sim_document *document)
{
    struct weft_sim_entry *entry = weft_sim_world_push(world, time_ns, kind, document->node);
    entry->words[0] = weft_sim_pool_handle(document);
}

static weft_ns after_delay_ns(const struct weft_sim_world *world,
                              const struct weft_sim_document *document)
{
    return weft_sim_world_now(world) +
           weft_sim_network_delay(world->network, document->from, document->node);
}

static void stop(struct weft_sim_world *world, struct weft_sim_document *document,
                 enum weft_err result, weft_ns at_ns)
{
    document->result = result;
    push(world, at_ns, WEFT_SIM_DOCUMENT_END, document);
}

void weft_sim_document_fetch(struct weft_sim_world *world, const struct weft_sim_document *wanted)
{
    struct weft_sim_document *document = weft_sim_pool_take(&world->documents);
    struct weft_sim_slot slot = document->slot;
    *document = *wanted;
    document->slot = slot;
    document->life = world->nodes[document->node].life;
    world->nodes[document->node].pending_count++;
    weft_ns now_ns = weft_sim_world_now(world);
    if (document->from != WEFT_SIM_SOURCE) {
        const struct weft_sim_end *end =
            weft_sim_stream_find(world, document->node, document->from);
        if (end == NULL || end->state != WEFT_SIM_END_UP) {
            stop(world, document, WEFT_ERR_CLOSED, now_ns);
            return;
        }
    }
    weft_ns delay_ns =
        weft_sim_network_control(world->network, document->node, document->from, REQUEST_BYTES);
    push(world, now_ns + delay_ns, WEFT_SIM_DOCUMENT_ASKED, document);
}

/* Why the document cannot be sent; OK if it can. */
static enum weft_err refusal(const struct weft_sim_world *world,
                             const struct weft_sim_document *document)
{
    if (document->from == WEFT_SIM_SOURCE) {
        bool shown = document->version <= world->source_version &&
                     document->kind < WEFT_SIM_DOCUMENT_KIND_COUNT;
        return !world->source_up ? WEFT_ERR_UNREACHABLE : shown ? WEFT_ERR_OK : WEFT_ERR_NOT_FOUND;
    }
    if (!world->nodes[document->from].alive) {
        return WEFT_ERR_CLOSED;
    }
    bool held = weft_sim_publish_holds(world, document->from, document);
    return held ? WEFT_ERR_OK : WEFT_ERR_NOT_FOUND;
}

void weft_sim_document_on_asked(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_document *document = find(world, entry->words[0]);
    if (document == NULL) {
        return;
    }
    if (document->kind == WEFT_SIM_DOCUMENT_TIMESTAMP && document->from == WEFT_SIM_SOURCE) {
        document->version = world->source_version;
    }
    enum weft_err err = refusal(world, document);
    if (err != WEFT_ERR_OK) {
        stop(world, document, err, after_delay_ns(world, document));
        return;
    }
    struct weft_sim_transfer transfer = {
        .from = document->from,
        .to = document->node,
        .bytes = weft_sim_publish_document_bytes(&world->release,
                                                 (enum weft_sim_document_kind)document->kind),
        .kind = WEFT_SIM_DOCUMENT_SENT,
        .node = document->node,
        .owner = entry->words[0],
    };
    weft_sim_network_start(world->network, &transfer);
}

void weft_sim_document_on_sent(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_document *document = find(world, entry->words[0]);
    if (document == NULL) {
        return;
    }
    bool there =
        document->from == WEFT_SIM_SOURCE ? world->source_up : world->nodes[document->from].alive;
    stop(world, document, there ? WEFT_ERR_OK : WEFT_ERR_CLOSED, after_delay_ns(world, document));
}

void weft_sim_document_on_end(struct weft_sim_world *world, const struct weft_sim_entry *entry)
{
    struct weft_sim_document *document = find(world, entry->words[0]);
    if (document == NULL) {
        return;
    }
    struct weft_sim_document copy = *document;
    weft_sim_pool_give(&world->documents, document);
    struct weft_sim_node *node = &world->nodes[copy.node];
    if (node->alive && node->life == copy.life) {
        node->pending_count--;
        weft_sim_publish_on_document(world, &copy);
    }
}
