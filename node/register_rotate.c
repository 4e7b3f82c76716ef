/* SPDX-License-Identifier: Apache-2.0 */
/* How does the mesh get another key without a break? The next key lies beside the present one, in
 * DATA/admit/next.key, and counts already, until every node had time to ask the server for it; then
 * it takes the place of the present one, which counts no more. Each of the two steps makes all
 * certificates void, so that everybody asks. What a crash interrupts is done again at the next
 * call: next.key goes last. See register.h. */
#include "register_state.h"

#include "log.h"
#include "units.h"

#include "../protocol/transport/bytes.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED_BYTES = 32, FILE_BYTES = SEED_BYTES + 8 };

static bool path_of(char path[WEFT_FILE_PATH_BYTES], const char *data_dir)
{
    char directory[WEFT_FILE_PATH_BYTES];
    return weft_fileio_join(directory, data_dir, "admit") &&
           weft_fileio_join(path, directory, "next.key");
}

/* Read next.key. Errors: NOT_FOUND, FORMAT, of fileio.h, with |message|. */
static enum weft_err load(const char *data_dir, uint8_t seed[SEED_BYTES], uint64_t *switch_s,
                          struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (!path_of(path, data_dir)) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_membership_file_guard(path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_fileio_load(path, FILE_BYTES, &bytes, &length);
    if (err == WEFT_ERR_OK && length == FILE_BYTES) {
        memcpy(seed, bytes, SEED_BYTES);
        *switch_s = weft_bytes_get(bytes + SEED_BYTES, 8);
    } else {
        err = err == WEFT_ERR_OK ? WEFT_ERR_FORMAT : err;
        weft_message_set(message, "cannot read the next mesh key %.300s: %s", path,
                         weft_err_text(err));
    }
    if (bytes != NULL) {
        sodium_memzero(bytes, length);
        free(bytes);
    }
    return err;
}

/* Write it. The seed is the first half of what libsodium calls a secret key. */
static enum weft_err save(const struct weft_register *reg, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t bytes[FILE_BYTES];
    if (!path_of(path, reg->data_dir)) {
        return WEFT_ERR_LIMIT;
    }
    memcpy(bytes, reg->next_secret, SEED_BYTES);
    weft_bytes_put(bytes + SEED_BYTES, 8, reg->switch_s);
    enum weft_err err = weft_fileio_replace(path, bytes, sizeof(bytes), 0600);
    sodium_memzero(bytes, sizeof(bytes));
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %.300s: %s", path, weft_err_text(err));
    }
    return err;
}

static void set_next(struct weft_register *reg, const uint8_t seed[SEED_BYTES], uint64_t switch_s)
{
    crypto_sign_ed25519_seed_keypair(reg->membership.next, reg->next_secret, seed);
    reg->switch_s = switch_s;
}

/* Everybody asks for a certificate, the server first. */
static enum weft_err renew_all(struct weft_register *reg, struct weft_message *message)
{
    struct weft_revocation floor = {.floor = weft_register_serial(reg)};
    struct weft_register_node *own = weft_register_find(reg, reg->membership.id);
    if (own == NULL) {
        weft_message_set(message, "the server is not in its own register: it is damaged");
        return WEFT_ERR_FORMAT;
    }
    weft_register_issue(reg, own, WEFT_CERTIFICATE_S, reg->membership.certificate);
    enum weft_err err =
        weft_membership_file_save(reg->data_dir, &reg->membership, &reg->server, message);
    return err == WEFT_ERR_OK ? weft_register_publish(reg, &floor, message) : err;
}

/* The next key becomes the present one. */
static enum weft_err take_place(struct weft_register *reg, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    enum weft_err err = weft_register_save_key(reg, reg->next_secret, message);
    if (err == WEFT_ERR_OK) {
        memcpy(reg->secret, reg->next_secret, sizeof(reg->secret));
        memcpy(reg->membership.signer, reg->membership.next, sizeof(reg->membership.signer));
        memset(reg->membership.next, 0, sizeof(reg->membership.next));
        err = renew_all(reg, message);
    }
    if (err == WEFT_ERR_OK && path_of(path, reg->data_dir) && unlink(path) == 0) {
        reg->switch_s = 0;
        weft_log(WEFT_LOG_INFO, "the mesh has another key now; keep a copy of %s/admit/mesh.key",
                 reg->data_dir);
    }
    sodium_memzero(reg->next_secret, sizeof(reg->next_secret));
    return err;
}

enum weft_err weft_register_turn(struct weft_register *reg, struct weft_message *message)
{
    uint8_t seed[SEED_BYTES];
    uint64_t switch_s = 0;
    memcpy(reg->membership.signer, reg->secret + SEED_BYTES, sizeof(reg->membership.signer));
    memset(reg->membership.next, 0, sizeof(reg->membership.next));
    enum weft_err err = load(reg->data_dir, seed, &switch_s, message);
    if (err != WEFT_ERR_OK) {
        return err == WEFT_ERR_NOT_FOUND ? WEFT_ERR_OK : err;
    }
    set_next(reg, seed, switch_s);
    sodium_memzero(seed, sizeof(seed));
    return weft_membership_now_s() >= switch_s ? take_place(reg, message) : WEFT_ERR_OK;
}

enum weft_err weft_register_rotate(const char *data_dir, uint64_t grace_s,
                                   struct weft_message *message)
{
    struct weft_register reg;
    enum weft_err err = weft_register_open(&reg, data_dir, message);
    if (err == WEFT_ERR_OK && reg.server.address.port == 0) {
        weft_message_set(message, "no node of this mesh can ask for another key, because it was "
                                  "made without --listen; make a new mesh in another --data, and "
                                  "admit the nodes to it");
        err = WEFT_ERR_ARGUMENT;
    }
    if (err == WEFT_ERR_OK) {
        bool is_new = reg.switch_s == 0;
        uint8_t seed[SEED_BYTES];
        randombytes_buf(seed, sizeof(seed));
        set_next(&reg, is_new ? seed : reg.next_secret, weft_membership_now_s() + grace_s);
        sodium_memzero(seed, sizeof(seed));
        err = save(&reg, message);
        if (err == WEFT_ERR_OK && is_new) {
            err = renew_all(&reg, message);
        }
    }
    if (err == WEFT_ERR_OK) {
        weft_message_set(message, "%s", weft_units_date((int64_t)reg.switch_s).text);
    }
    weft_register_close(&reg);
    return err;
}

enum weft_err weft_register_settle(const char *data_dir, struct weft_message *message)
{
    struct weft_register reg;
    uint8_t seed[SEED_BYTES];
    uint64_t switch_s = 0;
    enum weft_err err = load(data_dir, seed, &switch_s, message);
    sodium_memzero(seed, sizeof(seed));
    if (err != WEFT_ERR_OK) {
        return err == WEFT_ERR_NOT_FOUND ? WEFT_ERR_OK : err;
    }
    if (weft_membership_now_s() >= switch_s) {
        err = weft_register_open(&reg, data_dir, message); /* it does it */
        weft_register_close(&reg);
    }
    return err;
}
