/* SPDX-License-Identifier: Apache-2.0 */
/* Strangers and eavesdroppers against the handshake: what gets in, what is said twice, and how much
 * a node can be made to say. Virtual time, no sockets. */
#include "tests/support/attack.h"

#include "protocol/rng.h"
#include "tests/support/peer_net.h"

#include <string.h>

START_TEST(nobody_answers)
{
    net_start();
    struct weft_endpoint to = {.id = 77, .address = net_address_of(900)};
    net_say(&nodes[0], &to, "hello?");
    net_pass(10000);
    ck_assert_uint_eq(nodes[0].lost, 1);
    size_t before = nodes[0].bytes_out;
    ck_assert_uint_eq(before, WEFT_TRIES_MAX * WEFT_PACKET_INIT_BYTES);
    for (int i = 0; i < 100; i++) { /* at most TRIES_MAX in each REST_MS */
        net_say(&nodes[0], &to, "hello?");
        net_pass(250);
    }
    ck_assert_uint_le(nodes[0].bytes_out - before, 10 * before);
    /* Somebody else lives at the address now. */
    to = (struct weft_endpoint){.id = 78, .address = nodes[1].self.address};
    net_say(&nodes[0], &to, "secret for 78");
    net_pass(10000);
    ck_assert_uint_eq(nodes[1].heard, 0);
    net_stop();
}
END_TEST

/* Somebody says that a node is where nobody is; what is sent there in vain keeps nothing back from
 * where it is. */
START_TEST(false_address)
{
    net_start();
    struct weft_endpoint lie = {.id = nodes[1].self.id, .address = net_address_of(901)};
    for (uint32_t i = 0; i < 10; i++) {
        net_say(&nodes[0], &lie, "are you there?");
        net_pass(i * 250); /* asked, given up, resting */
        uint32_t heard = nodes[1].heard;
        net_say(&nodes[0], &nodes[1].self, "or there?");
        net_settle();
        ck_assert_uint_gt(nodes[1].heard, heard);
        weft_peers_free(nodes[0].peers); /* no session the next time */
        now_ns += WEFT_NS_PER_S;
        net_run(&nodes[0]);
    }
    net_stop();
}
END_TEST

/* Everybody who is no member hears and says nothing. */
START_TEST(strangers)
{
    net_start();
    uint64_t now_s = weft_membership_now_s();
    static struct weft_revocation revocation;
    uint8_t record[WEFT_REVOCATION_BYTES_MAX];
    net_admit(&nodes[1], 1, now_s - 10, now_s + 10);     /* another mesh */
    net_admit(&nodes[2], 0, now_s - 10, now_s - 1);      /* expired */
    net_admit(&nodes[3], 0, now_s + 2000, now_s + 9000); /* not yet */
    memcpy(nodes[4].membership.certificate, nodes[0].membership.certificate,
           WEFT_CERTIFICATE_BYTES);                                     /* stolen certificate */
    memset(nodes[5].membership.certificate, 0, WEFT_CERTIFICATE_BYTES); /* none */
    revocation = (struct weft_revocation){.number = 5};
    weft_revocation_add(&revocation, nodes[6].self.id); /* revoked */
    size_t length = weft_revocation_sign(&revocation, mesh[0], mesh_secret[0], record);
    ck_assert_int_eq(weft_peers_revoke(nodes[0].peers, record, length, now_ns), WEFT_DOUBT_NONE);
    for (uint32_t i = 1; i <= 6; i++) {
        weft_peers_free(nodes[i].peers);
        net_run(&nodes[i]);
        nodes[i].self.id = weft_certificate_id(nodes[i].membership.own.open);
    }
    for (uint32_t i = 1; i <= 6; i++) {
        net_say(&nodes[i], &nodes[0].self, "let me in");
        net_settle();
        net_say(&nodes[0], &nodes[i].self, "who are you?");
        net_settle();
        net_pass(3000);
        ck_assert_msg(nodes[0].heard == 0, "stranger %u is heard", i);
        ck_assert_msg(nodes[i].heard == 0, "stranger %u hears", i);
    }
    net_say(&nodes[7], &nodes[0].self, "I am one");
    net_settle();
    ck_assert_uint_eq(nodes[0].heard, 1);
    net_stop();
}
END_TEST

