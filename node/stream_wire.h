/* SPDX-License-Identifier: Apache-2.0 */
/* How do the frames of the shell look: HELLO, parts of chunks and documents, requests for
 * documents? Bytes only; no sockets, no state. The core's frames are protocol/frame.h. SPEC.md
 * section "Streams". */
#ifndef WEFT_STREAM_WIRE_H
#define WEFT_STREAM_WIRE_H

#include "session.h"

/* Frame kinds that the core never sees. Parts of bulk: enum weft_bulk_kind. */
enum {
    WEFT_STREAM_WIRE_REQUEST = 65, /* [65, token, path]: send me this document */
    WEFT_STREAM_WIRE_HELLO = 67    /* [67, version, mesh, id, port]: first frame, both ways */
};

enum {
    WEFT_STREAM_WIRE_PREFIX_BYTES = 4,     /* length of the body, big endian, before each frame */
    WEFT_STREAM_WIRE_HELLO_BYTES_MAX = 64, /* body of a HELLO; a longer one closes the stream */
    WEFT_STREAM_WIRE_PART_BYTES_MAX = 32,  /* body of a part without its bytes */
    WEFT_STREAM_WIRE_REQUEST_BYTES_MAX = 16 + WEFT_PATH_BYTES_MAX /* body of a request */
};

struct weft_stream_hello {
    uint32_t version; /* WEFT_PROTOCOL_VERSION */
    uint64_t mesh;    /* tag of the mesh */
    weft_node_id id;  /* of the sender, not 0 */
    uint16_t port;    /* where the sender listens, not 0 */
};

/* The head of a part: [kind, name, number, length, offset, bin(part)]. */
struct weft_stream_part {
    struct weft_bulk bulk; /* kind, name, number and length are set */
    uint32_t offset;       /* of the part in the whole, bytes */
    uint32_t bytes;        /* of the part; only 0 if the whole is empty */
};

struct weft_stream_request {
    uint64_t token;                     /* chosen by who asks */
    char path[WEFT_PATH_BYTES_MAX + 1]; /* zero terminated, without zeros inside */
};

enum weft_stream_wire_result {
    WEFT_STREAM_WIRE_DONE, /* decoded */
    WEFT_STREAM_WIRE_MORE, /* the head is not there whole */
    WEFT_STREAM_WIRE_BAD   /* it can never become right */
};

/* The length prefix of a frame. Shape: prefix[4]. */
uint32_t weft_stream_wire_length(const uint8_t *prefix);

/* Write the length prefix of a frame of |length| bytes. Shape: prefix[4]. */
void weft_stream_wire_put_length(uint8_t *prefix, uint32_t length);

/* The kind of a frame; 0 = not one of the shell's kinds: the core's, or nobody's.
 * Shape: body[length], at least 2 bytes tell it; with fewer it is 0. */
uint32_t weft_stream_wire_kind(const uint8_t *body, size_t length);

/* Write a HELLO into body[WEFT_STREAM_WIRE_HELLO_BYTES_MAX]; its length. */
uint32_t weft_stream_wire_put_hello(uint8_t *body, const struct weft_stream_hello *hello);

/* Read a HELLO. Errors: false if it is malformed or a field is 0; |hello| is then undefined. */
bool weft_stream_wire_get_hello(const uint8_t *body, size_t length,
                                struct weft_stream_hello *hello);

/* Write the head of a part into body[WEFT_STREAM_WIRE_PART_BYTES_MAX]; its length. */
uint32_t weft_stream_wire_put_part(uint8_t *body, const struct weft_stream_part *part);

/* Read the head of a part from the first |length| bytes of a body of |body_length| bytes.
 * Checked: kind, length of the whole, offset and bytes inside it, bytes up to the end of the body.
 * Units: *head_length: bytes of the body before the part's own; set if DONE. */
enum weft_stream_wire_result weft_stream_wire_get_part(const uint8_t *body, size_t length,
                                                       uint32_t body_length,
                                                       struct weft_stream_part *part,
                                                       uint32_t *head_length);

/* Write a request into body[WEFT_STREAM_WIRE_REQUEST_BYTES_MAX].
 * Errors: 0 if |path| is longer than WEFT_PATH_BYTES_MAX or empty; else the length. */
uint32_t weft_stream_wire_put_request(uint8_t *body, uint64_t token, const char *path);

/* Read a request. Errors: false if it is malformed; |request| is then undefined. */
bool weft_stream_wire_get_request(const uint8_t *body, size_t length,
                                  struct weft_stream_request *request);

#endif
