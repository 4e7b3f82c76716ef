/* SPDX-License-Identifier: Apache-2.0 */
/* What lies between a stream and its socket: the handshake that proves both ends, then records that
 * are sealed. Knows nothing of frames. Included by session*.c and stream*.c only. SPEC.md section
 * "Records". */
#ifndef WEFT_STREAM_SEAL_H
#define WEFT_STREAM_SEAL_H

#include "../protocol/transport/bounds.h"
#include "../protocol/transport/bulk.h"
#include "../protocol/transport/certificate.h"
#include "../protocol/transport/noise.h"

#include <sys/uio.h>

struct weft_stream; /* stream.h */

enum {
    WEFT_STREAM_SEAL_PREFIX_BYTES = 2, /* length of a message or record, big endian, before it */
    WEFT_STREAM_SEAL_OVERHEAD = WEFT_STREAM_SEAL_PREFIX_BYTES + WEFT_AEAD_TAG_BYTES,
    WEFT_STREAM_SEAL_RECORDS = 4, /* sealed before the socket has taken them */
    WEFT_STREAM_SEAL_OUT_BYTES =
        WEFT_STREAM_SEAL_RECORDS * (WEFT_RECORD_BYTES_MAX + WEFT_STREAM_SEAL_OVERHEAD),
    WEFT_STREAM_SEAL_REST_BYTES = WEFT_RECORD_BYTES_MAX + WEFT_STREAM_SEAL_OVERHEAD,
    WEFT_STREAM_SEAL_WIRE_BYTES = 256 * 1024 /* read at once, of all streams in turn */
};

/* First byte of message 1 of who is no member yet, or renews: an admission (register.h). */
#define WEFT_STREAM_SEAL_ADMIT 128

struct weft_stream_seal {
    struct weft_noise *noise;            /* while the ends prove themselves; NULL = they did */
    struct weft_bulk_cipher *sealing;    /* NULL = not proved */
    struct weft_bulk_cipher *opening;    /* likewise */
    struct weft_certificate certificate; /* of the peer; valid if id is not 0 */
    weft_node_id id;                     /* that the peer proved; 0 = none yet */
    uint8_t *out;                        /* [WEFT_STREAM_SEAL_OUT_BYTES]; NULL = nothing waits */
    uint32_t out_start;                  /* first byte that the socket did not take */
    uint32_t out_end;                    /* one past the last byte */
    uint8_t *rest;                       /* [WEFT_STREAM_SEAL_REST_BYTES]: begin of a record */
    uint32_t rest_length;                /* bytes of it that are there */
    bool is_last;                        /* close when |out| is sent */
};

/* Opener, connected: send message 1. False: the peer's key is not known, or memory is short. */
bool weft_stream_seal_begin(struct weft_stream *stream);

/* Take wire[length], raw bytes from the socket behind the rest: prove, or open records and hand
 * what is in them to weft_stream_feed(). |wire| is overwritten; what is not whole becomes the
 * rest. May end in weft_stream_fail(). */
void weft_stream_seal_take(struct weft_stream *stream, uint8_t *wire, size_t length);

/* Seal the pieces as one record of at most WEFT_RECORD_BYTES_MAX bytes.
 * Errors: false if memory is short. The caller has asked weft_stream_seal_has_room(). */
bool weft_stream_seal_put(struct weft_stream *stream, const struct iovec *pieces, int count,
                          size_t length);

/* Is there room for a whole record? */
bool weft_stream_seal_has_room(const struct weft_stream *stream);

/* Send what is sealed. Result: bytes the socket took; -1 = it takes none now, or the stream
 * failed. */
ssize_t weft_stream_seal_send(struct weft_stream *stream);

/* Is anything sealed that was not sent? */
bool weft_stream_seal_waits(const struct weft_stream *stream);

/* Wipe and free. */
void weft_stream_seal_close(struct weft_stream *stream);

#endif
