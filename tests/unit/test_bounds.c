/* SPDX-License-Identifier: Apache-2.0 */
/* Every bound of datagrams that no other test reaches is reached here, and what SPEC.md says
 * happens at it happens. Rates are in test_gate, streams in test_session and test_stream. */
#include "tests/support/check_main.h"

#include "node/peer_state.h"
#include "tests/support/peer_net.h"

#include <string.h>

static struct weft_peers *peers;

static void setup(void)
{
    net_start();
    peers = nodes[0].peers;
}

/* Packets of |kind| on their way to |to|. */
static uint32_t under_way(const struct node *to, enum weft_packet_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < queued; i++) {
        count += weft_packet_read(queue[i].bytes, queue[i].length).kind == kind &&
                 memcmp(&queue[i].to, &to->self.address, sizeof(queue[i].to)) == 0;
    }
    return count;
}

START_TEST(waiting)
{
    for (uint32_t i = 0; i < WEFT_WAITING_MAX + 5; i++) {
        char text[8] = {(char)('a' + i)};
        net_say(&nodes[0], &nodes[1].self, text);
    }
    ck_assert_uint_eq(peers->waiting_total, WEFT_WAITING_MAX);
    net_settle();
    ck_assert_uint_eq(nodes[1].heard, WEFT_WAITING_MAX); /* the oldest are lost */
    ck_assert_uint_eq(nodes[1].last[0], 'a' + WEFT_WAITING_MAX + 4);
    for (uint32_t i = 0; i < 2 * WEFT_WAITING_TOTAL_MAX; i++) {
        struct weft_endpoint to = {.id = 1000 + i % 200, .address = net_address_of(900 + i % 200)};
        net_say(&nodes[0], &to, "hello?");
        ck_assert_uint_le(peers->waiting_total, WEFT_WAITING_TOTAL_MAX);
    }
    ck_assert_uint_eq(peers->waiting_total, WEFT_WAITING_TOTAL_MAX);
    net_say(&nodes[1], &nodes[0].self, "x"); /* who has a session does not wait */
    net_settle();
    ck_assert_uint_eq(nodes[0].heard, 1);
    net_pass((uint64_t)WEFT_TRY_MS * (WEFT_TRIES_MAX + 2)); /* nobody answered: all is dropped */
    ck_assert_uint_eq(peers->waiting_total, 0);
}
END_TEST

/* What all peers together can make a node keep. */
START_TEST(memory)
{
    size_t bytes = sizeof(struct weft_peers) +
                   WEFT_PEERS_MAX * (sizeof(struct weft_peer) + sizeof(struct weft_attempt)) +
                   WEFT_WAITING_TOTAL_MAX * (sizeof(struct weft_waiting) + WEFT_DATAGRAM_BYTES_MAX);
    ck_assert_uint_le(bytes, 4 << 20);
    for (uint32_t i = 0; i < 3 * WEFT_PEERS_MAX; i++) {
        struct weft_endpoint to = {.id = 5000 + i, .address = net_address_of(5000 + i)};
        net_say(&nodes[0], &to, "hello?");
        queued = 0;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        count += peers->items[i] != NULL;
    }
    ck_assert_uint_eq(count, WEFT_PEERS_MAX);
    net_say(&nodes[0], &nodes[1].self, "there is room for you");
    net_settle();
    ck_assert_uint_eq(nodes[1].heard, 1);
}
END_TEST

START_TEST(silent_peer)
{
    net_say(&nodes[0], &nodes[1].self, "x");
    net_settle();
    net_say(&nodes[1], &nodes[0].self, "I hear you");
    net_settle();
    for (uint32_t i = 1; i < WEFT_SILENT_MESSAGES; i++) {
        ck_assert_uint_eq(under_way(&nodes[1], WEFT_PACKET_INIT), 0);
        net_say(&nodes[0], &nodes[1].self, "y");
    }
    net_say(&nodes[0], &nodes[1].self, "z");
    ck_assert_uint_eq(under_way(&nodes[1], WEFT_PACKET_INIT), 1);
}
END_TEST

START_TEST(old_keys)
{
    net_say(&nodes[0], &nodes[1].self, "x");
    net_settle();
    net_say(&nodes[1], &nodes[0].self, "y");
    net_settle();
    struct weft_peer *peer = weft_peer_find(peers, nodes[1].self.id);
    struct weft_keypair *pair = weft_peer_pair(peer, now_ns);
    uint32_t index = pair->own_index;
    pair->counter = WEFT_REKEY_MESSAGES - 1;
    net_say(&nodes[0], &nodes[1].self, "the last one");
    ck_assert_uint_eq(under_way(&nodes[1], WEFT_PACKET_INIT), 1);
    net_settle();
    ck_assert_uint_ne(weft_peer_pair(peer, now_ns)->own_index, index);
    ck_assert_uint_eq(weft_peer_pair(peer, now_ns)->counter, 0);
    ck_assert_str_eq((char *)nodes[1].last, "the last one");
}
END_TEST

/* More first messages than a node takes without asking who is there. */
static void load(void)
{
    struct packet init = {.length = WEFT_PACKET_INIT_BYTES};
    const struct weft_packet head = {.kind = WEFT_PACKET_INIT, .sender = 1};
    static uint32_t number;
    weft_packet_put(&head, init.bytes);
    for (uint32_t i = 0; i < 2 * WEFT_LOAD_PER_S; i++) {
        struct weft_address from = net_address_of(50000);
        weft_bytes_put(init.bytes + WEFT_PACKET_1_AT, 8, ++number);
        weft_cookie_mac(init.bytes + WEFT_PACKET_INIT_MAC1_AT, peers->own_keys.mac1,
                        sizeof(peers->own_keys.mac1), init.bytes, WEFT_PACKET_INIT_MAC1_AT);
        weft_peers_receive(peers, &from, 64, init.bytes, init.length, now_ns);
    }
    queued = 0;
}

