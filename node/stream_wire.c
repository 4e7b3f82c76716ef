/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes and decodes the shell's own frames; see stream_wire.h. */
#include "stream_wire.h"

#include "../protocol/wire.h"

#include <string.h>

uint32_t weft_stream_wire_length(const uint8_t *prefix)
{
    return (uint32_t)prefix[0] << 24 | (uint32_t)prefix[1] << 16 | (uint32_t)prefix[2] << 8 |
           prefix[3];
}

void weft_stream_wire_put_length(uint8_t *prefix, uint32_t length)
{
    prefix[0] = (uint8_t)(length >> 24);
    prefix[1] = (uint8_t)(length >> 16);
    prefix[2] = (uint8_t)(length >> 8);
    prefix[3] = (uint8_t)length;
}

uint32_t weft_stream_wire_kind(const uint8_t *body, size_t length)
{
    /* A short array and a positive fixint: every kind of the shell is below 128. */
    if (length < 2 || (body[0] & 0xf0) != 0x90) {
        return 0;
    }
    return body[1] >= WEFT_BULK_CHUNK && body[1] <= WEFT_STREAM_WIRE_HELLO ? body[1] : 0;
}

uint32_t weft_stream_wire_put_hello(uint8_t *body, const struct weft_stream_hello *hello)
{
    struct weft_writer writer = weft_writer_into(body, WEFT_STREAM_WIRE_HELLO_BYTES_MAX);
    weft_write_array(&writer, 5);
    weft_write_uint(&writer, WEFT_STREAM_WIRE_HELLO);
    weft_write_uint(&writer, hello->version);
    weft_write_uint(&writer, hello->mesh);
    weft_write_uint(&writer, hello->id);
    weft_write_uint(&writer, hello->port);
    return weft_writer_length(&writer);
}

bool weft_stream_wire_get_hello(const uint8_t *body, size_t length, struct weft_stream_hello *hello)
{
    struct weft_reader reader = weft_reader_of(body, length);
    uint32_t count = weft_read_array(&reader, 15);
    uint64_t kind = weft_read_uint(&reader, UINT32_MAX);
    hello->version = (uint32_t)weft_read_uint(&reader, UINT32_MAX);
    hello->mesh = weft_read_uint(&reader, UINT64_MAX);
    hello->id = weft_read_uint(&reader, UINT64_MAX);
    hello->port = (uint16_t)weft_read_uint(&reader, UINT16_MAX);
    weft_read_skip(&reader, count > 5 ? count - 5 : 0);
    weft_read_end(&reader);
    return weft_reader_ok(&reader) && count >= 5 && kind == WEFT_STREAM_WIRE_HELLO &&
           hello->id != 0 && hello->port != 0;
}

uint32_t weft_stream_wire_put_part(uint8_t *body, const struct weft_stream_part *part)
{
    struct weft_writer writer = weft_writer_into(body, WEFT_STREAM_WIRE_PART_BYTES_MAX);
    weft_write_array(&writer, 6);
    weft_write_uint(&writer, part->bulk.kind);
    weft_write_uint(&writer, part->bulk.name);
    weft_write_uint(&writer, part->bulk.number);
    weft_write_uint(&writer, part->bulk.length);
    weft_write_uint(&writer, part->offset);
    weft_write_bin_header(&writer, part->bytes);
    return weft_writer_length(&writer);
}

/* Bytes after the lead byte that tell the length of a bin; 0 = not a bin. */
static uint32_t bin_width(uint8_t lead)
{
    return lead >= 0xc4 && lead <= 0xc6 ? 1U << (lead - 0xc4) : 0;
}

/* Read the head of a bin whose bytes may not be there yet. */
static uint32_t read_bin_head(struct weft_reader *reader)
{
    static const uint32_t least[5] = {0, 0, 0x100, 0, 0x10000}; /* by width */
    if (!weft_reader_ok(reader) || reader->at == reader->end) {
        weft_reader_fail(reader, WEFT_REJECT_TRUNCATED);
        return 0;
    }
    uint32_t width = bin_width(reader->at[0]);
    if (width == 0) {
        weft_reader_fail(reader, WEFT_REJECT_WRONG_TYPE);
        return 0;
    }
    if ((size_t)(reader->end - reader->at) < 1 + width) {
        weft_reader_fail(reader, WEFT_REJECT_TRUNCATED);
        return 0;
    }
    uint32_t length = 0;
    for (uint32_t i = 1; i <= width; i++) {
        length = length << 8 | reader->at[i];
    }
    reader->at += 1 + width;
    if (length < least[width]) {
        weft_reader_fail(reader, WEFT_REJECT_NOT_CANONICAL);
    }
    return length;
}

