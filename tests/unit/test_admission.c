/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, tokens and revocations: what is signed is read back, and every changed bit and
 * every missing byte is refused. */
#include "tests/support/check_main.h"

#include "protocol/transport/revocation.h"
#include "protocol/transport/token.h"

#include <sodium.h>
#include <string.h>

static uint8_t mesh[WEFT_MESH_KEY_BYTES];
static uint8_t secret[WEFT_MESH_SECRET_BYTES];
static uint8_t other_mesh[WEFT_MESH_KEY_BYTES];
static uint8_t other_secret[WEFT_MESH_SECRET_BYTES];

static void make_keys(void)
{
    const uint8_t seed[2][32] = {{1}, {2}};
    ck_assert_int_ge(sodium_init(), 0);
    crypto_sign_ed25519_seed_keypair(mesh, secret, seed[0]);
    crypto_sign_ed25519_seed_keypair(other_mesh, other_secret, seed[1]);
}

static struct weft_certificate example(void)
{
    struct weft_certificate certificate = {.flags = WEFT_CERTIFICATE_SERVER,
                                           .group = 0x1234,
                                           .serial = 0x1122334455667788,
                                           .not_before_s = 1000000,
                                           .not_after_s = 1000000 + WEFT_CERTIFICATE_S,
                                           .key = {7, 8, 9},
                                           .name = "branch-4.example_12"};
    return certificate;
}

static void no_teardown(void)
{
}

START_TEST(certificate_is_read_back)
{
    uint8_t bytes[WEFT_CERTIFICATE_BYTES];
    struct weft_certificate made = example();
    struct weft_certificate read;
    weft_certificate_sign(&made, mesh, secret, bytes);
    ck_assert_int_eq(weft_certificate_read(&read, mesh, mesh, bytes), WEFT_DOUBT_NONE);
    ck_assert_uint_eq(read.flags, made.flags);
    ck_assert_uint_eq(read.group, made.group);
    ck_assert_uint_eq(read.serial, made.serial);
    ck_assert_uint_eq(read.not_before_s, made.not_before_s);
    ck_assert_uint_eq(read.not_after_s, made.not_after_s);
    ck_assert_mem_eq(read.key, made.key, 32);
    ck_assert_str_eq(read.name, made.name);
    ck_assert_int_eq(weft_certificate_read(&read, other_mesh, other_mesh, bytes), WEFT_DOUBT_MESH);
    /* Another authority that claims to be this mesh. */
    weft_certificate_sign(&made, mesh, other_secret, bytes);
    ck_assert_int_eq(weft_certificate_read(&read, mesh, mesh, bytes), WEFT_DOUBT_SIGNATURE);
}
END_TEST

