/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032) with a given scalar instead of one that is hashed from a seed: the scalar of
 * X25519 (RFC 7748), of which both curves make the same point in their own coordinates. */
#include "proof.h"

#include <sodium.h>
#include <string.h>

enum { POINT_BYTES = 32, SCALAR_BYTES = 32 };

/* The 64 bytes |digest| as a scalar. */
static void reduce(uint8_t scalar[SCALAR_BYTES], uint8_t digest[64])
{
    crypto_core_ed25519_scalar_reduce(scalar, digest);
    sodium_memzero(digest, 64);
}

static void scalar_of(const uint8_t secret[WEFT_NOISE_KEY_BYTES], uint8_t scalar[SCALAR_BYTES])
{
    uint8_t wide[64] = {0};
    memcpy(wide, secret, WEFT_NOISE_KEY_BYTES);
    wide[0] &= 248;
    wide[31] &= 127;
    wide[31] |= 64;
    reduce(scalar, wide);
}

/* The nonce: nobody else knows it, also if |random| should ever repeat. */
static void nonce_of(const uint8_t scalar[SCALAR_BYTES], const uint8_t random[32],
                     const uint8_t *bytes, size_t length, uint8_t nonce[SCALAR_BYTES])
{
    static const uint8_t label[16] = "weft proof nonce";
    crypto_hash_sha512_state state;
    uint8_t digest[64];
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, label, sizeof(label));
    crypto_hash_sha512_update(&state, scalar, SCALAR_BYTES);
    crypto_hash_sha512_update(&state, random, 32);
    crypto_hash_sha512_update(&state, bytes, length);
    crypto_hash_sha512_final(&state, digest);
    reduce(nonce, digest);
    sodium_memzero(&state, sizeof(state));
}

/* What Ed25519 binds the signature to: the point of the nonce, the key, and the message. */
static void challenge_of(const uint8_t *nonce_point, const uint8_t *key_point, const uint8_t *bytes,
                         size_t length, uint8_t challenge[SCALAR_BYTES])
{
    crypto_hash_sha512_state state;
    uint8_t digest[64];
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, nonce_point, POINT_BYTES);
    crypto_hash_sha512_update(&state, key_point, POINT_BYTES);
    crypto_hash_sha512_update(&state, bytes, length);
    crypto_hash_sha512_final(&state, digest);
    reduce(challenge, digest);
}

void weft_proof_make(const uint8_t secret[WEFT_NOISE_KEY_BYTES], const uint8_t random[32],
                     const uint8_t *bytes, size_t length, uint8_t proof[WEFT_PROOF_BYTES])
{
    uint8_t scalar[SCALAR_BYTES];
    uint8_t nonce[SCALAR_BYTES];
    uint8_t challenge[SCALAR_BYTES];
    uint8_t *nonce_point = proof + POINT_BYTES;
    uint8_t *answer = proof + 2 * (size_t)POINT_BYTES;
    scalar_of(secret, scalar);
    nonce_of(scalar, random, bytes, length, nonce);
    (void)crypto_scalarmult_ed25519_base_noclamp(proof, scalar);
    (void)crypto_scalarmult_ed25519_base_noclamp(nonce_point, nonce);
    challenge_of(nonce_point, proof, bytes, length, challenge);
    crypto_core_ed25519_scalar_mul(answer, challenge, scalar);
    crypto_core_ed25519_scalar_add(answer, answer, nonce);
    sodium_memzero(scalar, sizeof(scalar));
    sodium_memzero(nonce, sizeof(nonce));
}

bool weft_proof_ok(const uint8_t key[WEFT_NOISE_KEY_BYTES], const uint8_t *bytes, size_t length,
                   const uint8_t proof[WEFT_PROOF_BYTES])
{
    uint8_t same[WEFT_NOISE_KEY_BYTES];
    return crypto_sign_ed25519_pk_to_curve25519(same, proof) == 0 &&
           memcmp(same, key, sizeof(same)) == 0 &&
           crypto_sign_ed25519_verify_detached(proof + POINT_BYTES, bytes, length, proof) == 0;
}
