/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives by libsodium: see suite.h. Its calls have no state but the key. */
#include "tests/bench/suite.h"

#include <sodium.h>
#include <string.h>

static uint8_t chacha_key[BENCH_KEY_BYTES];
static crypto_aead_aes256gcm_state aes_key;

void bench_nonce(uint8_t nonce[BENCH_NONCE_BYTES], uint64_t number)
{
    memset(nonce, 0, BENCH_NONCE_BYTES);
    for (size_t i = 0; i < 8; i++) {
        nonce[4 + i] = (uint8_t)(number >> (8 * i));
    }
}

static void sha256(uint8_t *out, const uint8_t *first, size_t first_bytes, const uint8_t *second,
                   size_t second_bytes)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, first, first_bytes);
    crypto_hash_sha256_update(&state, second, second_bytes);
    crypto_hash_sha256_final(&state, out);
}

static void blake2b(uint8_t *out, const uint8_t *first, size_t first_bytes, const uint8_t *second,
                    size_t second_bytes)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, BENCH_HASH_BYTES);
    crypto_generichash_update(&state, first, first_bytes);
    crypto_generichash_update(&state, second, second_bytes);
    crypto_generichash_final(&state, out, BENCH_HASH_BYTES);
}

static bool chacha_take(const uint8_t key[BENCH_KEY_BYTES])
{
    memcpy(chacha_key, key, BENCH_KEY_BYTES);
    return true;
}

static void chacha_seal(uint8_t *bytes, size_t length, uint64_t number)
{
    uint8_t nonce[BENCH_NONCE_BYTES];
    bench_nonce(nonce, number);
    crypto_aead_chacha20poly1305_ietf_encrypt(bytes, NULL, bytes, length, NULL, 0, NULL, nonce,
                                              chacha_key);
}

static bool chacha_open(uint8_t *bytes, size_t length, uint64_t number)
{
    uint8_t nonce[BENCH_NONCE_BYTES];
    bench_nonce(nonce, number);
    return crypto_aead_chacha20poly1305_ietf_decrypt(
               bytes, NULL, NULL, bytes, length + BENCH_TAG_BYTES, NULL, 0, nonce, chacha_key) == 0;
}

static bool aes_take(const uint8_t key[BENCH_KEY_BYTES])
{
    return crypto_aead_aes256gcm_is_available() == 1 &&
           crypto_aead_aes256gcm_beforenm(&aes_key, key) == 0;
}

static void aes_seal(uint8_t *bytes, size_t length, uint64_t number)
{
    uint8_t nonce[BENCH_NONCE_BYTES];
    bench_nonce(nonce, number);
    crypto_aead_aes256gcm_encrypt_afternm(bytes, NULL, bytes, length, NULL, 0, NULL, nonce,
                                          &aes_key);
}

static bool aes_open(uint8_t *bytes, size_t length, uint64_t number)
{
    uint8_t nonce[BENCH_NONCE_BYTES];
    bench_nonce(nonce, number);
    return crypto_aead_aes256gcm_decrypt_afternm(bytes, NULL, NULL, bytes, length + BENCH_TAG_BYTES,
                                                 NULL, 0, nonce, &aes_key) == 0;
}

static void public_key(uint8_t out[BENCH_KEY_BYTES], const uint8_t key[BENCH_KEY_BYTES])
{
    crypto_scalarmult_base(out, key);
}

static void share(uint8_t out[BENCH_KEY_BYTES], const uint8_t key[BENCH_KEY_BYTES],
                  const uint8_t peer[BENCH_KEY_BYTES])
{
    if (crypto_scalarmult(out, key, peer) != 0) {
        memset(out, 0, BENCH_KEY_BYTES);
    }
}

struct bench_suite bench_suite_sodium(void)
{
    return (struct bench_suite){
        .name = "libsodium",
        .sha256 = {"SHA-256", 32, 64, sha256},
        .blake2b = {"BLAKE2b", 64, 128, blake2b},
        .chacha = {"ChaCha20-Poly1305", chacha_take, chacha_seal, chacha_open},
        .aes = {"AES-256-GCM", aes_take, aes_seal, aes_open},
        .session_bytes = 0,
        .public_key = public_key,
        .share = share,
    };
}
