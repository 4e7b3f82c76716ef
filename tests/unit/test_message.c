/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams: what is written is read again, and nothing else is accepted. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/message.h"
#include "protocol/record.h"
#include "protocol/wire.h"

static struct weft_address address_of(uint8_t last, bool v6)
{
    struct weft_address address = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = last},
                                   .port = 7767};
    if (v6) {
        memset(address.ip, 0xfd, sizeof address.ip);
    }
    return address;
}

static struct weft_record record_of(uint8_t last, bool v6)
{
    return (struct weft_record){
        .id = v6 ? UINT64_MAX - last : last,
        .incarnation = v6 ? WEFT_INCARNATION_MAX : 5,
        .address = address_of(last, v6),
        .site = v6 ? UINT32_MAX : 0,
        .term = v6 ? UINT32_MAX : 1,
        .state = v6 ? WEFT_MEMBER_LEFT : WEFT_MEMBER_ALIVE,
        .agent_class = v6 ? WEFT_AGENT_SERVER : WEFT_AGENT_AUTO,
        .role = v6 ? WEFT_ROLE_DRAIN : WEFT_ROLE_AGENT,
        .stability = v6 ? 7 : 0,
        .claim = WEFT_HALF_OCTAVES_MAX,
    };
}

static struct weft_contact contact_of(uint8_t last)
{
    return (struct weft_contact){
        .endpoint = {.id = UINT64_MAX - last, .address = address_of(last, true)},
        .segment = UINT64_MAX,
        .site = UINT32_MAX,
        .bulletin = UINT64_MAX,
        .agent_class = WEFT_AGENT_SERVER,
        .is_agent = true,
    };
}

static void fill_records(struct weft_records *records, uint32_t count)
{
    records->count = count;
    for (uint32_t i = 0; i < count; i++) {
        records->items[i] = record_of((uint8_t)(i + 1), true);
    }
}

static void fill_contacts(struct weft_contacts *contacts, uint32_t count)
{
    contacts->count = count;
    for (uint32_t i = 0; i < count; i++) {
        contacts->items[i] = contact_of((uint8_t)(i + 1));
    }
}

static const uint8_t document[WEFT_BULLETIN_BYTES_MAX] = {1, 2, 3};

/* The largest message of a kind. */
static void fill_body(struct weft_message *message)
{
    switch (message->kind) {
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
        message->probe.sequence = UINT32_MAX;
        message->probe.subject = UINT64_MAX;
        message->probe.suspected = WEFT_INCARNATION_MAX;
        message->probe.digest = UINT64_MAX;
        fill_records(&message->probe.records, WEFT_MESSAGE_RECORDS_MAX);
        break;
    case WEFT_MESSAGE_PINGREQ:
        message->pingreq.sequence = 9;
        message->pingreq.target = contact_of(3).endpoint;
        break;
    case WEFT_MESSAGE_GOSSIP:
        fill_records(&message->gossip.records, WEFT_MESSAGE_RECORDS_MAX / 2);
        message->gossip.rate_count = WEFT_MESSAGE_RATES_MAX;
        for (uint32_t i = 0; i < WEFT_MESSAGE_RATES_MAX; i++) {
            message->gossip.rates[i] =
                (struct weft_rate){UINT64_MAX, UINT64_MAX - 1, UINT32_MAX, WEFT_HALF_OCTAVES_MAX};
        }
        break;
    case WEFT_MESSAGE_SYNC:
        message->sync.mode = WEFT_SYNC_LEARN;
        message->sync.salt = UINT32_MAX;
        memset(message->sync.buckets, 0xab, sizeof message->sync.buckets);
        break;
    case WEFT_MESSAGE_SYNC_RECORDS:
        fill_records(&message->gossip.records, WEFT_MESSAGE_RECORDS_MAX);
        break;
    case WEFT_MESSAGE_JOIN:
        message->join.nonce = 77;
        message->join.record = record_of(1, false);
        message->join.record.id = message->sender;
        message->join.segment =
            (struct weft_prefix){.ip = {[10] = 0xff, [11] = 0xff, [12] = 10}, .bits = 120};
        break;
    case WEFT_MESSAGE_WELCOME:
        message->welcome.nonce = UINT32_MAX;
        message->welcome.digest = UINT64_MAX;
        fill_records(&message->welcome.records, WEFT_MESSAGE_WELCOME_MAX);
        fill_contacts(&message->welcome.contacts, WEFT_MESSAGE_WELCOME_MAX);
        break;
    case WEFT_MESSAGE_AGENTS:
        message->agents.is_reply = true;
        message->agents.sender = contact_of(1);
        message->agents.sender.endpoint.id = message->sender;
        fill_contacts(&message->agents.contacts, WEFT_MESSAGE_CONTACTS_MAX);
        break;
    case WEFT_MESSAGE_ANNOUNCE:
        message->announce.bytes = document;
        message->announce.length = sizeof document;
        break;
    case WEFT_MESSAGE_LEAVE:
        message->leave = record_of(1, true);
        message->leave.id = message->sender;
        break;
    case WEFT_MESSAGE_ANNOUNCE_GET:
    case WEFT_MESSAGE_HINT:
        break;
    }
}

