/* SPDX-License-Identifier: Apache-2.0 */
/* Beginnings of packets as bytes; see packet.h. */
#include "packet.h"

#include <string.h>

static bool has_length(uint64_t kind, size_t length)
{
    switch (kind) {
    case WEFT_PACKET_INIT:
        return length == WEFT_PACKET_INIT_BYTES;
    case WEFT_PACKET_ANSWER:
        return length == WEFT_PACKET_ANSWER_BYTES;
    case WEFT_PACKET_COOKIE:
        return length == WEFT_PACKET_COOKIE_BYTES;
    case WEFT_PACKET_DATA:
    case WEFT_PACKET_CONTROL:
        return length > WEFT_PACKET_DATA_OVERHEAD && length <= WEFT_PACKET_DATA_BYTES_MAX;
    case WEFT_PACKET_GONE:
        return length == WEFT_PACKET_GONE_BYTES;
    default:
        return false;
    }
}

struct weft_packet weft_packet_read(const uint8_t *bytes, size_t length)
{
    struct weft_packet packet = {.kind = WEFT_PACKET_NONE};
    uint64_t kind = length < WEFT_PACKET_GONE_BYTES ? 0 : weft_bytes_get(bytes, 4);
    if (!has_length(kind, length)) {
        return packet;
    }
    uint32_t index = (uint32_t)weft_bytes_get(bytes + 4, 4);
    packet.kind = (enum weft_packet_kind)kind;
    if (kind == WEFT_PACKET_INIT || kind == WEFT_PACKET_ANSWER) {
        packet.sender = index;
    } else {
        packet.receiver = index;
    }
    if (kind == WEFT_PACKET_ANSWER) {
        packet.receiver = (uint32_t)weft_bytes_get(bytes + 8, 4);
    } else if (kind == WEFT_PACKET_DATA || kind == WEFT_PACKET_CONTROL) {
        packet.counter = weft_bytes_get(bytes + 8, 8);
    }
    return packet;
}

void weft_packet_put(const struct weft_packet *packet, uint8_t *bytes)
{
    bool from_sender = packet->kind == WEFT_PACKET_INIT || packet->kind == WEFT_PACKET_ANSWER;
    weft_bytes_put(bytes, 4, (uint64_t)packet->kind);
    weft_bytes_put(bytes + 4, 4, from_sender ? packet->sender : packet->receiver);
    if (packet->kind == WEFT_PACKET_ANSWER) {
        weft_bytes_put(bytes + 8, 4, packet->receiver);
    } else if (packet->kind == WEFT_PACKET_DATA || packet->kind == WEFT_PACKET_CONTROL) {
        weft_bytes_put(bytes + 8, 8, packet->counter);
    }
}

void weft_greeting_put(const struct weft_greeting *greeting, uint8_t bytes[WEFT_GREETING_BYTES])
{
    bytes[0] = WEFT_PROTOCOL_VERSION;
    weft_bytes_put(bytes + 1, 8, greeting->time_ms);
    memcpy(bytes + 9, greeting->certificate, WEFT_CERTIFICATE_BYTES);
}

bool weft_greeting_read(struct weft_greeting *greeting, const uint8_t bytes[WEFT_GREETING_BYTES])
{
    greeting->time_ms = weft_bytes_get(bytes + 1, 8);
    greeting->certificate = bytes + 9;
    return bytes[0] == WEFT_PROTOCOL_VERSION;
}
