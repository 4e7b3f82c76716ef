/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed datagrams between tables of peers: handshakes, sessions, revocations. What strangers try
 * is tests/attack/attack_handshake.c. */
#include "tests/support/check_main.h"

#include "tests/support/peer_net.h"

#include <sodium.h>
#include <string.h>

START_TEST(first_datagram_waits)
{
    net_say(&nodes[0], &nodes[1].self, "one");
    net_say(&nodes[0], &nodes[1].self, "two");
    ck_assert_uint_eq(queued, 1); /* the question */
    net_settle();
    ck_assert_uint_eq(nodes[1].heard, 2);
    ck_assert_uint_eq(nodes[1].last_from, nodes[0].self.id);
    ck_assert_str_eq((char *)nodes[1].last, "two");
    net_say(&nodes[1], &nodes[0].self, "three"); /* no handshake any more */
    ck_assert_uint_eq(queued, 1);
    net_settle();
    ck_assert_str_eq((char *)nodes[0].last, "three");
    uint8_t key[32];
    ck_assert(weft_peers_key(nodes[0].peers, nodes[1].self.id, key));
    ck_assert_mem_eq(key, nodes[1].membership.own.open, 32);
}
END_TEST

START_TEST(seed_without_id)
{
    const struct weft_endpoint seed = {.address = nodes[2].self.address};
    net_say(&nodes[0], &seed, "hello");
    net_settle();
    ck_assert_uint_eq(nodes[2].heard, 1);
    net_say(&nodes[0], &nodes[2].self, "again"); /* the same peer */
    net_say(&nodes[0], &seed, "and again");
    net_settle();
    ck_assert_uint_eq(nodes[2].heard, 3);
    /* Itself at the address of a seed: nothing comes of it. */
    const struct weft_endpoint own = {.address = nodes[0].self.address};
    net_say(&nodes[0], &own, "me");
    net_settle();
    ck_assert_uint_eq(nodes[0].heard, 0);
}
END_TEST

START_TEST(both_open_at_once)
{
    for (uint32_t i = 2; i + 1 < NODES; i += 2) {
        net_say(&nodes[i], &nodes[i + 1].self, "one");
        net_say(&nodes[i + 1], &nodes[i].self, "other");
        net_settle();
        for (int k = 0; k < 4; k++) {
            net_say(&nodes[i], &nodes[i + 1].self, "more");
            net_say(&nodes[i + 1], &nodes[i].self, "more");
            net_settle();
        }
        ck_assert_uint_eq(nodes[i].heard, 5);
        ck_assert_uint_eq(nodes[i + 1].heard, 5);
    }
}
END_TEST

START_TEST(lossy_network)
{
    is_lossy = true;
    for (uint32_t i = 1; i < NODES; i++) {
        for (int k = 0; k < 40; k++) {
            net_say(&nodes[0], &nodes[i].self, "x");
            net_say(&nodes[i], &nodes[0].self, "y");
            net_settle();
            net_pass(250);
        }
        ck_assert_uint_gt(nodes[i].heard, 10);
    }
    is_lossy = false;
}
END_TEST

START_TEST(restart_is_noticed)
{
    net_say(&nodes[0], &nodes[1].self, "one");
    net_settle();
    weft_peers_free(nodes[1].peers);
    now_ns += WEFT_NS_PER_S;
    net_run(&nodes[1]);
    net_say(&nodes[0], &nodes[1].self, "lost"); /* its session is gone: GONE, handshake */
    net_settle();
    net_say(&nodes[0], &nodes[1].self, "two");
    net_settle();
    ck_assert_uint_eq(nodes[1].heard, 2);
    ck_assert_str_eq((char *)nodes[1].last, "two");
}
END_TEST

START_TEST(sessions_are_renewed)
{
    tap = WEFT_PACKET_ANSWER;
    net_say(&nodes[0], &nodes[1].self, "one");
    net_settle();
    struct packet first = tapped;
    now_ns += (WEFT_REKEY_MS + 1000) * WEFT_NS_PER_MS;
    net_say(&nodes[0], &nodes[1].self, "two");
    net_settle();
    ck_assert_mem_ne(&first, &tapped, sizeof(first));
    ck_assert_str_eq((char *)nodes[1].last, "two");
    now_ns += (WEFT_REJECT_MS + 1000) * WEFT_NS_PER_MS;
    net_say(&nodes[0], &nodes[1].self, "three"); /* waits for a new session */
    net_settle();
    ck_assert_str_eq((char *)nodes[1].last, "three");
    tap = WEFT_PACKET_NONE;
}
END_TEST

/* Give |node| a certificate of mesh 0 by the key |which|, for the time after a change. */
static void sign_by(struct node *node, int which)
{
    struct weft_certificate certificate = {.serial = 200,
                                           .not_before_s = 1,
                                           .not_after_s = weft_membership_now_s() + 86400,
                                           .name = "node"};
    memcpy(certificate.key, node->membership.own.open, 32);
    weft_certificate_sign(&certificate, mesh[0], mesh_secret[which], node->membership.certificate);
    ck_assert_int_eq(weft_membership_complete(&node->membership), WEFT_DOUBT_NONE);
}

/* The node has learned of the next key; |alone|: which is the only one now. */
static void learn(struct node *node, bool alone)
{
    struct weft_membership made = node->membership;
    memcpy(made.next, mesh[1], sizeof(made.next));
    if (alone) {
        memcpy(made.signer, mesh[1], sizeof(made.signer));
        memset(made.next, 0, sizeof(made.next));
        sodium_memzero(made.certificate, sizeof(made.certificate));
    }
    ck_assert(weft_membership_renew(&node->membership, &made) == alone);
    if (alone) {
        sign_by(node, 1);
        weft_peers_prove(node->peers, now_ns);
    }
}

