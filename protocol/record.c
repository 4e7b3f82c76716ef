/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "how do records, contacts, rates and addresses stand on the wire?"; what they mean is
 * decided elsewhere. */
#include "record.h"

#include <string.h>

#include "address.h"
#include "rng.h"

/* Elements of each array; further ones are passed over. */
#define RECORD_ELEMENTS 7
#define CONTACT_ELEMENTS 6
#define RATE_ELEMENTS 4
#define ELEMENTS_MAX 16

/* Bytes of an address: IP and port. */
#define ADDRESS4_BYTES 6
#define ADDRESS6_BYTES 18

/* Bytes before an IPv4 address that is written as IPv6. */
#define MAPPED_BYTES 12

static uint32_t read_elements(struct weft_reader *reader, uint32_t wanted)
{
    uint32_t elements = weft_read_array(reader, ELEMENTS_MAX);
    if (weft_reader_ok(reader) && elements < wanted) {
        weft_reader_fail(reader, WEFT_REJECT_TRUNCATED);
    }
    return elements;
}

static void skip_rest(struct weft_reader *reader, uint32_t elements, uint32_t wanted)
{
    if (weft_reader_ok(reader)) {
        weft_read_skip(reader, elements - wanted);
    }
}

weft_node_id weft_id_read(struct weft_reader *reader)
{
    weft_node_id id = weft_read_uint(reader, UINT64_MAX);
    if (weft_reader_ok(reader) && id == 0) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
    }
    return id;
}

struct weft_address weft_address_read(struct weft_reader *reader)
{
    struct weft_address address = {0};
    struct weft_span span = weft_read_bin(reader, ADDRESS6_BYTES);
    if (!weft_reader_ok(reader)) {
        return address;
    }
    if (span.length == ADDRESS4_BYTES) {
        address = weft_address_of_ipv4(span.bytes, 0);
    } else if (span.length == ADDRESS6_BYTES) {
        memcpy(address.ip, span.bytes, WEFT_IP_BYTES);
        if (weft_address_is_ipv4(address.ip)) {
            weft_reader_fail(reader, WEFT_REJECT_NOT_CANONICAL);
        }
    } else {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
        return address;
    }
    const uint8_t *port = span.bytes + span.length - 2;
    address.port = (uint16_t)((uint32_t)port[0] << 8 | (uint32_t)port[1]);
    if (address.port == 0 || weft_address_is_wildcard(address.ip)) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
    }
    return address;
}

void weft_address_write(struct weft_writer *writer, const struct weft_address *address)
{
    uint8_t bytes[ADDRESS6_BYTES];
    uint32_t skipped = weft_address_is_ipv4(address->ip) ? MAPPED_BYTES : 0;
    uint32_t length = WEFT_IP_BYTES - skipped;
    memcpy(bytes, address->ip + skipped, length);
    bytes[length] = (uint8_t)(address->port >> 8);
    bytes[length + 1] = (uint8_t)address->port;
    weft_write_bin(writer, bytes, length + 2);
}

struct weft_record weft_record_read(struct weft_reader *reader)
{
    struct weft_record record = {0};
    uint32_t elements = read_elements(reader, RECORD_ELEMENTS);
    record.id = weft_id_read(reader);
    record.incarnation = weft_read_uint(reader, WEFT_INCARNATION_MAX);
    record.address = weft_address_read(reader);
    uint32_t bits = (uint32_t)weft_read_uint(reader, UINT8_MAX);
    record.site = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    record.term = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    uint32_t merit = (uint32_t)weft_read_uint(reader, UINT8_MAX);
    record.state = (uint8_t)(bits & 3);
    record.role = (uint8_t)(bits >> 2 & 3);
    record.agent_class = (uint8_t)(bits >> 4);
    record.stability = (uint8_t)(merit & 7);
    record.claim = (uint8_t)(merit >> 3);
    if (weft_reader_ok(reader) && (record.incarnation == 0 || record.role >= WEFT_ROLE_COUNT ||
                                   record.agent_class >= WEFT_AGENT_CLASS_COUNT)) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
    }
    skip_rest(reader, elements, RECORD_ELEMENTS);
    return record;
}

void weft_record_write(struct weft_writer *writer, const struct weft_record *record)
{
    weft_write_array(writer, RECORD_ELEMENTS);
    weft_write_uint(writer, record->id);
    weft_write_uint(writer, record->incarnation);
    weft_address_write(writer, &record->address);
    weft_write_uint(writer, (uint64_t)record->state | (uint64_t)record->role << 2 |
                                (uint64_t)record->agent_class << 4);
    weft_write_uint(writer, record->site);
    weft_write_uint(writer, record->term);
    weft_write_uint(writer, (uint64_t)record->stability | (uint64_t)record->claim << 3);
}

