/* SPDX-License-Identifier: Apache-2.0 */
/* DATA/admit: mesh.key (the 32-byte seed, secret; next.key is the business of register_rotate.c),
 * register (text: "serial N", "token ID DIGEST USES EXPIRES GROUP", "node KEY GROUP STATE NAME
 * UNTIL" a line) and lock. All of it is only for the owner. */
#include "register_state.h"

#include "../protocol/trust/hex.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    SEED_BYTES = 32,
    REGISTER_BYTES_MAX = 4 * 1024 * 1024, /* a longer one is damaged: 30,000 nodes */
    LINE_BYTES = 256
};

static bool path_of(char *path, const struct weft_register *reg, const char *name)
{
    char directory[WEFT_FILE_PATH_BYTES];
    return weft_fileio_join(directory, reg->data_dir, "admit") &&
           weft_fileio_join(path, directory, name);
}

bool weft_register_exists(const char *data_dir)
{
    char directory[WEFT_FILE_PATH_BYTES];
    char path[WEFT_FILE_PATH_BYTES];
    return weft_fileio_join(directory, data_dir, "admit") &&
           weft_fileio_join(path, directory, "mesh.key") && access(path, F_OK) == 0;
}

static enum weft_err lock(struct weft_register *reg, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!path_of(path, reg, "lock")) {
        weft_message_set(message, "the path of the data directory is too long");
        return WEFT_ERR_LIMIT;
    }
    reg->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (reg->lock < 0 || flock(reg->lock, LOCK_EX) != 0) {
        return weft_message_errno(message, errno, "lock", path);
    }
    return WEFT_ERR_OK;
}

static void set_seed(struct weft_register *reg, const uint8_t seed[SEED_BYTES])
{
    uint8_t open[WEFT_MESH_KEY_BYTES];
    crypto_sign_ed25519_seed_keypair(open, reg->secret, seed);
}

static enum weft_err load_key(struct weft_register *reg, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *seed = NULL;
    size_t length = 0;
    if (!path_of(path, reg, "mesh.key")) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_membership_file_guard(path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_fileio_load(path, SEED_BYTES, &seed, &length);
    if (err == WEFT_ERR_OK && length == SEED_BYTES) {
        set_seed(reg, seed);
    } else {
        err = err == WEFT_ERR_OK ? WEFT_ERR_FORMAT : err;
        weft_message_set(message, "cannot read the mesh key %s: %s", path, weft_err_text(err));
    }
    if (seed != NULL) {
        sodium_memzero(seed, length);
        free(seed);
    }
    return err;
}

/* Ends the line of a token or node that may be no Update Agent. */
#define NO_AGENT "no-agent"

static bool read_token(struct weft_register *reg, const char *line)
{
    char id[32];
    char digest[2 * WEFT_TOKEN_DIGEST_BYTES + 1];
    unsigned uses = 0;
    unsigned group = 0;
    unsigned long long expires = 0;
    char agent[16] = "";
    if (reg->token_count == WEFT_TOKENS_MAX || sscanf(line, "token %16s %64s %u %llu %u %15s", id,
                                                      digest, &uses, &expires, &group, agent) < 5) {
        return false;
    }
    struct weft_register_token *token = &reg->tokens[reg->token_count];
    token->uses = uses;
    token->expires_s = expires;
    token->group = (uint16_t)group;
    token->is_no_agent = strcmp(agent, NO_AGENT) == 0;
    reg->token_count += expires > weft_membership_now_s() && uses > 0;
    return weft_hex_decode(id, token->id, sizeof(token->id)) &&
           weft_hex_decode(digest, token->digest, sizeof(token->digest));
}

struct weft_register_node *weft_register_add(struct weft_register *reg)
{
    /* Doubles at powers of two. */
    if ((reg->node_count & (reg->node_count - 1)) == 0) {
        size_t count = reg->node_count == 0 ? 1 : 2 * (size_t)reg->node_count;
        void *nodes = realloc(reg->nodes, count * sizeof(*reg->nodes));
        if (nodes == NULL) {
            return NULL;
        }
        reg->nodes = nodes;
    }
    struct weft_register_node *node = &reg->nodes[reg->node_count++];
    memset(node, 0, sizeof(*node));
    return node;
}

static bool read_node(struct weft_register *reg, const char *line)
{
    char key[2 * 32 + 1];
    char state[16];
    unsigned group = 0;
    unsigned long long until = 0; /* is not there in a register of an earlier version */
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1];
    char agent[16] = "";
    if (sscanf(line, "node %64s %u %15s %32s %llu %15s", key, &group, state, name, &until, agent) <
        4) {
        return false;
    }
    struct weft_register_node *node = weft_register_add(reg);
    if (node == NULL || !weft_hex_decode(key, node->key, sizeof(node->key))) {
        return false;
    }
    node->id = weft_certificate_id(node->key);
    node->group = (uint16_t)group;
    node->is_revoked = strcmp(state, "revoked") == 0;
    node->is_no_agent = strcmp(agent, NO_AGENT) == 0;
    node->until_s = until;
    memcpy(node->name, name, sizeof(name));
    return weft_certificate_name_ok(name) && (node->is_revoked || strcmp(state, "member") == 0);
}

