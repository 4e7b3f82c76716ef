/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: made once, never overwritten, wiped from memory after use. */
#include "node/keyfile.h"

#include "node/keyfile_seal.h"
#include "protocol/trust/hex.h"
#include "protocol/trust/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct weft_keyfile {
    uint8_t *secret;                    /* [crypto_sign_ed25519_SECRETKEYBYTES], locked memory;
                                           owned; NULL = locked or not there */
    json_t *sealed;                     /* owned; NULL = the private key is not sealed */
    json_t *public_key;                 /* owned */
    char id[2 * WEFT_SHA256_BYTES + 1]; /* hex */
    char path[WEFT_FILE_PATH_BYTES];    /* where it is from, for messages */
};

/* Fill the private key from |seed|, which must be that of the public one if there is one already.
 * Errors: SIGNATURE (it is not), MEMORY. */
static enum weft_err take_seed(struct weft_keyfile *keyfile,
                               const uint8_t seed[WEFT_KEYFILE_SEED_BYTES])
{
    uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];
    keyfile->secret = sodium_malloc(crypto_sign_ed25519_SECRETKEYBYTES);
    if (keyfile->secret == NULL) {
        return WEFT_ERR_MEMORY;
    }
    crypto_sign_ed25519_seed_keypair(public_key, keyfile->secret, seed);
    json_t *own = weft_key_of_ed25519(public_key);
    enum weft_err err = own != NULL ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
    if (err == WEFT_ERR_OK && keyfile->public_key == NULL) {
        keyfile->public_key = json_incref(own);
    } else if (err == WEFT_ERR_OK && !json_equal(own, keyfile->public_key)) {
        err = WEFT_ERR_SIGNATURE;
    }
    if (err != WEFT_ERR_OK) {
        sodium_free(keyfile->secret);
        keyfile->secret = NULL;
    }
    json_decref(own);
    return err;
}

void weft_keyfile_free(struct weft_keyfile *keyfile)
{
    if (keyfile != NULL) {
        sodium_free(keyfile->secret);
        json_decref(keyfile->sealed);
        json_decref(keyfile->public_key);
        free(keyfile);
    }
}

/* Create |path| with |text|, durably; never over an existing file. */
static enum weft_err write_new(const char *path, const char *text, mode_t mode,
                               struct weft_message *message)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST) {
        weft_message_set(message,
                         "%s exists already and is not overwritten; name another --keys directory, "
                         "or move the old keys away if you are sure that no node trusts them",
                         path);
        return WEFT_ERR_EXISTS;
    }
    if (fd < 0) {
        return weft_message_errno(message, errno, "create", path);
    }
    enum weft_err err = weft_fileio_write(fd, text, strlen(text));
    if (err == WEFT_ERR_OK) {
        err = weft_fileio_sync(fd);
    }
    close(fd);
    if (err != WEFT_ERR_OK) {
        unlink(path);
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}

/* Write DIRECTORY/NAME.SUFFIX with the JSON text of |value|, which is wiped afterwards. */
static enum weft_err write_json(const char *directory, const char *name, const char *suffix,
                                const json_t *value, struct weft_message *message)
{
    char file[128];
    char path[WEFT_FILE_PATH_BYTES];
    char *text = value != NULL ? json_dumps(value, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    snprintf(file, sizeof file, "%s.%s", name, suffix);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (text == NULL) {
        weft_message_set(message, "out of memory to make a key");
    } else if (!weft_fileio_join(path, directory, file)) {
        weft_message_set(message, "the path of key directory %.200s is too long", directory);
        err = WEFT_ERR_LIMIT;
    } else {
        bool is_private = strcmp(suffix, "key") == 0;
        err = write_new(path, text, is_private ? 0600 : 0644, message);
    }
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
        free(text);
    }
    return err;
}

