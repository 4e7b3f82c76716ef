/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes quantities with units ("64MiB", "20mbit", "1500ms") in exact integers.
 *
 * Answers "how many?", not "is that allowed here?" (value.h). SPEC.md section "Units". A number
 * may have a decimal fraction as long as the result is whole: "1.5s" is 1500 ms, "0.3bit" is
 * refused. */
#ifndef WEFT_AMOUNT_H
#define WEFT_AMOUNT_H

#include "err.h"
#include "text.h"
#include "tuning.h"

/* What a quantity text may leave out. */
enum weft_amount_style {
    WEFT_AMOUNT_STRICT, /* times and rates need a unit, unless they are 0 */
    WEFT_AMOUNT_BARE    /* a number without unit is in the base unit, as in our own tables */
};

/* Read |length| bytes at |bytes| as a quantity of |unit| into |value|, in the base unit (plain,
 * milliseconds, bytes, bytes per second: "20mbit" gives 2500000).
 * Errors: FORMAT if it is not a number and a unit of this kind, or not whole; LIMIT if it does not
 *         fit in 64 bits; |value| is then untouched. */
enum weft_err weft_amount_parse(const char *bytes, size_t length, enum weft_unit unit,
                                enum weft_amount_style style, uint64_t *value);

/* Is it a quantity of |unit|, only that it is not whole in the base unit: "1bit", "0.5ms"? */
bool weft_amount_is_partial(const char *bytes, size_t length, enum weft_unit unit);

/* Append |value| of |unit| in the largest unit that divides it: 2500000 becomes "20mbit". Reading
 * it again gives |value|. */
void weft_text_add_amount(struct weft_text *text, uint64_t value, enum weft_unit unit);

/* The unit words of |unit| for people: "ms, s, min, h, d"; "" for plain numbers. Static storage. */
const char *weft_amount_units(enum weft_unit unit);

#endif
