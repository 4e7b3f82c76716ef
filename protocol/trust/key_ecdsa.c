/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA keys of TUF: P-256 with SHA-256 and nothing else, by libcrypto. */
#include "key_type.h"

#include <string.h>

#include "pem.h"

#define CURVE "prime256v1"

/* NULL unless |public_text| is a key on P-256. Belongs to the caller. */
static EVP_PKEY *read_key(const char *public_text)
{
    char curve[32];
    EVP_PKEY *key = weft_pem_read(public_text);
    bool fits = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1 &&
                strcmp(curve, CURVE) == 0;
    if (!fits) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

bool weft_key_ecdsa_verify(const char *public_text, const struct weft_signed_bytes *bytes)
{
    EVP_PKEY *key = read_key(public_text);
    bool good = key && weft_pem_verify(key, /* is_pss */ false, bytes);
    EVP_PKEY_free(key);
    return good;
}

bool weft_key_ecdsa_identity(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES])
{
    EVP_PKEY *key = read_key(public_text);
    bool ok = key && weft_pem_identity(key, identity);
    EVP_PKEY_free(key);
    return ok;
}
