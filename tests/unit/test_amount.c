/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities with units: exact, or refused. */
#include "tests/support/check_main.h"

#include "protocol/amount.h"
#include "protocol/rng.h"

#include <string.h>

struct amount_row {
    const char *text;    /* as typed */
    enum weft_unit unit; /* wanted */
    enum weft_err err;   /* of reading it */
    uint64_t value;      /* in the base unit, if OK */
    const char *written; /* as it is written again, if OK */
};

#define COUNT WEFT_UNIT_COUNT
#define MS WEFT_UNIT_MS
#define BYTES WEFT_UNIT_BYTES
#define RATE WEFT_UNIT_RATE
#define OK WEFT_ERR_OK
#define BAD WEFT_ERR_FORMAT, 0, ""
#define HUGE WEFT_ERR_LIMIT, 0, ""

static const struct amount_row amounts[] = {
    {"0", COUNT, OK, 0, "0"},
    {"33", COUNT, OK, 33, "33"},
    {"007", COUNT, OK, 7, "7"},
    {"2.0", COUNT, OK, 2, "2"},
    {"18446744073709551615", COUNT, OK, UINT64_MAX, "18446744073709551615"},
    {"18446744073709551616", COUNT, HUGE},
    {"1.5", COUNT, BAD},
    {"1k", COUNT, BAD},
    {"", COUNT, BAD},
    {"-1", COUNT, BAD},
    {"+1", COUNT, BAD},
    {" 1", COUNT, BAD},
    {"1 ", COUNT, BAD},
    {"0x10", COUNT, BAD},
    {"1.", COUNT, BAD},
    {".5", COUNT, BAD},
    {"1..5", COUNT, BAD},
    {"1,5", COUNT, BAD},
    {"0", MS, OK, 0, "0"},
    {"1500ms", MS, OK, 1500, "1500ms"},
    {"2s", MS, OK, 2000, "2s"},
    {"1.5s", MS, OK, 1500, "1500ms"},
    {"0.25s", MS, OK, 250, "250ms"},
    {"90s", MS, OK, 90000, "90s"},
    {"2min", MS, OK, 120000, "2min"},
    {"0.5h", MS, OK, 1800000, "30min"},
    {"1d", MS, OK, 86400000, "1d"},
    {"0.0001s", MS, BAD},
    {"1500", MS, BAD},
    {"2 s", MS, BAD},
    {"2S", MS, BAD},
    {"2m", MS, BAD},
    {"2MiB", MS, BAD},
    {"213503982334d", MS, OK, UINT64_C(18446744073657600000), "213503982334d"},
    {"213503982335d", MS, HUGE},
    {"1048576", BYTES, OK, 1048576, "1MiB"},
    {"64MiB", BYTES, OK, 67108864, "64MiB"},
    {"1.5GiB", BYTES, OK, 1610612736, "1536MiB"},
    {"0.5KiB", BYTES, OK, 512, "512B"},
    {"2GB", BYTES, OK, 2000000000, "2GB"},
    {"512B", BYTES, OK, 512, "512B"},
    {"16777215.5TiB", BYTES, OK, UINT64_C(18446743523953737728), "17179868672GiB"},
    {"16777216TiB", BYTES, HUGE},
    {"0.000000001GB", BYTES, OK, 1, "1B"},
    {"1.000000000TiB", BYTES, OK, UINT64_C(1) << 40, "1TiB"},
    {"1.0000000000TiB", BYTES, BAD},
    {"0.3B", BYTES, BAD},
    {"64M", BYTES, BAD},
    {"64mib", BYTES, BAD},
    {"20mbit", RATE, OK, 2500000, "20mbit"},
    {"1gbit", RATE, OK, 125000000, "1gbit"},
    {"2.5gbit", RATE, OK, 312500000, "2500mbit"},
    {"1.5mbit", RATE, OK, 187500, "1500kbit"},
    {"8bit", RATE, OK, 1, "1B/s"},
    {"4bit", RATE, BAD},
    {"100kB/s", RATE, OK, 100000, "800kbit"},
    {"1MiB/s", RATE, OK, 1048576, "1048576B/s"},
    {"0", RATE, OK, 0, "0"},
    {"0mbit", RATE, OK, 0, "0"},
    {"20", RATE, BAD},
    {"20mbit/s", RATE, BAD},
    {"20MB", RATE, BAD},
    {"147573952590gbit", RATE, HUGE},
};

START_TEST(test_amount)
{
    const struct amount_row *row = &amounts[_i];
    uint64_t value = 12345;
    size_t length = strlen(row->text);
    enum weft_err err = weft_amount_parse(row->text, length, row->unit, WEFT_AMOUNT_STRICT, &value);
    ck_assert_msg(err == row->err, "%s: %s", row->text, weft_err_name(err));
    ck_assert_uint_eq(value, err == OK ? row->value : 12345);
    if (err == OK) {
        char written[64];
        struct weft_text text = weft_text_into(written, sizeof(written));
        weft_text_add_amount(&text, value, row->unit);
        ck_assert_str_eq(written, row->written);
    }
}
END_TEST

START_TEST(test_bare_numbers)
{
    uint64_t value = 0;
    ck_assert_int_eq(weft_amount_parse("1500", 4, MS, WEFT_AMOUNT_BARE, &value), OK);
    ck_assert_uint_eq(value, 1500);
    ck_assert_int_eq(weft_amount_parse("2500000", 7, RATE, WEFT_AMOUNT_BARE, &value), OK);
    ck_assert_uint_eq(value, 2500000);
}
END_TEST

/* What is written can be read, and is the same. */
START_TEST(test_written_is_read)
{
    uint64_t rng = 3;
    for (int round = 0; round < 40000; round++) {
        enum weft_unit unit = (enum weft_unit)weft_rng_below(&rng, 4);
        uint64_t value = weft_rng_next(&rng) >> weft_rng_below(&rng, 64);
        value = weft_rng_below(&rng, 2) == 0 ? value : value / 1000000 * 1000000;
        uint64_t again = 0;
        char written[64];
        struct weft_text text = weft_text_into(written, sizeof(written));
        weft_text_add_amount(&text, value, unit);
        enum weft_err err =
            weft_amount_parse(written, text.length, unit, WEFT_AMOUNT_STRICT, &again);
        ck_assert_int_eq(err, OK);
        ck_assert_uint_eq(value, again);
    }
}
END_TEST

static Suite *amount_suite(void)
{
    Suite *suite = suite_create("amount");
    WEFT_ADD_ROWS(suite, test_amount, amounts);
    WEFT_ADD(suite, test_bare_numbers);
    WEFT_ADD(suite, test_written_is_read);
    return suite;
}

WEFT_CHECK_MAIN(amount_suite)
