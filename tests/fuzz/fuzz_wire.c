/* SPDX-License-Identifier: Apache-2.0 */
/* The msgpack reader on any bytes. The first byte says how many reads follow, each next one which
 * read; the rest is the message. Checked: no read leaves the input, the error is sticky, zero comes
 * after a fault, and what was read canonically is written again to the same bytes. */
#include "protocol/wire.h"
#include "tests/fuzz/replay.h"

#include <string.h>

/* Bytes that a value read may be written to again. */
static uint8_t again[1 << 20];

/* What one read found must be written to the very bytes it took. */
static void check_round_trip(const struct weft_writer *writer, const uint8_t *from,
                             const struct weft_reader *reader)
{
    size_t used = (size_t)(reader->at - from);
    if (!weft_reader_ok(reader) || used > sizeof(again)) {
        return;
    }
    WEFT_FUZZ_CHECK(weft_writer_length(writer) == used);
    WEFT_FUZZ_CHECK(memcmp(again, from, used) == 0);
}

/* Do the read that |choice| names. */
static void read_one(struct weft_reader *reader, uint8_t choice)
{
    const uint8_t *from = reader->at;
    struct weft_writer writer = weft_writer_into(again, sizeof(again));
    uint32_t max = choice >= 128 ? UINT32_MAX : choice;
    struct weft_span span;
    uint8_t exact[32];
    switch (choice % 6) {
    case 0:
        weft_write_uint(&writer, weft_read_uint(reader, choice >= 128 ? UINT64_MAX : choice));
        break;
    case 1:
        span = weft_read_bin(reader, max);
        weft_write_bin(&writer, span.bytes, span.length);
        break;
    case 2:
        span = weft_read_str(reader, max);
        weft_write_str(&writer, (const char *)span.bytes, span.length);
        break;
    case 3:
        weft_write_array(&writer, weft_read_array(reader, max));
        break;
    case 4:
        weft_read_bin_exact(reader, exact, choice % 33);
        weft_write_bin(&writer, exact, choice % 33);
        break;
    default:
        weft_read_skip(reader, max);
        return;
    }
    check_round_trip(&writer, from, reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t read_count = length == 0 ? 0 : bytes[0] % 32;
    if (length < 1 + read_count) {
        return 0;
    }
    const uint8_t *choices = bytes + 1;
    const uint8_t *message = choices + read_count;
    struct weft_reader reader = weft_reader_of(message, length - 1 - read_count);
    for (size_t i = 0; i < read_count; i++) {
        enum weft_reject before = reader.reject;
        read_one(&reader, choices[i]);
        WEFT_FUZZ_CHECK(reader.at >= message && reader.at <= reader.end);
        WEFT_FUZZ_CHECK(before == WEFT_REJECT_NONE || reader.reject == before);
    }
    weft_read_end(&reader);
    WEFT_FUZZ_CHECK(!weft_reader_ok(&reader) || reader.at == reader.end);
    return 0;
}