static uint32_t encode(enum weft_message_kind kind, uint8_t *buffer)
{
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = kind;
    message.mesh = UINT64_MAX;
    message.sender = UINT64_MAX;
    message.bulletin = UINT64_MAX;
    fill_body(&message);
    return weft_message_encode(&message, buffer, WEFT_DATAGRAM_BYTES_MAX);
}

/* _i runs over the kinds. */
START_TEST(round_trip)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint8_t again[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t length = encode((enum weft_message_kind)_i, bytes);
    ck_assert_uint_gt(length, 0);
    struct weft_message message;
    ck_assert_int_eq(weft_message_decode(bytes, length, &message), WEFT_REJECT_NONE);
    ck_assert_int_eq((int)message.kind, _i);
    ck_assert_uint_eq(message.bulletin, UINT64_MAX);
    ck_assert_uint_eq(weft_message_encode(&message, again, sizeof again), length);
    ck_assert_mem_eq(bytes, again, length);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t length = encode((enum weft_message_kind)_i, bytes);
    for (uint32_t cut = 0; cut < length; cut++) {
        struct weft_message message;
        ck_assert_int_ne(weft_message_decode(bytes, cut, &message), WEFT_REJECT_NONE);
    }
}
END_TEST

START_TEST(trailing_byte_is_refused)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX + 1] = {0};
    uint32_t length = encode((enum weft_message_kind)_i, bytes);
    struct weft_message message;
    enum weft_reject reject = weft_message_decode(bytes, length + 1, &message);
    ck_assert(reject == WEFT_REJECT_TRAILING || reject == WEFT_REJECT_RANGE);
}
END_TEST

static void check_limits(const struct weft_records *records)
{
    ck_assert_uint_le(records->count, WEFT_MESSAGE_RECORDS_MAX);
    for (uint32_t i = 0; i < records->count; i++) {
        const struct weft_record *record = &records->items[i];
        ck_assert(record->id != 0 && record->incarnation != 0);
        ck_assert(record->incarnation <= WEFT_INCARNATION_MAX);
        ck_assert(record->role < WEFT_ROLE_COUNT && record->state < WEFT_MEMBER_STATE_COUNT &&
                  record->agent_class < WEFT_AGENT_CLASS_COUNT);
    }
}

