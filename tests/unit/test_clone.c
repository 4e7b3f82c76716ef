/* SPDX-License-Identifier: Apache-2.0 */
/* One identity in two places: who is taken for a copy and who only moved, by written-out times; and
 * tables of peers that hear two nodes with one key. */
#include "tests/support/check_main.h"

#include "node/clone.h"
#include "protocol/transport/cookie.h"
#include "tests/support/peer_net.h"

#include <string.h>

/* Where somebody is heard at which second, in tenths; the verdict on the last one. */
struct walk {
    const char *name;                /* what happens */
    const char *places;              /* one letter an event */
    uint32_t tenths[24];             /* when; same order */
    enum weft_clone_verdict verdict; /* on the last */
};

static const struct walk walks[] = {
    {"stays", "AAAA", {0, 10, 400, 9000}, WEFT_CLONE_SINGLE},
    {"moves for good", "AABBBB", {0, 10, 20, 30, 200, 9000}, WEFT_CLONE_SINGLE},
    {"overtaking datagrams", "ABABABABAB", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, WEFT_CLONE_SINGLE},
    {"moves from net to net", "ABCDEFG", {0, 20, 40, 60, 80, 100, 120}, WEFT_CLONE_SINGLE},
    {"there and back now and then",
     "ABABABA",
     {0, 100, 200, 9000, 9100, 18000, 18100},
     WEFT_CLONE_SINGLE},
    {"returns far apart, never silent",
     "AABAAAABAAAABA",
     {0, 10, 20, 30, 200, 400, 600, 700, 710, 900, 1100, 1300, 1400, 1410},
     WEFT_CLONE_SINGLE},
    {"twice", "ABABABA", {0, 10, 20, 30, 40, 50, 60}, WEFT_CLONE_FOUND},
    {"two returns are not enough", "ABABA", {0, 10, 20, 30, 40}, WEFT_CLONE_SINGLE},
    {"three times", "ABCABACA", {0, 10, 11, 20, 30, 40, 50, 60}, WEFT_CLONE_FOUND},
    {"the copy is refused", "ABABABAB", {0, 10, 20, 30, 40, 50, 60, 70}, WEFT_CLONE_REFUSED},
    {"and a third one", "ABABABAC", {0, 10, 20, 30, 40, 50, 60, 70}, WEFT_CLONE_REFUSED},
    {"until the first is silent",
     "ABABABABB",
     {0, 10, 20, 30, 40, 50, 60, 350, 361},
     WEFT_CLONE_SINGLE},
};

static struct weft_address place(char letter)
{
    return net_address_of((uint32_t)(letter - 'A'));
}

START_TEST(walks_are_judged)
{
    for (size_t i = 0; i < WEFT_ROWS(walks); i++) {
        struct weft_clone clone = {0};
        enum weft_clone_verdict verdict = WEFT_CLONE_SINGLE;
        for (size_t k = 0; walks[i].places[k] != '\0'; k++) {
            struct weft_address from = place(walks[i].places[k]);
            verdict = weft_clone_hear(&clone, &from, walks[i].tenths[k] * (WEFT_NS_PER_S / 10));
        }
        ck_assert_msg(verdict == walks[i].verdict, "%s: %d", walks[i].name, (int)verdict);
    }
}
END_TEST

START_TEST(ports_of_streams_do_not_count)
{
    struct weft_clone clone = {.kept = place('A'), .is_held = true};
    struct weft_address near = place('A');
    struct weft_address far = place('B');
    near.port++;
    ck_assert(weft_clone_refuses(&clone, &near, false /* by_ip */));
    ck_assert(!weft_clone_refuses(&clone, &near, true /* by_ip */));
    ck_assert(weft_clone_refuses(&clone, &far, true /* by_ip */));
    clone.is_held = false;
    ck_assert(!weft_clone_refuses(&clone, &far, true /* by_ip */));
}
END_TEST

/* Node 5 becomes a copy of node 4, at its own address. */
static void copy(void)
{
    nodes[5].membership = nodes[4].membership;
    weft_peers_free(nodes[5].peers);
    net_run(&nodes[5]);
}

