/* SPDX-License-Identifier: Apache-2.0 */
/* Key files of publishers on any bytes. Checked: what is accepted is a key that can be named and
 * told from others, and signs only what its public key verifies. */
#include "node/keyfile.h"
#include "protocol/trust/key.h"
#include "tests/fuzz/replay.h"

#include <sodium.h>
#include <string.h>

/* Sealed keys stay sealed: their cost is the point of them. */
static void check_signature(struct weft_keyfile *keyfile)
{
    static const char message[] = "{\"a\":1}";
    struct weft_password password = {.file = "/dev/null/none"};
    struct weft_message unused;
    json_t *body = json_loads(message, 0, NULL);
    json_t *signature = NULL;
    if (weft_keyfile_unlock(keyfile, &password, &unused) == WEFT_ERR_OK) {
        signature = weft_keyfile_sign(keyfile, body);
        WEFT_FUZZ_CHECK(weft_key_verify(weft_keyfile_public(keyfile),
                                        weft_json_text(signature, "sig"), (const uint8_t *)message,
                                        strlen(message)));
    } else {
        WEFT_FUZZ_CHECK(weft_keyfile_sign(keyfile, body) == NULL && unused.text[0] != '\0');
    }
    json_decref(signature);
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct weft_keyfile *keyfile = NULL;
    WEFT_FUZZ_CHECK(sodium_init() >= 0);
    enum weft_err err = weft_keyfile_parse("fuzz.key", bytes, length, &keyfile);
    WEFT_FUZZ_CHECK((err == WEFT_ERR_OK) == (keyfile != NULL));
    if (keyfile != NULL) {
        WEFT_FUZZ_CHECK(strlen(weft_keyfile_id(keyfile)) == 2 * WEFT_SHA256_BYTES);
        WEFT_FUZZ_CHECK(weft_key_is_known(weft_keyfile_public(keyfile)));
        check_signature(keyfile);
    }
    weft_keyfile_free(keyfile);
    return 0;
}
