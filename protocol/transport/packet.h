/* SPDX-License-Identifier: Apache-2.0 */
/* How do sealed datagrams look? Six packets of fixed layout, after WireGuard's: numbers of 4 and 8
 * bytes, big endian, no parser. SPEC.md section "Packets".
 *
 *   INIT    313  type 4 | sender 4 | message 1 with a greeting 273 | mac1 16 | mac2 16
 *   ANSWER  244  type 4 | sender 4 | receiver 4 | message 2 with a certificate 216 | mac1 16
 *   COOKIE   64  type 4 | receiver 4 | nonce 24 | sealed cookie 32
 *   DATA   32+n  type 4 | receiver 4 | counter 8 | sealed n + 16
 *   GONE      8  type 4 | index 4
 *   CONTROL       as DATA: revocations
 *
 * Every packet that may answer a stranger is shorter than what it answers. */
#ifndef WEFT_TRANSPORT_PACKET_H
#define WEFT_TRANSPORT_PACKET_H

#include "bounds.h"
#include "bytes.h"
#include "certificate.h"
#include "cookie.h"
#include "noise.h"

enum weft_packet_kind {
    WEFT_PACKET_NONE = 0,   /* not a packet of this version */
    WEFT_PACKET_INIT = 1,   /* message 1 of a handshake */
    WEFT_PACKET_ANSWER = 2, /* message 2 */
    WEFT_PACKET_COOKIE = 3, /* come again with this cookie */
    WEFT_PACKET_DATA = 4,   /* of a session */
    WEFT_PACKET_GONE = 5,   /* there is no such session here */
    WEFT_PACKET_CONTROL = 6 /* of a session: between transports */
};

/* Payload of message 1: version 1 | time 8 | certificate 168. */
#define WEFT_GREETING_BYTES (1 + 8 + WEFT_CERTIFICATE_BYTES)

enum {
    WEFT_PACKET_1_AT = 8, /* message 1 in an INIT */
    WEFT_PACKET_1_BYTES = WEFT_NOISE_1_BYTES + WEFT_GREETING_BYTES,
    WEFT_PACKET_INIT_MAC1_AT = WEFT_PACKET_1_AT + WEFT_PACKET_1_BYTES,
    WEFT_PACKET_INIT_MAC2_AT = WEFT_PACKET_INIT_MAC1_AT + WEFT_COOKIE_MAC_BYTES,
    WEFT_PACKET_INIT_BYTES = WEFT_PACKET_INIT_MAC2_AT + WEFT_COOKIE_MAC_BYTES,
    WEFT_PACKET_2_AT = 12, /* message 2 in an ANSWER */
    WEFT_PACKET_2_BYTES = WEFT_NOISE_2_BYTES + WEFT_CERTIFICATE_BYTES,
    WEFT_PACKET_ANSWER_MAC1_AT = WEFT_PACKET_2_AT + WEFT_PACKET_2_BYTES,
    WEFT_PACKET_ANSWER_BYTES = WEFT_PACKET_ANSWER_MAC1_AT + WEFT_COOKIE_MAC_BYTES,
    WEFT_PACKET_COOKIE_NONCE_AT = 8,
    WEFT_PACKET_COOKIE_SEALED_AT = WEFT_PACKET_COOKIE_NONCE_AT + WEFT_COOKIE_NONCE_BYTES,
    WEFT_PACKET_COOKIE_BYTES = WEFT_PACKET_COOKIE_SEALED_AT + WEFT_COOKIE_SEALED_BYTES,
    WEFT_PACKET_DATA_AT = 16, /* sealed bytes in a DATA */
    WEFT_PACKET_DATA_OVERHEAD = WEFT_PACKET_DATA_AT + WEFT_AEAD_TAG_BYTES,
    WEFT_PACKET_DATA_BYTES_MAX = WEFT_PACKET_DATA_OVERHEAD + WEFT_DATAGRAM_BYTES_MAX,
    WEFT_PACKET_GONE_BYTES = 8
};

_Static_assert(WEFT_PACKET_ANSWER_BYTES <= WEFT_PACKET_INIT_BYTES, "an answer amplifies nothing");
_Static_assert(WEFT_PACKET_COOKIE_BYTES <= WEFT_PACKET_INIT_BYTES, "nor does a cookie");
_Static_assert(WEFT_PACKET_GONE_BYTES < WEFT_PACKET_DATA_OVERHEAD, "nor a GONE");
_Static_assert(WEFT_PACKET_DATA_BYTES_MAX <= 1232, "fits an IPv6 minimum MTU without fragments");

/* What stands at the beginning of a packet. */
struct weft_packet {
    enum weft_packet_kind kind; /* which of the fields below are set */
    uint32_t sender;            /* INIT, ANSWER: index that the sender chose for the session */
    uint32_t receiver; /* ANSWER, COOKIE, DATA, CONTROL: index that the receiver chose; GONE: index
                                   that the receiver of the GONE had sent to */
    uint64_t counter;  /* DATA, CONTROL: nonce */
};

/* Read the beginning of a packet and check that it has the length of its kind: exactly; DATA and
 * CONTROL have at least one byte sealed and at most WEFT_DATAGRAM_BYTES_MAX.
 * Result: kind NONE if it is none. */
struct weft_packet weft_packet_read(const uint8_t *bytes, size_t length);

/* Write the beginning of a packet. Shape: bytes[16] at least. */
void weft_packet_put(const struct weft_packet *packet, uint8_t *bytes);

/* What message 1 carries. */
struct weft_greeting {
    uint64_t time_ms;           /* Unix time in ms, never twice or backwards for one node */
    const uint8_t *certificate; /* [WEFT_CERTIFICATE_BYTES], borrowed */
};

/* Write a greeting. */
void weft_greeting_put(const struct weft_greeting *greeting, uint8_t bytes[WEFT_GREETING_BYTES]);

/* Read a greeting. Errors: false if it is of another protocol version. */
bool weft_greeting_read(struct weft_greeting *greeting, const uint8_t bytes[WEFT_GREETING_BYTES]);

#endif