START_TEST(replays)
{
    net_start();
    tap = WEFT_PACKET_DATA;
    net_say(&nodes[0], &nodes[1].self, "once");
    net_settle();
    struct packet data = tapped;
    uint32_t heard = nodes[1].heard;
    for (int i = 0; i < 10; i++) {
        queue[queued++] = data;
    }
    net_settle();
    ck_assert_uint_eq(nodes[1].heard, heard);
    /* A first message again: no second session, no answer. */
    tap = WEFT_PACKET_INIT;
    net_say(&nodes[2], &nodes[1].self, "hello");
    net_settle();
    struct packet init = tapped;
    size_t out = nodes[1].bytes_out;
    for (int i = 0; i < 10; i++) {
        queue[queued++] = init;
    }
    net_settle();
    ck_assert_uint_eq(nodes[1].bytes_out, out);
    net_say(&nodes[2], &nodes[1].self, "still here");
    net_settle();
    ck_assert_str_eq((char *)nodes[1].last, "still here");
    tap = WEFT_PACKET_NONE;
    net_stop();
}
END_TEST

/* A first message for the shared key that only opens to nothing: what a member can make by the
 * thousand, as cheaply as a mac. */
static void forge(struct packet *init, uint32_t number)
{
    struct weft_cookie_keys keys;
    weft_cookie_keys_of(&keys, nodes[0].membership.contact.open);
    weft_bytes_put(init->bytes + WEFT_PACKET_1_AT, 8, number);
    weft_cookie_mac(init->bytes + WEFT_PACKET_INIT_MAC1_AT, keys.mac1, sizeof(keys.mac1),
                    init->bytes, WEFT_PACKET_INIT_MAC1_AT);
}

/* A member that talks all the time is heard as often as the bound says; others do not suffer. */
START_TEST(member_that_floods)
{
    net_start();
    net_say(&nodes[1], &nodes[0].self, "x");
    net_say(&nodes[2], &nodes[0].self, "x");
    net_settle();
    for (int i = 0; i < 20000; i++) { /* for two seconds */
        now_ns += 100 * WEFT_NS_PER_US;
        net_say(&nodes[1], &nodes[0].self, "me");
        net_settle();
    }
    ck_assert_uint_le(nodes[0].heard, 2 + WEFT_PEER_BURST + 2 * WEFT_PEER_PER_S);
    ck_assert_uint_ge(nodes[0].heard, WEFT_PEER_BURST);
    net_say(&nodes[2], &nodes[0].self, "you");
    net_settle();
    ck_assert_str_eq((char *)nodes[0].last, "you");
    net_stop();
}
END_TEST

/* Of random and damaged packets from addresses that proved nothing, none makes a node say more than
 * it heard. */
START_TEST(nothing_is_amplified)
{
    net_start();
    enum { PACKETS = 100000, SPOOFED = 1000 };
    static uint32_t in[SPOOFED];
    static uint32_t out[SPOOFED];
    static struct packet kinds[4];
    const enum weft_packet_kind taps[4] = {WEFT_PACKET_INIT, WEFT_PACKET_ANSWER, WEFT_PACKET_DATA,
                                           WEFT_PACKET_INIT};
    for (uint32_t i = 0; i < 4; i++) { /* what an eavesdropper has */
        tap = taps[i];
        net_say(&nodes[i + 1], &nodes[0].self, "x");
        if (i == 3) {
            kinds[i] = queue[0]; /* a question */
        }
        net_settle();
        kinds[i] = i == 3 ? kinds[i] : tapped;
    }
    tap = WEFT_PACKET_NONE;
    memset(in, 0, sizeof(in));
    memset(out, 0, sizeof(out));
    for (uint32_t i = 0; i < PACKETS; i++) {
        struct packet packet = kinds[weft_rng_below(&rng, 4)];
        uint32_t from = weft_rng_below(&rng, SPOOFED);
        struct weft_address address = net_address_of(1000 + from);
        if (weft_rng_below(&rng, 3) != 0) {
            packet.bytes[weft_rng_below(&rng, (uint32_t)packet.length)] ^=
                (uint8_t)(1 + weft_rng_below(&rng, 255));
        }
        if (weft_packet_read(packet.bytes, packet.length).kind == WEFT_PACKET_INIT &&
            weft_rng_below(&rng, 2) == 0) {
            forge(&packet, i);
        }
        packet.length -= weft_rng_below(&rng, 20) == 0 ? weft_rng_below(&rng, 30) : 0;
        now_ns += 20 * WEFT_NS_PER_US;
        in[from] += (uint32_t)packet.length;
        weft_peers_receive(nodes[0].peers, &address, 64, packet.bytes, packet.length, now_ns);
        for (uint32_t k = 0; k < queued; k++) {
            ck_assert_mem_eq(&queue[k].to, &address, sizeof(address));
            out[from] += (uint32_t)queue[k].length;
        }
        queued = 0;
        ck_assert_uint_le(out[from], in[from]);
    }
    net_stop();
}
END_TEST

/* 100,000 first messages a second that look right, from 100,000 addresses, or all from that of
 * nodes[2], which opens a handshake after half a second. Result: it gets in within two seconds. */