/* A first message with a cookie, kept back, and what it is answered with |periods| later. */
static enum weft_packet_kind answer_after(uint32_t periods)
{
    load();
    net_say(&nodes[2], &nodes[0].self, "x");
    net_settle(); /* a COOKIE comes back */
    now_ns += WEFT_TRY_MS * WEFT_NS_PER_MS;
    weft_peers_expire(nodes[2].peers, now_ns);
    ck_assert_uint_eq(queued, 1);
    struct packet init = queue[0];
    ck_assert_int_eq(weft_packet_read(init.bytes, init.length).kind, WEFT_PACKET_INIT);
    for (uint32_t i = 0; i < periods; i++) {
        now_ns += WEFT_COOKIE_MS * WEFT_NS_PER_MS;
        weft_peers_expire(peers, now_ns);
    }
    load();
    weft_peers_receive(peers, &init.from, 64, init.bytes, init.length, now_ns);
    ck_assert_uint_eq(queued, 1);
    return weft_packet_read(queue[0].bytes, queue[0].length).kind;
}

START_TEST(cookies_get_old)
{
    ck_assert_int_eq(answer_after((uint32_t)_i), _i < 2 ? WEFT_PACKET_ANSWER : WEFT_PACKET_COOKIE);
}
END_TEST

/* The memory of first messages is finite; one that fell out of it is too old all the same. */
START_TEST(first_messages_forgotten)
{
    tap = WEFT_PACKET_INIT;
    net_say(&nodes[1], &nodes[0].self, "x");
    net_settle();
    struct packet init = tapped;
    tap = WEFT_PACKET_NONE;
    uint64_t mark = weft_bytes_get(init.bytes + WEFT_PACKET_INIT_MAC1_AT, 8);
    ck_assert_uint_eq(peers->inits[mark % WEFT_INITS_MAX], mark);
    for (uint32_t i = 0; i < WEFT_INITS_MAX && peers->inits[mark % WEFT_INITS_MAX] == mark; i++) {
        load();
    }
    ck_assert_uint_ne(peers->inits[mark % WEFT_INITS_MAX], mark);
    now_ns += 10 * WEFT_NS_PER_S;
    uint32_t heard = nodes[0].heard;
    size_t said = nodes[0].bytes_out;
    weft_peers_receive(peers, &init.from, 64, init.bytes, init.length, now_ns);
    ck_assert_uint_eq(nodes[0].bytes_out, said);
    ck_assert_uint_eq(nodes[0].heard, heard);
}
END_TEST

/* A member's bytes are bounded beside its datagrams. */
START_TEST(bytes_of_a_member)
{
    static const uint8_t long_one[WEFT_DATAGRAM_BYTES_MAX] = {1};
    enum { PACKET = WEFT_PACKET_DATA_BYTES_MAX, AT_ONCE = WEFT_PEER_BYTES_BURST / PACKET };
    _Static_assert((int)AT_ONCE < (int)WEFT_PEER_BURST, "bytes end before datagrams do");
    net_say(&nodes[1], &nodes[0].self, "x");
    net_settle();
    now_ns += 10 * WEFT_NS_PER_S;
    nodes[0].heard = 0;
    for (uint32_t i = 0; i < WEFT_PEER_BURST; i++) {
        weft_peers_send(nodes[1].peers, &nodes[0].self, long_one, sizeof(long_one), true, now_ns);
        net_settle();
    }
    ck_assert_uint_eq(nodes[0].heard, AT_ONCE);
    nodes[0].heard = 0;
    for (uint32_t ms = 0; ms < 10000; ms += 10) {
        now_ns += 10 * WEFT_NS_PER_MS;
        weft_peers_send(nodes[1].peers, &nodes[0].self, long_one, sizeof(long_one), true, now_ns);
        net_settle();
    }
    ck_assert_uint_le(nodes[0].heard, 10 * WEFT_PEER_BYTES_PER_S / PACKET + 1);
    ck_assert_uint_ge(nodes[0].heard, 10 * WEFT_PEER_BYTES_PER_S / PACKET - 1);
}
END_TEST

/* More addresses than the table has places: each is bounded as long as it is remembered. */
START_TEST(addresses)
{
    uint32_t taken = 0;
    now_ns += 10 * WEFT_NS_PER_S;
    for (uint32_t i = 0; i < 3 * WEFT_ADDRESSES_MAX; i++) {
        const struct weft_address address = net_address_of(i);
        now_ns += WEFT_NS_PER_S / WEFT_TOTAL_PER_S;
        taken += weft_rate_take(&peers->rate, &address, now_ns);
    }
    ck_assert_uint_ge(taken, 3 * WEFT_ADDRESSES_MAX - 1); /* strangers lock nobody out */
    const struct weft_address last = net_address_of(3 * WEFT_ADDRESSES_MAX - 1);
    taken = 1;
    for (uint32_t i = 0; i < 2 * WEFT_ADDRESS_BURST; i++) {
        taken += weft_rate_take(&peers->rate, &last, now_ns);
    }
    ck_assert_uint_eq(taken, WEFT_ADDRESS_BURST);
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {
        waiting,           memory,   silent_peer, old_keys, first_messages_forgotten,
        bytes_of_a_member, addresses};
    Suite *suite = suite_create("bounds");
    weft_check_case(suite, "bounds", setup, net_stop, tests, WEFT_ROWS(tests));
    TCase *rows = tcase_create("cookies_get_old");
    tcase_add_checked_fixture(rows, setup, net_stop);
    tcase_add_loop_test(rows, cookies_get_old, 0, 4);
    suite_add_tcase(suite, rows);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
