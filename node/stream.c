/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one stream: made, polled, closed. Reading is stream_read.c, writing stream_write.c,
 * coming up session_greet.c. */
#include "session_socket.h"
#include "session_state.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static void on_closed(uv_handle_t *handle)
{
    struct weft_stream *stream = handle->data;
    struct weft_session *session = stream->session;
    free(stream->in.bytes);
    free(stream);
    weft_session_release(session);
}

static enum weft_err connect_result(int fd)
{
    int error_number = 0;
    socklen_t length = sizeof(error_number);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length) != 0) {
        error_number = errno;
    }
    return error_number == 0 ? WEFT_ERR_OK : weft_session_socket_error(error_number);
}

/* The TCP handshake of a stream opened here is over: prove who we are. */
static void on_connected(struct weft_stream *stream)
{
    enum weft_err err = connect_result(stream->fd);
    if (err != WEFT_ERR_OK) {
        weft_stream_fail(stream, err);
        return;
    }
    weft_session_socket_tune(stream->fd, WEFT_UNACKED_MS);
    weft_stream_enter(stream, WEFT_STREAM_PROVING);
    weft_stream_wait(stream, UV_READABLE);
    if (!weft_stream_seal_begin(stream)) {
        weft_stream_fail(stream, WEFT_ERR_UNREACHABLE);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct weft_stream *stream = poll->data;
    struct weft_session *session = stream->session;
    weft_notice_deliver(session);
    if (stream->state == WEFT_STREAM_CLOSING) {
        return;
    }
    if (stream->state == WEFT_STREAM_CONNECTING) {
        on_connected(stream);
    } else if (status < 0) {
        /* Reset: bytes that came before are still there. */
        weft_stream_read(stream);
        weft_stream_fail(stream, WEFT_ERR_CLOSED);
    } else {
        if ((events & (UV_READABLE | UV_DISCONNECT)) != 0) {
            weft_stream_read(stream);
        }
        if ((events & UV_WRITABLE) != 0 && stream->state != WEFT_STREAM_CLOSING) {
            weft_stream_flush(stream);
        }
    }
    weft_notice_deliver(session);
}

struct weft_stream *weft_stream_make(struct weft_session *session, int fd, bool opened_here,
                                     const struct weft_endpoint *peer)
{
    struct weft_stream *stream = calloc(1, sizeof(*stream));
    uint8_t *input = malloc(WEFT_STREAM_INPUT_BYTES);
    if (stream == NULL || input == NULL || session->stream_count == WEFT_STREAMS_MAX ||
        uv_poll_init(session->config.loop, &stream->poll, fd) != 0) {
        free(stream);
        free(input);
        close(fd);
        return NULL;
    }
    stream->session = session;
    stream->opened_here = opened_here;
    stream->fd = fd;
    stream->peer = *peer;
    stream->poll.data = stream;
    stream->in.bytes = input;
    session->streams[session->stream_count++] = stream;
    session->handle_count++;
    weft_stream_enter(stream, opened_here ? WEFT_STREAM_CONNECTING : WEFT_STREAM_PROVING);
    weft_stream_wait(stream, opened_here ? UV_WRITABLE : UV_READABLE);
    return stream;
}

void weft_stream_enter(struct weft_stream *stream, enum weft_stream_state state)
{
    stream->state = state;
    stream->since_ns = uv_hrtime();
}

void weft_stream_wait(struct weft_stream *stream, int events)
{
    if (stream->events != events) {
        stream->events = events;
        uv_poll_start(&stream->poll, events, on_poll);
    }
}

void weft_stream_close(struct weft_stream *stream)
{
    if (stream->state == WEFT_STREAM_CLOSING) {
        return;
    }
    weft_session_forget(stream->session, stream);
    weft_stream_enter(stream, WEFT_STREAM_CLOSING);
    weft_stream_read_close(stream);
    weft_stream_write_close(stream);
    weft_stream_seal_close(stream);
    uv_close((uv_handle_t *)&stream->poll, on_closed);
    close(stream->fd);
    stream->fd = -1;
}

void weft_stream_fail(struct weft_stream *stream, enum weft_err why)
{
    struct weft_session *session = stream->session;
    enum weft_stream_state state = stream->state;
    weft_node_id peer = stream->peer.id;
    bool opened_here = stream->opened_here;
    if (state == WEFT_STREAM_CLOSING) {
        return;
    }
    weft_stream_close(stream);
    if (state == WEFT_STREAM_UP) {
        weft_notice_down(session, peer, why);
        weft_session_greet_promote(session, peer);
    } else if (opened_here && !weft_session_greet_promote(session, peer)) {
        weft_notice_down(session, peer, why);
    }
}
