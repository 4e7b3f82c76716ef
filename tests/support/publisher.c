/* SPDX-License-Identifier: Apache-2.0 */
/* Signed documents for tests. Signs with libsodium directly and not with the publisher's code of
 * node/, so that both are checked against each other by the client. */
#include "tests/support/publisher.h"

#include "protocol/trust/hex.h"
#include "protocol/trust/key.h"
#include "protocol/trust/sha256.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void insist(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "publisher: %s\n", what);
        abort();
    }
}

static void make_key(struct publisher_key *key, int number)
{
    uint8_t seed[32];
    uint8_t public_key[32];
    memset(seed, number + 1, sizeof seed);
    crypto_sign_ed25519_seed_keypair(public_key, key->secret, seed);
    key->key = weft_key_of_ed25519(public_key);
    insist(key->key && weft_key_id(key->key, key->id) == WEFT_ERR_OK, "no key");
}

static json_t *make_body(enum weft_role role)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "_type", weft_role_name(role), "spec_version",
                     "1.0.31", "expires", PUBLISHER_VALID, "version", 1);
}

void publisher_begin(struct publisher *publisher)
{
    memset(publisher, 0, sizeof *publisher);
    for (int i = 0; i < PUBLISHER_KEYS; i++) {
        make_key(&publisher->keys[i], i);
    }
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        publisher->bodies[role] = make_body((enum weft_role)role);
        publisher->signers[role] = PUBLISHER_KEY(role);
    }
    json_t *root = publisher->bodies[WEFT_ROLE_ROOT];
    json_object_set_new(root, "consistent_snapshot", json_true());
    json_object_set_new(root, "keys", json_object());
    json_object_set_new(root, "roles", json_object());
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        publisher_role(publisher, (enum weft_role)role, PUBLISHER_KEY(role), 1);
    }
    json_object_set_new(publisher->bodies[WEFT_ROLE_TARGETS], "targets", json_object());
    json_object_set_new(publisher->bodies[WEFT_ROLE_SNAPSHOT], "meta", json_object());
    json_object_set_new(publisher->bodies[WEFT_ROLE_TIMESTAMP], "meta", json_object());
}

void publisher_end(struct publisher *publisher)
{
    for (int i = 0; i < PUBLISHER_KEYS; i++) {
        json_decref(publisher->keys[i].key);
    }
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        json_decref(publisher->bodies[role]);
    }
    for (size_t i = 0; i < publisher->role_count; i++) {
        json_decref(publisher->roles[i].body);
    }
}

void publisher_role(struct publisher *publisher, enum weft_role role, unsigned keys, int threshold)
{
    json_t *root = publisher->bodies[WEFT_ROLE_ROOT];
    json_t *keyids = json_array();
    for (int i = 0; i < PUBLISHER_KEYS; i++) {
        if (keys & PUBLISHER_KEY(i)) {
            const struct publisher_key *key = &publisher->keys[i];
            json_object_set(json_object_get(root, "keys"), key->id, key->key);
            json_array_append_new(keyids, json_string(key->id));
        }
    }
    json_t *entry = json_pack("{s:o, s:i}", "keyids", keyids, "threshold", threshold);
    json_object_set_new(json_object_get(root, "roles"), weft_role_name(role), entry);
}

void publisher_version(struct publisher *publisher, enum weft_role role, int version)
{
    json_object_set_new(publisher->bodies[role], "version", json_integer(version));
}

struct publisher_document publisher_sign(const struct publisher *publisher, json_t *body,
                                         unsigned keys)
{
    uint8_t *message = NULL;
    size_t length = 0;
    insist(weft_json_canonical(body, &message, &length) == WEFT_ERR_OK, "not canonical");
    json_t *signatures = json_array();
    for (int i = 0; i < PUBLISHER_KEYS; i++) {
        if (keys & PUBLISHER_KEY(i)) {
            uint8_t signature[64];
            char text[129];
            crypto_sign_ed25519_detached(signature, NULL, message, length,
                                         publisher->keys[i].secret);
            weft_hex_encode(signature, sizeof signature, text);
            json_array_append_new(
                signatures, json_pack("{s:s, s:s}", "keyid", publisher->keys[i].id, "sig", text));
        }
    }
    free(message);
    json_t *document = json_pack("{s:o, s:O}", "signatures", signatures, "signed", body);
    char *text = json_dumps(document, JSON_INDENT(1));
    json_decref(document);
    insist(text != NULL, "no memory");
    return (struct publisher_document){(uint8_t *)text, strlen(text)};
}

