/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that several datagrams share: records, contacts, rates, addresses.
 *
 * Reads and writes them; the structs are in message.h. Readers return zeroed structs on a fault and
 * leave the fault in the reader. SPEC.md section "Datagrams". */
#ifndef WEFT_RECORD_H
#define WEFT_RECORD_H

#include "message.h"
#include "wire.h"

/* Longest encodings: header, id 9, incarnation 9, address 20, bits 2, site 5, term 5, merit 2. */
#define WEFT_RECORD_WIRE_BYTES_MAX 53

/* Header, id 9, address 20, segment 9, site 5, bulletin 9, bits 2. */
#define WEFT_CONTACT_WIRE_BYTES_MAX 55

/* Read an id; 0 is out of range. */
weft_node_id weft_id_read(struct weft_reader *reader);

/* Read an address: a bin of 6 (IPv4 and port) or 18 bytes (IPv6 and port); port 0, the address of
 * all zeros and IPv4 written in 18 bytes are refused. */
struct weft_address weft_address_read(struct weft_reader *reader);

/* Write an address in its only form. */
void weft_address_write(struct weft_writer *writer, const struct weft_address *address);

/* Read a member record. */
struct weft_record weft_record_read(struct weft_reader *reader);

/* Write a member record. */
void weft_record_write(struct weft_writer *writer, const struct weft_record *record);

/* Read a contact. */
struct weft_contact weft_contact_read(struct weft_reader *reader);

/* Write a contact. */
void weft_contact_write(struct weft_writer *writer, const struct weft_contact *contact);

/* Read a rate. */
struct weft_rate weft_rate_read(struct weft_reader *reader);

/* Write a rate. */
void weft_rate_write(struct weft_writer *writer, const struct weft_rate *rate);

/* Read an array of at most |count_max| records. */
void weft_records_read(struct weft_reader *reader, uint32_t count_max,
                       struct weft_records *records);

/* Write at most |count_max| records; more is an overflow. */
void weft_records_write(struct weft_writer *writer, uint32_t count_max,
                        const struct weft_records *records);

/* Read an array of at most |count_max| contacts. */
void weft_contacts_read(struct weft_reader *reader, uint32_t count_max,
                        struct weft_contacts *contacts);

/* Write at most |count_max| contacts; more is an overflow. */
void weft_contacts_write(struct weft_writer *writer, uint32_t count_max,
                         const struct weft_contacts *contacts);

#endif
