/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what stands in this datagram, and is it well formed?"; the parts that several messages
 * share (records, contacts, rates, addresses) are in record.c. */
#include "message.h"

#include <string.h>

#include "address.h"
#include "record.h"
#include "wire.h"

/* Elements of the array before the body, and the most that is read at all. */
#define HEADER_ELEMENTS 5
#define ELEMENTS_MAX 32

_Static_assert(WEFT_MESSAGE_RECORDS_MAX *WEFT_RECORD_WIRE_BYTES_MAX + 96 <= WEFT_DATAGRAM_BYTES_MAX,
               "records fit");
_Static_assert(
    WEFT_MESSAGE_WELCOME_MAX *(WEFT_RECORD_WIRE_BYTES_MAX + WEFT_CONTACT_WIRE_BYTES_MAX) + 96 <=
        WEFT_DATAGRAM_BYTES_MAX,
    "a WELCOME fits");
_Static_assert((WEFT_MESSAGE_CONTACTS_MAX + 1) * WEFT_CONTACT_WIRE_BYTES_MAX + 96 <=
                   WEFT_DATAGRAM_BYTES_MAX,
               "contacts fit");

/* Elements of the body of each kind; 0 = no such kind. */
static uint32_t body_elements(uint64_t kind, bool *is_known)
{
    static const uint8_t elements[] = {
        [WEFT_MESSAGE_PING] = 5,         [WEFT_MESSAGE_ACK] = 5,
        [WEFT_MESSAGE_PINGREQ] = 4,      [WEFT_MESSAGE_GOSSIP] = 2,
        [WEFT_MESSAGE_SYNC] = 3,         [WEFT_MESSAGE_SYNC_RECORDS] = 1,
        [WEFT_MESSAGE_JOIN] = 4,         [WEFT_MESSAGE_WELCOME] = 4,
        [WEFT_MESSAGE_AGENTS] = 3,       [WEFT_MESSAGE_ANNOUNCE] = 1,
        [WEFT_MESSAGE_ANNOUNCE_GET] = 0, [WEFT_MESSAGE_HINT] = 0,
        [WEFT_MESSAGE_LEAVE] = 1,
    };
    *is_known = kind >= WEFT_MESSAGE_PING && kind < sizeof elements;
    return *is_known ? elements[kind] : 0;
}

static void read_probe(struct weft_reader *reader, struct weft_message_probe *probe)
{
    probe->sequence = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    probe->subject = weft_read_uint(reader, UINT64_MAX);
    probe->suspected = weft_read_uint(reader, WEFT_INCARNATION_MAX);
    probe->digest = weft_read_uint(reader, UINT64_MAX);
    weft_records_read(reader, WEFT_MESSAGE_RECORDS_MAX, &probe->records);
}

static void read_pingreq(struct weft_reader *reader, struct weft_message_pingreq *request)
{
    request->sequence = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    request->target.id = weft_id_read(reader);
    request->target.address = weft_address_read(reader);
    request->suspected = weft_read_uint(reader, WEFT_INCARNATION_MAX);
}

static void read_gossip(struct weft_reader *reader, struct weft_message_gossip *gossip)
{
    weft_records_read(reader, WEFT_MESSAGE_RECORDS_MAX, &gossip->records);
    gossip->rate_count = weft_read_array(reader, WEFT_MESSAGE_RATES_MAX);
    for (uint32_t i = 0; i < gossip->rate_count; i++) {
        gossip->rates[i] = weft_rate_read(reader);
    }
}

static void read_sync(struct weft_reader *reader, struct weft_message_sync *sync)
{
    uint8_t bytes[WEFT_MESSAGE_BUCKETS * 2];
    sync->mode = (uint8_t)weft_read_uint(reader, WEFT_SYNC_MODE_COUNT - 1);
    sync->salt = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    weft_read_bin_exact(reader, bytes, sizeof bytes);
    for (size_t i = 0; i < WEFT_MESSAGE_BUCKETS; i++) {
        sync->buckets[i] = (uint16_t)((uint32_t)bytes[2 * i] << 8 | (uint32_t)bytes[2 * i + 1]);
    }
}

static void read_join(struct weft_reader *reader, struct weft_message_join *join)
{
    join->nonce = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    join->record = weft_record_read(reader);
    weft_read_bin_exact(reader, join->segment.ip, WEFT_IP_BYTES);
    join->segment.bits = (uint8_t)weft_read_uint(reader, 128);
    struct weft_prefix clean = weft_prefix_of(join->segment.ip, join->segment.bits);
    if (!weft_prefix_equal(&clean, &join->segment)) {
        weft_reader_fail(reader, WEFT_REJECT_NOT_CANONICAL);
    }
}

static void read_welcome(struct weft_reader *reader, struct weft_message_welcome *welcome)
{
    welcome->nonce = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    welcome->digest = weft_read_uint(reader, UINT64_MAX);
    weft_records_read(reader, WEFT_MESSAGE_WELCOME_MAX, &welcome->records);
    weft_contacts_read(reader, WEFT_MESSAGE_WELCOME_MAX, &welcome->contacts);
}

