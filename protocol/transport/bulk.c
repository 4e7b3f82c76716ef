/* SPDX-License-Identifier: Apache-2.0 */
/* One EVP context a direction: the key is set up once, each record sets its nonce. */
#include "bulk.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct weft_bulk_cipher {
    EVP_CIPHER_CTX *context;   /* owned */
    struct weft_cipher cipher; /* key and nonce, as libcrypto has them */
    bool sealing;              /* else it opens */
};

static bool set_key(struct weft_bulk_cipher *bulk)
{
    return EVP_CipherInit_ex(bulk->context, EVP_chacha20_poly1305(), NULL, bulk->cipher.key, NULL,
                             bulk->sealing ? 1 : 0) == 1;
}

struct weft_bulk_cipher *weft_bulk_cipher_new(const struct weft_cipher *cipher, bool sealing)
{
    struct weft_bulk_cipher *bulk = calloc(1, sizeof(*bulk));
    if (bulk == NULL) {
        return NULL;
    }
    bulk->cipher = *cipher;
    bulk->sealing = sealing;
    bulk->context = EVP_CIPHER_CTX_new();
    if (bulk->context == NULL || !set_key(bulk)) {
        weft_bulk_cipher_free(bulk);
        return NULL;
    }
    return bulk;
}

void weft_bulk_cipher_free(struct weft_bulk_cipher *bulk)
{
    if (bulk != NULL) {
        EVP_CIPHER_CTX_free(bulk->context);
        weft_cipher_wipe(&bulk->cipher);
        free(bulk);
    }
}

bool weft_bulk_cipher_begin(struct weft_bulk_cipher *bulk, const void *ad, size_t length)
{
    uint8_t nonce[12] = {0};
    int done = 0;
    uint64_t number = bulk->cipher.nonce;
    if (number > 0 && number % WEFT_BULK_REKEY_RECORDS == 0) {
        weft_cipher_rekey(&bulk->cipher);
        if (!set_key(bulk)) {
            return false;
        }
    }
    for (int i = 0; i < 8; i++) {
        nonce[4 + i] = (uint8_t)(number >> (8 * i));
    }
    bulk->cipher.nonce++;
    return EVP_CipherInit_ex(bulk->context, NULL, NULL, NULL, nonce, -1) == 1 &&
           EVP_CipherUpdate(bulk->context, NULL, &done, ad, (int)length) == 1;
}

bool weft_bulk_cipher_add(struct weft_bulk_cipher *bulk, const void *bytes, size_t length,
                          uint8_t *out)
{
    int done = 0;
    return EVP_CipherUpdate(bulk->context, out, &done, bytes, (int)length) == 1;
}

bool weft_bulk_cipher_end(struct weft_bulk_cipher *bulk, uint8_t tag[WEFT_AEAD_TAG_BYTES])
{
    uint8_t none[16];
    int done = 0;
    return EVP_CipherFinal_ex(bulk->context, none, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(bulk->context, EVP_CTRL_AEAD_GET_TAG, WEFT_AEAD_TAG_BYTES, tag) == 1;
}

bool weft_bulk_cipher_verify(struct weft_bulk_cipher *bulk, const uint8_t tag[WEFT_AEAD_TAG_BYTES])
{
    uint8_t copy[WEFT_AEAD_TAG_BYTES];
    uint8_t none[16];
    int done = 0;
    memcpy(copy, tag, sizeof(copy));
    return EVP_CIPHER_CTX_ctrl(bulk->context, EVP_CTRL_AEAD_SET_TAG, sizeof(copy), copy) == 1 &&
           EVP_CipherFinal_ex(bulk->context, none, &done) == 1;
}
