/* SPDX-License-Identifier: Apache-2.0 */
/* The shell's own frames as bytes: round trips, every cut, every single wrong byte. */
#include "tests/support/check_main.h"

#include "node/stream_wire.h"
#include "node/web_range.h"

#include <stdlib.h>
#include <string.h>

START_TEST(hello_round_trip)
{
    uint8_t body[WEFT_STREAM_WIRE_HELLO_BYTES_MAX];
    const struct weft_stream_hello hello = {
        .version = 1, .mesh = UINT64_MAX, .id = UINT64_MAX, .port = UINT16_MAX};
    struct weft_stream_hello out;
    uint32_t length = weft_stream_wire_put_hello(body, &hello);
    ck_assert_uint_gt(length, 0);
    ck_assert(weft_stream_wire_get_hello(body, length, &out));
    ck_assert_uint_eq(out.id, hello.id);
    ck_assert_uint_eq(out.mesh, hello.mesh);
    ck_assert_uint_eq(out.port, hello.port);
    for (uint32_t cut = 0; cut < length; cut++) {
        ck_assert(!weft_stream_wire_get_hello(body, cut, &out));
    }
    /* Unknown trailing elements are passed over, trailing bytes are not. */
    body[0] = 0x96;
    body[length] = 0xc0;
    ck_assert(weft_stream_wire_get_hello(body, length + 1, &out));
    ck_assert(!weft_stream_wire_get_hello(body, length + 2, &out));
}
END_TEST

START_TEST(hello_without_id_or_port_is_refused)
{
    uint8_t body[WEFT_STREAM_WIRE_HELLO_BYTES_MAX];
    struct weft_stream_hello hello = {.version = 1, .mesh = 1, .id = 0, .port = 1};
    struct weft_stream_hello out;
    uint32_t length = weft_stream_wire_put_hello(body, &hello);
    ck_assert(!weft_stream_wire_get_hello(body, length, &out));
    hello.id = 1;
    hello.port = 0;
    length = weft_stream_wire_put_hello(body, &hello);
    ck_assert(!weft_stream_wire_get_hello(body, length, &out));
}
END_TEST

static const struct {
    enum weft_bulk_kind kind;
    uint64_t name;
    uint32_t number, length, offset, bytes;
    bool is_right;
} parts[] = {
    {WEFT_BULK_CHUNK, 1, 0, 0, 0, 0, true},
    {WEFT_BULK_CHUNK, UINT64_MAX, UINT32_MAX, WEFT_CHUNK_BYTES_MAX, 983040, 65536, true},
    {WEFT_BULK_CHUNK, 1, 0, 100, 0, 100, true},
    {WEFT_BULK_CHUNK, 1, 0, 300, 100, 200, true},
    {WEFT_BULK_DOCUMENT, 1, 0, WEFT_DOCUMENT_BYTES_MAX, 0, 65536, true},
    {WEFT_BULK_CHUNK, 1, 0, WEFT_CHUNK_BYTES_MAX + 1, 0, 65536, false}, /* whole too long */
    {WEFT_BULK_DOCUMENT, 1, 0, WEFT_DOCUMENT_BYTES_MAX + 1, 0, 1, false},
    {WEFT_BULK_CHUNK, 1, 0, 100, 0, 0, false},                      /* empty part of something */
    {WEFT_BULK_CHUNK, 1, 0, 100, 1, 100, false},                    /* over the end */
    {WEFT_BULK_CHUNK, 1, 0, 100, 101, 1, false},                    /* begins behind the end */
    {WEFT_BULK_CHUNK, 1, 0, WEFT_CHUNK_BYTES_MAX, 0, 65537, false}, /* part too long */
    {(enum weft_bulk_kind)65, 1, 0, 1, 0, 1, false},                /* another kind */
};

START_TEST(part_round_trip)
{
    uint8_t body[WEFT_STREAM_WIRE_PART_BYTES_MAX];
    const struct weft_stream_part part = {
        .bulk = {.kind = parts[_i].kind,
                 .name = parts[_i].name,
                 .number = parts[_i].number,
                 .length = parts[_i].length},
        .offset = parts[_i].offset,
        .bytes = parts[_i].bytes,
    };
    struct weft_stream_part out;
    uint32_t head = 0;
    uint32_t length = weft_stream_wire_put_part(body, &part);
    ck_assert_uint_gt(length, 0);
    uint32_t whole = length + part.bytes;
    enum weft_stream_wire_result result =
        weft_stream_wire_get_part(body, length, whole, &out, &head);
    if (!parts[_i].is_right) {
        ck_assert_int_eq(result, WEFT_STREAM_WIRE_BAD);
        return;
    }
    ck_assert_int_eq(result, WEFT_STREAM_WIRE_DONE);
    ck_assert_uint_eq(head, length);
    ck_assert_uint_eq(out.bulk.name, part.bulk.name);
    ck_assert_uint_eq(out.bulk.number, part.bulk.number);
    ck_assert_uint_eq(out.bulk.length, part.bulk.length);
    ck_assert_uint_eq(out.offset, part.offset);
    ck_assert_uint_eq(out.bytes, part.bytes);
    for (uint32_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(weft_stream_wire_get_part(body, cut, whole, &out, &head),
                         WEFT_STREAM_WIRE_MORE);
        ck_assert_int_eq(weft_stream_wire_get_part(body, cut, cut, &out, &head),
                         WEFT_STREAM_WIRE_BAD);
    }
    /* The frame must end with the part. */
    ck_assert_int_eq(weft_stream_wire_get_part(body, length, whole + 1, &out, &head),
                     WEFT_STREAM_WIRE_BAD);
}
END_TEST

