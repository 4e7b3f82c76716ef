/* SPDX-License-Identifier: Apache-2.0 */
/* Every hash that the pin states is computed; each has to match. */
#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct weft_digest {
    struct weft_pin pin; /* what is expected */
    EVP_MD_CTX *sha256;  /* owned; NULL = not stated */
    EVP_MD_CTX *sha512;  /* owned; NULL = not stated */
    uint64_t length;     /* bytes so far */
    bool failed;         /* libcrypto refused something */
};

/* A hash that has begun; NULL if libcrypto refuses. */
static EVP_MD_CTX *begin(const EVP_MD *algorithm)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, algorithm, NULL) != 1) {
        EVP_MD_CTX_free(context);
        context = NULL;
    }
    return context;
}

struct weft_digest *weft_digest_new(const struct weft_pin *pin)
{
    struct weft_digest *digest = calloc(1, sizeof *digest);
    if (!digest) {
        return NULL;
    }
    digest->pin = *pin;
    digest->sha256 = pin->has_sha256 ? begin(EVP_sha256()) : NULL;
    digest->sha512 = pin->has_sha512 ? begin(EVP_sha512()) : NULL;
    if (!digest->sha256 != !pin->has_sha256 || !digest->sha512 != !pin->has_sha512) {
        weft_digest_free(digest);
        return NULL;
    }
    return digest;
}

void weft_digest_free(struct weft_digest *digest)
{
    if (digest) {
        EVP_MD_CTX_free(digest->sha256);
        EVP_MD_CTX_free(digest->sha512);
        free(digest);
    }
}

static void update(struct weft_digest *digest, EVP_MD_CTX *context, const void *bytes,
                   size_t length)
{
    if (context && length > 0 && EVP_DigestUpdate(context, bytes, length) != 1) {
        digest->failed = true;
    }
}

enum weft_err weft_digest_add(struct weft_digest *digest, const void *bytes, size_t length)
{
    digest->length += length;
    if (digest->length > digest->pin.length) {
        return WEFT_ERR_TOO_LONG;
    }
    update(digest, digest->sha256, bytes, length);
    update(digest, digest->sha512, bytes, length);
    return WEFT_ERR_OK;
}

static enum weft_err compare(EVP_MD_CTX *context, const uint8_t *expected, size_t length)
{
    uint8_t found[EVP_MAX_MD_SIZE];
    if (!context) {
        return WEFT_ERR_OK;
    }
    if (EVP_DigestFinal_ex(context, found, NULL) != 1) {
        return WEFT_ERR_MEMORY;
    }
    return memcmp(found, expected, length) == 0 ? WEFT_ERR_OK : WEFT_ERR_MISMATCH;
}

enum weft_err weft_digest_end(struct weft_digest *digest)
{
    const struct weft_pin *pin = &digest->pin;
    if (digest->length != pin->length) {
        return digest->length > pin->length ? WEFT_ERR_TOO_LONG : WEFT_ERR_TOO_SHORT;
    }
    if (digest->failed) {
        return WEFT_ERR_MEMORY;
    }
    enum weft_err err = compare(digest->sha256, pin->sha256, sizeof pin->sha256);
    return err == WEFT_ERR_OK ? compare(digest->sha512, pin->sha512, sizeof pin->sha512) : err;
}
