/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded text: every piece, and every buffer size that is too small for it. */
#include "tests/support/check_main.h"

#include "protocol/text.h"

#include <string.h>

static void add_everything(struct weft_text *text)
{
    weft_text_add(text, "a=");
    weft_text_add_uint(text, 0);
    weft_text_add(text, "");
    weft_text_add_uint(text, UINT64_MAX);
    weft_text_add_digits(text, 7, 3);
    weft_text_add_digits(text, 1234, 3);
    weft_text_add_hex64(text, UINT64_C(0xabc));
    weft_text_add_hex(text, 0);
    weft_text_add_hex(text, UINT64_MAX);
    weft_text_add_fill(text, '.', 3);
    weft_text_add_bytes(text, "xyz", 2);
}

static const char everything[] = "a=0184467440737095516150071234"
                                 "0000000000000abc"
                                 "0ffffffffffffffff...xy";

START_TEST(test_pieces)
{
    char buffer[sizeof(everything)];
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    ck_assert_str_eq(buffer, "");
    add_everything(&text);
    ck_assert_str_eq(buffer, everything);
    ck_assert_uint_eq(text.length, sizeof(everything) - 1);
    ck_assert(!text.cut);
}
END_TEST

START_TEST(test_every_size_cuts_at_its_end)
{
    for (size_t size = 0; size < sizeof(everything); size++) {
        char *buffer = malloc(size + 1);
        ck_assert_ptr_nonnull(buffer);
        memset(buffer, '#', size + 1);
        struct weft_text text = weft_text_into(size == 0 ? NULL : buffer, size);
        add_everything(&text);
        ck_assert(text.cut);
        ck_assert_int_eq(buffer[size], '#');
        if (size > 0) {
            ck_assert_uint_eq(text.length, size - 1);
            ck_assert_uint_eq(strlen(buffer), size - 1);
            ck_assert_mem_eq(buffer, everything, size - 1);
        }
        free(buffer);
    }
}
END_TEST

START_TEST(test_compare)
{
    ck_assert_uint_eq(weft_text_length(""), 0);
    ck_assert_uint_eq(weft_text_length("weft"), 4);
    ck_assert(weft_text_equal("weft", 4, "weft"));
    ck_assert(!weft_text_equal("weft", 3, "weft"));
    ck_assert(!weft_text_equal("wefx", 4, "weft"));
    ck_assert(weft_text_equal(NULL, 0, ""));
}
END_TEST

static Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    WEFT_ADD(suite, test_pieces);
    WEFT_ADD(suite, test_every_size_cuts_at_its_end);
    WEFT_ADD(suite, test_compare);
    return suite;
}

WEFT_CHECK_MAIN(text_suite)