START_TEST(key_is_changed)
{
    for (uint32_t i = 1; i < 3; i++) {
        net_say(&nodes[0], &nodes[i].self, "one");
        net_settle();
        learn(&nodes[i], false /* alone */);
    }
    net_pass(1000);
    learn(&nodes[0], false /* alone */);
    learn(&nodes[0], true /* alone */);
    learn(&nodes[1], true /* alone */);
    net_say(&nodes[0], &nodes[2].self, "two"); /* who is not so far: the session goes on */
    net_say(&nodes[0], &nodes[1].self, "two");
    net_settle();
    ck_assert_str_eq((char *)nodes[2].last, "two");
    net_pass(WEFT_PROVE_AFTER_MS + 1000);
    net_say(&nodes[0], &nodes[1].self, "three"); /* proved again, nothing is lost */
    net_say(&nodes[0], &nodes[2].self, "lost");  /* its certificate is by the old key */
    net_settle();
    ck_assert_str_eq((char *)nodes[1].last, "three");
    net_pass(5000);
    uint32_t heard = nodes[0].heard;
    net_say(&nodes[2], &nodes[0].self, "old"); /* its session is gone */
    net_pass(5000);
    ck_assert_uint_eq(nodes[0].heard, heard);
    net_say(&nodes[1], &nodes[0].self, "four");
    net_settle();
    ck_assert_str_eq((char *)nodes[0].last, "four");
    learn(&nodes[2], true /* alone */); /* it asked */
    net_pass(5000);
    net_say(&nodes[2], &nodes[0].self, "back");
    net_pass(5000);
    ck_assert_str_eq((char *)nodes[0].last, "back");
}
END_TEST

START_TEST(unused_sessions_end)
{
    net_say(&nodes[0], &nodes[1].self, "one");
    net_settle();
    weft_peers_prove(nodes[1].peers, now_ns + 1);
    tap = WEFT_PACKET_INIT;
    tapped.length = 0;
    net_pass(WEFT_PROVE_MS - 1000);
    ck_assert_uint_eq(tapped.length, 0);
    net_pass(10000);
    net_say(&nodes[1], &nodes[0].self, "two");
    net_settle();
    ck_assert_uint_gt(tapped.length, 0);
    ck_assert_str_eq((char *)nodes[0].last, "two");
    tap = WEFT_PACKET_NONE;
}
END_TEST

static uint32_t count_aware(void)
{
    uint32_t aware = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        aware += nodes[i].membership.revoked.number == 9;
    }
    return aware;
}

START_TEST(revocations_travel)
{
    static struct weft_revocation revocation;
    uint8_t record[WEFT_REVOCATION_BYTES_MAX];
    for (uint32_t i = 0; i < NODES; i++) { /* everybody knows some */
        for (uint32_t k = 1; k <= 6; k++) {
            net_say(&nodes[i], &nodes[(i + k) % NODES].self, "x");
            net_settle();
        }
    }
    net_say(&nodes[3], &nodes[7].self, "still in");
    net_settle();
    revocation = (struct weft_revocation){.number = 9};
    weft_revocation_add(&revocation, nodes[7].self.id);
    size_t length = weft_revocation_sign(&revocation, mesh[0], mesh_secret[0], record);
    ck_assert_int_eq(weft_peers_revoke(nodes[0].peers, record, length, now_ns), WEFT_DOUBT_NONE);
    net_settle();
    ck_assert_uint_ge(count_aware(), NODES - 1); /* the revoked one may miss it */
    uint32_t heard = nodes[3].heard;
    net_say(&nodes[7], &nodes[3].self, "hello again");
    net_pass(3000);
    ck_assert_uint_eq(nodes[3].heard, heard);
    /* An older one, a forged one, and the same again change nothing. */
    ck_assert_int_ne(weft_peers_revoke(nodes[0].peers, record, length, now_ns), WEFT_DOUBT_NONE);
    revocation.number = 8;
    length = weft_revocation_sign(&revocation, mesh[0], mesh_secret[0], record);
    ck_assert_int_ne(weft_peers_revoke(nodes[0].peers, record, length, now_ns), WEFT_DOUBT_NONE);
    revocation.number = 10;
    length = weft_revocation_sign(&revocation, mesh[0], mesh_secret[1], record);
    ck_assert_int_ne(weft_peers_revoke(nodes[0].peers, record, length, now_ns), WEFT_DOUBT_NONE);
}
END_TEST

/* Who was away when it came hears of it from the number that others tell. */
START_TEST(missed_revocation)
{
    static struct weft_revocation revocation;
    uint8_t record[WEFT_REVOCATION_BYTES_MAX];
    revocation = (struct weft_revocation){.number = 9, .floor = 1};
    size_t length = weft_revocation_sign(&revocation, mesh[0], mesh_secret[0], record);
    weft_peers_revoke(nodes[0].peers, record, length, now_ns);
    net_say(&nodes[1], &nodes[0].self, "I was away");
    net_settle();
    ck_assert_uint_eq(nodes[1].revoked, 0);
    net_pass(6000);
    ck_assert_uint_eq(nodes[1].revoked, 1);
    ck_assert_uint_eq(nodes[1].membership.revoked.number, 9);
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {first_datagram_waits, seed_without_id,     both_open_at_once,
                                  lossy_network,        restart_is_noticed,  sessions_are_renewed,
                                  key_is_changed,       unused_sessions_end, revocations_travel,
                                  missed_revocation};
    Suite *suite = suite_create("peer");
    weft_check_case(suite, "peer", net_start, net_stop, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
