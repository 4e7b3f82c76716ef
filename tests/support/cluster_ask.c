/* SPDX-License-Identifier: Apache-2.0 */
/* What do the nodes of a cluster agree on, and what did they do? See cluster.h. */
#include "tests/support/cluster.h"

#include <string.h>

#include "protocol/state.h"

static bool is_near(const struct weft_cluster_node *a, const struct weft_cluster_node *b)
{
    return a->group == b->group && weft_segment_key(&a->segment) == weft_segment_key(&b->segment);
}

bool weft_cluster_is_agreed(const struct weft_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct weft_cluster_node *node = &cluster->nodes[i];
        if (node->core == NULL) {
            continue;
        }
        uint32_t expected = 0;
        for (uint32_t j = 0; j < cluster->node_count; j++) {
            const struct weft_cluster_node *other = &cluster->nodes[j];
            if (other->core == NULL || !is_near(node, other)) {
                continue;
            }
            expected++;
            const struct weft_member *member = weft_member_find(node->core, other->self.id);
            if (i != j && (member == NULL || !weft_member_is_up(member))) {
                return false;
            }
        }
        if (weft_member_up_count(node->core) != expected) {
            return false;
        }
    }
    return true;
}

bool weft_cluster_agents_agree(const struct weft_cluster *cluster, uint32_t count)
{
    const struct weft_cluster_node *first = NULL;
    weft_node_id expected[WEFT_AGENTS_MAX] = {0};
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct weft_cluster_node *node = &cluster->nodes[i];
        if (node->core == NULL) {
            continue;
        }
        weft_node_id agents[WEFT_AGENTS_MAX] = {0};
        if (weft_election_agents(node->core, agents) != count) {
            return false;
        }
        if (first == NULL || !is_near(first, node)) {
            first = node;
            memcpy(expected, agents, sizeof agents);
        } else if (memcmp(expected, agents, sizeof agents) != 0) {
            return false;
        }
    }
    return true;
}

uint32_t weft_cluster_count(const struct weft_cluster *cluster, enum weft_trace_kind kind,
                            weft_node_id peer, weft_ns since_ns)
{
    uint64_t kept =
        cluster->log_count < WEFT_CLUSTER_LOG_MAX ? cluster->log_count : WEFT_CLUSTER_LOG_MAX;
    uint32_t count = 0;
    for (uint64_t i = 0; i < kept; i++) {
        const struct weft_trace_record *record = &cluster->log[i];
        if (record->kind == kind && record->time_ns >= since_ns &&
            (peer == 0 || record->peer == peer)) {
            count++;
        }
    }
    return count;
}
