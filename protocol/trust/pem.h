/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys written as PEM (RFC 7468), and signatures that libcrypto verifies with them. Which
 * algorithm a key may be used with is asked of key_ecdsa.c and key_rsa.c. */
#ifndef WEFT_TRUST_PEM_H
#define WEFT_TRUST_PEM_H

#include <openssl/evp.h>

#include "key_type.h"

/* The longest text of a key: one of RSA with 8192 bits has about 1,500 bytes. */
#define WEFT_PEM_BYTES_MAX 4096

/* The longest signature, in bytes: one of RSA with 8192 bits. */
#define WEFT_PEM_SIGNATURE_BYTES_MAX 1024

/* Read the one block "PUBLIC KEY" (SubjectPublicKeyInfo) of |text|; white space may surround it.
 * Errors: NULL if it is malformed, encrypted, too long, or of an algorithm libcrypto does not know.
 * Owner:  the caller; EVP_PKEY_free(). */
EVP_PKEY *weft_pem_read(const char *text);

/* The key itself, free of spelling: SHA-256 of its DER form with uncompressed points.
 * Errors: false if libcrypto refuses. */
bool weft_pem_identity(EVP_PKEY *key, uint8_t identity[WEFT_SHA256_BYTES]);

/* Is the signature one of |key| with SHA-256? |is_pss| for RSA: PSS padding, any salt length. */
bool weft_pem_verify(EVP_PKEY *key, bool is_pss, const struct weft_signed_bytes *bytes);

#endif