START_TEST(certificate_bits)
{
    uint8_t bytes[WEFT_CERTIFICATE_BYTES];
    struct weft_certificate made = example();
    struct weft_certificate read;
    weft_certificate_sign(&made, mesh, secret, bytes);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(weft_certificate_read(&read, mesh, mesh, bytes) != WEFT_DOUBT_NONE, "bit %zu",
                      bit);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
END_TEST

START_TEST(certificate_dates)
{
    const struct weft_certificate made = example();
    const struct {
        uint64_t now_s;
        enum weft_doubt doubt;
    } rows[] = {{0, WEFT_DOUBT_EARLY},
                {made.not_before_s - WEFT_CERTIFICATE_SKEW_S - 1, WEFT_DOUBT_EARLY},
                {made.not_before_s - WEFT_CERTIFICATE_SKEW_S, WEFT_DOUBT_NONE},
                {made.not_after_s - 1, WEFT_DOUBT_NONE},
                {made.not_after_s, WEFT_DOUBT_EXPIRED},
                {UINT64_MAX, WEFT_DOUBT_EXPIRED}};
    for (size_t i = 0; i < WEFT_ROWS(rows); i++) {
        ck_assert_int_eq(weft_certificate_date(&made, rows[i].now_s), rows[i].doubt);
        ck_assert_ptr_nonnull(weft_doubt_text(rows[i].doubt));
    }
}
END_TEST

/* Signed, but not canonical: the mesh key itself cannot make two encodings of one meaning. */
START_TEST(certificate_forms)
{
    static const char *const bad[] = {"",
                                      "a b",
                                      "a/b",
                                      "\x1b[2J",
                                      "a\n",
                                      "\xc3\xa9",
                                      "a\xe2\x80\xaeg",
                                      "123456789012345678901234567890123"};
    uint8_t bytes[WEFT_CERTIFICATE_BYTES];
    struct weft_certificate read;
    for (size_t i = 0; i < WEFT_ROWS(bad); i++) {
        ck_assert_msg(!weft_certificate_name_ok(bad[i]), "name %zu", i);
        struct weft_certificate made = example();
        if (strlen(bad[i]) <= WEFT_CERTIFICATE_NAME_BYTES) {
            memset(made.name, 0, sizeof(made.name));
            memcpy(made.name, bad[i], strlen(bad[i]));
            weft_certificate_sign(&made, mesh, secret, bytes);
            ck_assert_int_eq(weft_certificate_read(&read, mesh, mesh, bytes), WEFT_DOUBT_FORMAT);
        }
    }
    ck_assert(weft_certificate_name_ok("12345678901234567890123456789012"));
    struct weft_certificate made = example();
    for (uint32_t flags = 0; flags < 256; flags++) {
        made.flags = (uint8_t)flags;
        weft_certificate_sign(&made, mesh, secret, bytes);
        ck_assert_int_eq(weft_certificate_read(&read, mesh, mesh, bytes),
                         flags <= (WEFT_CERTIFICATE_SERVER | WEFT_CERTIFICATE_NO_AGENT)
                             ? WEFT_DOUBT_NONE
                             : WEFT_DOUBT_FORMAT);
        ck_assert_uint_eq(read.flags, flags);
    }
    made = example();
    made.not_after_s = made.not_before_s;
    weft_certificate_sign(&made, mesh, secret, bytes);
    ck_assert_int_eq(weft_certificate_read(&read, mesh, mesh, bytes), WEFT_DOUBT_FORMAT);
}
END_TEST

START_TEST(ids_follow_from_keys)
{
    uint8_t key[32] = {0};
    weft_node_id id = weft_certificate_id(key);
    for (size_t bit = 0; bit < 256; bit++) {
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_uint_ne(weft_certificate_id(key), id);
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_uint_eq(weft_certificate_id(key), id);
    ck_assert_uint_ne(weft_mesh_tag(mesh), weft_mesh_tag(other_mesh));
}
END_TEST

START_TEST(token_is_read_back)
{
    struct weft_token made = {.server = {4, 5},
                              .id = {1, 2, 3},
                              .secret = {9, 9},
                              .expires_s = 1234567,
                              .address = {.ip = {[10] = 0xff, 0xff, 10, 1, 2, 3}, .port = 7767}};
    struct weft_token read;
    char text[WEFT_TOKEN_TEXT_BYTES];
    memcpy(made.mesh, mesh, sizeof(mesh));
    weft_token_format(&made, text);
    ck_assert_uint_eq(strlen(text), WEFT_TOKEN_TEXT_BYTES - 1);
    ck_assert(weft_token_parse(text, &read));
    ck_assert_mem_eq(read.mesh, made.mesh, sizeof(made.mesh));
    ck_assert_mem_eq(read.server, made.server, sizeof(made.server));
    ck_assert_mem_eq(read.id, made.id, sizeof(made.id));
    ck_assert_mem_eq(read.secret, made.secret, sizeof(made.secret));
    ck_assert_uint_eq(read.expires_s, made.expires_s);
    ck_assert_mem_eq(read.address.ip, made.address.ip, WEFT_IP_BYTES);
    ck_assert_uint_eq(read.address.port, made.address.port);
    for (size_t i = 0; text[i] != 0; i++) { /* one mistyped letter */
        char before = text[i];
        text[i] = before == 'A' ? 'B' : 'A';
        ck_assert_msg(!weft_token_parse(text, &read), "letter %zu", i);
        text[i] = '\0';
        ck_assert_msg(!weft_token_parse(text, &read), "cut at %zu", i);
        text[i] = before;
    }
    uint8_t bytes[WEFT_TOKEN_BYTES];
    uint8_t digest[WEFT_TOKEN_DIGEST_BYTES];
    uint8_t again[WEFT_TOKEN_DIGEST_BYTES];
    weft_token_put(&made, bytes);
    weft_token_digest(bytes, digest);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        weft_token_digest(bytes, again);
        ck_assert_mem_ne(digest, again, sizeof(digest));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
END_TEST

START_TEST(revocation_is_read_back)
{
    static struct weft_revocation made;
    static struct weft_revocation read;
    static uint8_t bytes[WEFT_REVOCATION_BYTES_MAX];
    made = (struct weft_revocation){.number = 77, .floor = 5};
    for (uint64_t i = 0; i < WEFT_REVOKED_MAX; i++) {
        ck_assert(weft_revocation_add(&made, 1 + i * 37 % 1009));
        ck_assert(weft_revocation_add(&made, 1 + i * 37 % 1009));
    }
    ck_assert_uint_eq(made.count, WEFT_REVOKED_MAX);
    ck_assert(!weft_revocation_add(&made, 5000));
    size_t length = weft_revocation_sign(&made, mesh, secret, bytes);
    ck_assert_uint_eq(length, WEFT_REVOCATION_BYTES_MAX);
    ck_assert_uint_le(length, WEFT_DATAGRAM_BYTES_MAX);
    ck_assert_int_eq(weft_revocation_read(&read, mesh, mesh, bytes, length), WEFT_DOUBT_NONE);
    ck_assert_mem_eq(&read, &made, sizeof(made));
    ck_assert_int_eq(weft_revocation_read(&read, other_mesh, other_mesh, bytes, length),
                     WEFT_DOUBT_MESH);
    made.count = 3;
    length = weft_revocation_sign(&made, mesh, secret, bytes);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(weft_revocation_read(&read, mesh, mesh, bytes, length) != 0, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(weft_revocation_read(&read, mesh, mesh, bytes, cut), WEFT_DOUBT_FORMAT);
    }
    made.ids[1] = made.ids[0]; /* signed, but not canonical */
    length = weft_revocation_sign(&made, mesh, secret, bytes);
    ck_assert_int_eq(weft_revocation_read(&read, mesh, mesh, bytes, length), WEFT_DOUBT_FORMAT);
}
END_TEST

START_TEST(revocation_hits)
{
    struct weft_revocation revocation = {.number = 1, .floor = 10, .count = 1, .ids = {42}};
    struct weft_certificate certificate = example();
    ck_assert(weft_revocation_hits(&revocation, 42, &certificate));
    ck_assert(!weft_revocation_hits(&revocation, 43, &certificate));
    certificate.serial = 9;
    ck_assert(weft_revocation_hits(&revocation, 43, &certificate));
    certificate.serial = 10;
    ck_assert(!weft_revocation_hits(&revocation, 43, &certificate));
}
END_TEST

static Suite *make_suite(void)
{
    const TTest *const tests[] = {
        certificate_is_read_back, certificate_bits,   certificate_dates,       certificate_forms,
        ids_follow_from_keys,     token_is_read_back, revocation_is_read_back, revocation_hits};
    Suite *suite = suite_create("admission");
    weft_check_case(suite, "admission", make_keys, no_teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
