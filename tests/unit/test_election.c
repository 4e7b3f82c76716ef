/* SPDX-License-Identifier: Apache-2.0 */
/* Who is Update Agent: cold start, crash, merge, classes, observed bandwidth. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/address.h"
#include "protocol/rng.h"
#include "protocol/state.h"
#include "tests/support/cluster.h"

#define S WEFT_NS_PER_S

static uint32_t agents_wanted;

static bool is_elected(const struct weft_cluster *cluster)
{
    return weft_cluster_agents_agree(cluster, agents_wanted);
}

static struct weft_cluster *settled(uint32_t count, uint64_t seed)
{
    struct weft_cluster *cluster = weft_cluster_new(count, count, seed);
    cluster->config.has_source = true; /* who has none is never an agent */
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 20 * S);
    return cluster;
}

/* Rows: {nodes, agents, loss in permille}. */
static const uint32_t cold[][3] = {{1, 1, 0},   {2, 1, 0},   {3, 1, 0},  {4, 2, 0},
                                   {50, 2, 50}, {100, 2, 0}, {260, 3, 0}};

START_TEST(cold_start_elects_exactly_so_many)
{
    struct weft_cluster *cluster = weft_cluster_new(cold[_i][0], cold[_i][0], 31);
    cluster->loss_permille = cold[_i][2];
    weft_cluster_start_all(cluster);
    agents_wanted = cold[_i][1];
    /* Where datagrams are lost, some have to be repeated. */
    weft_ns limit_ns = cold[_i][2] == 0 ? 8 * S : 12 * S;
    ck_assert_uint_ne(weft_cluster_run_until(cluster, limit_ns, is_elected), WEFT_NS_NEVER);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(is_elected(cluster));
    ck_assert_uint_le(weft_cluster_count(cluster, WEFT_TRACE_AGENT_CLAIM, 0, 0), agents_wanted + 2);
    weft_cluster_free(cluster);
}
END_TEST

static weft_node_id gone;

static bool is_replaced(const struct weft_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        if (core != NULL && weft_election_is_agent(core, gone)) {
            return false;
        }
    }
    return is_elected(cluster);
}

/* Place of the best agent, as node |index| sees it. */
static uint32_t best_agent(const struct weft_cluster *cluster, uint32_t index)
{
    weft_node_id agents[WEFT_AGENTS_MAX];
    ck_assert_uint_gt(weft_election_agents(cluster->nodes[index].core, agents), 0);
    return weft_cluster_index(cluster, agents[0]);
}

START_TEST(crashed_agent_is_replaced)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct weft_cluster *cluster = settled(60, 100 + seed);
        agents_wanted = 2;
        ck_assert(is_elected(cluster));
        uint32_t agent = best_agent(cluster, 5);
        gone = weft_cluster_id(agent);
        weft_cluster_kill(cluster, agent);
        ck_assert_uint_le(weft_cluster_run_until(cluster, 10 * S, is_replaced), 3 * S);
        weft_cluster_free(cluster);
    }
}
END_TEST

START_TEST(both_agents_crash)
{
    struct weft_cluster *cluster = settled(60, 33);
    agents_wanted = 2;
    weft_node_id agents[WEFT_AGENTS_MAX];
    ck_assert_uint_eq(weft_election_agents(cluster->nodes[59].core, agents), 2);
    weft_cluster_kill(cluster, weft_cluster_index(cluster, agents[0]));
    weft_cluster_kill(cluster, weft_cluster_index(cluster, agents[1]));
    gone = agents[0];
    ck_assert_uint_le(weft_cluster_run_until(cluster, 10 * S, is_replaced), 4 * S);
    gone = agents[1];
    ck_assert_uint_le(weft_cluster_run_until(cluster, 10 * S, is_replaced), 1 * S);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(leaving_agent_is_replaced_at_once)
{
    struct weft_cluster *cluster = settled(40, 34);
    agents_wanted = 2;
    uint32_t agent = best_agent(cluster, 3);
    struct weft_event leave = {.kind = WEFT_EVENT_LEAVE};
    weft_cluster_step(cluster, agent, &leave);
    weft_cluster_kill(cluster, agent);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 10 * S, is_elected), 1 * S);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(classes_come_first)
{
    struct weft_cluster *cluster = weft_cluster_new(30, 30, 35);
    cluster->config.has_source = true; /* who has none is never an agent */
    for (uint32_t i = 0; i < 30; i++) {
        cluster->config.agent_class = i == 20   ? WEFT_AGENT_PIN
                                      : i == 21 ? WEFT_AGENT_PREFER
                                      : i < 15  ? WEFT_AGENT_NEVER
                                                : WEFT_AGENT_AUTO;
        weft_cluster_start(cluster, i, 0);
    }
    weft_cluster_run(cluster, 40 * S);
    agents_wanted = 2;
    ck_assert(is_elected(cluster));
    ck_assert(weft_election_self(cluster->nodes[20].core));
    for (uint32_t i = 0; i < 15; i++) {
        ck_assert(!weft_election_self(cluster->nodes[i].core));
        ck_assert_uint_eq(weft_election_score(cluster->nodes[4].core, weft_cluster_id(i)), 0);
    }
    ck_assert_uint_eq(weft_election_rank(cluster->nodes[3].core, weft_cluster_id(20)), 0);
    ck_assert_uint_eq(weft_election_rank(cluster->nodes[3].core, weft_cluster_id(21)), 1);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(pinned_latecomer_takes_over)
{
    struct weft_cluster *cluster = weft_cluster_new(20, 20, 36);
    cluster->config.has_source = true; /* who has none is never an agent */
    for (uint32_t i = 0; i < 19; i++) {
        weft_cluster_start(cluster, i, 0);
    }
    weft_cluster_run(cluster, 20 * S);
    cluster->config.agent_class = WEFT_AGENT_SERVER;
    weft_cluster_start(cluster, 19, 0);
    weft_cluster_run(cluster, 20 * S);
    agents_wanted = 2;
    ck_assert(is_elected(cluster));
    ck_assert(weft_election_self(cluster->nodes[19].core));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(all_never_still_have_one)
{
    struct weft_cluster *cluster = weft_cluster_new(3, 3, 37);
    cluster->config.agent_class = WEFT_AGENT_NEVER;
    weft_cluster_start_all(cluster);
    agents_wanted = 1;
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 10 * S, is_elected), WEFT_NS_NEVER);
    weft_cluster_free(cluster);
}
END_TEST

