/* SPDX-License-Identifier: Apache-2.0 */
/* Which streams come up? Two nodes have one stream at most. Whoever opens it sends a HELLO; whoever
 * accepts it answers with his own, and only that makes it the stream of the two: so a stream
 * that is not wanted was never up at either end, and nothing sent on it is lost.
 *
 * Simultaneous opens: the one opened by the lower id stays. The lower node parks the other's stream
 * (does not answer) while its own attempt lasts, and takes it if that fails; the higher node
 * answers and drops its own attempt. A HELLO from a peer whose stream is up means that the peer
 * lost it, or that the HELLO was overtaken: parked while the stream is young, else it takes its
 * place. */
#include "session_socket.h"
#include "session_state.h"

#include "../protocol/address.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Connections accepted in one wake-up. */
#define ACCEPTS 16

void weft_session_greet_say(struct weft_stream *stream)
{
    uint8_t body[WEFT_STREAM_WIRE_HELLO_BYTES_MAX];
    const struct weft_session_config *config = &stream->session->config;
    struct weft_stream_hello hello = {.version = WEFT_PROTOCOL_VERSION,
                                      .mesh = config->membership->tag,
                                      .id = config->membership->id,
                                      .port = config->listen.port};
    uint32_t length = weft_stream_wire_put_hello(body, &hello);
    enum weft_err err = weft_stream_put(stream, body, length);
    if (err != WEFT_ERR_OK) {
        weft_stream_fail(stream, err);
    }
}

/* The stream is the one to its peer from now on. */
static void come_up(struct weft_stream *stream)
{
    struct weft_session *session = stream->session;
    if (!weft_notice_up(session, &stream->peer, stream->opened_here)) {
        weft_stream_close(stream);
        return;
    }
    weft_stream_enter(stream, WEFT_STREAM_UP);
    weft_session_add_up(session, stream);
    if (!stream->opened_here) {
        weft_session_greet_say(stream);
    }
}

static void close_if(struct weft_session *session, weft_node_id peer, enum weft_stream_state state,
                     const struct weft_stream *except)
{
    struct weft_stream *stream = weft_session_find(session, peer, state);
    if (stream != NULL && stream != except) {
        weft_stream_close(stream);
    }
}

static struct weft_stream *find_attempt(struct weft_session *session, weft_node_id peer)
{
    for (uint32_t i = 0; i < session->stream_count; i++) {
        struct weft_stream *stream = session->streams[i];
        bool is_attempt = stream->opened_here && stream->state <= WEFT_STREAM_GREETING;
        if (is_attempt && stream->peer.id == peer) {
            return stream;
        }
    }
    return NULL;
}

bool weft_session_greet_promote(struct weft_session *session, weft_node_id peer)
{
    struct weft_stream *parked = weft_session_find(session, peer, WEFT_STREAM_PARKED);
    if (parked == NULL || session->closing) {
        return false;
    }
    come_up(parked);
    return parked->state == WEFT_STREAM_UP;
}

/* The answer to our HELLO: the stream is accepted. */
static void on_answer(struct weft_stream *stream, const struct weft_stream_hello *hello)
{
    struct weft_session *session = stream->session;
    if (hello->id != stream->peer.id) {
        /* Somebody else lives at that address now. */
        weft_stream_fail(stream, WEFT_ERR_UNREACHABLE);
        return;
    }
    if (weft_session_find_up(session, hello->id) != NULL) {
        weft_stream_close(stream);
        return;
    }
    close_if(session, hello->id, WEFT_STREAM_PARKED, stream);
    come_up(stream);
}

static bool is_young(const struct weft_stream *stream)
{
    return uv_hrtime() - stream->since_ns < WEFT_HELLO_MS * WEFT_NS_PER_MS;
}

/* Must a stream that |peer| opened wait for another one? If not, that other one is gone. */
static bool must_park(struct weft_session *session, weft_node_id peer)
{
    struct weft_stream *attempt = find_attempt(session, peer);
    struct weft_stream *up = weft_session_find_up(session, peer);
    if (attempt != NULL && session->config.membership->id < peer) {
        return true;
    }
    if (attempt != NULL) {
        weft_stream_close(attempt);
    }
    if (up != NULL && is_young(up)) {
        return true;
    }
    if (up != NULL) {
        weft_stream_close(up);
        weft_notice_down(session, peer, WEFT_ERR_CLOSED);
    }
    return false;
}

/* The HELLO of a peer that opened the stream. */
static void on_opened(struct weft_stream *stream, const struct weft_stream_hello *hello)
{
    struct weft_session *session = stream->session;
    close_if(session, hello->id, WEFT_STREAM_PARKED, stream);
    stream->peer.id = hello->id;
    stream->peer.address.port = hello->port;
    if (must_park(session, hello->id)) {
        weft_stream_enter(stream, WEFT_STREAM_PARKED);
        return;
    }
    come_up(stream);
}

