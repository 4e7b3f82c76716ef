/* SPDX-License-Identifier: Apache-2.0 */
/* Key types: signatures of other tools, keys that are spelled differently, and what is no key. */
#include "tests/support/check_main.h"

#include "protocol/trust/hex.h"
#include "protocol/trust/key.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

/* Made with securesystemslib 1.4.0 and Python's cryptography 38. */
static const char message[] = "signed by another tool";
static const char ecdsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExs3OpOuvC07jZF2t83P05AkOY5vO\n"
    "GsAPbYjHrnuZJ9ZplrCu5EagMVy1MuNkP/EvIs2O/DfxyQki7drk65itrQ==\n"
    "-----END PUBLIC KEY-----\n";
static const char ecdsa_signature[] =
    "3045022100a31c927ea08a234b32f7a8b6704a1fb0c16809fe2e47e2ffcf828dc2f202ebe7022059"
    "afae437df99b34d4ba7418b4ba2520ad5344fede7c168067cd6cdfca5fc4cd";
static const char rsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA8f0Wgv7ClDqa1Fb42k/w\n"
    "05Ge91LHMM4LoBtcjJNS1yymOgEtRWe6nBL4GFgcUFzttmWEwu599VFGaKQ2dr/4\n"
    "yN701IxlxxefeVRu+4RUAr7foopgPopOb6hcmXaQ37GMfRJZB5DW326jraTgEC+f\n"
    "yiZDqIEjWX+tBIabFZ+ynQrotz7bMcJ6OdAhodkV2JMLHAFDLDLtiv+8YrYTjfcS\n"
    "t5Y8W7csU5kkQC+aO5SDkFtlKN14z1NvwxSFDPEHy6MohnFchD002Q9bRRS7i9tn\n"
    "omofzdRcBqWHyd2PbKPxbbupzWnmD57r91rNitgsnXuHtE8awprGi5Wj07AMQ+sm\n"
    "nwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char rsa_signature[] =
    "4cd9828f4fd22fa3c2fc563c121d8dc935a9cc0dca117f14e1cc9195b2dcae04dfec66d611305d2e"
    "9fd40388ddb95b9d90e7fb9fba466ac88a9d758837eee5a6b8d5a035166d76d4a567439533f528c1"
    "a8b5c2b53eb104ba7c0354b6bdb1044f2f977b4acc55d7a9d3f18b664111c267c4f8bfb8bbd115ca"
    "727920845825ac90e99512fd697dffe74a99bd88cb44fbbcb5b5fc3c1801870405b6fd1de93719ec"
    "f03a24e96a3a182f3cd81edbda86115670811bdc1452705cc76a2d7f4565b12f4c272c04f2b717fa"
    "aa1961e69fc64354cf82064d4b55eb5c9e181cad511195d423a808dbede52a4d566a82353ad00266"
    "905b2bbc6c7032d19f910bdb9cd9996f";

static json_t *key_of(const char *keytype, const char *scheme, const char *public_text)
{
    return json_pack("{s:s, s:s, s:{s:s}}", "keytype", keytype, "scheme", scheme, "keyval",
                     "public", public_text);
}

static bool verifies(const char *keytype, const char *scheme, const char *public_text,
                     const char *signature, const char *text)
{
    json_t *key = key_of(keytype, scheme, public_text);
    bool good = weft_key_verify(key, signature, (const uint8_t *)text, strlen(text));
    json_decref(key);
    return good;
}

static bool ecdsa_verifies(const char *public_text, const char *signature)
{
    return verifies("ecdsa", "ecdsa-sha2-nistp256", public_text, signature, message);
}

static bool rsa_verifies(const char *public_text, const char *signature)
{
    return verifies("rsa", "rsassa-pss-sha256", public_text, signature, message);
}

START_TEST(test_other_tools)
{
    ck_assert(ecdsa_verifies(ecdsa_public, ecdsa_signature));
    ck_assert(rsa_verifies(rsa_public, rsa_signature));
    ck_assert(verifies("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", ecdsa_public, ecdsa_signature,
                       message));
    ck_assert(!verifies("ecdsa", "ecdsa-sha2-nistp256", ecdsa_public, ecdsa_signature, "other"));
    ck_assert(!verifies("rsa", "rsassa-pss-sha256", rsa_public, rsa_signature, "other"));
}
END_TEST

