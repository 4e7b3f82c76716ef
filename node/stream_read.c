/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in: where does a frame end, and where do its bytes go? Control frames are collected in a
 * small buffer and handed over whole; the bytes of parts go from the socket straight into the
 * buffer of the chunk or document they belong to. A fault of the peer ends the stream, nothing
 * else. */
#include "session_socket.h"
#include "session_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bytes of one wake-up, so that other streams and datagrams are served in between. */
#define BUDGET_BYTES (512 * 1024)

/* Bytes of a part that are worth a turn of the loop: on a slow line every packet would be one. What
 * is left of the part is sure to come, so waiting for it delays nothing that follows it. */
#define WORTH_BYTES 16384

/* Bytes that surely hold the head of a part. */
#define PEEK_BYTES (WEFT_STREAM_WIRE_PREFIX_BYTES + WEFT_STREAM_WIRE_PART_BYTES_MAX)

static uint32_t slot_of(enum weft_bulk_kind kind)
{
    return kind == WEFT_BULK_CHUNK ? 0 : 1;
}

/* Time that |length| bytes take at the rate at which they came. What came in the first turn of the
 * loop may have waited in the kernel for any time: only the bytes after it are measured, and if
 * they are few the rate is not known: 0. */
static weft_ns transfer_ns(const struct weft_stream_input *in, uint32_t slot, uint32_t length)
{
    uint32_t measured = length - in->first_bytes[slot];
    if (measured < length / 4 || measured == 0) {
        return 0;
    }
    return (in->read_ns - in->begun_ns[slot]) / measured * length;
}

static void received(struct weft_stream *stream, uint32_t slot, enum weft_err result)
{
    struct weft_notice *notice = stream->in.bulk[slot];
    stream->in.bulk[slot] = NULL;
    if (notice->bulk.bytes == NULL) {
        free(notice);
        return;
    }
    notice->result = result;
    notice->bulk.transfer_ns = transfer_ns(&stream->in, slot, notice->bulk.length);
    weft_notice_push(&stream->session->notices, notice);
}

void weft_stream_read_close(struct weft_stream *stream)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (stream->in.bulk[slot] != NULL) {
            received(stream, slot, WEFT_ERR_CLOSED);
        }
    }
}

/* Bytes of the part under way were put in place. */
static void advance(struct weft_stream *stream, uint32_t bytes)
{
    struct weft_notice *notice = stream->in.bulk[stream->in.slot];
    notice->done_bytes += bytes;
    stream->in.part_left -= bytes;
    if (stream->in.read_ns == stream->in.begun_ns[stream->in.slot]) {
        stream->in.first_bytes[stream->in.slot] = notice->done_bytes;
    }
    if (stream->in.part_left == 0) {
        stream->in.in_part = false;
        if (notice->done_bytes == notice->bulk.length) {
            received(stream, stream->in.slot, WEFT_ERR_OK);
        }
    }
}

/* The first part of bulk: ask the owner where it goes. False = memory is short. */
static bool begin_bulk(struct weft_stream *stream, const struct weft_bulk *head, uint32_t slot)
{
    const struct weft_session_handler *handler = &stream->session->config.handler;
    struct weft_notice *notice = calloc(1, sizeof(*notice));
    if (notice == NULL) {
        return false;
    }
    notice->kind = WEFT_NOTICE_RECEIVED;
    notice->bulk = *head;
    notice->bulk.peer = stream->peer.id;
    stream->in.bulk[slot] = notice;
    stream->in.begun_ns[slot] = stream->in.read_ns;
    stream->in.first_bytes[slot] = 0;
    struct weft_bulk offered = notice->bulk;
    uint8_t *buffer = handler->offer(handler->context, &offered);
    if (stream->state != WEFT_STREAM_CLOSING) {
        notice->bulk.bytes = buffer;
    } else if (buffer != NULL) {
        /* The owner closed the stream and yet gave a buffer: it gets it back. */
        struct weft_notice *back = calloc(1, sizeof(*back));
        if (back != NULL) {
            *back = (struct weft_notice){
                .kind = WEFT_NOTICE_RECEIVED, .bulk = offered, .result = WEFT_ERR_CLOSED};
            back->bulk.bytes = buffer;
            weft_notice_push(&stream->session->notices, back);
        }
    }
    return true;
}

/* Is this the part that must come next? */
static bool continues(const struct weft_notice *notice, const struct weft_stream_part *part)
{
    const struct weft_bulk *a = &notice->bulk;
    const struct weft_bulk *b = &part->bulk;
    return a->name == b->name && a->number == b->number && a->length == b->length &&
           part->offset == notice->done_bytes;
}