static bool is_sound(const struct weft_stream_part *part)
{
    const struct weft_bulk *bulk = &part->bulk;
    uint32_t length_max = bulk->kind == WEFT_BULK_CHUNK ? (uint32_t)WEFT_CHUNK_BYTES_MAX
                                                        : (uint32_t)WEFT_DOCUMENT_BYTES_MAX;
    return bulk->length <= length_max && part->bytes <= WEFT_SESSION_PART_BYTES_MAX &&
           part->offset <= bulk->length && part->bytes <= bulk->length - part->offset &&
           (part->bytes > 0 || bulk->length == 0);
}

enum weft_stream_wire_result weft_stream_wire_get_part(const uint8_t *body, size_t length,
                                                       uint32_t body_length,
                                                       struct weft_stream_part *part,
                                                       uint32_t *head_length)
{
    /* Elements after the sixth would stand behind the bytes: there is no room for them. An array
     * header alone is no reason to wait, so its count is read by hand. */
    if (length >= 1 && body[0] != 0x96) {
        return WEFT_STREAM_WIRE_BAD;
    }
    size_t seen = length < body_length ? length : body_length;
    struct weft_reader reader = weft_reader_of(body, seen);
    if (seen == 0) {
        return body_length == 0 ? WEFT_STREAM_WIRE_BAD : WEFT_STREAM_WIRE_MORE;
    }
    reader.at++;
    uint64_t kind = weft_read_uint(&reader, WEFT_BULK_DOCUMENT);
    part->bulk = (struct weft_bulk){.kind = (enum weft_bulk_kind)kind};
    part->bulk.name = weft_read_uint(&reader, UINT64_MAX);
    part->bulk.number = (uint32_t)weft_read_uint(&reader, UINT32_MAX);
    part->bulk.length = (uint32_t)weft_read_uint(&reader, UINT32_MAX);
    part->offset = (uint32_t)weft_read_uint(&reader, UINT32_MAX);
    part->bytes = read_bin_head(&reader);
    if (reader.reject == WEFT_REJECT_TRUNCATED && seen < body_length &&
        seen < WEFT_STREAM_WIRE_PART_BYTES_MAX) {
        return WEFT_STREAM_WIRE_MORE;
    }
    if (!weft_reader_ok(&reader) || (kind != WEFT_BULK_CHUNK && kind != WEFT_BULK_DOCUMENT) ||
        !is_sound(part)) {
        return WEFT_STREAM_WIRE_BAD;
    }
    *head_length = (uint32_t)(reader.at - body);
    return body_length - *head_length == part->bytes ? WEFT_STREAM_WIRE_DONE : WEFT_STREAM_WIRE_BAD;
}

uint32_t weft_stream_wire_put_request(uint8_t *body, uint64_t token, const char *path)
{
    size_t length = strnlen(path, WEFT_PATH_BYTES_MAX + 1);
    if (length == 0 || length > WEFT_PATH_BYTES_MAX) {
        return 0;
    }
    struct weft_writer writer = weft_writer_into(body, WEFT_STREAM_WIRE_REQUEST_BYTES_MAX);
    weft_write_array(&writer, 3);
    weft_write_uint(&writer, WEFT_STREAM_WIRE_REQUEST);
    weft_write_uint(&writer, token);
    weft_write_str(&writer, path, (uint32_t)length);
    return weft_writer_length(&writer);
}

bool weft_stream_wire_get_request(const uint8_t *body, size_t length,
                                  struct weft_stream_request *request)
{
    struct weft_reader reader = weft_reader_of(body, length);
    uint32_t count = weft_read_array(&reader, 15);
    uint64_t kind = weft_read_uint(&reader, UINT32_MAX);
    request->token = weft_read_uint(&reader, UINT64_MAX);
    struct weft_span path = weft_read_str(&reader, WEFT_PATH_BYTES_MAX);
    weft_read_skip(&reader, count > 3 ? count - 3 : 0);
    weft_read_end(&reader);
    if (!weft_reader_ok(&reader) || count < 3 || kind != WEFT_STREAM_WIRE_REQUEST ||
        path.length == 0 || memchr(path.bytes, 0, path.length) != NULL) {
        return false;
    }
    memcpy(request->path, path.bytes, path.length);
    request->path[path.length] = 0;
    return true;
}
