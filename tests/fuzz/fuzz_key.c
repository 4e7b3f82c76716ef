/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures of every type on any text. The input is a JSON object with the members key,
 * sig and message. Checked: only a key that is known and can be told from others verifies, and
 * what it signed is not what it did not sign. */
#include "protocol/trust/key.h"
#include "tests/fuzz/replay.h"

#include <string.h>

static void check_key(json_t *key, const char *signature, const char *message)
{
    char id[2 * WEFT_SHA256_BYTES + 1];
    uint8_t identity[WEFT_SHA256_BYTES];
    uint8_t again[WEFT_SHA256_BYTES];
    size_t length = strlen(message);
    bool has_identity = weft_key_identity(key, identity);
    WEFT_FUZZ_CHECK(weft_key_id(key, id) == WEFT_ERR_OK && strlen(id) == sizeof id - 1);
    WEFT_FUZZ_CHECK(!weft_key_is_known(key) || json_is_object(key));
    WEFT_FUZZ_CHECK(!has_identity || weft_key_is_known(key));
    if (has_identity) {
        WEFT_FUZZ_CHECK(weft_key_identity(key, again));
        WEFT_FUZZ_CHECK(memcmp(identity, again, sizeof identity) == 0);
    }
    if (weft_key_verify(key, signature, (const uint8_t *)message, length)) {
        WEFT_FUZZ_CHECK(has_identity && weft_key_has_form(key));
        WEFT_FUZZ_CHECK(length == 0 ||
                        !weft_key_verify(key, signature, (const uint8_t *)message, length - 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *input = NULL;
    if (weft_json_parse(bytes, length, &input) != WEFT_ERR_OK) {
        return 0;
    }
    json_t *key = json_object_get(input, "key");
    const char *signature = weft_json_text(input, "sig");
    const char *message = weft_json_text(input, "message");
    if (key != NULL) {
        check_key(key, signature, message != NULL ? message : "");
    }
    json_decref(input);
    return 0;
}
