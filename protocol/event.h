/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that can happen to a node, as the core sees it. SPEC.md section "Events".
 *
 * Rules of the boundary: every pointer in an event is borrowed for the call of weft_core_step()
 * only. Bulk bytes (chunks, documents) never appear; their completions do. Nothing in an event can
 * make the step fail: malformed input from peers is counted and dropped. */
#ifndef WEFT_EVENT_H
#define WEFT_EVENT_H

#include "bulletin.h"
#include "err.h"

enum weft_event_kind {
    WEFT_EVENT_START,            /* first event, once: who and where this node is */
    WEFT_EVENT_TICK,             /* the deadline of weft_core_deadline() has come */
    WEFT_EVENT_LINK,             /* the own address changed, or the network went away */
    WEFT_EVENT_DATAGRAM,         /* a datagram arrived */
    WEFT_EVENT_STREAM_UP,        /* a stream to a peer is ready, whoever opened it */
    WEFT_EVENT_STREAM_DOWN,      /* it closed, or the attempt to open it failed */
    WEFT_EVENT_FRAME,            /* a control frame arrived on a stream */
    WEFT_EVENT_OFFER,            /* the header of a chunk arrived on a stream */
    WEFT_EVENT_CHUNK,            /* a chunk was received whole, or its transfer ended otherwise */
    WEFT_EVENT_UPLOAD,           /* a chunk was sent whole, or the attempt ended */
    WEFT_EVENT_SOURCE,           /* a fetch from the source ended */
    WEFT_EVENT_LOOKED,           /* a look at the source for newer metadata ended */
    WEFT_EVENT_BULLETIN,         /* newer metadata was verified by the shell: tell others */
    WEFT_EVENT_BULLETIN_REFUSED, /* metadata that a peer announced did not verify */
    WEFT_EVENT_RELEASE,          /* a verified release is wanted, or held and can be served */
    WEFT_EVENT_RELEASE_GONE,     /* a release is no longer wanted or held */
    WEFT_EVENT_COMPLETED,        /* the shell checked the whole release and activated it, or not */
    WEFT_EVENT_DOCUMENT_WANTED,  /* the shell needs a metadata document or a chunk index */
    WEFT_EVENT_DOCUMENT,         /* a document fetch ended */
    WEFT_EVENT_MISLED,           /* a chunk index that nobody signed proved false */
    WEFT_EVENT_LOOK,             /* the operator asks for a look at the source now (SIGHUP) */
    WEFT_EVENT_LEAVE,            /* the node is about to stop: hand over and say goodbye */
    WEFT_EVENT_BEACON, /* somebody on the own link says that he is there; proves nothing */
    WEFT_EVENT_KIND_COUNT
};

struct weft_event_start {
    struct weft_endpoint self;         /* own id (never 0) and listening address */
    struct weft_prefix segment;        /* the own subnet; bits 128 = a segment of one */
    uint64_t incarnation;              /* larger than at any earlier start of this id */
    const struct weft_endpoint *known; /* seeds and peers remembered; borrowed */
    size_t known_count;                /* entries of known; any number, the first ones are used */
};

struct weft_event_link {
    bool up;                     /* false: no network at all, keep the state and wait */
    struct weft_address address; /* own address now, when up */
    struct weft_prefix segment;  /* own subnet now, when up */
};

struct weft_event_beacon {
    struct weft_address address; /* where the sender listens, as it says */
};

struct weft_event_datagram {
    struct weft_endpoint from; /* where it came from; id 0 if the transport does not prove one */
    uint8_t hop_limit;         /* TTL or hop limit on arrival; 0 = unknown */
    bool no_agent;             /* the sender's certificate says that it may be no Update Agent */
    const uint8_t *bytes;      /* borrowed */
    size_t length;             /* bytes; any value */
};

struct weft_event_stream {
    struct weft_endpoint peer; /* proven id, and the address it is reached at; for DOWN only id */
    bool opened_here;          /* this node opened it */
    enum weft_err result;      /* DOWN: why; FORMAT = the peer, which had proved itself, broke the
                                  rules of streams */
};

struct weft_event_frame {
    weft_node_id peer;    /* sender */
    const uint8_t *bytes; /* body of the frame without its length prefix; borrowed */
    size_t length;        /* bytes, 1..WEFT_FRAME_BYTES_MAX */
};

/* The core answers an OFFER within the same step with WEFT_ACTION_ACCEPT or WEFT_ACTION_DISCARD. */
struct weft_event_offer {
    weft_node_id peer;       /* sender */
    weft_release_id release; /* as the peer says, not checked */
    uint32_t chunk;          /* index, as the peer says, not checked */
};

struct weft_event_chunk {
    weft_node_id peer;       /* who sent it; 0 = the source */
    uint64_t token;          /* of the source fetch it belongs to, else 0 */
    weft_release_id release; /* a release the core was told of */
    uint32_t chunk;          /* index, < chunk_count */
    enum weft_err result;    /* OK = verified and durable; MISMATCH; IO, DISK_FULL; CLOSED ... */
    uint32_t bytes;          /* length of the chunk */
    weft_ns transfer_ns;     /* first to last byte on the wire, 0 = unknown */
};

