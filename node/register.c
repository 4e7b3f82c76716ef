/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in; see register.h. Every refusal is a sentence for the machine that asked: why, and
 * what to do. */
#include "register_state.h"

#include "log.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A certificate begins a while ago: clocks differ. */
#define BACKDATED_S 3600

enum { REQUEST_NAME_AT = 1 + WEFT_TOKEN_BYTES };

/* ---- Certificates ---- */

uint64_t weft_register_serial(struct weft_register *reg)
{
    uint64_t now_ms = weft_membership_now_s() * 1000;
    reg->serial = now_ms > reg->serial ? now_ms : reg->serial + 1;
    return reg->serial;
}

void weft_register_issue(struct weft_register *reg, struct weft_register_node *node,
                         uint64_t life_s, uint8_t certificate[WEFT_CERTIFICATE_BYTES])
{
    bool is_server = memcmp(node->key, reg->membership.own.open, sizeof(node->key)) == 0;
    uint64_t now_s = weft_membership_now_s();
    int flags = (is_server ? WEFT_CERTIFICATE_SERVER : 0) |
                (node->is_no_agent ? WEFT_CERTIFICATE_NO_AGENT : 0);
    struct weft_certificate made = {.flags = (uint8_t)flags,
                                    .group = node->group,
                                    .serial = weft_register_serial(reg),
                                    .not_before_s = now_s - BACKDATED_S,
                                    .not_after_s = now_s + life_s};
    node->until_s = made.not_after_s > node->until_s ? made.not_after_s : node->until_s;
    memcpy(made.key, node->key, sizeof(made.key));
    memcpy(made.name, node->name, sizeof(made.name));
    weft_certificate_sign(&made, reg->membership.mesh, reg->secret, certificate);
}

struct weft_register_node *weft_register_find(struct weft_register *reg, weft_node_id id)
{
    for (uint32_t i = 0; i < reg->node_count; i++) {
        if (reg->nodes[i].id == id) {
            return &reg->nodes[i];
        }
    }
    return NULL;
}

struct weft_register_node *weft_register_find_name(struct weft_register *reg, const char *name)
{
    for (uint32_t i = 0; i < reg->node_count; i++) {
        if (!reg->nodes[i].is_revoked && strcmp(reg->nodes[i].name, name) == 0) {
            return &reg->nodes[i];
        }
    }
    return NULL;
}

/* Enter |key| as |name|; NULL with |why| if that cannot be. */
static struct weft_register_node *enter(struct weft_register *reg, const uint8_t key[32],
                                        const char *name, uint16_t group, const char **why)
{
    struct weft_register_node *node = weft_register_find(reg, weft_certificate_id(key));
    const struct weft_register_node *other = weft_register_find_name(reg, name);
    if (node != NULL && (node->is_revoked || memcmp(node->key, key, sizeof(node->key)) != 0)) {
        *why = "this node was thrown out; to let the machine in again, remove node.key in its data "
               "directory and join with a new token";
        return NULL;
    }
    if (other != NULL && other != node) {
        *why =
            "another node has this name; choose one with --name, or throw the other one out with "
            "weft revoke";
        return NULL;
    }
    node = node != NULL ? node : weft_register_add(reg);
    if (node == NULL) {
        *why = "the server is out of memory";
        return NULL;
    }
    node->id = weft_certificate_id(key);
    node->group = group;
    memcpy(node->key, key, sizeof(node->key));
    snprintf(node->name, sizeof(node->name), "%s", name);
    return node;
}

/* ---- Tokens ---- */

