/* SPDX-License-Identifier: Apache-2.0 */
/* HASH, HMAC and HKDF of the Noise Protocol Framework (revision 34, section 4.3) with BLAKE2b. */
#ifndef WEFT_TRANSPORT_HASH_H
#define WEFT_TRANSPORT_HASH_H

#include "../types.h"

/* Bytes of a BLAKE2b digest, HASHLEN of the framework. */
#define WEFT_HASH_BYTES 64

/* BLAKE2b-512 of |a| and |b|, one behind the other. Shape: a[a_length], b[b_length]; may be NULL if
 * empty. |digest| may be one of them. */
void weft_hash(uint8_t digest[WEFT_HASH_BYTES], const void *a, size_t a_length, const void *b,
               size_t b_length);

/* HKDF with two outputs: from the chaining key |key| and input[length].
 * Shape: |first| and |second| are 64 bytes each; |first| may be |key|. */
void weft_hash_derive(const uint8_t key[WEFT_HASH_BYTES], const void *input, size_t length,
                      uint8_t first[WEFT_HASH_BYTES], uint8_t second[WEFT_HASH_BYTES]);

/* The first |size| bytes of the BLAKE2b digest of that size over |label| (a C string) and
 * bytes[length]: how ids, tags and keys of mac1 are made. size 16..64. */
void weft_hash_label(uint8_t *digest, size_t size, const char *label, const void *bytes,
                     size_t length);

#endif
