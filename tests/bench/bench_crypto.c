/* SPDX-License-Identifier: Apache-2.0 */
/* What does encryption cost on this machine, and which library and hash are the cheaper ones? One
 * core, in processor time, so that other work on the machine matters little; every figure also as a
 * ratio to a bound of the same run: memcpy() of the same bytes, or the bare X25519 operations.
 * First the primitives of two libraries, to choose by; then the code that nodes run.
 *
 *   bench_crypto [SECONDS]    time for each measurement, 0.1 unless given */
#include "tests/bench/bench_weft.h"
#include "tests/bench/measure.h"
#include "tests/bench/suite.h"

#include "protocol/transport/bounds.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUITES = 2,
    DATAGRAM_BYTES = WEFT_DATAGRAM_BYTES_MAX,
    CHUNK_BYTES = 1024 * 1024, /* the longest */
    RECORD_BYTES = WEFT_RECORD_BYTES_MAX,
    PAYLOAD_BYTES = 216 /* a certificate in a handshake */
};

/* Work to measure. */
struct work {
    const struct bench_suite *suite;   /* primitives */
    const struct bench_hash *hash;     /* of Noise; NULL = none */
    const struct bench_cipher *cipher; /* NULL = none */
    size_t length;                     /* bytes of a piece */
    bool sets_key;                     /* before each piece */
};

static double seconds = 0.1;
static uint8_t *sealed; /* [2 * CHUNK_BYTES] records with their tags */
static uint8_t *plain;  /* [2 * CHUNK_BYTES] */
static const uint8_t keys[2][BENCH_KEY_BYTES] = {{1, 2, 3}, {4, 5, 6}};

/* One piece of work, for bench_measure(). */
struct call {
    void (*run)(const struct work *work); /* what */
    const struct work *work;              /* with what */
};

static void make_call(const void *context)
{
    const struct call *call = context;
    call->run(call->work);
}

static double measure(void (*run)(const struct work *work), const struct work *work)
{
    const struct call call = {run, work};
    return bench_measure(make_call, &call, seconds);
}

/* ---- Handshake ---- */

static void hmac(const struct bench_hash *hash, uint8_t *out, const uint8_t *key, size_t key_bytes,
                 const uint8_t *bytes, size_t length)
{
    uint8_t block[128];
    uint8_t inner[BENCH_HASH_BYTES];
    for (size_t i = 0; i < hash->block_bytes; i++) {
        block[i] = (uint8_t)((i < key_bytes ? key[i] : 0) ^ 0x36);
    }
    hash->of(inner, block, hash->block_bytes, bytes, length);
    for (size_t i = 0; i < hash->block_bytes; i++) {
        block[i] ^= 0x36 ^ 0x5c;
    }
    hash->of(out, block, hash->block_bytes, inner, hash->bytes);
}

/* Two outputs of HKDF: the chaining key goes on, a key comes out. */
static void mix_key(const struct bench_hash *hash, uint8_t *chain, uint8_t *key,
                    const uint8_t *secret, size_t length)
{
    uint8_t between[BENCH_HASH_BYTES];
    uint8_t input[BENCH_HASH_BYTES + 1] = {1};
    hmac(hash, between, chain, hash->bytes, secret, length);
    hmac(hash, chain, between, hash->bytes, input, 1);
    memcpy(input, chain, hash->bytes);
    input[hash->bytes] = 2;
    hmac(hash, key, between, hash->bytes, input, hash->bytes + 1);
}

/* What one side of Noise_IK does, in its order: an ephemeral key, four shared secrets, the peer's
 * key and two payloads through the cipher, all of it through the hash. */
static void handshake(const struct work *work)
{
    static const struct {
        bool has_secret;  /* a shared secret is mixed in */
        size_t hashed;    /* bytes of a public key that are only hashed */
        size_t encrypted; /* bytes that are encrypted, then hashed */
    } steps[] = {{false, 32, 0},
                 {true, 0, 32},
                 {true, 0, PAYLOAD_BYTES},
                 {true, 32, 0},
                 {true, 0, PAYLOAD_BYTES}};
    const struct bench_suite *suite = work->suite;
    uint8_t transcript[BENCH_HASH_BYTES] = {0};
    uint8_t chain[BENCH_HASH_BYTES] = {0};
    uint8_t key[BENCH_HASH_BYTES] = {0};
    uint8_t secret[BENCH_KEY_BYTES];
    uint8_t public[BENCH_KEY_BYTES];
    uint8_t text[PAYLOAD_BYTES + BENCH_TAG_BYTES] = {0};
    suite->public_key(public, keys[0]);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].hashed > 0) {
            work->hash->of(transcript, transcript, work->hash->bytes, public, steps[i].hashed);
        }
        if (steps[i].has_secret) {
            suite->share(secret, keys[i % 2], public);
            mix_key(work->hash, chain, key, secret, sizeof(secret));
        }
        if (steps[i].encrypted > 0) {
            work->cipher->key(key);
            work->cipher->seal(text, steps[i].encrypted, i);
            work->hash->of(transcript, transcript, work->hash->bytes, text,
                           steps[i].encrypted + BENCH_TAG_BYTES);
        }
    }
    mix_key(work->hash, chain, key, NULL, 0); /* the keys of the session */
}