/* Type, scheme and key have to fit together. */
START_TEST(test_wrong_type)
{
    ck_assert(!verifies("rsa", "rsassa-pss-sha256", ecdsa_public, ecdsa_signature, message));
    ck_assert(!verifies("ecdsa", "ecdsa-sha2-nistp256", rsa_public, rsa_signature, message));
    ck_assert(!verifies("rsa", "rsa-pkcs1v15-sha256", rsa_public, rsa_signature, message));
    ck_assert(!verifies("ecdsa", "ecdsa-sha2-nistp384", ecdsa_public, ecdsa_signature, message));
    ck_assert(!verifies("ed25519", "ed25519", ecdsa_public, ecdsa_signature, message));
    ck_assert(!verifies("sphincs", "x", "y", "z", message));
}
END_TEST

static const char *const bad_signatures[] = {
    "", "0", "zz", "30", "3000", "304502", "00", "3006020100020100",
};

START_TEST(test_bad_signature)
{
    ck_assert(!ecdsa_verifies(ecdsa_public, bad_signatures[_i]));
    ck_assert(!rsa_verifies(rsa_public, bad_signatures[_i]));
}
END_TEST

/* Every bit of a signature counts. */
START_TEST(test_flipped_signature)
{
    char copy[2048];
    const char *const signatures[] = {ecdsa_signature, rsa_signature};
    for (int k = 0; k < 2; k++) {
        size_t length = strlen(signatures[k]) / 2;
        uint8_t bytes[1024];
        ck_assert(weft_hex_decode(signatures[k], bytes, length));
        for (size_t bit = 0; bit < length * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
            weft_hex_encode(bytes, length, copy);
            ck_assert(k == 0 ? !ecdsa_verifies(ecdsa_public, copy)
                             : !rsa_verifies(rsa_public, copy));
            bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        }
    }
    memset(copy, 'a', sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    ck_assert(!rsa_verifies(rsa_public, copy));
    char longer[4096];
    memset(longer, '0', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ck_assert(!rsa_verifies(rsa_public, longer));
}
END_TEST

/* The PEM text of |key|; owned by the caller. */
static char *pem_of(EVP_PKEY *key)
{
    char *bytes = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, key), 1);
    long length = BIO_get_mem_data(bio, &bytes);
    char *text = strndup(bytes, (size_t)length);
    BIO_free(bio);
    return text;
}

static bool has_identity(const char *keytype, const char *scheme, const char *public_text)
{
    uint8_t identity[WEFT_SHA256_BYTES];
    json_t *key = key_of(keytype, scheme, public_text);
    bool has = weft_key_identity(key, identity);
    json_decref(key);
    return has;
}

/* A weak or enormous RSA key, and a curve that was not asked for, never verify anything. */
START_TEST(test_sizes)
{
    static const struct {
        unsigned bits; /* of RSA */
        bool fits;     /* allowed */
    } rsa[] = {{1024, false}, {2048, true}, {3072, true}};
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY *key = EVP_RSA_gen(rsa[i].bits);
        char *text = pem_of(key);
        ck_assert_int_eq(has_identity("rsa", "rsassa-pss-sha256", text), rsa[i].fits);
        free(text);
        EVP_PKEY_free(key);
    }
    static const char *const curves[] = {"P-384", "secp256k1", "P-521"};
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY *key = EVP_EC_gen(curves[i]);
        char *text = pem_of(key);
        ck_assert(!has_identity("ecdsa", "ecdsa-sha2-nistp256", text));
        ck_assert(!ecdsa_verifies(text, ecdsa_signature));
        free(text);
        EVP_PKEY_free(key);
    }
}
END_TEST

