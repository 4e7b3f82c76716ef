/* SPDX-License-Identifier: Apache-2.0 */
/* ChaCha20-Poly1305 as RFC 8439 has it, nonces as Noise lays them out: four zero bytes, then the
 * number, little endian. */
#include "cipher.h"

#include <sodium.h>
#include <string.h>

static void lay_out(uint8_t bytes[12], uint64_t nonce)
{
    memset(bytes, 0, 4);
    for (int i = 0; i < 8; i++) {
        bytes[4 + i] = (uint8_t)(nonce >> (8 * i));
    }
}

void weft_cipher_seal_at(const uint8_t key[WEFT_CIPHER_KEY_BYTES], uint64_t nonce, const void *ad,
                         size_t ad_length, const void *bytes, size_t length, uint8_t *out)
{
    uint8_t laid_out[12];
    lay_out(laid_out, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, bytes, length, ad, ad_length, NULL,
                                              laid_out, key);
}

bool weft_cipher_open_at(const uint8_t key[WEFT_CIPHER_KEY_BYTES], uint64_t nonce, const void *ad,
                         size_t ad_length, const uint8_t *sealed, size_t length, uint8_t *out)
{
    uint8_t laid_out[12];
    lay_out(laid_out, nonce);
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, length, ad, ad_length,
                                                     laid_out, key) == 0;
}

bool weft_cipher_seal(struct weft_cipher *cipher, const void *ad, size_t ad_length,
                      const void *bytes, size_t length, uint8_t *out)
{
    if (cipher->nonce == WEFT_CIPHER_NONCE_END) {
        return false;
    }
    weft_cipher_seal_at(cipher->key, cipher->nonce, ad, ad_length, bytes, length, out);
    cipher->nonce++;
    return true;
}

bool weft_cipher_open(struct weft_cipher *cipher, const void *ad, size_t ad_length,
                      const uint8_t *sealed, size_t length, uint8_t *out)
{
    bool opened =
        length >= WEFT_CIPHER_TAG_BYTES && cipher->nonce != WEFT_CIPHER_NONCE_END &&
        weft_cipher_open_at(cipher->key, cipher->nonce, ad, ad_length, sealed, length, out);
    cipher->nonce += opened ? 1 : 0;
    return opened;
}

void weft_cipher_rekey(struct weft_cipher *cipher)
{
    uint8_t zeros[WEFT_CIPHER_KEY_BYTES] = {0};
    uint8_t sealed[WEFT_CIPHER_KEY_BYTES + WEFT_CIPHER_TAG_BYTES];
    weft_cipher_seal_at(cipher->key, WEFT_CIPHER_NONCE_END, NULL, 0, zeros, sizeof(zeros), sealed);
    memcpy(cipher->key, sealed, sizeof(cipher->key));
    sodium_memzero(sealed, sizeof(sealed));
}

void weft_cipher_wipe(struct weft_cipher *cipher)
{
    sodium_memzero(cipher, sizeof(*cipher));
}
