/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for people, at the edges of every unit; rates of a meter. */
#include "tests/support/check_main.h"

#include "node/meter.h"
#include "node/units.h"

struct row {
    uint64_t value;   /* in */
    const char *text; /* out */
};

static const struct row sizes[] = {
    {0, "0 B"},
    {812, "812 B"},
    {1023, "1023 B"},
    {1024, "1.00 KiB"},
    {10 * 1024 - 1, "10.0 KiB"},
    {65536, "64.0 KiB"},
    {1048576, "1.00 MiB"},
    {67108864, "64.0 MiB"},
    {UINT64_C(300) << 20, "300 MiB"},
    {UINT64_C(3) << 29, "1.50 GiB"},
    {UINT64_C(5) << 40, "5.00 TiB"},
    {UINT64_MAX, "16777216 TiB"},
};

START_TEST(test_bytes)
{
    ck_assert_str_eq(weft_units_bytes(sizes[_i].value).text, sizes[_i].text);
}
END_TEST

static const struct row bitrates[] = {
    {0, "0 bit/s"},
    {1, "8 bit/s"},
    {125, "1 kbit/s"},
    {2500000, "20 Mbit/s"},
    {20000000, "160 Mbit/s"},
    {UINT64_C(1250000000), "10 Gbit/s"},
    {UINT64_MAX, "1.84e+10 Gbit/s"},
};

START_TEST(test_bitrate)
{
    ck_assert_str_eq(weft_units_bitrate(bitrates[_i].value).text, bitrates[_i].text);
}
END_TEST

static const struct row durations[] = {
    {0, "0.00 s"},           {420, "0.42 s"},          {994, "0.99 s"},
    {995, "1.0 s"},          {4240, "4.2 s"},          {9949, "9.9 s"},
    {9950, "10 s"},          {99499, "99 s"},          {99500, "1 min 40 s"},
    {185000, "3 min 05 s"},  {3599499, "59 min 59 s"}, {3600000, "1 h 00 min"},
    {7800000, "2 h 10 min"}, {172800000, "2 d 0 h"},   {273600000, "3 d 4 h"},
};

START_TEST(test_duration)
{
    ck_assert_str_eq(weft_units_duration(durations[_i].value).text, durations[_i].text);
}
END_TEST

START_TEST(test_percent_says_all_only_for_all)
{
    ck_assert_str_eq(weft_units_percent(0, 0).text, "100 %");
    ck_assert_str_eq(weft_units_percent(0, 5).text, "0.0 %");
    ck_assert_str_eq(weft_units_percent(613, 1000).text, "61.3 %");
    ck_assert_str_eq(weft_units_percent(999999, 1000000).text, "99.9 %");
    ck_assert_str_eq(weft_units_percent(UINT64_MAX - 1, UINT64_MAX).text, "99.9 %");
    ck_assert_str_eq(weft_units_percent(7, 7).text, "100 %");
}
END_TEST

START_TEST(test_ratio_date_count)
{
    ck_assert_str_eq(weft_units_ratio(104, 100).text, "1.04");
    ck_assert_str_eq(weft_units_ratio(1, 0).text, "-");
    ck_assert_str_eq(weft_units_date(0).text, "never");
    ck_assert_str_eq(weft_units_date(1795401780).text, "2026-11-23 02:43 UTC");
    ck_assert_str_eq(weft_units_count(1, "node").text, "1 node");
    ck_assert_str_eq(weft_units_count(0, "node").text, "0 nodes");
}
END_TEST

START_TEST(test_meter_is_the_mean_of_its_window)
{
    struct weft_meter meter = {0};
    ck_assert_uint_eq(weft_meter_rate(&meter), 0);
    for (uint64_t i = 0; i <= 40; i++) {
        /* Slow at first, then 1 MB every half second: only the last ones count. */
        uint64_t bytes = i < 20 ? i : 20 + (i - 20) * 1000000;
        weft_meter_sample(&meter, i * 500 * WEFT_NS_PER_MS, bytes);
    }
    ck_assert_uint_eq(weft_meter_rate(&meter), 2000000);
    weft_meter_sample(&meter, 41 * 500 * WEFT_NS_PER_MS, 5);
    ck_assert_uint_eq(weft_meter_rate(&meter), 0);
}
END_TEST

START_TEST(test_meter_takes_any_numbers)
{
    struct weft_meter meter = {0};
    weft_meter_sample(&meter, 7, 0);
    weft_meter_sample(&meter, 7, UINT64_MAX);
    ck_assert_uint_eq(weft_meter_rate(&meter), 0);
    weft_meter_sample(&meter, 7 + WEFT_NS_PER_S, UINT64_MAX);
    ck_assert_uint_gt(weft_meter_rate(&meter), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("units");
    WEFT_ADD_ROWS(suite, test_bytes, sizes);
    WEFT_ADD_ROWS(suite, test_bitrate, bitrates);
    WEFT_ADD_ROWS(suite, test_duration, durations);
    WEFT_ADD(suite, test_percent_says_all_only_for_all);
    WEFT_ADD(suite, test_ratio_date_count);
    WEFT_ADD(suite, test_meter_is_the_mean_of_its_window);
    WEFT_ADD(suite, test_meter_takes_any_numbers);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
