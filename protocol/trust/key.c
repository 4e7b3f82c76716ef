/* SPDX-License-Identifier: Apache-2.0 */
/* Key types by name. To add one: a row in the table, and its two functions in a file key_TYPE.c. */
#include "key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "key_type.h"
#include "sha256.h"

struct key_type {
    const char *keytype; /* as in TUF documents */
    const char *scheme;  /* as in TUF documents */

    /* Is the signature one of the key whose keyval.public is |public_text|? */
    bool (*verify)(const char *public_text, const struct weft_signed_bytes *bytes);

    /* The key itself, free of spelling. */
    bool (*identity)(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES]);
};

/* Older tools name the type of an ECDSA key by its scheme. */
static const struct key_type key_types[] = {
    {"ed25519", "ed25519", weft_key_ed25519_verify, weft_key_ed25519_identity},
    {"ecdsa", "ecdsa-sha2-nistp256", weft_key_ecdsa_verify, weft_key_ecdsa_identity},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", weft_key_ecdsa_verify, weft_key_ecdsa_identity},
    {"rsa", "rsassa-pss-sha256", weft_key_rsa_verify, weft_key_rsa_identity},
};

static const char *public_text_of(const json_t *key)
{
    return weft_json_text(json_object_get(key, "keyval"), "public");
}

static const struct key_type *type_of(const json_t *key)
{
    const char *keytype = weft_json_text(key, "keytype");
    const char *scheme = weft_json_text(key, "scheme");
    if (!keytype || !scheme || !public_text_of(key)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++) {
        const struct key_type *type = &key_types[i];
        if (strcmp(type->keytype, keytype) == 0 && strcmp(type->scheme, scheme) == 0) {
            return type;
        }
    }
    return NULL;
}

bool weft_key_has_form(const json_t *key)
{
    return weft_json_text(key, "keytype") && weft_json_text(key, "scheme") &&
           json_is_object(json_object_get(key, "keyval"));
}

bool weft_key_is_known(const json_t *key)
{
    return type_of(key) != NULL;
}

bool weft_key_verify(const json_t *key, const char *signature, const uint8_t *message,
                     size_t length)
{
    const struct key_type *type = type_of(key);
    struct weft_signed_bytes bytes = {.message = message, .length = length, .signature = signature};
    return type && signature && type->verify(public_text_of(key), &bytes);
}

bool weft_key_identity(const json_t *key, uint8_t identity[WEFT_SHA256_BYTES])
{
    const struct key_type *type = type_of(key);
    return type && type->identity(public_text_of(key), identity);
}

json_t *weft_key_of_ed25519(const uint8_t public_key[32])
{
    char text[2 * crypto_sign_ed25519_PUBLICKEYBYTES + 1];
    weft_hex_encode(public_key, crypto_sign_ed25519_PUBLICKEYBYTES, text);
    return json_pack("{s:s, s:{s:s}, s:s}", "keytype", "ed25519", "keyval", "public", text,
                     "scheme", "ed25519");
}

enum weft_err weft_key_id(json_t *key, char id[2 * WEFT_SHA256_BYTES + 1])
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    uint8_t digest[WEFT_SHA256_BYTES];
    id[0] = '\0';
    enum weft_err err = weft_json_canonical(key, &bytes, &length);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    bool ok = weft_sha256_of(bytes, length, digest);
    free(bytes);
    if (!ok) {
        return WEFT_ERR_MEMORY;
    }
    weft_sha256_hex(digest, id);
    return WEFT_ERR_OK;
}