static void pin_document(struct publisher *publisher, enum weft_role role, const char *name,
                         json_t *child, struct publisher_document document)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char hex[WEFT_SHA256_HEX_BYTES];
    insist(weft_sha256_of(document.bytes, document.length, digest), "no hash");
    weft_sha256_hex(digest, hex);
    json_t *version = json_object_get(child, "version");
    json_t *entry = json_pack("{s:O, s:I, s:{s:s}}", "version", version, "length",
                              (json_int_t)document.length, "hashes", "sha256", hex);
    json_object_set_new(json_object_get(publisher->bodies[role], "meta"), name, entry);
    publisher_free(&document);
}

static void pin(struct publisher *publisher, enum weft_role role, const char *name,
                enum weft_role child)
{
    pin_document(publisher, role, name, publisher->bodies[child], publisher_make(publisher, child));
}

struct publisher_document publisher_make_role(struct publisher *publisher,
                                              const struct publisher_role *role)
{
    return publisher_sign(publisher, role->body, role->signers);
}

static void pin_roles(struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->role_count; i++) {
        struct publisher_role *role = &publisher->roles[i];
        char name[256];
        snprintf(name, sizeof name, "%s.json", role->name);
        if (role->is_unlisted) {
            json_object_del(json_object_get(publisher->bodies[WEFT_ROLE_SNAPSHOT], "meta"), name);
        } else {
            pin_document(publisher, WEFT_ROLE_SNAPSHOT, name, role->body,
                         publisher_make_role(publisher, role));
        }
    }
}

struct publisher_document publisher_make(struct publisher *publisher, enum weft_role role)
{
    if (role == WEFT_ROLE_SNAPSHOT) {
        pin(publisher, role, "targets.json", WEFT_ROLE_TARGETS);
        pin_roles(publisher);
    } else if (role == WEFT_ROLE_TIMESTAMP) {
        pin(publisher, role, "snapshot.json", WEFT_ROLE_SNAPSHOT);
    }
    return publisher_sign(publisher, publisher->bodies[role], publisher->signers[role]);
}

void publisher_free(struct publisher_document *document)
{
    free(document->bytes);
    document->bytes = NULL;
}

struct weft_trust *publisher_client(struct publisher *publisher)
{
    struct weft_trust *trust = weft_trust_new();
    struct publisher_document root = publisher_make(publisher, WEFT_ROLE_ROOT);
    insist(weft_trust_load_root(trust, root.bytes, root.length) == WEFT_ERR_OK, "no root");
    publisher_free(&root);
    return trust;
}

static bool has_version(const struct publisher *publisher, const struct weft_trust_want *want)
{
    json_t *version = json_object_get(publisher->bodies[want->role], "version");
    return want->role != WEFT_ROLE_ROOT || (uint64_t)json_integer_value(version) == want->version;
}

enum weft_err publisher_update(struct publisher *publisher, struct weft_trust *trust)
{
    struct weft_trust_want want;
    enum weft_err err = WEFT_ERR_OK;
    while (err == WEFT_ERR_OK && weft_trust_wanted(trust, &want)) {
        if (!has_version(publisher, &want)) {
            err = weft_trust_give_up(trust, WEFT_ERR_NOT_FOUND);
            continue;
        }
        struct publisher_document document = publisher_make(publisher, want.role);
        err = weft_trust_feed(trust, document.bytes, document.length);
        publisher_free(&document);
    }
    return weft_trust_stage(trust) == WEFT_TRUST_DONE ? WEFT_ERR_OK : weft_trust_fault(trust)->err;
}

enum weft_err publisher_refresh(struct publisher *publisher, struct weft_trust *trust)
{
    weft_trust_begin(trust, PUBLISHER_NOW_S, UINT64_MAX);
    return publisher_update(publisher, trust);
}

static struct publisher_role *find_role(struct publisher *publisher, const char *name)
{
    size_t i = 0;
    while (i < publisher->role_count && strcmp(publisher->roles[i].name, name) != 0) {
        i++;
    }
    return i < publisher->role_count ? &publisher->roles[i] : NULL;
}

json_t *publisher_body(struct publisher *publisher, const char *name)
{
    struct publisher_role *role = name ? find_role(publisher, name) : NULL;
    insist(!name || role, "no such role");
    return role ? role->body : publisher->bodies[WEFT_ROLE_TARGETS];
}