static void bare_secrets(const struct work *work)
{
    uint8_t secret[BENCH_KEY_BYTES];
    uint8_t public[BENCH_KEY_BYTES];
    work->suite->public_key(public, keys[0]);
    for (int i = 0; i < 4; i++) {
        work->suite->share(secret, keys[i % 2], public);
    }
}

/* Result: the bound. */
static double report_handshakes(const struct bench_suite *suites)
{
    double bound = 1e9;
    printf("handshakes, Noise_IK, one side       a second  us each   of the bare X25519\n");
    for (size_t i = 0; i < SUITES; i++) {
        const struct work work = {.suite = &suites[i]};
        double took = measure(bare_secrets, &work);
        bound = took < bound ? took : bound;
    }
    for (size_t i = 0; i < SUITES; i++) {
        const struct bench_hash *hashes[] = {&suites[i].blake2b, &suites[i].sha256};
        for (size_t k = 0; k < 2; k++) {
            const struct work work = {
                .suite = &suites[i], .hash = hashes[k], .cipher = &suites[i].chacha};
            double took = measure(handshake, &work);
            printf("  %-10s %-8s               %9.0f  %7.1f   %.2f\n", suites[i].name,
                   hashes[k]->name, 1 / took, took * 1e6, took / bound);
        }
    }
    return bound;
}

/* ---- Datagrams and chunks ---- */

/* Seal one chunk in records, as its sender does; datagrams are chunks of one record. */
static void seal(const struct work *work)
{
    for (size_t at = 0; at < work->length; at += RECORD_BYTES) {
        size_t length = work->length - at < RECORD_BYTES ? work->length - at : RECORD_BYTES;
        size_t number = at / RECORD_BYTES;
        if (work->sets_key) {
            work->cipher->key(keys[0]);
        }
        work->cipher->seal(plain + number * (RECORD_BYTES + BENCH_TAG_BYTES), length, number);
    }
}

/* Bring one chunk as it came, records with tags; open and, if asked, hash it. The copy is the price
 * of opening in place again and again; copy() measures it alone, and it is taken off. */
static void copy(const struct work *work)
{
    size_t records = (work->length + RECORD_BYTES - 1) / RECORD_BYTES;
    memcpy(plain, sealed, work->length + records * BENCH_TAG_BYTES);
    __asm__ volatile("" : : "r"(plain) : "memory");
}

static void receive(const struct work *work)
{
    uint8_t digest[BENCH_HASH_BYTES];
    copy(work);
    for (size_t at = 0; at < work->length; at += RECORD_BYTES) {
        size_t length = work->length - at < RECORD_BYTES ? work->length - at : RECORD_BYTES;
        size_t number = at / RECORD_BYTES;
        uint8_t *record = plain + number * (RECORD_BYTES + BENCH_TAG_BYTES);
        if (!work->cipher->open(record, length, number)) {
            fprintf(stderr, "bench-crypto: a record does not open\n");
            exit(EXIT_FAILURE);
        }
        if (work->hash != NULL) {
            work->hash->of(digest, record, length, record, 0);
        }
    }
}

static void hash_only(const struct work *work)
{
    uint8_t digest[BENCH_HASH_BYTES];
    work->hash->of(digest, plain, work->length, plain, 0);
}

/* Fill |sealed| with what receive() opens. */
static void prepare(const struct work *work)
{
    memset(plain, 0, 2 * CHUNK_BYTES);
    seal(work);
    memcpy(sealed, plain, 2 * CHUNK_BYTES);
}

static void report(const char *library, const char *what, double took, double bound, size_t bytes)
{
    printf("  %-10s %-28s %6.2f GB/s   %6.1f\n", library, what, (double)bytes / took / 1e9,
           took / bound);
}

