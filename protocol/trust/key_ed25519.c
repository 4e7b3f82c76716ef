/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 keys of TUF (RFC 8032), by libsodium, which refuses small-order points and signatures
 * that are not reduced: one message has one signature that verifies. */
#include "key_type.h"

#include <sodium.h>

#include "hex.h"
#include "sha256.h"

bool weft_key_ed25519_verify(const char *public_text, const struct weft_signed_bytes *bytes)
{
    uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];
    uint8_t signature[crypto_sign_ed25519_BYTES];
    return weft_hex_decode(public_text, public_key, sizeof public_key) &&
           weft_hex_decode(bytes->signature, signature, sizeof signature) &&
           crypto_sign_ed25519_verify_detached(signature, bytes->message, bytes->length,
                                               public_key) == 0;
}

bool weft_key_ed25519_identity(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES])
{
    uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];
    return weft_hex_decode(public_text, public_key, sizeof public_key) &&
           weft_sha256_of(public_key, sizeof public_key, identity);
}
