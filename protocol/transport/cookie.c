/* SPDX-License-Identifier: Apache-2.0 */
/* Keyed BLAKE2b for macs and cookies, XChaCha20-Poly1305 for cookies on their way; see cookie.h. */
#include "cookie.h"

#include "hash.h"

#include <sodium.h>
#include <string.h>

void weft_cookie_keys_of(struct weft_cookie_keys *keys, const uint8_t open[32])
{
    weft_hash_label(keys->mac1, sizeof(keys->mac1), "weft mac1", open, 32);
    weft_hash_label(keys->seal, sizeof(keys->seal), "weft cookie", open, 32);
}

void weft_cookie_mac(uint8_t mac[WEFT_COOKIE_MAC_BYTES], const uint8_t *key, size_t size,
                     const uint8_t *bytes, size_t length)
{
    crypto_generichash_blake2b(mac, WEFT_COOKIE_MAC_BYTES, bytes, length, key, size);
}

bool weft_cookie_mac_ok(const uint8_t mac[WEFT_COOKIE_MAC_BYTES], const uint8_t *key, size_t size,
                        const uint8_t *bytes, size_t length)
{
    uint8_t right[WEFT_COOKIE_MAC_BYTES];
    weft_cookie_mac(right, key, size, bytes, length);
    return sodium_memcmp(right, mac, sizeof(right)) == 0;
}

void weft_cookie_make(uint8_t cookie[WEFT_COOKIE_BYTES],
                      const uint8_t secret[WEFT_COOKIE_KEY_BYTES],
                      const struct weft_address *address)
{
    uint8_t bytes[WEFT_IP_BYTES + 2];
    memcpy(bytes, address->ip, WEFT_IP_BYTES);
    bytes[WEFT_IP_BYTES] = (uint8_t)(address->port >> 8);
    bytes[WEFT_IP_BYTES + 1] = (uint8_t)address->port;
    crypto_generichash_blake2b(cookie, WEFT_COOKIE_BYTES, bytes, sizeof(bytes), secret,
                               WEFT_COOKIE_KEY_BYTES);
}

void weft_cookie_seal(const struct weft_cookie_keys *keys,
                      const uint8_t nonce[WEFT_COOKIE_NONCE_BYTES],
                      const uint8_t mac1[WEFT_COOKIE_MAC_BYTES],
                      const uint8_t cookie[WEFT_COOKIE_BYTES],
                      uint8_t sealed[WEFT_COOKIE_SEALED_BYTES])
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, cookie, WEFT_COOKIE_BYTES, mac1,
                                               WEFT_COOKIE_MAC_BYTES, NULL, nonce, keys->seal);
}

bool weft_cookie_open(const struct weft_cookie_keys *keys,
                      const uint8_t nonce[WEFT_COOKIE_NONCE_BYTES],
                      const uint8_t mac1[WEFT_COOKIE_MAC_BYTES],
                      const uint8_t sealed[WEFT_COOKIE_SEALED_BYTES],
                      uint8_t cookie[WEFT_COOKIE_BYTES])
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               cookie, NULL, NULL, sealed, WEFT_COOKIE_SEALED_BYTES, mac1, WEFT_COOKIE_MAC_BYTES,
               nonce, keys->seal) == 0;
}