void weft_session_greet_hello(struct weft_stream *stream, const uint8_t *body, size_t length)
{
    const struct weft_session_config *config = &stream->session->config;
    struct weft_stream_hello hello;
    bool is_right =
        stream->state == WEFT_STREAM_GREETING && weft_stream_wire_get_hello(body, length, &hello) &&
        hello.version == WEFT_PROTOCOL_VERSION && hello.mesh == config->membership->tag &&
        hello.id == stream->seal.id && hello.id != config->membership->id;
    if (!is_right) {
        weft_stream_fail(stream, WEFT_ERR_FORMAT);
    } else if (stream->opened_here) {
        on_answer(stream, &hello);
    } else {
        on_opened(stream, &hello);
    }
}

/* Whose machine it is shows in the whole of an IPv4 address, in half of an IPv6 one. */
static bool is_same_place(const struct weft_address *a, const struct weft_address *b)
{
    return memcmp(a->ip, b->ip, weft_address_is_ipv4(a->ip) ? WEFT_IP_BYTES : 8) == 0;
}

/* Are there too many accepted streams that have not greeted to take one more from |from|? Whoever
 * holds all that one address may have keeps nobody else out. */
static bool is_crowded(const struct weft_session *session, const struct weft_address *from)
{
    uint32_t count = 0;
    uint32_t count_here = 0;
    for (uint32_t i = 0; i < session->stream_count; i++) {
        const struct weft_stream *stream = session->streams[i];
        if (!stream->opened_here && stream->state <= WEFT_STREAM_GREETING) {
            count++;
            count_here += is_same_place(&stream->peer.address, from);
        }
    }
    return count >= WEFT_PROOFS_MAX || count_here >= WEFT_PROOFS_ADDRESS_MAX;
}

static void on_accepted(struct weft_session *session, int fd,
                        const struct sockaddr_storage *address)
{
    struct weft_endpoint peer = {.id = 0, .address = weft_session_socket_from(address)};
    if (is_crowded(session, &peer.address)) {
        close(fd);
        return;
    }
    weft_session_socket_tune(fd, WEFT_UNACKED_MS);
    weft_stream_make(session, fd, false /* opened_here */, &peer);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct weft_session *session = poll->data;
    (void)events;
    for (int i = 0; i < ACCEPTS && status == 0; i++) {
        struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
        socklen_t length = sizeof(address);
        int fd = accept4(session->listen_fd, (struct sockaddr *)&address, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            on_accepted(session, fd, &address);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* The connection stays in the queue: do not ask again at once. The sweep resumes. */
            uv_poll_stop(&session->listen_poll);
            return;
        }
    }
}

enum weft_err weft_session_greet_open(struct weft_session *session)
{
    if (uv_poll_init(session->config.loop, &session->listen_poll, session->listen_fd) != 0) {
        return WEFT_ERR_IO;
    }
    session->listen_poll.data = session;
    session->handle_count++;
    uv_poll_start(&session->listen_poll, UV_READABLE, on_connection);
    return WEFT_ERR_OK;
}

/* Is the time of |stream| over? */
static bool is_overdue(const struct weft_stream *stream, weft_ns now_ns)
{
    if (stream->state == WEFT_STREAM_UP) {
        return weft_stream_has_output(stream) &&
               now_ns - stream->out.progress_ns > WEFT_STALL_MS * WEFT_NS_PER_MS;
    }
    bool is_stranger = stream->state == WEFT_STREAM_PROVING && !stream->opened_here;
    uint64_t limit_ms = is_stranger ? WEFT_PROOF_MS : WEFT_HELLO_MS;
    return now_ns - stream->since_ns > limit_ms * WEFT_NS_PER_MS;
}

/* Is the peer of |stream|, which proved itself once, no member any more, or a copy of one? */
static bool is_expelled(const struct weft_stream *stream)
{
    const struct weft_membership *membership = stream->session->config.membership;
    const struct weft_stream_seal *seal = &stream->seal;
    weft_ns prove_ns = stream->session->prove_ns;
    bool is_unproved =
        stream->since_ns < prove_ns && uv_hrtime() - prove_ns > WEFT_PROVE_MS * WEFT_NS_PER_MS;
    return seal->id != 0 &&
           (is_unproved || seal->certificate.not_after_s <= weft_membership_now_s() ||
            weft_revocation_names(&membership->revoked, seal->id) ||
            weft_peers_is_copy(stream->session->peers, seal->id, &stream->peer.address));
}

void weft_session_greet_expel(struct weft_session *session)
{
    for (uint32_t i = session->stream_count; i > 0; i--) {
        struct weft_stream *stream = i <= session->stream_count ? session->streams[i - 1] : NULL;
        if (stream != NULL && is_expelled(stream)) {
            weft_stream_fail(stream, WEFT_ERR_CLOSED);
        }
    }
}

void weft_session_greet_sweep(struct weft_session *session)
{
    weft_ns now_ns = uv_hrtime();
    /* Backwards: a stream that fails leaves the table, and the last one takes its place. */
    for (uint32_t i = session->stream_count; i > 0; i--) {
        struct weft_stream *stream = i <= session->stream_count ? session->streams[i - 1] : NULL;
        if (stream != NULL && is_overdue(stream, now_ns)) {
            weft_stream_fail(stream, WEFT_ERR_TIMEOUT);
        }
    }
    weft_session_greet_expel(session);
    if (!uv_is_active((uv_handle_t *)&session->listen_poll)) {
        uv_poll_start(&session->listen_poll, UV_READABLE, on_connection);
    }
}
