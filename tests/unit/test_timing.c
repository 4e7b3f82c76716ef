/* SPDX-License-Identifier: Apache-2.0 */
/* Does the time that a comparison takes say how far a guess was right? The paths that compare with
 * secrets run under memcheck of valgrind, which is told that the secrets are undefined: it
 * complains of each jump and each address that depends on them. Only the verdict, yes or no, may be
 * jumped on: where that happens is written below, function by function; whatever these call is
 * watched.
 *
 * Started without valgrind the program starts itself under it. */
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WHY_NOT "valgrind does not run what is built with sanitizers"
#elif defined(__clang__)
#define WHY_NOT "valgrind 3.19 cannot read what clang writes for debuggers; gcc's build is watched"
#elif !__has_include(<valgrind/memcheck.h>)
#define WHY_NOT "the package valgrind is not installed (scripts/setup test)"
#endif

#ifdef WHY_NOT

int main(void)
{
    printf("skipped: %s\n", WHY_NOT);
    return 77;
}

#else

#include "node/log.h"
#include "node/register.h"
#include "protocol/address.h"
#include "protocol/transport/bulk.h"
#include "protocol/transport/cookie.h"
#include "protocol/transport/proof.h"

#include <sodium.h>
#include <valgrind/memcheck.h>

/* ---- The verdicts ---- */

/* Functions that jump on a verdict: that something was right or not is no secret. */
static const char *const verdicts[] = {
    "fun:find_token",                              /* a token is in the register or not */
    "fun:mix_dh",                                  /* a key that everybody sends to is usable */
    "fun:unseal",                                  /* a message is genuine */
    "fun:weft_noise_read_1",                       /* the same, put together */
    "fun:weft_noise_write_1",                      /* likewise */
    "fun:weft_noise_write_2",                      /* likewise */
    "fun:weft_noise_read_2",                       /* likewise */
    "fun:weft_cipher_open",                        /* likewise */
    "obj:*/libsodium.so*\n   fun:weft_proof_make", /* a point is not zero */
    "fun:crypto_scalarmult_curve25519*",           /* the shared secret is not zero */
    "fun:crypto_aead_*chacha20poly1305*open*",     /* libsodium wipes what was not genuine */
    "fun:crypto_aead_*chacha20poly1305*decrypt*",
    "fun:weft_bulk_cipher_verify", /* likewise */
    "obj:*/libcrypto.so*",         /* likewise; it keeps the names of its functions to itself */
};

static bool write_verdicts(const char *path)
{
    FILE *file = fopen(path, "w");
    for (size_t i = 0; file != NULL && i < WEFT_ROWS(verdicts); i++) {
        fprintf(file, "{\n   verdict %zu\n   Memcheck:Cond\n   %s\n}\n", i, verdicts[i]);
    }
    return file != NULL && fclose(file) == 0;
}

/* ---- Secrets ---- */

static void hide(const void *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, length);
}

/* What is sent, or told, is no secret any more. */
static void show(const void *bytes, size_t length)
{
    VALGRIND_MAKE_MEM_DEFINED(bytes, length);
}

static bool told(bool verdict)
{
    show(&verdict, sizeof verdict);
    return verdict;
}

static unsigned complaints(void)
{
    return (unsigned)VALGRIND_COUNT_ERRORS;
}

/* ---- Paths ---- */

