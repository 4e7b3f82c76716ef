/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of untrusted places: what is refused, and the canonical form that signatures cover. Also the
 * small readers around it: hex, dates, names. */
#include "tests/support/check_main.h"

#include "protocol/trust/date.h"
#include "protocol/trust/hex.h"
#include "protocol/trust/json.h"
#include "protocol/trust/name.h"

#include <string.h>

struct row {
    const char *text;      /* JSON */
    const char *canonical; /* NULL = refused */
};

static const struct row rows[] = {
    {"{}", "{}"},
    {" {\n\"b\" : 1,\t\"a\":[ ] } ", "{\"a\":[],\"b\":1}"},
    {"{\"a\":{\"z\":null,\"y\":[true,false,-5,0]}}",
     "{\"a\":{\"y\":[true,false,-5,0],\"z\":null}}"},
    {"{\"a\":\"\\u0041\\n\\t\\\"\\\\\\/\"}", "{\"a\":\"A\n\t\\\"\\\\/\"}"},
    {"{\"\\u00fc\":1,\"z\":2,\"Z\":3,\"zz\":4}", "{\"Z\":3,\"z\":2,\"zz\":4,\"\xc3\xbc\":1}"},
    {"{\"a\":9223372036854775807}", "{\"a\":9223372036854775807}"},
    {"{\"a\":-9223372036854775808}", "{\"a\":-9223372036854775808}"},
    {"{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}",
     "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"},
    {"{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}",
     "{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"},
    {"{\"a\":9223372036854775808}", NULL},
    {"{\"a\":1.0}", NULL},
    {"{\"a\":[{\"b\":1e3}]}", NULL},
    {"{\"a\":1,\"a\":1}", NULL},
    {"{\"x\":{\"a\":1,\"\\u0061\":2}}", NULL},
    {"{\"a\":\"\\u0000\"}", NULL},
    {"{\"a\":\"\xff\"}", NULL},
    {"{\"a\":\"\xc0\x80\"}", NULL},
    {"{\"a\":\"\\ud800\"}", NULL},
    {"{\"a\":1}x", NULL},
    {"{\"a\":1", NULL},
    {"{\"a\":01}", NULL},
    {"{'a':1}", NULL},
    {"{\"a\":1,}", NULL},
    {"[1]", NULL},
    {"1", NULL},
    {"", NULL},
    {"<html>", NULL},
    {"\xef\xbb\xbf{}", NULL},
};

START_TEST(test_rows)
{
    json_t *value = NULL;
    uint8_t *bytes = NULL;
    size_t length = 0;
    const struct row *row = &rows[_i];
    enum weft_err err = weft_json_parse((const uint8_t *)row->text, strlen(row->text), &value);
    if (!row->canonical) {
        ck_assert_int_eq(err, WEFT_ERR_FORMAT);
        ck_assert_ptr_null(value);
        return;
    }
    ck_assert_int_eq(err, WEFT_ERR_OK);
    ck_assert_int_eq(weft_json_canonical(value, &bytes, &length), WEFT_ERR_OK);
    ck_assert_uint_eq(length, strlen(row->canonical));
    ck_assert_mem_eq(bytes, row->canonical, length);
    free(bytes);
    json_decref(value);
}
END_TEST

START_TEST(test_depth)
{
    char text[8 * 1024];
    for (int depth = 1; depth < 4000; depth += depth < 40 ? 1 : 700) {
        size_t at = 0;
        memcpy(text, "{\"a\":", 5);
        at = 5;
        memset(text + at, '[', (size_t)depth);
        memset(text + at + depth, ']', (size_t)depth);
        text[at + 2 * (size_t)depth < sizeof text - 1 ? at + 2 * (size_t)depth : 0] = '}';
        json_t *value = NULL;
        enum weft_err err =
            weft_json_parse((const uint8_t *)text, at + 2 * (size_t)depth + 1, &value);
        ck_assert_int_eq(err == WEFT_ERR_OK, depth + 1 <= WEFT_JSON_DEPTH_MAX);
        json_decref(value);
    }
}
END_TEST

START_TEST(test_members)
{
    json_t *value =
        json_pack("{s:i, s:i, s:s, s:b}", "zero", 0, "minus", -1, "text", "t", "yes", 1);
    uint64_t number = 77;
    ck_assert(weft_json_uint(value, "zero", 0, 5, &number) && number == 0);
    ck_assert(!weft_json_uint(value, "zero", 1, 5, &number));
    ck_assert(!weft_json_uint(value, "minus", 0, UINT64_MAX, &number));
    ck_assert(!weft_json_uint(value, "text", 0, 5, &number));
    ck_assert(!weft_json_uint(value, "yes", 0, 5, &number));
    ck_assert(!weft_json_uint(NULL, "zero", 0, 5, &number));
    ck_assert_uint_eq(number, 0);
    ck_assert_str_eq(weft_json_text(value, "text"), "t");
    ck_assert_ptr_null(weft_json_text(value, "zero"));
    json_decref(value);
}
END_TEST

