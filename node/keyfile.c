/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: made once, never overwritten, wiped from memory after use. */
#include "node/keyfile.h"

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

#define KEYFILE_BYTES_MAX 4096
#define SEED_BYTES crypto_sign_ed25519_SEEDBYTES

struct weft_keyfile {
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES]; /* wiped by free */
    json_t *public_key;                                 /* owned */
    char id[2 * WEFT_SHA256_BYTES + 1];                 /* hex */
};

/* The key of |seed|; NULL without memory. */
static struct weft_keyfile *from_seed(const uint8_t seed[SEED_BYTES])
{
    uint8_t public_key[crypto_sign_ed25519_PUBLICKEYBYTES];
    struct weft_keyfile *keyfile = calloc(1, sizeof *keyfile);
    if (keyfile == NULL) {
        return NULL;
    }
    crypto_sign_ed25519_seed_keypair(public_key, keyfile->secret, seed);
    keyfile->public_key = weft_key_of_ed25519(public_key);
    if (keyfile->public_key == NULL ||
        weft_key_id(keyfile->public_key, keyfile->id) != WEFT_ERR_OK) {
        weft_keyfile_free(keyfile);
        return NULL;
    }
    return keyfile;
}

static bool path_of(char *path, const char *directory, enum weft_role role,
                    struct weft_message *message)
{
    char name[64];
    snprintf(name, sizeof name, "%s.key", weft_role_name(role));
    if (!weft_fileio_join(path, directory, name)) {
        weft_message_set(message, "the path of key directory %.200s is too long", directory);
        return false;
    }
    return true;
}

/* Create |path| with |text|, durably; never over an existing file. */
static enum weft_err write_new(const char *path, const char *text, struct weft_message *message)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
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

enum weft_err weft_keyfile_create(const char *directory, enum weft_role role,
                                  char id[2 * WEFT_SHA256_BYTES + 1], struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!path_of(path, directory, role, message)) {
        return WEFT_ERR_LIMIT;
    }
    uint8_t seed[SEED_BYTES];
    char seed_text[2 * SEED_BYTES + 1];
    char text[512];
    randombytes_buf(seed, sizeof seed);
    struct weft_keyfile *keyfile = from_seed(seed);
    weft_hex_encode(seed, sizeof seed, seed_text);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (keyfile != NULL) {
        const json_t *keyval = json_object_get(keyfile->public_key, "keyval");
        snprintf(text, sizeof text,
                 "{\n  \"keytype\": \"ed25519\",\n  \"scheme\": \"ed25519\",\n  \"keyval\": {\n"
                 "    \"private\": \"%s\",\n    \"public\": \"%s\"\n  }\n}\n",
                 seed_text, weft_json_text(keyval, "public"));
        memcpy(id, keyfile->id, sizeof keyfile->id);
        err = write_new(path, text, message);
    } else {
        weft_message_set(message, "out of memory to make a key");
    }
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(seed_text, sizeof seed_text);
    sodium_memzero(text, sizeof text);
    weft_keyfile_free(keyfile);
    return err == WEFT_ERR_OK ? weft_fileio_sync_dir(directory) : err;
}

/* A key that others may read is stolen already. */
static enum weft_err check_mode(const char *path, struct weft_message *message)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return weft_message_errno(message, errno, "read the key", path);
    }
    if ((status.st_mode & 077) != 0) {
        weft_message_set(message, "%s can be read by other users (mode %04o); run: chmod 600 %s",
                         path, (unsigned)(status.st_mode & 07777), path);
        return WEFT_ERR_PERMISSION;
    }
    return WEFT_ERR_OK;
}

static enum weft_err parse(const uint8_t *bytes, size_t length, struct weft_keyfile **keyfile)
{
    json_t *json = NULL;
    if (weft_json_parse(bytes, length, &json) != WEFT_ERR_OK) {
        return WEFT_ERR_FORMAT;
    }
    uint8_t seed[SEED_BYTES];
    const json_t *keyval = json_object_get(json, "keyval");
    const char *keytype = weft_json_text(json, "keytype");
    const char *public_text = weft_json_text(keyval, "public");
    enum weft_err err = WEFT_ERR_FORMAT;
    if (keytype != NULL && strcmp(keytype, "ed25519") == 0 && public_text != NULL &&
        weft_hex_decode(weft_json_text(keyval, "private"), seed, sizeof seed)) {
        *keyfile = from_seed(seed);
        err = *keyfile != NULL ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
    }
    if (err == WEFT_ERR_OK) {
        const json_t *own = json_object_get((*keyfile)->public_key, "keyval");
        if (strcmp(weft_json_text(own, "public"), public_text) != 0) {
            weft_keyfile_free(*keyfile);
            *keyfile = NULL;
            err = WEFT_ERR_FORMAT;
        }
    }
    sodium_memzero(seed, sizeof seed);
    json_decref(json);
    return err;
}

enum weft_err weft_keyfile_load(const char *directory, enum weft_role role,
                                struct weft_keyfile **keyfile, struct weft_message *message)
{
    *keyfile = NULL;
    char path[WEFT_FILE_PATH_BYTES];
    if (!path_of(path, directory, role, message)) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = check_mode(path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    uint8_t *bytes = NULL;
    size_t length = 0;
    err = weft_fileio_load(path, KEYFILE_BYTES_MAX, &bytes, &length);
    if (err == WEFT_ERR_OK) {
        err = parse(bytes, length, keyfile);
        sodium_memzero(bytes, length);
        free(bytes);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot use the key %s: %s", path,
                         err == WEFT_ERR_FORMAT ? "it is not a key file made by weft keygen"
                                                : weft_err_text(err));
    }
    return err;
}

void weft_keyfile_free(struct weft_keyfile *keyfile)
{
    if (keyfile != NULL) {
        sodium_memzero(keyfile->secret, sizeof keyfile->secret);
        json_decref(keyfile->public_key);
        free(keyfile);
    }
}

const char *weft_keyfile_id(const struct weft_keyfile *keyfile)
{
    return keyfile->id;
}

json_t *weft_keyfile_public(const struct weft_keyfile *keyfile)
{
    return keyfile->public_key;
}

enum weft_err weft_keyfile_sign(const struct weft_keyfile *keyfile, json_t *body, uint8_t **bytes,
                                size_t *length)
{
    *bytes = NULL;
    *length = 0;
    uint8_t *message = NULL;
    size_t message_length = 0;
    enum weft_err err = weft_json_canonical(body, &message, &message_length);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    uint8_t signature[crypto_sign_ed25519_BYTES];
    char text[2 * crypto_sign_ed25519_BYTES + 1];
    crypto_sign_ed25519_detached(signature, NULL, message, message_length, keyfile->secret);
    free(message);
    weft_hex_encode(signature, sizeof signature, text);
    json_t *document = json_pack("{s:[{s:s, s:s}], s:O}", "signatures", "keyid", keyfile->id, "sig",
                                 text, "signed", body);
    char *dumped = document ? json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(document);
    if (dumped == NULL) {
        return WEFT_ERR_MEMORY;
    }
    *bytes = (uint8_t *)dumped;
    *length = strlen(dumped);
    return WEFT_ERR_OK;
}
