/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the nodes' status documents into the mesh. */
#include "demo_poll.h"

#include "control_client.h"
#include "document_read.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char *const tier_names[WEFT_TIER_COUNT] = {
#define X(name, text) text,
    WEFT_TIER_MAP(X)
#undef X
};

static void read_progress(struct weft_demo_node *node, const json_t *version)
{
    const json_t *tiers = weft_document_at(version, "tiers");
    if (!weft_document_has(version, "bytes")) {
        return;
    }
    node->bytes = weft_document_number(version, "bytes");
    node->bytes_have = weft_document_number(version, "bytes_have");
    for (uint32_t tier = 0; tier < WEFT_TIER_COUNT; tier++) {
        node->tiers[tier] = weft_document_number(tiers, tier_names[tier]);
    }
}

static void read_component(struct weft_demo_node *node, const json_t *component)
{
    const json_t *active = weft_document_at(component, "active");
    const json_t *fetching = weft_document_at(component, "fetching");
    node->has_first = weft_document_has(component, "active");
    snprintf(node->error, sizeof(node->error), "%s", weft_document_text(component, "error"));
    if (strcmp(weft_document_text(fetching, "version"), WEFT_DEMO_SECOND) == 0) {
        node->knows = true;
        read_progress(node, fetching);
    }
    if (strcmp(weft_document_text(active, "version"), WEFT_DEMO_SECOND) == 0) {
        node->knows = true;
        read_progress(node, active);
        node->bytes_have = node->bytes;
        node->active = true;
    }
}

static void read_document(struct weft_demo_node *node, const json_t *document)
{
    node->answers = true;
    node->is_agent = weft_document_flag(document, "node.agent");
    node->alive = weft_document_number(document, "segment.alive");
    node->remote_known = weft_document_number(document, "segment.remote_known");
    snprintf(node->waits, sizeof(node->waits), "%s", weft_document_text(document, "node.stall"));
    read_component(node, json_array_get(weft_document_at(document, "components"), 0));
}

static void open_all(const struct weft_demo_mesh *mesh, struct weft_control_query *queries)
{
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        weft_control_query_open(&queries[i], mesh->nodes[i].data, "status");
    }
}

/* Takes the answer of one node if it is complete. */
static void read_one(struct weft_demo_mesh *mesh, struct weft_control_query *query, uint32_t node)
{
    bool done;
    if (weft_control_query_read(query, &done) != WEFT_ERR_OK) {
        weft_control_query_close(query);
        return;
    }
    if (done) {
        json_t *document = weft_control_query_document(query);
        if (document != NULL) {
            read_document(&mesh->nodes[node], document);
            json_decref(document);
        }
        weft_control_query_close(query);
    }
}

static void note_segment(struct weft_demo_mesh *mesh, struct weft_demo_segment *segment)
{
    struct weft_demo_sum sum = weft_demo_mesh_sum(mesh, segment->first, segment->count);
    uint64_t all_bytes = mesh->bytes * segment->count;
    if (segment->half_ms == WEFT_DEMO_NOT_YET && all_bytes > 0 &&
        sum.bytes_have >= all_bytes - all_bytes / 2) {
        segment->half_ms = weft_demo_elapsed_ms(mesh);
    }
    if (segment->full_ms == WEFT_DEMO_NOT_YET && all_bytes > 0 && sum.bytes_have >= all_bytes) {
        segment->full_ms = weft_demo_elapsed_ms(mesh);
    }
    if (segment->active_ms == WEFT_DEMO_NOT_YET && sum.active == segment->count) {
        segment->active_ms = weft_demo_elapsed_ms(mesh);
    }
}

static void note_moments(struct weft_demo_mesh *mesh)
{
    uint32_t knowing = 0;
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        knowing += mesh->nodes[i].knows ? 1 : 0;
        mesh->bytes = mesh->nodes[i].bytes > 0 ? mesh->nodes[i].bytes : mesh->bytes;
    }
    if (knowing == mesh->options.nodes && mesh->heard_ms == WEFT_DEMO_NOT_YET) {
        mesh->heard_ms = weft_demo_elapsed_ms(mesh);
    }
    for (uint32_t s = 0; s < mesh->options.segments; s++) {
        note_segment(mesh, &mesh->segments[s]);
    }
}

void weft_demo_poll(struct weft_demo_mesh *mesh, int timeout_ms)
{
    static struct weft_control_query queries[WEFT_DEMO_NODES_MAX];
    struct pollfd waits[WEFT_DEMO_NODES_MAX];
    int64_t deadline_ms = weft_demo_now_ms() + timeout_ms;
    open_all(mesh, queries);
    for (;;) {
        uint32_t open = 0;
        for (uint32_t i = 0; i < mesh->options.nodes; i++) {
            waits[i] = (struct pollfd){.fd = queries[i].fd, .events = POLLIN};
            open += queries[i].fd >= 0 ? 1 : 0;
        }
        int64_t left_ms = deadline_ms - weft_demo_now_ms();
        if (open == 0 || left_ms <= 0 || poll(waits, mesh->options.nodes, (int)left_ms) <= 0) {
            break;
        }
        for (uint32_t i = 0; i < mesh->options.nodes; i++) {
            if (waits[i].revents != 0) {
                read_one(mesh, &queries[i], i);
            }
        }
    }
    for (uint32_t i = 0; i < mesh->options.nodes; i++) {
        weft_control_query_close(&queries[i]);
    }
    note_moments(mesh);
}
