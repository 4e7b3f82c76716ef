/* SPDX-License-Identifier: Apache-2.0 */
/* Which first messages are worth a key exchange? mac1 shows that the sender knows whom it talks to;
 * mac2, made with a cookie, that it receives at the address it sends from. WireGuard's scheme with
 * BLAKE2b. SPEC.md section "Handshake". */
#ifndef WEFT_TRANSPORT_COOKIE_H
#define WEFT_TRANSPORT_COOKIE_H

#include "../types.h"

#define WEFT_COOKIE_BYTES 16
#define WEFT_COOKIE_MAC_BYTES 16
#define WEFT_COOKIE_KEY_BYTES 32
#define WEFT_COOKIE_NONCE_BYTES 24
#define WEFT_COOKIE_SEALED_BYTES (WEFT_COOKIE_BYTES + 16)

/* What follows from the public key of who answers; made once per key. */
struct weft_cookie_keys {
    uint8_t mac1[WEFT_COOKIE_KEY_BYTES]; /* key of mac1 */
    uint8_t seal[WEFT_COOKIE_KEY_BYTES]; /* key that cookies travel under */
};

/* The keys that belong to the static key |open|. */
void weft_cookie_keys_of(struct weft_cookie_keys *keys, const uint8_t open[32]);

/* The mac over bytes[length] with |key| of |size| bytes: mac1 with keys->mac1, mac2 with a
 * cookie. */
void weft_cookie_mac(uint8_t mac[WEFT_COOKIE_MAC_BYTES], const uint8_t *key, size_t size,
                     const uint8_t *bytes, size_t length);

/* Is |mac| that of bytes[length]? In constant time. */
bool weft_cookie_mac_ok(const uint8_t mac[WEFT_COOKIE_MAC_BYTES], const uint8_t *key, size_t size,
                        const uint8_t *bytes, size_t length);

/* The cookie of who sends from |address|, under a |secret| that changes every WEFT_COOKIE_MS. */
void weft_cookie_make(uint8_t cookie[WEFT_COOKIE_BYTES],
                      const uint8_t secret[WEFT_COOKIE_KEY_BYTES],
                      const struct weft_address *address);

/* Seal |cookie| for the sender of a message with |mac1|. */
void weft_cookie_seal(const struct weft_cookie_keys *keys,
                      const uint8_t nonce[WEFT_COOKIE_NONCE_BYTES],
                      const uint8_t mac1[WEFT_COOKIE_MAC_BYTES],
                      const uint8_t cookie[WEFT_COOKIE_BYTES],
                      uint8_t sealed[WEFT_COOKIE_SEALED_BYTES]);

/* Open a cookie that answers the message with |mac1|. Errors: false if it does not. */
bool weft_cookie_open(const struct weft_cookie_keys *keys,
                      const uint8_t nonce[WEFT_COOKIE_NONCE_BYTES],
                      const uint8_t mac1[WEFT_COOKIE_MAC_BYTES],
                      const uint8_t sealed[WEFT_COOKIE_SEALED_BYTES],
                      uint8_t cookie[WEFT_COOKIE_BYTES]);

#endif