enum weft_err weft_register_token(const char *data_dir, uint32_t uses, uint32_t hours,
                                  uint16_t group, bool is_no_agent,
                                  char text[WEFT_TOKEN_TEXT_BYTES], struct weft_message *message)
{
    struct weft_register reg;
    enum weft_err err = weft_register_open(&reg, data_dir, message);
    if (err == WEFT_ERR_OK && reg.server.address.port == 0) {
        weft_message_set(message, "this mesh was made without --listen, so that nobody answers a "
                                  "token; on the node run: weft join --request FILE, and here: "
                                  "weft admit FILE");
        err = WEFT_ERR_ARGUMENT;
    }
    if (err == WEFT_ERR_OK && reg.token_count == WEFT_TOKENS_MAX) {
        weft_message_set(message, "there are %d tokens already; wait until one has expired",
                         WEFT_TOKENS_MAX);
        err = WEFT_ERR_LIMIT;
    }
    if (err == WEFT_ERR_OK) {
        uint8_t bytes[WEFT_TOKEN_BYTES];
        struct weft_token token = {.expires_s = weft_membership_now_s() + 3600 * (uint64_t)hours,
                                   .address = reg.server.address};
        struct weft_register_token *entry = &reg.tokens[reg.token_count++];
        memcpy(token.mesh, reg.membership.mesh, sizeof(token.mesh));
        memcpy(token.server, reg.membership.own.open, sizeof(token.server));
        randombytes_buf(token.id, sizeof(token.id));
        randombytes_buf(token.secret, sizeof(token.secret));
        weft_token_put(&token, bytes);
        memcpy(entry->id, token.id, sizeof(entry->id));
        weft_token_digest(bytes, entry->digest);
        entry->uses = uses;
        entry->expires_s = token.expires_s;
        entry->group = group;
        entry->is_no_agent = is_no_agent;
        err = weft_register_save(&reg, message);
        weft_token_format(&token, text);
        sodium_memzero(&token, sizeof(token));
        sodium_memzero(bytes, sizeof(bytes));
    }
    weft_register_close(&reg);
    return err;
}

/* The entry of a token; NULL with |why|. All of it counts. */
static struct weft_register_token *find_token(struct weft_register *reg,
                                              const uint8_t token[WEFT_TOKEN_BYTES],
                                              const char **why)
{
    for (uint32_t i = 0; i < reg->token_count; i++) {
        if (weft_token_has_digest(token, reg->tokens[i].digest)) {
            return &reg->tokens[i];
        }
    }
    *why = "the token is used up, has expired, or is not one of this server; on the server, "
           "run: weft token";
    return NULL;
}

/* ---- Requests ---- */

static size_t refuse(uint8_t *reply, const char *why)
{
    size_t length = strlen(why);
    reply[0] = 1;
    memcpy(reply + 1, why, length);
    return 1 + length;
}

/* The certificate, and what a member has to know. */
static size_t grant(struct weft_register *reg, struct weft_register_node *node, uint8_t *reply)
{
    reply[0] = 0;
    weft_register_issue(reg, node, WEFT_CERTIFICATE_S, reply + 1);
    memcpy(reply + WEFT_REGISTER_CONTACT_AT, reg->membership.contact.secret, 32);
    memcpy(reply + WEFT_REGISTER_SIGNER_AT, reg->membership.signer, WEFT_MESH_KEY_BYTES);
    memcpy(reply + WEFT_REGISTER_NEXT_AT, reg->membership.next, WEFT_MESH_KEY_BYTES);
    memcpy(reply + WEFT_REGISTER_REVOCATION_AT, reg->membership.revocation,
           reg->membership.revocation_length);
    return WEFT_REGISTER_REVOCATION_AT + reg->membership.revocation_length;
}

static struct weft_register_node *join(struct weft_register *reg, const uint8_t key[32],
                                       const uint8_t *request, size_t length, const char **why)
{
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1] = "";
    if (length <= REQUEST_NAME_AT || length > REQUEST_NAME_AT + WEFT_CERTIFICATE_NAME_BYTES) {
        *why = "the request cannot be understood; are both machines of the same version?";
        return NULL;
    }
    memcpy(name, request + REQUEST_NAME_AT, length - REQUEST_NAME_AT);
    if (!weft_certificate_name_ok(name)) {
        *why = "a node is named by 1 to 32 letters, digits, '.', '_' and '-'; use --name";
        return NULL;
    }
    struct weft_register_token *token = find_token(reg, request + 1, why);
    if (token == NULL) {
        return NULL;
    }
    bool is_new = weft_register_find(reg, weft_certificate_id(key)) == NULL;
    struct weft_register_node *node = enter(reg, key, name, token->group, why);
    if (node != NULL) {
        node->is_no_agent = token->is_no_agent;
        token->uses -= is_new ? 1 : 0;
    }
    return node;
}

