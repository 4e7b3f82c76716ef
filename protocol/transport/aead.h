/* SPDX-License-Identifier: Apache-2.0 */
/* How is one message sealed and opened? ChaCha20-Poly1305 as RFC 8439 has it, by libsodium. Which
 * nonce is next is the business of cipher.h, many bytes that of bulk.h. SPEC.md section
 * "Sessions". */
#ifndef WEFT_TRANSPORT_AEAD_H
#define WEFT_TRANSPORT_AEAD_H

#include "../types.h"

#define WEFT_AEAD_KEY_BYTES 32
#define WEFT_AEAD_TAG_BYTES 16

/* Seal bytes[length] under |nonce| into out[length + 16]; |bytes| may be |out|. The caller keeps
 * nonces from coming twice. ad[ad_length] is bound to it, and may be NULL if empty. */
void weft_aead_seal(const uint8_t key[WEFT_AEAD_KEY_BYTES], uint64_t nonce, const void *ad,
                    size_t ad_length, const void *bytes, size_t length, uint8_t *out);

/* Open sealed[length], length >= 16, into out[length - 16]; |sealed| may be |out|.
 * Errors: false if it was not sealed with this key, nonce and |ad|; |out| is then all zero. */
bool weft_aead_open(const uint8_t key[WEFT_AEAD_KEY_BYTES], uint64_t nonce, const void *ad,
                    size_t ad_length, const uint8_t *sealed, size_t length, uint8_t *out);

/* Why this program is not for use: a text, if it was built to measure what sealing costs and does
 * not seal (tests/plain/). NULL: it seals. */
const char *weft_aead_warning(void);

#endif
