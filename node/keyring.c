/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a directory. */
#include "node/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct weft_keyring {
    struct weft_keyfile *keys[WEFT_KEYRING_MAX]; /* [count]; owned */
    size_t count;                                /* keys */
    struct weft_password *password;              /* borrowed */
};

static bool is_key_name(const char *name)
{
    size_t length = strlen(name);
    return name[0] != '.' && length > 4 && strcmp(name + length - 4, ".key") == 0;
}

static enum weft_err add_key(struct weft_keyring *ring, const char *directory, const char *name,
                             struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (ring->count == WEFT_KEYRING_MAX || !weft_fileio_join(path, directory, name)) {
        weft_message_set(message, "%.300s has more than %d key files, or too long a path",
                         directory, WEFT_KEYRING_MAX);
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_keyfile_load(path, &ring->keys[ring->count], message);
    ring->count += err == WEFT_ERR_OK;
    return err;
}

static enum weft_err add_all(struct weft_keyring *ring, const char *directory,
                             struct weft_message *message)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    enum weft_err err = WEFT_ERR_OK;
    if (count < 0) {
        return weft_message_errno(message, errno, "read the keys in", directory);
    }
    for (int i = 0; i < count; i++) {
        if (err == WEFT_ERR_OK && is_key_name(entries[i]->d_name)) {
            err = add_key(ring, directory, entries[i]->d_name, message);
        }
        free(entries[i]);
    }
    free(entries);
    return err;
}

enum weft_err weft_keyring_open(const char *directory, struct weft_password *password,
                                struct weft_keyring **ring, struct weft_message *message)
{
    *ring = NULL;
    struct weft_keyring *opened = calloc(1, sizeof *opened);
    if (opened == NULL) {
        weft_message_set(message, "out of memory to read keys");
        return WEFT_ERR_MEMORY;
    }
    opened->password = password;
    enum weft_err err = add_all(opened, directory, message);
    if (err != WEFT_ERR_OK) {
        weft_keyring_free(opened);
        return err;
    }
    *ring = opened;
    return WEFT_ERR_OK;
}

void weft_keyring_free(struct weft_keyring *ring)
{
    if (ring != NULL) {
        for (size_t i = 0; i < ring->count; i++) {
            weft_keyfile_free(ring->keys[i]);
        }
        free(ring);
    }
}

static bool may_sign(const struct weft_signers *signers, const struct weft_keyfile *key)
{
    size_t i;
    json_t *id;
    json_array_foreach(signers->keyids, i, id)
    {
        if (strcmp(json_string_value(id), weft_keyfile_id(key)) == 0) {
            return weft_keyfile_is_private(key);
        }
    }
    return false;
}

uint64_t weft_keyring_count(const struct weft_keyring *ring, const struct weft_signers *signers)
{
    uint64_t count = 0;
    for (size_t i = 0; i < ring->count; i++) {
        count += may_sign(signers, ring->keys[i]);
    }
    return count;
}

/* A list of signatures by all keys that may; NULL with |message|. */
static json_t *signatures_of(struct weft_keyring *ring, const struct weft_signers *signers,
                             json_t *body, enum weft_err *err, struct weft_message *message)
{
    json_t *list = json_array();
    *err = WEFT_ERR_OK;
    for (size_t i = 0; i < ring->count && *err == WEFT_ERR_OK; i++) {
        struct weft_keyfile *key = ring->keys[i];
        if (!may_sign(signers, key)) {
            continue;
        }
        *err = weft_keyfile_unlock(key, ring->password, message);
        if (*err == WEFT_ERR_OK && json_array_append_new(list, weft_keyfile_sign(key, body)) != 0) {
            weft_message_set(message, "out of memory to sign a document");
            *err = WEFT_ERR_MEMORY;
        }
    }
    if (*err != WEFT_ERR_OK) {
        json_decref(list);
        return NULL;
    }
    return list;
}

enum weft_err weft_keyring_sign(struct weft_keyring *ring, const struct weft_signers *signers,
                                json_t *body, uint8_t **bytes, size_t *length,
                                struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    *bytes = NULL;
    *length = 0;
    json_t *signatures = signatures_of(ring, signers, body, &err, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    json_t *document = json_pack("{s:o, s:O}", "signatures", signatures, "signed", body);
    char *text = document ? json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(document);
    if (text == NULL) {
        weft_message_set(message, "out of memory to sign a document");
        return WEFT_ERR_MEMORY;
    }
    *bytes = (uint8_t *)text;
    *length = strlen(text);
    return WEFT_ERR_OK;
}
