/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text of one flag's value into its place. Answers "is this value allowed, and what is
 * instead?"; which flags there are on a command line is flag.c's question. */
#include "value.h"

#include "amount.h"

#include <string.h>

/* Bytes of an argument that a message repeats. */
#define QUOTE_BYTES_MAX 80

/* ---- The table in words ---- */

static bool is_number(const struct weft_flag *flag)
{
    return flag->kind == WEFT_FLAG_COUNT || flag->kind == WEFT_FLAG_MS ||
           flag->kind == WEFT_FLAG_BYTES || flag->kind == WEFT_FLAG_RATE;
}

static enum weft_unit unit_of(const struct weft_flag *flag)
{
    if (flag->kind == WEFT_FLAG_MS) {
        return WEFT_UNIT_MS;
    }
    if (flag->kind == WEFT_FLAG_BYTES) {
        return WEFT_UNIT_BYTES;
    }
    return flag->kind == WEFT_FLAG_RATE ? WEFT_UNIT_RATE : WEFT_UNIT_COUNT;
}

static uint64_t fitting_max(const struct weft_flag *flag)
{
    return flag->size == sizeof(uint64_t) ? UINT64_MAX : UINT32_MAX;
}

static uint64_t maximum_of(const struct weft_flag *flag)
{
    uint64_t fitting = fitting_max(flag);
    return flag->maximum == 0 || flag->maximum > fitting ? fitting : flag->maximum;
}

/* Length of the word at the start of |choices|. */
static size_t choice_length(const char *choices)
{
    size_t length = 0;
    while (choices[length] != '\0' && choices[length] != '|') {
        length++;
    }
    return length;
}

void weft_value_add_argument(struct weft_text *text, const struct weft_flag *flag)
{
    static const char *const by_kind[] = {
        [WEFT_FLAG_BOOL] = "",      [WEFT_FLAG_COUNT] = "N",   [WEFT_FLAG_MS] = "TIME",
        [WEFT_FLAG_BYTES] = "SIZE", [WEFT_FLAG_RATE] = "RATE", [WEFT_FLAG_TEXT] = "TEXT",
        [WEFT_FLAG_LIST] = "TEXT",  [WEFT_FLAG_CHOICE] = "",
    };
    if (flag->argument != NULL) {
        weft_text_add(text, flag->argument);
    } else if (flag->kind == WEFT_FLAG_CHOICE) {
        weft_text_add(text, flag->choices);
    } else {
        weft_text_add(text, by_kind[flag->kind]);
    }
}

void weft_value_add_standard(struct weft_text *text, const struct weft_flag *flag)
{
    uint64_t value = 0;
    if (flag->kind == WEFT_FLAG_CHOICE && flag->standard == NULL) {
        weft_text_add_bytes(text, flag->choices, choice_length(flag->choices));
        return;
    }
    if (flag->standard == NULL) {
        return;
    }
    size_t length = weft_text_length(flag->standard);
    bool is_amount = is_number(flag) && weft_amount_parse(flag->standard, length, unit_of(flag),
                                                          WEFT_AMOUNT_BARE, &value) == WEFT_ERR_OK;
    if (is_amount) {
        weft_text_add_amount(text, value, unit_of(flag));
    } else {
        weft_text_add(text, flag->standard);
    }
}

void weft_value_add_range(struct weft_text *text, const struct weft_flag *flag)
{
    if (!is_number(flag)) {
        return;
    }
    bool has_maximum = maximum_of(flag) < fitting_max(flag);
    if (flag->minimum > 0 && has_maximum) {
        weft_text_add_amount(text, flag->minimum, unit_of(flag));
        weft_text_add(text, " to ");
    } else if (flag->minimum > 0) {
        weft_text_add(text, "at least ");
        weft_text_add_amount(text, flag->minimum, unit_of(flag));
    } else if (has_maximum) {
        weft_text_add(text, "at most ");
    }
    if (has_maximum) {
        weft_text_add_amount(text, flag->maximum, unit_of(flag));
    }
}

/* ---- Messages ---- */

void weft_value_add_quoted(struct weft_text *message, const char *argument, size_t length)
{
    size_t shown = length < QUOTE_BYTES_MAX ? length : QUOTE_BYTES_MAX;
    weft_text_add(message, "\"");
    for (size_t i = 0; i < shown; i++) {
        bool is_control = (unsigned char)argument[i] < ' ' || argument[i] == 0x7f;
        weft_text_add_bytes(message, is_control ? "?" : &argument[i], 1);
    }
    weft_text_add(message, shown < length ? "...\"" : "\"");
}

enum weft_err weft_value_begin(struct weft_text *message, const struct weft_flag *flag)
{
    weft_text_add(message, "--");
    weft_text_add(message, flag->name);
    weft_text_add(message, ": ");
    return WEFT_ERR_ARGUMENT;
}

/* The end of a message about a value: what may be written instead. */
static void add_allowed(struct weft_text *message, const struct weft_flag *flag)
{
    char buffer[64];
    struct weft_text range = weft_text_into(buffer, sizeof(buffer));
    weft_value_add_range(&range, flag);
    if (range.length > 0) {
        weft_text_add(message, "; allowed: ");
        weft_text_add(message, buffer);
    }
}

