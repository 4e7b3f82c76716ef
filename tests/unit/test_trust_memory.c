/* SPDX-License-Identifier: Apache-2.0 */
/* The trust code when memory runs out: each allocation of each scenario fails once, and then all
 * from there on; of this code, of jansson, libcrypto and libsodium. Whatever is answered, floors do
 * not move, nothing forged gets in, nothing leaks or crashes, and with memory the same succeeds.
 *
 * A sanitizer has an allocator of its own, which is not replaced: there only libcrypto fails. */
#include "tests/support/check_main.h"
#include "tests/support/publisher.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "protocol/trust/delegation.h"
#include "protocol/trust/digest.h"
#include "protocol/trust/hex.h"
#include "protocol/trust/index.h"
#include "protocol/trust/key.h"
#include "protocol/trust/sha256.h"
#include "protocol/trust/witness.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_REPLACED 0
#endif
#endif
#ifndef IS_REPLACED
#define IS_REPLACED 1
#endif

/* Allocations of one scenario at most. */
#define ALLOCATIONS_MAX 20000

static unsigned long made;    /* allocations since fail_from was set */
static unsigned long fail_at; /* number of the one that fails; 0 = none */
static bool fails_on;         /* all that follow fail, too */

#if IS_REPLACED
static bool fails(void)
{
    bool now = false;
    if (fail_at > 0) {
        made++;
        now = made == fail_at || (fails_on && made > fail_at);
    }
    if (now) {
        errno = ENOMEM;
    }
    return now;
}

/* The C library's own. Its headers give the replaced ones reserved names of parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *before, size_t bytes);

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *before, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(before, bytes);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
#endif

/* ---- Steps of libcrypto, which fail like allocations, with a sanitizer too ---- */

static bool step_fails(void)
{
    if (fail_at == 0) {
        return false;
    }
    made++;
    return made == fail_at || (fails_on && made > fail_at);
}

/* The function of libcrypto itself. */
#define GENUINE(function) ((__typeof__(&(function)))(uintptr_t)dlsym(RTLD_NEXT, #function))

int EVP_DigestInit_ex(EVP_MD_CTX *ctx, const EVP_MD *type, ENGINE *impl)
{
    return step_fails() ? 0 : GENUINE(EVP_DigestInit_ex)(ctx, type, impl);
}

int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *d, size_t cnt)
{
    return step_fails() ? 0 : GENUINE(EVP_DigestUpdate)(ctx, d, cnt);
}

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
    return step_fails() ? 0 : GENUINE(EVP_DigestFinal_ex)(ctx, md, s);
}

int EVP_Digest(const void *data, size_t count, unsigned char *md, unsigned int *size,
               const EVP_MD *type, ENGINE *impl)
{
    return step_fails() ? 0 : GENUINE(EVP_Digest)(data, count, md, size, type, impl);
}

int EVP_DigestVerifyInit(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const EVP_MD *type, ENGINE *e,
                         EVP_PKEY *pkey)
{
    return step_fails() ? 0 : GENUINE(EVP_DigestVerifyInit)(ctx, pctx, type, e, pkey);
}

int EVP_PKEY_CTX_set_rsa_pss_saltlen(EVP_PKEY_CTX *ctx, int saltlen)
{
    return step_fails() ? 0 : GENUINE(EVP_PKEY_CTX_set_rsa_pss_saltlen)(ctx, saltlen);
}

static struct publisher publisher;
static struct publisher_document documents[WEFT_ROLE_COUNT];
static struct publisher_document role_document;
static struct publisher_document next_root;
static json_t *bins;             /* a body with succinct roles */
static json_t *rsa_key;          /* a public key object */
static char rsa_signature[1025]; /* of it, over "message" */

static void make_rsa(void)
{
    static const uint8_t message[] = "message";
    uint8_t signature[512];
    size_t length = sizeof signature;
    char *text = NULL;
    EVP_PKEY *key = EVP_RSA_gen(2048);
    EVP_PKEY_CTX *options = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, key), 1);
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    ck_assert_int_eq(EVP_DigestSign(context, signature, &length, message, 7), 1);
    weft_hex_encode(signature, length, rsa_signature);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    long text_length = BIO_get_mem_data(bio, &text);
    rsa_key = json_pack("{s:s, s:s, s:{s:s%}}", "keytype", "rsa", "scheme", "rsassa-pss-sha256",
                        "keyval", "public", text, (size_t)text_length);
    BIO_free(bio);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