static struct publisher_role *make_role(struct publisher *publisher, const char *name)
{
    insist(publisher->role_count < PUBLISHER_ROLES, "too many roles");
    struct publisher_role *role = &publisher->roles[publisher->role_count++];
    *role = (struct publisher_role){.name = name, .body = make_body(WEFT_ROLE_TARGETS)};
    json_object_set_new(role->body, "targets", json_object());
    return role;
}

struct publisher_role *publisher_delegate(struct publisher *publisher, const char *from,
                                          const char *name, unsigned keys, const char *paths,
                                          bool is_terminating)
{
    json_t *body = publisher_body(publisher, from);
    json_t *delegations = json_object_get(body, "delegations");
    if (!delegations) {
        delegations = json_pack("{s:{}, s:[]}", "keys", "roles");
        json_object_set_new(body, "delegations", delegations);
    }
    json_t *keyids = json_array();
    int threshold = 0;
    for (int i = 0; i < PUBLISHER_KEYS; i++) {
        if (keys & PUBLISHER_KEY(i)) {
            const struct publisher_key *key = &publisher->keys[i];
            json_object_set(json_object_get(delegations, "keys"), key->id, key->key);
            json_array_append_new(keyids, json_string(key->id));
            threshold++;
        }
    }
    json_array_append_new(json_object_get(delegations, "roles"),
                          json_pack("{s:s, s:o, s:i, s:o, s:b}", "name", name, "keyids", keyids,
                                    "threshold", threshold, "paths", json_loads(paths, 0, NULL),
                                    "terminating", is_terminating));
    struct publisher_role *role = find_role(publisher, name);
    if (!role) {
        role = make_role(publisher, name);
        role->signers = keys;
    }
    return role;
}

void publisher_target(struct publisher *publisher, const char *name, const char *path,
                      const char *text)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char hex[WEFT_SHA256_HEX_BYTES];
    insist(weft_sha256_of(text, strlen(text), digest), "no hash");
    weft_sha256_hex(digest, hex);
    json_object_set_new(
        json_object_get(publisher_body(publisher, name), "targets"), path,
        json_pack("{s:I, s:{s:s}}", "length", (json_int_t)strlen(text), "hashes", "sha256", hex));
}

void publisher_release(struct publisher *publisher, const char *name, const char *component,
                       const char *version, int order)
{
    char hex[WEFT_SHA256_HEX_BYTES];
    char path[256];
    memset(hex, '0' + order % 10, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    snprintf(path, sizeof path, "%s/%s/file", component, version);
    json_object_set_new(json_object_get(publisher_body(publisher, name), "targets"), path,
                        json_pack("{s:i, s:{s:s}, s:{s:{s:s, s:s, s:i, s:s, s:s, s:{s:i, s:s}}}}",
                                  "length", 5, "hashes", "sha256", hex, "custom", "weft",
                                  "component", component, "version", version, "order", order,
                                  "kind", "file", "file", "file", "index", "length", 40, "sha256",
                                  hex));
}

/* Give |trust| the delegated document that it wants. */
static void feed_role(struct publisher *publisher, struct weft_trust *trust)
{
    struct weft_trust_want want;
    insist(weft_trust_wanted_role(trust, &want), "pending, but nothing is wanted");
    struct publisher_role *role = find_role(publisher, want.name);
    size_t used = strlen(publisher->visited);
    snprintf(publisher->visited + used, sizeof publisher->visited - used, "%s%s",
             used > 0 ? " " : "", want.name);
    if (!role || role->is_missing) {
        weft_trust_give_up_role(trust, WEFT_ERR_UNREACHABLE);
        return;
    }
    role->want_count++;
    struct publisher_document document = publisher_make_role(publisher, role);
    enum weft_err err = weft_trust_feed_role(trust, document.bytes, document.length);
    if (err != WEFT_ERR_OK) {
        weft_trust_give_up_role(trust, err);
    }
    publisher_free(&document);
}

enum weft_err publisher_seek(struct publisher *publisher, struct weft_trust *trust,
                             const char *path, struct weft_release_info *info)
{
    enum weft_err err = WEFT_ERR_PENDING;
    publisher->visited[0] = '\0';
    while ((err = weft_trust_seek_target(trust, path, info)) == WEFT_ERR_PENDING) {
        feed_role(publisher, trust);
    }
    return err;
}

enum weft_err publisher_seek_component(struct publisher *publisher, struct weft_trust *trust,
                                       const char *component, struct weft_release_info *info)
{
    enum weft_err err = WEFT_ERR_PENDING;
    publisher->visited[0] = '\0';
    while ((err = weft_trust_seek_component(trust, component, info)) == WEFT_ERR_PENDING) {
        feed_role(publisher, trust);
    }
    return err;
}
