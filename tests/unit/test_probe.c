/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers: crashes, lossy networks, stalled and sleeping machines. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/state.h"
#include "tests/support/cluster.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS

static weft_node_id victim;

static struct weft_cluster *settled(uint32_t count, uint64_t seed, uint32_t loss_permille)
{
    struct weft_cluster *cluster = weft_cluster_new(count, count, seed);
    cluster->loss_permille = loss_permille;
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 20 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    return cluster;
}

static bool is_in_use(const struct weft_cluster *cluster, bool suspect_counts)
{
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        const struct weft_member *member = core == NULL ? NULL : weft_member_find(core, victim);
        if (member != NULL && (weft_member_is_up(member) ||
                               (suspect_counts && member->state == WEFT_MEMBER_SUSPECT))) {
            return true;
        }
    }
    return false;
}

static bool is_suspected_everywhere(const struct weft_cluster *cluster)
{
    return !is_in_use(cluster, false /* suspect_counts */);
}

static bool is_dead_everywhere(const struct weft_cluster *cluster)
{
    return !is_in_use(cluster, true /* suspect_counts */);
}

/* Rows: {nodes, loss in permille}. */
static const uint32_t crashes[][2] = {{2, 0}, {3, 0}, {5, 0}, {50, 0}, {50, 50}, {120, 50}};

START_TEST(crash_is_noticed)
{
    struct weft_cluster *cluster = settled(crashes[_i][0], 21, crashes[_i][1]);
    for (uint32_t k = 0; k < 3 && k + 1 < crashes[_i][0]; k++) {
        weft_ns crashed_ns = cluster->now_ns;
        victim = weft_cluster_id(crashes[_i][0] - 1 - k);
        weft_cluster_kill(cluster, crashes[_i][0] - 1 - k);
        weft_ns took_ns = weft_cluster_run_until(cluster, 5 * S, is_suspected_everywhere);
        ck_assert_uint_le(took_ns, 2500 * MS);
        weft_cluster_run_until(cluster, 20 * S, is_dead_everywhere);
        ck_assert_uint_le(cluster->now_ns - crashed_ns, 15 * S);
    }
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(doubt_is_settled_at_once)
{
    struct weft_cluster *cluster = settled(30, 22, 0);
    victim = weft_cluster_id(17);
    weft_cluster_kill(cluster, 17);
    weft_cluster_run(cluster, 1 * MS);
    /* A stream broke: in the core, the content plane says so. */
    struct weft_event down = {.kind = WEFT_EVENT_TICK};
    weft_cluster_step(cluster, 3, &down);
    struct weft_core *core = cluster->nodes[3].core;
    core->actions = cluster->actions;
    weft_probe_doubt(core, victim);
    core->actions = NULL;
    weft_cluster_step(cluster, 3, &down);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 5 * S, is_suspected_everywhere), 800 * MS);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(loss_kills_nobody)
{
    struct weft_cluster *cluster = settled(100, 23, 50);
    weft_ns since_ns = cluster->now_ns;
    weft_cluster_run(cluster, 120 * S);
    ck_assert_uint_eq(weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD, 0, since_ns), 0);
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(stalled_node_refutes)
{
    struct weft_cluster *cluster = settled(40, 24, 0);
    victim = weft_cluster_id(8);
    weft_ns since_ns = cluster->now_ns;
    weft_cluster_stall(cluster, 8, 4 * S);
    weft_cluster_run(cluster, 3 * S);
    ck_assert(is_suspected_everywhere(cluster));
    weft_cluster_run(cluster, 3 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    ck_assert_uint_eq(weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD, 0, since_ns), 0);
    ck_assert_uint_ge(weft_cluster_count(cluster, WEFT_TRACE_REFUTE, 0, since_ns), 1);
    for (uint32_t i = 0; i < 40; i++) {
        /* The stalled node itself blames nobody. */
        ck_assert(i == 8 || weft_cluster_count(cluster, WEFT_TRACE_MEMBER_SUSPECT,
                                               weft_cluster_id(i), since_ns) == 0);
    }
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(many_stalled_nodes_harm_no_healthy_one)
{
    struct weft_cluster *cluster = settled(80, 25, 0);
    weft_ns since_ns = cluster->now_ns;
    for (uint32_t i = 0; i < 20; i++) {
        weft_cluster_stall(cluster, 4 * i + 1, 6 * S);
    }
    weft_cluster_run(cluster, 30 * S);
    for (uint32_t i = 0; i < 80; i++) {
        ck_assert(i % 4 == 1 || weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD,
                                                   weft_cluster_id(i), since_ns) == 0);
    }
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(sleeper_suspects_nobody)
{
    struct weft_cluster *cluster = settled(30, 26, 0);
    weft_cluster_stall(cluster, 11, 600 * S);
    weft_cluster_run(cluster, 599 * S);
    weft_ns since_ns = cluster->now_ns;
    weft_cluster_run(cluster, 8 * S);
    for (uint32_t i = 0; i < 30; i++) {
        ck_assert(i == 11 || weft_cluster_count(cluster, WEFT_TRACE_MEMBER_SUSPECT,
                                                weft_cluster_id(i), since_ns) == 0);
    }
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* One node is cut off for a while, and alone with that: nobody else dies of it. */
static void expect_no_deaths(struct weft_cluster *cluster, weft_ns after_ns)
{
    weft_ns since_ns = cluster->now_ns;
    cluster->nodes[6].group = 1;
    weft_cluster_run(cluster, 9 * S);
    cluster->nodes[6].group = 0;
    weft_cluster_run(cluster, after_ns);
    ck_assert(weft_cluster_is_agreed(cluster));
    for (uint32_t i = 0; i < 40; i++) {
        ck_assert(i == 6 || weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD, weft_cluster_id(i),
                                               since_ns) == 0);
    }
    weft_cluster_free(cluster);
}

START_TEST(deaf_node_kills_nobody)
{
    expect_no_deaths(settled(40, 27, 0), 15 * S);
}
END_TEST

/* ---- Pace ---- */

/* A cluster in which nothing has happened for a while. */
static struct weft_cluster *quiet(uint32_t count, uint64_t seed, uint32_t probe_quiet)
{
    struct weft_cluster *cluster = weft_cluster_new(count, count, seed);
    cluster->config.tuning.probe_quiet = probe_quiet;
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 150 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    return cluster;
}

static uint64_t datagrams_of(const struct weft_cluster *cluster)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        count += cluster->nodes[i].datagrams_sent;
    }
    return count;
}

