/* SPDX-License-Identifier: Apache-2.0 */
/* The wire encoding: canonical only, bounded, and told apart by the right reason. Whether it is
 * msgpack at all is asked in test_wire_oracle.c. */
#include "tests/support/check_main.h"

#include "protocol/wire.h"

#include <string.h>

/* Input of |length| bytes in a heap block of its own, so that sanitizers see any byte past it. */
static uint8_t *exact_copy(const void *bytes, size_t length)
{
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    ck_assert_ptr_nonnull(copy);
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}

/* ---- Heads: one row, one input, what each kind of read says ---- */

struct head_row {
    const char *bytes;      /* input */
    size_t length;          /* of it */
    enum weft_reject as[5]; /* uint, bin, str, array, skip: each followed by read_end */
};

#define OK WEFT_REJECT_NONE
#define CUT WEFT_REJECT_TRUNCATED
#define LONG WEFT_REJECT_NOT_CANONICAL
#define TYPE WEFT_REJECT_WRONG_TYPE
#define RANGE WEFT_REJECT_RANGE
#define TRAIL WEFT_REJECT_TRAILING
#define ROW(text, ...)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1,                                                                    \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct head_row heads[] = {
    ROW("", CUT, CUT, CUT, CUT, CUT),
    ROW("\x00", OK, TYPE, TYPE, TYPE, OK),
    ROW("\x7f", OK, TYPE, TYPE, TYPE, OK),
    ROW("\x80", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\x81\x01\x02", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\x81\x01", TYPE, TYPE, TYPE, TYPE, CUT),
    ROW("\x90", TYPE, TYPE, TYPE, OK, OK),
    ROW("\x91", TYPE, TYPE, TYPE, CUT, CUT),
    ROW("\x91\x01", TYPE, TYPE, TYPE, TRAIL, OK),
    ROW("\xa0", TYPE, TYPE, OK, TYPE, OK),
    ROW("\xa2xy", TYPE, TYPE, OK, TYPE, OK),
    ROW("\xa2x", TYPE, TYPE, CUT, TYPE, CUT),
    ROW("\xa2xyz", TYPE, TYPE, TRAIL, TYPE, TRAIL),
    ROW("\xc0", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xc1", TYPE, TYPE, TYPE, TYPE, TYPE),
    ROW("\xc2", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xc3", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xc4", CUT, CUT, CUT, CUT, CUT),
    ROW("\xc4\x00", TYPE, OK, TYPE, TYPE, OK),
    ROW("\xc4\x02xy", TYPE, OK, TYPE, TYPE, OK),
    ROW("\xc4\x03xy", TYPE, CUT, TYPE, TYPE, CUT),
    ROW("\xc5\x00\x02xy", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc5\x01\x00", TYPE, CUT, TYPE, TYPE, CUT),
    ROW("\xc6\x00\x00\xff\xff", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc6\xff\xff\xff\xff", TYPE, RANGE, TYPE, TYPE, CUT),
    ROW("\xc7\x00\x05", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xc7\x01\x05x", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc7\x02\x05xy", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc7\x03\x05xyz", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xc7\x04\x05wxyz", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc7\x08\x05stuvwxyz", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc7\x10\x05stuvwxyzstuvwxyz", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc7\xff\x05x", TYPE, TYPE, TYPE, TYPE, CUT),
    ROW("\xc8\x00\xff\x05x", LONG, LONG, LONG, LONG, LONG),
    ROW("\xc9\xff\xff\xff\xff\x05x", TYPE, TYPE, TYPE, TYPE, CUT),
    ROW("\xca\x00\x00\x00\x00", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xca\x00\x00\x00", TYPE, TYPE, TYPE, TYPE, CUT),
    ROW("\xcb\x00\x00\x00\x00\x00\x00\x00\x00", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xcc\x7f", LONG, LONG, LONG, LONG, LONG),
    ROW("\xcc\x80", OK, TYPE, TYPE, TYPE, OK),
    ROW("\xcc", CUT, CUT, CUT, CUT, CUT),
    ROW("\xcd\x00\xff", LONG, LONG, LONG, LONG, LONG),
    ROW("\xcd\x01\x00", OK, TYPE, TYPE, TYPE, OK),
    ROW("\xce\x00\x00\xff\xff", LONG, LONG, LONG, LONG, LONG),
    ROW("\xce\x00\x01\x00\x00", OK, TYPE, TYPE, TYPE, OK),
    ROW("\xcf\x00\x00\x00\x00\xff\xff\xff\xff", LONG, LONG, LONG, LONG, LONG),
    ROW("\xcf\x00\x00\x00\x01\x00\x00\x00\x00", OK, TYPE, TYPE, TYPE, OK),
    ROW("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", OK, TYPE, TYPE, TYPE, OK),
    ROW("\xd0\x05", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd0\xe0", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd0\xdf", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd0\x80", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd1\xff\x80", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd1\xff\x7f", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd2\xff\xff\x80\x00", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd2\xff\xff\x7f\xff", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd3\xff\xff\xff\xff\x80\x00\x00\x00", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd3\x00\x00\x00\x00\x00\x00\x00\x05", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd4\x05x", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd4\x05", TYPE, TYPE, TYPE, TYPE, CUT),
    ROW("\xd8\x05stuvwxyzstuvwxyz", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xd9\x1fx", LONG, LONG, LONG, LONG, LONG),
    ROW("\xd9\x20x", TYPE, TYPE, CUT, TYPE, CUT),
    ROW("\xda\x00\xffx", LONG, LONG, LONG, LONG, LONG),
    ROW("\xdb\x00\x00\xff\xffx", LONG, LONG, LONG, LONG, LONG),
    ROW("\xdb\xff\xff\xff\xff", TYPE, TYPE, RANGE, TYPE, CUT),
    ROW("\xdc\x00\x0f", LONG, LONG, LONG, LONG, LONG),
    ROW("\xdc\x00\x10", TYPE, TYPE, TYPE, CUT, CUT),
    ROW("\xdd\x00\x00\xff\xff", LONG, LONG, LONG, LONG, LONG),
    ROW("\xdd\x03\xff\xff\xff", TYPE, TYPE, TYPE, RANGE, CUT),
    ROW("\xdd\xff\xff\xff\xff", TYPE, TYPE, TYPE, RANGE, CUT),
    ROW("\xde\x00\x0f", LONG, LONG, LONG, LONG, LONG),
    ROW("\xdf\xff\xff\xff\xff", TYPE, TYPE, TYPE, TYPE, CUT),
    ROW("\xe0", TYPE, TYPE, TYPE, TYPE, OK),
    ROW("\xff", TYPE, TYPE, TYPE, TYPE, OK),
};

START_TEST(test_head)
{
    const struct head_row *row = &heads[_i];
    uint8_t *bytes = exact_copy(row->bytes, row->length);
    for (int kind = 0; kind < 5; kind++) {
        struct weft_reader reader = weft_reader_of(bytes, row->length);
        switch (kind) {
        case 0:
            weft_read_uint(&reader, UINT64_MAX);
            break;
        case 1:
            weft_read_bin(&reader, 0x20000);
            break;
        case 2:
            weft_read_str(&reader, 0x20000);
            break;
        case 3:
            weft_read_array(&reader, 0x20000);
            break;
        default:
            weft_read_skip(&reader, 1);
        }
        weft_read_end(&reader);
        ck_assert_msg(reader.reject == row->as[kind], "row %d kind %d: %s, not %s", _i, kind,
                      weft_reject_name(reader.reject), weft_reject_name(row->as[kind]));
    }
    free(bytes);
}
END_TEST

START_TEST(test_bomb_costs_nothing)
{
    /* An array header that claims 67,108,863 elements: refused at the header for any limit. */
    static const uint8_t bomb[] = {0xdd, 0x03, 0xff, 0xff, 0xff};
    struct weft_reader reader = weft_reader_of(bomb, sizeof(bomb));
    ck_assert_uint_eq(weft_read_array(&reader, UINT32_MAX), 0);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_TRUNCATED);

    /* 65,536 nested headers end at the fifth; the same count of claimed elements costs nothing. */
    static uint8_t deep[65536];
    memset(deep, 0x91, sizeof(deep));
    reader = weft_reader_of(deep, sizeof(deep));
    weft_read_skip(&reader, UINT32_MAX);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_RANGE);
    ck_assert_int_eq(reader.at - deep, 5);
}
END_TEST

/* ---- Limits and stickiness ---- */

START_TEST(test_limits)
{
    static const uint8_t message[] = {0xcd, 0x01, 0x00};
    struct weft_reader reader = weft_reader_of(message, sizeof(message));
    ck_assert_uint_eq(weft_read_uint(&reader, 256), 256);
    reader = weft_reader_of(message, sizeof(message));
    ck_assert_uint_eq(weft_read_uint(&reader, 255), 0);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_RANGE);

    static const uint8_t two[] = {0xc4, 0x02, 7, 8};
    reader = weft_reader_of(two, sizeof(two));
    ck_assert_ptr_null(weft_read_bin(&reader, 1).bytes);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_RANGE);
    reader = weft_reader_of(two, sizeof(two));
    struct weft_span span = weft_read_bin(&reader, 2);
    ck_assert_ptr_eq(span.bytes, two + 2);
    ck_assert_uint_eq(span.length, 2);

    static const uint8_t empty[] = {0xc4, 0x00};
    reader = weft_reader_of(empty, sizeof(empty));
    span = weft_read_bin(&reader, 2);
    ck_assert_ptr_null(span.bytes);
    ck_assert(weft_reader_ok(&reader));
}
END_TEST

START_TEST(test_bin_exact)
{
    static const uint8_t two[] = {0xc4, 0x02, 7, 8};
    uint8_t out[3] = {9, 9, 9};
    struct weft_reader reader = weft_reader_of(two, sizeof(two));
    weft_read_bin_exact(&reader, out, 2);
    ck_assert(weft_reader_ok(&reader) && out[0] == 7 && out[1] == 8 && out[2] == 9);
    for (uint32_t wanted = 1; wanted <= 3; wanted += 2) {
        memset(out, 9, sizeof(out));
        reader = weft_reader_of(two, sizeof(two));
        weft_read_bin_exact(&reader, out, wanted);
        ck_assert_int_eq(reader.reject, WEFT_REJECT_RANGE);
        ck_assert(out[0] == 0);
    }
    static const uint8_t none[] = {0xc4, 0x00};
    reader = weft_reader_of(none, sizeof(none));
    weft_read_bin_exact(&reader, NULL, 0);
    ck_assert(weft_reader_ok(&reader));
}
END_TEST

START_TEST(test_first_fault_stays)
{
    static const uint8_t message[] = {0xc0, 0x05, 0x06};
    uint8_t out[4] = {1, 1, 1, 1};
    struct weft_reader reader = weft_reader_of(message, sizeof(message));
    weft_read_uint(&reader, 10);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_WRONG_TYPE);
    const uint8_t *at = reader.at;
    ck_assert_uint_eq(weft_read_uint(&reader, 10), 0);
    ck_assert_uint_eq(weft_read_array(&reader, 10), 0);
    ck_assert_ptr_null(weft_read_str(&reader, 10).bytes);
    weft_read_bin_exact(&reader, out, 4);
    weft_read_skip(&reader, UINT32_MAX);
    weft_read_end(&reader);
    weft_reader_fail(&reader, WEFT_REJECT_STALE);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_WRONG_TYPE);
    ck_assert_ptr_eq(reader.at, at);
    ck_assert_mem_eq(out, "\0\0\0", 4);
}
END_TEST

START_TEST(test_nothing_at_all)
{
    struct weft_reader reader = weft_reader_of(NULL, 0);
    weft_read_end(&reader);
    ck_assert(weft_reader_ok(&reader));
    weft_read_skip(&reader, 0);
    ck_assert(weft_reader_ok(&reader));
    weft_read_uint(&reader, 1);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_TRUNCATED);
    struct weft_writer writer = weft_writer_into(NULL, 0);
    weft_write_bin(&writer, NULL, 0);
    ck_assert(writer.overflow);
    ck_assert_uint_eq(weft_writer_length(&writer), 0);
}
END_TEST

