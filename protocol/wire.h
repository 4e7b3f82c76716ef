/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded msgpack: a cursor that reads without allocating, and a writer into a caller's buffer.
 *
 * Answers "is this canonical, bounded msgpack?"; knows nothing of messages. Canonical: every
 * integer, length and header in its shortest form. The reader's error is sticky: after the first
 * fault every read returns zero, so a decoder reads all fields and checks once at the end. SPEC.md
 * section "Wire". The writer packs with msgpack-c; its unpacker is never used on network input. */
#ifndef WEFT_WIRE_H
#define WEFT_WIRE_H

#include "err.h"
#include "types.h"

struct weft_reader {
    const uint8_t *at;       /* next byte; borrowed */
    const uint8_t *end;      /* one past the last byte */
    enum weft_reject reject; /* first fault, NONE so far */
};

struct weft_writer {
    uint8_t *start; /* caller's buffer */
    uint8_t *at;    /* next free byte */
    uint8_t *end;   /* one past the buffer */
    bool overflow;  /* something did not fit; nothing after it was written */
};

/* A borrowed piece of the input. */
struct weft_span {
    const uint8_t *bytes; /* NULL if length is 0 or the read failed */
    uint32_t length;      /* bytes */
};

/* Begin to read |length| bytes at |bytes|; borrows them as long as the reader is used. */
struct weft_reader weft_reader_of(const uint8_t *bytes, size_t length);

/* Read an array header of at most |count_max| elements; its count, 0 on a fault. */
uint32_t weft_read_array(struct weft_reader *reader, uint32_t count_max);

/* Read an unsigned integer of at most |max|; 0 on a fault (RANGE if larger). */
uint64_t weft_read_uint(struct weft_reader *reader, uint64_t max);

/* Read a bin of at most |length_max| bytes. */
struct weft_span weft_read_bin(struct weft_reader *reader, uint32_t length_max);

/* Read a bin of exactly |length| bytes into |out|; on a fault |out| is zeroed. */
void weft_read_bin_exact(struct weft_reader *reader, uint8_t *out, uint32_t length);

/* Read a str of at most |length_max| bytes. It is not checked to be UTF-8 and not terminated. */
struct weft_span weft_read_str(struct weft_reader *reader, uint32_t length_max);

/* Pass over |count| values of any type (unknown trailing elements); nesting is bounded to 4. */
void weft_read_skip(struct weft_reader *reader, uint32_t count);

/* Say that the message must end here: TRAILING if bytes are left. */
void weft_read_end(struct weft_reader *reader);

/* Record a fault found by the caller; the first one stays. */
void weft_reader_fail(struct weft_reader *reader, enum weft_reject reject);

/* True until the first fault. */
static inline bool weft_reader_ok(const struct weft_reader *reader)
{
    return reader->reject == WEFT_REJECT_NONE;
}

/* Begin to write into |buffer|; borrows it as long as the writer is used. */
struct weft_writer weft_writer_into(uint8_t *buffer, size_t length);

/* Write an array header of |count| elements. */
void weft_write_array(struct weft_writer *writer, uint32_t count);

/* Write an unsigned integer in its shortest form. */
void weft_write_uint(struct weft_writer *writer, uint64_t value);

/* Write a bin. |bytes| may be NULL if |length| is 0. */
void weft_write_bin(struct weft_writer *writer, const void *bytes, uint32_t length);

/* Write the header of a bin of |length| bytes; the bytes follow by other means (chunk data). */
void weft_write_bin_header(struct weft_writer *writer, uint32_t length);

/* Write a str. */
void weft_write_str(struct weft_writer *writer, const char *text, uint32_t length);

/* Bytes written so far; 0 after an overflow, so that a message that does not fit is not sent. */
static inline uint32_t weft_writer_length(const struct weft_writer *writer)
{
    return writer->overflow ? 0 : (uint32_t)(writer->at - writer->start);
}

#endif
