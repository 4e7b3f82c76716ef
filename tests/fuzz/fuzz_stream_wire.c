/* SPDX-License-Identifier: Apache-2.0 */
/* The shell's frames and a web server's Range header on any bytes. Checked: nothing is read outside
 * the input, and what was accepted is in its documented range and written again to the same
 * bytes. */
#include "node/stream_wire.h"
#include "node/web_range.h"
#include "tests/fuzz/replay.h"

#include <string.h>

static void hello(const uint8_t *bytes, size_t length)
{
    struct weft_stream_hello out;
    uint8_t again[WEFT_STREAM_WIRE_HELLO_BYTES_MAX];
    if (!weft_stream_wire_get_hello(bytes, length, &out)) {
        return;
    }
    WEFT_FUZZ_CHECK(out.id != 0 && out.port != 0);
    uint32_t written = weft_stream_wire_put_hello(again, &out);
    WEFT_FUZZ_CHECK(written > 0 && written <= length);
    /* Elements that are not known may follow; the first byte counts them. */
    WEFT_FUZZ_CHECK(memcmp(again + 1, bytes + 1, written - 1) == 0);
}

static void part(const uint8_t *bytes, size_t length, uint32_t body_length)
{
    struct weft_stream_part out;
    uint8_t again[WEFT_STREAM_WIRE_PART_BYTES_MAX];
    uint32_t head = 0;
    if (weft_stream_wire_get_part(bytes, length, body_length, &out, &head) !=
        WEFT_STREAM_WIRE_DONE) {
        return;
    }
    WEFT_FUZZ_CHECK(head <= length && head + out.bytes == body_length);
    WEFT_FUZZ_CHECK(out.offset + out.bytes <= out.bulk.length);
    WEFT_FUZZ_CHECK(out.bulk.length <= WEFT_DOCUMENT_BYTES_MAX);
    WEFT_FUZZ_CHECK(weft_stream_wire_put_part(again, &out) == head);
    WEFT_FUZZ_CHECK(memcmp(again, bytes, head) == 0);
}

static void request(const uint8_t *bytes, size_t length)
{
    struct weft_stream_request out;
    if (weft_stream_wire_get_request(bytes, length, &out)) {
        size_t path_length = strlen(out.path);
        WEFT_FUZZ_CHECK(path_length > 0 && path_length <= WEFT_PATH_BYTES_MAX);
    }
}

static void range(const uint8_t *bytes, size_t length)
{
    char text[256];
    size_t copied = length < sizeof(text) - 1 ? length : sizeof(text) - 1;
    memcpy(text, bytes, copied);
    text[copied] = 0;
    struct weft_web_range out = weft_web_range_read(text, 1000);
    WEFT_FUZZ_CHECK(out.kind != WEFT_WEB_RANGE_PART || (out.first <= out.last && out.last < 1000));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < 2) {
        return 0;
    }
    uint32_t body_length = (uint32_t)bytes[0] << 8 | bytes[1];
    hello(bytes + 2, length - 2);
    part(bytes + 2, length - 2, body_length);
    part(bytes + 2, length - 2, (uint32_t)length - 2);
    request(bytes + 2, length - 2);
    range(bytes + 2, length - 2);
    return 0;
}