START_TEST(test_nesting)
{
    static const uint8_t four[] = {0x91, 0x81, 0xc0, 0x91, 0x91, 0x05};
    static const uint8_t five[] = {0x91, 0x91, 0x91, 0x91, 0x90};
    struct weft_reader reader = weft_reader_of(four, sizeof(four));
    weft_read_skip(&reader, 1);
    weft_read_end(&reader);
    ck_assert(weft_reader_ok(&reader));
    reader = weft_reader_of(five, sizeof(five));
    weft_read_skip(&reader, 1);
    ck_assert_int_eq(reader.reject, WEFT_REJECT_RANGE);
}
END_TEST

/* ---- Writer ---- */

static void write_sample(struct weft_writer *writer)
{
    weft_write_array(writer, 5);
    weft_write_uint(writer, 300);
    weft_write_bin(writer, "12345678", 8);
    weft_write_str(writer, "targets/engine", 14);
    weft_write_array(writer, 2);
    weft_write_uint(writer, UINT64_MAX);
    weft_write_uint(writer, 0);
    weft_write_bin_header(writer, 0);
}

START_TEST(test_writer_never_passes_its_end)
{
    uint8_t whole[128];
    struct weft_writer writer = weft_writer_into(whole, sizeof(whole));
    write_sample(&writer);
    uint32_t length = weft_writer_length(&writer);
    ck_assert_uint_eq(length, 1 + 3 + 10 + 15 + 1 + 9 + 1 + 2);
    for (uint32_t size = 0; size <= length; size++) {
        uint8_t *buffer = exact_copy(whole, size);
        writer = weft_writer_into(buffer, size);
        write_sample(&writer);
        ck_assert_uint_eq(weft_writer_length(&writer), size == length ? length : 0);
        ck_assert(writer.overflow == (size < length));
        ck_assert_mem_eq(buffer, whole, (size_t)(writer.at - writer.start));
        free(buffer);
    }
}
END_TEST

