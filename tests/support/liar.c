/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster and the words of liar.h. */
#include "tests/support/liar.h"

#include <check.h>
#include <string.h>

struct weft_cluster *liar_cluster(uint64_t seed)
{
    struct weft_cluster *cluster = weft_cluster_new(LIAR_NODES, LIAR_NODES, seed);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 30 * WEFT_NS_PER_S);
    ck_assert(weft_cluster_is_agreed(cluster));
    return cluster;
}

void liar_send_to(struct weft_cluster *cluster, uint32_t to, const struct weft_endpoint *from,
                  uint8_t hop_limit, struct weft_message *message)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    message->mesh = cluster->config.mesh;
    message->sender = from->id;
    uint32_t length = weft_message_encode(message, bytes, sizeof bytes);
    ck_assert_uint_gt(length, 0);
    struct weft_event_datagram datagram = {
        .from = *from, .hop_limit = hop_limit, .bytes = bytes, .length = length};
    weft_cluster_inject(cluster, to, &datagram);
}

void liar_send(struct weft_cluster *cluster, const struct weft_endpoint *from, uint8_t hop_limit,
               struct weft_message *message)
{
    liar_send_to(cluster, LIAR_VICTIM, from, hop_limit, message);
}

void liar_gossip_to(struct weft_cluster *cluster, uint32_t to, const struct weft_record *record)
{
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_GOSSIP;
    message.gossip.records.count = 1;
    message.gossip.records.items[0] = *record;
    liar_send_to(cluster, to, &cluster->nodes[LIAR].self, 255, &message);
}

void liar_gossip(struct weft_cluster *cluster, const struct weft_record *record)
{
    liar_gossip_to(cluster, LIAR_VICTIM, record);
}

void liar_gossip_to_all(struct weft_cluster *cluster, const struct weft_record *record)
{
    for (uint32_t i = 0; i < LIAR_NODES; i++) {
        if (i != LIAR && weft_cluster_id(i) != record->id && cluster->nodes[i].core != NULL) {
            liar_gossip_to(cluster, i, record);
        }
    }
}

struct weft_record liar_held(const struct weft_cluster *cluster, uint32_t index)
{
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    uint32_t slot = index == LIAR_VICTIM ? 0 : weft_member_slot(core, weft_cluster_id(index));
    return weft_member_record(core, slot);
}

enum weft_member_state liar_state(const struct weft_cluster *cluster, uint32_t index)
{
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    return (enum weft_member_state)weft_member_find(core, weft_cluster_id(index))->state;
}
