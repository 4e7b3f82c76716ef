/* SPDX-License-Identifier: Apache-2.0 */
/* A small mesh in one process; see cluster.h. */
#include "tests/support/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/rng.h"
#include "protocol/state.h"
#include "tests/support/cluster_queue.h"

#define PORT 7767

/* Delays of the network and of the shell. */
#define LAN_MIN_NS (200 * WEFT_NS_PER_US)
#define LAN_SPREAD_US 800
#define WAN_MIN_NS (10 * WEFT_NS_PER_MS)
#define WAN_SPREAD_US 10000
#define CHECK_NS (1 * WEFT_NS_PER_MS)
#define LOOK_NS (20 * WEFT_NS_PER_MS)

/* What bulletins of this mesh look like. */
static const uint8_t good[4] = {'g', 'o', 'o', 'd'};

/* ---- Network and shell ---- */

weft_node_id weft_cluster_id(uint32_t index)
{
    return weft_mix(index + UINT64_C(1));
}

uint32_t weft_cluster_index(const struct weft_cluster *cluster, weft_node_id id)
{
    uint32_t index = 0;
    while (index < cluster->node_count && cluster->nodes[index].self.id != id) {
        index++;
    }
    return index;
}

static uint32_t find_address(const struct weft_cluster *cluster, const struct weft_address *address)
{
    const uint8_t *ip = address->ip;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        if (memcmp(cluster->nodes[i].self.address.ip, ip, WEFT_IP_BYTES) == 0) {
            return i;
        }
    }
    return cluster->node_count;
}

static void carry_datagram(struct weft_cluster *cluster, uint32_t index,
                           const struct weft_action_send *send)
{
    struct weft_cluster_node *node = &cluster->nodes[index];
    node->bytes_sent += send->length;
    node->datagrams_sent++;
    uint32_t target = find_address(cluster, &send->to.address);
    if (target == cluster->node_count || cluster->nodes[target].group != node->group ||
        weft_rng_below(&cluster->rng, 1000) < cluster->loss_permille) {
        return;
    }
    bool is_local =
        weft_segment_key(&cluster->nodes[target].segment) == weft_segment_key(&node->segment);
    weft_ns delay_ns =
        is_local ? LAN_MIN_NS + weft_rng_below(&cluster->rng, LAN_SPREAD_US) * WEFT_NS_PER_US
                 : WAN_MIN_NS + weft_rng_below(&cluster->rng, WAN_SPREAD_US) * WEFT_NS_PER_US;
    struct weft_cluster_event *event =
        weft_cluster_make(cluster, WEFT_CLUSTER_DATAGRAM, target, delay_ns, send->length);
    event->from.address = node->self.address;
    event->from_node = index;
    event->hop_limit = (uint8_t)((send->local ? 255 : 64) - (is_local ? 0 : 3));
    memcpy(event->bytes, send->bytes, send->length);
    weft_cluster_push(cluster, event);
}

static void carry_check(struct weft_cluster *cluster, uint32_t index,
                        const struct weft_action_bulletin *bulletin)
{
    struct weft_cluster_event *event =
        weft_cluster_make(cluster, WEFT_CLUSTER_CHECKED, index, CHECK_NS, bulletin->length);
    event->from = bulletin->peer;
    event->bulletin = bulletin->bulletin;
    event->life = cluster->nodes[index].incarnation;
    if (bulletin->length > 0) {
        memcpy(event->bytes, bulletin->bytes, bulletin->length);
    }
    weft_cluster_push(cluster, event);
}

static void carry_out(struct weft_cluster *cluster, uint32_t index)
{
    for (uint32_t i = 0; i < cluster->actions->count; i++) {
        const struct weft_action *action = &cluster->actions->items[i];
        if (action->kind == WEFT_ACTION_DATAGRAM) {
            carry_datagram(cluster, index, &action->send);
        } else if (action->kind == WEFT_ACTION_BULLETIN_CHECK) {
            carry_check(cluster, index, &action->bulletin);
        } else if (action->kind == WEFT_ACTION_SOURCE_LOOK) {
            cluster->nodes[index].look_count++;
            struct weft_cluster_event *event =
                weft_cluster_make(cluster, WEFT_CLUSTER_LOOKED, index, LOOK_NS, 0);
            event->life = cluster->nodes[index].incarnation;
            weft_cluster_push(cluster, event);
        }
    }
    weft_action_reset(cluster->actions);
}

