/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by libcrypto. The algorithm is fetched once per hash object and not per message, because
 * the implicit fetch of OpenSSL 3 costs more than hashing a small document. */
#include "sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"

struct weft_sha256 {
    EVP_MD *algorithm;   /* owned */
    EVP_MD_CTX *context; /* owned */
    bool failed;         /* libcrypto refused something since the last begin */
};

struct weft_sha256 *weft_sha256_new(void)
{
    struct weft_sha256 *hash = calloc(1, sizeof *hash);
    if (!hash) {
        return NULL;
    }
    hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (!hash->algorithm || !hash->context) {
        weft_sha256_free(hash);
        return NULL;
    }
    weft_sha256_begin(hash);
    return hash;
}

void weft_sha256_free(struct weft_sha256 *hash)
{
    if (hash) {
        EVP_MD_CTX_free(hash->context);
        EVP_MD_free(hash->algorithm);
        free(hash);
    }
}

void weft_sha256_begin(struct weft_sha256 *hash)
{
    hash->failed = EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1;
}

void weft_sha256_add(struct weft_sha256 *hash, const void *bytes, size_t length)
{
    if (length > 0 && !hash->failed) {
        hash->failed = EVP_DigestUpdate(hash->context, bytes, length) != 1;
    }
}

bool weft_sha256_end(struct weft_sha256 *hash, uint8_t digest[WEFT_SHA256_BYTES])
{
    if (hash->failed || EVP_DigestFinal_ex(hash->context, digest, NULL) != 1) {
        memset(digest, 0, WEFT_SHA256_BYTES);
        return false;
    }
    return true;
}

bool weft_sha256_of(const void *bytes, size_t length, uint8_t digest[WEFT_SHA256_BYTES])
{
    const void *start = length > 0 ? bytes : "";
    if (EVP_Digest(start, length, digest, NULL, EVP_sha256(), NULL) != 1) {
        memset(digest, 0, WEFT_SHA256_BYTES);
        return false;
    }
    return true;
}

void weft_sha256_hex(const uint8_t digest[WEFT_SHA256_BYTES], char hex[WEFT_SHA256_HEX_BYTES])
{
    weft_hex_encode(digest, WEFT_SHA256_BYTES, hex);
}
