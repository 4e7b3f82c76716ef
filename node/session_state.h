/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a session, shared by session*.c and stream*.c, included by nobody else. What each
 * file answers:
 *   session.c           the public calls: which stream is meant
 *   session_greet.c     which streams come up: accept, HELLO, simultaneous opens
 *   notice.c           what the owner is told, and in which order
 *   session_wish.c      streams that wait for the key of their peer
 *   session_datagram.c  packets, in batches
 *   session_socket.c    sockets and their options
 *   stream.c            the life of one stream
 *   stream_seal.c       handshake and sealed records
 *   stream_read.c       bytes in: frames, parts of bulk
 *   stream_write.c      bytes out: what goes first
 *   stream_wire.c       the shell's own frames as bytes */
#ifndef WEFT_SESSION_STATE_H
#define WEFT_SESSION_STATE_H

#include "peer.h"
#include "session.h"
#include "stream.h"

struct weft_session_outbox; /* session_datagram.c */

struct weft_session {
    struct weft_session_config config; /* as given */
    int datagram_fd;                   /* -1 = closed */
    int listen_fd;                     /* -1 = closed */
    uv_poll_t datagram_poll;           /* readable */
    uv_poll_t listen_poll;             /* readable; stopped while out of descriptors */
    uv_timer_t timer;                  /* every WEFT_SESSION_SWEEP_MS: deadlines of streams */
    uv_prepare_t prepare;              /* before the loop waits: send what was queued */
    uv_idle_t idle;                    /* runs while work is left, so that the loop does not wait */
    uint32_t handle_count;             /* own handles and streams not closed yet */
    bool closing;                      /* weft_session_close() was called */
    struct weft_session_outbox *outbox;               /* datagrams out and in */
    struct weft_notice_queue notices;                 /* not told yet */
    bool dirty;                                       /* a stream is */
    struct weft_stream *streams[WEFT_STREAMS_MAX];    /* all that are not CLOSING */
    uint32_t stream_count;                            /* entries of streams */
    weft_node_id up_ids[WEFT_STREAMS_MAX];            /* peers of the streams that are UP ... */
    struct weft_stream *up_streams[WEFT_STREAMS_MAX]; /* ... and these, same order */
    uint32_t up_count;                                /* entries of both */
    struct weft_peers *peers;                         /* sealed datagrams; owned */
    weft_ns prove_ns; /* streams of before end in WEFT_PROVE_MS; 0 = none do */
    struct weft_endpoint wishes[WEFT_LINKS_MAX]; /* streams asked for, key not known yet */
    weft_ns wish_ns[WEFT_LINKS_MAX];             /* since when */
    uint32_t wish_count;                         /* entries of both */
    uint8_t wire[WEFT_STREAM_SEAL_WIRE_BYTES];   /* what was read from the stream at hand */
};

/* Units: milliseconds; the resolution of the timers of session.h. */
#define WEFT_SESSION_SWEEP_MS 250

/* Open the outbox and begin to read. Errors: MEMORY, IO. */
enum weft_err weft_session_datagram_open(struct weft_session *session);

/* Send what waits. What the socket does not take is lost. */
void weft_session_datagram_flush(struct weft_session *session);

/* Free the outbox. The sockets are the session's. */
void weft_session_datagram_close(struct weft_session *session);

/* Put a packet into the outbox; see struct weft_peers_host. |context| is the session. */
void weft_session_datagram_put(void *context, const struct weft_address *to, const uint8_t *bytes,
                               size_t length, bool local);

/* Open a stream to |to| as soon as its key is known; down() follows if that fails. */
void weft_session_wish(struct weft_session *session, const struct weft_endpoint *to);

/* Is a stream to |peer| waiting for a key? */
bool weft_session_wish_has(const struct weft_session *session, weft_node_id peer);

/* Forget the wish for a stream to |peer|. True if there was one. */
bool weft_session_wish_forget(struct weft_session *session, weft_node_id peer);

/* The key of |peer| is known: open the stream. */
void weft_session_wish_known(void *context, weft_node_id peer);

/* The key of |peer| will not be known. */
void weft_session_wish_lost(void *context, weft_node_id peer);

/* Connect to |to|, whose key is known. */
void weft_session_dial(struct weft_session *session, const struct weft_endpoint *to);

/* Begin to accept. Errors: MEMORY, IO. */
enum weft_err weft_session_greet_open(struct weft_session *session);

/* The TCP handshake of |stream|, opened here, is over: send our HELLO. */
void weft_session_greet_say(struct weft_stream *stream);

/* The first frame of |stream| has come: check it, decide which of two streams stays, tell up(). */
void weft_session_greet_hello(struct weft_stream *stream, const uint8_t *body, size_t length);

/* A stream of |peer| has gone: one that was waiting for that takes its place. True if so. */
bool weft_session_greet_promote(struct weft_session *session, weft_node_id peer);

/* Close streams whose HELLO is overdue or whose peer does not read; accept again. */
void weft_session_greet_sweep(struct weft_session *session);

/* Ask again for keys of streams that wait; give up those that waited too long. */
void weft_session_wish_sweep(struct weft_session *session);

/* Close the streams of peers whose certificate expired or was revoked, and of copies. */
void weft_session_greet_expel(struct weft_session *session);

/* The stream to |peer| that is up; NULL if there is none. */
struct weft_stream *weft_session_find_up(const struct weft_session *session, weft_node_id peer);

/* The stream to |peer| in |state|; NULL if there is none. */
struct weft_stream *weft_session_find(const struct weft_session *session, weft_node_id peer,
                                      enum weft_stream_state state);

/* |stream| is up from now on: frames for its peer go there. */
void weft_session_add_up(struct weft_session *session, struct weft_stream *stream);

/* Forget |stream| in every table. */
void weft_session_forget(struct weft_session *session, struct weft_stream *stream);

/* One of the session's handles was closed; the last one frees the session. */
void weft_session_release(struct weft_session *session);

#endif
