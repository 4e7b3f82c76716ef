/* SPDX-License-Identifier: Apache-2.0 */
/* BLAKE2b by libsodium; HMAC as RFC 2104 has it, with the block of 128 bytes. */
#include "hash.h"

#include <sodium.h>
#include <string.h>

#define BLOCK_BYTES 128

void weft_hash(uint8_t digest[WEFT_HASH_BYTES], const void *a, size_t a_length, const void *b,
               size_t b_length)
{
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, WEFT_HASH_BYTES);
    crypto_generichash_blake2b_update(&state, a, a_length);
    crypto_generichash_blake2b_update(&state, b, b_length);
    crypto_generichash_blake2b_final(&state, digest, WEFT_HASH_BYTES);
    sodium_memzero(&state, sizeof(state));
}

static void hmac(uint8_t digest[WEFT_HASH_BYTES], const uint8_t key[WEFT_HASH_BYTES],
                 const void *bytes, size_t length)
{
    uint8_t inner[BLOCK_BYTES];
    uint8_t outer[BLOCK_BYTES];
    memset(inner, 0x36, sizeof(inner));
    memset(outer, 0x5c, sizeof(outer));
    for (size_t i = 0; i < WEFT_HASH_BYTES; i++) {
        inner[i] ^= key[i];
        outer[i] ^= key[i];
    }
    uint8_t middle[WEFT_HASH_BYTES];
    weft_hash(middle, inner, sizeof(inner), bytes, length);
    weft_hash(digest, outer, sizeof(outer), middle, sizeof(middle));
    sodium_memzero(inner, sizeof(inner));
    sodium_memzero(outer, sizeof(outer));
    sodium_memzero(middle, sizeof(middle));
}

void weft_hash_derive(const uint8_t key[WEFT_HASH_BYTES], const void *input, size_t length,
                      uint8_t first[WEFT_HASH_BYTES], uint8_t second[WEFT_HASH_BYTES])
{
    uint8_t secret[WEFT_HASH_BYTES];
    uint8_t block[WEFT_HASH_BYTES + 1];
    hmac(secret, key, input, length);
    block[0] = 1;
    hmac(first, secret, block, 1);
    memcpy(block, first, WEFT_HASH_BYTES);
    block[WEFT_HASH_BYTES] = 2;
    hmac(second, secret, block, sizeof(block));
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(block, sizeof(block));
}

void weft_hash_label(uint8_t *digest, size_t size, const char *label, const void *bytes,
                     size_t length)
{
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, size);
    crypto_generichash_blake2b_update(&state, (const uint8_t *)label, strlen(label));
    crypto_generichash_blake2b_update(&state, bytes, length);
    crypto_generichash_blake2b_final(&state, digest, size);
    sodium_memzero(&state, sizeof(state));
}
