/* SPDX-License-Identifier: Apache-2.0 */
/* How do nodes talk to nodes? The only place that knows their sockets: datagrams and streams,
 * everything addressed by node id. Knows nothing of what the core's messages mean. SPEC.md
 * sections "Session" and "Streams".
 *
 * Everything is sealed, and every id is proven: peer.h and stream_seal.h. The first message to a
 * peer may have to wait for a handshake: the callers cannot tell.
 *
 * Timers: an accepted stream proves itself within WEFT_PROOF_MS, HELLO follows within
 * WEFT_HELLO_MS; a peer that does not read what is queued for it for
 * WEFT_STALL_MS, or does not acknowledge for WEFT_UNACKED_MS, is closed. States of
 * a stream: CONNECTING -> PROVING -> GREETING -> (PARKED ->) UP -> CLOSING; see stream.h.
 *
 * No function here calls a handler back before it returns; handlers may call every function. */
#ifndef WEFT_SESSION_H
#define WEFT_SESSION_H

#include "../protocol/err.h"
#include "../protocol/limits.h"
#include "../protocol/types.h"
#include "peer.h"

#include <uv.h>

enum {
    WEFT_SESSION_ADMIT_BYTES_MAX = 2048, /* answer to who asks to be admitted */
    WEFT_SESSION_PART_BYTES_MAX = 65536, /* of a chunk or document in one frame */
    WEFT_SESSION_BATCH = 64              /* datagrams in one system call, and read per wake-up */
};

struct weft_session; /* opaque; one per node */

/* What travels in parts, apart from control frames. The values are the frame kinds. */
enum weft_bulk_kind {
    WEFT_BULK_CHUNK = 64,   /* a chunk of a release */
    WEFT_BULK_DOCUMENT = 66 /* the answer to a request for a document */
};

/* Bulk bytes on their way, from or to |peer|. */
struct weft_bulk {
    enum weft_bulk_kind kind; /* meaning of |name| and |number| */
    weft_node_id peer;        /* the other end */
    uint64_t name;            /* CHUNK: release; DOCUMENT: token of the request */
    uint32_t number;          /* CHUNK: index; DOCUMENT: 0 = here it is, else enum weft_err */
    uint32_t length;          /* bytes of the whole; CHUNK: at most WEFT_CHUNK_BYTES_MAX */
    uint8_t *bytes;           /* sending: malloc()ed; receiving: the buffer offer() gave */
    weft_ns transfer_ns;      /* receiving: time of the whole at the rate measured; 0 = not known */
};

/* What the session tells its owner; called on the loop's thread, never from within a function
 * below. Every pointer is borrowed for the call. */
struct weft_session_handler {
    /* Passed back to each call. */
    void *context;
    /* A datagram: |from| has the sender's proven id and address; 0 = hop limit not known. */
    void (*datagram)(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                     const uint8_t *bytes, size_t length);
    /* A stream is ready; its peer was not up before. |opened_here|: this node opened it. */
    void (*up)(void *context, const struct weft_endpoint *peer, bool opened_here);
    /* A stream that was up is gone, or one asked for did not come up. */
    void (*down)(void *context, weft_node_id peer, enum weft_err why);
    /* A control frame, 1..WEFT_FRAME_BYTES_MAX bytes, of a stream that is up. */
    void (*frame)(void *context, weft_node_id peer, const uint8_t *bytes, size_t length);
    /* Bulk begins to arrive (bytes is NULL): where to put |bulk->length| bytes; NULL = pass over
     * it, nothing more is told. The buffer is the session's until received(). */
    uint8_t *(*offer)(void *context, const struct weft_bulk *bulk);
    /* The bulk is there whole (OK), or will never be (CLOSED). Whose buffer: the owner's again. */
    void (*received)(void *context, const struct weft_bulk *bulk, enum weft_err result);
    /* Bulk was handed to the transport (OK), was cancelled (CANCELLED) or lost its stream (CLOSED).
     * Whose buffer: the owner's again. */
    void (*sent)(void *context, const struct weft_bulk *bulk, enum weft_err result);
    /* A peer asks for the document |path| (zero terminated, not checked); answer with _send(). */
    void (*request)(void *context, weft_node_id peer, uint64_t token, const char *path);
    /* The membership took a newer revocation; NULL = nobody wants to know. */
    void (*revoked)(void *context);
    /* Somebody at |from| with the proven static key |key| asks to be admitted, or for a new
     * certificate: request[length]. The answer goes to reply[WEFT_SESSION_ADMIT_BYTES_MAX]; its
     * length, 0 = none. NULL = this node admits nobody. */
    size_t (*admit)(void *context, const uint8_t key[32], const struct weft_address *from,
                    const uint8_t *request, size_t length, uint8_t *reply);
};

