/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes bounded, canonical msgpack (SPEC.md section "Wire"). Answers "is this the one
 * right encoding, and does it fit?"; what a message means is its module's question.
 *
 * Every value begins with a head: a lead byte and up to 8 bytes of argument. read_head() is the
 * only place that decodes one; all the rest compares what it found with what was expected. */
#include "wire.h"

#include <msgpack/pack.h>
#include <string.h>

/* Containers inside containers that weft_read_skip() follows. */
#define NESTING_MAX 4

enum type {
    TYPE_INVALID, /* 0xc1, which msgpack never uses */
    TYPE_UINT,    /* argument: the value */
    TYPE_NEGATIVE,
    TYPE_STR,   /* argument: bytes that follow */
    TYPE_BIN,   /* argument: bytes that follow */
    TYPE_EXT,   /* argument: bytes that follow, after one byte for the extension's type */
    TYPE_FIXED, /* argument: bytes that follow: nil, booleans, floats */
    TYPE_ARRAY, /* argument: elements that follow */
    TYPE_MAP    /* argument: pairs that follow */
};

struct head {
    enum type type;
    uint64_t argument; /* see enum type */
};

/* How to read the heads 0xc0 to 0xdf. */
struct form {
    uint8_t type;   /* enum type */
    uint8_t width;  /* bytes of argument after the lead byte; 0: the argument is |least| */
    uint64_t least; /* smallest argument for which this form is the shortest */
};

static const struct form forms[32] = {
    {TYPE_FIXED, 0, 0},             /* c0 nil */
    {TYPE_INVALID, 0, 0},           /* c1 */
    {TYPE_FIXED, 0, 0},             /* c2 false */
    {TYPE_FIXED, 0, 0},             /* c3 true */
    {TYPE_BIN, 1, 0},               /* c4 */
    {TYPE_BIN, 2, 0x100},           /* c5 */
    {TYPE_BIN, 4, 0x10000},         /* c6 */
    {TYPE_EXT, 1, 0},               /* c7; not for 1, 2, 4, 8, 16, see is_shortest() */
    {TYPE_EXT, 2, 0x100},           /* c8 */
    {TYPE_EXT, 4, 0x10000},         /* c9 */
    {TYPE_FIXED, 0, 4},             /* ca float 32 */
    {TYPE_FIXED, 0, 8},             /* cb float 64 */
    {TYPE_UINT, 1, 0x80},           /* cc */
    {TYPE_UINT, 2, 0x100},          /* cd */
    {TYPE_UINT, 4, 0x10000},        /* ce */
    {TYPE_UINT, 8, 0x100000000},    /* cf */
    {TYPE_NEGATIVE, 1, 0x21},       /* d0; least is a magnitude: -32 has a one-byte form */
    {TYPE_NEGATIVE, 2, 0x81},       /* d1 */
    {TYPE_NEGATIVE, 4, 0x8001},     /* d2 */
    {TYPE_NEGATIVE, 8, 0x80000001}, /* d3 */
    {TYPE_EXT, 0, 1},               /* d4 */
    {TYPE_EXT, 0, 2},               /* d5 */
    {TYPE_EXT, 0, 4},               /* d6 */
    {TYPE_EXT, 0, 8},               /* d7 */
    {TYPE_EXT, 0, 16},              /* d8 */
    {TYPE_STR, 1, 0x20},            /* d9 */
    {TYPE_STR, 2, 0x100},           /* da */
    {TYPE_STR, 4, 0x10000},         /* db */
    {TYPE_ARRAY, 2, 0x10},          /* dc */
    {TYPE_ARRAY, 4, 0x10000},       /* dd */
    {TYPE_MAP, 2, 0x10},            /* de */
    {TYPE_MAP, 4, 0x10000},         /* df */
};

/* ---- Reading ---- */

struct weft_reader weft_reader_of(const uint8_t *bytes, size_t length)
{
    /* Nothing may be added to a null pointer, not even 0. */
    const uint8_t *end = length == 0 ? bytes : bytes + length;
    return (struct weft_reader){.at = bytes, .end = end, .reject = WEFT_REJECT_NONE};
}

void weft_reader_fail(struct weft_reader *reader, enum weft_reject reject)
{
    if (reader->reject == WEFT_REJECT_NONE) {
        reader->reject = reject;
    }
}

static size_t left(const struct weft_reader *reader)
{
    return reader->at == reader->end ? 0 : (size_t)(reader->end - reader->at);
}

/* The next |count| bytes, or NULL and TRUNCATED. */
static const uint8_t *take(struct weft_reader *reader, uint64_t count)
{
    if (count > left(reader)) {
        weft_reader_fail(reader, WEFT_REJECT_TRUNCATED);
        return NULL;
    }
    const uint8_t *bytes = reader->at;
    reader->at += count;
    return bytes;
}

