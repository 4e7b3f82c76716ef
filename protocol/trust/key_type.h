/* SPDX-License-Identifier: Apache-2.0 */
/* What a key type has to know. Included by key*.c only; others ask key.h. */
#ifndef WEFT_TRUST_KEY_TYPE_H
#define WEFT_TRUST_KEY_TYPE_H

#include "../types.h"

struct weft_signed_bytes {
    const uint8_t *message; /* borrowed */
    size_t length;          /* bytes of message */
    const char *signature;  /* hex, as it stands in a document; borrowed */
};

/* Is the signature one of the Ed25519 key |public_text| (32 bytes in hex)? False as well for
 * malformed keys and signatures; so below. */
bool weft_key_ed25519_verify(const char *public_text, const struct weft_signed_bytes *bytes);

/* The key itself, free of spelling. Errors: false if it is malformed; so below. */
bool weft_key_ed25519_identity(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES]);

/* The same for ECDSA on P-256 with SHA-256: the key is PEM, the signature DER in hex. */
bool weft_key_ecdsa_verify(const char *public_text, const struct weft_signed_bytes *bytes);

/* See weft_key_ed25519_identity(). */
bool weft_key_ecdsa_identity(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES]);

/* The same for RSA-PSS with SHA-256, 2048 to 8192 bits: the key is PEM, the signature in hex. */
bool weft_key_rsa_verify(const char *public_text, const struct weft_signed_bytes *bytes);

/* See weft_key_ed25519_identity(). */
bool weft_key_rsa_identity(const char *public_text, uint8_t identity[WEFT_SHA256_BYTES]);

#endif