START_TEST(test_hex)
{
    uint8_t bytes[3] = {0, 0xab, 0xff};
    uint8_t back[3];
    char text[7];
    weft_hex_encode(bytes, 3, text);
    ck_assert_str_eq(text, "00abff");
    ck_assert(weft_hex_decode("00ABff", back, 3));
    ck_assert_mem_eq(bytes, back, 3);
    ck_assert(!weft_hex_decode("00abf", back, 3));
    ck_assert(!weft_hex_decode("00abff0", back, 3));
    ck_assert(!weft_hex_decode("00abfg", back, 3));
    ck_assert(!weft_hex_decode("", back, 3));
    ck_assert(!weft_hex_decode(NULL, back, 3));
}
END_TEST

START_TEST(test_dates)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1 = refused */
    } dates[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2026-11-23T01:02:03Z", 1795395723},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
        {"2100-02-29T00:00:00Z", -1},
        {"2023-02-29T00:00:00Z", -1},
        {"2023-04-31T00:00:00Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"2023-13-01T00:00:00Z", -1},
        {"2023-00-01T00:00:00Z", -1},
        {"2023-01-00T00:00:00Z", -1},
        {"2023-01-01T24:00:00Z", -1},
        {"2023-01-01T00:60:00Z", -1},
        {"2023-01-01T00:00:60Z", -1},
        {"2023-01-01T00:00:00", -1},
        {"2023-01-01T00:00:00+0", -1},
        {"2023-01-01 00:00:00Z", -1},
        {"2023-01-01T00:00:00Zx", -1},
        {"", -1},
        {NULL, -1},
    };
    for (size_t i = 0; i < WEFT_ROWS(dates); i++) {
        int64_t seconds = -1;
        char text[WEFT_DATE_BYTES];
        ck_assert_int_eq(weft_date_parse(dates[i].text, &seconds), dates[i].seconds >= 0);
        ck_assert_int_eq(seconds, dates[i].seconds);
        if (seconds >= 0) {
            weft_date_print(seconds, text);
            ck_assert_str_eq(text, dates[i].text);
        }
    }
    for (int64_t seconds = 0; seconds < INT64_C(253402300799);
         seconds += INT64_C(86400) * 97 + 61) {
        char text[WEFT_DATE_BYTES];
        int64_t back = -1;
        weft_date_print(seconds, text);
        ck_assert(weft_date_parse(text, &back) && back == seconds);
    }
}
END_TEST

START_TEST(test_names)
{
    static const char *const good[] = {"a", "virus-pattern", "A.b_c-9", "0"};
    static const char *const bad[] = {"",    ".",   "..",       ".a",   "-a",  "a/b",
                                      "a b", "a\n", "\xc3\xbc", "a\\b", "a:b", "a%2e"};
    static const char *const good_files[] = {"a", "a b", "\xc3\xbc.tar", "-a", "a:b", "a..b", "~"};
    static const char *const bad_files[] = {"",         ".",     "..",           ".a",
                                            "a/b",      "a\n",   "a\\b",         "\xff",
                                            "\xc2\x85", "a\x7f", "\xed\xa0\x80", "\xc0\xaf"};
    static const char *const bad_paths[] = {"",       "/a",   "a//b", "a/",
                                            "a/../b", "a/.b", "a\nb", "../a"};
    char longest[WEFT_NAME_BYTES_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[WEFT_NAME_BYTES_MAX + 1] = '\0';
    ck_assert(!weft_name_ok(longest));
    longest[WEFT_NAME_BYTES_MAX] = '\0';
    ck_assert(weft_name_ok(longest));
    ck_assert(!weft_name_ok(NULL) && !weft_name_file_ok(NULL) && !weft_name_path_ok(NULL));
    ck_assert(weft_name_path_ok("metadata/1.root.json"));
    for (size_t i = 0; i < WEFT_ROWS(good); i++) {
        ck_assert_msg(weft_name_ok(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < WEFT_ROWS(bad); i++) {
        ck_assert_msg(!weft_name_ok(bad[i]), "%s", bad[i]);
    }
    for (size_t i = 0; i < WEFT_ROWS(good_files); i++) {
        ck_assert_msg(weft_name_file_ok(good_files[i]), "%s", good_files[i]);
    }
    for (size_t i = 0; i < WEFT_ROWS(bad_files); i++) {
        ck_assert_msg(!weft_name_file_ok(bad_files[i]), "%s", bad_files[i]);
    }
    for (size_t i = 0; i < WEFT_ROWS(bad_paths); i++) {
        ck_assert_msg(!weft_name_path_ok(bad_paths[i]), "%s", bad_paths[i]);
    }
}
END_TEST

static Suite *canonical_suite(void)
{
    Suite *suite = suite_create("canonical");
    WEFT_ADD_ROWS(suite, test_rows, rows);
    WEFT_ADD(suite, test_depth);
    WEFT_ADD(suite, test_members);
    WEFT_ADD(suite, test_hex);
    WEFT_ADD(suite, test_dates);
    WEFT_ADD(suite, test_names);
    return suite;
}

WEFT_CHECK_MAIN(canonical_suite)
