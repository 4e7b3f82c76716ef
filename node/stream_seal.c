/* SPDX-License-Identifier: Apache-2.0 */
/* Handshake and records of a stream; see stream_seal.h. A message or record is a length of two
 * bytes and so many bytes; the length of a record is bound to its seal. */
#include "session_socket.h"
#include "session_state.h"

#include "../protocol/transport/packet.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- Out ---- */

static bool make_out(struct weft_stream_seal *seal)
{
    if (seal->out == NULL) {
        seal->out = malloc(WEFT_STREAM_SEAL_OUT_BYTES);
    }
    return seal->out != NULL;
}

bool weft_stream_seal_waits(const struct weft_stream *stream)
{
    return stream->seal.out_end > stream->seal.out_start;
}

bool weft_stream_seal_has_room(const struct weft_stream *stream)
{
    return WEFT_STREAM_SEAL_OUT_BYTES - stream->seal.out_end >= WEFT_STREAM_SEAL_REST_BYTES;
}

bool weft_stream_seal_put(struct weft_stream *stream, const struct iovec *pieces, int count,
                          size_t length)
{
    struct weft_stream_seal *seal = &stream->seal;
    if (!make_out(seal)) {
        return false;
    }
    uint8_t *at = seal->out + seal->out_end;
    size_t left = length;
    weft_bytes_put(at, WEFT_STREAM_SEAL_PREFIX_BYTES, length + WEFT_AEAD_TAG_BYTES);
    bool good = weft_bulk_cipher_begin(seal->sealing, at, WEFT_STREAM_SEAL_PREFIX_BYTES);
    at += WEFT_STREAM_SEAL_PREFIX_BYTES;
    for (int i = 0; i < count && left > 0; i++) {
        size_t bytes = pieces[i].iov_len < left ? pieces[i].iov_len : left;
        good = good && weft_bulk_cipher_add(seal->sealing, pieces[i].iov_base, bytes, at);
        at += bytes;
        left -= bytes;
    }
    good = good && weft_bulk_cipher_end(seal->sealing, at);
    seal->out_end += (uint32_t)length + WEFT_STREAM_SEAL_OVERHEAD;
    return good;
}

ssize_t weft_stream_seal_send(struct weft_stream *stream)
{
    struct weft_stream_seal *seal = &stream->seal;
    ssize_t sent = send(stream->fd, seal->out + seal->out_start, seal->out_end - seal->out_start,
                        MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            weft_stream_fail(stream, weft_session_socket_error(errno));
        }
        return -1;
    }
    seal->out_start += (uint32_t)sent;
    if (seal->out_start == seal->out_end) {
        seal->out_start = 0;
        seal->out_end = 0;
        if (!weft_stream_has_output(stream)) {
            free(seal->out);
            seal->out = NULL;
        }
    }
    return sent;
}

/* ---- Proving ---- */

/* Put a message of the handshake behind what waits; |bytes| has room for the prefix before it. */
static bool put_message(struct weft_stream *stream, const uint8_t *bytes, size_t length)
{
    struct weft_stream_seal *seal = &stream->seal;
    if (!make_out(seal)) {
        return false;
    }
    weft_bytes_put(seal->out + seal->out_end, WEFT_STREAM_SEAL_PREFIX_BYTES, length);
    memcpy(seal->out + seal->out_end + WEFT_STREAM_SEAL_PREFIX_BYTES, bytes, length);
    seal->out_end += (uint32_t)length + WEFT_STREAM_SEAL_PREFIX_BYTES;
    stream->dirty = true;
    stream->session->dirty = true;
    return true;
}

static void end_noise(struct weft_stream_seal *seal)
{
    if (seal->noise != NULL) {
        weft_noise_wipe(seal->noise);
        free(seal->noise);
        seal->noise = NULL;
    }
}

/* Both ends are proved: make the ciphers. */
static bool split(struct weft_stream *stream)
{
    struct weft_stream_seal *seal = &stream->seal;
    struct weft_cipher sending;
    struct weft_cipher receiving;
    weft_noise_split(seal->noise, stream->opened_here, &sending, &receiving);
    end_noise(seal);
    seal->sealing = weft_bulk_cipher_new(&sending, true /* sealing */);
    seal->opening = weft_bulk_cipher_new(&receiving, false /* sealing */);
    weft_cipher_wipe(&sending);
    weft_cipher_wipe(&receiving);
    return seal->sealing != NULL && seal->opening != NULL;
}

