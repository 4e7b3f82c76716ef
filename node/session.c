/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls of the session, its tables, and its turn of the loop; see session.h for what it
 * promises and session_state.h for which file answers what. */
#include "session_socket.h"
#include "session_state.h"

#include "../protocol/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rounds of sending and telling in one turn of the loop; what is left waits for the next. */
#define ROUNDS 16

struct weft_stream *weft_session_find_up(const struct weft_session *session, weft_node_id peer)
{
    for (uint32_t i = 0; i < session->up_count; i++) {
        if (session->up_ids[i] == peer) {
            return session->up_streams[i];
        }
    }
    return NULL;
}

struct weft_stream *weft_session_find(const struct weft_session *session, weft_node_id peer,
                                      enum weft_stream_state state)
{
    for (uint32_t i = 0; i < session->stream_count; i++) {
        if (session->streams[i]->state == state && session->streams[i]->peer.id == peer) {
            return session->streams[i];
        }
    }
    return NULL;
}

void weft_session_add_up(struct weft_session *session, struct weft_stream *stream)
{
    session->up_ids[session->up_count] = stream->peer.id;
    session->up_streams[session->up_count] = stream;
    session->up_count++;
}

void weft_session_forget(struct weft_session *session, struct weft_stream *stream)
{
    for (uint32_t i = 0; i < session->stream_count; i++) {
        if (session->streams[i] == stream) {
            session->streams[i] = session->streams[--session->stream_count];
        }
    }
    for (uint32_t i = 0; i < session->up_count; i++) {
        if (session->up_streams[i] == stream) {
            session->up_count--;
            session->up_ids[i] = session->up_ids[session->up_count];
            session->up_streams[i] = session->up_streams[session->up_count];
        }
    }
}

void weft_session_release(struct weft_session *session)
{
    session->handle_count--;
    if (session->handle_count > 0) {
        return;
    }
    weft_notice_drop(&session->notices);
    weft_session_datagram_close(session);
    weft_peers_free(session->peers);
    free(session);
}

static bool has_work(const struct weft_session *session)
{
    return session->dirty || session->notices.first != NULL;
}

static void flush_streams(struct weft_session *session)
{
    session->dirty = false;
    for (uint32_t i = session->stream_count; i > 0; i--) {
        struct weft_stream *stream = i <= session->stream_count ? session->streams[i - 1] : NULL;
        if (stream != NULL && stream->dirty) {
            weft_stream_flush(stream);
        }
    }
}

static void on_idle(uv_idle_t *idle)
{
    /* Its presence keeps the loop from waiting. */
    uv_idle_stop(idle);
}

/* Before the loop waits: send what this turn has queued, tell what came of it. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct weft_session *session = prepare->data;
    for (int i = 0; i < ROUNDS && has_work(session) && !session->closing; i++) {
        flush_streams(session);
        weft_notice_deliver(session);
    }
    if (session->closing) {
        return;
    }
    weft_session_datagram_flush(session);
    if (has_work(session)) {
        uv_idle_start(&session->idle, on_idle);
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct weft_session *session = timer->data;
    weft_peers_expire(session->peers, uv_hrtime());
    weft_session_wish_sweep(session);
    weft_session_greet_sweep(session);
    weft_notice_deliver(session);
}

static void start_handles(struct weft_session *session)
{
    uv_loop_t *loop = session->config.loop;
    uv_timer_init(loop, &session->timer);
    uv_prepare_init(loop, &session->prepare);
    uv_idle_init(loop, &session->idle);
    session->timer.data = session;
    session->prepare.data = session;
    session->idle.data = session;
    session->handle_count += 3;
    uv_timer_start(&session->timer, on_sweep, WEFT_SESSION_SWEEP_MS, WEFT_SESSION_SWEEP_MS);
    uv_prepare_start(&session->prepare, on_prepare);
}

static void on_datagram(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                        const uint8_t *bytes, size_t length)
{
    const struct weft_session *session = context;
    if (!session->closing) {
        session->config.handler.datagram(session->config.handler.context, from, hop_limit, bytes,
                                         length);
    }
}

/* Streams of who is no member any more end. */
static void on_revoked(void *context)
{
    struct weft_session *session = context;
    const struct weft_session_handler *handler = &session->config.handler;
    weft_session_greet_expel(session);
    if (handler->revoked != NULL) {
        handler->revoked(handler->context);
    }
}

/* Streams of the copy of another node end. */
static void on_cloned(void *context)
{
    weft_session_greet_expel(context);
}