START_TEST(flipped_bits_never_pass_the_limits)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    uint32_t length = encode(WEFT_MESSAGE_SYNC_RECORDS, bytes);
    for (uint32_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct weft_message message;
        if (weft_message_decode(bytes, length, &message) == WEFT_REJECT_NONE &&
            message.kind == WEFT_MESSAGE_SYNC_RECORDS) {
            check_limits(&message.gossip.records);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

/* A header with |elements| in the array, then |kind|. */
static struct weft_writer header(uint8_t *bytes, size_t size, uint32_t elements, uint64_t version,
                                 uint64_t kind)
{
    struct weft_writer writer = weft_writer_into(bytes, size);
    weft_write_array(&writer, elements);
    weft_write_uint(&writer, version);
    weft_write_uint(&writer, 7);
    weft_write_uint(&writer, kind);
    weft_write_uint(&writer, 42);
    weft_write_uint(&writer, 3);
    return writer;
}

START_TEST(later_elements_are_passed_over)
{
    uint8_t bytes[100];
    struct weft_message message;
    struct weft_writer writer = header(bytes, sizeof bytes, 7, 1, WEFT_MESSAGE_HINT);
    weft_write_uint(&writer, 1);
    weft_write_bin(&writer, "new", 3);
    ck_assert_int_eq(weft_message_decode(bytes, weft_writer_length(&writer), &message),
                     WEFT_REJECT_NONE);
    ck_assert_uint_eq(message.sender, 42);
}
END_TEST

START_TEST(other_versions_and_kinds_are_refused)
{
    uint8_t bytes[100];
    struct weft_message message;
    struct weft_writer writer = header(bytes, sizeof bytes, 5, 2, WEFT_MESSAGE_HINT);
    ck_assert_int_eq(weft_message_decode(bytes, weft_writer_length(&writer), &message),
                     WEFT_REJECT_VERSION);
    for (uint64_t kind = 0; kind < 256; kind += kind == 0 ? 14 : 1) {
        writer = header(bytes, sizeof bytes, 5, 1, kind);
        ck_assert_int_eq(weft_message_decode(bytes, weft_writer_length(&writer), &message),
                         WEFT_REJECT_UNKNOWN_KIND);
    }
    writer = header(bytes, sizeof bytes, 5, 1, WEFT_MESSAGE_PING);
    ck_assert_int_eq(weft_message_decode(bytes, weft_writer_length(&writer), &message),
                     WEFT_REJECT_TRUNCATED);
}
END_TEST

START_TEST(nobody_speaks_for_others)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_LEAVE;
    message.sender = 42;
    message.leave = record_of(1, true);
    uint32_t length = weft_message_encode(&message, bytes, sizeof bytes);
    ck_assert_int_eq(weft_message_decode(bytes, length, &message), WEFT_REJECT_RANGE);
}
END_TEST

START_TEST(addresses_have_one_form)
{
    uint8_t bytes[32];
    struct weft_writer writer = weft_writer_into(bytes, sizeof bytes);
    uint8_t ip[18] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1, [16] = 1};
    weft_write_bin(&writer, ip, sizeof ip);
    struct weft_reader reader = weft_reader_of(bytes, weft_writer_length(&writer));
    weft_address_read(&reader);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_NOT_CANONICAL);
    uint8_t no_port[6] = {10, 0, 0, 1, 0, 0};
    writer = weft_writer_into(bytes, sizeof bytes);
    weft_write_bin(&writer, no_port, sizeof no_port);
    reader = weft_reader_of(bytes, weft_writer_length(&writer));
    weft_address_read(&reader);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_RANGE);
}
END_TEST

START_TEST(too_many_parts_are_not_written)
{
    uint8_t bytes[WEFT_DATAGRAM_BYTES_MAX];
    struct weft_message message;
    memset(&message, 0, sizeof message);
    message.kind = WEFT_MESSAGE_WELCOME;
    message.sender = 1;
    fill_records(&message.welcome.records, WEFT_MESSAGE_WELCOME_MAX + 1);
    ck_assert_uint_eq(weft_message_encode(&message, bytes, sizeof bytes), 0);
}
END_TEST

START_TEST(segment_keys_differ)
{
    struct weft_prefix a = {.ip = {[12] = 10}, .bits = 120};
    struct weft_prefix b = {.ip = {[12] = 10}, .bits = 119};
    struct weft_prefix c = {.ip = {[12] = 10, [14] = 1}, .bits = 120};
    ck_assert(weft_segment_key(&a) != weft_segment_key(&b));
    ck_assert(weft_segment_key(&a) != weft_segment_key(&c));
}
END_TEST

static void add_kinds(Suite *suite, const char *name, const TTest *test)
{
    TCase *tcase = tcase_create(name);
    tcase_add_loop_test(tcase, test, WEFT_MESSAGE_PING, WEFT_MESSAGE_LEAVE + 1);
    suite_add_tcase(suite, tcase);
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("message");
    add_kinds(suite, "round_trip", round_trip);
    add_kinds(suite, "every_truncation_is_refused", every_truncation_is_refused);
    add_kinds(suite, "trailing_byte_is_refused", trailing_byte_is_refused);
    WEFT_ADD(suite, flipped_bits_never_pass_the_limits);
    WEFT_ADD(suite, later_elements_are_passed_over);
    WEFT_ADD(suite, other_versions_and_kinds_are_refused);
    WEFT_ADD(suite, nobody_speaks_for_others);
    WEFT_ADD(suite, addresses_have_one_form);
    WEFT_ADD(suite, too_many_parts_are_not_written);
    WEFT_ADD(suite, segment_keys_differ);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
