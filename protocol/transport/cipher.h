/* SPDX-License-Identifier: Apache-2.0 */
/* CipherState of the Noise Protocol Framework with ChaCha20-Poly1305: one key, one direction, a
 * nonce that never comes twice. SPEC.md section "Sessions". */
#ifndef WEFT_TRANSPORT_CIPHER_H
#define WEFT_TRANSPORT_CIPHER_H

#include "aead.h"

/* The last nonce the framework allows is reserved for rekeying. */
#define WEFT_CIPHER_NONCE_END UINT64_MAX

struct weft_cipher {
    uint8_t key[WEFT_AEAD_KEY_BYTES]; /* secret */
    uint64_t nonce;                   /* of the next message, 0.. */
};

/* Seal with the next nonce. Errors: false if there is none left. */
bool weft_cipher_seal(struct weft_cipher *cipher, const void *ad, size_t ad_length,
                      const void *bytes, size_t length, uint8_t *out);

/* Open with the next nonce, which counts only if that succeeds.
 * Errors: false if length < 16, the message is not genuine, or no nonce is left. */
bool weft_cipher_open(struct weft_cipher *cipher, const void *ad, size_t ad_length,
                      const uint8_t *sealed, size_t length, uint8_t *out);

/* Replace the key by one that does not tell the old one (REKEY of the framework, section 4.2); the
 * nonce goes on. Both ends do it at the same message. */
void weft_cipher_rekey(struct weft_cipher *cipher);

/* Forget the key. */
void weft_cipher_wipe(struct weft_cipher *cipher);

#endif
