/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of other segments: introductions, agents' exchange, bounds of the table. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/state.h"
#include "tests/support/cluster.h"

#define S WEFT_NS_PER_S

START_TEST(seed_elsewhere_introduces)
{
    struct weft_cluster *cluster = weft_cluster_new(6, 3, 41);
    weft_cluster_start(cluster, 0, 0);
    weft_cluster_run(cluster, 1 * S);
    weft_cluster_start(cluster, 3, 0);
    weft_cluster_start(cluster, 4, 0);
    weft_cluster_run(cluster, 1 * S);
    weft_cluster_start(cluster, 5, 0);
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 5 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    ck_assert_ptr_nonnull(weft_remote_find(cluster->nodes[4].core, weft_cluster_id(0)));
    ck_assert(weft_remote_find(cluster->nodes[4].core, weft_cluster_id(0))->is_agent);
    ck_assert_ptr_null(weft_remote_find(cluster->nodes[4].core, weft_cluster_id(5)));
    weft_cluster_free(cluster);
}
END_TEST

/* Agents, as the nodes of other segments know them. */
static uint32_t known_agents(const struct weft_core *core)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < weft_remote_count(core); i++) {
        count += weft_remote_at(core, i)->is_agent ? 1 : 0;
    }
    return count;
}

START_TEST(agents_find_each_other)
{
    struct weft_cluster *cluster = weft_cluster_new(80, 8, 42);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    for (uint32_t i = 0; i < 80; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        if (weft_election_self(core)) {
            /* 9 other segments with 2 agents each. */
            ck_assert_uint_ge(known_agents(core), 12);
        }
        ck_assert_uint_gt(weft_remote_count(core), 0);
    }
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(dead_segment_is_forgotten)
{
    struct weft_cluster *cluster = weft_cluster_new(12, 4, 43);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 40 * S);
    for (uint32_t i = 8; i < 12; i++) {
        weft_cluster_kill(cluster, i);
    }
    weft_cluster_run(cluster, 240 * S);
    for (uint32_t i = 0; i < 8; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        for (uint32_t j = 8; j < 12 && weft_election_self(core); j++) {
            const struct weft_remote *remote = weft_remote_find(core, weft_cluster_id(j));
            ck_assert(remote == NULL || !remote->is_agent);
        }
    }
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(new_agent_knows_the_way)
{
    struct weft_cluster *cluster = weft_cluster_new(40, 10, 44);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 120 * S);
    weft_node_id agents[WEFT_AGENTS_MAX];
    uint32_t count = weft_election_agents(cluster->nodes[35].core, agents);
    for (uint32_t i = 0; i < count; i++) {
        weft_cluster_kill(cluster, weft_cluster_index(cluster, agents[i]));
    }
    weft_cluster_run(cluster, 12 * S); /* agents of a quiet segment are watched every 8 s */
    uint32_t seen = 0;
    for (uint32_t i = 30; i < 40; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        if (core != NULL && weft_election_self(core)) {
            seen++;
            ck_assert_uint_gt(known_agents(core), 0);
        }
    }
    ck_assert_uint_eq(seen, 2);
    weft_cluster_free(cluster);
}
END_TEST

static struct weft_contact contact_of(uint32_t index, uint64_t segment, bool is_agent)
{
    return (struct weft_contact){
        .endpoint = {.id = 1000 + index, .address = {.ip = {[15] = 1}, .port = 1}},
        .segment = segment,
        .is_agent = is_agent,
    };
}

START_TEST(full_table_forgets_in_order)
{
    struct weft_cluster *cluster = weft_cluster_new(1, 1, 45);
    cluster->config.remotes_max = 8;
    weft_cluster_start(cluster, 0, 0);
    struct weft_core *core = cluster->nodes[0].core;
    for (uint32_t i = 0; i < 40; i++) {
        /* Segment 1 knocks often, segments 2 to 6 once each; agents in between. */
        struct weft_contact contact =
            contact_of(i, i % 5 == 0 ? 2 + i / 5 % 5 : 1, i % 5 == 0 && i >= 20);
        weft_remote_learn(core, &contact, true /* first_hand */);
        core->now_ns += 1000;
    }
    uint32_t of_one = 0;
    uint32_t agents = 0;
    for (uint32_t i = 0; i < weft_remote_count(core); i++) {
        of_one += weft_remote_at(core, i)->segment == 1 ? 1 : 0;
        agents += weft_remote_at(core, i)->is_agent ? 1 : 0;
    }
    ck_assert_uint_le(weft_remote_count(core), 8);
    ck_assert_uint_le(of_one, WEFT_REMOTES_PER_SEGMENT);
    ck_assert_uint_eq(agents, 4);
    for (uint32_t i = 100; i < 140; i++) {
        struct weft_contact contact = contact_of(i, i, false);
        weft_remote_learn(core, &contact, true /* first_hand */);
    }
    uint32_t agents_left = 0;
    for (uint32_t i = 0; i < weft_remote_count(core); i++) {
        agents_left += weft_remote_at(core, i)->is_agent ? 1 : 0;
    }
    ck_assert_uint_eq(agents_left, agents);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(unasked_welcome_is_dropped)
{
    struct weft_cluster *cluster = weft_cluster_new(2, 1, 46);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 30 * S);
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_WELCOME;
    message.mesh = cluster->config.mesh;
    message.sender = weft_cluster_id(1);
    message.welcome.contacts.count = 1;
    message.welcome.contacts.items[0] = contact_of(9, 9, true);
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t length = weft_message_encode(&message, bytes, sizeof bytes);
    struct weft_event_datagram datagram = {
        .from = cluster->nodes[1].self, .hop_limit = 60, .bytes = bytes, .length = length};
    weft_cluster_inject(cluster, 0, &datagram);
    const struct weft_core *core = cluster->nodes[0].core;
    ck_assert_uint_eq(core->counters.rejects[WEFT_REJECT_UNEXPECTED], 1);
    ck_assert_ptr_null(weft_remote_find(core, 1009));
    weft_cluster_free(cluster);
}
END_TEST