static bool begin_part(struct weft_stream *stream, const struct weft_stream_part *part)
{
    uint32_t slot = slot_of(part->bulk.kind);
    struct weft_notice *notice = stream->in.bulk[slot];
    bool is_next = notice == NULL ? part->offset == 0 : continues(notice, part);
    if (!is_next || (notice == NULL && !begin_bulk(stream, &part->bulk, slot))) {
        weft_stream_fail(stream, is_next ? WEFT_ERR_MEMORY : WEFT_ERR_FORMAT);
        return false;
    }
    if (stream->state == WEFT_STREAM_CLOSING) {
        return false;
    }
    stream->in.in_part = true;
    stream->in.slot = slot;
    stream->in.part_left = part->bytes;
    if (part->bytes == 0) {
        advance(stream, 0);
    }
    return true;
}

/* A frame that is not a part, whole. */
static void handle_frame(struct weft_stream *stream, const uint8_t *body, uint32_t length)
{
    const struct weft_session_handler *handler = &stream->session->config.handler;
    struct weft_stream_request request;
    if (stream->state != WEFT_STREAM_UP) {
        weft_session_greet_hello(stream, body, length);
        return;
    }
    switch (weft_stream_wire_kind(body, length)) {
    case 0:
        handler->frame(handler->context, stream->peer.id, body, length);
        break;
    case WEFT_STREAM_WIRE_REQUEST:
        if (weft_stream_wire_get_request(body, length, &request)) {
            handler->request(handler->context, stream->peer.id, request.token, request.path);
            break;
        }
        weft_stream_fail(stream, WEFT_ERR_FORMAT);
        break;
    default: /* a second HELLO */
        weft_stream_fail(stream, WEFT_ERR_FORMAT);
        break;
    }
}

static bool is_part(uint32_t kind)
{
    return kind == WEFT_BULK_CHUNK || kind == WEFT_BULK_DOCUMENT;
}

/* Handle the beginning of the input, a part whose head may be there. The bytes used, 0 = wait. */
static uint32_t handle_part(struct weft_stream *stream, const uint8_t *bytes, uint32_t length,
                            uint32_t body_length)
{
    struct weft_stream_part part;
    uint32_t head_length = 0;
    enum weft_stream_wire_result result =
        weft_stream_wire_get_part(bytes, length, body_length, &part, &head_length);
    if (result == WEFT_STREAM_WIRE_MORE) {
        return 0;
    }
    if (result == WEFT_STREAM_WIRE_BAD) {
        weft_stream_fail(stream, WEFT_ERR_FORMAT);
        return 0;
    }
    if (!begin_part(stream, &part)) {
        return 0;
    }
    uint32_t there = length - head_length;
    uint32_t bytes_now = there < part.bytes ? there : part.bytes;
    if (bytes_now > 0) {
        const struct weft_notice *notice = stream->in.bulk[stream->in.slot];
        if (notice->bulk.bytes != NULL) {
            memcpy(notice->bulk.bytes + notice->done_bytes, bytes + head_length, bytes_now);
        }
        advance(stream, bytes_now);
    }
    return head_length + bytes_now;
}

static uint32_t frame_limit(const struct weft_stream *stream)
{
    return stream->state == WEFT_STREAM_UP ? (uint32_t)WEFT_FRAME_BYTES_MAX
                                           : (uint32_t)WEFT_STREAM_WIRE_HELLO_BYTES_MAX;
}

/* Handle one frame or the beginning of a part. The bytes used, 0 = wait for more, or closed. */
static uint32_t handle_next(struct weft_stream *stream, const uint8_t *bytes, uint32_t length)
{
    if (length < WEFT_STREAM_WIRE_PREFIX_BYTES + 2) {
        return 0;
    }
    uint32_t body_length = weft_stream_wire_length(bytes);
    const uint8_t *body = bytes + WEFT_STREAM_WIRE_PREFIX_BYTES;
    uint32_t there = length - WEFT_STREAM_WIRE_PREFIX_BYTES;
    if (stream->state == WEFT_STREAM_UP && is_part(weft_stream_wire_kind(body, there))) {
        uint32_t used = handle_part(stream, body, there, body_length);
        return used == 0 ? 0 : used + WEFT_STREAM_WIRE_PREFIX_BYTES;
    }
    /* No frame is shorter than a kind and a field. */
    if (body_length < 2 || body_length > frame_limit(stream)) {
        weft_stream_fail(stream, WEFT_ERR_FORMAT);
        return 0;
    }
    if (there < body_length) {
        return 0;
    }
    handle_frame(stream, body, body_length);
    return WEFT_STREAM_WIRE_PREFIX_BYTES + body_length;
}