static bool read_line(struct weft_register *reg, const char *line)
{
    unsigned long long serial = 0;
    if (line[0] == '\0') {
        return true;
    }
    if (sscanf(line, "serial %llu", &serial) == 1) {
        reg->serial = serial;
        return true;
    }
    return strncmp(line, "token ", 6) == 0 ? read_token(reg, line) : read_node(reg, line);
}

static enum weft_err load_register(struct weft_register *reg, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (!path_of(path, reg, "register")) {
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_fileio_load(path, REGISTER_BYTES_MAX, &bytes, &length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot read %s: %s", path, weft_err_text(err));
        return err;
    }
    char *rest = (char *)bytes;
    unsigned number = 0;
    for (char *line = strsep(&rest, "\n"); line != NULL && err == WEFT_ERR_OK;
         line = strsep(&rest, "\n")) {
        number++;
        if (!read_line(reg, line)) {
            weft_message_set(message, "%s is damaged in line %u", path, number);
            err = WEFT_ERR_FORMAT;
        }
    }
    free(bytes);
    return err;
}

enum weft_err weft_register_open(struct weft_register *reg, const char *data_dir,
                                 struct weft_message *message)
{
    memset(reg, 0, sizeof(*reg));
    reg->lock = -1;
    snprintf(reg->data_dir, sizeof(reg->data_dir), "%s", data_dir);
    if (!weft_register_exists(data_dir)) {
        weft_message_set(message,
                         "%s is not the data directory of a server: there is no admit/mesh.key; "
                         "run this where `weft init` was run, or name it with --data",
                         data_dir);
        return WEFT_ERR_NOT_FOUND;
    }
    enum weft_err err = lock(reg, message);
    if (err == WEFT_ERR_OK) {
        err = load_key(reg, message);
    }
    if (err == WEFT_ERR_OK) {
        err = load_register(reg, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_load(data_dir, &reg->membership, &reg->server, message);
    }
    return err == WEFT_ERR_OK ? weft_register_turn(reg, message) : err;
}

enum weft_err weft_register_save(const struct weft_register *reg, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    size_t size = (size_t)(reg->node_count + reg->token_count + 1) * LINE_BYTES;
    char *text = malloc(size);
    if (text == NULL || !path_of(path, reg, "register")) {
        free(text);
        return WEFT_ERR_MEMORY;
    }
    int used = snprintf(text, size, "serial %llu\n", (unsigned long long)reg->serial);
    for (uint32_t i = 0; i < reg->token_count; i++) {
        const struct weft_register_token *token = &reg->tokens[i];
        char id[2 * 8 + 1];
        char digest[2 * WEFT_TOKEN_DIGEST_BYTES + 1];
        weft_hex_encode(token->id, sizeof(token->id), id);
        weft_hex_encode(token->digest, sizeof(token->digest), digest);
        used += snprintf(text + used, size - (size_t)used, "token %s %s %u %llu %u%s\n", id, digest,
                         token->uses, (unsigned long long)token->expires_s, token->group,
                         token->is_no_agent ? " " NO_AGENT : "");
    }
    for (uint32_t i = 0; i < reg->node_count; i++) {
        const struct weft_register_node *node = &reg->nodes[i];
        char key[2 * 32 + 1];
        weft_hex_encode(node->key, sizeof(node->key), key);
        used += snprintf(text + used, size - (size_t)used, "node %s %u %s %s %llu%s\n", key,
                         node->group, node->is_revoked ? "revoked" : "member", node->name,
                         (unsigned long long)node->until_s, node->is_no_agent ? " " NO_AGENT : "");
    }
    enum weft_err err = weft_fileio_replace(path, text, (size_t)used, 0600);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    free(text);
    return err;
}

enum weft_err weft_register_save_key(const struct weft_register *reg,
                                     const uint8_t secret[WEFT_MESH_SECRET_BYTES],
                                     struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (!path_of(path, reg, "mesh.key")) {
        weft_message_set(message, "the path of the data directory is too long");
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_fileio_replace(path, secret, SEED_BYTES, 0600);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}

enum weft_err weft_register_create(struct weft_register *reg, const char *data_dir,
                                   struct weft_message *message)
{
    char directory[WEFT_FILE_PATH_BYTES];
    uint8_t seed[SEED_BYTES];
    memset(reg, 0, sizeof(*reg));
    reg->lock = -1;
    snprintf(reg->data_dir, sizeof(reg->data_dir), "%s", data_dir);
    if (!weft_fileio_join(directory, data_dir, "admit")) {
        weft_message_set(message, "the path of the data directory is too long");
        return WEFT_ERR_LIMIT;
    }
    enum weft_err err = weft_fileio_make_dirs(directory, 0700);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot make %s: %s", directory, weft_err_text(err));
        return err;
    }
    err = lock(reg, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    randombytes_buf(seed, sizeof(seed));
    set_seed(reg, seed);
    sodium_memzero(seed, sizeof(seed));
    return weft_register_save_key(reg, reg->secret, message);
}

void weft_register_close(struct weft_register *reg)
{
    if (reg->lock >= 0) {
        close(reg->lock);
    }
    free(reg->nodes);
    sodium_memzero(reg, sizeof(*reg));
    reg->lock = -1;
}
