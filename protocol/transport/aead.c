/* SPDX-License-Identifier: Apache-2.0 */
/* ChaCha20-Poly1305; nonces as Noise lays them out: four zero bytes, then the number, little
 * endian. */
#include "aead.h"

#include <sodium.h>
#include <string.h>

static void lay_out(uint8_t bytes[12], uint64_t nonce)
{
    memset(bytes, 0, 4);
    for (int i = 0; i < 8; i++) {
        bytes[4 + i] = (uint8_t)(nonce >> (8 * i));
    }
}

void weft_aead_seal(const uint8_t key[WEFT_AEAD_KEY_BYTES], uint64_t nonce, const void *ad,
                    size_t ad_length, const void *bytes, size_t length, uint8_t *out)
{
    uint8_t laid_out[12];
    lay_out(laid_out, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, bytes, length, ad, ad_length, NULL,
                                              laid_out, key);
}

bool weft_aead_open(const uint8_t key[WEFT_AEAD_KEY_BYTES], uint64_t nonce, const void *ad,
                    size_t ad_length, const uint8_t *sealed, size_t length, uint8_t *out)
{
    uint8_t laid_out[12];
    lay_out(laid_out, nonce);
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, length, ad, ad_length,
                                                     laid_out, key) == 0;
}

const char *weft_aead_warning(void)
{
    return NULL;
}
