/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons: what is one, what it can make others send, and which node follows it. */
#include "tests/support/check_main.h"
#include "tests/support/fixture.h"

#include "protocol/address.h"
#include "protocol/claim.h"
#include "protocol/rng.h"
#include "protocol/transport/beacon.h"

#include <string.h>

static const uint8_t keys[2][WEFT_COOKIE_KEY_BYTES] = {{1}, {2}};

START_TEST(read_back)
{
    for (uint32_t i = 0; i < 4; i++) {
        const struct weft_beacon_sign sign = {.is_alone = i % 2 == 0,
                                              .port = i < 2 ? 7767 : UINT16_MAX};
        struct weft_beacon_sign read;
        uint8_t bytes[WEFT_BEACON_BYTES + 1] = {0};
        weft_beacon_put(&sign, keys[0], bytes);
        ck_assert(weft_beacon_read(&read, keys[0], bytes, WEFT_BEACON_BYTES));
        ck_assert_uint_eq(read.is_alone, sign.is_alone);
        ck_assert_uint_eq(read.port, sign.port);
        ck_assert(!weft_beacon_read(&read, keys[1], bytes, WEFT_BEACON_BYTES));
        for (size_t length = 0; length <= sizeof(bytes); length++) {
            ck_assert(weft_beacon_read(&read, keys[0], bytes, length) ==
                      (length == WEFT_BEACON_BYTES));
        }
    }
}
END_TEST

START_TEST(every_bit_counts)
{
    const struct weft_beacon_sign sign = {.port = 7767};
    struct weft_beacon_sign read;
    uint8_t bytes[WEFT_BEACON_BYTES];
    weft_beacon_put(&sign, keys[0], bytes);
    for (uint32_t bit = 0; bit < 8 * WEFT_BEACON_BYTES; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert(!weft_beacon_read(&read, keys[0], bytes, sizeof(bytes)));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    const struct weft_beacon_sign nowhere = {.port = 0};
    weft_beacon_put(&nowhere, keys[0], bytes);
    ck_assert(!weft_beacon_read(&read, keys[0], bytes, sizeof(bytes)));
}
END_TEST

/* All that a beacon makes a node say to an address that proved nothing is not longer than it. */
START_TEST(nothing_is_amplified)
{
    ck_assert_uint_eq(WEFT_BEACON_BYTES, 939);
    ck_assert_uint_ge(WEFT_BEACON_BYTES, WEFT_TRIES_MAX * WEFT_PACKET_INIT_BYTES);
    uint8_t bytes[WEFT_BEACON_BYTES];
    const struct weft_beacon_sign sign = {.port = 1};
    weft_beacon_put(&sign, keys[0], bytes);
    ck_assert_int_eq(weft_packet_read(bytes, sizeof(bytes)).kind, WEFT_PACKET_NONE);
}
END_TEST

/* A beacon from 10.0.0.|last|, or from elsewhere; the knocks that it leads to. */
static uint32_t follow(struct fixture *fixture, weft_ns later_ns, uint8_t third, uint8_t last)
{
    const uint8_t ipv4[4] = {10, 0, third, last};
    struct weft_event event = {.kind = WEFT_EVENT_BEACON,
                               .beacon = {.address = weft_address_of_ipv4(ipv4, 7767)}};
    fixture_step(fixture, later_ns, event);
    uint32_t knocks = 0;
    for (uint32_t i = 0; i < fixture->queue->count; i++) {
        const struct weft_action *action = &fixture->queue->items[i];
        struct weft_message message;
        if (action->kind == WEFT_ACTION_DATAGRAM &&
            weft_message_decode(action->send.bytes, action->send.length, &message) ==
                WEFT_REJECT_NONE &&
            message.kind == WEFT_MESSAGE_JOIN && action->send.to.id == 0) {
            knocks += weft_address_equal(&action->send.to.address, &event.beacon.address);
        }
    }
    return knocks;
}

START_TEST(who_is_alone_knocks)
{
    struct fixture fixture = fixture_new(NULL);
    ck_assert_uint_eq(follow(&fixture, WEFT_NS_PER_S, 0, 77), 1);
    ck_assert_uint_eq(follow(&fixture, WEFT_NS_PER_MS, 0, 78), 0); /* once a second */
    ck_assert_uint_eq(follow(&fixture, WEFT_NS_PER_S, 1, 77), 0);  /* not of this segment */
    ck_assert_uint_eq(follow(&fixture, 0, 0, 1), 0);               /* itself */
    ck_assert_uint_eq(follow(&fixture, 0, 0, 77), 1);
    ck_assert_uint_eq(weft_member_count(fixture.core), 0); /* nobody is believed to be there */
    fixture_free(&fixture);
}
END_TEST

/* Two groups on one link: one in company knocks at strangers only. */
START_TEST(company_knocks_at_strangers)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, 5, false);
    ck_assert_uint_eq(follow(&fixture, 10 * WEFT_NS_PER_S, 0, 77), 1);
    ck_assert_uint_eq(follow(&fixture, WEFT_NS_PER_S, 0, 5), 0);
    fixture_free(&fixture);
}
END_TEST

