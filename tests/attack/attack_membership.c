/* SPDX-License-Identifier: Apache-2.0 */
/* A member of a segment, or somebody who can reach it, lies about who lives there. */
#include "tests/support/attack.h"

#include <string.h>

#include "protocol/rng.h"
#include "protocol/state.h"
#include "tests/support/cluster.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS
#define NODES 8
#define VICTIM 0 /* who is lied to */
#define LIAR 1
#define OTHER 5 /* who is lied about */

static struct weft_cluster *settled(uint64_t seed)
{
    struct weft_cluster *cluster = weft_cluster_new(NODES, NODES, seed);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 30 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    return cluster;
}

/* The victim receives |message| as if from |from|. */
static void send(struct weft_cluster *cluster, const struct weft_endpoint *from, uint8_t hop_limit,
                 struct weft_message *message)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    message->mesh = cluster->config.mesh;
    message->sender = from->id;
    uint32_t length = weft_message_encode(message, bytes, sizeof bytes);
    ck_assert_uint_gt(length, 0);
    struct weft_event_datagram datagram = {
        .from = *from, .hop_limit = hop_limit, .bytes = bytes, .length = length};
    weft_cluster_inject(cluster, VICTIM, &datagram);
}

/* The liar passes |record| on. */
static void gossip(struct weft_cluster *cluster, const struct weft_record *record)
{
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_GOSSIP;
    message.gossip.records.count = 1;
    message.gossip.records.items[0] = *record;
    send(cluster, &cluster->nodes[LIAR].self, 255, &message);
}

/* The record of node |index| as the victim holds it; of itself as well. */
static struct weft_record held(const struct weft_cluster *cluster, uint32_t index)
{
    const struct weft_core *core = cluster->nodes[VICTIM].core;
    uint32_t slot = index == VICTIM ? 0 : weft_member_slot(core, weft_cluster_id(index));
    return weft_member_record(core, slot);
}

static enum weft_member_state state_of(const struct weft_cluster *cluster, uint32_t index)
{
    const struct weft_core *core = cluster->nodes[VICTIM].core;
    return (enum weft_member_state)weft_member_find(core, weft_cluster_id(index))->state;
}

