/* SPDX-License-Identifier: Apache-2.0 */
/* A member of a segment, or somebody who can reach it, fills it with nodes that do not exist, with
 * praise of itself, or with noise. */
#include "tests/support/attack.h"

#include <string.h>

#include "protocol/rng.h"
#include "tests/support/liar.h"

#define S WEFT_NS_PER_S

/* Somebody with id |number| at an address inside the segment, or far away. */
static struct weft_endpoint invented(const struct weft_cluster *cluster, uint32_t number, bool near)
{
    struct weft_endpoint endpoint = cluster->nodes[LIAR_VICTIM].self;
    endpoint.id = UINT64_C(0x5afe00000000) + number;
    endpoint.address.ip[13] = near ? endpoint.address.ip[13] : 200;
    endpoint.address.ip[14] = (uint8_t)(100 + number / 250 % 100);
    endpoint.address.ip[15] = (uint8_t)(1 + number % 250);
    return endpoint;
}

static void join(struct weft_cluster *cluster, uint32_t number, bool near, uint8_t hop_limit)
{
    struct weft_endpoint from = invented(cluster, number, near);
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_JOIN;
    message.join.nonce = number;
    message.join.record = (struct weft_record){.id = from.id,
                                               .incarnation = 1,
                                               .address = from.address,
                                               .agent_class = WEFT_AGENT_AUTO,
                                               .claim = WEFT_HALF_OCTAVES_MAX};
    message.join.segment = cluster->nodes[LIAR_VICTIM].segment;
    message.join.segment.ip[13] = from.address.ip[13];
    liar_send(cluster, &from, hop_limit, &message);
}

START_TEST(join_flood_near)
{
    struct weft_cluster *cluster = liar_cluster(106);
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    for (uint32_t i = 0; i < 5000; i++) {
        join(cluster, i, true, 255);
        ck_assert_uint_lt(weft_member_count(core), WEFT_MEMBERS_MAX);
    }
    weft_cluster_run(cluster, 60 * S);
    for (uint32_t i = 1; i < LIAR_NODES; i++) {
        ck_assert_int_eq(liar_state(cluster, i), WEFT_MEMBER_ALIVE);
    }
    ck_assert_uint_gt(core->counters.rejects[WEFT_REJECT_FULL], 0);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(join_flood_far)
{
    struct weft_cluster *cluster = liar_cluster(107);
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    uint32_t members = weft_member_count(core);
    for (uint32_t i = 0; i < 5000; i++) {
        join(cluster, i, false, 250);
        ck_assert_uint_le(weft_remote_count(core), WEFT_REMOTES_MAX);
    }
    ck_assert_uint_eq(weft_member_count(core), members);
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(far_pretends_near)
{
    struct weft_cluster *cluster = liar_cluster(108);
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    uint32_t members = weft_member_count(core);
    join(cluster, 7, true, 64);
    struct weft_message ping;
    memset(&ping, 0, sizeof ping);
    ping.kind = WEFT_MESSAGE_PING;
    ping.probe.sequence = 1;
    ping.probe.subject = weft_cluster_id(LIAR_VICTIM);
    ping.probe.records.count = 1;
    ping.probe.records.items[0] = liar_held(cluster, LIAR_OTHER);
    ping.probe.records.items[0].state = WEFT_MEMBER_DEAD;
    struct weft_endpoint from = invented(cluster, 7, true);
    liar_send(cluster, &from, 64, &ping);
    ck_assert_uint_eq(weft_member_count(core), members);
    ck_assert_int_eq(liar_state(cluster, LIAR_OTHER), WEFT_MEMBER_ALIVE);
    ck_assert_uint_gt(core->counters.rejects[WEFT_REJECT_HOP_LIMIT], 0);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(huge_bandwidth)
{
    struct weft_cluster *cluster = liar_cluster(109);
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    uint32_t score = weft_election_score(core, weft_cluster_id(LIAR));
    struct weft_record record = liar_held(cluster, LIAR);
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_GOSSIP;
    message.gossip.records.count = 1;
    record.incarnation++;
    record.claim = WEFT_HALF_OCTAVES_MAX;
    message.gossip.records.items[0] = record;
    message.gossip.rate_count = 1;
    message.gossip.rates[0] = (struct weft_rate){.observer = record.id,
                                                 .subject = record.id,
                                                 .sequence = 1,
                                                 .half_octaves = WEFT_HALF_OCTAVES_MAX};
    liar_send(cluster, &cluster->nodes[LIAR].self, 255, &message);
    ck_assert_uint_eq(weft_election_score(core, record.id), score);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(garbage)
{
    struct weft_cluster *cluster = liar_cluster(110);
    const struct weft_core *core = cluster->nodes[LIAR_VICTIM].core;
    uint64_t state = 1;
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
        size_t length = weft_rng_below(&state, sizeof bytes) + 1;
        for (size_t k = 0; k < length; k++) {
            bytes[k] = (uint8_t)weft_rng_next(&state);
        }
        bytes[0] = i % 2 == 0 ? 0x97 : bytes[0]; /* an array at least */
        struct weft_event_datagram datagram = {
            .from = cluster->nodes[LIAR].self, .hop_limit = 255, .bytes = bytes, .length = length};
        weft_cluster_inject(cluster, LIAR_VICTIM, &datagram);
    }
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    ck_assert_uint_eq(weft_announce_version(core), 0);
    weft_cluster_free(cluster);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"5,000 JOINs from inside", "members fit their table and stay", join_flood_near},
        {"5,000 JOINs from outside", "remotes fit their table, no member more", join_flood_far},
        {"a far node says it is near", "hop limit below 255 is not local", far_pretends_near},
        {"a node says how fast it is", "its own word never raises it", huge_bandwidth},
        {"20,000 garbage datagrams", "dropped, the view stays", garbage},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
