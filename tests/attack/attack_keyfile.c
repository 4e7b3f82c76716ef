/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody gets hold of a publisher's key files, changes them, or waits for a publisher who is
 * careless. */
#include "tests/support/attack.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/keyfile.h"
#include "node/keygen.h"
#include "node/publish.h"
#include "protocol/trust/hex.h"
#include "protocol/trust/key.h"
#include "tests/support/words.h"

static char base[64];
static struct weft_message message;

static void begin(void)
{
    snprintf(base, sizeof base, "/tmp/weft-keyfile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_ge(sodium_init(), 0);
}

static void end(void)
{
    weft_fileio_remove(base);
}

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", base, name);
    return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    ck_assert_int_eq(weft_fileio_replace(path_of(name), text, strlen(text), mode), WEFT_ERR_OK);
}

/* A sealed key made here with libsodium, at the least cost: "password" opens it. */
static char *make_sealed(void)
{
    uint8_t seed[32];
    uint8_t public_key[32];
    uint8_t secret[64];
    uint8_t key[32];
    uint8_t salt[crypto_pwhash_SALTBYTES];
    uint8_t nonce[24];
    uint8_t box[48];
    char texts[3][128];
    memset(seed, 7, sizeof seed);
    memset(salt, 8, sizeof salt);
    memset(nonce, 9, sizeof nonce);
    crypto_sign_seed_keypair(public_key, secret, seed);
    ck_assert_int_eq(
        crypto_pwhash(key, sizeof key, "password", 8, salt, 1, 8192, crypto_pwhash_ALG_ARGON2ID13),
        0);
    crypto_secretbox_easy(box, seed, sizeof seed, nonce, key);
    weft_hex_encode(salt, sizeof salt, texts[0]);
    weft_hex_encode(nonce, sizeof nonce, texts[1]);
    weft_hex_encode(box, sizeof box, texts[2]);
    json_t *file = weft_key_of_ed25519(public_key);
    json_object_set_new(file, "sealed",
                        json_pack("{s:s, s:i, s:i, s:s, s:s, s:s}", "kdf", "argon2id", "operations",
                                  1, "memory", 8192, "salt", texts[0], "nonce", texts[1], "box",
                                  texts[2]));
    char *text = json_dumps(file, JSON_COMPACT);
    json_decref(file);
    return text;
}

/* Parse bytes[length] and unlock it; the key id it has then, or "". */
static enum weft_err open_key(const char *bytes, size_t length, const char *password, char id[65])
{
    struct weft_password given = {.is_known = true};
    struct weft_keyfile *key = NULL;
    snprintf(given.text, sizeof given.text, "%s", password);
    id[0] = '\0';
    enum weft_err err = weft_keyfile_parse("key", (const uint8_t *)bytes, length, &key);
    if (err == WEFT_ERR_OK) {
        err = weft_keyfile_unlock(key, &given, &message);
        snprintf(id, 65, "%s", weft_keyfile_id(key));
    }
    weft_keyfile_free(key);
    return err;
}

START_TEST(right_password)
{
    char id[65];
    char *text = make_sealed();
    begin();
    ck_assert_int_eq(open_key(text, strlen(text), "password", id), WEFT_ERR_OK);
    free(text);
    end();
}
END_TEST

START_TEST(wrong_password)
{
    static const char *const passwords[] = {"Password", "password ", "passwor", "x"};
    char id[65];
    char *text = make_sealed();
    begin();
    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
        ck_assert_int_eq(open_key(text, strlen(text), passwords[i], id), WEFT_ERR_SIGNATURE);
    }
    free(text);
    end();
}
END_TEST

/* Whatever is changed: no key, or the same key. */
START_TEST(every_bit)
{
    char id[65];
    char changed[65];
    char *text = make_sealed();
    size_t length = strlen(text);
    begin();
    ck_assert_int_eq(open_key(text, length, "password", id), WEFT_ERR_OK);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        /* The costs are numbers, and a higher one only takes longer. */
        if (open_key(text, length, "password", changed) == WEFT_ERR_OK) {
            ck_assert_int_eq(strcasecmp(id, changed), 0);
        }
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    free(text);
    end();
}
END_TEST

START_TEST(every_truncation)
{
    char id[65];
    char *text = make_sealed();
    begin();
    for (size_t length = 0; length < strlen(text); length++) {
        ck_assert_int_eq(open_key(text, length, "password", id), WEFT_ERR_FORMAT);
    }
    free(text);
    end();
}
END_TEST

/* A cost that would make the publisher's machine hang or swap. */
START_TEST(costly_file)
{
    static const struct {
        const char *member;
        json_int_t value;
    } costs[] = {
        {"memory", INT64_C(1) << 40}, {"memory", -1}, {"operations", 1000000}, {"operations", 0}};
    char id[65];
    char *text = make_sealed();
    begin();
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        json_t *file = json_loads(text, 0, NULL);
        json_object_set_new(json_object_get(file, "sealed"), costs[i].member,
                            json_integer(costs[i].value));
        char *changed = json_dumps(file, JSON_COMPACT);
        ck_assert_int_eq(open_key(changed, strlen(changed), "password", id), WEFT_ERR_FORMAT);
        free(changed);
        json_decref(file);
    }
    free(text);
    end();
}
END_TEST

