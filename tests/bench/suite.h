/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives of a transport, by one library: what bench_crypto.c measures. Two libraries stand
 * behind the same functions, so that only they differ. */
#ifndef WEFT_BENCH_SUITE_H
#define WEFT_BENCH_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BENCH_KEY_BYTES = 32,   /* of X25519 and of ciphers */
    BENCH_NONCE_BYTES = 12, /* of both ciphers */
    BENCH_TAG_BYTES = 16,   /* of both ciphers */
    BENCH_HASH_BYTES = 64   /* of the longest hash */
};

/* A hash function. */
struct bench_hash {
    const char *name;   /* for people */
    size_t bytes;       /* of its result */
    size_t block_bytes; /* of its block, for HMAC */

    /* Hash the bytes of |first|, then of |second| (may have none), into out[bytes]. */
    void (*of)(uint8_t *out, const uint8_t *first, size_t first_bytes, const uint8_t *second,
               size_t second_bytes);
};

/* A cipher that authenticates, with keys of 32 bytes. */
struct bench_cipher {
    const char *name; /* for people */

    /* Take the key for the calls that follow. Errors: false if this machine cannot do it. */
    bool (*key)(const uint8_t key[BENCH_KEY_BYTES]);

    /* Seal bytes[length] under nonce |number| in place; the tag goes behind them. */
    void (*seal)(uint8_t *bytes, size_t length, uint64_t number);

    /* Open them again in place. Errors: false if the tag is wrong. */
    bool (*open)(uint8_t *bytes, size_t length, uint64_t number);
};

struct bench_suite {
    const char *name;           /* of the library */
    struct bench_hash sha256;   /* for chunks, and as a hash for Noise */
    struct bench_hash blake2b;  /* of 64 bytes, the other hash for Noise */
    struct bench_cipher chacha; /* ChaCha20-Poly1305 */
    struct bench_cipher aes;    /* AES-256-GCM, to compare with */
    size_t session_bytes;       /* of the heap that a session's two keys hold in this library */

    /* Public key of a private one. */
    void (*public_key)(uint8_t out[BENCH_KEY_BYTES], const uint8_t key[BENCH_KEY_BYTES]);

    /* The secret shared with |peer|. */
    void (*share)(uint8_t out[BENCH_KEY_BYTES], const uint8_t key[BENCH_KEY_BYTES],
                  const uint8_t peer[BENCH_KEY_BYTES]);
};

/* The primitives of libsodium; it is initialized. */
struct bench_suite bench_suite_sodium(void);

/* The primitives of libcrypto. Errors: exits with a message. */
struct bench_suite bench_suite_crypto(void);

/* The nonce of record |number|: as Noise has it, 4 zero bytes, then little-endian. */
void bench_nonce(uint8_t nonce[BENCH_NONCE_BYTES], uint64_t number);

#endif
