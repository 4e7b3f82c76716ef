/* SPDX-License-Identifier: Apache-2.0 */
/* EncryptWithAd, DecryptWithAd and Rekey of the framework; see cipher.h. */
#include "cipher.h"

#include <sodium.h>
#include <string.h>

bool weft_cipher_seal(struct weft_cipher *cipher, const void *ad, size_t ad_length,
                      const void *bytes, size_t length, uint8_t *out)
{
    if (cipher->nonce == WEFT_CIPHER_NONCE_END) {
        return false;
    }
    weft_aead_seal(cipher->key, cipher->nonce, ad, ad_length, bytes, length, out);
    cipher->nonce++;
    return true;
}

bool weft_cipher_open(struct weft_cipher *cipher, const void *ad, size_t ad_length,
                      const uint8_t *sealed, size_t length, uint8_t *out)
{
    bool opened = length >= WEFT_AEAD_TAG_BYTES && cipher->nonce != WEFT_CIPHER_NONCE_END &&
                  weft_aead_open(cipher->key, cipher->nonce, ad, ad_length, sealed, length, out);
    cipher->nonce += opened ? 1 : 0;
    return opened;
}

void weft_cipher_rekey(struct weft_cipher *cipher)
{
    uint8_t zeros[WEFT_AEAD_KEY_BYTES] = {0};
    uint8_t sealed[WEFT_AEAD_KEY_BYTES + WEFT_AEAD_TAG_BYTES];
    weft_aead_seal(cipher->key, WEFT_CIPHER_NONCE_END, NULL, 0, zeros, sizeof(zeros), sealed);
    memcpy(cipher->key, sealed, sizeof(cipher->key));
    sodium_memzero(sealed, sizeof(sealed));
}

void weft_cipher_wipe(struct weft_cipher *cipher)
{
    sodium_memzero(cipher, sizeof(*cipher));
}
