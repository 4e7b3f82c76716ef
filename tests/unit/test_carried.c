/* SPDX-License-Identifier: Apache-2.0 */
/* What is carried in files: proofs, requests and admissions are read back, and every changed bit,
 * every missing letter and every wrong key is refused. */
#include "tests/support/check_main.h"

#include "protocol/transport/admission.h"

#include <sodium.h>
#include <string.h>

static struct weft_noise_pair own = {.secret = {1, 2, 3}};
static struct weft_noise_pair other = {.secret = {4, 5, 6}};
static uint8_t mesh[WEFT_MESH_KEY_BYTES];
static uint8_t secret[WEFT_MESH_SECRET_BYTES];

static void make_keys(void)
{
    const uint8_t seed[32] = {1};
    ck_assert_int_ge(sodium_init(), 0);
    crypto_sign_ed25519_seed_keypair(mesh, secret, seed);
    weft_noise_publish(&own);
    weft_noise_publish(&other);
}

static void no_teardown(void)
{
}

/* Secrets of every kind of scalar: clamping clears and sets bits of them. */
START_TEST(proof_of_any_secret)
{
    const uint8_t random[32] = {7};
    uint8_t proof[WEFT_PROOF_BYTES];
    uint8_t again[WEFT_PROOF_BYTES];
    for (unsigned i = 0; i < 64; i++) {
        struct weft_noise_pair pair;
        uint8_t bytes[40];
        randombytes_buf(pair.secret, sizeof(pair.secret));
        randombytes_buf(bytes, sizeof(bytes));
        if (i < 2) {
            memset(pair.secret, i == 0 ? 0 : 0xff, sizeof(pair.secret));
        }
        weft_noise_publish(&pair);
        weft_proof_make(pair.secret, random, bytes, i % sizeof(bytes), proof);
        ck_assert(weft_proof_ok(pair.open, bytes, i % sizeof(bytes), proof));
        ck_assert(!weft_proof_ok(own.open, bytes, i % sizeof(bytes), proof));
        /* Nonces differ when the message does, also if the randomness is the same. */
        bytes[0] ^= 1;
        weft_proof_make(pair.secret, random, bytes, sizeof(bytes), again);
        ck_assert_mem_ne(proof + 32, again + 32, 32);
    }
}
END_TEST

START_TEST(proof_bits)
{
    const uint8_t random[32] = {7};
    const uint8_t zero[32] = {0};
    uint8_t bytes[20] = "twenty bytes of text";
    uint8_t proof[WEFT_PROOF_BYTES];
    weft_proof_make(own.secret, random, bytes, sizeof(bytes), proof);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert(!weft_proof_ok(own.open, bytes, sizeof(bytes), proof));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(proof); bit++) {
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(!weft_proof_ok(own.open, bytes, sizeof(bytes), proof), "bit %zu", bit);
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert(!weft_proof_ok(zero, bytes, sizeof(bytes), proof));
    memset(proof, 0, sizeof(proof)); /* points of small order */
    ck_assert(!weft_proof_ok(zero, bytes, sizeof(bytes), proof));
    proof[0] = 1;
    ck_assert(!weft_proof_ok(zero, bytes, sizeof(bytes), proof));
}
END_TEST

static struct weft_request example(void)
{
    struct weft_request request = {
        .tag = 0x1122334455667788, .made_s = 1000000, .nonce = {9, 8, 7}, .name = "branch-7"};
    memcpy(request.key, own.open, sizeof(request.key));
    return request;
}

START_TEST(request_is_read_back)
{
    const uint8_t random[32] = {7};
    struct weft_request made = example();
    struct weft_request read;
    char text[WEFT_REQUEST_TEXT_BYTES];
    weft_request_format(&made, own.secret, random, text);
    ck_assert_uint_eq(strlen(text), WEFT_REQUEST_TEXT_BYTES - 1);
    ck_assert(weft_request_parse(&read, text, strlen(text)));
    ck_assert_uint_eq(read.tag, made.tag);
    ck_assert_uint_eq(read.made_s, made.made_s);
    ck_assert_mem_eq(read.nonce, made.nonce, sizeof(made.nonce));
    ck_assert_mem_eq(read.key, made.key, sizeof(made.key));
    ck_assert_str_eq(read.name, made.name);
    for (size_t i = 0; text[i] != '\0'; i++) { /* one mistyped letter, or cut off */
        char before = text[i];
        text[i] = before == 'A' ? 'B' : 'A';
        ck_assert_msg(!weft_request_parse(&read, text, strlen(text)), "letter %zu", i);
        text[i] = before;
        ck_assert_msg(!weft_request_parse(&read, text, i), "cut at %zu", i);
    }
    /* Somebody asks for a certificate of another one's key. */
    weft_request_format(&made, other.secret, random, text);
    ck_assert(!weft_request_parse(&read, text, strlen(text)));
    memcpy(made.name, "a b", sizeof("a b")); /* proved, but no name */
    weft_request_format(&made, own.secret, random, text);
    ck_assert(!weft_request_parse(&read, text, strlen(text)));
}
END_TEST