static void report_datagrams(const struct bench_suite *suites, double copy_s)
{
    double bound = copy_s * DATAGRAM_BYTES / CHUNK_BYTES;
    printf("datagrams of %d bytes, sealed       a second  us each   of memcpy\n", DATAGRAM_BYTES);
    for (size_t i = 0; i < SUITES; i++) {
        for (int sets_key = 0; sets_key < 2; sets_key++) {
            struct work work = {.suite = &suites[i],
                                .cipher = &suites[i].chacha,
                                .length = DATAGRAM_BYTES,
                                .sets_key = sets_key != 0};
            work.cipher->key(keys[0]);
            double took = measure(seal, &work);
            printf("  %-10s %-24s %8.0f  %7.2f   %.1f\n", suites[i].name,
                   sets_key != 0 ? "key set for each" : "key kept", 1 / took, took * 1e6,
                   took / bound);
        }
    }
}

/* The chunk path with the ciphers and SHA-256 of one library. */
static void report_chunks_of(const struct bench_suite *suite, double bound)
{
    struct work work = {.suite = suite, .hash = &suite->sha256, .length = CHUNK_BYTES};
    const struct bench_cipher *ciphers[] = {&suite->aes, &suite->chacha};
    report(suite->name, "SHA-256", measure(hash_only, &work), bound, CHUNK_BYTES);
    for (size_t i = 0; i < 2; i++) {
        char what[64];
        work.cipher = ciphers[i];
        if (!work.cipher->key(keys[0])) {
            printf("  %-10s %s: not on this machine\n", suite->name, ciphers[i]->name);
            continue;
        }
        report(suite->name, ciphers[i]->name, measure(seal, &work), bound, CHUNK_BYTES);
        prepare(&work);
        double both_s = measure(receive, &work) - measure(copy, &work);
        snprintf(what, sizeof(what), "%s + SHA-256", i == 0 ? "AES-256-GCM" : "ChaCha20");
        report(suite->name, what, both_s, bound, CHUNK_BYTES);
    }
}

static void report_chunks(const struct bench_suite *suites, double bound)
{
    printf("chunks of %d KiB in records of %d KiB                of memcpy\n", CHUNK_BYTES / 1024,
           RECORD_BYTES / 1024);
    report("", "memcpy", bound, bound, CHUNK_BYTES);
    for (size_t i = 0; i < SUITES; i++) {
        report_chunks_of(&suites[i], bound);
        printf("  %-10s keeps %zu bytes of heap for the two keys of a session\n", suites[i].name,
               suites[i].session_bytes);
    }
}

/* Both libraries say the same, or none is measured. */
static void compare(const struct bench_suite *suites)
{
    uint8_t out[SUITES][6][1024];
    memset(out, 0, sizeof(out));
    for (size_t i = 0; i < SUITES; i++) {
        const struct bench_suite *suite = &suites[i];
        suite->public_key(out[i][0], keys[0]);
        suite->share(out[i][1], keys[1], out[i][0]);
        suite->sha256.of(out[i][2], keys[0], 32, keys[1], 5);
        suite->blake2b.of(out[i][3], keys[0], 32, keys[1], 5);
        if (suite->chacha.key(keys[0])) {
            suite->chacha.seal(out[i][4], 1000, 7);
        }
        if (suites[0].aes.key(keys[0]) && suites[1].aes.key(keys[0])) {
            suite->aes.seal(out[i][5], 1000, 7);
        }
    }
    if (memcmp(out[0], out[1], sizeof(out[0])) != 0) {
        fprintf(stderr, "bench-crypto: the libraries do not agree\n");
        exit(EXIT_FAILURE);
    }
}

int main(int argc, char **argv)
{
    plain = calloc(2, CHUNK_BYTES);
    sealed = calloc(2, CHUNK_BYTES);
    if (argc == 2) {
        seconds = strtod(argv[1], NULL);
    }
    if (argc > 2 || !(seconds > 0 && seconds <= 60)) {
        fprintf(stderr, "Usage: bench_crypto [SECONDS], 0.001 to 60 for each measurement\n");
        return 2;
    }
    if (plain == NULL || sealed == NULL || sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    const struct bench_suite suites[SUITES] = {bench_suite_sodium(), bench_suite_crypto()};
    const struct work bytes = {.length = CHUNK_BYTES};
    compare(suites);
    double copy_s = measure(copy, &bytes);
    const struct bench_bounds bounds = {.secrets_s = report_handshakes(suites),
                                        .copy_s = copy_s,
                                        .chunk_bytes = CHUNK_BYTES,
                                        .seconds = seconds};
    report_datagrams(suites, copy_s);
    report_chunks(suites, copy_s);
    bool is_done = bench_weft(&bounds);
    free(plain);
    free(sealed);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
