/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody announces metadata that does not exist, is garbage, or is always newer. */
#include "tests/support/attack.h"

#include <string.h>

#include "protocol/state.h"
#include "tests/support/cluster.h"

#define S WEFT_NS_PER_S
#define MS WEFT_NS_PER_MS
#define NODES 8
#define VICTIM 0
#define LIAR 1
#define HONEST 2
#define TRUE_VERSION 5

static struct weft_cluster *settled(uint64_t seed)
{
    struct weft_cluster *cluster = weft_cluster_new(NODES, NODES, seed);
    weft_cluster_start_all(cluster);
    weft_cluster_run(cluster, 30 * S);
    return cluster;
}

/* Node |to| hears from |from| that it has |version|. */
static void announce(struct weft_cluster *cluster, uint32_t to, const struct weft_endpoint *from,
                     uint32_t version)
{
    static const uint8_t lie[] = "lie!";
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_ANNOUNCE;
    message.mesh = cluster->config.mesh;
    message.sender = from->id;
    message.bulletin = weft_bulletin_of(WEFT_BULLETIN_ROOT_MAX, version, 1);
    message.announce.bytes = lie;
    message.announce.length = sizeof lie;
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t length = weft_message_encode(&message, bytes, sizeof bytes);
    struct weft_event_datagram datagram = {
        .from = *from, .hop_limit = 255, .bytes = bytes, .length = length};
    weft_cluster_inject(cluster, to, &datagram);
}

static uint32_t refused_count(const struct weft_cluster *cluster)
{
    return weft_cluster_count(cluster, WEFT_TRACE_BULLETIN_REFUSED, 0, 0);
}

/* Everybody accepted |version|, and nothing else. */
static bool all_have(const struct weft_cluster *cluster, uint32_t version)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        count += weft_announce_version(cluster->nodes[i].core) == version;
    }
    return count == NODES;
}

START_TEST(huge_version)
{
    struct weft_cluster *cluster = settled(201);
    for (uint32_t i = 0; i < NODES; i++) {
        if (i != LIAR) {
            announce(cluster, i, &cluster->nodes[LIAR].self, UINT32_MAX);
        }
    }
    weft_cluster_run(cluster, S);
    ck_assert(all_have(cluster, 0));
    weft_cluster_publish(cluster, HONEST, TRUE_VERSION);
    weft_cluster_run(cluster, 2 * S);
    ck_assert(all_have(cluster, TRUE_VERSION));
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(many_versions)
{
    struct weft_cluster *cluster = settled(202);
    for (uint32_t i = 0; i < 1000; i++) {
        announce(cluster, VICTIM, &cluster->nodes[LIAR].self, 1000 + i);
        weft_cluster_run(cluster, 10 * MS);
    }
    ck_assert_uint_le(refused_count(cluster), 2); /* none is checked for 30 s after a bad one */
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(truth_beside_lies)
{
    struct weft_cluster *cluster = settled(203);
    for (uint32_t i = 0; i < 500; i++) {
        announce(cluster, VICTIM, &cluster->nodes[LIAR].self, 1000 + i);
        weft_cluster_run(cluster, 2 * MS);
        if (i == 100) {
            weft_cluster_publish(cluster, HONEST, TRUE_VERSION);
        }
    }
    ck_assert(all_have(cluster, TRUE_VERSION));
    weft_cluster_free(cluster);
}
END_TEST

/* Each lie comes from another id, so that no memory of liars helps. */
START_TEST(many_liars)
{
    struct weft_cluster *cluster = settled(204);
    for (uint32_t i = 0; i < 500; i++) {
        struct weft_endpoint from = cluster->nodes[LIAR].self;
        from.id = UINT64_C(0xbad000000) + i;
        announce(cluster, VICTIM, &from, 1000 + i);
        weft_cluster_run(cluster, 20 * MS);
        if (i == 100) {
            weft_cluster_publish(cluster, HONEST, TRUE_VERSION);
        }
    }
    ck_assert(all_have(cluster, TRUE_VERSION));
    ck_assert_uint_le(refused_count(cluster), 501);
    weft_cluster_free(cluster);
}
END_TEST

START_TEST(old_news)
{
    struct weft_cluster *cluster = settled(205);
    weft_cluster_publish(cluster, HONEST, TRUE_VERSION);
    weft_cluster_run(cluster, 5 * S);
    uint64_t sent = cluster->nodes[VICTIM].datagrams_sent;
    for (uint32_t i = 0; i < 1000; i++) {
        announce(cluster, VICTIM, &cluster->nodes[LIAR].self, i % TRUE_VERSION);
    }
    ck_assert(all_have(cluster, TRUE_VERSION));
    ck_assert_uint_le(cluster->nodes[VICTIM].datagrams_sent - sent, 4);
    weft_cluster_free(cluster);
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"the highest version, garbage behind it", "refused; the true one travels", huge_version},
        {"1,000 versions of garbage in 10 s", "one check in 30 s", many_versions},
        {"500 versions a second beside the truth", "the truth travels", truth_beside_lies},
        {"500 liars, one lie each", "one check a lie; the truth travels", many_liars},
        {"old versions, 1,000 at once", "at most an answer in 300 ms", old_news},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
