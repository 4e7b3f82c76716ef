/* SPDX-License-Identifier: Apache-2.0 */
/* What a node tells about its decisions: one schema for nodes, simulator and reports (design D15).
 *
 * A record is data, not text; weft_trace_format() makes the line that golden traces compare. */
#ifndef WEFT_TRACE_H
#define WEFT_TRACE_H

#include "err.h"
#include "types.h"

/* X(name, word, meaning of value). peer, release and chunk are 0 where they say nothing. */
#define WEFT_TRACE_MAP(X)                                                                          \
    X(START, "start", "incarnation")                                                               \
    X(MEMBER_ALIVE, "member-alive", "incarnation")                                                 \
    X(MEMBER_SUSPECT, "member-suspect", "incarnation")                                             \
    X(MEMBER_DEAD, "member-dead", "incarnation")                                                   \
    X(MEMBER_LEFT, "member-left", "incarnation")                                                   \
    X(REFUTE, "refute", "own new incarnation")                                                     \
    X(REMOTE, "remote", "1 learned, 0 forgotten")                                                  \
    X(AGENT_CLAIM, "agent-claim", "term")                                                          \
    X(AGENT_DRAIN, "agent-drain", "term")                                                          \
    X(AGENT_SEEN, "agent-seen", "term")                                                            \
    X(BULLETIN, "bulletin", "timestamp version accepted")                                          \
    X(BULLETIN_HEARD, "bulletin-heard", "timestamp version announced by peer")                     \
    X(BULLETIN_REFUSED, "bulletin-refused", "error number")                                        \
    X(EQUIVOCATION, "equivocation", "timestamp version of which the peer has other signed bytes")  \
    X(LOOK, "look", "reason: 0 poll, 1 operator, 2 start, 3 half of its life is over")             \
    X(DOCUMENT, "document", "0 asked, 1 arrived, 2 nobody has it")                                 \
    X(MISLED, "misled", "1 the index of peer is false, 0 it brought no chunks")                    \
    X(RELEASE, "release", "chunks present when it was added")                                      \
    X(LINK_UP, "link-up", "links now")                                                             \
    X(LINK_DOWN, "link-down", "links now")                                                         \
    X(LEASE_TAKE, "lease-take", "extent")                                                          \
    X(LEASE_MOVE, "lease-move", "extent")                                                          \
    X(SOURCE_FETCH, "source-fetch", "chunks in the request")                                       \
    X(SOURCE_END, "source-end", "error number")                                                    \
    X(REQUEST, "request", "tier")                                                                  \
    X(BUSY, "busy", "milliseconds to wait")                                                        \
    X(PUSH, "push", "copies known before")                                                         \
    X(CHUNK, "chunk", "tier")                                                                      \
    X(CHUNK_BAD, "chunk-bad", "error number")                                                      \
    X(CHUNK_TWICE, "chunk-twice", "tier")                                                          \
    X(OVERDUE, "overdue", "tier")                                                                  \
    X(UPLOAD, "upload", "bytes")                                                                   \
    X(COMPLETE, "complete", "milliseconds since the release was added")                            \
    X(ACTIVATED, "activated", "error number")                                                      \
    X(STALL, "stall", "reason, see enum weft_stall")                                               \
    X(LEAVE, "leave", "incarnation")                                                               \
    X(PENALTY, "penalty", "seconds that peer owes now")

enum weft_trace_kind {
#define X(name, word, value) WEFT_TRACE_##name,
    WEFT_TRACE_MAP(X) WEFT_TRACE_KIND_COUNT
#undef X
};

/* Why a node that wants a release is not receiving; every moment has exactly one (design D15). */
#define WEFT_STALL_MAP(X)                                                                          \
    X(NONE, "nothing-wanted")                                                                      \
    X(NO_MANIFEST, "no-manifest")                                                                  \
    X(NO_PEER, "no-peer")                                                                          \
    X(QUEUED_AT_PEER, "queued-at-peer")                                                            \
    X(TRANSFER, "transfer")                                                                        \
    X(VERIFY, "verify")                                                                            \
    X(DISK, "disk")                                                                                \
    X(CAPPED, "capped")                                                                            \
    X(WAITING_AGENT, "waiting-agent")                                                              \
    X(SOURCE_DOWN, "source-down")                                                                  \
    X(ASLEEP, "asleep")

enum weft_stall {
#define X(name, word) WEFT_STALL_##name,
    WEFT_STALL_MAP(X) WEFT_STALL_COUNT
#undef X
};

struct weft_trace_record {
    weft_ns time_ns;           /* of the event that led to it */
    weft_node_id node;         /* who tells */
    enum weft_trace_kind kind; /* what happened */
    weft_node_id peer;         /* other node concerned, 0 = none (for chunks: the source) */
    weft_release_id release;   /* release concerned, 0 = none */
    uint32_t chunk;            /* chunk index, where a chunk is concerned */
    uint64_t value;            /* see WEFT_TRACE_MAP */
};

/* The word of a kind ("member-dead"); static storage. */
const char *weft_trace_word(enum weft_trace_kind kind);

/* The word of a stall reason ("no-peer"); static storage. */
const char *weft_stall_word(enum weft_stall stall);

/* Write the record as one line without newline: "[ms.us] node word peer=.. release=.. chunk=..
 * value=..", ids in 16 hexadecimal digits, fields that are 0 left out.
 * Shape:  text[size], size >= 160 holds every record; longer text is cut.
 * Cost:   no allocation. Returns the length written without the terminating zero. */
size_t weft_trace_format(const struct weft_trace_record *record, char *text, size_t size);

#endif