START_TEST(request_round_trip)
{
    uint8_t body[WEFT_STREAM_WIRE_REQUEST_BYTES_MAX];
    char path[WEFT_PATH_BYTES_MAX + 2];
    struct weft_stream_request out;
    memset(path, 'x', sizeof(path));
    path[WEFT_PATH_BYTES_MAX + 1] = 0;
    ck_assert_uint_eq(weft_stream_wire_put_request(body, 1, path), 0);
    path[WEFT_PATH_BYTES_MAX] = 0;
    uint32_t length = weft_stream_wire_put_request(body, UINT64_MAX, path);
    ck_assert_uint_gt(length, 0);
    ck_assert(weft_stream_wire_get_request(body, length, &out));
    ck_assert_str_eq(out.path, path);
    ck_assert_uint_eq(out.token, UINT64_MAX);
    for (uint32_t cut = 0; cut < length; cut++) {
        ck_assert(!weft_stream_wire_get_request(body, cut, &out));
    }
    body[length - 1] = 0;
    ck_assert(!weft_stream_wire_get_request(body, length, &out));
}
END_TEST

START_TEST(kinds_are_told_apart)
{
    const uint8_t control[] = {0x92, 63};
    const uint8_t later[] = {0x92, 68};
    const uint8_t long_array[] = {0xdc, 64};
    const uint8_t chunk[] = {0x96, 64};
    ck_assert_uint_eq(weft_stream_wire_kind(control, 2), 0);
    ck_assert_uint_eq(weft_stream_wire_kind(later, 2), 0);
    ck_assert_uint_eq(weft_stream_wire_kind(long_array, 2), 0);
    ck_assert_uint_eq(weft_stream_wire_kind(chunk, 1), 0);
    ck_assert_uint_eq(weft_stream_wire_kind(chunk, 2), 64);
}
END_TEST

static const struct {
    const char *header;
    uint64_t size;
    enum weft_web_range_kind kind;
    uint64_t first, last;
} ranges[] = {
    {NULL, 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"", 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"bytes=0-0", 100, WEFT_WEB_RANGE_PART, 0, 0},
    {"bytes=0-99", 100, WEFT_WEB_RANGE_PART, 0, 99},
    {"Bytes=10-1000", 100, WEFT_WEB_RANGE_PART, 10, 99},
    {"bytes=10-", 100, WEFT_WEB_RANGE_PART, 10, 99},
    {"bytes=-10", 100, WEFT_WEB_RANGE_PART, 90, 99},
    {"bytes=-1000", 100, WEFT_WEB_RANGE_PART, 0, 99},
    {"bytes=-0", 100, WEFT_WEB_RANGE_NONE, 0, 0},
    {"bytes=100-", 100, WEFT_WEB_RANGE_NONE, 0, 0},
    {"bytes=0-", 0, WEFT_WEB_RANGE_NONE, 0, 0},
    {"bytes=-5", 0, WEFT_WEB_RANGE_NONE, 0, 0},
    {"bytes=5-4", 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"bytes=-", 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"bytes=a-b", 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"bytes=1-2,5-6", 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"lines=1-2", 100, WEFT_WEB_RANGE_ALL, 0, 0},
    {"bytes=99999999999999999999999-", 100, WEFT_WEB_RANGE_ALL, 0, 0},
};

START_TEST(range_headers)
{
    struct weft_web_range range = weft_web_range_read(ranges[_i].header, ranges[_i].size);
    ck_assert_int_eq(range.kind, ranges[_i].kind);
    if (range.kind == WEFT_WEB_RANGE_PART) {
        ck_assert_uint_eq(range.first, ranges[_i].first);
        ck_assert_uint_eq(range.last, ranges[_i].last);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("stream_wire");
    TCase *tcase = tcase_create("bytes");
    tcase_add_test(tcase, hello_round_trip);
    tcase_add_test(tcase, hello_without_id_or_port_is_refused);
    tcase_add_loop_test(tcase, part_round_trip, 0, sizeof(parts) / sizeof(parts[0]));
    tcase_add_test(tcase, request_round_trip);
    tcase_add_test(tcase, kinds_are_told_apart);
    tcase_add_loop_test(tcase, range_headers, 0, sizeof(ranges) / sizeof(ranges[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
