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

static void pin(struct publisher *publisher, enum weft_role role, const char *name,
                enum weft_role child)
{
    struct publisher_document document = publisher_make(publisher, child);
    uint8_t digest[WEFT_SHA256_BYTES];
    char hex[WEFT_SHA256_HEX_BYTES];
    insist(weft_sha256_of(document.bytes, document.length, digest), "no hash");
    weft_sha256_hex(digest, hex);
    json_t *version = json_object_get(publisher->bodies[child], "version");
    json_t *entry = json_pack("{s:O, s:I, s:{s:s}}", "version", version, "length",
                              (json_int_t)document.length, "hashes", "sha256", hex);
    json_object_set_new(json_object_get(publisher->bodies[role], "meta"), name, entry);
    publisher_free(&document);
}

struct publisher_document publisher_make(struct publisher *publisher, enum weft_role role)
{
    if (role == WEFT_ROLE_SNAPSHOT) {
        pin(publisher, role, "targets.json", WEFT_ROLE_TARGETS);
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