/* That memcheck sees such things at all: with these two functions the test would fail. */
static bool is_equal_early(const volatile uint8_t *a, const volatile uint8_t *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static bool is_in_table(const uint8_t *table, const uint8_t *secret)
{
    return table[secret[0]] != 0;
}

START_TEST(leaks_are_found)
{
    static const uint8_t table[256] = {1};
    const uint8_t guess[32] = {0};
    uint8_t secret[32] = {0};
    hide(secret, sizeof secret);
    unsigned before = complaints();
    ck_assert(told(is_equal_early(secret, guess, sizeof guess)));
    ck_assert_uint_gt(complaints(), before);
    before = complaints();
    ck_assert(told(memcmp(secret, guess, sizeof guess) == 0));
    ck_assert_uint_gt(complaints(), before);
    before = complaints();
    ck_assert(told(is_in_table(table, secret)));
    ck_assert_uint_gt(complaints(), before);
    before = complaints();
    ck_assert(told(sodium_memcmp(secret, guess, sizeof guess) == 0)); /* and this is none */
    ck_assert_uint_eq(complaints(), before);
}
END_TEST

/* mac1 and mac2: every first byte that is wrong. */
START_TEST(macs)
{
    uint8_t key[WEFT_COOKIE_KEY_BYTES] = {7};
    uint8_t mac[WEFT_COOKIE_MAC_BYTES];
    const uint8_t bytes[100] = {1, 2, 3};
    weft_cookie_mac(mac, key, sizeof key, bytes, sizeof bytes);
    hide(key, sizeof key);
    unsigned before = complaints();
    ck_assert(told(weft_cookie_mac_ok(mac, key, sizeof key, bytes, sizeof bytes)));
    for (size_t i = 0; i < sizeof mac; i++) {
        mac[i] ^= 1;
        ck_assert(!told(weft_cookie_mac_ok(mac, key, sizeof key, bytes, sizeof bytes)));
        mac[i] ^= 1;
    }
    ck_assert_uint_eq(complaints(), before);
}
END_TEST

/* A cookie is made from a secret, sent sealed, and proves an address as the key of mac2. */
START_TEST(cookies)
{
    uint8_t secret[WEFT_COOKIE_KEY_BYTES] = {9};
    const uint8_t open[32] = {5};
    const uint8_t nonce[WEFT_COOKIE_NONCE_BYTES] = {1};
    const uint8_t mac1[WEFT_COOKIE_MAC_BYTES] = {2};
    const struct weft_address address = {.port = 7767};
    struct weft_cookie_keys keys;
    uint8_t cookie[WEFT_COOKIE_BYTES];
    uint8_t got[WEFT_COOKIE_BYTES];
    uint8_t sealed[WEFT_COOKIE_SEALED_BYTES];
    weft_cookie_keys_of(&keys, open);
    hide(secret, sizeof secret);
    hide(&keys, sizeof keys);
    unsigned before = complaints();
    weft_cookie_make(cookie, secret, &address);
    weft_cookie_seal(&keys, nonce, mac1, cookie, sealed);
    show(sealed, sizeof sealed);
    ck_assert(told(weft_cookie_open(&keys, nonce, mac1, sealed, got)));
    ck_assert(told(sodium_memcmp(got, cookie, sizeof got) == 0));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        ck_assert(!told(weft_cookie_open(&keys, nonce, mac1, sealed, got)));
        sealed[i] ^= 1;
    }
    ck_assert_uint_eq(complaints(), before);
}
END_TEST

/* A handshake with hidden secrets on both sides, and with a wrong byte in each message. */
static void shake(size_t wrong_1, size_t wrong_2)
{
    const uint8_t payload[4] = "hi";
    uint8_t got[4];
    uint8_t first[WEFT_NOISE_1_BYTES + sizeof payload];
    uint8_t second[WEFT_NOISE_2_BYTES + sizeof payload];
    uint8_t ephemeral[2][WEFT_NOISE_KEY_BYTES] = {{3}, {4}};
    struct weft_noise_pair pairs[2] = {{.secret = {1}}, {.secret = {2}}};
    struct weft_noise ends[2];
    struct weft_cipher ciphers[4];
    for (size_t i = 0; i < 2; i++) {
        weft_noise_publish(&pairs[i]);
        hide(pairs[i].secret, sizeof pairs[i].secret);
        hide(ephemeral[i], sizeof ephemeral[i]);
    }
    weft_noise_begin(&ends[0], &pairs[0], pairs[1].open, "weft", 4);
    weft_noise_begin(&ends[1], &pairs[1], NULL, "weft", 4);
    ck_assert(told(weft_noise_write_1(&ends[0], ephemeral[0], payload, sizeof payload, first)));
    show(first, sizeof first);
    first[wrong_1 % sizeof first] ^= wrong_1 < sizeof first ? 1 : 0;
    bool is_good = told(weft_noise_read_1(&ends[1], first, sizeof first, got));
    ck_assert(is_good == (wrong_1 >= sizeof first));
    if (is_good) {
        ck_assert(
            told(weft_noise_write_2(&ends[1], ephemeral[1], payload, sizeof payload, second)));
        show(second, sizeof second);
        second[wrong_2 % sizeof second] ^= wrong_2 < sizeof second ? 1 : 0;
        is_good = told(weft_noise_read_2(&ends[0], second, sizeof second, got));
        ck_assert(is_good == (wrong_2 >= sizeof second));
    }
    if (is_good) {
        weft_noise_split(&ends[0], true, &ciphers[0], &ciphers[1]);
        weft_noise_split(&ends[1], false, &ciphers[2], &ciphers[3]);
    }
}

