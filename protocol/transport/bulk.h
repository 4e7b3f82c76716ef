/* SPDX-License-Identifier: Apache-2.0 */
/* The cipher of cipher.h for many bytes: ChaCha20-Poly1305 by libcrypto, three times as fast as
 * libsodium's on long messages, and sealed piece by piece without copying them together first.
 * Records of a stream are sealed with it. SPEC.md section "Records". */
#ifndef WEFT_TRANSPORT_BULK_H
#define WEFT_TRANSPORT_BULK_H

#include "cipher.h"

struct weft_bulk_cipher; /* opaque; one direction of a stream */

/* Records after which a key is replaced (cipher.h, rekey). */
#define WEFT_BULK_REKEY_RECORDS (UINT64_C(1) << 20)

/* Make a cipher that seals (|sealing|) or opens with the key of |cipher|, from nonce 0.
 * Errors: NULL if out of memory.
 * Owner:  the caller; weft_bulk_cipher_free(). */
struct weft_bulk_cipher *weft_bulk_cipher_new(const struct weft_cipher *cipher, bool sealing);

/* Forget the key and free; NULL is allowed. */
void weft_bulk_cipher_free(struct weft_bulk_cipher *bulk);

/* Begin the next record; ad[length] is bound to it. Errors: false if libcrypto fails. */
bool weft_bulk_cipher_begin(struct weft_bulk_cipher *bulk, const void *ad, size_t length);

/* Seal or open the next bytes[length] of the record into |out|, which may be |bytes|. What is
 * opened is not to be used before weft_bulk_cipher_verify(). Errors: false if libcrypto fails. */
bool weft_bulk_cipher_add(struct weft_bulk_cipher *bulk, const void *bytes, size_t length,
                          uint8_t *out);

/* End a record that was sealed: its tag. Errors: false if libcrypto fails. */
bool weft_bulk_cipher_end(struct weft_bulk_cipher *bulk, uint8_t tag[WEFT_AEAD_TAG_BYTES]);

/* End a record that was opened. Errors: false if it is not genuine: use nothing of it. */
bool weft_bulk_cipher_verify(struct weft_bulk_cipher *bulk, const uint8_t tag[WEFT_AEAD_TAG_BYTES]);

#endif