static struct weft_register_node *renew(struct weft_register *reg, const uint8_t key[32],
                                        const char **why)
{
    struct weft_register_node *node = weft_register_find(reg, weft_certificate_id(key));
    if (node == NULL || node->is_revoked) {
        *why = node == NULL ? "this node is not in the register; run: weft join TOKEN"
                            : "this node was thrown out";
        return NULL;
    }
    return node;
}

size_t weft_register_answer(const char *data_dir, const uint8_t key[32], const uint8_t *request,
                            size_t length, uint8_t *reply)
{
    struct weft_register reg;
    struct weft_message message = {.text = ""};
    const char *why = "this kind of request is not known";
    struct weft_register_node *node = NULL;
    size_t reply_length = 0;
    if (weft_register_open(&reg, data_dir, &message) != WEFT_ERR_OK) {
        weft_log(WEFT_LOG_WARNING, "cannot admit: %s", message.text);
        weft_register_close(&reg);
        return refuse(reply, "the server cannot read its register; see its log");
    }
    if (request[0] == WEFT_REGISTER_JOIN) {
        node = join(&reg, key, request, length, &why);
    } else if (request[0] == WEFT_REGISTER_RENEW) {
        node = renew(&reg, key, &why);
    }
    if (node == NULL) {
        weft_log(WEFT_LOG_WARNING, "refused to admit node %016llx: %s",
                 (unsigned long long)weft_certificate_id(key), why);
        reply_length = refuse(reply, why);
    } else {
        reply_length = grant(&reg, node, reply);
        weft_log(WEFT_LOG_INFO, "%s node %016llx, %s",
                 request[0] == WEFT_REGISTER_JOIN ? "admitted" : "renewed",
                 (unsigned long long)node->id, node->name);
        if (weft_register_save(&reg, &message) != WEFT_ERR_OK) {
            weft_log(WEFT_LOG_WARNING, "cannot admit: %s", message.text);
            reply_length = refuse(reply, "the server cannot write its register; see its log");
        }
    }
    weft_register_close(&reg);
    return reply_length;
}

/* ---- Commands ---- */

enum weft_err weft_register_init(const char *data_dir, const struct weft_address *address,
                                 const char *name, struct weft_message *message)
{
    struct weft_register reg;
    const char *why = "";
    if (weft_membership_file_exists(data_dir)) {
        weft_message_set(message,
                         "%s belongs to a mesh already; name another --data directory, or remove "
                         "membership and admit/ in it if no node trusts them",
                         data_dir);
        return WEFT_ERR_EXISTS;
    }
    enum weft_err err = weft_register_create(&reg, data_dir, message);
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_key(data_dir, &reg.membership.own, message);
    }
    if (err == WEFT_ERR_OK) {
        memcpy(reg.membership.mesh, reg.secret + 32, WEFT_MESH_KEY_BYTES);
        memcpy(reg.membership.signer, reg.secret + 32, WEFT_MESH_KEY_BYTES);
        randombytes_buf(reg.membership.contact.secret, sizeof(reg.membership.contact.secret));
        memcpy(reg.server.key, reg.membership.own.open, sizeof(reg.server.key));
        if (address != NULL) {
            reg.server.address = *address;
        }
        struct weft_register_node *node = enter(&reg, reg.membership.own.open, name, 0, &why);
        err = node == NULL ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
        if (node != NULL) {
            weft_register_issue(&reg, node, WEFT_CERTIFICATE_S, reg.membership.certificate);
        }
    }
    if (err == WEFT_ERR_OK) {
        err = weft_register_save(&reg, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_save(data_dir, &reg.membership, &reg.server, message);
    }
    weft_register_close(&reg);
    return err;
}