struct weft_event_upload {
    weft_node_id peer;       /* receiver */
    weft_release_id release; /* as in the action */
    uint32_t chunk;          /* as in the action */
    enum weft_err result;    /* OK = the last byte was handed to the transport */
    uint32_t bytes;          /* sent */
};

struct weft_event_source {
    uint64_t token;       /* of WEFT_ACTION_SOURCE_FETCH */
    enum weft_err result; /* OK, or why it ended; chunks that arrived before count all the same */
    uint32_t http_status; /* last status, 0 = no answer */
    uint32_t retry_after_ms; /* what the server asked for, 0 = nothing */
};

struct weft_event_looked {
    enum weft_err result; /* OK: looked, whether or not something was new; else why not */
};

struct weft_event_bulletin {
    weft_bulletin bulletin; /* what is trusted now; its tag is made from the bytes */
    const uint8_t *bytes;   /* the signed timestamp document; borrowed, the core copies it */
    size_t length;          /* bytes, 1..WEFT_BULLETIN_BYTES_MAX; 0 = too long for gossip */
    weft_ns fresh_ns;       /* from now to the middle of its life; NEVER = not known */
};

struct weft_event_bulletin_refused {
    weft_node_id peer;      /* who announced it */
    weft_bulletin bulletin; /* what it announced */
    enum weft_err result;   /* why it was not accepted; SIGNATURE, FORMAT ... blame the peer;
                               EXISTS: it is signed, but not what is trusted of that version */
};

struct weft_event_release {
    weft_release_id id;   /* not 0 */
    uint32_t component;   /* small number of the component, chosen by the shell */
    uint32_t chunk_count; /* 1..WEFT_CHUNKS_MAX */
    uint64_t bytes;       /* of the whole release */
    const uint8_t *have;  /* bit i (LSB first) = chunk i verified on disk; NULL = none; borrowed */
    bool wanted;          /* fetch what is missing; false: serve only what is there */
};

struct weft_event_release_gone {
    weft_release_id id; /* stop fetching and serving it */
};

struct weft_event_completed {
    weft_release_id id;   /* of WEFT_ACTION_COMPLETE */
    enum weft_err result; /* OK, or why it was not activated; MISMATCH: the whole does not verify */
};

struct weft_event_document_wanted {
    uint64_t token;         /* chosen by the shell, not 0, unique among open requests */
    const char *path;       /* below the source's URL, borrowed, the core copies it */
    uint32_t bytes_max;     /* no longer document is accepted */
    weft_bulletin bulletin; /* metadata that needs it: peers that know it may hold it */
    weft_node_id hint;      /* a peer that should hold it (announced it), 0 = nobody */
    uint64_t derived_bytes; /* a chunk index that is not signed, of a target of this length + 1:
                               asked of the source it is made from the target; 0 = any other */
    bool is_own_work;       /* of it: peers were wrong too often, none is asked */
};

/* An index that is not signed, and that |peer| handed out, was dropped. */
struct weft_event_misled {
    weft_node_id peer;       /* 0 = nobody: it was made here, or found on the disk */
    weft_release_id release; /* the index belongs to */
    bool is_certain; /* the whole did not match its signed hash; else it brought no chunks */
};

struct weft_event_document {
    uint64_t token;       /* of WEFT_ACTION_DOCUMENT_FETCH */
    enum weft_err result; /* OK = arrived and accepted by the shell; NOT_FOUND; MISMATCH; ...;
                             PENDING: the peer works on it */
    weft_node_id from;    /* of whom it was asked; 0 = the source */
};

struct weft_event {
    enum weft_event_kind kind; /* what happened */
    weft_ns now_ns;            /* not smaller than at the event before */
    union {
        struct weft_event_start start;                       /* START */
        struct weft_event_link link;                         /* LINK */
        struct weft_event_beacon beacon;                     /* BEACON */
        struct weft_event_datagram datagram;                 /* DATAGRAM */
        struct weft_event_stream stream;                     /* STREAM_UP, STREAM_DOWN */
        struct weft_event_frame frame;                       /* FRAME */
        struct weft_event_offer offer;                       /* OFFER */
        struct weft_event_chunk chunk;                       /* CHUNK */
        struct weft_event_upload upload;                     /* UPLOAD */
        struct weft_event_source source;                     /* SOURCE */
        struct weft_event_looked looked;                     /* LOOKED */
        struct weft_event_bulletin bulletin;                 /* BULLETIN */
        struct weft_event_bulletin_refused bulletin_refused; /* BULLETIN_REFUSED */
        struct weft_event_release release;                   /* RELEASE */
        struct weft_event_release_gone release_gone;         /* RELEASE_GONE */
        struct weft_event_completed completed;               /* COMPLETED */
        struct weft_event_document_wanted document_wanted;   /* DOCUMENT_WANTED */
        struct weft_event_document document;                 /* DOCUMENT */
        struct weft_event_misled misled;                     /* MISLED */
    };
};

#endif