/* The same key, written in another way, is the same key. */
START_TEST(test_identity)
{
    uint8_t one[WEFT_SHA256_BYTES];
    uint8_t two[WEFT_SHA256_BYTES];
    BIO *bio = BIO_new_mem_buf(ecdsa_public, -1);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed");
    char *compressed = pem_of(key);
    ck_assert_str_ne(compressed, ecdsa_public);
    ck_assert(ecdsa_verifies(compressed, ecdsa_signature));
    json_t *left = key_of("ecdsa", "ecdsa-sha2-nistp256", ecdsa_public);
    json_t *right = key_of("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", compressed);
    ck_assert(weft_key_identity(left, one) && weft_key_identity(right, two));
    ck_assert_mem_eq(one, two, sizeof one);
    json_decref(right);
    right = key_of("rsa", "rsassa-pss-sha256", rsa_public);
    ck_assert(weft_key_identity(right, two));
    ck_assert_mem_ne(one, two, sizeof one);
    json_decref(left);
    json_decref(right);
    free(compressed);
    EVP_PKEY_free(key);
    BIO_free(bio);
}
END_TEST

/* Encrypted: a passphrase for it may be asked of nobody. */
static const char encrypted_pem[] =
    "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
    "00000000000000000000000000000000\n\nAAAA\n-----END PUBLIC KEY-----\n";

/* What is no public key in PEM. */
static const char *const no_keys[] = {
    "",
    "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    encrypted_pem,
    "04c6cdcea4ebaf0b4ee3645dadf373f4e409",
};

START_TEST(test_no_key)
{
    ck_assert(!ecdsa_verifies(no_keys[_i], ecdsa_signature));
    ck_assert(!rsa_verifies(no_keys[_i], rsa_signature));
    ck_assert(!has_identity("ecdsa", "ecdsa-sha2-nistp256", no_keys[_i]));
    ck_assert(!has_identity("rsa", "rsassa-pss-sha256", no_keys[_i]));
    ck_assert(!has_identity("ed25519", "ed25519", no_keys[_i]));
}
END_TEST

START_TEST(test_trailing)
{
    /* One byte more inside of the block. */
    char text[1024];
    BIO *bio = BIO_new(BIO_s_mem());
    char *name = NULL;
    char *header = NULL;
    uint8_t *der = NULL;
    long length = 0;
    BIO *given = BIO_new_mem_buf(ecdsa_public, -1);
    ck_assert_int_eq(PEM_read_bio(given, &name, &header, &der, &length), 1);
    uint8_t longer[256] = {0};
    memcpy(longer, der, (size_t)length);
    PEM_write_bio(bio, name, "", longer, length + 1);
    int got = BIO_read(bio, text, sizeof text - 1);
    text[got] = '\0';
    ck_assert(!ecdsa_verifies(text, ecdsa_signature));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(given);
    BIO_free(bio);
    /* A text that is too long. */
    char *large = malloc(8192);
    memset(large, ' ', 8191);
    large[8191] = '\0';
    memcpy(large + 8191 - strlen(ecdsa_public), ecdsa_public, strlen(ecdsa_public));
    ck_assert(!ecdsa_verifies(large, ecdsa_signature));
    free(large);
}
END_TEST

START_TEST(test_form)
{
    json_t *other = json_pack("{s:s, s:s, s:{s:s}}", "keytype", "oidc", "scheme", "x", "keyval",
                              "identity", "me");
    json_t *bad = json_pack("{s:s, s:s, s:s}", "keytype", "a", "scheme", "b", "keyval", "c");
    uint8_t identity[WEFT_SHA256_BYTES];
    ck_assert(weft_key_has_form(other));
    ck_assert(!weft_key_has_form(bad));
    ck_assert(!weft_key_identity(other, identity));
    ck_assert(!weft_key_verify(other, "00", (const uint8_t *)"x", 1));
    json_decref(other);
    json_decref(bad);
}
END_TEST

static Suite *key_suite(void)
{
    Suite *suite = suite_create("key");
    WEFT_ADD(suite, test_other_tools);
    WEFT_ADD(suite, test_wrong_type);
    WEFT_ADD_ROWS(suite, test_bad_signature, bad_signatures);
    WEFT_ADD(suite, test_flipped_signature);
    WEFT_ADD(suite, test_sizes);
    WEFT_ADD(suite, test_identity);
    WEFT_ADD_ROWS(suite, test_no_key, no_keys);
    WEFT_ADD(suite, test_trailing);
    WEFT_ADD(suite, test_form);
    return suite;
}

WEFT_CHECK_MAIN(key_suite)