static enum weft_err complain_of_number(struct weft_text *message, const struct weft_flag *flag,
                                        const char *value)
{
    static const char *const nouns[] = {
        [WEFT_UNIT_COUNT] = "a plain number",
        [WEFT_UNIT_MS] = "a time",
        [WEFT_UNIT_BYTES] = "a size",
        [WEFT_UNIT_RATE] = "a rate",
    };
    static const char *const examples[] = {
        [WEFT_UNIT_COUNT] = "",
        [WEFT_UNIT_MS] = ", such as 1500ms",
        [WEFT_UNIT_BYTES] = ", such as 64MiB",
        [WEFT_UNIT_RATE] = ", such as 20mbit",
    };
    static const char *const bases[] = {
        [WEFT_UNIT_COUNT] = "",
        [WEFT_UNIT_MS] = "milliseconds",
        [WEFT_UNIT_BYTES] = "bytes",
        [WEFT_UNIT_RATE] = "bytes a second, that is, of 8bit",
    };
    enum weft_unit unit = unit_of(flag);
    weft_value_begin(message, flag);
    weft_value_add_quoted(message, value, weft_text_length(value));
    weft_text_add(message, " is not ");
    if (weft_amount_is_partial(value, weft_text_length(value), unit)) {
        weft_text_add(message, "a whole number of ");
        weft_text_add(message, bases[unit]);
        add_allowed(message, flag);
        return WEFT_ERR_ARGUMENT;
    }
    weft_text_add(message, nouns[unit]);
    if (unit != WEFT_UNIT_COUNT) {
        weft_text_add(message, "; write a number and one of ");
        weft_text_add(message, weft_amount_units(unit));
        weft_text_add(message, examples[unit]);
    }
    add_allowed(message, flag);
    return WEFT_ERR_ARGUMENT;
}

static enum weft_err complain_of_empty(struct weft_text *message, const struct weft_flag *flag)
{
    weft_value_begin(message, flag);
    weft_text_add(message, "the value is empty");
    return WEFT_ERR_ARGUMENT;
}

/* ---- Storing ---- */

static void store_number(const struct weft_flag *flag, void *place, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;
    if (flag->size == sizeof(value)) {
        memcpy(place, &value, sizeof(value));
    } else {
        memcpy(place, &narrow, sizeof(narrow));
    }
}

static enum weft_err set_number(const struct weft_flag *flag, void *place, const char *value,
                                enum weft_amount_style style, struct weft_text *message)
{
    uint64_t number = 0;
    enum weft_err err =
        weft_amount_parse(value, weft_text_length(value), unit_of(flag), style, &number);
    if (err == WEFT_ERR_FORMAT) {
        return complain_of_number(message, flag, value);
    }
    if (err != WEFT_ERR_OK || number < flag->minimum || number > maximum_of(flag)) {
        weft_value_begin(message, flag);
        weft_value_add_quoted(message, value, weft_text_length(value));
        weft_text_add(message, " is out of range");
        add_allowed(message, flag);
        return WEFT_ERR_ARGUMENT;
    }
    store_number(flag, place, number);
    return WEFT_ERR_OK;
}

static enum weft_err set_bool(const struct weft_flag *flag, void *place, const char *value,
                              struct weft_text *message)
{
    size_t length = weft_text_length(value);
    bool is_yes = weft_text_equal(value, length, "yes");
    if (!is_yes && !weft_text_equal(value, length, "no")) {
        weft_value_begin(message, flag);
        weft_value_add_quoted(message, value, length);
        weft_text_add(message, " is neither yes nor no");
        return WEFT_ERR_ARGUMENT;
    }
    memcpy(place, &is_yes, sizeof(is_yes));
    return WEFT_ERR_OK;
}

static enum weft_err set_choice(const struct weft_flag *flag, void *place, const char *value,
                                struct weft_text *message)
{
    const char *choices = flag->choices;
    size_t value_length = weft_text_length(value);
    for (uint32_t index = 0;; index++) {
        size_t length = choice_length(choices);
        if (length == value_length && memcmp(choices, value, length) == 0) {
            store_number(flag, place, index);
            return WEFT_ERR_OK;
        }
        if (choices[length] == '\0') {
            break;
        }
        choices += length + 1;
    }
    weft_value_begin(message, flag);
    weft_value_add_quoted(message, value, value_length);
    weft_text_add(message, " is not one of ");
    weft_text_add(message, flag->choices);
    return WEFT_ERR_ARGUMENT;
}

static enum weft_err set_text(const struct weft_flag *flag, void *place, const char *value,
                              struct weft_text *message)
{
    if (*value == '\0') {
        return complain_of_empty(message, flag);
    }
    memcpy(place, &value, sizeof(value));
    return WEFT_ERR_OK;
}

static enum weft_err add_to_list(const struct weft_flag *flag, void *place, const char *value,
                                 struct weft_text *message)
{
    struct weft_flag_list list;
    memcpy(&list, place, sizeof(list));
    if (*value == '\0') {
        return complain_of_empty(message, flag);
    }
    if (list.count == WEFT_FLAG_LIST_MAX) {
        weft_value_begin(message, flag);
        weft_text_add(message, "given more than ");
        weft_text_add_uint(message, WEFT_FLAG_LIST_MAX);
        weft_text_add(message, " times");
        return WEFT_ERR_ARGUMENT;
    }
    list.items[list.count++] = value;
    memcpy(place, &list, sizeof(list));
    return WEFT_ERR_OK;
}

enum weft_err weft_value_store(const struct weft_flag *flag, void *place, const char *value,
                               enum weft_amount_style style, struct weft_text *message)
{
    switch (flag->kind) {
    case WEFT_FLAG_BOOL:
        return set_bool(flag, place, value, message);
    case WEFT_FLAG_COUNT:
    case WEFT_FLAG_MS:
    case WEFT_FLAG_BYTES:
    case WEFT_FLAG_RATE:
        return set_number(flag, place, value, style, message);
    case WEFT_FLAG_TEXT:
        return set_text(flag, place, value, message);
    case WEFT_FLAG_LIST:
        return add_to_list(flag, place, value, message);
    case WEFT_FLAG_CHOICE:
        return set_choice(flag, place, value, message);
    }
    return WEFT_ERR_ARGUMENT;
}
