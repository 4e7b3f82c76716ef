/* SPDX-License-Identifier: Apache-2.0 */
/* What guards the handshake: packets, macs, cookies, rates, and how the bounds hang together. */
#include "tests/support/check_main.h"

#include "protocol/rng.h"
#include "protocol/transport/packet.h"
#include "protocol/transport/rate.h"
#include "protocol/transport/revocation.h"

#include <stdlib.h>
#include <string.h>

static struct weft_address address_of(uint32_t number)
{
    struct weft_address address = {.ip = {[10] = 0xff, 0xff}, .port = 7767};
    weft_bytes_put(address.ip + 12, 4, number);
    return address;
}

START_TEST(packets_are_read_back)
{
    static const struct {
        struct weft_packet packet;
        size_t length;
    } rows[] = {
        {{.kind = WEFT_PACKET_INIT, .sender = 0x01020304}, WEFT_PACKET_INIT_BYTES},
        {{.kind = WEFT_PACKET_ANSWER, .sender = 7, .receiver = 0xfffffffe},
         WEFT_PACKET_ANSWER_BYTES},
        {{.kind = WEFT_PACKET_COOKIE, .receiver = 9}, WEFT_PACKET_COOKIE_BYTES},
        {{.kind = WEFT_PACKET_DATA, .receiver = 1, .counter = UINT64_MAX - 1},
         WEFT_PACKET_DATA_BYTES_MAX},
        {{.kind = WEFT_PACKET_DATA, .receiver = 1}, WEFT_PACKET_DATA_OVERHEAD + 1},
        {{.kind = WEFT_PACKET_CONTROL, .receiver = 1, .counter = 5}, WEFT_PACKET_DATA_OVERHEAD + 8},
        {{.kind = WEFT_PACKET_GONE, .receiver = 3}, WEFT_PACKET_GONE_BYTES}};
    uint8_t bytes[2000] = {0};
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        weft_packet_put(&rows[i].packet, bytes);
        struct weft_packet read = weft_packet_read(bytes, rows[i].length);
        ck_assert_int_eq(read.kind, rows[i].packet.kind);
        ck_assert_uint_eq(read.sender, rows[i].packet.sender);
        ck_assert_uint_eq(read.receiver, rows[i].packet.receiver);
        ck_assert_uint_eq(read.counter, rows[i].packet.counter);
        for (size_t length = 0; length < sizeof(bytes); length++) {
            bool is_long = read.kind == WEFT_PACKET_DATA || read.kind == WEFT_PACKET_CONTROL;
            bool is_data = is_long && length > WEFT_PACKET_DATA_OVERHEAD &&
                           length <= WEFT_PACKET_DATA_BYTES_MAX;
            bool fits = is_data || (!is_long && length == rows[i].length);
            ck_assert((weft_packet_read(bytes, length).kind != WEFT_PACKET_NONE) == fits);
        }
        bytes[0] = 1; /* the type is four bytes */
        ck_assert_int_eq(weft_packet_read(bytes, rows[i].length).kind, WEFT_PACKET_NONE);
    }
}
END_TEST

/* Whatever a stranger sends, the longest answer to it is not longer. */
START_TEST(answers_are_shorter)
{
    ck_assert_uint_eq(WEFT_PACKET_INIT_BYTES, 313);
    ck_assert_uint_eq(WEFT_PACKET_ANSWER_BYTES, 244);
    ck_assert_uint_eq(WEFT_PACKET_COOKIE_BYTES, 64);
    ck_assert_uint_eq(WEFT_PACKET_DATA_OVERHEAD, 32);
    ck_assert_uint_eq(WEFT_PACKET_GONE_BYTES, 8);
}
END_TEST

START_TEST(greeting_is_read_back)
{
    uint8_t certificate[WEFT_CERTIFICATE_BYTES];
    uint8_t bytes[WEFT_GREETING_BYTES];
    memset(certificate, 5, sizeof(certificate));
    const struct weft_greeting made = {.time_ms = 0x0102030405060708, .certificate = certificate};
    struct weft_greeting read;
    weft_greeting_put(&made, bytes);
    ck_assert(weft_greeting_read(&read, bytes));
    ck_assert_uint_eq(read.time_ms, made.time_ms);
    ck_assert_mem_eq(read.certificate, certificate, sizeof(certificate));
    bytes[0]++; /* downgrade or upgrade: never taken */
    ck_assert(!weft_greeting_read(&read, bytes));
}
END_TEST

