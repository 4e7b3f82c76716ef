/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "what does a node of another version say?". It has the same core as all others; what is
 * different about it is done to its messages on their way out. */
#include "dialect.h"
#include "stream.h"
#include "world.h"

#include "protocol/frame.h"
#include "protocol/message.h"

#include <string.h>

/* A later version sends one message in so many of a kind that is not known. */
#define UNKNOWN_ONE_IN 4

/* Kinds that this version does not have; those of frames end at 63. */
#define UNKNOWN_DATAGRAM 200
#define UNKNOWN_FRAME 40

/* A short array: its head is one byte, with the number of its elements. */
#define SHORT_ARRAY 0x90
#define SHORT_MASK 0xf0
#define SHORT_MOST 15

/* Where the version stands in a datagram, behind the head; versions are one byte long. */
#define VERSION_AT 1
#define OTHER_VERSION (WEFT_PROTOCOL_VERSION + 1)

/* What a later version appends: nil, -1, and a map {"x": [1.5]}; types that no message of this
 * version has. */
#define FURTHER_COUNT 3
static const uint8_t further[] = {0xc0, 0xff, 0x81, 0xa1, 'x', 0x91, 0xcb, 0x3f,
                                  0xf8, 0,    0,    0,    0,   0,    0};

bool weft_sim_dialect_is_later(const struct weft_sim_world *world, uint32_t node)
{
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, node);
    return ailment != NULL && ailment->later_minor > 0;
}

bool weft_sim_dialect_differs(const struct weft_sim_world *world, uint32_t one, uint32_t other)
{
    const struct weft_sim_ailment *ailment = weft_sim_ailment_of(world, one);
    return ailment != NULL &&
           (ailment->other_major > 0) != (weft_sim_ailment_of(world, other)->other_major > 0);
}

static bool is_short(const uint8_t *bytes, uint32_t length)
{
    return length > 0 && (bytes[0] & SHORT_MASK) == SHORT_ARRAY;
}

/* The message with what a later version has behind it; 0 = it has no room, and goes as it is. */
static uint32_t extend(const struct weft_action_send *send, uint32_t most, uint8_t *bytes)
{
    bool fits = is_short(send->bytes, send->length) &&
                (send->bytes[0] & ~SHORT_MASK) + FURTHER_COUNT <= SHORT_MOST &&
                send->length + sizeof(further) <= most;
    if (!fits) {
        return 0;
    }
    memcpy(bytes, send->bytes, send->length);
    memcpy(bytes + send->length, further, sizeof(further));
    bytes[0] += FURTHER_COUNT;
    return send->length + (uint32_t)sizeof(further);
}

/* A message of an unknown kind, from the same node to the same one; 0 = what it says is unknown. */
static uint32_t invent(bool is_frame, const struct weft_action_send *send, uint8_t *bytes)
{
    struct weft_message message;
    struct weft_writer writer = weft_writer_into(bytes, WEFT_DATAGRAM_BYTES_MAX);
    if (is_frame) {
        weft_write_array(&writer, 3);
        weft_write_uint(&writer, UNKNOWN_FRAME);
    } else if (weft_message_decode(send->bytes, send->length, &message) == WEFT_REJECT_NONE) {
        weft_write_array(&writer, 7);
        weft_write_uint(&writer, WEFT_PROTOCOL_VERSION);
        weft_write_uint(&writer, message.mesh);
        weft_write_uint(&writer, UNKNOWN_DATAGRAM);
        weft_write_uint(&writer, message.sender);
        weft_write_uint(&writer, message.bulletin);
    } else {
        return 0;
    }
    weft_write_uint(&writer, 7);
    weft_write_str(&writer, "later", 5);
    return weft_writer_length(&writer);
}

static void pass_on(struct weft_sim_shard *shard, uint32_t node, bool is_frame,
                    const struct weft_action_send *send)
{
    if (is_frame) {
        weft_sim_stream_send_frame(shard, node, send);
    } else {
        weft_sim_stream_send_datagram(shard, node, send);
    }
}

void weft_sim_dialect_say(struct weft_sim_shard *shard, uint32_t node, bool is_frame,
                          const struct weft_action_send *send)
{
    uint8_t bytes[WEFT_FRAME_BYTES_MAX];
    struct weft_action_send said = *send;
    uint32_t most = is_frame ? WEFT_FRAME_BYTES_MAX : WEFT_DATAGRAM_BYTES_MAX;
    uint32_t length = extend(send, most, bytes);
    if (length > 0) {
        said.bytes = bytes;
        said.length = length;
    }
    pass_on(shard, node, is_frame, &said);
    if (shard->world->network.cards[node].draws % UNKNOWN_ONE_IN != 0) {
        return;
    }
    said.bytes = bytes;
    said.length = invent(is_frame, send, bytes);
    if (said.length > 0) {
        pass_on(shard, node, is_frame, &said);
    }
}

void weft_sim_dialect_estrange(uint8_t *bytes, uint32_t length)
{
    if (is_short(bytes, length) && length > VERSION_AT) {
        bytes[VERSION_AT] = OTHER_VERSION;
    }
}
