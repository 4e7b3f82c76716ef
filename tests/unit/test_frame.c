/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: what is written is read back, and everything else is refused. */
#include "tests/support/check_main.h"

#include <string.h>

#include "protocol/frame.h"
#include "protocol/rng.h"

static const uint8_t list[8] = {0, 1, 0, 7, 2, 9, 3, 255};

static const struct weft_frame samples[] = {
    {.kind = WEFT_FRAME_MAP, .release = 1, .value = 64, .list = {.bytes = list, .length = 8}},
    {.kind = WEFT_FRAME_MAP, .release = UINT64_MAX, .value = 16384, .flags = WEFT_MAP_ALL},
    {.kind = WEFT_FRAME_HAVE, .release = 300, .list = {.bytes = list, .length = 8}},
    {.kind = WEFT_FRAME_REQUEST, .release = 2, .chunk = 16383},
    {.kind = WEFT_FRAME_CANCEL, .release = 2, .chunk = 128},
    {.kind = WEFT_FRAME_REFUSE, .release = 2, .chunk = 0, .value = 60000},
    {.kind = WEFT_FRAME_FOLLOW, .release = 2, .value = 9, .flags = 1},
    {.kind = WEFT_FRAME_LEASE, .release = 2, .chunk = 255, .value = 65535, .flags = 1},
    {.kind = WEFT_FRAME_LEASE,
     .release = 2,
     .chunk = 255,
     .value = 65535,
     .list = {.bytes = list, .length = 8}},
    {.kind = WEFT_FRAME_BULLETIN, .bulletin = UINT64_MAX},
    {.kind = WEFT_FRAME_DECLINE, .release = 2, .value = 15},
    {.kind = WEFT_FRAME_COMING, .release = 300, .list = {.bytes = list, .length = 8}},
};

START_TEST(round_trip)
{
    const struct weft_frame *frame = &samples[_i];
    uint8_t bytes[128];
    struct weft_frame back;
    uint32_t length = weft_frame_encode(frame, bytes, sizeof(bytes));
    ck_assert_uint_gt(length, 0);
    ck_assert_int_eq(weft_frame_decode(bytes, length, &back), WEFT_REJECT_NONE);
    ck_assert_int_eq(back.kind, frame->kind);
    ck_assert_uint_eq(back.release, frame->release);
    ck_assert_uint_eq(back.chunk, frame->chunk);
    ck_assert_uint_eq(back.value, frame->value);
    ck_assert_uint_eq(back.flags, frame->flags);
    ck_assert_uint_eq(back.list.length, frame->list.length);
    ck_assert(frame->list.length == 0 || memcmp(back.list.bytes, list, sizeof(list)) == 0);
}
END_TEST

START_TEST(truncated_anywhere_is_refused)
{
    uint8_t bytes[128];
    struct weft_frame back;
    uint32_t length = weft_frame_encode(&samples[_i], bytes, sizeof(bytes));
    for (uint32_t cut = 0; cut < length; cut++) {
        ck_assert_int_ne(weft_frame_decode(bytes, cut, &back), WEFT_REJECT_NONE);
        ck_assert_uint_eq(weft_frame_encode(&samples[_i], bytes, cut), 0);
    }
    bytes[length] = 0;
    ck_assert_int_eq(weft_frame_decode(bytes, length + 1, &back), WEFT_REJECT_TRAILING);
}
END_TEST

START_TEST(any_changed_byte_is_refused_or_in_range)
{
    uint8_t bytes[128];
    struct weft_frame back;
    uint32_t length = weft_frame_encode(&samples[_i], bytes, sizeof(bytes));
    for (uint32_t at = 0; at < length; at++) {
        uint8_t old = bytes[at];
        for (uint32_t value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            if (weft_frame_decode(bytes, length, &back) == WEFT_REJECT_NONE) {
                ck_assert_uint_lt(back.chunk, WEFT_CHUNKS_MAX);
                ck_assert_int_lt(back.kind, WEFT_FRAME_KIND_END);
                ck_assert_uint_le(back.list.length, length);
            }
        }
        bytes[at] = old;
    }
}
END_TEST