/* Agents of the one half of the segments that no agent of the other half knows. */
static uint32_t unknown_elsewhere(const struct weft_cluster *cluster, uint32_t half)
{
    uint32_t unknown = 0;
    for (uint32_t i = half; i < cluster->node_count; i++) {
        bool known = !weft_election_self(cluster->nodes[i].core);
        for (uint32_t j = 0; j < half && !known; j++) {
            const struct weft_core *core = cluster->nodes[j].core;
            const struct weft_remote *remote = weft_remote_find(core, weft_cluster_id(i));
            known = weft_election_self(core) && remote != NULL && remote->is_agent;
        }
        unknown += known ? 0 : 1;
    }
    return unknown;
}

static bool is_whole(const struct weft_cluster *cluster)
{
    return unknown_elsewhere(cluster, cluster->node_count / 2) == 0;
}

/* Two halves that have forgotten each other share nothing but the seed. */
START_TEST(halves_meet_again)
{
    struct weft_cluster *cluster = weft_cluster_new(60, 3, 47);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(is_whole(cluster));
    for (uint32_t i = 30; i < 60; i++) {
        cluster->nodes[i].group = 1;
    }
    weft_cluster_run(cluster, 600 * S);
    ck_assert_uint_gt(unknown_elsewhere(cluster, 30), 8);
    for (uint32_t i = 30; i < 60; i++) {
        cluster->nodes[i].group = 0;
    }
    ck_assert_uint_le(weft_cluster_run_until(cluster, 300 * S, is_whole), 180 * S);
    weft_cluster_free(cluster);
}
END_TEST

/* The node that all others were told of at their start has no more to do than any other agent. */
START_TEST(seed_is_left_in_peace)
{
    struct weft_cluster *cluster = weft_cluster_new(120, 3, 48);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 120 * S);
    uint64_t before[120];
    for (uint32_t i = 0; i < 120; i++) {
        before[i] = cluster->nodes[i].bytes_sent;
    }
    weft_cluster_run(cluster, 120 * S);
    uint64_t most = 0;
    for (uint32_t i = 3; i < 120; i++) {
        uint64_t sent = cluster->nodes[i].bytes_sent - before[i];
        most = sent > most ? sent : most;
    }
    ck_assert_uint_lt(cluster->nodes[0].bytes_sent - before[0], 2 * most);
    weft_cluster_free(cluster);
}
END_TEST

/* Two meshes come up apart, each with a half of segment 0; then one node knows both. Agents
 * elsewhere tell the halves of each other, although those hardly knock any more. */
START_TEST(parts_of_a_segment_meet)
{
    struct weft_cluster *cluster = weft_cluster_new(56, 4, 49);
    for (uint32_t i = 0; i < 52; i++) {
        bool first = i < 2 || (i >= 4 && i < 28);
        weft_cluster_start(cluster, i, first ? 4 : 28);
    }
    weft_cluster_run(cluster, 120 * S);
    ck_assert_uint_eq(weft_member_up_count(cluster->nodes[0].core), 2);
    weft_cluster_start(cluster, 52, 4);
    weft_join_remember(cluster->nodes[52].core, &cluster->nodes[28].self);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 300 * S, weft_cluster_is_agreed), 60 * S);
    weft_cluster_free(cluster);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("remote");
    WEFT_ADD(suite, halves_meet_again);
    WEFT_ADD(suite, seed_is_left_in_peace);
    WEFT_ADD(suite, parts_of_a_segment_meet);
    WEFT_ADD(suite, seed_elsewhere_introduces);
    WEFT_ADD(suite, agents_find_each_other);
    WEFT_ADD(suite, dead_segment_is_forgotten);
    WEFT_ADD(suite, new_agent_knows_the_way);
    WEFT_ADD(suite, full_table_forgets_in_order);
    WEFT_ADD(suite, unasked_welcome_is_dropped);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