/* Is the other end, whose key is proved, a member? */
static bool is_member(struct weft_stream *stream, const uint8_t *certificate)
{
    struct weft_stream_seal *seal = &stream->seal;
    const struct weft_membership *membership = stream->session->config.membership;
    enum weft_doubt doubt =
        weft_membership_check(membership, seal->noise->peer, certificate, weft_membership_now_s(),
                              &seal->certificate, &seal->id);
    if (doubt != WEFT_DOUBT_NONE) {
        weft_peers_note_doubt(stream->session->peers, seal->noise->peer, &stream->peer.address,
                              doubt);
        seal->id = 0;
    }
    return doubt == WEFT_DOUBT_NONE &&
           !weft_peers_is_copy(stream->session->peers, seal->id, &stream->peer.address);
}

bool weft_stream_seal_begin(struct weft_stream *stream)
{
    struct weft_stream_seal *seal = &stream->seal;
    const struct weft_session *session = stream->session;
    const struct weft_membership *membership = session->config.membership;
    uint8_t key[WEFT_NOISE_KEY_BYTES];
    uint8_t ephemeral[WEFT_NOISE_KEY_BYTES];
    uint8_t greeting_bytes[WEFT_GREETING_BYTES];
    uint8_t message[WEFT_PACKET_1_BYTES];
    seal->noise = calloc(1, sizeof(*seal->noise));
    if (seal->noise == NULL || !weft_peers_key(session->peers, stream->peer.id, key)) {
        return false;
    }
    const struct weft_greeting greeting = {.time_ms =
                                               weft_peers_time_ms(session->peers, uv_hrtime()),
                                           .certificate = membership->certificate};
    weft_greeting_put(&greeting, greeting_bytes);
    randombytes_buf(ephemeral, sizeof(ephemeral));
    weft_noise_begin(seal->noise, &membership->own, key, membership->prologue,
                     sizeof(membership->prologue));
    bool written =
        weft_noise_write_1(seal->noise, ephemeral, greeting_bytes, sizeof(greeting_bytes), message);
    sodium_memzero(ephemeral, sizeof(ephemeral));
    return written && put_message(stream, message, sizeof(message));
}

/* Write message 2 with payload[length]. */
static bool answer(struct weft_stream *stream, const uint8_t *payload, size_t length)
{
    uint8_t ephemeral[WEFT_NOISE_KEY_BYTES];
    uint8_t message[WEFT_NOISE_2_BYTES + WEFT_SESSION_ADMIT_BYTES_MAX];
    randombytes_buf(ephemeral, sizeof(ephemeral));
    bool written = weft_noise_write_2(stream->seal.noise, ephemeral, payload, length, message);
    sodium_memzero(ephemeral, sizeof(ephemeral));
    return written && put_message(stream, message, WEFT_NOISE_2_BYTES + length);
}

/* Somebody asks to be admitted: one answer, and the stream ends. */
static bool admit(struct weft_stream *stream, const uint8_t *request, size_t length)
{
    const struct weft_session_handler *handler = &stream->session->config.handler;
    uint8_t reply[WEFT_SESSION_ADMIT_BYTES_MAX];
    bool is_copy =
        weft_peers_is_copy(stream->session->peers, weft_certificate_id(stream->seal.noise->peer),
                           &stream->peer.address);
    size_t reply_length = handler->admit == NULL || is_copy
                              ? 0
                              : handler->admit(handler->context, stream->seal.noise->peer,
                                               &stream->peer.address, request, length, reply);
    bool answered = reply_length > 0 && answer(stream, reply, reply_length);
    stream->seal.is_last = answered;
    end_noise(&stream->seal);
    return answered;
}

/* Message 1 came. False: the stream is to end. */
static bool on_first(struct weft_stream *stream, const uint8_t *bytes, size_t length)
{
    struct weft_session *session = stream->session;
    const struct weft_membership *membership = session->config.membership;
    struct weft_stream_seal *seal = &stream->seal;
    uint8_t payload[WEFT_PROOF_BYTES_MAX];
    struct weft_greeting greeting;
    if (!weft_peers_admit(session->peers, &stream->peer.address, uv_hrtime())) {
        return false;
    }
    seal->noise = calloc(1, sizeof(*seal->noise));
    if (seal->noise == NULL) {
        return false;
    }
    weft_noise_begin(seal->noise, &membership->own, NULL, membership->prologue,
                     sizeof(membership->prologue));
    if (!weft_noise_read_1(seal->noise, bytes, length, payload)) {
        return false;
    }
    length -= WEFT_NOISE_1_BYTES;
    if (length > 0 && payload[0] >= WEFT_STREAM_SEAL_ADMIT) {
        return admit(stream, payload, length);
    }
    return length == WEFT_GREETING_BYTES && weft_greeting_read(&greeting, payload) &&
           is_member(stream, greeting.certificate) &&
           answer(stream, membership->certificate, WEFT_CERTIFICATE_BYTES) && split(stream);
}