static void make_admission(struct weft_admission *admission)
{
    *admission = (struct weft_admission){.nonce = {1, 2},
                                         .next = {9},
                                         .server = {3, 4},
                                         .address = {.ip = {[10] = 0xff, 0xff, 10}, .port = 7767},
                                         .contact = {5, 6},
                                         .certificate = {7, 8}};
    memcpy(admission->mesh, mesh, sizeof(mesh));
    memcpy(admission->signer, mesh, sizeof(mesh));
}

START_TEST(admission_is_read_back)
{
    static struct weft_admission made;
    static struct weft_admission read;
    static char text[WEFT_ADMISSION_TEXT_BYTES];
    static uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX];
    const size_t lengths[] = {0, 1, 96, WEFT_REVOCATION_BYTES_MAX};
    size_t length = 0;
    for (size_t i = 0; i < WEFT_ROWS(lengths); i++) {
        make_admission(&made);
        made.revocation_length = lengths[i];
        memset(made.revocation, 0x5a, lengths[i]);
        ck_assert(weft_admission_format(&made, secret, own.open, text));
        ck_assert_uint_le(strlen(text), WEFT_ADMISSION_TEXT_BYTES - 1);
        ck_assert(weft_admission_parse(text, strlen(text), sealed, &length));
        ck_assert_int_eq(weft_admission_open(&read, &own, sealed, length), WEFT_DOUBT_NONE);
        ck_assert_mem_eq(read.nonce, made.nonce, sizeof(made.nonce));
        ck_assert_mem_eq(read.mesh, made.mesh, sizeof(made.mesh));
        ck_assert_mem_eq(read.signer, made.signer, sizeof(made.signer));
        ck_assert_mem_eq(read.next, made.next, sizeof(made.next));
        ck_assert_mem_eq(read.server, made.server, sizeof(made.server));
        ck_assert_mem_eq(read.address.ip, made.address.ip, WEFT_IP_BYTES);
        ck_assert_uint_eq(read.address.port, made.address.port);
        ck_assert_mem_eq(read.contact, made.contact, sizeof(made.contact));
        ck_assert_mem_eq(read.certificate, made.certificate, sizeof(made.certificate));
        ck_assert_uint_eq(read.revocation_length, lengths[i]);
        ck_assert_mem_eq(read.revocation, made.revocation, lengths[i]);
        ck_assert_int_eq(weft_admission_open(&read, &other, sealed, length), WEFT_DOUBT_KEY);
    }
}
END_TEST

START_TEST(admission_bits)
{
    static struct weft_admission made;
    static struct weft_admission read;
    static char text[WEFT_ADMISSION_TEXT_BYTES];
    static uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX];
    const uint8_t nothing[32] = {0};
    size_t length = 0;
    make_admission(&made);
    ck_assert(!weft_admission_format(&made, secret, nothing, text)); /* no key: a small order */
    ck_assert(weft_admission_format(&made, secret, own.open, text));
    ck_assert(weft_admission_parse(text, strlen(text), sealed, &length));
    for (size_t bit = 0; bit < 8 * length; bit += 3) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(weft_admission_open(&read, &own, sealed, length), WEFT_DOUBT_KEY);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(weft_admission_open(&read, &own, sealed, cut), WEFT_DOUBT_KEY);
    }
    /* Somebody who has not the mesh key seals something for the node. */
    uint8_t stray[WEFT_MESH_KEY_BYTES];
    uint8_t stray_secret[WEFT_MESH_SECRET_BYTES];
    const uint8_t seed[32] = {2};
    crypto_sign_ed25519_seed_keypair(stray, stray_secret, seed);
    ck_assert(weft_admission_format(&made, stray_secret, own.open, text));
    ck_assert(weft_admission_parse(text, strlen(text), sealed, &length));
    ck_assert_int_eq(weft_admission_open(&read, &own, sealed, length), WEFT_DOUBT_SIGNATURE);
    uint8_t little[80];
    ck_assert_int_eq(crypto_box_seal(little, (const uint8_t *)"WFA1", 4, own.open), 0);
    ck_assert_int_eq(weft_admission_open(&read, &own, little, 4 + crypto_box_SEALBYTES),
                     WEFT_DOUBT_FORMAT);
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {proof_of_any_secret, proof_bits, request_is_read_back,
                                  admission_is_read_back, admission_bits};
    Suite *suite = suite_create("carried");
    weft_check_case(suite, "carried", make_keys, no_teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