/* Rows: {probe-quiet, datagrams a node may send in 100 s, and has to}. */
static const uint32_t paces[][3] = {{1, 400, 250}, {4, 90, 50}, {16, 30, 12}, {32, 20, 6}};

START_TEST(quiet_segment_hardly_talks)
{
    struct weft_cluster *cluster = quiet(40, 28, paces[_i][0]);
    uint64_t before = datagrams_of(cluster);
    weft_cluster_run(cluster, 200 * S);
    uint64_t sent = (datagrams_of(cluster) - before) / 2;
    ck_assert_uint_le(sent, 40 * paces[_i][1]);
    ck_assert_uint_ge(sent, 40 * paces[_i][2]);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(crash_in_quiet_segment_is_noticed)
{
    struct weft_cluster *cluster = quiet(40, 29, 32);
    for (uint32_t k = 0; k < 4; k++) {
        victim = weft_cluster_id(30 + k);
        weft_cluster_kill(cluster, 30 + k);
        weft_ns took_ns = weft_cluster_run_until(cluster, 40 * S, is_suspected_everywhere);
        /* The first one in a period of the slow pace; that is news, and the next ones at once. */
        ck_assert_uint_le(took_ns, k == 0 ? 33 * S : 2500 * MS);
    }
    weft_cluster_run_until(cluster, 20 * S, is_dead_everywhere);
    ck_assert(!is_in_use(cluster, true /* suspect_counts */));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(news_end_the_quiet)
{
    struct weft_cluster *cluster = quiet(40, 30, 32);
    weft_cluster_publish(cluster, 5, 3);
    weft_cluster_run(cluster, 1 * S);
    for (uint32_t i = 0; i < 40; i++) {
        ck_assert_uint_eq(weft_pace_factor(cluster->nodes[i].core), 1);
    }
    victim = weft_cluster_id(22);
    weft_cluster_kill(cluster, 22);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 5 * S, is_suspected_everywhere), 2500 * MS);
    weft_cluster_free(cluster);
}
END_TEST

/* An hour after the start every record says that its node got older. It is told to all, and hardly
 * anybody hurries for it. */
START_TEST(age_is_no_news)
{
    struct weft_cluster *cluster = quiet(40, 32, 32);
    weft_cluster_run(cluster, 3590 * S - cluster->now_ns);
    uint64_t digest = cluster->nodes[7].core->members.digest;
    uint32_t hasty = 0;
    weft_cluster_run(cluster, 30 * S);
    for (uint32_t i = 0; i < 40; i++) {
        hasty += weft_pace_factor(cluster->nodes[i].core) < 32;
    }
    ck_assert(weft_cluster_is_agreed(cluster));
    ck_assert_uint_ne(cluster->nodes[7].core->members.digest, digest);
    ck_assert_uint_le(hasty, 4);
    weft_cluster_free(cluster);
}
END_TEST

/* A node that has nothing to do wakes up for its probes, and does the rest then. */
START_TEST(long_pauses_end_with_a_period)
{
    struct weft_cluster *cluster = quiet(100, 33, 32);
    weft_cluster_run(cluster, 1000 * S);
    for (uint32_t i = 0; i < 100; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        weft_ns begin_ns = core->dues[WEFT_DUE_ROUND];
        bool agent = weft_election_self(core); /* knocks in short pauses */
        ck_assert_uint_eq(weft_pace_factor(core), 32);
        ck_assert(agent || (core->dues[WEFT_DUE_JOIN] - begin_ns) % (32 * S) == 0);
        ck_assert_uint_eq((core->dues[WEFT_DUE_ELECTION] - begin_ns) % (32 * S), 0);
    }
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(deaf_node_in_quiet_segment_kills_nobody)
{
    expect_no_deaths(quiet(40, 31, 32), 30 * S);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("probe");
    WEFT_ADD_ROWS(suite, crash_is_noticed, crashes);
    WEFT_ADD(suite, doubt_is_settled_at_once);
    WEFT_ADD(suite, loss_kills_nobody);
    WEFT_ADD(suite, stalled_node_refutes);
    WEFT_ADD(suite, many_stalled_nodes_harm_no_healthy_one);
    WEFT_ADD(suite, sleeper_suspects_nobody);
    WEFT_ADD(suite, deaf_node_kills_nobody);
    WEFT_ADD_ROWS(suite, quiet_segment_hardly_talks, paces);
    WEFT_ADD(suite, crash_in_quiet_segment_is_noticed);
    WEFT_ADD(suite, news_end_the_quiet);
    WEFT_ADD(suite, age_is_no_news);
    WEFT_ADD(suite, long_pauses_end_with_a_period);
    WEFT_ADD(suite, deaf_node_in_quiet_segment_kills_nobody);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