static uint64_t big_endian(const uint8_t *bytes, uint32_t width)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < width; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Is the next lead byte |first|..|last|, a head that carries its argument itself? Most heads do. */
static bool is_short(const struct weft_reader *reader, uint8_t first, uint8_t last)
{
    return weft_reader_ok(reader) && reader->at != reader->end && *reader->at >= first &&
           *reader->at <= last;
}

static bool is_shortest(const struct form *form, uint64_t argument)
{
    if (form->type == TYPE_NEGATIVE) {
        uint32_t bits = form->width * 8U;
        bool is_negative = (argument >> (bits - 1)) & 1;
        uint64_t magnitude = ((UINT64_MAX >> (64 - bits)) ^ argument) + 1;
        return is_negative && magnitude >= form->least;
    }
    bool has_fixed_form = form->type == TYPE_EXT && argument > 0 && argument <= 16 &&
                          (argument & (argument - 1)) == 0;
    return argument >= form->least && !has_fixed_form;
}

/* The head of a lead byte that carries its argument itself. */
static struct head short_head(uint8_t lead)
{
    if (lead < 0x80) {
        return (struct head){TYPE_UINT, lead};
    }
    if (lead < 0x90) {
        return (struct head){TYPE_MAP, lead & 0x0fU};
    }
    if (lead < 0xa0) {
        return (struct head){TYPE_ARRAY, lead & 0x0fU};
    }
    if (lead < 0xc0) {
        return (struct head){TYPE_STR, lead & 0x1fU};
    }
    return (struct head){TYPE_NEGATIVE, 0};
}

/* The next head; TYPE_INVALID after any fault. */
static struct head read_head(struct weft_reader *reader)
{
    const struct head none = {TYPE_INVALID, 0};
    const uint8_t *lead = weft_reader_ok(reader) ? take(reader, 1) : NULL;
    if (lead == NULL) {
        return none;
    }
    if (*lead < 0xc0 || *lead >= 0xe0) {
        return short_head(*lead);
    }
    const struct form *form = &forms[*lead - 0xc0];
    if (form->type == TYPE_INVALID) {
        weft_reader_fail(reader, WEFT_REJECT_WRONG_TYPE);
        return none;
    }
    if (form->width == 0) {
        return (struct head){(enum type)form->type, form->least};
    }
    const uint8_t *bytes = take(reader, form->width);
    if (bytes == NULL) {
        return none;
    }
    uint64_t argument = big_endian(bytes, form->width);
    if (!is_shortest(form, argument)) {
        weft_reader_fail(reader, WEFT_REJECT_NOT_CANONICAL);
        return none;
    }
    return (struct head){(enum type)form->type, argument};
}

/* The argument of the next head, which must be of |type| and at most |max|; 0 on a fault. */
static uint64_t expect(struct weft_reader *reader, enum type type, uint64_t max)
{
    struct head head = read_head(reader);
    if (!weft_reader_ok(reader)) {
        return 0;
    }
    if (head.type != type) {
        weft_reader_fail(reader, WEFT_REJECT_WRONG_TYPE);
        return 0;
    }
    if (head.argument > max) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
        return 0;
    }
    return head.argument;
}

uint32_t weft_read_array(struct weft_reader *reader, uint32_t count_max)
{
    bool brief = is_short(reader, 0x90, 0x9f) && (*reader->at & 0x0fU) <= count_max;
    uint64_t count = brief ? *reader->at++ & 0x0fU : expect(reader, TYPE_ARRAY, count_max);
    if (count > left(reader)) {
        /* An element takes a byte at least: no loop runs further than the message is long. */
        weft_reader_fail(reader, WEFT_REJECT_TRUNCATED);
        return 0;
    }
    return (uint32_t)count;
}

/* The longer forms of an unsigned integer, at |at|, whole: most are ids, addresses and times. A
 * width that is known beforehand is read at once instead of byte by byte. */