static void read_announce(struct weft_reader *reader, struct weft_message_announce *announce)
{
    struct weft_span span = weft_read_bin(reader, WEFT_BULLETIN_BYTES_MAX);
    announce->bytes = span.bytes;
    announce->length = span.length;
}

static void read_body(struct weft_reader *reader, struct weft_message *message)
{
    switch (message->kind) {
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
        read_probe(reader, &message->probe);
        break;
    case WEFT_MESSAGE_PINGREQ:
        read_pingreq(reader, &message->pingreq);
        break;
    case WEFT_MESSAGE_GOSSIP:
        read_gossip(reader, &message->gossip);
        break;
    case WEFT_MESSAGE_SYNC:
        read_sync(reader, &message->sync);
        break;
    case WEFT_MESSAGE_SYNC_RECORDS:
        weft_records_read(reader, WEFT_MESSAGE_RECORDS_MAX, &message->gossip.records);
        break;
    case WEFT_MESSAGE_JOIN:
        read_join(reader, &message->join);
        break;
    case WEFT_MESSAGE_WELCOME:
        read_welcome(reader, &message->welcome);
        break;
    case WEFT_MESSAGE_AGENTS:
        message->agents.is_reply = weft_read_uint(reader, 1) == 1;
        message->agents.sender = weft_contact_read(reader);
        weft_contacts_read(reader, WEFT_MESSAGE_CONTACTS_MAX, &message->agents.contacts);
        break;
    case WEFT_MESSAGE_ANNOUNCE:
        read_announce(reader, &message->announce);
        break;
    case WEFT_MESSAGE_LEAVE:
        message->leave = weft_record_read(reader);
        break;
    case WEFT_MESSAGE_ANNOUNCE_GET:
    case WEFT_MESSAGE_HINT:
        break;
    }
}

/* A sender speaks only for itself in JOIN, AGENTS and LEAVE. */
static bool speaks_for_itself(const struct weft_message *message)
{
    switch (message->kind) {
    case WEFT_MESSAGE_JOIN:
        return message->join.record.id == message->sender &&
               message->join.record.state == WEFT_MEMBER_ALIVE &&
               weft_prefix_contains(&message->join.segment, message->join.record.address.ip);
    case WEFT_MESSAGE_AGENTS:
        return message->agents.sender.endpoint.id == message->sender;
    case WEFT_MESSAGE_LEAVE:
        return message->leave.id == message->sender && message->leave.state == WEFT_MEMBER_LEFT;
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
    case WEFT_MESSAGE_PINGREQ:
    case WEFT_MESSAGE_GOSSIP:
    case WEFT_MESSAGE_SYNC:
    case WEFT_MESSAGE_SYNC_RECORDS:
    case WEFT_MESSAGE_WELCOME:
    case WEFT_MESSAGE_ANNOUNCE:
    case WEFT_MESSAGE_ANNOUNCE_GET:
    case WEFT_MESSAGE_HINT:
        break;
    }
    return true;
}

/* Read the array header and version; elements in all. */
static uint32_t read_opening(struct weft_reader *reader)
{
    uint32_t elements = weft_read_array(reader, ELEMENTS_MAX);
    uint64_t version = weft_read_uint(reader, UINT64_MAX);
    if (weft_reader_ok(reader) && version != WEFT_PROTOCOL_VERSION) {
        weft_reader_fail(reader, WEFT_REJECT_VERSION);
    }
    if (weft_reader_ok(reader) && elements < HEADER_ELEMENTS) {
        weft_reader_fail(reader, WEFT_REJECT_TRUNCATED);
    }
    return elements;
}

enum weft_reject weft_message_decode(const uint8_t *bytes, size_t length,
                                     struct weft_message *message)
{
    if (length > WEFT_DATAGRAM_BYTES_MAX) {
        return WEFT_REJECT_RANGE;
    }
    struct weft_reader reader = weft_reader_of(bytes, length);
    uint32_t elements = read_opening(&reader);
    message->mesh = weft_read_uint(&reader, UINT64_MAX);
    uint64_t kind = weft_read_uint(&reader, UINT8_MAX);
    message->sender = weft_id_read(&reader);
    message->bulletin = weft_read_uint(&reader, UINT64_MAX);
    if (!weft_reader_ok(&reader)) {
        return reader.reject;
    }
    bool is_known = false;
    uint32_t wanted = HEADER_ELEMENTS + body_elements(kind, &is_known);
    if (!is_known) {
        return WEFT_REJECT_UNKNOWN_KIND;
    }
    if (elements < wanted) {
        return WEFT_REJECT_TRUNCATED;
    }
    message->kind = (enum weft_message_kind)kind;
    read_body(&reader, message);
    weft_read_skip(&reader, elements - wanted);
    weft_read_end(&reader);
    if (weft_reader_ok(&reader) && !speaks_for_itself(message)) {
        return WEFT_REJECT_RANGE;
    }
    return reader.reject;
}