START_TEST(handshakes)
{
    unsigned before = complaints();
    shake(SIZE_MAX, SIZE_MAX);
    for (size_t i = 0; i < WEFT_NOISE_1_BYTES; i += 7) {
        shake(i, SIZE_MAX);
        shake(SIZE_MAX, i);
    }
    ck_assert_uint_eq(complaints(), before);
}
END_TEST

/* Datagrams, by libsodium. */
START_TEST(datagrams)
{
    struct weft_cipher sealing = {.key = {6}};
    uint8_t sealed[64 + WEFT_AEAD_TAG_BYTES];
    uint8_t out[64] = {0};
    hide(sealing.key, sizeof sealing.key);
    unsigned before = complaints();
    ck_assert(weft_cipher_seal(&sealing, "ad", 2, out, sizeof out, sealed));
    show(sealed, sizeof sealed);
    for (size_t i = 0; i <= sizeof sealed; i++) {
        struct weft_cipher opening = sealing;
        opening.nonce = 0;
        sealed[i % sizeof sealed] ^= i < sizeof sealed ? 1 : 0;
        bool is_right = told(weft_cipher_open(&opening, "ad", 2, sealed, sizeof sealed, out));
        ck_assert(is_right == (i == sizeof sealed));
        sealed[i % sizeof sealed] ^= i < sizeof sealed ? 1 : 0;
    }
    ck_assert_uint_eq(complaints(), before);
}
END_TEST

/* Records of streams, by libcrypto. */
START_TEST(records)
{
    struct weft_cipher key = {.key = {8}};
    const uint8_t bytes[200] = {1};
    uint8_t sealed[200];
    uint8_t out[200];
    uint8_t tag[WEFT_AEAD_TAG_BYTES];
    hide(key.key, sizeof key.key);
    unsigned before = complaints();
    struct weft_bulk_cipher *sealing = weft_bulk_cipher_new(&key, true /* sealing */);
    ck_assert(weft_bulk_cipher_begin(sealing, "ad", 2));
    ck_assert(weft_bulk_cipher_add(sealing, bytes, sizeof bytes, sealed));
    ck_assert(weft_bulk_cipher_end(sealing, tag));
    weft_bulk_cipher_free(sealing);
    show(sealed, sizeof sealed);
    show(tag, sizeof tag);
    for (size_t i = 0; i <= sizeof tag; i++) {
        struct weft_bulk_cipher *opening = weft_bulk_cipher_new(&key, false /* sealing */);
        tag[i % sizeof tag] ^= i < sizeof tag ? 1 : 0;
        ck_assert(weft_bulk_cipher_begin(opening, "ad", 2));
        ck_assert(weft_bulk_cipher_add(opening, sealed, sizeof sealed, out));
        ck_assert(told(weft_bulk_cipher_verify(opening, tag)) == (i == sizeof tag));
        tag[i % sizeof tag] ^= i < sizeof tag ? 1 : 0;
        weft_bulk_cipher_free(opening);
    }
    ck_assert_uint_eq(complaints(), before);
}
END_TEST

/* Who asks for admission by a file proves his key by a signature with it. */
START_TEST(proofs)
{
    struct weft_noise_pair pair = {.secret = {1, 2}};
    uint8_t random[32] = {3};
    uint8_t proof[WEFT_PROOF_BYTES];
    weft_noise_publish(&pair);
    hide(pair.secret, sizeof pair.secret);
    hide(random, sizeof random);
    unsigned before = complaints();
    weft_proof_make(pair.secret, random, (const uint8_t *)"weft", 4, proof);
    ck_assert_uint_eq(complaints(), before);
    show(proof, sizeof proof);
    ck_assert(weft_proof_ok(pair.open, (const uint8_t *)"weft", 4, proof));
}
END_TEST

