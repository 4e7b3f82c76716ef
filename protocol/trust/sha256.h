/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by libcrypto, streaming and at once. Knows nothing of what is hashed.
 *
 * libcrypto and not libsodium, because it uses the processor's SHA instructions. */
#ifndef WEFT_TRUST_SHA256_H
#define WEFT_TRUST_SHA256_H

#include "../err.h"
#include "../types.h"

/* Characters of a digest in lower-case hex, with the NUL. */
#define WEFT_SHA256_HEX_BYTES (2 * WEFT_SHA256_BYTES + 1)

struct weft_sha256; /* opaque; a running hash, to be used again and again */

/* Make a hash and begin it.
 * Errors: NULL if out of memory.
 * Owner:  the caller; weft_sha256_free(). */
struct weft_sha256 *weft_sha256_new(void);

/* Release |hash|; NULL is allowed. */
void weft_sha256_free(struct weft_sha256 *hash);

/* Forget everything and begin anew. */
void weft_sha256_begin(struct weft_sha256 *hash);

/* Add |length| bytes; |bytes| may be NULL if |length| is 0. */
void weft_sha256_add(struct weft_sha256 *hash, const void *bytes, size_t length);

/* The digest of what was added since the last begin. Begin again before adding more.
 * Errors: false if libcrypto failed since then (no memory); |digest| is then all zero. */
bool weft_sha256_end(struct weft_sha256 *hash, uint8_t digest[WEFT_SHA256_BYTES]);

/* The digest of |length| bytes at |bytes|.
 * Errors: false if libcrypto failed (no memory); |digest| is then all zero. */
bool weft_sha256_of(const void *bytes, size_t length, uint8_t digest[WEFT_SHA256_BYTES]);

/* Write |digest| as lower-case hex with a NUL. */
void weft_sha256_hex(const uint8_t digest[WEFT_SHA256_BYTES], char hex[WEFT_SHA256_HEX_BYTES]);

#endif