static uint64_t long_uint(const uint8_t *at, uint32_t form)
{
    switch (form) {
    case 0:
        return big_endian(at, 1);
    case 1:
        return big_endian(at, 2);
    case 2:
        return (uint64_t)at[0] << 24 | (uint64_t)at[1] << 16 | (uint64_t)at[2] << 8 | at[3];
    default:
        return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 |
               (uint64_t)at[3] << 32 | (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 |
               (uint64_t)at[6] << 8 | at[7];
    }
}

uint64_t weft_read_uint(struct weft_reader *reader, uint64_t max)
{
    size_t room = weft_reader_ok(reader) ? left(reader) : 0;
    uint32_t lead = room > 0 ? *reader->at : UINT8_MAX;
    if (lead <= 0x7f && lead <= max) {
        reader->at++;
        return lead;
    }
    uint32_t form = lead - 0xcc;
    if (form <= 3 && room > (1U << form)) {
        uint64_t value = long_uint(reader->at + 1, form);
        if (value <= max && value >= forms[0xcc - 0xc0 + form].least) {
            reader->at += 1 + (1U << form);
            return value;
        }
    }
    return expect(reader, TYPE_UINT, max); /* which finds out what is wrong */
}

static struct weft_span read_span(struct weft_reader *reader, enum type type, uint32_t length_max)
{
    uint32_t length = (uint32_t)expect(reader, type, length_max);
    const uint8_t *bytes = length == 0 ? NULL : take(reader, length);
    return (struct weft_span){.bytes = bytes, .length = bytes == NULL ? 0 : length};
}

struct weft_span weft_read_bin(struct weft_reader *reader, uint32_t length_max)
{
    return read_span(reader, TYPE_BIN, length_max);
}

void weft_read_bin_exact(struct weft_reader *reader, uint8_t *out, uint32_t length)
{
    struct weft_span span = read_span(reader, TYPE_BIN, length);
    if (weft_reader_ok(reader) && span.length != length) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
    }
    if (length == 0) {
        return;
    }
    if (weft_reader_ok(reader)) {
        memcpy(out, span.bytes, length);
    } else {
        memset(out, 0, length);
    }
}

struct weft_span weft_read_str(struct weft_reader *reader, uint32_t length_max)
{
    return read_span(reader, TYPE_STR, length_max);
}

/* How many values a container holds that |depth| others hold; 0 and RANGE if those are too many. */
static uint64_t enter(struct weft_reader *reader, uint64_t count, uint32_t depth)
{
    if (depth == NESTING_MAX) {
        weft_reader_fail(reader, WEFT_REJECT_RANGE);
        return 0;
    }
    return count;
}

/* Pass over one head and the bytes that belong to it; how many values it contains. */
static uint64_t skip_one(struct weft_reader *reader, uint32_t depth)
{
    struct head head = read_head(reader);
    switch (head.type) {
    case TYPE_ARRAY:
        return enter(reader, head.argument, depth);
    case TYPE_MAP:
        return enter(reader, head.argument * 2, depth);
    case TYPE_EXT:
        take(reader, head.argument + 1);
        return 0;
    case TYPE_STR:
    case TYPE_BIN:
    case TYPE_FIXED:
        take(reader, head.argument);
        return 0;
    case TYPE_INVALID:
    case TYPE_UINT:
    case TYPE_NEGATIVE:
        return 0;
    }
    return 0;
}

void weft_read_skip(struct weft_reader *reader, uint32_t count)
{
    /* Every step takes a byte or leaves a container that took one: the work is bounded by the
     * bytes there are, whatever counts the headers claim. */
    uint64_t pending[NESTING_MAX + 1] = {count}; /* values still to pass over, by nesting */
    uint32_t depth = 0;
    while (weft_reader_ok(reader)) {
        if (pending[depth] > 0) {
            pending[depth]--;
            uint64_t inside = skip_one(reader, depth);
            if (inside > 0) {
                pending[++depth] = inside;
            }
        } else if (depth > 0) {
            depth--;
        } else {
            return;
        }
    }
}

void weft_read_end(struct weft_reader *reader)
{
    if (left(reader) > 0) {
        weft_reader_fail(reader, WEFT_REJECT_TRAILING);
    }
}

/* ---- Writing ---- */

struct weft_writer weft_writer_into(uint8_t *buffer, size_t length)
{
    uint8_t *end = length == 0 ? buffer : buffer + length;
    return (struct weft_writer){.start = buffer, .at = buffer, .end = end, .overflow = false};
}

/* What msgpack-c calls with each piece of its output. */
static int append(void *data, const char *bytes, size_t length)
{
    struct weft_writer *writer = data;
    if (length == 0 || writer->overflow) {
        return writer->overflow ? -1 : 0;
    }
    if (writer->at == writer->end || length > (size_t)(writer->end - writer->at)) {
        writer->overflow = true;
        return -1;
    }
    memcpy(writer->at, bytes, length);
    writer->at += length;
    return 0;
}

static msgpack_packer packer_of(struct weft_writer *writer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, writer, append);
    return packer;
}

void weft_write_array(struct weft_writer *writer, uint32_t count)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_array(&packer, count);
}

void weft_write_uint(struct weft_writer *writer, uint64_t value)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_uint64(&packer, value);
}

void weft_write_bin_header(struct weft_writer *writer, uint32_t length)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_bin(&packer, length);
}

void weft_write_bin(struct weft_writer *writer, const void *bytes, uint32_t length)
{
    weft_write_bin_header(writer, length);
    append(writer, bytes, length);
}

void weft_write_str(struct weft_writer *writer, const char *text, uint32_t length)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_str(&packer, length);
    append(writer, text, length);
}
