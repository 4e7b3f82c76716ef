/* SPDX-License-Identifier: Apache-2.0 */
/* Where documents and targets lie, plain targets as releases, and hashes of what streams by. */
#include "tests/support/check_main.h"

#include "protocol/trust/catalog.h"
#include "protocol/trust/digest.h"
#include "protocol/trust/path.h"

#include <string.h>

static const struct {
    const char *name; /* of a role */
    uint64_t version; /* 0 = without */
    const char *path; /* expected */
} documents[] = {
    {"root", 3, "metadata/3.root.json"},
    {"timestamp", 0, "metadata/timestamp.json"},
    {"?", 1, "metadata/1.%3F.json"},
    {"#", 1, "metadata/1.%23.json"},
    {"/x", 1, "metadata/1.%2Fx.json"},
    {"../x", 12, "metadata/12...%2Fx.json"},
    {"a b%\303\251", 18446744073709551615U, "metadata/18446744073709551615.a%20b%25%C3%A9.json"},
};

START_TEST(test_document)
{
    char path[WEFT_PATH_BYTES_MAX];
    ck_assert(weft_path_metadata(documents[_i].name, documents[_i].version, path));
    ck_assert_str_eq(path, documents[_i].path);
}
END_TEST

static const struct {
    const char *target; /* as signed */
    const char *hash;   /* NULL = without */
    const char *path;   /* expected; NULL = refused */
} targets[] = {
    {"file", NULL, "targets/file"},
    {"file", "ab", "targets/ab.file"},
    {"a/b/c.d", "ab", "targets/a/b/ab.c.d"},
    {"a b/c?", "00", "targets/a%20b/00.c%3F"},
    {"a+b/c@1:2", NULL, "targets/a+b/c@1:2"},
    {".well-known/x", NULL, "targets/.well-known/x"},
    {"...", NULL, "targets/..."},
    {"", NULL, NULL},
    {"/a", NULL, NULL},
    {"a/", NULL, NULL},
    {"a//b", NULL, NULL},
    {"..", NULL, NULL},
    {".", NULL, NULL},
    {"a/../b", NULL, NULL},
    {"a/./b", NULL, NULL},
    {"../metadata/timestamp.json", NULL, NULL},
};

START_TEST(test_target)
{
    char path[WEFT_PATH_BYTES_MAX];
    bool fits = weft_path_target(targets[_i].target, targets[_i].hash, path);
    ck_assert_int_eq(fits, targets[_i].path != NULL);
    ck_assert_str_eq(path, fits ? targets[_i].path : "");
}
END_TEST

START_TEST(test_too_long)
{
    char name[WEFT_PATH_BYTES_MAX + 1];
    char path[WEFT_PATH_BYTES_MAX];
    memset(name, 'a', sizeof name - 1);
    for (size_t length = 1; length < sizeof name; length++) {
        name[length] = '\0';
        ck_assert_int_eq(weft_path_metadata(name, 1, path), length + 16 < WEFT_PATH_BYTES_MAX);
        ck_assert_int_eq(weft_path_target(name, "00", path), length + 11 < WEFT_PATH_BYTES_MAX);
        name[length] = 'a';
    }
    memset(name, '/', sizeof name - 1);
    name[200] = '\0';
    ck_assert(!weft_path_metadata(name, 1, path));
    ck_assert_str_eq(path, "");
    char small[4];
    ck_assert(!weft_path_quote("a?", "", small, sizeof small));
    ck_assert(weft_path_quote("a?", "?", small, sizeof small));
}
END_TEST

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *path; /* of the target */
    const char *name; /* expected place on a node; NULL = refused */
} plain[] = {
    {"file", "@file"}, {"rules/latest.json", "@rules%2Flatest.json"},
    {"a b", "@a%20b"}, {".x", NULL},
    {"a/.x", NULL},    {"a\\b", NULL},
    {"a/../b", NULL},  {"", NULL},
};

START_TEST(test_plain)
{
    struct weft_release_info info;
    json_t *entry = json_pack("{s:i, s:{s:s}}", "length", 9, "hashes", "sha256", HEX64);
    bool ok = weft_catalog_read_plain(plain[_i].path, entry, true, &info);
    ck_assert_int_eq(ok, plain[_i].name != NULL);
    if (ok) {
        ck_assert_str_eq(info.component, plain[_i].name);
        ck_assert(weft_name_place_ok(info.component));
        ck_assert_str_eq(info.version, "0123456789abcdef");
        ck_assert_str_eq(info.target, plain[_i].path);
        ck_assert(!info.has_index && info.id == 0);
        ck_assert_uint_eq(info.pin.length, 9);
    }
    json_decref(entry);
}
END_TEST