enum weft_err weft_register_place(const char *data_dir, const char *node_dir, const char *name,
                                  struct weft_message *message)
{
    struct weft_register reg;
    struct weft_membership made;
    const char *why = "";
    enum weft_err err = weft_register_open(&reg, data_dir, message);
    if (err == WEFT_ERR_OK) {
        made = reg.membership;
        err = weft_fileio_make_dirs(node_dir, 0755);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_key(node_dir, &made.own, message);
    }
    if (err == WEFT_ERR_OK) {
        struct weft_register_node *node = enter(&reg, made.own.open, name, 0, &why);
        if (node == NULL) {
            weft_message_set(message, "%s", why);
            err = WEFT_ERR_EXISTS;
        } else {
            weft_register_issue(&reg, node, WEFT_CERTIFICATE_S, made.certificate);
            err = weft_register_save(&reg, message);
        }
    }
    if (err == WEFT_ERR_OK) {
        err = weft_membership_file_save(node_dir, &made, &reg.server, message);
    }
    sodium_memzero(&made, sizeof(made));
    weft_register_close(&reg);
    return err;
}

/* Is the request one for this mesh, and of these days? */
static bool is_askable(const struct weft_register *reg, const struct weft_request *request,
                       struct weft_message *message)
{
    uint64_t now_s = weft_membership_now_s();
    if (request->tag != 0 && request->tag != reg->membership.tag) {
        weft_message_set(message,
                         "node %s is in another mesh, %016llx; the key here is that of %016llx. To "
                         "change over, remove membership and node.key in its data directory, and "
                         "make another request",
                         request->name, (unsigned long long)request->tag,
                         (unsigned long long)reg->membership.tag);
        return false;
    }
    if (request->made_s > now_s + WEFT_CERTIFICATE_SKEW_S ||
        now_s > request->made_s + WEFT_REQUEST_S) {
        weft_message_set(message,
                         "the request of node %s is of another time than these %d days: make "
                         "another one on it, and compare the clocks of both machines",
                         request->name, WEFT_REQUEST_S / 86400);
        return false;
    }
    return true;
}

/* All that a member has to know, for the node of |request|. */
static bool answer(const struct weft_register *reg, const struct weft_request *request,
                   struct weft_admission *admission, char *text)
{
    const struct weft_membership *membership = &reg->membership;
    memcpy(admission->nonce, request->nonce, sizeof(admission->nonce));
    memcpy(admission->mesh, membership->mesh, sizeof(admission->mesh));
    memcpy(admission->signer, membership->signer, sizeof(admission->signer));
    memcpy(admission->next, membership->next, sizeof(admission->next));
    memcpy(admission->server, reg->server.key, sizeof(admission->server));
    admission->address = reg->server.address;
    memcpy(admission->contact, membership->contact.secret, sizeof(admission->contact));
    memcpy(admission->revocation, membership->revocation, membership->revocation_length);
    admission->revocation_length = membership->revocation_length;
    return weft_admission_format(admission, reg->secret, request->key, text);
}

enum weft_err weft_register_admit(const char *data_dir, const struct weft_request *request,
                                  uint16_t group, bool is_no_agent, uint32_t days,
                                  char text[WEFT_ADMISSION_TEXT_BYTES],
                                  struct weft_message *message)
{
    struct weft_register reg;
    struct weft_admission admission;
    const char *why = "its key is not a usable one";
    enum weft_err err = weft_register_open(&reg, data_dir, message);
    if (err == WEFT_ERR_OK && !is_askable(&reg, request, message)) {
        err = WEFT_ERR_PERMISSION;
    }
    if (err == WEFT_ERR_OK) {
        const struct weft_register_node *known =
            weft_register_find(&reg, weft_certificate_id(request->key));
        uint16_t kept = group == 0 && known != NULL ? known->group : group;
        struct weft_register_node *node = enter(&reg, request->key, request->name, kept, &why);
        if (node != NULL) {
            node->is_no_agent = node->is_no_agent || is_no_agent;
            weft_register_issue(&reg, node, (uint64_t)days * 86400, admission.certificate);
        }
        if (node == NULL || !answer(&reg, request, &admission, text)) {
            weft_message_set(message, "refused node %s: %s", request->name, why);
            err = WEFT_ERR_PERMISSION;
        }
    }
    if (err == WEFT_ERR_OK) {
        err = weft_register_save(&reg, message);
    }
    sodium_memzero(&admission, sizeof(admission));
    weft_register_close(&reg);
    return err;
}