static void write_probe(struct weft_writer *writer, const struct weft_message_probe *probe)
{
    weft_write_uint(writer, probe->sequence);
    weft_write_uint(writer, probe->subject);
    weft_write_uint(writer, probe->suspected);
    weft_write_uint(writer, probe->digest);
    weft_records_write(writer, WEFT_MESSAGE_RECORDS_MAX, &probe->records);
}

static void write_pingreq(struct weft_writer *writer, const struct weft_message_pingreq *request)
{
    weft_write_uint(writer, request->sequence);
    weft_write_uint(writer, request->target.id);
    weft_address_write(writer, &request->target.address);
    weft_write_uint(writer, request->suspected);
}

static void write_gossip(struct weft_writer *writer, const struct weft_message_gossip *gossip)
{
    weft_records_write(writer, WEFT_MESSAGE_RECORDS_MAX, &gossip->records);
    if (gossip->rate_count > WEFT_MESSAGE_RATES_MAX) {
        writer->overflow = true;
        return;
    }
    weft_write_array(writer, gossip->rate_count);
    for (uint32_t i = 0; i < gossip->rate_count; i++) {
        weft_rate_write(writer, &gossip->rates[i]);
    }
}

static void write_sync(struct weft_writer *writer, const struct weft_message_sync *sync)
{
    uint8_t bytes[WEFT_MESSAGE_BUCKETS * 2];
    for (size_t i = 0; i < WEFT_MESSAGE_BUCKETS; i++) {
        bytes[2 * i] = (uint8_t)(sync->buckets[i] >> 8);
        bytes[2 * i + 1] = (uint8_t)sync->buckets[i];
    }
    weft_write_uint(writer, sync->mode);
    weft_write_uint(writer, sync->salt);
    weft_write_bin(writer, bytes, sizeof bytes);
}

static void write_join(struct weft_writer *writer, const struct weft_message_join *join)
{
    weft_write_uint(writer, join->nonce);
    weft_record_write(writer, &join->record);
    weft_write_bin(writer, join->segment.ip, WEFT_IP_BYTES);
    weft_write_uint(writer, join->segment.bits);
}

static void write_welcome(struct weft_writer *writer, const struct weft_message_welcome *welcome)
{
    weft_write_uint(writer, welcome->nonce);
    weft_write_uint(writer, welcome->digest);
    weft_records_write(writer, WEFT_MESSAGE_WELCOME_MAX, &welcome->records);
    weft_contacts_write(writer, WEFT_MESSAGE_WELCOME_MAX, &welcome->contacts);
}

static void write_body(struct weft_writer *writer, const struct weft_message *message)
{
    switch (message->kind) {
    case WEFT_MESSAGE_PING:
    case WEFT_MESSAGE_ACK:
        write_probe(writer, &message->probe);
        break;
    case WEFT_MESSAGE_PINGREQ:
        write_pingreq(writer, &message->pingreq);
        break;
    case WEFT_MESSAGE_GOSSIP:
        write_gossip(writer, &message->gossip);
        break;
    case WEFT_MESSAGE_SYNC:
        write_sync(writer, &message->sync);
        break;
    case WEFT_MESSAGE_SYNC_RECORDS:
        weft_records_write(writer, WEFT_MESSAGE_RECORDS_MAX, &message->gossip.records);
        break;
    case WEFT_MESSAGE_JOIN:
        write_join(writer, &message->join);
        break;
    case WEFT_MESSAGE_WELCOME:
        write_welcome(writer, &message->welcome);
        break;
    case WEFT_MESSAGE_AGENTS:
        weft_write_uint(writer, message->agents.is_reply ? 1 : 0);
        weft_contact_write(writer, &message->agents.sender);
        weft_contacts_write(writer, WEFT_MESSAGE_CONTACTS_MAX, &message->agents.contacts);
        break;
    case WEFT_MESSAGE_ANNOUNCE:
        weft_write_bin(writer, message->announce.bytes, message->announce.length);
        break;
    case WEFT_MESSAGE_LEAVE:
        weft_record_write(writer, &message->leave);
        break;
    case WEFT_MESSAGE_ANNOUNCE_GET:
    case WEFT_MESSAGE_HINT:
        break;
    }
}

uint32_t weft_message_encode(const struct weft_message *message, uint8_t *buffer, size_t size)
{
    struct weft_writer writer = weft_writer_into(buffer, size);
    bool is_known = false;
    uint32_t body = body_elements((uint64_t)message->kind, &is_known);
    if (!is_known) {
        return 0;
    }
    weft_write_array(&writer, HEADER_ELEMENTS + body);
    weft_write_uint(&writer, WEFT_PROTOCOL_VERSION);
    weft_write_uint(&writer, message->mesh);
    weft_write_uint(&writer, (uint64_t)message->kind);
    weft_write_uint(&writer, message->sender);
    weft_write_uint(&writer, message->bulletin);
    write_body(&writer, message);
    return weft_writer_length(&writer);
}
