/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader of the trust code on any bytes. Checked: what it refuses by its contract (depth,
 * real numbers, NUL) is in no value that it accepts, and a canonical form that is JSON is its own
 * canonical form. */
#include "protocol/trust/json.h"
#include "tests/fuzz/replay.h"

#include <stdlib.h>
#include <string.h>

static void check_value(const json_t *value, unsigned depth)
{
    const char *name;
    json_t *inner;
    size_t i;
    WEFT_FUZZ_CHECK(depth <= WEFT_JSON_DEPTH_MAX + 1 && !json_is_real(value));
    if (json_is_string(value)) {
        WEFT_FUZZ_CHECK(strlen(json_string_value(value)) == json_string_length(value));
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, inner)
    {
        check_value(inner, depth + 1);
    }
    json_array_foreach(value, i, inner)
    {
        check_value(inner, depth + 1);
    }
}

/* A string with a control character has a canonical form that is for signatures and not JSON. */
static void check_canonical(json_t *value)
{
    uint8_t *first = NULL;
    uint8_t *second = NULL;
    size_t first_length = 0;
    size_t second_length = 0;
    json_t *again = NULL;
    WEFT_FUZZ_CHECK(weft_json_canonical(value, &first, &first_length) == WEFT_ERR_OK);
    if (weft_json_parse(first, first_length, &again) == WEFT_ERR_OK) {
        WEFT_FUZZ_CHECK(weft_json_canonical(again, &second, &second_length) == WEFT_ERR_OK);
        WEFT_FUZZ_CHECK(first_length == second_length && memcmp(first, second, first_length) == 0);
    }
    json_decref(again);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *value = NULL;
    enum weft_err err = weft_json_parse(bytes, length, &value);
    WEFT_FUZZ_CHECK((err == WEFT_ERR_OK) == (value != NULL));
    if (value != NULL) {
        uint64_t number = 7;
        WEFT_FUZZ_CHECK(json_is_object(value));
        check_value(value, 1);
        check_canonical(value);
        WEFT_FUZZ_CHECK(weft_json_uint(value, "version", 1, 100, &number)
                            ? number >= 1 && number <= 100
                            : number == 7);
    }
    json_decref(value);
    return 0;
}