/* |state| is what node 5 is held for when its beacon comes: 1 = it is knocked at. */
static uint32_t follow_held(enum weft_member_state state)
{
    struct fixture fixture = fixture_new(NULL);
    fixture_member(&fixture, 5, false);
    fixture.core->actions = fixture.queue;
    struct weft_record said = weft_member_record(fixture.core, weft_member_slot(fixture.core, 5));
    said.state = (uint8_t)state;
    if (state == WEFT_MEMBER_LEFT) {
        ck_assert(weft_claim_merge(fixture.core, &said, WEFT_HEARSAY_GOSSIP));
    } else {
        weft_claim_suspect(fixture.core, 5);
    }
    if (state == WEFT_MEMBER_DEAD) {
        fixture_run(&fixture, 20 * WEFT_NS_PER_S);
    }
    const struct weft_endpoint five = weft_member_endpoint(fixture.core, 1);
    ck_assert_int_eq(weft_member_find(fixture.core, 5)->state, state);
    bool is_known = state == WEFT_MEMBER_SUSPECT;
    ck_assert(weft_view_knows(fixture.core, &five) == is_known);
    uint32_t knocks = follow(&fixture, WEFT_NS_PER_MS, 0, 5);
    fixture_free(&fixture);
    return knocks;
}

/* Who beacons is there, whatever others say of it. */
START_TEST(company_knocks_at_the_dead_and_gone)
{
    ck_assert_uint_eq(follow_held(WEFT_MEMBER_SUSPECT), 0);
    ck_assert_uint_eq(follow_held(WEFT_MEMBER_DEAD), 1);
    ck_assert_uint_eq(follow_held(WEFT_MEMBER_LEFT), 1);
}
END_TEST

/* Of many about three knock, whatever the number. */
START_TEST(of_a_crowd_few_knock)
{
    uint32_t knocks = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct fixture fixture = fixture_new(NULL);
        fixture.core->rng = weft_mix(seed);
        for (weft_node_id id = 2; id < 32; id++) {
            fixture_member(&fixture, id, false);
        }
        knocks += follow(&fixture, WEFT_NS_PER_MS, 0, 77);
        fixture_free(&fixture);
    }
    ck_assert_uint_ge(knocks, 8); /* 3 of 31 nodes: 19 of 200 are expected */
    ck_assert_uint_le(knocks, 36);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("beacon");
    WEFT_ADD(suite, read_back);
    WEFT_ADD(suite, every_bit_counts);
    WEFT_ADD(suite, nothing_is_amplified);
    WEFT_ADD(suite, who_is_alone_knocks);
    WEFT_ADD(suite, company_knocks_at_strangers);
    WEFT_ADD(suite, company_knocks_at_the_dead_and_gone);
    WEFT_ADD(suite, of_a_crowd_few_knock);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