/* A guess of a token, against a digest that is hidden. */
START_TEST(digests)
{
    uint8_t token[WEFT_TOKEN_BYTES] = {1};
    uint8_t digest[WEFT_TOKEN_DIGEST_BYTES];
    weft_token_digest(token, digest);
    for (size_t i = 0; i <= sizeof digest; i++) {
        digest[i % sizeof digest] ^= i < sizeof digest ? 1 : 0;
        hide(digest, sizeof digest);
        hide(token, sizeof token);
        unsigned before = complaints();
        ck_assert(told(weft_token_has_digest(token, digest)) == (i == sizeof digest));
        ck_assert_uint_eq(complaints(), before);
        show(digest, sizeof digest);
        digest[i % sizeof digest] ^= i < sizeof digest ? 1 : 0;
    }
}
END_TEST

/* A token is looked up among three: its digest decides, and nothing tells how near a guess is. */
START_TEST(tokens)
{
    char directory[] = "/tmp/weft-timing.XXXXXX";
    char text[WEFT_TOKEN_TEXT_BYTES];
    uint8_t request[1 + WEFT_TOKEN_BYTES + 4] = {WEFT_REGISTER_JOIN};
    uint8_t reply[WEFT_REGISTER_ANSWER_BYTES_MAX];
    struct weft_noise_pair pair = {.secret = {9, 9}};
    struct weft_address address;
    struct weft_message message;
    struct weft_token token;
    weft_noise_publish(&pair);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert(weft_address_parse("127.0.0.1", 7767, &address));
    ck_assert_int_eq(weft_register_init(directory, &address, "server", &message), WEFT_ERR_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(weft_register_token(directory, 1, 1, 0, false, text, &message),
                         WEFT_ERR_OK);
    }
    ck_assert(weft_token_parse(text, &token));
    weft_token_put(&token, request + 1);
    memcpy(request + 1 + WEFT_TOKEN_BYTES, "node", 4);
    unsigned before = complaints();
    for (int i = 1; i >= 0; i--) { /* a wrong one, the right one */
        request[WEFT_TOKEN_BYTES - 20] ^= 1 & i;
        hide(request + 1, WEFT_TOKEN_BYTES);
        size_t length = weft_register_answer(directory, pair.open, request, sizeof request, reply);
        ck_assert_uint_gt(length, 1);
        ck_assert_int_eq(reply[0], i);
        show(request, sizeof request);
        request[WEFT_TOKEN_BYTES - 20] ^= 1 & i;
    }
    ck_assert_uint_eq(complaints(), before);
    ck_assert_int_eq(weft_fileio_remove(directory), WEFT_ERR_OK);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("timing");
    WEFT_ADD(suite, leaks_are_found);
    WEFT_ADD(suite, macs);
    WEFT_ADD(suite, cookies);
    WEFT_ADD(suite, handshakes);
    WEFT_ADD(suite, datagrams);
    WEFT_ADD(suite, records);
    WEFT_ADD(suite, proofs);
    WEFT_ADD(suite, digests);
    WEFT_ADD(suite, tokens);
    return suite;
}

/* Under valgrind, with the verdicts; returns only if that is not possible. */
static void start_again(const char *path)
{
    char suppressions[128];
    char name[] = "/tmp/weft-verdicts.XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || close(fd) != 0 || !write_verdicts(name)) {
        perror(name);
        exit(EXIT_FAILURE);
    }
    snprintf(suppressions, sizeof suppressions, "--suppressions=%s", name);
    setenv("WEFT_TIMING_VERDICTS", name, 1);
    setenv("CK_DEFAULT_TIMEOUT", "300", 0); /* it is slow */
    execlp("valgrind", "valgrind", "-q", suppressions, path, (char *)NULL);
    unlink(name);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (RUNNING_ON_VALGRIND == 0) {
        start_again(argv[0]);
        puts("skipped: the package valgrind is not installed (scripts/setup test)");
        return 77;
    }
    if (getenv("WEFT_TIMING_VERDICTS") != NULL) {
        unlink(getenv("WEFT_TIMING_VERDICTS"));
    }
    weft_log_level(WEFT_LOG_ERROR);
    return sodium_init() < 0 ? EXIT_FAILURE : weft_check_main(make_suite);
}

#endif