START_TEST(cookies_prove_an_address)
{
    struct weft_cookie_keys keys;
    struct weft_cookie_keys others;
    const uint8_t open[2][32] = {{1}, {2}};
    const uint8_t nonce[WEFT_COOKIE_NONCE_BYTES] = {3};
    uint8_t secret[WEFT_COOKIE_KEY_BYTES] = {4};
    uint8_t mac1[WEFT_COOKIE_MAC_BYTES];
    uint8_t mac2[WEFT_COOKIE_MAC_BYTES];
    uint8_t cookie[WEFT_COOKIE_BYTES];
    uint8_t other[WEFT_COOKIE_BYTES];
    uint8_t sealed[WEFT_COOKIE_SEALED_BYTES];
    const struct weft_address here = address_of(1);
    weft_cookie_keys_of(&keys, open[0]);
    weft_cookie_keys_of(&others, open[1]);
    weft_cookie_mac(mac1, keys.mac1, sizeof(keys.mac1), (const uint8_t *)"init", 4);
    ck_assert(weft_cookie_mac_ok(mac1, keys.mac1, sizeof(keys.mac1), (const uint8_t *)"init", 4));
    ck_assert(
        !weft_cookie_mac_ok(mac1, others.mac1, sizeof(keys.mac1), (const uint8_t *)"init", 4));
    ck_assert(!weft_cookie_mac_ok(mac1, keys.mac1, sizeof(keys.mac1), (const uint8_t *)"inix", 4));

    weft_cookie_make(cookie, secret, &here);
    weft_cookie_seal(&keys, nonce, mac1, cookie, sealed);
    ck_assert(weft_cookie_open(&keys, nonce, mac1, sealed, other));
    ck_assert_mem_eq(cookie, other, sizeof(cookie));
    ck_assert(!weft_cookie_open(&others, nonce, mac1, sealed, other));
    mac1[3] ^= 1; /* a cookie for another message of ours */
    ck_assert(!weft_cookie_open(&keys, nonce, mac1, sealed, other));

    weft_cookie_mac(mac2, cookie, sizeof(cookie), (const uint8_t *)"init", 4);
    struct weft_address elsewhere = address_of(2);
    weft_cookie_make(other, secret, &elsewhere);
    ck_assert(!weft_cookie_mac_ok(mac2, other, sizeof(other), (const uint8_t *)"init", 4));
    elsewhere = here;
    elsewhere.port++;
    weft_cookie_make(other, secret, &elsewhere);
    ck_assert(!weft_cookie_mac_ok(mac2, other, sizeof(other), (const uint8_t *)"init", 4));
    secret[0]++;
    weft_cookie_make(other, secret, &here);
    ck_assert(!weft_cookie_mac_ok(mac2, other, sizeof(other), (const uint8_t *)"init", 4));
}
END_TEST

START_TEST(one_address_is_bounded)
{
    struct weft_rate *rate = calloc(1, sizeof(*rate));
    const struct weft_address here = address_of(1);
    const struct weft_address there = address_of(2);
    weft_ns now_ns = 1000 * WEFT_NS_PER_S;
    uint32_t taken = 0;
    for (int i = 0; i < 100; i++) {
        taken += weft_rate_take(rate, &here, now_ns);
    }
    ck_assert_uint_eq(taken, WEFT_ADDRESS_BURST);
    ck_assert(weft_rate_take(rate, &there, now_ns)); /* others do not suffer */
    taken = 0;
    for (int ms = 0; ms < 10000; ms++) { /* ten seconds of a flood */
        now_ns += WEFT_NS_PER_MS;
        taken += weft_rate_take(rate, &here, now_ns);
    }
    ck_assert_uint_le(taken, 10 * WEFT_ADDRESS_PER_S + 1);
    ck_assert_uint_ge(taken, 10 * WEFT_ADDRESS_PER_S - 1);
    free(rate);
}
END_TEST

START_TEST(everybody_together_is_bounded)
{
    struct weft_rate *rate = calloc(1, sizeof(*rate));
    weft_ns now_ns = 1000 * WEFT_NS_PER_S;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < 100000; i++) { /* a second, each from an address of its own */
        const struct weft_address address = address_of(i);
        now_ns += 10 * WEFT_NS_PER_US;
        taken += weft_rate_take(rate, &address, now_ns);
    }
    ck_assert_uint_le(taken, WEFT_TOTAL_PER_S + WEFT_TOTAL_BURST);
    ck_assert_uint_ge(taken, WEFT_TOTAL_PER_S);
    now_ns += 10 * WEFT_NS_PER_S;
    const struct weft_address honest = address_of(77);
    ck_assert(weft_rate_take(rate, &honest, now_ns));
    /* IPv6: all addresses of one network are one. */
    struct weft_address six = {.ip = {0xfd, 1}, .port = 1};
    taken = 0;
    for (uint8_t i = 0; i < 100; i++) {
        six.ip[15] = i;
        taken += weft_rate_take(rate, &six, now_ns);
    }
    ck_assert_uint_eq(taken, WEFT_ADDRESS_BURST);
    free(rate);
}
END_TEST

/* How the bounds hang together. */
START_TEST(bounds)
{
    ck_assert_uint_ge(WEFT_PEERS_MAX, WEFT_MEMBERS_MAX + WEFT_REMOTES_MAX);
    ck_assert_uint_le(WEFT_REVOCATION_BYTES_MAX, WEFT_DATAGRAM_BYTES_MAX);
    ck_assert_uint_lt(WEFT_REKEY_MS, WEFT_REJECT_MS);
    ck_assert_uint_lt(WEFT_LOAD_PER_S, WEFT_TOTAL_PER_S);
    ck_assert_uint_le(WEFT_TRY_MS * WEFT_TRIES_MAX, WEFT_REST_MS);
    ck_assert_uint_le(WEFT_PACKET_1_BYTES, WEFT_PROOF_BYTES_MAX);
    ck_assert_uint_eq(WEFT_WINDOW_BITS % 64, 0);
    ck_assert_uint_eq(WEFT_ADDRESSES_MAX % WEFT_RATE_ROW, 0);
    ck_assert_uint_le(sizeof(struct weft_rate), 64 * 1024 + 64);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("gate");
    WEFT_ADD(suite, packets_are_read_back);
    WEFT_ADD(suite, answers_are_shorter);
    WEFT_ADD(suite, greeting_is_read_back);
    WEFT_ADD(suite, cookies_prove_an_address);
    WEFT_ADD(suite, one_address_is_bounded);
    WEFT_ADD(suite, everybody_together_is_bounded);
    WEFT_ADD(suite, bounds);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
