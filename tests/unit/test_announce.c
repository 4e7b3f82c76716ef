/* SPDX-License-Identifier: Apache-2.0 */
/* Bulletins: how fast they travel, what a liar achieves; and looks at the source. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/state.h"
#include "tests/support/cluster.h"
#include "tests/support/fixture.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS

static uint32_t version_wanted;

static bool is_known_everywhere(const struct weft_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->node_count; i++) {
        const struct weft_core *core = cluster->nodes[i].core;
        if (core != NULL && weft_announce_version(core) < version_wanted) {
            return false;
        }
    }
    return true;
}

static struct weft_cluster *settled(uint32_t count, uint32_t per_segment, uint64_t seed)
{
    struct weft_cluster *cluster = weft_cluster_new(count, per_segment, seed);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 40 * S);
    return cluster;
}

/* Rows: {nodes, nodes per segment, loss in permille, publisher, milliseconds}. */
static const uint32_t reach[][5] = {
    {2, 2, 0, 1, 100},       {200, 200, 0, 150, 1000}, {200, 200, 50, 150, 2500},
    {200, 50, 0, 199, 1000}, {300, 30, 0, 7, 1000},
};

START_TEST(bulletin_reaches_all)
{
    struct weft_cluster *cluster = settled(reach[_i][0], reach[_i][1], 51);
    cluster->loss_permille = reach[_i][2];
    version_wanted = 9;
    weft_cluster_publish(cluster, reach[_i][3], 9);
    weft_ns took_ns = weft_cluster_run_until(cluster, 20 * S, is_known_everywhere);
    ck_assert_uint_le(took_ns, reach[_i][4] * MS);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(newcomer_and_sleeper_catch_up)
{
    struct weft_cluster *cluster = weft_cluster_new(20, 20, 52);
    for (uint32_t i = 0; i < 19; i++) {
        weft_cluster_start(cluster, i, 0);
    }
    weft_cluster_run(cluster, 20 * S);
    weft_cluster_stall(cluster, 3, 30 * S);
    version_wanted = 4;
    weft_cluster_publish(cluster, 7, 4);
    weft_cluster_run(cluster, 20 * S);
    weft_cluster_start(cluster, 19, 0);
    weft_cluster_run(cluster, 1 * S);
    ck_assert_uint_eq(weft_announce_version(cluster->nodes[19].core), 4);
    weft_cluster_run(cluster, 12 * S);
    ck_assert(is_known_everywhere(cluster));
    weft_cluster_free(cluster);
}
END_TEST

/* Node 1 tells node 0 that it has |version|, with |length| bytes of |text|. */
static void announce(struct weft_cluster *cluster, uint32_t teller, uint32_t version,
                     const char *text, uint32_t length)
{
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_ANNOUNCE;
    message.mesh = cluster->config.mesh;
    message.sender = weft_cluster_id(teller);
    message.bulletin = weft_cluster_bulletin(version);
    message.announce.bytes = (const uint8_t *)text;
    message.announce.length = length;
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t size = weft_message_encode(&message, bytes, sizeof bytes);
    struct weft_event_datagram datagram = {
        .from = cluster->nodes[teller].self, .hop_limit = 255, .bytes = bytes, .length = size};
    weft_cluster_inject(cluster, 0, &datagram);
}

START_TEST(liar_is_not_asked_again)
{
    struct weft_cluster *cluster = settled(10, 10, 53);
    const struct weft_core *core = cluster->nodes[0].core;
    for (uint32_t version = 1000; version < 1020; version++) {
        announce(cluster, 1, version, "lie!", 4);
        weft_cluster_run(cluster, 100 * MS);
    }
    ck_assert_uint_eq(weft_announce_version(core), 0);
    ck_assert_uint_eq(weft_cluster_count(cluster, WEFT_TRACE_BULLETIN_REFUSED, 0, 0), 1);
    ck_assert(!weft_announce_has(core, weft_cluster_id(1), weft_cluster_bulletin(1)));
    announce(cluster, 2, 3, "good", 4);
    weft_cluster_run(cluster, 100 * MS);
    ck_assert_uint_eq(weft_announce_version(core), 3);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(next_announcer_is_asked)
{
    struct weft_cluster *cluster = settled(10, 10, 54);
    announce(cluster, 1, 7, "lie!", 4);
    version_wanted = 7;
    /* While that is under check, the truth becomes known to another node. */
    weft_cluster_publish(cluster, 2, 7);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 5 * S, is_known_everywhere), 1 * S);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(has_follows_what_peers_say)
{
    struct weft_cluster *cluster = settled(4, 4, 55);
    const struct weft_core *core = cluster->nodes[0].core;
    ck_assert(!weft_announce_has(core, weft_cluster_id(2), weft_cluster_bulletin(5)));
    weft_cluster_publish(cluster, 2, 5);
    weft_cluster_run(cluster, 100 * MS);
    ck_assert(weft_announce_has(core, weft_cluster_id(2), weft_cluster_bulletin(5)));
    ck_assert(!weft_announce_has(core, weft_cluster_id(2), weft_cluster_bulletin(6)));
    ck_assert(!weft_announce_has(core, 12345, weft_cluster_bulletin(1)));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(alone_looks_at_once)
{
    struct weft_cluster *cluster = weft_cluster_new(1, 1, 56);
    cluster->config.has_source = true;
    cluster->source_version = 2;
    weft_cluster_start(cluster, 0, 0);
    weft_cluster_run(cluster, 30 * MS);
    ck_assert_uint_eq(weft_announce_version(cluster->nodes[0].core), 2);
    weft_cluster_run(cluster, 600 * S);
    ck_assert_uint_ge(cluster->nodes[0].look_count, 9);
    ck_assert_uint_le(cluster->nodes[0].look_count, 13);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(agents_take_turns)
{
    struct weft_cluster *cluster = weft_cluster_new(40, 40, 57);
    cluster->config.has_source = true;
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 60 * S);
    uint32_t before = 0;
    uint32_t after = 0;
    for (uint32_t i = 0; i < 40; i++) {
        before += cluster->nodes[i].look_count;
    }
    weft_cluster_run(cluster, 640 * S);
    for (uint32_t i = 0; i < 40; i++) {
        after += cluster->nodes[i].look_count;
        ck_assert_uint_ge(cluster->nodes[i].look_count, 1);
    }
    /* 10 looks of the agents, and about one of each of the others. */
    ck_assert_uint_ge(after - before, 20);
    ck_assert_uint_le(after - before, 70);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(failed_look_is_repeated_with_back_off)
{
    struct weft_cluster *cluster = weft_cluster_new(1, 1, 58);
    cluster->config.has_source = true;
    cluster->source_fails = true;
    weft_cluster_start(cluster, 0, 0);
    weft_cluster_run(cluster, 60 * S);
    /* 0.5, 1, 2, 4, 8, then every 10 s. */
    ck_assert_uint_ge(cluster->nodes[0].look_count, 8);
    ck_assert_uint_le(cluster->nodes[0].look_count, 13);
    cluster->source_fails = false;
    cluster->source_version = 3;
    weft_cluster_run(cluster, 12 * S);
    ck_assert_uint_eq(weft_announce_version(cluster->nodes[0].core), 3);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(operator_looks_at_once)
{
    struct weft_cluster *cluster = weft_cluster_new(20, 20, 59);
    cluster->config.has_source = true;
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 30 * S);
    uint32_t before = cluster->nodes[13].look_count;
    cluster->source_version = 8;
    version_wanted = 8;
    struct weft_event look = {.kind = WEFT_EVENT_LOOK};
    weft_cluster_step(cluster, 13, &look);
    ck_assert_uint_eq(cluster->nodes[13].look_count, before + 1);
    ck_assert_uint_le(weft_cluster_run_until(cluster, 5 * S, is_known_everywhere), 1 * S);
    weft_cluster_free(cluster);
}
END_TEST

/* What the node tells |peer| of its bulletin over their link in this step; 0 = nothing. */
static weft_bulletin told(const struct fixture *fixture, weft_node_id peer)
{
    return fixture_sent(fixture, peer, WEFT_FRAME_BULLETIN, 0).bulletin;
}

START_TEST(linked_nodes_tell_each_other)
{
    struct fixture fixture = fixture_new(NULL);
    weft_bulletin news = weft_cluster_bulletin(5);
    for (weft_node_id id = 2; id <= 3; id++) {
        fixture_member(&fixture, id, /* agent */ false);
    }
    fixture_link(&fixture, 2);
    ck_assert_uint_eq(told(&fixture, 2), 0);
    fixture_frame(&fixture, 2, (struct weft_frame){.kind = WEFT_FRAME_BULLETIN, .bulletin = news});
    const struct weft_action *check = fixture_action(&fixture, WEFT_ACTION_BULLETIN_CHECK, 0);
    ck_assert_ptr_nonnull(check);
    ck_assert_uint_eq(check->bulletin.peer.id, 2);
    ck_assert_uint_eq(check->bulletin.bulletin, news);
    ck_assert_uint_eq(check->bulletin.length, 0); /* the shell fetches it over the link */
    ck_assert(weft_announce_has(fixture.core, 2, news));
    ck_assert_uint_le(weft_core_deadline(fixture.core), fixture.core->dues[WEFT_DUE_CHECK]);
    fixture_link(&fixture, 3);
    struct weft_event accepted = {.kind = WEFT_EVENT_BULLETIN,
                                  .bulletin = {.bulletin = news, .fresh_ns = WEFT_NS_NEVER}};
    fixture_step(&fixture, 0, accepted);
    ck_assert_uint_eq(told(&fixture, 2), 0); /* it said so itself */
    ck_assert_uint_eq(weft_bulletin_rank(told(&fixture, 3)), weft_bulletin_rank(news));
    fixture_link(&fixture, 3);
    ck_assert_uint_eq(weft_bulletin_rank(told(&fixture, 3)), weft_bulletin_rank(news));
    fixture_free(&fixture);
}
END_TEST

START_TEST(a_link_does_not_help_a_liar)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, 2, /* agent */ false);
    fixture_link(&fixture, 2);
    for (uint32_t version = 1000; version < 1020; version++) {
        weft_bulletin lie = weft_cluster_bulletin(version);
        fixture_frame(&fixture, 2,
                      (struct weft_frame){.kind = WEFT_FRAME_BULLETIN, .bulletin = lie});
        ck_assert_uint_eq(fixture_count(&fixture, WEFT_ACTION_BULLETIN_CHECK), version == 1000);
        struct weft_event refused = {
            .kind = WEFT_EVENT_BULLETIN_REFUSED,
            .bulletin_refused = {.peer = 2, .bulletin = lie, .result = WEFT_ERR_SIGNATURE}};
        fixture_step(&fixture, 0, refused);
    }
    fixture_free(&fixture);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("announce");
    WEFT_ADD_ROWS(suite, bulletin_reaches_all, reach);
    WEFT_ADD(suite, newcomer_and_sleeper_catch_up);
    WEFT_ADD(suite, liar_is_not_asked_again);
    WEFT_ADD(suite, next_announcer_is_asked);
    WEFT_ADD(suite, has_follows_what_peers_say);
    WEFT_ADD(suite, alone_looks_at_once);
    WEFT_ADD(suite, agents_take_turns);
    WEFT_ADD(suite, failed_look_is_repeated_with_back_off);
    WEFT_ADD(suite, operator_looks_at_once);
    WEFT_ADD(suite, linked_nodes_tell_each_other);
    WEFT_ADD(suite, a_link_does_not_help_a_liar);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
