/* SPDX-License-Identifier: Apache-2.0 */
/* One TCP connection between two nodes, from socket to end. Knows frames and parts of bulk, not who
 * should be connected to whom (session_greet.c). Included by session*.c and stream*.c only.
 *
 * States: opened here    CONNECTING -> PROVING (message 1 is sent) -> GREETING (message 2 came, our
 *                        HELLO is sent) -> UP (its HELLO came)
 *         accepted       PROVING -> GREETING (message 1 came, message 2 is sent) -> UP (its HELLO
 *                        came, ours is sent)
 *                        GREETING -> PARKED (its HELLO came, another stream comes first) -> UP
 *         from any state CLOSING: out of every table, the memory waits for libuv. */
#ifndef WEFT_STREAM_H
#define WEFT_STREAM_H

#include "session.h"
#include "notice.h"
#include "stream_seal.h"
#include "stream_wire.h"

struct weft_session; /* session_state.h */

enum weft_stream_state {
    WEFT_STREAM_CONNECTING, /* TCP handshake */
    WEFT_STREAM_PROVING,    /* handshake under way */
    WEFT_STREAM_GREETING,   /* waiting for the peer's HELLO */
    WEFT_STREAM_PARKED,     /* the peer waits for our HELLO */
    WEFT_STREAM_UP,         /* the owner knows it */
    WEFT_STREAM_CLOSING     /* over */
};

/* Room for the longest control frame with its prefix, and more behind it. */
#define WEFT_STREAM_INPUT_BYTES (20 * 1024)

struct weft_stream_input {
    uint8_t *bytes;              /* [WEFT_STREAM_INPUT_BYTES]; what was read and not handled */
    uint32_t length;             /* bytes in it */
    uint32_t part_left;          /* bytes of the part under way that were not read */
    uint32_t slot;               /* of the part under way: index of bulk */
    bool in_part;                /* part_left and slot count */
    struct weft_notice *bulk[2]; /* being received: chunk, document; NULL = none */
    weft_ns begun_ns[2];         /* when its first byte came */
    uint32_t first_bytes[2];     /* of it that came in the same turn of the loop */
    uint32_t worth_bytes;        /* what must be there before the kernel wakes us; 0 = 1 */
    weft_ns read_ns;             /* when reading began in this turn of the loop */
};

struct weft_stream_output {
    uint8_t *control;                   /* control frames with their prefixes; NULL = none yet */
    size_t control_start;               /* first byte not sent */
    size_t control_end;                 /* one past the last byte */
    size_t control_size;                /* bytes allocated */
    struct weft_notice_queue documents; /* to send, before chunks */
    struct weft_notice_queue chunks;    /* to send */
    uint32_t bulk_count;                /* entries of both */
    struct weft_notice *part;           /* bulk of the part under way; NULL = none */
    uint8_t head[WEFT_STREAM_WIRE_PREFIX_BYTES + WEFT_STREAM_WIRE_PART_BYTES_MAX]; /* of it */
    uint32_t head_length; /* bytes in head */
    uint32_t part_bytes;  /* of the part, without head */
    uint32_t part_sent;   /* of head and part together */
    weft_ns progress_ns;  /* when the socket took bytes last, or the queue was empty */
};

struct weft_stream {
    struct weft_session *session;  /* owner */
    enum weft_stream_state state;  /* see above */
    bool opened_here;              /* by this node */
    bool dirty;                    /* has something to send that was not tried yet */
    int fd;                        /* -1 = closed */
    int events;                    /* what poll waits for */
    uv_poll_t poll;                /* of fd */
    struct weft_endpoint peer;     /* expected, later known; id 0 = not known yet */
    weft_ns since_ns;              /* when it entered its state */
    struct weft_stream_seal seal;  /* stream_seal.c */
    struct weft_stream_input in;   /* stream_read.c */
    struct weft_stream_output out; /* stream_write.c */
};

/* Make a stream of |fd|, which belongs to it from then on, and put it into the session's table.
 * Errors: NULL if memory is short or the table is full; |fd| is then closed. */
struct weft_stream *weft_stream_make(struct weft_session *session, int fd, bool opened_here,
                                     const struct weft_endpoint *peer);

/* Enter |state|. */
void weft_stream_enter(struct weft_stream *stream, enum weft_stream_state state);

/* Wait for |events| (UV_READABLE, UV_WRITABLE, UV_DISCONNECT) from now on. */
void weft_stream_wait(struct weft_stream *stream, int events);

/* Close without a word about the stream itself; its bulk ends with CLOSED, told later. */
void weft_stream_close(struct weft_stream *stream);

/* Close because of |why|: down() follows if the owner asked for the stream or knew it to be up,
 * unless another stream of the same peer takes its place. */
void weft_stream_fail(struct weft_stream *stream, enum weft_err why);

/* Read what is there, up to a limit that leaves time for others. May end in weft_stream_fail(). */
void weft_stream_read(struct weft_stream *stream);

/* Opened bytes[length] came out of a record: frames and parts. May end in weft_stream_fail(). */
void weft_stream_feed(struct weft_stream *stream, const uint8_t *bytes, uint32_t length);

/* Give up what was received in part. */
void weft_stream_read_close(struct weft_stream *stream);

/* Queue a frame of |length| bytes. Errors: LIMIT if too much waits already, MEMORY. */
enum weft_err weft_stream_put(struct weft_stream *stream, const uint8_t *body, size_t length);

/* Queue bulk; owns |notice| from then on. */
void weft_stream_put_bulk(struct weft_stream *stream, struct weft_notice *notice);

/* Bytes of the documents in the queue, the one being sent included. */
size_t weft_stream_document_bytes(const struct weft_stream *stream);

/* Take a chunk out of the queue if its first byte was not sent. Owner: the caller; NULL if not. */
struct weft_notice *weft_stream_take_chunk(struct weft_stream *stream, weft_release_id release,
                                           uint32_t chunk);

/* Send what the socket takes. May end in weft_stream_fail(). */
void weft_stream_flush(struct weft_stream *stream);

/* Is anything waiting to be sent? */
bool weft_stream_has_output(const struct weft_stream *stream);

/* Give up what was not sent. */
void weft_stream_write_close(struct weft_stream *stream);

#endif