static void setup(void)
{
    bins = json_pack("{s:{s:{}, s:{s:[], s:i, s:s, s:i}}}", "delegations", "keys", "succinct_roles",
                     "keyids", "threshold", 1, "name_prefix", "bin", "bit_length", 8);
    publisher_begin(&publisher);
    publisher_release(&publisher, NULL, "virus", "1", 1);
    struct publisher_role *role =
        publisher_delegate(&publisher, NULL, "own", PUBLISHER_KEY(4), "[\"a/*/*\"]", false);
    publisher_release(&publisher, "own", "a", "1", 1);
    role_document = publisher_make_role(&publisher, role);
    for (int i = 0; i < WEFT_ROLE_COUNT; i++) {
        documents[i] = publisher_make(&publisher, (enum weft_role)i);
    }
    publisher_version(&publisher, WEFT_ROLE_ROOT, 2);
    publisher_role(&publisher, WEFT_ROLE_TIMESTAMP, PUBLISHER_KEY(1) | PUBLISHER_KEY(5), 1);
    next_root = publisher_make(&publisher, WEFT_ROLE_ROOT);
}

static void teardown(void)
{
    for (int i = 0; i < WEFT_ROLE_COUNT; i++) {
        publisher_free(&documents[i]);
    }
    publisher_free(&role_document);
    publisher_free(&next_root);
    publisher_end(&publisher);
    json_decref(bins);
}

static void drop_rsa(void)
{
    json_decref(rsa_key);
}

/* ---- Scenarios: true if all of it succeeded ---- */

static bool give(struct weft_trust *trust, const struct publisher_document *document)
{
    return weft_trust_feed(trust, document->bytes, document->length) == WEFT_ERR_OK;
}

/* From nothing to a release of a delegated role. */
static bool update(void)
{
    struct weft_release_info info;
    struct weft_trust *trust = weft_trust_new();
    bool ok = trust != NULL &&
              weft_trust_load_root(trust, documents[0].bytes, documents[0].length) == WEFT_ERR_OK;
    if (ok) {
        weft_trust_begin(trust, PUBLISHER_NOW_S, 2);
        ok = give(trust, &next_root) && give(trust, &documents[1]) && give(trust, &documents[2]) &&
             give(trust, &documents[3]);
    }
    if (ok) {
        enum weft_err err = weft_trust_seek_component(trust, "a", &info);
        ok =
            err == WEFT_ERR_PENDING &&
            weft_trust_feed_role(trust, role_document.bytes, role_document.length) == WEFT_ERR_OK &&
            weft_trust_seek_component(trust, "a", &info) == WEFT_ERR_OK &&
            weft_trust_seek_target(trust, "a/1/file", &info) == WEFT_ERR_OK &&
            weft_trust_seek_component(trust, "virus", &info) == WEFT_ERR_OK;
    }
    weft_trust_free(trust);
    return ok;
}

/* What was stored is taken back, and a role given up. */
static bool reload(void)
{
    struct weft_trust *trust = weft_trust_new();
    bool ok = trust != NULL;
    for (int i = 0; i < WEFT_ROLE_COUNT && ok; i++) {
        const struct publisher_document *document = &documents[i];
        ok = (i == 0 ? weft_trust_load_root(trust, document->bytes, document->length)
                     : weft_trust_load(trust, (enum weft_role)i, document->bytes,
                                       document->length)) == WEFT_ERR_OK;
    }
    struct weft_release_info info;
    ok = ok && weft_trust_seek_target(trust, "a/1/file", &info) == WEFT_ERR_PENDING &&
         weft_trust_give_up_role(trust, WEFT_ERR_UNREACHABLE) == WEFT_ERR_OK &&
         weft_trust_load_role(trust, "own", role_document.bytes, role_document.length) ==
             WEFT_ERR_OK &&
         weft_trust_seek_target(trust, "a/1/file", &info) == WEFT_ERR_OK &&
         weft_trust_role_named(trust, "own") != NULL && !weft_trust_role_named(trust, "none");
    weft_trust_free(trust);
    return ok;
}

static bool index_both_ways(void)
{
    static const uint32_t lengths[2] = {32768, 100};
    uint8_t hashes[2 * WEFT_SHA256_BYTES] = {1};
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_index *index = NULL;
    weft_release_id id = 0;
    bool ok = weft_index_encode(lengths, hashes, 2, &bytes, &length) == WEFT_ERR_OK &&
              weft_index_decode(bytes, length, 32868, &index) == WEFT_ERR_OK &&
              weft_index_check_derived(bytes, length, 32868, &id) == WEFT_ERR_OK && id == index->id;
    weft_index_free(index);
    free(bytes);
    return ok;
}