/* The content of a key file: the public key, and |seed| as it is or sealed. NULL without memory. */
static json_t *file_of(const struct weft_keyfile *keyfile,
                       const uint8_t seed[WEFT_KEYFILE_SEED_BYTES], const char *password)
{
    json_t *file = json_deep_copy(keyfile->public_key);
    char text[2 * WEFT_KEYFILE_SEED_BYTES + 1];
    int failed = -1;
    if (file != NULL && password != NULL) {
        failed = json_object_set_new(file, "sealed", weft_keyfile_seal(seed, password));
    } else if (file != NULL) {
        weft_hex_encode(seed, WEFT_KEYFILE_SEED_BYTES, text);
        failed = json_object_set_new(json_object_get(file, "keyval"), "private", json_string(text));
        sodium_memzero(text, sizeof text);
    }
    if (failed != 0) {
        json_decref(file);
        return NULL;
    }
    return file;
}

/* Write both files of the key |keyfile| made from |seed|. */
static enum weft_err write_files(const struct weft_keyfile *keyfile,
                                 const uint8_t seed[WEFT_KEYFILE_SEED_BYTES], const char *directory,
                                 const char *name, struct weft_password *password,
                                 struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    if (password != NULL) {
        err = weft_password_choose(password, directory, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    json_t *file = file_of(keyfile, seed, password != NULL ? password->text : NULL);
    err = write_json(directory, name, "key", file, message);
    json_decref(file);
    if (err == WEFT_ERR_OK) {
        err = write_json(directory, name, "pub", keyfile->public_key, message);
    }
    return err == WEFT_ERR_OK ? weft_fileio_sync_dir(directory) : err;
}

enum weft_err weft_keyfile_create(const char *directory, const char *name,
                                  struct weft_password *password,
                                  char id[2 * WEFT_SHA256_BYTES + 1], struct weft_message *message)
{
    uint8_t seed[WEFT_KEYFILE_SEED_BYTES];
    struct weft_keyfile *keyfile = calloc(1, sizeof *keyfile);
    randombytes_buf(seed, sizeof seed);
    enum weft_err err = keyfile != NULL ? take_seed(keyfile, seed) : WEFT_ERR_MEMORY;
    if (err == WEFT_ERR_OK) {
        err = weft_key_id(keyfile->public_key, id);
    }
    if (err == WEFT_ERR_OK) {
        err = write_files(keyfile, seed, directory, name, password, message);
    } else {
        weft_message_set(message, "out of memory to make a key");
    }
    sodium_memzero(seed, sizeof seed);
    weft_keyfile_free(keyfile);
    return err;
}

/* The private key of |file|, if there is one. Errors: FORMAT, SIGNATURE, MEMORY. */
static enum weft_err parse_private(struct weft_keyfile *keyfile, const json_t *file)
{
    json_t *text = json_object_get(json_object_get(file, "keyval"), "private");
    json_t *sealed = json_object_get(file, "sealed");
    uint8_t seed[WEFT_KEYFILE_SEED_BYTES];
    if (text == NULL && sealed == NULL) {
        return WEFT_ERR_OK;
    }
    if (sealed != NULL) {
        keyfile->sealed = json_incref(sealed);
        return text == NULL && weft_keyfile_seal_has_form(sealed) ? WEFT_ERR_OK : WEFT_ERR_FORMAT;
    }
    enum weft_err err = WEFT_ERR_FORMAT;
    if (weft_hex_decode(json_string_value(text), seed, sizeof seed)) {
        err = take_seed(keyfile, seed);
    }
    sodium_memzero(seed, sizeof seed);
    return err;
}

/* Keys of other types can be named in documents, but sign nothing here. */
static enum weft_err parse_file(struct weft_keyfile *keyfile, const json_t *file)
{
    uint8_t unused[WEFT_SHA256_BYTES];
    const char *public_text = weft_json_text(json_object_get(file, "keyval"), "public");
    const char *keytype = weft_json_text(file, "keytype");
    const char *scheme = weft_json_text(file, "scheme");
    if (!weft_key_is_known(file) || !weft_key_identity(file, unused)) {
        return WEFT_ERR_FORMAT;
    }
    keyfile->public_key = json_pack("{s:s, s:{s:s}, s:s}", "keytype", keytype, "keyval", "public",
                                    public_text, "scheme", scheme);
    if (keyfile->public_key == NULL ||
        weft_key_id(keyfile->public_key, keyfile->id) != WEFT_ERR_OK) {
        return WEFT_ERR_MEMORY;
    }
    return parse_private(keyfile, file);
}

enum weft_err weft_keyfile_parse(const char *path, const uint8_t *bytes, size_t length,
                                 struct weft_keyfile **keyfile)
{
    json_t *file = NULL;
    *keyfile = NULL;
    if (weft_json_parse(bytes, length, &file) != WEFT_ERR_OK) {
        return WEFT_ERR_FORMAT;
    }
    struct weft_keyfile *parsed = calloc(1, sizeof *parsed);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (parsed != NULL) {
        snprintf(parsed->path, sizeof parsed->path, "%s", path);
        err = parse_file(parsed, file);
    }
    if (err == WEFT_ERR_OK) {
        *keyfile = parsed;
    } else {
        weft_keyfile_free(parsed);
    }
    json_decref(file);
    return err == WEFT_ERR_MEMORY || err == WEFT_ERR_OK ? err : WEFT_ERR_FORMAT;
}

/* A private key that others may read is stolen already. */
static enum weft_err check_mode(const struct weft_keyfile *keyfile, struct weft_message *message)
{
    struct stat status;
    const char *path = keyfile->path;
    if (stat(path, &status) != 0) {
        return weft_message_errno(message, errno, "read the key", path);
    }
    if (weft_keyfile_is_private(keyfile) && (status.st_mode & 077) != 0) {
        weft_message_set(message, "%s can be read by other users (mode %04o); run: chmod 600 %s",
                         path, (unsigned)(status.st_mode & 07777), path);
        return WEFT_ERR_PERMISSION;
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_keyfile_load(const char *path, struct weft_keyfile **keyfile,
                                struct weft_message *message)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    *keyfile = NULL;
    enum weft_err err = weft_fileio_load(path, WEFT_KEYFILE_BYTES_MAX, &bytes, &length);
    if (err == WEFT_ERR_OK) {
        err = weft_keyfile_parse(path, bytes, length, keyfile);
        sodium_memzero(bytes, length);
        free(bytes);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot use the key %s: %s", path,
                         err == WEFT_ERR_FORMAT ? "it is not a key file made by weft keygen"
                                                : weft_err_text(err));
        return err;
    }
    err = check_mode(*keyfile, message);
    if (err != WEFT_ERR_OK) {
        weft_keyfile_free(*keyfile);
        *keyfile = NULL;
    }
    return err;
}

const char *weft_keyfile_id(const struct weft_keyfile *keyfile)
{
    return keyfile->id;
}

json_t *weft_keyfile_public(const struct weft_keyfile *keyfile)
{
    return keyfile->public_key;
}

bool weft_keyfile_is_private(const struct weft_keyfile *keyfile)
{
    return keyfile->secret != NULL || keyfile->sealed != NULL;
}

enum weft_err weft_keyfile_unlock(struct weft_keyfile *keyfile, struct weft_password *password,
                                  struct weft_message *message)
{
    uint8_t seed[WEFT_KEYFILE_SEED_BYTES];
    if (keyfile->secret != NULL) {
        return WEFT_ERR_OK;
    }
    if (keyfile->sealed == NULL) {
        weft_message_set(message, "%s is a public key: it cannot sign", keyfile->path);
        return WEFT_ERR_NOT_FOUND;
    }
    enum weft_err err = weft_password_get(password, keyfile->path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_keyfile_open_seal(keyfile->sealed, password->text, seed);
    err = err == WEFT_ERR_OK ? take_seed(keyfile, seed) : err;
    sodium_memzero(seed, sizeof seed);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot open the key %s: %s", keyfile->path,
                         err == WEFT_ERR_SIGNATURE
                             ? "the password is wrong, or the file was changed"
                             : weft_err_text(err));
    }
    return err;
}

json_t *weft_keyfile_sign(const struct weft_keyfile *keyfile, json_t *body)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    uint8_t signature[crypto_sign_ed25519_BYTES];
    char text[2 * crypto_sign_ed25519_BYTES + 1];
    if (keyfile->secret == NULL || weft_json_canonical(body, &bytes, &length) != WEFT_ERR_OK) {
        return NULL;
    }
    crypto_sign_ed25519_detached(signature, NULL, bytes, length, keyfile->secret);
    free(bytes);
    weft_hex_encode(signature, sizeof signature, text);
    return json_pack("{s:s, s:s}", "keyid", keyfile->id, "sig", text);
}