START_TEST(test_plain_sha512)
{
    struct weft_release_info info;
    json_t *entry = json_pack("{s:i, s:{s:s}}", "length", 9, "hashes", "sha512", HEX64 HEX64);
    ck_assert(weft_catalog_read_plain("d/f", entry, true, &info));
    ck_assert_str_eq(info.path, "targets/d/" HEX64 HEX64 ".f");
    ck_assert_str_eq(info.index_path, "targets/d/" HEX64 HEX64 ".f.index");
    ck_assert(weft_catalog_read_plain("d/f", entry, false, &info));
    ck_assert_str_eq(info.path, "targets/d/f");
    json_decref(entry);
}
END_TEST

static const struct {
    const char *name; /* of a directory */
    bool fits;        /* expected */
} places[] = {
    {"pattern", true}, {"@a%2Fb", true}, {"@", false},  {"@a/b", false},
    {"@a b", false},   {"@.", true},     {"@..", true}, {"", false},
    {".a", false},     {"a%2F", false},  {"@~x", true},
};

START_TEST(test_place)
{
    ck_assert_int_eq(weft_name_place_ok(places[_i].name), places[_i].fits);
    ck_assert(!weft_name_place_ok(NULL));
    char long_name[WEFT_NAME_PLACE_BYTES + 1];
    memset(long_name, 'a', sizeof long_name);
    long_name[0] = '@';
    long_name[sizeof long_name - 1] = '\0';
    ck_assert(!weft_name_place_ok(long_name));
    long_name[sizeof long_name - 2] = '\0';
    ck_assert(weft_name_place_ok(long_name));
}
END_TEST

static enum weft_err stream(const struct weft_pin *pin, const char *text, size_t step)
{
    struct weft_digest *digest = weft_digest_new(pin);
    size_t length = strlen(text);
    enum weft_err err = WEFT_ERR_OK;
    for (size_t at = 0; at < length && err == WEFT_ERR_OK; at += step) {
        err = weft_digest_add(digest, text + at, length - at < step ? length - at : step);
    }
    enum weft_err end = weft_digest_end(digest);
    ck_assert(err == WEFT_ERR_OK || end == err);
    weft_digest_free(digest);
    return end;
}

START_TEST(test_digest)
{
    struct weft_pin pin;
    /* SHA-256 and SHA-512 of "abc" (FIPS 180-4). */
    json_t *entry =
        json_pack("{s:i, s:{s:s, s:s}}", "length", 3, "hashes", "sha256",
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "sha512",
                  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    ck_assert_int_eq(weft_pin_read_target(entry, &pin), WEFT_ERR_OK);
    for (size_t step = 1; step <= 3; step++) {
        ck_assert_int_eq(stream(&pin, "abc", step), WEFT_ERR_OK);
        ck_assert_int_eq(stream(&pin, "abd", step), WEFT_ERR_MISMATCH);
        ck_assert_int_eq(stream(&pin, "ab", step), WEFT_ERR_TOO_SHORT);
        ck_assert_int_eq(stream(&pin, "abcd", step), WEFT_ERR_TOO_LONG);
    }
    pin.has_sha256 = false;
    ck_assert_int_eq(stream(&pin, "abc", 3), WEFT_ERR_OK);
    pin.sha512[63] ^= 1;
    ck_assert_int_eq(stream(&pin, "abc", 3), WEFT_ERR_MISMATCH);
    pin.length = 0;
    pin.has_sha512 = false;
    ck_assert_int_eq(stream(&pin, "", 1), WEFT_ERR_OK);
    weft_digest_free(NULL);
    json_decref(entry);
}
END_TEST

static Suite *path_suite(void)
{
    Suite *suite = suite_create("path");
    WEFT_ADD_ROWS(suite, test_document, documents);
    WEFT_ADD_ROWS(suite, test_target, targets);
    WEFT_ADD(suite, test_too_long);
    WEFT_ADD_ROWS(suite, test_plain, plain);
    WEFT_ADD(suite, test_plain_sha512);
    WEFT_ADD_ROWS(suite, test_place, places);
    WEFT_ADD(suite, test_digest);
    return suite;
}

WEFT_CHECK_MAIN(path_suite)
