/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives by libcrypto: see suite.h. Algorithms are fetched once and contexts kept, which is
 * its fast way; a failure of a call that cannot fail ends the benchmark. */
#include "tests/bench/suite.h"

#include <malloc.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static EVP_MD *sha256_algorithm;
static EVP_MD *blake2b_algorithm;
static EVP_MD_CTX *digest;
static EVP_CIPHER_CTX *chacha[2]; /* to seal, to open */
static EVP_CIPHER_CTX *aes[2];    /* to seal, to open */

static void must(bool is_right)
{
    if (!is_right) {
        fprintf(stderr, "bench-crypto: a call of libcrypto failed\n");
        exit(EXIT_FAILURE);
    }
}

static void hash(EVP_MD *algorithm, uint8_t *out, const uint8_t *first, size_t first_bytes,
                 const uint8_t *second, size_t second_bytes)
{
    must(EVP_DigestInit_ex2(digest, algorithm, NULL) == 1 &&
         EVP_DigestUpdate(digest, first, first_bytes) == 1 &&
         EVP_DigestUpdate(digest, second, second_bytes) == 1 &&
         EVP_DigestFinal_ex(digest, out, NULL) == 1);
}

static void sha256(uint8_t *out, const uint8_t *first, size_t first_bytes, const uint8_t *second,
                   size_t second_bytes)
{
    hash(sha256_algorithm, out, first, first_bytes, second, second_bytes);
}

static void blake2b(uint8_t *out, const uint8_t *first, size_t first_bytes, const uint8_t *second,
                    size_t second_bytes)
{
    hash(blake2b_algorithm, out, first, first_bytes, second, second_bytes);
}

static bool take(EVP_CIPHER_CTX *const contexts[2], const char *name,
                 const uint8_t key[BENCH_KEY_BYTES])
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    bool is_taken = cipher != NULL;
    for (int i = 0; i < 2 && is_taken; i++) {
        is_taken = EVP_CipherInit_ex2(contexts[i], cipher, key, NULL, i == 0, NULL) == 1;
    }
    EVP_CIPHER_free(cipher);
    return is_taken;
}

static void seal(EVP_CIPHER_CTX *context, uint8_t *bytes, size_t length, uint64_t number)
{
    uint8_t nonce[BENCH_NONCE_BYTES];
    int done = 0;
    bench_nonce(nonce, number);
    must(EVP_EncryptInit_ex2(context, NULL, NULL, nonce, NULL) == 1 &&
         EVP_EncryptUpdate(context, bytes, &done, bytes, (int)length) == 1 &&
         EVP_EncryptFinal_ex(context, bytes + done, &done) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, BENCH_TAG_BYTES, bytes + length) == 1);
}

static bool unseal(EVP_CIPHER_CTX *context, uint8_t *bytes, size_t length, uint64_t number)
{
    uint8_t nonce[BENCH_NONCE_BYTES];
    int done = 0;
    bench_nonce(nonce, number);
    must(EVP_DecryptInit_ex2(context, NULL, NULL, nonce, NULL) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, BENCH_TAG_BYTES, bytes + length) ==
             1 &&
         EVP_DecryptUpdate(context, bytes, &done, bytes, (int)length) == 1);
    return EVP_DecryptFinal_ex(context, bytes + done, &done) == 1;
}

static bool chacha_take(const uint8_t key[BENCH_KEY_BYTES])
{
    return take(chacha, "ChaCha20-Poly1305", key);
}

static void chacha_seal(uint8_t *bytes, size_t length, uint64_t number)
{
    seal(chacha[0], bytes, length, number);
}

static bool chacha_open(uint8_t *bytes, size_t length, uint64_t number)
{
    return unseal(chacha[1], bytes, length, number);
}

static bool aes_take(const uint8_t key[BENCH_KEY_BYTES])
{
    return take(aes, "AES-256-GCM", key);
}

static void aes_seal(uint8_t *bytes, size_t length, uint64_t number)
{
    seal(aes[0], bytes, length, number);
}

static bool aes_open(uint8_t *bytes, size_t length, uint64_t number)
{
    return unseal(aes[1], bytes, length, number);
}

static void public_key(uint8_t out[BENCH_KEY_BYTES], const uint8_t key[BENCH_KEY_BYTES])
{
    size_t length = BENCH_KEY_BYTES;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, BENCH_KEY_BYTES);
    must(own != NULL && EVP_PKEY_get_raw_public_key(own, out, &length) == 1);
    EVP_PKEY_free(own);
}

/* Keys of a handshake are used once, so making the objects around them is part of the price. */
static void share(uint8_t out[BENCH_KEY_BYTES], const uint8_t key[BENCH_KEY_BYTES],
                  const uint8_t peer[BENCH_KEY_BYTES])
{
    size_t length = BENCH_KEY_BYTES;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, BENCH_KEY_BYTES);
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, BENCH_KEY_BYTES);
    EVP_PKEY_CTX *context = own != NULL ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    must(context != NULL && EVP_PKEY_derive_init(context) == 1 &&
         EVP_PKEY_derive_set_peer(context, other) == 1 &&
         EVP_PKEY_derive(context, out, &length) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    EVP_PKEY_free(own);
}

/* Heap that a session of two keys holds: one that seals, one that opens. */
static size_t measure_session(void)
{
    static const uint8_t key[BENCH_KEY_BYTES];
    enum { SESSIONS = 64 };
    EVP_CIPHER_CTX *contexts[SESSIONS][2];
    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < SESSIONS; i++) {
        contexts[i][0] = EVP_CIPHER_CTX_new();
        contexts[i][1] = EVP_CIPHER_CTX_new();
        must(contexts[i][0] != NULL && contexts[i][1] != NULL &&
             take(contexts[i], "ChaCha20-Poly1305", key));
    }
    size_t bytes = (mallinfo2().uordblks - before) / SESSIONS;
    for (size_t i = 0; i < SESSIONS; i++) {
        EVP_CIPHER_CTX_free(contexts[i][0]);
        EVP_CIPHER_CTX_free(contexts[i][1]);
    }
    return bytes;
}

struct bench_suite bench_suite_crypto(void)
{
    sha256_algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    blake2b_algorithm = EVP_MD_fetch(NULL, "BLAKE2B-512", NULL);
    digest = EVP_MD_CTX_new();
    must(sha256_algorithm != NULL && blake2b_algorithm != NULL && digest != NULL);
    for (int i = 0; i < 2; i++) {
        chacha[i] = EVP_CIPHER_CTX_new();
        aes[i] = EVP_CIPHER_CTX_new();
        must(chacha[i] != NULL && aes[i] != NULL);
    }
    return (struct bench_suite){
        .name = "libcrypto",
        .sha256 = {"SHA-256", 32, 64, sha256},
        .blake2b = {"BLAKE2b", 64, 128, blake2b},
        .chacha = {"ChaCha20-Poly1305", chacha_take, chacha_seal, chacha_open},
        .aes = {"AES-256-GCM", aes_take, aes_seal, aes_open},
        .session_bytes = measure_session(),
        .public_key = public_key,
        .share = share,
    };
}