/* Every node measured |bytes_per_s| from node |subject|. */
static void measure(struct weft_cluster *cluster, uint32_t subject, uint32_t bytes_per_s)
{
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        if (i != subject) {
            struct weft_core *core = cluster->nodes[i].core;
            weft_bandwidth_observe(core, weft_cluster_id(subject), bytes_per_s, 1 * S);
        }
    }
}

START_TEST(slow_agent_gives_way_to_a_fast_node)
{
    struct weft_cluster *cluster = settled(12, 38);
    agents_wanted = 2;
    ck_assert(is_elected(cluster));
    uint32_t slow = best_agent(cluster, 0);
    weft_ns since_ns = cluster->now_ns;
    for (uint32_t minute = 0; minute < 25; minute++) {
        for (uint32_t k = 0; k < 12; k++) {
            measure(cluster, k, k == slow ? 300000 : 60000000);
        }
        weft_cluster_run(cluster, 60 * S);
        ck_assert(minute > 8 || weft_election_self(cluster->nodes[slow].core));
    }
    ck_assert(is_elected(cluster));
    ck_assert(!weft_election_self(cluster->nodes[slow].core));
    ck_assert_uint_eq(weft_cluster_count(cluster, WEFT_TRACE_AGENT_DRAIN, 0, since_ns), 1);
    ck_assert_uint_eq(
        weft_bandwidth_of(cluster->nodes[slow == 4 ? 5 : 4].core, weft_cluster_id(slow)), 300000);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(one_observer_moves_nothing)
{
    struct weft_cluster *cluster = settled(10, 39);
    uint32_t before = weft_election_score(cluster->nodes[2].core, weft_cluster_id(5));
    for (uint32_t minute = 0; minute < 3; minute++) {
        weft_bandwidth_observe(cluster->nodes[1].core, weft_cluster_id(5), 900000000, 1 * S);
        weft_cluster_run(cluster, 61 * S);
    }
    ck_assert_uint_eq(weft_election_score(cluster->nodes[2].core, weft_cluster_id(5)), before);
    weft_cluster_free(cluster);
}
END_TEST

/* How many of the others stand before node |subject|, all of one class. */
static uint32_t place_of(const struct weft_cluster *cluster, uint32_t subject)
{
    uint64_t key = weft_segment_key(&cluster->nodes[subject].segment);
    uint64_t own = weft_rendezvous(key, weft_cluster_id(subject));
    uint32_t place = 0;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        place += weft_rendezvous(key, weft_cluster_id(i)) > own ? 1 : 0;
    }
    return place;
}

START_TEST(only_rates_of_the_first_are_told)
{
    struct weft_cluster *cluster = settled(40, 40);
    for (uint32_t k = 0; k < 40; k++) {
        struct weft_core *observer = cluster->nodes[(k + 1) % 40].core;
        weft_bandwidth_observe(observer, weft_cluster_id(k), 60000000, 1 * S);
    }
    weft_cluster_run(cluster, 90 * S);
    for (uint32_t k = 0; k < 40; k++) {
        const struct weft_core *observer = cluster->nodes[(k + 1) % 40].core;
        bool is_first = place_of(cluster, k) < WEFT_BANDWIDTH_SUBJECTS_MAX;
        ck_assert_uint_eq(observer->bandwidths.told_count, is_first ? 1 : 0);
    }
    weft_cluster_free(cluster);
}
END_TEST

/* Rows: {bytes per second, half-octaves}. */
static const uint64_t rates[][2] = {{0, 0},
                                    {131071, 0},
                                    {131072, 0},
                                    {185000, 0},
                                    {186000, 1},
                                    {262144, 2},
                                    {371000, 3},
                                    {524288, 4},
                                    {8388608, 12},
                                    {125000000, 19},
                                    {UINT64_MAX, WEFT_HALF_OCTAVES_MAX}};

START_TEST(half_octaves)
{
    ck_assert_uint_eq(weft_bandwidth_half_octaves(rates[_i][0]), rates[_i][1]);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("election");
    WEFT_ADD_ROWS(suite, cold_start_elects_exactly_so_many, cold);
    WEFT_ADD(suite, crashed_agent_is_replaced);
    WEFT_ADD(suite, both_agents_crash);
    WEFT_ADD(suite, leaving_agent_is_replaced_at_once);
    WEFT_ADD(suite, classes_come_first);
    WEFT_ADD(suite, pinned_latecomer_takes_over);
    WEFT_ADD(suite, all_never_still_have_one);
    WEFT_ADD(suite, slow_agent_gives_way_to_a_fast_node);
    WEFT_ADD(suite, one_observer_moves_nothing);
    WEFT_ADD(suite, only_rates_of_the_first_are_told);
    WEFT_ADD_ROWS(suite, half_octaves, rates);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
