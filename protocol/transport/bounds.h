/* SPDX-License-Identifier: Apache-2.0 */
/* Every fixed limit of transport and admission on one page, with what happens at the limit. SPEC.md
 * section "Limits of the transport" holds the same table; tests/unit/test_bounds.c asserts how they
 * hang together. */
#ifndef WEFT_TRANSPORT_BOUNDS_H
#define WEFT_TRANSPORT_BOUNDS_H

#include "../limits.h"

/* X(name, value, consequence) */
#define WEFT_BOUND_MAP(X)                                                                          \
    X(PEERS_MAX, 1024, "the peer not heard for longest is forgotten; it shakes hands again")       \
    X(WAITING_MAX, 8, "of the datagrams that wait for a handshake, the oldest is dropped")         \
    X(WAITING_TOTAL_MAX, 512, "a further datagram that would have to wait is dropped")             \
    X(TRIES_MAX, 3, "first messages without an answer; then the address rests")                    \
    X(TRY_MS, 400, "without an answer the first message is sent again")                            \
    X(REST_MS, 2000, "an address that did not answer is not tried before")                         \
    X(REKEY_MS, 3600000, "the next datagram begins a new handshake")                               \
    X(REJECT_MS, 3900000, "a session older than this carries nothing")                             \
    X(PROVE_AFTER_MS, 10000, "so long after a change of the mesh key sessions are proved again")   \
    X(PROVE_MS, 300000, "a session not proved again since the mesh key changed ends")              \
    X(REKEY_MESSAGES, 1073741824, "the next datagram begins a new handshake")                      \
    X(SILENT_MESSAGES, 16, "sent so many and heard nothing: a handshake begins")                   \
    X(WINDOW_BITS, 2048, "a datagram that is further behind the newest one is dropped")            \
    X(LOAD_PER_S, 100, "with more first messages in a second, an address must be proved first")    \
    X(INITS_MAX, 4096, "the first message remembered at the same place is forgotten")              \
    X(COOKIE_MS, 120000, "a cookie is good for this long, at most twice")                          \
    X(ADDRESS_PER_S, 20, "first messages of one proved address in a second; more are dropped")     \
    X(ADDRESS_BURST, 5, "of them at once")                                                         \
    X(TOTAL_PER_S, 277, "first messages in a second; more are dropped: a twentieth of a core")     \
    X(TOTAL_BURST, 64, "of them at once")                                                          \
    X(PEER_PER_S, 200, "datagrams of one member in a second; more are dropped")                    \
    X(PEER_BURST, 400, "of them at once")                                                          \
    X(PEER_BYTES_PER_S, 65536, "bytes of them in a second; a datagram above is dropped")           \
    X(PEER_BYTES_BURST, 262144, "bytes of them at once: what a node that joins is told")           \
    X(CLONE_RETURNS, 3, "heard at its first address again so often, and elsewhere: it runs twice") \
    X(CLONE_RETURN_MS, 1000, "returns closer together than this are one")                          \
    X(CLONE_SPAN_MS, 60000, "returns further apart than this do not add up")                       \
    X(CLONE_SILENT_MS, 30000, "not heard at its first address for so long: the other one counts")  \
    X(ADDRESSES_MAX, 4096, "a further address takes the place of another one of its row")          \
    X(PROOF_MS, 2000, "a stream that has not proved its identity by then is closed")               \
    X(PROOF_BYTES_MAX, 1024, "a stream with a longer first message is closed")                     \
    X(PROOFS_MAX, 64, "a further stream that has not proved its identity is closed at once")       \
    X(PROOFS_ADDRESS_MAX, 16, "of them from one address (IPv4, or IPv6 /64), likewise")            \
    X(RECORD_BYTES_MAX, 16384, "a stream with a longer sealed record is closed")                   \
    X(HELLO_MS, 5000, "a stream whose other end has not said HELLO by then is closed")             \
    X(STREAMS_MAX, 160, "a further stream is closed at once; two of a member at most")             \
    X(STALL_MS, 30000, "bytes wait, and the socket took none for so long: the stream is closed")   \
    X(UNACKED_MS, 10000, "bytes sent and not acknowledged for so long: the stream is closed")      \
    X(QUEUE_BYTES_MAX, 4194304, "more control bytes wait for a member: its stream is closed")      \
    X(QUEUE_DOCUMENT_BYTES_MAX, 4194304, "a document behind others that are longer is refused")    \
    X(BULKS_MAX, 64, "a further chunk or document for the same member is refused")                 \
    X(REVOKED_MAX, 128, "a further node cannot be revoked: run weft rotate, or wait")              \
    X(TOKENS_MAX, 64, "a further token cannot be made before one expires")                         \
    X(REQUEST_S, 604800, "an older request for admission by files is not answered")                \
    X(BEACON_MS, 30000, "a node in company sends a beacon, unless two of others came")             \
    X(BEACON_ALONE_MS, 5000, "a lone node sends a beacon")                                         \
    X(BEACON_ANSWER_MS, 2000, "a lone node's beacon is answered by then, by one node or a few")    \
    X(CERTIFICATE_S, 2592000, "a certificate is good for this long; renewed after two thirds")

enum {
#define X(name, value, consequence) WEFT_##name = (value),
    WEFT_BOUND_MAP(X)
#undef X
};

#endif
