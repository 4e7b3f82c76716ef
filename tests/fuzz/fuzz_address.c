/* SPDX-License-Identifier: Apache-2.0 */
/* The address, prefix and quantity parsers on any text. Checked: what is accepted is written to a
 * text that is accepted again and means the same. */
#include "protocol/address.h"
#include "protocol/amount.h"
#include "tests/fuzz/replay.h"

#include <string.h>

static void try_address(const char *text)
{
    char written[WEFT_ADDRESS_TEXT_BYTES];
    struct weft_address address;
    struct weft_address again;
    if (!weft_address_parse(text, 7767, &address)) {
        return;
    }
    struct weft_text line = weft_text_into(written, sizeof(written));
    weft_text_add_address(&line, &address);
    WEFT_FUZZ_CHECK(!line.cut);
    WEFT_FUZZ_CHECK(weft_address_parse(written, 0, &again));
    WEFT_FUZZ_CHECK(weft_address_equal(&address, &again));
}

static void try_prefix(const char *text)
{
    char written[WEFT_ADDRESS_TEXT_BYTES];
    struct weft_prefix prefix;
    struct weft_prefix again;
    if (!weft_prefix_parse(text, &prefix)) {
        return;
    }
    struct weft_text line = weft_text_into(written, sizeof(written));
    weft_text_add_prefix(&line, &prefix);
    WEFT_FUZZ_CHECK(!line.cut);
    WEFT_FUZZ_CHECK(weft_prefix_parse(written, &again));
    WEFT_FUZZ_CHECK(weft_prefix_equal(&prefix, &again));
    WEFT_FUZZ_CHECK(weft_prefix_contains(&prefix, again.ip));
}

static void try_amount(const char *text, size_t length, enum weft_unit unit)
{
    char written[64];
    uint64_t value = 0;
    uint64_t again = 0;
    if (weft_amount_parse(text, length, unit, WEFT_AMOUNT_STRICT, &value) != WEFT_ERR_OK) {
        return;
    }
    struct weft_text line = weft_text_into(written, sizeof(written));
    weft_text_add_amount(&line, value, unit);
    enum weft_err err = weft_amount_parse(written, line.length, unit, WEFT_AMOUNT_STRICT, &again);
    WEFT_FUZZ_CHECK(err == WEFT_ERR_OK && again == value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char text[256];
    if (length >= sizeof(text)) {
        return 0;
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
    try_address(text);
    try_prefix(text);
    for (int unit = WEFT_UNIT_COUNT; unit <= WEFT_UNIT_RATE; unit++) {
        try_amount(text, length, (enum weft_unit)unit);
    }
    return 0;
}