void weft_cluster_step(struct weft_cluster *cluster, uint32_t index, struct weft_event *event)
{
    struct weft_cluster_node *node = &cluster->nodes[index];
    event->now_ns = cluster->now_ns;
    weft_core_step(node->core, event, cluster->actions);
    if (event->kind == WEFT_EVENT_BULLETIN) {
        node->bulletin_ns = cluster->now_ns;
    }
    carry_out(cluster, index);
    weft_ns deadline_ns = weft_core_deadline(node->core);
    if (deadline_ns != WEFT_NS_NEVER && deadline_ns != node->tick_ns) {
        struct weft_cluster_event *tick =
            weft_cluster_make(cluster, WEFT_CLUSTER_TICK, index, 0, 0);
        tick->at_ns = deadline_ns > cluster->now_ns ? deadline_ns : cluster->now_ns;
        node->tick_ns = deadline_ns;
        weft_cluster_push(cluster, tick);
    }
}

weft_bulletin weft_cluster_bulletin(uint32_t version)
{
    return weft_bulletin_of(1, version, 0);
}

void weft_cluster_publish(struct weft_cluster *cluster, uint32_t index, uint32_t version)
{
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN};
    event.bulletin = (struct weft_event_bulletin){.bulletin = weft_cluster_bulletin(version),
                                                  .bytes = good,
                                                  .length = sizeof good,
                                                  .fresh_ns = WEFT_NS_NEVER};
    weft_cluster_step(cluster, index, &event);
}

static void on_checked(struct weft_cluster *cluster, const struct weft_cluster_event *checked)
{
    if (checked->length == sizeof good && memcmp(checked->bytes, good, sizeof good) == 0) {
        weft_cluster_publish(cluster, checked->node, weft_bulletin_version(checked->bulletin));
        return;
    }
    struct weft_event event = {.kind = WEFT_EVENT_BULLETIN_REFUSED};
    event.bulletin_refused = (struct weft_event_bulletin_refused){
        .peer = checked->from.id, .bulletin = checked->bulletin, .result = WEFT_ERR_SIGNATURE};
    weft_cluster_step(cluster, checked->node, &event);
}

static void on_looked(struct weft_cluster *cluster, uint32_t index)
{
    struct weft_event event = {.kind = WEFT_EVENT_LOOKED};
    event.looked.result = cluster->source_fails ? WEFT_ERR_UNREACHABLE : WEFT_ERR_OK;
    if (!cluster->source_fails && cluster->source_version != 0) {
        weft_cluster_publish(cluster, index, cluster->source_version);
    }
    weft_cluster_step(cluster, index, &event);
}

static void on_datagram(struct weft_cluster *cluster, const struct weft_cluster_event *arrived)
{
    struct weft_event event = {.kind = WEFT_EVENT_DATAGRAM};
    event.datagram =
        (struct weft_event_datagram){.from = arrived->from,
                                     .hop_limit = arrived->hop_limit,
                                     .no_agent = cluster->nodes[arrived->from_node].no_agent,
                                     .bytes = arrived->bytes,
                                     .length = arrived->length};
    weft_cluster_step(cluster, arrived->node, &event);
}

void weft_cluster_inject(struct weft_cluster *cluster, uint32_t index,
                         const struct weft_event_datagram *datagram)
{
    struct weft_event event = {.kind = WEFT_EVENT_DATAGRAM, .datagram = *datagram};
    weft_cluster_step(cluster, index, &event);
}

/* ---- Time ---- */

static void deliver(struct weft_cluster *cluster, struct weft_cluster_event *event)
{
    struct weft_cluster_node *node = &cluster->nodes[event->node];
    if (node->core == NULL || (event->life != 0 && event->life != node->incarnation)) {
        free(event);
        return;
    }
    if (cluster->now_ns < node->stalled_ns) {
        event->at_ns = node->stalled_ns;
        weft_cluster_push(cluster, event);
        return;
    }
    switch (event->kind) {
    case WEFT_CLUSTER_TICK:
        if (event->at_ns >= node->tick_ns) {
            struct weft_event tick = {.kind = WEFT_EVENT_TICK};
            node->tick_ns = 0;
            weft_cluster_step(cluster, event->node, &tick);
        }
        break;
    case WEFT_CLUSTER_DATAGRAM:
        on_datagram(cluster, event);
        break;
    case WEFT_CLUSTER_CHECKED:
        on_checked(cluster, event);
        break;
    case WEFT_CLUSTER_LOOKED:
        on_looked(cluster, event->node);
        break;
    }
    free(event);
}