/* Original and copy both talk to node 0 for so many seconds. */
static void both_talk(uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds; i++) {
        net_say(&nodes[4], &nodes[0].self, "original");
        net_settle();
        net_pass(500);
        net_say(&nodes[5], &nodes[0].self, "copy");
        net_settle();
        net_pass(500);
    }
}

START_TEST(original_goes_on)
{
    struct weft_peers_copy found[2];
    net_say(&nodes[4], &nodes[0].self, "I was here first");
    net_settle();
    copy();
    ck_assert_uint_eq(weft_peers_copies(nodes[0].peers, found, 2), 0);
    both_talk(8);
    ck_assert_uint_eq(nodes[0].cloned, 1);
    ck_assert_uint_eq(weft_peers_copies(nodes[0].peers, found, 2), 1);
    ck_assert_mem_eq(&found[0].kept, &nodes[4].self.address, sizeof(found[0].kept));
    ck_assert_mem_eq(&found[0].other, &nodes[5].self.address, sizeof(found[0].other));
    ck_assert_str_eq(found[0].name, "node");
    ck_assert(weft_peers_is_copy(nodes[0].peers, nodes[4].self.id, &nodes[5].self.address));
    ck_assert(!weft_peers_is_copy(nodes[0].peers, nodes[4].self.id, &nodes[4].self.address));

    uint32_t heard[] = {nodes[0].heard, nodes[4].heard, nodes[5].heard};
    both_talk(5);
    ck_assert_uint_eq(nodes[0].heard, heard[0] + 5); /* of the original alone */
    ck_assert_str_eq((char *)nodes[0].last, "original");
    /* What gossip sends to the copy goes to the original. */
    net_say(&nodes[0], &nodes[5].self, "for node 4");
    net_settle();
    ck_assert_uint_eq(nodes[4].heard, heard[1] + 1);
    ck_assert_uint_eq(nodes[5].heard, heard[2]);
    ck_assert_uint_eq(nodes[0].cloned, 1);
}
END_TEST

/* Node 0 refuses node 5, and node 4 is heard. */
static void refuse_copy(void)
{
    net_say(&nodes[4], &nodes[0].self, "I was here first");
    net_settle();
    copy();
    both_talk(8);
    nodes[0].membership.is_open = true; /* it tells nobody the number of the revocation */
}

START_TEST(copy_hears_nothing_but_that)
{
    struct weft_peers_refusal refusal;
    refuse_copy();
    uint32_t heard[] = {nodes[0].heard, nodes[5].heard};
    for (int i = 0; i < 20; i++) { /* in its session, until it shakes hands again */
        net_say(&nodes[5], &nodes[0].self, "let me in");
        net_settle();
    }
    ck_assert_uint_eq(nodes[0].heard, heard[0]);
    ck_assert_uint_eq(nodes[5].heard, heard[1]);
    ck_assert(weft_peers_refused(nodes[5].peers, now_ns, &refusal));
    ck_assert_uint_eq(refusal.id, nodes[0].self.id);
    ck_assert_str_eq(refusal.name, "node");
    ck_assert_mem_eq(&refusal.address, &nodes[0].self.address, sizeof(refusal.address));
    ck_assert(!weft_peers_refused(nodes[4].peers, now_ns, &refusal));
    ck_assert(!weft_peers_refused(nodes[5].peers, now_ns + 601 * WEFT_NS_PER_S, &refusal));
}
END_TEST

/* A copy that starts anew knows no keys, and is told as well. */
START_TEST(copy_is_told_after_a_start)
{
    struct weft_peers_refusal refusal;
    const struct weft_endpoint seed = {.address = nodes[0].self.address};
    refuse_copy();
    weft_peers_free(nodes[5].peers);
    now_ns += WEFT_NS_PER_S;
    net_run(&nodes[5]);
    net_say(&nodes[5], &seed, "let me in");
    net_settle();
    ck_assert(weft_peers_refused(nodes[5].peers, now_ns, &refusal));
    ck_assert_uint_eq(refusal.id, nodes[0].self.id);
}
END_TEST