START_TEST(test_every_truncation_is_told)
{
    uint8_t whole[128];
    struct weft_writer writer = weft_writer_into(whole, sizeof(whole));
    write_sample(&writer);
    uint32_t length = weft_writer_length(&writer);
    for (uint32_t cut = 0; cut <= length; cut++) {
        uint8_t *bytes = exact_copy(whole, cut);
        uint8_t eight[8];
        struct weft_reader reader = weft_reader_of(bytes, cut);
        weft_read_array(&reader, 5);
        weft_read_uint(&reader, 300);
        weft_read_bin_exact(&reader, eight, 8);
        weft_read_str(&reader, 20);
        weft_read_array(&reader, 2);
        weft_read_uint(&reader, UINT64_MAX);
        weft_read_uint(&reader, 1);
        weft_read_bin(&reader, 10);
        weft_read_end(&reader);
        ck_assert_int_eq(reader.reject, cut == length ? OK : CUT);
        reader = weft_reader_of(bytes, cut);
        weft_read_skip(&reader, 1);
        weft_read_end(&reader);
        ck_assert_int_eq(reader.reject, cut == length ? OK : CUT);
        free(bytes);
    }
}
END_TEST

static Suite *wire_suite(void)
{
    Suite *suite = suite_create("wire");
    WEFT_ADD_ROWS(suite, test_head, heads);
    WEFT_ADD(suite, test_bomb_costs_nothing);
    WEFT_ADD(suite, test_limits);
    WEFT_ADD(suite, test_bin_exact);
    WEFT_ADD(suite, test_first_fault_stays);
    WEFT_ADD(suite, test_nothing_at_all);
    WEFT_ADD(suite, test_nesting);
    WEFT_ADD(suite, test_writer_never_passes_its_end);
    WEFT_ADD(suite, test_every_truncation_is_told);
    return suite;
}

WEFT_CHECK_MAIN(wire_suite)
