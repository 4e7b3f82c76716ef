/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text of one flag's value into its place, and says what a flag takes. Answers "is this
 * value allowed, and what is instead?". SPEC.md section "Flags". */
#ifndef WEFT_VALUE_H
#define WEFT_VALUE_H

#include "amount.h"
#include "flag.h"

/* Read |value| as |flag| wants it and store it at |place|; a list grows by it.
 * Shape:  place is of the C type that the flag's kind stores, see enum weft_flag_kind.
 * Errors: ARGUMENT, and |message| names the flag, the value and what is allowed; |place| is then
 *         untouched.
 * Owner:  |place| may borrow |value|. */
enum weft_err weft_value_store(const struct weft_flag *flag, void *place, const char *value,
                               enum weft_amount_style style, struct weft_text *message);

/* Begin a message about a flag: "--lease: ". Returns WEFT_ERR_ARGUMENT. */
enum weft_err weft_value_begin(struct weft_text *message, const struct weft_flag *flag);

/* Append |length| bytes of an argument in quotes; what is too long is cut, what is not printable
 * replaced. */
void weft_value_add_quoted(struct weft_text *message, const char *argument, size_t length);

/* Append the word that stands for the value: "DIR", "TIME", "never|auto"; nothing for a BOOL. */
void weft_value_add_argument(struct weft_text *text, const struct weft_flag *flag);

/* Append the default as people write it: "3s", "20mbit"; nothing if there is none. */
void weft_value_add_standard(struct weft_text *text, const struct weft_flag *flag);

/* Append the allowed range of a number: "500ms to 1min", "at least 1"; nothing if all are. */
void weft_value_add_range(struct weft_text *text, const struct weft_flag *flag);

#endif