static bool gets_in(bool in_its_name)
{
    net_say(&nodes[1], &nodes[0].self, "x");
    struct packet question = queue[0];
    net_settle();
    uint32_t heard = nodes[0].heard;
    uint32_t cookies = 0;
    bool is_in = false;
    for (uint32_t i = 0; i < 200000 && !is_in; i++) {
        struct weft_address spoofed =
            in_its_name ? nodes[2].self.address : net_address_of(100000 + i);
        now_ns += 10 * WEFT_NS_PER_US;
        forge(&question, i);
        weft_peers_receive(nodes[0].peers, &spoofed, 64, question.bytes, question.length, now_ns);
        for (uint32_t k = 0; k < queued; k++) {
            ck_assert_uint_eq(queue[k].length, WEFT_PACKET_COOKIE_BYTES);
            cookies++;
        }
        queued = 0;
        if (i == 50000) {
            net_say(&nodes[2], &nodes[0].self, "honest");
            net_settle();
        }
        if (i > 50000 && i % 25000 == 0) {
            weft_peers_expire(nodes[2].peers, now_ns);
            net_settle();
            is_in = nodes[0].heard > heard;
        }
    }
    ck_assert_uint_gt(cookies, 10000);
    return is_in;
}

START_TEST(flood_of_first_messages)
{
    net_start();
    ck_assert(gets_in(false));
    net_stop();
}
END_TEST

/* Whoever writes the address of another on his packets locks nobody out. */
START_TEST(flood_in_the_name_of_another)
{
    net_start();
    ck_assert(gets_in(true));
    net_stop();
}
END_TEST

/* A first message of a member, sealed as it should be, with a greeting of |version|. */
static struct packet greet_as(uint8_t version)
{
    const struct weft_membership *self = &nodes[1].membership;
    const uint8_t *key = nodes[0].membership.own.open;
    static uint64_t time_ms = UINT64_C(1) << 50;
    const struct weft_greeting greeting = {.time_ms = time_ms++, .certificate = self->certificate};
    const struct weft_packet head = {.kind = WEFT_PACKET_INIT, .sender = 5};
    const uint8_t ephemeral[WEFT_NOISE_KEY_BYTES] = {1, version};
    uint8_t bytes[WEFT_GREETING_BYTES];
    struct packet init = {.length = WEFT_PACKET_INIT_BYTES};
    struct weft_noise noise;
    struct weft_cookie_keys keys;
    weft_greeting_put(&greeting, bytes);
    bytes[0] = version;
    weft_noise_begin(&noise, &self->own, key, self->prologue, sizeof(self->prologue));
    ck_assert(
        weft_noise_write_1(&noise, ephemeral, bytes, sizeof(bytes), init.bytes + WEFT_PACKET_1_AT));
    weft_packet_put(&head, init.bytes);
    weft_cookie_keys_of(&keys, key);
    weft_cookie_mac(init.bytes + WEFT_PACKET_INIT_MAC1_AT, keys.mac1, sizeof(keys.mac1), init.bytes,
                    WEFT_PACKET_INIT_MAC1_AT);
    return init;
}

/* There is one version and no plaintext: everything else is silence. */
START_TEST(downgrade)
{
    net_start();
    const uint8_t plain[] = {0x95, 1, 1, 12, 5, 0}; /* a HINT as the core writes it */
    weft_peers_receive(nodes[0].peers, &nodes[1].self.address, 255, plain, sizeof(plain), now_ns);
    ck_assert_uint_eq(queued + nodes[0].heard, 0);
    for (uint32_t version = 0; version <= UINT8_MAX; version++) {
        struct packet init = greet_as((uint8_t)version);
        now_ns += 20 * WEFT_NS_PER_MS; /* no load: each is read */
        weft_peers_receive(nodes[0].peers, &nodes[1].self.address, 255, init.bytes, init.length,
                           now_ns);
        ck_assert_uint_eq(queued, version == 1 ? 1 : 0);
        queued = 0;
    }
    ck_assert_uint_eq(nodes[0].heard, 0);
    net_stop();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"first messages to an address where nobody is", "three, then it rests", nobody_answers},
        {"a false address of a member", "the true one is tried at once", false_address},
        {"no, stolen, expired, early, revoked certificate, another mesh", "silence", strangers},
        {"packets of a session and a handshake again", "dropped, not answered", replays},
        {"10,000 datagrams a second of a member", "200 of them, others are heard",
         member_that_floods},
        {"100,000 damaged packets from 1,000 addresses", "no answer is longer",
         nothing_is_amplified},
        {"100,000 first messages a second", "cookies; an honest node gets in",
         flood_of_first_messages},
        {"the same in the name of an honest node", "it gets in all the same",
         flood_in_the_name_of_another},
        {"no seal, and every other version", "silence", downgrade},
    };
    return attack_run(cases, sizeof(cases) / sizeof(cases[0]));
}