/* Nobody on the way makes a refusal of an answer, or one of his own. */
START_TEST(refusals_are_not_forged)
{
    struct weft_peers_refusal refusal;
    for (uint32_t byte = 0; byte < WEFT_PACKET_ANSWER_BYTES; byte++) {
        tap = WEFT_PACKET_ANSWER;
        net_say(&nodes[6 + byte % 8], &nodes[0].self, "hello");
        weft_peers_receive(nodes[0].peers, &queue[0].from, 255, queue[0].bytes, queue[0].length,
                           now_ns);
        queued = 0;
        for (uint32_t i = 0; i < 2; i++) { /* with a mac of its own as well */
            struct packet forged = tapped;
            struct weft_cookie_keys keys;
            forged.bytes[byte] ^= 'W' ^ 'w';
            weft_cookie_keys_of(&keys, nodes[6 + byte % 8].membership.own.open);
            if (i > 0) {
                weft_cookie_mac(forged.bytes + WEFT_PACKET_ANSWER_MAC1_AT, keys.mac1,
                                sizeof(keys.mac1), forged.bytes, WEFT_PACKET_ANSWER_MAC1_AT);
            }
            weft_peers_receive(nodes[6 + byte % 8].peers, &forged.from, 255, forged.bytes,
                               forged.length, now_ns);
            ck_assert(!weft_peers_refused(nodes[6 + byte % 8].peers, now_ns, &refusal));
        }
        net_stop();
        net_start();
    }
}
END_TEST

START_TEST(silent_original_is_replaced)
{
    struct weft_peers_refusal refusal;
    struct weft_peers_copy found[2];
    net_say(&nodes[4], &nodes[0].self, "I was here first");
    net_settle();
    copy();
    both_talk(8);
    for (int i = 0; i < 20; i++) {
        net_say(&nodes[5], &nodes[0].self, "me, too");
        net_settle();
    }
    ck_assert(weft_peers_refused(nodes[5].peers, now_ns, &refusal));
    weft_peers_free(nodes[4].peers);
    nodes[4].peers = NULL;
    net_pass(WEFT_CLONE_SILENT_MS + 1000);
    ck_assert_uint_eq(weft_peers_copies(nodes[0].peers, found, 2), 0);
    net_say(&nodes[5], &nodes[0].self, "lost with its session");
    net_settle();
    net_say(&nodes[5], &nodes[0].self, "alone now");
    net_pass(3000);
    ck_assert_str_eq((char *)nodes[0].last, "alone now");
    ck_assert(!weft_peers_refused(nodes[5].peers, now_ns, &refusal));
}
END_TEST

START_TEST(mover_is_heard)
{
    net_say(&nodes[4], &nodes[0].self, "here");
    net_settle();
    copy();
    weft_peers_free(nodes[4].peers);
    nodes[4].peers = NULL;
    uint32_t heard = nodes[0].heard;
    for (uint32_t i = 1; i <= 60; i++) {
        net_say(&nodes[5], &nodes[0].self, "there");
        net_pass(1000);
        ck_assert_uint_eq(nodes[0].heard, heard + i);
    }
    ck_assert_uint_eq(nodes[0].cloned, 0);
}
END_TEST

/* The copy asks the original, which knows that it did not ask itself. */
START_TEST(twin_is_not_answered)
{
    const struct weft_endpoint seed = {.address = nodes[4].self.address};
    net_say(&nodes[4], &nodes[0].self, "here");
    net_settle();
    net_pass(1000);
    size_t bytes = nodes[4].bytes_out;
    copy();
    tap = WEFT_PACKET_INIT;
    net_say(&nodes[5], &seed, "who are you?");
    struct packet question = tapped;
    tap = WEFT_PACKET_NONE;
    net_settle();
    ck_assert_uint_eq(nodes[4].bytes_out, bytes);
    /* A question of its own that comes back is answered, as one to itself is. */
    net_say(&nodes[5], &seed, "again");
    net_pass(5000);
    bytes = nodes[5].bytes_out;
    weft_peers_receive(nodes[5].peers, &question.from, 255, question.bytes, question.length,
                       now_ns);
    ck_assert_uint_gt(nodes[5].bytes_out, bytes);
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {
        walks_are_judged,
        ports_of_streams_do_not_count,
        original_goes_on,
        copy_hears_nothing_but_that,
        copy_is_told_after_a_start,
        refusals_are_not_forged,
        twin_is_not_answered,
        silent_original_is_replaced,
        mover_is_heard,
    };
    Suite *suite = suite_create("clone");
    weft_check_case(suite, "clone", net_start, net_stop, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