static enum weft_err open_peers(struct weft_session *session)
{
    const struct weft_peers_host host = {
        .context = session,
        .send = weft_session_datagram_put,
        .deliver = on_datagram,
        .known = weft_session_wish_known,
        .lost = weft_session_wish_lost,
        .revoked = on_revoked,
        .cloned = on_cloned,
    };
    session->peers =
        weft_peers_new(session->config.membership, &host, session->config.time_ms, uv_hrtime());
    return session->peers == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
}

enum weft_doubt weft_session_revoke(struct weft_session *session, const uint8_t *bytes,
                                    size_t length)
{
    return weft_peers_revoke(session->peers, bytes, length, uv_hrtime());
}

static void explain(enum weft_err err, const struct weft_address *address, char *message,
                    size_t size)
{
    char text[WEFT_ADDRESS_TEXT_BYTES];
    const char *advice = "";
    if (err == WEFT_ERR_ADDRESS_IN_USE) {
        advice = "; stop that program or choose another port with --listen";
    } else if (err == WEFT_ERR_UNREACHABLE) {
        advice = "; give --listen an address that this machine has";
    }
    snprintf(message, size, "cannot listen on %s: %s%s",
             weft_address_format(address, text, sizeof(text)),
             err == WEFT_ERR_UNREACHABLE ? "this machine does not have that address"
                                         : weft_err_text(err),
             advice);
}

enum weft_err weft_session_open(struct weft_session **session,
                                const struct weft_session_config *config, char *message,
                                size_t size)
{
    *session = NULL;
    struct weft_session *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        explain(WEFT_ERR_MEMORY, &config->listen, message, size);
        return WEFT_ERR_MEMORY;
    }
    made->config = *config;
    enum weft_err err =
        weft_session_socket_listen(&made->config.listen, &made->datagram_fd, &made->listen_fd);
    if (err != WEFT_ERR_OK) {
        explain(err, &config->listen, message, size);
        free(made);
        return err;
    }
    start_handles(made);
    err = open_peers(made);
    if (err == WEFT_ERR_OK) {
        err = weft_session_datagram_open(made);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_session_greet_open(made);
    }
    if (err != WEFT_ERR_OK) {
        explain(err, &config->listen, message, size);
        weft_session_close(made);
        return err;
    }
    *session = made;
    return WEFT_ERR_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
    weft_session_release(handle->data);
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->data != NULL) {
        uv_close(handle, on_handle_closed);
    }
}

void weft_session_close(struct weft_session *session)
{
    if (session == NULL || session->closing) {
        return;
    }
    session->closing = true;
    while (session->stream_count > 0) {
        weft_stream_close(session->streams[session->stream_count - 1]);
    }
    close_handle((uv_handle_t *)&session->timer);
    close_handle((uv_handle_t *)&session->prepare);
    close_handle((uv_handle_t *)&session->idle);
    close_handle((uv_handle_t *)&session->datagram_poll);
    close_handle((uv_handle_t *)&session->listen_poll);
    close(session->datagram_fd);
    close(session->listen_fd);
    session->datagram_fd = -1;
    session->listen_fd = -1;
}

void weft_session_prove(struct weft_session *session)
{
    session->prove_ns = uv_hrtime();
    weft_peers_prove(session->peers, session->prove_ns);
}

uint32_t weft_session_copies(const struct weft_session *session, struct weft_peers_copy *copies,
                             uint32_t limit)
{
    return weft_peers_copies(session->peers, copies, limit);
}

bool weft_session_refused(const struct weft_session *session, struct weft_peers_refusal *refusal)
{
    return weft_peers_refused(session->peers, uv_hrtime(), refusal);
}

uint8_t weft_session_flags(const struct weft_session *session, weft_node_id id)
{
    return weft_peers_flags(session->peers, id);
}

const char *weft_session_name(const struct weft_session *session, weft_node_id id)
{
    return weft_peers_name(session->peers, id);
}

uint64_t weft_session_time_ms(struct weft_session *session)
{
    return weft_peers_time_ms(session->peers, uv_hrtime());
}

struct weft_address weft_session_address(const struct weft_session *session)
{
    return session->config.listen;
}

/* Is a stream to |peer| up or being opened by this node? */
static bool is_known(const struct weft_session *session, weft_node_id peer)
{
    for (uint32_t i = 0; i < session->stream_count; i++) {
        const struct weft_stream *stream = session->streams[i];
        bool counts = stream->opened_here || stream->state == WEFT_STREAM_UP;
        if (counts && stream->peer.id == peer) {
            return true;
        }
    }
    return weft_session_wish_has(session, peer);
}