static bool hash(void)
{
    struct weft_pin pin = {.has_length = true, .length = 3, .has_sha256 = true, .has_sha512 = true};
    struct weft_digest *digest = weft_digest_new(&pin);
    bool ok = digest != NULL && weft_digest_add(digest, "abc", 3) == WEFT_ERR_OK &&
              weft_digest_end(digest) == WEFT_ERR_MISMATCH;
    weft_digest_free(digest);
    struct weft_fault fault;
    struct weft_pin longer = {.has_length = true, .length = 3, .has_sha512 = true};
    uint8_t sum[WEFT_SHA256_BYTES];
    struct weft_sha256 *running = weft_sha256_new();
    struct weft_release_info info = {.has_index = true, .index_bytes = 3};
    ok = ok && running != NULL &&
         weft_catalog_index_check(&info, (const uint8_t *)"abc", 3) == WEFT_ERR_MISMATCH &&
         weft_pin_check(&pin, "x", (const uint8_t *)"abc", 3, &fault) == WEFT_ERR_MISMATCH &&
         weft_pin_check(&longer, "x", (const uint8_t *)"abc", 3, &fault) == WEFT_ERR_MISMATCH;
    if (ok) {
        weft_sha256_add(running, "abc", 3);
        ok = weft_sha256_end(running, sum);
    }
    weft_sha256_free(running);
    return ok;
}

/* The timestamp of another publisher key, of the same version: a proof. */
static bool witness(void)
{
    struct weft_metadata *root = NULL;
    struct weft_metadata *trusted = NULL;
    struct weft_fault fault;
    struct publisher_document *one = &documents[WEFT_ROLE_TIMESTAMP];
    char *other = malloc(one->length + 2);
    bool ok = other != NULL &&
              weft_metadata_parse(WEFT_ROLE_ROOT, NULL, documents[0].bytes, documents[0].length,
                                  &root, &fault) == WEFT_ERR_OK &&
              weft_metadata_parse(WEFT_ROLE_TIMESTAMP, NULL, one->bytes, one->length, &trusted,
                                  &fault) == WEFT_ERR_OK;
    if (ok) {
        memcpy(other, one->bytes, one->length);
        memcpy(other + one->length, "\n", 2); /* other bytes, the same signature */
        ok = weft_witness_check(root, trusted, (const uint8_t *)other, one->length + 1, &fault) ==
                 WEFT_ERR_EXISTS &&
             strstr(fault.text, "signed twice") != NULL &&
             weft_witness_check(root, trusted, one->bytes, one->length, &fault) == WEFT_ERR_OK;
    }
    weft_metadata_drop(root);
    weft_metadata_drop(trusted);
    free(other);
    return ok;
}

static bool name_key(void)
{
    char id[2 * WEFT_SHA256_BYTES + 1];
    uint8_t identity[WEFT_SHA256_BYTES];
    return weft_key_id(publisher.keys[0].key, id) == WEFT_ERR_OK &&
           weft_key_identity(publisher.keys[0].key, identity);
}

/* An RSA key that was made here signs, and is asked about it. */
static bool verify_rsa(void)
{
    uint8_t unused[WEFT_SHA256_BYTES];
    return weft_key_identity(rsa_key, unused) &&
           weft_key_verify(rsa_key, rsa_signature, (const uint8_t *)"message", 7);
}

/* Succinct roles hash the path to find its role. */
static bool find_bin(void)
{
    struct weft_delegation delegation;
    size_t cursor = 0;
    struct weft_metadata targets = {.body = bins};
    return weft_delegation_next(&targets, "a/1/file", &cursor, &delegation);
}

/* ---- */

static const struct {
    const char *name;
    bool (*run)(void);
} scenarios[] = {
    {"update", update},   {"reload", reload}, {"index", index_both_ways}, {"hash", hash},
    {"witness", witness}, {"key", name_key},  {"rsa", verify_rsa},        {"bins", find_bin},
};

START_TEST(every_allocation)
{
    ck_assert_msg(scenarios[_i / 2].run(), "%s fails with memory", scenarios[_i / 2].name);
    unsigned long failed = 0;
    bool is_over = false;
    for (unsigned long n = 1; !is_over && n < ALLOCATIONS_MAX; n++) {
        made = 0;
        fail_at = n;
        fails_on = _i % 2 == 1;
        bool ok = scenarios[_i / 2].run();
        is_over = made < n;
        fail_at = 0;
        failed += !ok;
        ck_assert_msg(ok || !is_over, "%s fails with memory", scenarios[_i / 2].name);
    }
    ck_assert(is_over);
    ck_assert_msg(failed > 0 || made == 0, "%s: no allocation failed", scenarios[_i / 2].name);
    ck_assert_msg(scenarios[_i / 2].run(), "%s fails afterwards", scenarios[_i / 2].name);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("trust_memory");
    TCase *tcase = tcase_create("every_allocation");
    tcase_add_unchecked_fixture(tcase, make_rsa, drop_rsa); /* once: it takes long */
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, every_allocation, 0,
                        2 * (int)(sizeof scenarios / sizeof scenarios[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