/* Message 2 came. False: the stream is to end. */
static bool on_second(struct weft_stream *stream, const uint8_t *bytes, size_t length)
{
    uint8_t certificate[WEFT_CERTIFICATE_BYTES];
    return length == WEFT_PACKET_2_BYTES &&
           weft_noise_read_2(stream->seal.noise, bytes, length, certificate) &&
           is_member(stream, certificate) && split(stream);
}

static void prove(struct weft_stream *stream, const uint8_t *bytes, size_t length)
{
    bool good =
        stream->opened_here ? on_second(stream, bytes, length) : on_first(stream, bytes, length);
    if (!good) {
        weft_stream_fail(stream, WEFT_ERR_UNREACHABLE);
    } else if (stream->seal.is_last) {
        weft_stream_flush(stream);
    } else {
        weft_stream_enter(stream, WEFT_STREAM_GREETING);
        if (stream->opened_here) {
            weft_session_greet_say(stream);
        }
    }
}

/* ---- In ---- */

/* Open the record bytes[length] where it is. */
static bool open_record(struct weft_stream_seal *seal, uint8_t *bytes, size_t length)
{
    uint8_t *body = bytes + WEFT_STREAM_SEAL_PREFIX_BYTES;
    size_t body_length = length - WEFT_STREAM_SEAL_OVERHEAD;
    return weft_bulk_cipher_begin(seal->opening, bytes, WEFT_STREAM_SEAL_PREFIX_BYTES) &&
           weft_bulk_cipher_add(seal->opening, body, body_length, body) &&
           weft_bulk_cipher_verify(seal->opening, body + body_length);
}

static void handle(struct weft_stream *stream, uint8_t *bytes, size_t length)
{
    if (stream->seal.opening == NULL) {
        prove(stream, bytes + WEFT_STREAM_SEAL_PREFIX_BYTES,
              length - WEFT_STREAM_SEAL_PREFIX_BYTES);
    } else if (open_record(&stream->seal, bytes, length)) {
        weft_stream_feed(stream, bytes + WEFT_STREAM_SEAL_PREFIX_BYTES,
                         (uint32_t)(length - WEFT_STREAM_SEAL_OVERHEAD));
    } else {
        /* Anybody on the way may have written it: the peer is not to blame. */
        weft_stream_fail(stream, WEFT_ERR_CLOSED);
    }
}

/* Bytes of the message or record that begins at |bytes|, prefix included; 0 = it has a length that
 * none may have. */
static size_t length_of(const struct weft_stream *stream, const uint8_t *bytes)
{
    size_t length = weft_bytes_get(bytes, WEFT_STREAM_SEAL_PREFIX_BYTES);
    bool is_proved = stream->seal.opening != NULL;
    size_t least = is_proved ? WEFT_AEAD_TAG_BYTES + 1 : 1;
    size_t most = is_proved ? WEFT_RECORD_BYTES_MAX + WEFT_AEAD_TAG_BYTES : WEFT_PROOF_BYTES_MAX;
    return length < least || length > most ? 0 : length + WEFT_STREAM_SEAL_PREFIX_BYTES;
}

static void keep_rest(struct weft_stream *stream, const uint8_t *bytes, size_t length)
{
    struct weft_stream_seal *seal = &stream->seal;
    if (length > 0 && seal->rest == NULL) {
        seal->rest = malloc(WEFT_STREAM_SEAL_REST_BYTES);
        if (seal->rest == NULL) {
            weft_stream_fail(stream, WEFT_ERR_MEMORY);
            return;
        }
    }
    if (length > 0) {
        memcpy(seal->rest, bytes, length);
    } else {
        free(seal->rest);
        seal->rest = NULL;
    }
    seal->rest_length = (uint32_t)length;
}

void weft_stream_seal_take(struct weft_stream *stream, uint8_t *wire, size_t length)
{
    size_t at = 0;
    while (length - at >= WEFT_STREAM_SEAL_PREFIX_BYTES && stream->state != WEFT_STREAM_CLOSING) {
        size_t bytes = length_of(stream, wire + at);
        if (bytes == 0 || stream->seal.is_last) {
            weft_stream_fail(stream, WEFT_ERR_CLOSED);
            return;
        }
        if (bytes > length - at) {
            break;
        }
        handle(stream, wire + at, bytes);
        at += bytes;
    }
    if (stream->state != WEFT_STREAM_CLOSING) {
        keep_rest(stream, wire + at, length - at);
    }
}

void weft_stream_seal_close(struct weft_stream *stream)
{
    struct weft_stream_seal *seal = &stream->seal;
    end_noise(seal);
    weft_bulk_cipher_free(seal->sealing);
    weft_bulk_cipher_free(seal->opening);
    free(seal->out);
    free(seal->rest);
    memset(seal, 0, sizeof(*seal));
}