void weft_cluster_run(struct weft_cluster *cluster, weft_ns duration_ns)
{
    weft_ns end_ns = cluster->now_ns + duration_ns;
    while (cluster->heap_count > 0 && cluster->heap[0]->at_ns <= end_ns) {
        struct weft_cluster_event *event = weft_cluster_pop(cluster);
        cluster->now_ns = event->at_ns > cluster->now_ns ? event->at_ns : cluster->now_ns;
        deliver(cluster, event);
    }
    cluster->now_ns = end_ns;
}

weft_ns weft_cluster_run_until(struct weft_cluster *cluster, weft_ns limit_ns,
                               bool (*is_done)(const struct weft_cluster *cluster))
{
    weft_ns start_ns = cluster->now_ns;
    while (cluster->now_ns - start_ns <= limit_ns) {
        if (is_done(cluster)) {
            return cluster->now_ns - start_ns;
        }
        weft_cluster_run(cluster, 20 * WEFT_NS_PER_MS);
    }
    return WEFT_NS_NEVER;
}

/* ---- Life of nodes ---- */

static void note_trace(void *context, const struct weft_trace_record *record)
{
    struct weft_cluster *cluster = context;
    cluster->log[cluster->log_count++ % WEFT_CLUSTER_LOG_MAX] = *record;
}

struct weft_cluster *weft_cluster_new(uint32_t node_count, uint32_t per_segment, uint64_t seed)
{
    struct weft_cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster == NULL) {
        abort();
    }
    cluster->nodes = calloc(node_count, sizeof *cluster->nodes);
    cluster->actions = calloc(1, sizeof *cluster->actions);
    cluster->log = calloc(WEFT_CLUSTER_LOG_MAX, sizeof *cluster->log);
    if (cluster->nodes == NULL || cluster->actions == NULL || cluster->log == NULL) {
        abort();
    }
    cluster->node_count = node_count;
    cluster->rng = seed;
    cluster->now_ns = WEFT_NS_PER_S;
    cluster->config = weft_config_default();
    cluster->config.mesh = 0x77656674;
    cluster->config.chunks_max = 64;
    cluster->config.has_source = false;
    for (uint32_t i = 0; i < node_count; i++) {
        struct weft_cluster_node *node = &cluster->nodes[i];
        uint32_t host = i % per_segment + 1;
        uint8_t ip[WEFT_IP_BYTES] = {[10] = 0xff, [11] = 0xff, [12] = 10};
        ip[13] = (uint8_t)(i / per_segment);
        memcpy(node->segment.ip, ip, sizeof ip);
        node->segment.bits = 112;
        ip[14] = (uint8_t)(host >> 8);
        ip[15] = (uint8_t)host;
        memcpy(node->self.address.ip, ip, sizeof ip);
        node->self.address.port = PORT;
        node->self.id = weft_cluster_id(i);
        node->incarnation = 1000;
    }
    return cluster;
}

void weft_cluster_free(struct weft_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->heap_count; i++) {
        free(cluster->heap[i]);
    }
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        free(cluster->nodes[i].memory);
    }
    free(cluster->heap);
    free(cluster->nodes);
    free(cluster->actions);
    free(cluster->log);
    free(cluster);
}

void weft_cluster_kill(struct weft_cluster *cluster, uint32_t index)
{
    struct weft_cluster_node *node = &cluster->nodes[index];
    free(node->memory);
    node->memory = NULL;
    node->core = NULL;
}

void weft_cluster_start(struct weft_cluster *cluster, uint32_t index, uint32_t seed)
{
    struct weft_cluster_node *node = &cluster->nodes[index];
    weft_cluster_kill(cluster, index);
    struct weft_host host = {.context = cluster, .trace = note_trace};
    cluster->config.seed = weft_rng_next(&cluster->rng);
    size_t size = weft_core_size(&cluster->config);
    node->memory = calloc(1, size);
    node->core = weft_core_init(node->memory, size, &cluster->config, &host);
    if (node->core == NULL) {
        abort();
    }
    node->tick_ns = 0;
    node->incarnation += 1000;
    struct weft_endpoint known = {.address = cluster->nodes[seed].self.address};
    struct weft_event event = {.kind = WEFT_EVENT_START};
    event.start = (struct weft_event_start){.self = node->self,
                                            .segment = node->segment,
                                            .incarnation = node->incarnation,
                                            .known = &known,
                                            .known_count = seed == index ? 0 : 1};
    weft_cluster_step(cluster, index, &event);
}

void weft_cluster_start_all(struct weft_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        weft_cluster_start(cluster, i, 0);
    }
}

void weft_cluster_stall(struct weft_cluster *cluster, uint32_t index, weft_ns pause_ns)
{
    cluster->nodes[index].stalled_ns = cluster->now_ns + pause_ns;
}
