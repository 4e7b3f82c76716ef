/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys of TUF: PSS padding with SHA-256, by libcrypto. The bounds keep out keys that are too
 * weak, and such as would make one signature cost seconds. */
#include "key_type.h"

#include "pem.h"

#define BITS_MIN 2048
#define BITS_MAX 8192

/* NULL unless |public_text| is an RSA key of allowed size. Belongs to the caller. */
static EVP_PKEY *read_key(const char *public_text)
{
    EVP_PKEY *key = weft_pem_read(public_text);
    bool fits = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
                EVP_PKEY_get_bits(key) >= BITS_MIN && EVP_PKEY_get_bits(key) <= BITS_MAX;
    if (!fits) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

bool weft_key_rsa_verify(const char *public_text, const struct weft_signed_bytes *bytes)
{
    EVP_PKEY *key = read_key(public_text);
    bool good = key && weft_pem_verify(key, /* is_pss */ true, bytes);
    EVP_PKEY_free(key);
    return good;
}

bool weft_key_rsa_identity(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES])
{
    EVP_PKEY *key = read_key(public_text);
    bool ok = key && weft_pem_identity(key, identity);
    EVP_PKEY_free(key);
    return ok;
}