static void handle_input(struct weft_stream *stream)
{
    uint32_t at = 0;
    uint32_t used = 1;
    while (used > 0 && stream->state != WEFT_STREAM_CLOSING && !stream->in.in_part) {
        used = handle_next(stream, stream->in.bytes + at, stream->in.length - at);
        at += used;
        /* What ended must be told before what comes after it. */
        weft_notice_deliver(stream->session);
    }
    if (stream->state != WEFT_STREAM_CLOSING && at > 0) {
        stream->in.length -= at;
        memmove(stream->in.bytes, stream->in.bytes + at, stream->in.length);
    }
}

/* Bytes of the part under way; how many of bytes[length] they were. */
static uint32_t take_part(struct weft_stream *stream, const uint8_t *bytes, uint32_t length)
{
    const struct weft_notice *notice = stream->in.bulk[stream->in.slot];
    uint32_t of_part = length < stream->in.part_left ? length : stream->in.part_left;
    if (notice->bulk.bytes != NULL) {
        memcpy(notice->bulk.bytes + notice->done_bytes, bytes, of_part);
    }
    advance(stream, of_part);
    weft_notice_deliver(stream->session);
    return of_part;
}

/* Bytes of frames; how many of bytes[length] found room. */
static uint32_t take_frames(struct weft_stream *stream, const uint8_t *bytes, uint32_t length)
{
    struct weft_stream_input *in = &stream->in;
    /* Enough for the head of a part, whose bytes then go to their place without a stop here. */
    uint32_t limit = in->length < PEEK_BYTES ? PEEK_BYTES : WEFT_STREAM_INPUT_BYTES;
    uint32_t taken = length < limit - in->length ? length : limit - in->length;
    memcpy(in->bytes + in->length, bytes, taken);
    in->length += taken;
    handle_input(stream);
    return taken;
}

void weft_stream_feed(struct weft_stream *stream, const uint8_t *bytes, uint32_t length)
{
    if (stream->state == WEFT_STREAM_PARKED) {
        /* Who waits for our HELLO must not talk. */
        weft_stream_fail(stream, WEFT_ERR_FORMAT);
        return;
    }
    while (length > 0 && stream->state != WEFT_STREAM_CLOSING) {
        uint32_t taken = stream->in.in_part ? take_part(stream, bytes, length)
                                            : take_frames(stream, bytes, length);
        bytes += taken;
        length -= taken;
    }
}

/* Tell the kernel how many bytes are worth waking us. */
static void set_worth(struct weft_stream *stream)
{
    struct weft_stream_input *in = &stream->in;
    uint32_t worth = 1;
    /* What is left of the part comes with the overhead of its records: there is surely so much. */
    uint32_t there = stream->seal.rest_length;
    if (in->in_part && in->part_left > there) {
        worth = in->part_left - there < WORTH_BYTES ? in->part_left - there : WORTH_BYTES;
    }
    if (worth != in->worth_bytes) {
        int value = (int)worth;
        in->worth_bytes = worth;
        setsockopt(stream->fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
    }
}

/* Read until the socket is empty, up to the budget. */
static void read_all(struct weft_stream *stream)
{
    uint8_t *wire = stream->session->wire;
    uint32_t budget = BUDGET_BYTES;
    while (budget > 0 && stream->state != WEFT_STREAM_CLOSING) {
        uint32_t rest = stream->seal.rest_length;
        size_t asked = WEFT_STREAM_SEAL_WIRE_BYTES - rest;
        if (rest > 0) {
            memcpy(wire, stream->seal.rest, rest);
        }
        ssize_t got = recv(stream->fd, wire + rest, asked, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            enum weft_err why = got == 0 ? WEFT_ERR_CLOSED : weft_session_socket_error(errno);
            weft_stream_fail(stream, why);
            return;
        }
        weft_stream_seal_take(stream, wire, rest + (size_t)got);
        if ((size_t)got < asked) {
            return; /* the socket is empty */
        }
        budget -= (uint32_t)got < budget ? (uint32_t)got : budget;
    }
}

void weft_stream_read(struct weft_stream *stream)
{
    /* What is read in one turn was there before: how fast it came is not known. */
    stream->in.read_ns = uv_hrtime();
    read_all(stream);
    if (stream->state != WEFT_STREAM_CLOSING) {
        set_worth(stream);
    }
}