/* The public key of somebody else beside the private one: signatures would name his key. */
START_TEST(swapped_public_key)
{
    uint8_t other[32];
    char hex[65];
    char id[65];
    begin();
    memset(other, 3, sizeof other);
    char *sealed = make_sealed();
    json_t *key = json_loads(sealed, 0, NULL);
    free(sealed);
    uint8_t secret[64];
    uint8_t public_key[32];
    crypto_sign_seed_keypair(public_key, secret, other);
    weft_hex_encode(public_key, sizeof public_key, hex);
    json_object_set_new(json_object_get(key, "keyval"), "public", json_string(hex));
    char *text = json_dumps(key, JSON_COMPACT);
    ck_assert_int_eq(open_key(text, strlen(text), "password", id), WEFT_ERR_SIGNATURE);
    free(text);
    json_decref(key);
    end();
}
END_TEST

static int refuses(const char *line)
{
    return words_run(weft_command_publish, line, base);
}

static void make_keys(const char *line)
{
    begin();
    write_file("password", "correct horse\n", 0600);
    write_file("payload", "good", 0644);
    ck_assert_int_eq(words_run(weft_command_keygen, line, base), 0);
}

START_TEST(open_modes)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0644, 0601};
    make_keys("keygen --keys @/keys");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ck_assert_int_eq(chmod(path_of("keys/root.key"), modes[i]), 0);
        ck_assert_int_eq(refuses("publish --repo @/repo --keys @/keys x @/payload"), 1);
        ck_assert_int_ne(access(path_of("repo/metadata/1.root.json"), F_OK), 0);
    }
    ck_assert_int_eq(chmod(path_of("keys/root.key"), 0600), 0);
    ck_assert_int_eq(refuses("publish --repo @/repo --keys @/keys x @/payload"), 0);
    end();
}
END_TEST

START_TEST(open_password_file)
{
    make_keys("keygen --keys @/keys --name targets --password-file @/password");
    ck_assert_int_eq(chmod(path_of("password"), 0644), 0);
    ck_assert_int_eq(words_run(weft_command_keygen,
                               "keygen --keys @/keys --name other --password-file @/password",
                               base),
                     1);
    ck_assert_int_ne(access(path_of("keys/other.key"), F_OK), 0);
    end();
}
END_TEST

START_TEST(directory_of_others)
{
    make_keys("keygen --keys @/keys");
    ck_assert_int_eq(mkdir(path_of("shared"), 0700), 0);
    ck_assert_int_eq(chmod(path_of("shared"), 0777), 0);
    ck_assert_int_eq(words_run(weft_command_keygen, "keygen --keys @/shared", base), 1);
    ck_assert_int_ne(access(path_of("shared/root.key"), F_OK), 0);
    end();
}
END_TEST

START_TEST(nothing_secret_is_written)
{
    struct stat status;
    make_keys("keygen --keys @/keys --name root --password-file @/password");
    ck_assert_int_eq(stat(path_of("keys/root.key"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    static const char *const names[] = {"keys/root.key", "keys/root.pub"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint8_t *bytes = NULL;
        size_t length = 0;
        ck_assert_int_eq(weft_fileio_load(path_of(names[i]), 8192, &bytes, &length), WEFT_ERR_OK);
        ck_assert_ptr_null(strstr((const char *)bytes, "private"));
        ck_assert_ptr_null(strstr((const char *)bytes, "correct horse"));
        free(bytes);
    }
    end();
}
END_TEST

START_TEST(never_overwritten)
{
    struct stat before;
    struct stat after;
    make_keys("keygen --keys @/keys");
    ck_assert_int_eq(stat(path_of("keys/root.key"), &before), 0);
    ck_assert_int_eq(unlink(path_of("keys/targets.key")), 0);
    ck_assert_int_eq(words_run(weft_command_keygen, "keygen --keys @/keys", base), 1);
    ck_assert_int_ne(access(path_of("keys/targets.key"), F_OK), 0);
    ck_assert_int_eq(stat(path_of("keys/root.key"), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    end();
}
END_TEST

int main(void)
{
    const struct attack_case cases[] = {
        {"key file: nobody attacks", "its password opens it", right_password},
        {"key file: 4 wrong passwords", "it stays closed", wrong_password},
        {"key file: every single bit is flipped", "no key, or the same", every_bit},
        {"key file: every truncation", "refused", every_truncation},
        {"key file: a cost that hangs or swaps", "refused", costly_file},
        {"key file: another's public key in it", "refused", swapped_public_key},
        {"key file: 5 modes that others may read", "not used", open_modes},
        {"key file: a password file that others may read", "not used", open_password_file},
        {"key file: a directory that others may write", "no key is made", directory_of_others},
        {"key file: stolen while encrypted", "neither key nor password is in it",
         nothing_secret_is_written},
        {"key file: a second keygen", "no key is overwritten, none is made", never_overwritten},
    };
    return attack_run(cases, sizeof cases / sizeof cases[0]);
}