void weft_session_connect(struct weft_session *session, const struct weft_endpoint *to)
{
    if (!is_known(session, to->id)) {
        weft_session_wish(session, to);
    }
}

void weft_session_dial(struct weft_session *session, const struct weft_endpoint *to)
{
    const struct weft_endpoint where = weft_peers_where(session->peers, to);
    int fd = weft_session_socket_connect(&session->config.listen, &where.address);
    if (fd < 0 || weft_stream_make(session, fd, true /* opened_here */, &where) == NULL) {
        weft_notice_down(session, to->id, fd < 0 ? WEFT_ERR_UNREACHABLE : WEFT_ERR_LIMIT);
    }
}

void weft_session_disconnect(struct weft_session *session, weft_node_id peer)
{
    struct weft_stream *up = weft_session_find_up(session, peer);
    if (up != NULL) {
        weft_stream_flush(up);
    }
    for (uint32_t i = session->stream_count; i > 0; i--) {
        struct weft_stream *stream = session->streams[i - 1];
        if (stream->peer.id == peer && stream->state != WEFT_STREAM_PARKED) {
            weft_stream_close(stream);
        }
    }
    weft_session_wish_forget(session, peer);
    weft_notice_forget(session, peer);
    weft_session_greet_promote(session, peer);
}

bool weft_session_is_up(const struct weft_session *session, weft_node_id peer)
{
    return weft_session_find_up(session, peer) != NULL;
}

static void put(struct weft_stream *stream, const uint8_t *body, size_t length)
{
    enum weft_err err = weft_stream_put(stream, body, length);
    if (err != WEFT_ERR_OK) {
        weft_stream_fail(stream, err);
    }
}

void weft_session_frame(struct weft_session *session, weft_node_id peer, const uint8_t *bytes,
                        size_t length)
{
    struct weft_stream *stream = weft_session_find_up(session, peer);
    if (stream != NULL && length > 0 && length <= WEFT_FRAME_BYTES_MAX) {
        put(stream, bytes, length);
    }
}

enum weft_err weft_session_request(struct weft_session *session, weft_node_id peer, uint64_t token,
                                   const char *path)
{
    uint8_t body[WEFT_STREAM_WIRE_REQUEST_BYTES_MAX];
    struct weft_stream *stream = weft_session_find_up(session, peer);
    if (stream == NULL) {
        return WEFT_ERR_CLOSED;
    }
    uint32_t length = weft_stream_wire_put_request(body, token, path);
    if (length == 0) {
        return WEFT_ERR_ARGUMENT;
    }
    put(stream, body, length);
    return WEFT_ERR_OK;
}

/* Whoever asks for long documents and does not read them must not fill the memory. */
static bool has_too_much(const struct weft_stream *stream, const struct weft_bulk *bulk)
{
    size_t waiting = weft_stream_document_bytes(stream);
    return bulk->kind == WEFT_BULK_DOCUMENT && waiting > 0 &&
           waiting + bulk->length > WEFT_QUEUE_DOCUMENT_BYTES_MAX;
}

enum weft_err weft_session_send(struct weft_session *session, const struct weft_bulk *bulk)
{
    struct weft_stream *stream = weft_session_find_up(session, bulk->peer);
    if (stream == NULL) {
        return WEFT_ERR_CLOSED;
    }
    if (stream->out.bulk_count >= WEFT_BULKS_MAX || has_too_much(stream, bulk)) {
        return WEFT_ERR_LIMIT;
    }
    struct weft_notice *notice = calloc(1, sizeof(*notice));
    if (notice == NULL) {
        return WEFT_ERR_MEMORY;
    }
    notice->kind = WEFT_NOTICE_SENT;
    notice->bulk = *bulk;
    weft_stream_put_bulk(stream, notice);
    return WEFT_ERR_OK;
}

void weft_session_cancel(struct weft_session *session, weft_node_id peer, weft_release_id release,
                         uint32_t chunk)
{
    struct weft_stream *stream = weft_session_find_up(session, peer);
    struct weft_notice *notice =
        stream == NULL ? NULL : weft_stream_take_chunk(stream, release, chunk);
    if (notice != NULL) {
        notice->result = WEFT_ERR_CANCELLED;
        weft_notice_push(&session->notices, notice);
    }
}