struct weft_session_config {
    uv_loop_t *loop;                     /* outlives the session */
    struct weft_membership *membership;  /* complete; borrowed, and revoked in */
    uint64_t time_ms;                    /* of the first greeting; see weft_peers_new() */
    struct weft_address listen;          /* UDP and TCP; port 0 = choose one free for both */
    struct weft_session_handler handler; /* copied */
};

/* Open the sockets and begin to listen.
 * Errors: ADDRESS_IN_USE, PERMISSION, UNREACHABLE (the machine does not have the address), MEMORY,
 *         IO; *session is then NULL and |message| says it for people; message[size], size >= 256.
 * Owner:  the caller, weft_session_close(). */
enum weft_err weft_session_open(struct weft_session **session,
                                const struct weft_session_config *config, char *message,
                                size_t size);

/* Close every socket; no handler is called any more. What the session still holds of bulk buffers
 * is freed. Memory is released when the loop has run the close callbacks. |session| may be NULL. */
void weft_session_close(struct weft_session *session);

/* Take a revocation, bytes[length], that came from elsewhere: sessions and streams of those whom it
 * hits end, and it travels on. Result: as weft_membership_revoke(). */
enum weft_doubt weft_session_revoke(struct weft_session *session, const uint8_t *bytes,
                                    size_t length);

/* The mesh key changed: every session and stream is to be proved again, see weft_peers_prove(). */
void weft_session_prove(struct weft_session *session);

/* The identities that run in two places, at most |limit|; see weft_peers_copies(). */
uint32_t weft_session_copies(const struct weft_session *session, struct weft_peers_copy *copies,
                             uint32_t limit);

/* Who refused this node as a copy; see weft_peers_refused(). */
bool weft_session_refused(const struct weft_session *session, struct weft_peers_refusal *refusal);

/* The flags of |id|; see weft_peers_flags(). */
uint8_t weft_session_flags(const struct weft_session *session, weft_node_id id);

/* The name of |id|; see weft_peers_name(). */
const char *weft_session_name(const struct weft_session *session, weft_node_id id);

/* A time that is later than that of every greeting so far, for the next start. */
uint64_t weft_session_time_ms(struct weft_session *session);

/* Own address, with the port that was chosen. */
struct weft_address weft_session_address(const struct weft_session *session);

/* Send a datagram at the end of this turn of the loop; may be lost, like any datagram.
 * Shape: bytes[length], 1..WEFT_DATAGRAM_BYTES_MAX; copied. |to| may have no id (a seed).
 * |local|: same segment: hop limit 255, so that the receiver can tell it crossed no router. */
void weft_session_datagram(struct weft_session *session, const struct weft_endpoint *to,
                           const uint8_t *bytes, size_t length, bool local);

/* Open a stream to |to|; ends in up() or down(), unless it is up already or being opened.
 * |to| needs id and address. Errors: none; what fails at once is told by down() later. */
void weft_session_connect(struct weft_session *session, const struct weft_endpoint *to);

/* Close the stream to |peer| after what the socket takes at once. down() is not called for it;
 * sent() and received() are called with CLOSED for its bulk, later. Unknown peers are ignored. */
void weft_session_disconnect(struct weft_session *session, weft_node_id peer);

/* Is a stream to |peer| up? */
bool weft_session_is_up(const struct weft_session *session, weft_node_id peer);

/* Queue a control frame, in order; it passes bulk at the next end of a part.
 * Shape: bytes[length], 1..WEFT_FRAME_BYTES_MAX; copied. Dropped if no stream to |peer| is up. */
void weft_session_frame(struct weft_session *session, weft_node_id peer, const uint8_t *bytes,
                        size_t length);

/* Queue bulk behind other bulk of its kind; documents pass chunks.
 * Errors: CLOSED (no stream is up), LIMIT, MEMORY: sent() is not called, the buffer is the
 *         caller's.
 * Owner:  takes bulk->bytes until sent(); |bulk| itself is copied. */
enum weft_err weft_session_send(struct weft_session *session, const struct weft_bulk *bulk);

/* Do not send chunk |chunk| of |release| if its first byte was not sent; sent() follows later, with
 * CANCELLED, or OK if it was too late. Ignored if it is not queued. */
void weft_session_cancel(struct weft_session *session, weft_node_id peer, weft_release_id release,
                         uint32_t chunk);

/* Ask |peer| for a document; the answer arrives by offer() and received() under |token|.
 * Errors: CLOSED if no stream is up, ARGUMENT if |path| is longer than WEFT_PATH_BYTES_MAX. */
enum weft_err weft_session_request(struct weft_session *session, weft_node_id peer, uint64_t token,
                                   const char *path);

#endif
