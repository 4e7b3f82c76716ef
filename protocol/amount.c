/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes quantities with units in exact integers. Answers "how many?", not "is that
 * allowed here?". */
#include "amount.h"

/* Digits after the decimal point that are read: with 9, no product below leaves 64 bits. */
#define FRACTION_DIGITS_MAX 9

/* A unit word and what one of it is in the base unit. */
struct word {
    const char *word;     /* exactly as typed */
    uint64_t numerator;   /* base units ... */
    uint32_t denominator; /* ... over this */
    bool is_written;      /* used when a quantity is written */
};

static const struct word times[] = {
    {"ms", 1, 1, true},      {"s", 1000, 1, true},     {"min", 60000, 1, true},
    {"h", 3600000, 1, true}, {"d", 86400000, 1, true}, {NULL, 0, 0, false},
};

static const struct word sizes[] = {
    {"B", 1, 1, true},
    {"kB", 1000, 1, true},
    {"KiB", UINT64_C(1) << 10, 1, true},
    {"MB", 1000000, 1, true},
    {"MiB", UINT64_C(1) << 20, 1, true},
    {"GB", 1000000000, 1, true},
    {"GiB", UINT64_C(1) << 30, 1, true},
    {"TB", 1000000000000, 1, true},
    {"TiB", UINT64_C(1) << 40, 1, true},
    {NULL, 0, 0, false},
};

/* Links are sold in bits, so rates are written in bits as far as they are whole. */
static const struct word rates[] = {
    {"B/s", 1, 1, true},
    {"bit", 1, 8, false},
    {"kbit", 125, 1, true},
    {"mbit", 125000, 1, true},
    {"gbit", 125000000, 1, true},
    {"kB/s", 1000, 1, false},
    {"MB/s", 1000000, 1, false},
    {"GB/s", 1000000000, 1, false},
    {"KiB/s", UINT64_C(1) << 10, 1, false},
    {"MiB/s", UINT64_C(1) << 20, 1, false},
    {"GiB/s", UINT64_C(1) << 30, 1, false},
    {NULL, 0, 0, false},
};

static const struct word counts[] = {{NULL, 0, 0, false}};

struct table {
    const struct word *words; /* by rising size as far as they are written; NULL word = end */
    const char *listing;      /* for people */
};

static const struct table tables[] = {
    [WEFT_UNIT_COUNT] = {counts, ""},
    [WEFT_UNIT_MS] = {times, "ms, s, min, h, d"},
    [WEFT_UNIT_BYTES] = {sizes, "B, KiB, MiB, GiB, TiB, kB, MB, GB, TB"},
    [WEFT_UNIT_RATE] = {rates, "bit, kbit, mbit, gbit, B/s, KiB/s, MiB/s, GiB/s, kB/s, MB/s, GB/s"},
};

/* What is known of a quantity while it is read: |mantissa| over |scale|. */
struct number {
    uint64_t mantissa; /* the digits without the point */
    uint64_t scale;    /* 10 to the power of the digits after the point */
};

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* Read the digits at |bytes|, at most |length|, behind those in |number|; how many there were.
 * Errors: LIMIT if they do not fit; |*used| is then meaningless. */
static enum weft_err read_digits(const char *bytes, size_t length, uint64_t *number, size_t *used)
{
    size_t at = 0;
    for (; at < length && is_digit(bytes[at]); at++) {
        uint64_t digit = (uint64_t)(bytes[at] - '0');
        if (__builtin_mul_overflow(*number, UINT64_C(10), number) ||
            __builtin_add_overflow(*number, digit, number)) {
            return WEFT_ERR_LIMIT;
        }
    }
    *used = at;
    return WEFT_ERR_OK;
}

/* Read "12" or "12.5"; |*used| bytes of the text. */
static enum weft_err read_number(const char *bytes, size_t length, struct number *number,
                                 size_t *used)
{
    *number = (struct number){.mantissa = 0, .scale = 1};
    enum weft_err err = read_digits(bytes, length, &number->mantissa, used);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (*used == 0) {
        return WEFT_ERR_FORMAT;
    }
    if (*used == length || bytes[*used] != '.') {
        return WEFT_ERR_OK;
    }
    size_t whole = *used + 1;
    size_t fraction = 0;
    err = read_digits(bytes + whole, length - whole, &number->mantissa, &fraction);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (fraction == 0 || fraction > FRACTION_DIGITS_MAX) {
        return WEFT_ERR_FORMAT;
    }
    for (size_t i = 0; i < fraction; i++) {
        number->scale *= 10;
    }
    *used = whole + fraction;
    return WEFT_ERR_OK;
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* |number| times |word|, if that is whole. Common divisors go first, so that the product overflows
 * only when the result does. */
static enum weft_err multiply(struct number number, const struct word *word, uint64_t *value)
{
    uint64_t below = number.scale * word->denominator;
    uint64_t common = greatest_divisor(below, number.mantissa);
    uint64_t mantissa = number.mantissa / common;
    below /= common;
    common = greatest_divisor(below, word->numerator);
    uint64_t numerator = word->numerator / common;
    if (below != common) {
        return WEFT_ERR_FORMAT;
    }
    uint64_t product = 0;
    if (__builtin_mul_overflow(mantissa, numerator, &product)) {
        return WEFT_ERR_LIMIT;
    }
    *value = product;
    return WEFT_ERR_OK;
}

static const struct word *find_word(const char *bytes, size_t length, enum weft_unit unit)
{
    for (const struct word *word = tables[unit].words; word->word != NULL; word++) {
        if (weft_text_equal(bytes, length, word->word)) {
            return word;
        }
    }
    return NULL;
}

/* May a number of this kind stand without a unit? */
static bool is_bare_allowed(enum weft_unit unit, enum weft_amount_style style, uint64_t mantissa)
{
    bool is_plain_unit = unit == WEFT_UNIT_COUNT || unit == WEFT_UNIT_BYTES;
    return is_plain_unit || style == WEFT_AMOUNT_BARE || mantissa == 0;
}

enum weft_err weft_amount_parse(const char *bytes, size_t length, enum weft_unit unit,
                                enum weft_amount_style style, uint64_t *value)
{
    static const struct word base = {"", 1, 1, false};
    struct number number;
    size_t used = 0;
    enum weft_err err = read_number(bytes, length, &number, &used);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (used == length) {
        bool allowed = is_bare_allowed(unit, style, number.mantissa);
        return allowed ? multiply(number, &base, value) : WEFT_ERR_FORMAT;
    }
    const struct word *word = find_word(bytes + used, length - used, unit);
    return word == NULL ? WEFT_ERR_FORMAT : multiply(number, word, value);
}

bool weft_amount_is_partial(const char *bytes, size_t length, enum weft_unit unit)
{
    struct number number;
    size_t used = 0;
    uint64_t value = 0;
    if (read_number(bytes, length, &number, &used) != WEFT_ERR_OK) {
        return false;
    }
    const struct word *word = find_word(bytes + used, length - used, unit);
    return word != NULL && multiply(number, word, &value) == WEFT_ERR_FORMAT;
}

void weft_text_add_amount(struct weft_text *text, uint64_t value, enum weft_unit unit)
{
    const struct word *best = NULL;
    for (const struct word *word = tables[unit].words; word->word != NULL; word++) {
        if (word->is_written && value % word->numerator == 0) {
            best = word;
        }
    }
    bool has_unit = best != NULL && value > 0;
    weft_text_add_uint(text, has_unit ? value / best->numerator : value);
    weft_text_add(text, has_unit ? best->word : "");
}

const char *weft_amount_units(enum weft_unit unit)
{
    return tables[unit].listing;
}
