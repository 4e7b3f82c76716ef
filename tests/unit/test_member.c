/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in the segment: joins, claims, partitions, goodbyes, moves, and what it costs. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/control.h"
#include "protocol/state.h"
#include "tests/support/cluster.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS

static struct weft_cluster *started(uint32_t count, uint64_t seed)
{
    struct weft_cluster *cluster = weft_cluster_new(count, count, seed);
    weft_cluster_start_all(cluster);
    return cluster;
}

static struct weft_cluster *settled(uint32_t count, uint64_t seed)
{
    struct weft_cluster *cluster = started(count, seed);
    weft_cluster_run(cluster, 15 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    return cluster;
}

/* Rows: {nodes, loss in permille, seconds}. */
static const uint32_t cold[][3] = {{2, 0, 2}, {3, 0, 2}, {50, 0, 5}, {50, 50, 5}, {250, 0, 8}};

START_TEST(all_join_through_one_seed)
{
    struct weft_cluster *cluster = weft_cluster_new(cold[_i][0], cold[_i][0], 11);
    cluster->loss_permille = cold[_i][1];
    weft_cluster_start_all(cluster);
    weft_ns took_ns = weft_cluster_run_until(cluster, cold[_i][2] * S, weft_cluster_is_agreed);
    ck_assert_uint_ne(took_ns, WEFT_NS_NEVER);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(one_newcomer_is_known_at_once)
{
    struct weft_cluster *cluster = weft_cluster_new(30, 30, 5);
    for (uint32_t i = 0; i < 29; i++) {
        weft_cluster_start(cluster, i, 0);
    }
    weft_cluster_run(cluster, 15 * S);
    weft_cluster_start(cluster, 29, 7);
    weft_ns took_ns = weft_cluster_run_until(cluster, 2 * S, weft_cluster_is_agreed);
    ck_assert_uint_le(took_ns, 1 * S);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(partition_heals)
{
    struct weft_cluster *cluster = settled(50, 3);
    for (uint32_t i = 30; i < 50; i++) {
        cluster->nodes[i].group = 1;
    }
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 30 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    weft_cluster_run(cluster, 60 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    ck_assert(weft_cluster_agents_agree(cluster, 2));
    for (uint32_t i = 0; i < 50; i++) {
        cluster->nodes[i].group = 0;
    }
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 30 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    weft_cluster_run(cluster, 30 * S);
    ck_assert(weft_cluster_agents_agree(cluster, 2));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(goodbye_is_heard_at_once)
{
    struct weft_cluster *cluster = settled(40, 4);
    struct weft_event leave = {.kind = WEFT_EVENT_LEAVE};
    weft_cluster_step(cluster, 9, &leave);
    weft_cluster_kill(cluster, 9);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 5 * S, weft_cluster_is_agreed), 1 * S);
    ck_assert_uint_eq(weft_cluster_count(cluster, WEFT_TRACE_MEMBER_DEAD, weft_cluster_id(9), 0),
                      0);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(restart_with_a_higher_incarnation)
{
    struct weft_cluster *cluster = settled(20, 6);
    weft_cluster_kill(cluster, 5);
    weft_cluster_run(cluster, 3 * S);
    weft_cluster_start(cluster, 5, 2);
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 5 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    const struct weft_core *core = cluster->nodes[11].core;
    const struct weft_member *member = weft_member_find(core, weft_cluster_id(5));
    ck_assert_uint_ge(weft_member_said(core, member)->incarnation, cluster->nodes[5].incarnation);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(forgotten_incarnation_is_refuted)
{
    struct weft_cluster *cluster = settled(20, 6);
    weft_cluster_kill(cluster, 5);
    cluster->nodes[5].incarnation = 1; /* 1001 at the start: lower than before */
    weft_cluster_run(cluster, 20 * S);
    weft_cluster_start(cluster, 5, 2);
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 10 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(new_address_is_told)
{
    struct weft_cluster *cluster = settled(30, 7);
    struct weft_cluster_node *node = &cluster->nodes[12];
    node->self.address.ip[14] = 77;
    struct weft_event link = {.kind = WEFT_EVENT_LINK};
    link.link = (struct weft_event_link){
        .up = true, .address = node->self.address, .segment = node->segment};
    weft_cluster_step(cluster, 12, &link);
    weft_cluster_run(cluster, 3 * S);
    for (uint32_t i = 0; i < 30; i++) {
        if (i != 12) {
            const struct weft_core *core = cluster->nodes[i].core;
            const struct weft_member *member = weft_member_find(core, node->self.id);
            ck_assert_uint_eq(weft_member_said(core, member)->address.ip[14], 77);
            ck_assert(weft_member_is_up(member));
        }
    }
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(new_segment_is_joined)
{
    struct weft_cluster *cluster = weft_cluster_new(40, 20, 8);
    for (uint32_t i = 0; i < 40; i++) {
        weft_cluster_start(cluster, i, 0);
    }
    weft_cluster_run(cluster, 30 * S);
    ck_assert(weft_cluster_is_agreed(cluster));
    struct weft_cluster_node *node = &cluster->nodes[3];
    node->segment = cluster->nodes[25].segment;
    node->self.address.ip[13] = 1;
    node->self.address.ip[15] = 200;
    struct weft_event link = {.kind = WEFT_EVENT_LINK};
    link.link = (struct weft_event_link){
        .up = true, .address = node->self.address, .segment = node->segment};
    weft_cluster_step(cluster, 3, &link);
    ck_assert_uint_eq(weft_member_up_count(node->core), 1);
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 60 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(network_away_keeps_the_view)
{
    struct weft_cluster *cluster = settled(20, 9);
    struct weft_cluster_node *node = &cluster->nodes[4];
    struct weft_event link = {.kind = WEFT_EVENT_LINK};
    weft_cluster_step(cluster, 4, &link);
    node->group = 9;
    uint64_t sent = node->datagrams_sent;
    weft_cluster_run(cluster, 40 * S);
    ck_assert_uint_eq(node->datagrams_sent, sent);
    ck_assert_uint_eq(weft_member_up_count(node->core), 20);
    node->group = 0;
    link.link = (struct weft_event_link){
        .up = true, .address = node->self.address, .segment = node->segment};
    weft_cluster_step(cluster, 4, &link);
    ck_assert_uint_ne(weft_cluster_run_until(cluster, 5 * S, weft_cluster_is_agreed),
                      WEFT_NS_NEVER);
    weft_cluster_free(cluster);
}
END_TEST

/* Tell node 0 of a settled pair that |record| is so. */
static void gossip(struct weft_cluster *cluster, const struct weft_record *record,
                   uint8_t hop_limit)
{
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_GOSSIP;
    message.mesh = cluster->config.mesh;
    message.sender = weft_cluster_id(1);
    message.gossip.records.count = 1;
    message.gossip.records.items[0] = *record;
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t length = weft_message_encode(&message, bytes, sizeof bytes);
    struct weft_event_datagram datagram = {
        .from = cluster->nodes[1].self, .hop_limit = hop_limit, .bytes = bytes, .length = length};
    weft_cluster_inject(cluster, 0, &datagram);
}

START_TEST(said_dead_is_only_suspect)
{
    struct weft_cluster *cluster = settled(10, 12);
    const struct weft_core *core = cluster->nodes[0].core;
    weft_cluster_run(cluster, 400 * MS);
    weft_node_id id = weft_cluster_id(5);
    struct weft_record record = weft_member_record(core, weft_member_slot(core, id));
    record.state = WEFT_MEMBER_DEAD;
    gossip(cluster, &record, 255);
    ck_assert_int_ne(weft_member_find(core, id)->state, WEFT_MEMBER_DEAD);
    weft_cluster_run(cluster, 2 * S);
    ck_assert(weft_member_is_up(weft_member_find(core, id)));
    ck_assert_uint_ge(weft_cluster_count(cluster, WEFT_TRACE_REFUTE, 0, 0), 1);
    weft_cluster_free(cluster);
}
END_TEST

/* A liar that raises the incarnation of whom it says to be gone does not outrun the refutation. */
START_TEST(who_is_gone_cannot_go_again)
{
    struct weft_cluster *cluster = settled(10, 14);
    const struct weft_core *core = cluster->nodes[0].core;
    weft_node_id id = weft_cluster_id(5);
    struct weft_record record = weft_member_record(core, weft_member_slot(core, id));
    record.state = WEFT_MEMBER_LEFT;
    record.incarnation++;
    gossip(cluster, &record, 255);
    ck_assert_int_eq(weft_member_find(core, id)->state, WEFT_MEMBER_LEFT);
    for (uint32_t lie = 0; lie < 50; lie++) {
        record.state = lie % 2 == 0 ? WEFT_MEMBER_DEAD : WEFT_MEMBER_LEFT;
        record.incarnation++;
        gossip(cluster, &record, 255);
        ck_assert_int_eq(weft_member_find(core, id)->state, WEFT_MEMBER_LEFT);
        weft_cluster_run(cluster, 1 * MS);
        if (weft_member_is_up(weft_member_find(core, id))) {
            break; /* it has heard of the first lie */
        }
    }
    weft_cluster_run(cluster, 2 * S);
    ck_assert(weft_member_is_up(weft_member_find(core, id)));
    ck_assert(weft_cluster_is_agreed(cluster));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(stale_and_foreign_records_change_nothing)
{
    struct weft_cluster *cluster = settled(10, 13);
    const struct weft_core *core = cluster->nodes[0].core;
    weft_node_id id = weft_cluster_id(5);
    struct weft_record record = weft_member_record(core, weft_member_slot(core, id));
    uint64_t incarnation = record.incarnation;
    record.incarnation--;
    record.state = WEFT_MEMBER_LEFT;
    gossip(cluster, &record, 255);
    record.incarnation += 5;
    record.address.ip[13] = 99; /* outside the prefix */
    gossip(cluster, &record, 255);
    record.address.ip[13] = 0;
    gossip(cluster, &record, 254); /* came through a router */
    ck_assert_uint_eq(weft_member_said(core, weft_member_find(core, id))->incarnation, incarnation);
    ck_assert(weft_member_is_up(weft_member_find(core, id)));
    ck_assert_uint_eq(core->counters.rejects[WEFT_REJECT_RANGE], 1);
    ck_assert_uint_eq(core->counters.rejects[WEFT_REJECT_HOP_LIMIT], 1);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(full_table_drops_tombstones_only)
{
    struct weft_cluster *cluster = weft_cluster_new(12, 12, 14);
    cluster->config.members_max = 10;
    for (uint32_t i = 0; i < 12; i++) {
        weft_cluster_start(cluster, i, 0);
    }
    weft_cluster_run(cluster, 10 * S);
    const struct weft_core *core = cluster->nodes[0].core;
    ck_assert_uint_eq(weft_member_up_count(core), 10);
    ck_assert_uint_gt(core->counters.rejects[WEFT_REJECT_FULL], 0);
    weft_cluster_kill(cluster, 1);
    weft_cluster_kill(cluster, 2);
    weft_cluster_kill(cluster, 3);
    weft_cluster_run(cluster, 60 * S);
    ck_assert_uint_eq(weft_member_count(core), 9);
    ck_assert_uint_ge(weft_member_up_count(core), 9);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(idle_segment_is_quiet)
{
    struct weft_cluster *cluster = settled(250, 15);
    uint64_t before = 0;
    uint64_t after = 0;
    for (uint32_t i = 0; i < 250; i++) {
        before += cluster->nodes[i].bytes_sent + 28 * cluster->nodes[i].datagrams_sent;
    }
    weft_cluster_run(cluster, 60 * S);
    for (uint32_t i = 0; i < 250; i++) {
        after += cluster->nodes[i].bytes_sent + 28 * cluster->nodes[i].datagrams_sent;
    }
    /* Headers of IP and UDP are counted: 28 bytes each. */
    ck_assert_uint_le((after - before) / 250 / 60, 300);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(control_plane_fits_26_kib)
{
    struct weft_core core;
    memset(&core, 0, sizeof core);
    core.config = weft_config_default();
    core.config.members_max = 250;
    core.config.remotes_max = 16;
    core.config.links_max = 16;
    struct weft_arena arena = {0};
    weft_control_carve(&core, &arena);
    size_t parts = sizeof core.members + sizeof core.probes + sizeof core.gossip +
                   sizeof core.remotes + sizeof core.bandwidths + sizeof core.election +
                   sizeof core.announces;
    ck_assert_uint_le(arena.used + parts, 26 * 1024);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("member");
    WEFT_ADD_ROWS(suite, all_join_through_one_seed, cold);
    WEFT_ADD(suite, one_newcomer_is_known_at_once);
    WEFT_ADD(suite, partition_heals);
    WEFT_ADD(suite, goodbye_is_heard_at_once);
    WEFT_ADD(suite, restart_with_a_higher_incarnation);
    WEFT_ADD(suite, forgotten_incarnation_is_refuted);
    WEFT_ADD(suite, new_address_is_told);
    WEFT_ADD(suite, new_segment_is_joined);
    WEFT_ADD(suite, network_away_keeps_the_view);
    WEFT_ADD(suite, said_dead_is_only_suspect);
    WEFT_ADD(suite, who_is_gone_cannot_go_again);
    WEFT_ADD(suite, stale_and_foreign_records_change_nothing);
    WEFT_ADD(suite, full_table_drops_tombstones_only);
    WEFT_ADD(suite, idle_segment_is_quiet);
    WEFT_ADD(suite, control_plane_fits_26_kib);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