START_TEST(forged_death)
{
    struct weft_cluster *cluster = settled(101);
    for (uint32_t i = 0; i < 300; i++) {
        struct weft_record record = held(cluster, OTHER);
        record.state = i % 2 == 0 ? WEFT_MEMBER_DEAD : WEFT_MEMBER_SUSPECT;
        gossip(cluster, &record);
        weft_cluster_run(cluster, 100 * MS);
        ck_assert_int_ne(state_of(cluster, OTHER), WEFT_MEMBER_DEAD);
    }
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    ck_assert_uint_eq(
        weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD, weft_cluster_id(OTHER), 0), 0);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(forged_own_death)
{
    struct weft_cluster *cluster = settled(102);
    for (uint32_t i = 0; i < 100; i++) {
        struct weft_record record = held(cluster, VICTIM);
        record.state = i % 2 == 0 ? WEFT_MEMBER_DEAD : WEFT_MEMBER_LEFT;
        uint64_t incarnation = record.incarnation;
        gossip(cluster, &record);
        ck_assert_uint_gt(held(cluster, VICTIM).incarnation, incarnation);
        weft_cluster_run(cluster, 100 * MS);
    }
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(top_incarnation)
{
    struct weft_cluster *cluster = settled(103);
    struct weft_record record = held(cluster, VICTIM);
    record.state = WEFT_MEMBER_DEAD;
    record.incarnation = WEFT_INCARNATION_MAX;
    gossip(cluster, &record);
    weft_cluster_run(cluster, 20 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(top_incarnation_of_other)
{
    struct weft_cluster *cluster = settled(111);
    struct weft_record record = held(cluster, OTHER);
    record.state = WEFT_MEMBER_DEAD;
    record.incarnation = WEFT_INCARNATION_MAX;
    gossip(cluster, &record);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_start(cluster, OTHER, VICTIM); /* a new life, as the clock counts them */
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(forged_goodbye)
{
    struct weft_cluster *cluster = settled(104);
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_LEAVE;
    message.leave = held(cluster, OTHER);
    message.leave.state = WEFT_MEMBER_LEFT;
    send(cluster, &cluster->nodes[LIAR].self, 255, &message);
    weft_cluster_run(cluster, 5 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(replay)
{
    struct weft_cluster *cluster = settled(105);
    struct weft_record old = held(cluster, OTHER);
    weft_cluster_start(cluster, OTHER, VICTIM); /* a new life */
    weft_cluster_run(cluster, 10 * S);
    uint64_t incarnation = held(cluster, OTHER).incarnation;
    for (uint32_t state = 0; state < WEFT_MEMBER_STATE_COUNT; state++) {
        old.state = (uint8_t)state;
        gossip(cluster, &old);
        ck_assert_int_eq(state_of(cluster, OTHER), WEFT_MEMBER_ALIVE);
        ck_assert_uint_eq(held(cluster, OTHER).incarnation, incarnation);
    }
    weft_cluster_free(cluster);
}
END_TEST

/* Somebody with id |number| at an address inside the segment, or far away. */
static struct weft_endpoint invented(const struct weft_cluster *cluster, uint32_t number, bool near)
{
    struct weft_endpoint endpoint = cluster->nodes[VICTIM].self;
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
    message.join.segment = cluster->nodes[VICTIM].segment;
    message.join.segment.ip[13] = from.address.ip[13];
    send(cluster, &from, hop_limit, &message);
}

START_TEST(join_flood_near)
{
    struct weft_cluster *cluster = settled(106);
    const struct weft_core *core = cluster->nodes[VICTIM].core;
    for (uint32_t i = 0; i < 5000; i++) {
        join(cluster, i, true, 255);
        ck_assert_uint_lt(weft_member_count(core), WEFT_MEMBERS_MAX);
    }
    weft_cluster_run(cluster, 60 * S);
    for (uint32_t i = 1; i < NODES; i++) {
        ck_assert_int_eq(state_of(cluster, i), WEFT_MEMBER_ALIVE);
    }
    ck_assert_uint_gt(core->counters.rejects[WEFT_REJECT_FULL], 0);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(join_flood_far)
{
    struct weft_cluster *cluster = settled(107);
    const struct weft_core *core = cluster->nodes[VICTIM].core;
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
    struct weft_cluster *cluster = settled(108);
    const struct weft_core *core = cluster->nodes[VICTIM].core;
    uint32_t members = weft_member_count(core);
    join(cluster, 7, true, 64);
    struct weft_message ping;
    memset(&ping, 0, sizeof ping);
    ping.kind = WEFT_MESSAGE_PING;
    ping.probe.sequence = 1;
    ping.probe.subject = weft_cluster_id(VICTIM);
    ping.probe.records.count = 1;
    ping.probe.records.items[0] = held(cluster, OTHER);
    ping.probe.records.items[0].state = WEFT_MEMBER_DEAD;
    struct weft_endpoint from = invented(cluster, 7, true);
    send(cluster, &from, 64, &ping);
    ck_assert_uint_eq(weft_member_count(core), members);
    ck_assert_int_eq(state_of(cluster, OTHER), WEFT_MEMBER_ALIVE);
    ck_assert_uint_gt(core->counters.rejects[WEFT_REJECT_HOP_LIMIT], 0);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(huge_bandwidth)
{
    struct weft_cluster *cluster = settled(109);
    const struct weft_core *core = cluster->nodes[VICTIM].core;
    uint32_t score = weft_election_score(core, weft_cluster_id(LIAR));
    struct weft_record record = held(cluster, LIAR);
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
    send(cluster, &cluster->nodes[LIAR].self, 255, &message);
    ck_assert_uint_eq(weft_election_score(core, record.id), score);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(garbage)
{
    struct weft_cluster *cluster = settled(110);
    const struct weft_core *core = cluster->nodes[VICTIM].core;
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
        weft_cluster_inject(cluster, VICTIM, &datagram);
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
        {"deaths of others are forged, ten a second", "nobody dies of hearsay", forged_death},
        {"own death and goodbye are forged", "each is refuted at once", forged_own_death},
        {"own death in the highest life", "the node stays a member", top_incarnation},
        {"another one's death in the highest life", "it stays a member", top_incarnation_of_other},
        {"a goodbye in another node's name", "that node is a member again soon", forged_goodbye},
        {"records of an earlier life are replayed", "the newer life stands", replay},
        {"5,000 JOINs from inside", "members fit their table and stay", join_flood_near},
        {"5,000 JOINs from outside", "remotes fit their table, no member more", join_flood_far},
        {"a far node says it is near", "hop limit below 255 is not local", far_pretends_near},
        {"a node says how fast it is", "its own word never raises it", huge_bandwidth},
        {"20,000 garbage datagrams", "dropped, the view stays", garbage},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
