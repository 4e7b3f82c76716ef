/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers into short texts: three significant digits are enough for a person. */
#include "units.h"

#include "protocol/text.h"

#include <stdio.h>
#include <time.h>

/* One row of a scale: values from |size| on are written in |name|. */
struct scale {
    uint64_t size;    /* of one unit */
    const char *name; /* of the unit */
};

static const struct scale binary[] = {
    {UINT64_C(1) << 40, "TiB"},
    {UINT64_C(1) << 30, "GiB"},
    {UINT64_C(1) << 20, "MiB"},
    {UINT64_C(1) << 10, "KiB"},
    {1, "B"},
};

static const struct scale decimal_bits[] = {
    {UINT64_C(1000000000), "Gbit"},
    {UINT64_C(1000000), "Mbit"},
    {UINT64_C(1000), "kbit"},
    {1, "bit"},
};

/* |value| in the largest unit that leaves 1 or more, with three significant digits. */
static struct weft_units_text scaled(uint64_t value, const struct scale *scale, const char *suffix)
{
    struct weft_units_text out;
    while (scale->size > value && scale->size > 1) {
        scale++;
    }
    double number = (double)value / (double)scale->size;
    int digits = scale->size == 1 ? 0 : number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    snprintf(out.text, sizeof(out.text), "%.*f %s%s", digits, number, scale->name, suffix);
    return out;
}

struct weft_units_text weft_units_bytes(uint64_t bytes)
{
    return scaled(bytes, binary, "");
}

struct weft_units_text weft_units_rate(uint64_t bytes_per_s)
{
    return scaled(bytes_per_s, binary, "/s");
}

struct weft_units_text weft_units_bitrate(uint64_t bytes_per_s)
{
    struct weft_units_text out;
    uint64_t bits = bytes_per_s > UINT64_MAX / 8 ? UINT64_MAX : bytes_per_s * 8;
    const struct scale *scale = decimal_bits;
    while (scale->size > bits && scale->size > 1) {
        scale++;
    }
    snprintf(out.text, sizeof(out.text), "%.3g %s/s", (double)bits / (double)scale->size,
             scale->name);
    return out;
}

struct weft_units_text weft_units_duration(uint64_t ms)
{
    struct weft_units_text out;
    unsigned long long s = (ms + 500) / 1000;
    if (ms < 995) {
        snprintf(out.text, sizeof(out.text), "%.2f s", (double)ms / 1000);
    } else if (ms < 9950) {
        snprintf(out.text, sizeof(out.text), "%.1f s", (double)ms / 1000);
    } else if (s < 100) {
        snprintf(out.text, sizeof(out.text), "%llu s", s);
    } else if (s < 3600) {
        snprintf(out.text, sizeof(out.text), "%llu min %02llu s", s / 60, s % 60);
    } else if (s < 48 * 3600) {
        snprintf(out.text, sizeof(out.text), "%llu h %02llu min", s / 3600, s / 60 % 60);
    } else {
        snprintf(out.text, sizeof(out.text), "%llu d %llu h", s / 86400, s / 3600 % 24);
    }
    return out;
}

struct weft_units_text weft_units_measured(uint64_t ms)
{
    struct weft_units_text out;
    if (ms >= 100000) {
        return weft_units_duration(ms);
    }
    snprintf(out.text, sizeof(out.text), "%u.%02u s", (unsigned)(ms / 1000),
             (unsigned)(ms % 1000 / 10));
    return out;
}

struct weft_units_text weft_units_percent(uint64_t part, uint64_t whole)
{
    struct weft_units_text out;
    if (part >= whole) {
        snprintf(out.text, sizeof(out.text), "100 %%");
        return out;
    }
    uint64_t tenths = whole > UINT64_MAX / 1000 ? part / (whole / 1000) : part * 1000 / whole;
    tenths = tenths > 999 ? 999 : tenths;
    snprintf(out.text, sizeof(out.text), "%u.%u %%", (unsigned)(tenths / 10),
             (unsigned)(tenths % 10));
    return out;
}

struct weft_units_text weft_units_ratio(uint64_t part, uint64_t whole)
{
    struct weft_units_text out = {"-"};
    if (whole > 0) {
        snprintf(out.text, sizeof(out.text), "%.2f", (double)part / (double)whole);
    }
    return out;
}

struct weft_units_text weft_units_date(int64_t unix_s)
{
    struct weft_units_text out = {"never"};
    struct tm utc;
    time_t time = (time_t)unix_s;
    if (unix_s != 0 && gmtime_r(&time, &utc) != NULL) {
        strftime(out.text, sizeof(out.text), "%Y-%m-%d %H:%M UTC", &utc);
    }
    return out;
}

struct weft_units_text weft_units_count(uint64_t count, const char *word)
{
    struct weft_units_text out;
    snprintf(out.text, sizeof(out.text), "%llu %.15s%s", (unsigned long long)count, word,
             weft_text_ending(count));
    return out;
}
