/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the core asks its driver to do. SPEC.md section "Actions".
 *
 * The queue belongs to the driver: one per thread is enough, however many cores it drives. The
 * driver empties it after each step, in order, before the next step; pointers in an action are
 * valid until then. */
#ifndef WEFT_ACTION_H
#define WEFT_ACTION_H

#include "bulletin.h"
#include "limits.h"

enum weft_action_kind {
    WEFT_ACTION_DATAGRAM,        /* send a datagram; loss is allowed */
    WEFT_ACTION_STREAM_OPEN,     /* open a stream; ends in STREAM_UP or STREAM_DOWN */
    WEFT_ACTION_STREAM_CLOSE,    /* close it; no event follows */
    WEFT_ACTION_FRAME,           /* send a control frame on a stream, in order */
    WEFT_ACTION_ACCEPT,          /* answer to OFFER: receive, verify, store; ends in CHUNK */
    WEFT_ACTION_DISCARD,         /* answer to OFFER: read past it; no event follows */
    WEFT_ACTION_UPLOAD,          /* send a chunk from the store; ends in UPLOAD */
    WEFT_ACTION_UPLOAD_CANCEL,   /* do not send it if not begun; ends in UPLOAD (CANCELLED or OK) */
    WEFT_ACTION_SOURCE_FETCH,    /* HTTP range over chunks; CHUNK events, then SOURCE */
    WEFT_ACTION_SOURCE_CANCEL,   /* stop it; ends in SOURCE (CANCELLED) */
    WEFT_ACTION_SOURCE_LOOK,     /* look for newer metadata at the source; ends in LOOKED, one for
                                    all that are given before it */
    WEFT_ACTION_BULLETIN_CHECK,  /* verify what a peer announced; BULLETIN or BULLETIN_REFUSED */
    WEFT_ACTION_DOCUMENT_FETCH,  /* get a document from a peer or the source; ends in DOCUMENT */
    WEFT_ACTION_DOCUMENT_FAILED, /* nobody has it now: the shell's request is over */
    WEFT_ACTION_COMPLETE,        /* every chunk is there: check the whole, activate; COMPLETED */
    WEFT_ACTION_LEFT,            /* answer to LEAVE: goodbyes are sent, the node may stop */
    WEFT_ACTION_KIND_COUNT
};

struct weft_action_send {
    struct weft_endpoint to; /* DATAGRAM: id may be 0 (a seed); FRAME: id only */
    const uint8_t *bytes;    /* in the queue's arena; valid until the queue is reset */
    uint32_t length;         /* bytes */
    bool local;              /* DATAGRAM: same segment, send with hop limit 255 */
};

struct weft_action_chunk {
    weft_node_id peer;       /* other end of the stream */
    weft_release_id release; /* known to the shell by its RELEASE event */
    uint32_t chunk;          /* index */
};

struct weft_action_source {
    uint64_t token;          /* names the fetch in CHUNK and SOURCE events; never 0 */
    weft_release_id release; /* known to the shell by its RELEASE event */
    uint32_t first_chunk;    /* index of the first chunk of the range */
    uint32_t chunk_count;    /* chunks in a row, >= 1 */
};

struct weft_action_bulletin {
    struct weft_endpoint peer; /* who announced it, and holds the documents behind it */
    weft_bulletin bulletin;    /* as the peer says */
    const uint8_t *bytes;      /* the timestamp document, not verified; in the queue's arena */
    uint32_t length;           /* bytes; 0 = fetch metadata/timestamp.json from the peer */
};

struct weft_action_document {
    uint64_t token;     /* of the DOCUMENT_WANTED event */
    weft_node_id from;  /* peer with a stream up, or 0 = the source */
    const char *path;   /* in the queue's arena */
    uint32_t bytes_max; /* refuse more */
};

struct weft_action {
    enum weft_action_kind kind; /* what is to be done */
    union {
        struct weft_action_send send;         /* DATAGRAM, FRAME */
        struct weft_endpoint stream;          /* STREAM_OPEN, STREAM_CLOSE */
        struct weft_action_chunk chunk;       /* ACCEPT, DISCARD, UPLOAD, UPLOAD_CANCEL */
        struct weft_action_source source;     /* SOURCE_FETCH, SOURCE_CANCEL */
        struct weft_action_bulletin bulletin; /* BULLETIN_CHECK */
        struct weft_action_document document; /* DOCUMENT_FETCH, DOCUMENT_FAILED */
        weft_release_id release;              /* COMPLETE */
    };
};

/* Actions and arena bytes that one step can never exceed; asserted nowhere, counted when hit. */
#define WEFT_ACTIONS_PER_STEP_MAX 2048
#define WEFT_ACTION_ARENA_BYTES (512 * 1024)

struct weft_action_queue {
    uint32_t count;                                      /* actions in items */
    uint32_t arena_used;                                 /* bytes of arena in use */
    uint64_t dropped_count;                              /* actions lost to a full queue, ever */
    struct weft_action items[WEFT_ACTIONS_PER_STEP_MAX]; /* in the order to carry out */
    uint8_t arena[WEFT_ACTION_ARENA_BYTES];              /* payloads of the items */
};

/* Empty the queue: every action was carried out. Pointers in them are invalid from now on. */
void weft_action_reset(struct weft_action_queue *queue);

/* Append an action; the fields are set by the caller through the pointer.
 * Errors: NULL and dropped_count + 1 if the queue is full.
 * Owner:  the queue; valid until weft_action_reset(). */
struct weft_action *weft_action_push(struct weft_action_queue *queue, enum weft_action_kind kind);

/* Room in the arena for a payload of at most |bytes_max|; claim it with weft_action_claim().
 * Errors: NULL if the arena is full.
 * Owner:  the queue. */
uint8_t *weft_action_room(struct weft_action_queue *queue, uint32_t bytes_max);

/* Keep the first |bytes| of what weft_action_room() gave last. */
void weft_action_claim(struct weft_action_queue *queue, uint32_t bytes);

#endif