struct malformed {
    const char *what;
    uint8_t bytes[12];
    uint8_t length;
    enum weft_reject reject;
};

static const struct malformed malformed[] = {
    {"empty", {0}, 0, WEFT_REJECT_TRUNCATED},
    {"not an array", {0x03}, 1, WEFT_REJECT_WRONG_TYPE},
    {"unknown kind", {0x93, 0x3f, 0x01, 0x00}, 4, WEFT_REJECT_UNKNOWN_KIND},
    {"kind zero", {0x93, 0x00, 0x01, 0x00}, 4, WEFT_REJECT_UNKNOWN_KIND},
    {"too few fields", {0x92, 0x03, 0x01}, 3, WEFT_REJECT_TRUNCATED},
    {"long form of a small number", {0x93, 0x03, 0x01, 0xcc, 0x05}, 5, WEFT_REJECT_NOT_CANONICAL},
    {"chunk out of range", {0x93, 0x03, 0x01, 0xcd, 0x40, 0x00}, 6, WEFT_REJECT_RANGE},
    {"odd list of a HAVE", {0x93, 0x02, 0x01, 0xc4, 0x01, 0x00}, 6, WEFT_REJECT_RANGE},
    {"half an extent of a LEASE",
     {0x96, 0x07, 0x01, 0x02, 0x03, 0x00, 0xc4, 0x02, 0x00, 0x01},
     10,
     WEFT_REJECT_RANGE},
    {"no list of a LEASE", {0x96, 0x07, 0x01, 0x02, 0x03, 0x00, 0x04}, 7, WEFT_REJECT_WRONG_TYPE},
    {"negative chunk", {0x93, 0x03, 0x01, 0xff}, 4, WEFT_REJECT_WRONG_TYPE},
    {"huge list", {0x93, 0x02, 0x01, 0xc6, 0xff, 0xff, 0xff, 0xff}, 8, WEFT_REJECT_RANGE},
};

START_TEST(malformed_is_refused)
{
    struct weft_frame back;
    const struct malformed *row = &malformed[_i];
    ck_assert_msg(weft_frame_decode(row->bytes, row->length, &back) == row->reject, "%s: %s",
                  row->what, weft_reject_name(weft_frame_decode(row->bytes, row->length, &back)));
}
END_TEST

START_TEST(later_versions_may_add_fields)
{
    static const uint8_t bytes[] = {0x95, 0x03, 0x02, 0x07, 0x93, 0x01, 0xa1, 'x', 0xc0, 0x2a};
    struct weft_frame back;
    ck_assert_int_eq(weft_frame_decode(bytes, sizeof(bytes), &back), WEFT_REJECT_NONE);
    ck_assert_uint_eq(back.chunk, 7);
}
END_TEST

START_TEST(a_lease_may_be_of_one_extent)
{
    static const uint8_t bytes[] = {0x95, 0x07, 0x02, 0x07, 0x09, 0x01};
    struct weft_frame back;
    ck_assert_int_eq(weft_frame_decode(bytes, sizeof(bytes), &back), WEFT_REJECT_NONE);
    ck_assert_uint_eq(back.chunk, 7);
    ck_assert_uint_eq(back.value, 9);
    ck_assert_uint_eq(back.list.length, 0);
}
END_TEST

static Suite *frame_suite(void)
{
    Suite *suite = suite_create("frame");
    WEFT_ADD_ROWS(suite, round_trip, samples);
    WEFT_ADD_ROWS(suite, truncated_anywhere_is_refused, samples);
    WEFT_ADD_ROWS(suite, any_changed_byte_is_refused_or_in_range, samples);
    WEFT_ADD_ROWS(suite, malformed_is_refused, malformed);
    WEFT_ADD(suite, later_versions_may_add_fields);
    WEFT_ADD(suite, a_lease_may_be_of_one_extent);
    return suite;
}

WEFT_CHECK_MAIN(frame_suite)