struct weft_contact weft_contact_read(struct weft_reader *reader)
{
    struct weft_contact contact = {0};
    uint32_t elements = read_elements(reader, CONTACT_ELEMENTS);
    contact.endpoint.id = weft_id_read(reader);
    contact.endpoint.address = weft_address_read(reader);
    contact.segment = weft_read_uint(reader, UINT64_MAX);
    contact.site = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    contact.bulletin = weft_read_uint(reader, UINT64_MAX);
    uint32_t bits = (uint32_t)weft_read_uint(reader, UINT8_MAX);
    contact.is_agent = (bits & 1) != 0;
    contact.agent_class = (uint8_t)(bits >> 1);
    if (weft_reader_ok(reader) && contact.agent_class >= WEFT_AGENT_CLASS_COUNT) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
    }
    skip_rest(reader, elements, CONTACT_ELEMENTS);
    return contact;
}

void weft_contact_write(struct weft_writer *writer, const struct weft_contact *contact)
{
    weft_write_array(writer, CONTACT_ELEMENTS);
    weft_write_uint(writer, contact->endpoint.id);
    weft_address_write(writer, &contact->endpoint.address);
    weft_write_uint(writer, contact->segment);
    weft_write_uint(writer, contact->site);
    weft_write_uint(writer, contact->bulletin);
    weft_write_uint(writer, (uint64_t)contact->is_agent | (uint64_t)contact->agent_class << 1);
}

struct weft_rate weft_rate_read(struct weft_reader *reader)
{
    struct weft_rate rate = {0};
    uint32_t elements = read_elements(reader, RATE_ELEMENTS);
    rate.observer = weft_id_read(reader);
    rate.subject = weft_id_read(reader);
    rate.sequence = (uint32_t)weft_read_uint(reader, UINT32_MAX);
    rate.half_octaves = (uint8_t)weft_read_uint(reader, WEFT_HALF_OCTAVES_MAX);
    if (weft_reader_ok(reader) && rate.observer == rate.subject) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
    }
    skip_rest(reader, elements, RATE_ELEMENTS);
    return rate;
}

void weft_rate_write(struct weft_writer *writer, const struct weft_rate *rate)
{
    weft_write_array(writer, RATE_ELEMENTS);
    weft_write_uint(writer, rate->observer);
    weft_write_uint(writer, rate->subject);
    weft_write_uint(writer, rate->sequence);
    weft_write_uint(writer, rate->half_octaves);
}

void weft_records_read(struct weft_reader *reader, uint32_t count_max, struct weft_records *records)
{
    records->count = weft_read_array(reader, count_max);
    for (uint32_t i = 0; i < records->count; i++) {
        records->items[i] = weft_record_read(reader);
    }
}

void weft_records_write(struct weft_writer *writer, uint32_t count_max,
                        const struct weft_records *records)
{
    if (records->count > count_max) {
        writer->overflow = true;
        return;
    }
    weft_write_array(writer, records->count);
    for (uint32_t i = 0; i < records->count; i++) {
        weft_record_write(writer, &records->items[i]);
    }
}

void weft_contacts_read(struct weft_reader *reader, uint32_t count_max,
                        struct weft_contacts *contacts)
{
    contacts->count = weft_read_array(reader, count_max);
    for (uint32_t i = 0; i < contacts->count; i++) {
        contacts->items[i] = weft_contact_read(reader);
    }
}

void weft_contacts_write(struct weft_writer *writer, uint32_t count_max,
                         const struct weft_contacts *contacts)
{
    if (contacts->count > count_max) {
        writer->overflow = true;
        return;
    }
    weft_write_array(writer, contacts->count);
    for (uint32_t i = 0; i < contacts->count; i++) {
        weft_contact_write(writer, &contacts->items[i]);
    }
}

uint64_t weft_segment_key(const struct weft_prefix *prefix)
{
    uint64_t key = prefix->bits;
    for (uint32_t i = 0; i < WEFT_IP_BYTES; i += 8) {
        uint64_t part = 0;
        for (uint32_t j = 0; j < 8; j++) {
            part = part << 8 | prefix->ip[i + j];
        }
        key = weft_rendezvous(key, part);
    }
    return key;
}
