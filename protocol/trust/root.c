/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, roles and thresholds. A threshold counts keys, not key ids: one key under two ids is one.
 * Nothing remembers that a document was verified; it is verified again under every new root. */
#include "root.h"

#include <stdlib.h>
#include <string.h>

#include "key.h"

/* More keys of one role than any publisher has; bounds the signatures that are checked. */
#define ROLE_KEYS_MAX 64

static const json_t *role_of(const json_t *body, enum weft_role role)
{
    return json_object_get(json_object_get(body, "roles"), weft_role_name(role));
}

static bool has_repetition(const json_t *texts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const char *text = json_string_value(json_array_get(texts, i));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(json_string_value(json_array_get(texts, k)), text) == 0) {
                return true;
            }
        }
    }
    return false;
}

static enum weft_err check_role(const json_t *body, enum weft_role role, struct weft_fault *fault)
{
    const char *name = weft_role_name(role);
    const json_t *entry = role_of(body, role);
    const json_t *keyids = json_object_get(entry, "keyids");
    uint64_t threshold = 0;
    if (!weft_json_uint(entry, "threshold", 1, INT64_MAX, &threshold) || !json_is_array(keyids)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "the root document gives role %s no keys or no valid threshold",
                              name);
    }
    size_t count = json_array_size(keyids);
    if (count > ROLE_KEYS_MAX) {
        return weft_fault_set(fault, WEFT_ERR_LIMIT, "role %s has more than %d keys", name,
                              ROLE_KEYS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(keyids, i))) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT, "a key id of role %s is not a string",
                                  name);
        }
    }
    if (has_repetition(keyids, count)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "role %s names a key twice", name);
    }
    return WEFT_ERR_OK;
}

enum weft_err weft_root_check(const json_t *body, struct weft_fault *fault)
{
    json_t *keys = json_object_get(body, "keys");
    const json_t *consistent = json_object_get(body, "consistent_snapshot");
    if (!json_is_object(keys) || (consistent && !json_is_boolean(consistent))) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "the root document has no valid keys or "
                              "consistent_snapshot");
    }
    const char *keyid;
    json_t *key;
    json_object_foreach(keys, keyid, key)
    {
        if (!weft_key_has_form(key)) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT,
                                  "key '%.64s' of the root document lacks "
                                  "keytype, scheme or keyval",
                                  keyid);
        }
    }
    enum weft_err err = WEFT_ERR_OK;
    for (int role = 0; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        err = check_role(body, (enum weft_role)role, fault);
    }
    return err;
}

static const char *signature_by(const struct weft_metadata *document, const char *keyid)
{
    const json_t *signatures = json_object_get(document->document, "signatures");
    for (size_t i = 0; i < json_array_size(signatures); i++) {
        const json_t *signature = json_array_get(signatures, i);
        if (strcmp(weft_json_text(signature, "keyid"), keyid) == 0) {
            return weft_json_text(signature, "sig");
        }
    }
    return NULL;
}

struct tally {
    uint8_t keys[ROLE_KEYS_MAX][WEFT_SHA256_BYTES]; /* identities of keys that signed */
    size_t count;                                   /* of keys */
};

static void count_key(struct tally *tally, const json_t *key)
{
    uint8_t *identity = tally->keys[tally->count];
    if (!weft_key_identity(key, identity)) {
        return;
    }
    for (size_t i = 0; i < tally->count; i++) {
        if (memcmp(tally->keys[i], identity, WEFT_SHA256_BYTES) == 0) {
            return;
        }
    }
    tally->count++;
}

enum weft_err weft_root_verify(const struct weft_metadata *root,
                               const struct weft_metadata *document, struct weft_fault *fault)
{
    uint8_t *message = NULL;
    size_t length = 0;
    if (weft_json_canonical(document->body, &message, &length) != WEFT_ERR_OK) {
        return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to verify a document");
    }
    const json_t *role = role_of(root->body, document->role);
    const json_t *keyids = json_object_get(role, "keyids");
    struct tally tally = {.count = 0};
    for (size_t i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        const json_t *key = json_object_get(json_object_get(root->body, "keys"), keyid);
        const char *signature = key ? signature_by(document, keyid) : NULL;
        if (signature && weft_key_verify(key, signature, message, length)) {
            count_key(&tally, key);
        }
    }
    free(message);
    uint64_t threshold = UINT64_MAX;
    weft_json_uint(role, "threshold", 1, INT64_MAX, &threshold);
    if (tally.count < threshold) {
        return weft_fault_set(fault, WEFT_ERR_SIGNATURE,
                              "%s version %llu is signed by %llu of the %llu keys that root "
                              "version %llu asks for",
                              weft_role_name(document->role), (unsigned long long)document->version,
                              (unsigned long long)tally.count, (unsigned long long)threshold,
                              (unsigned long long)root->version);
    }
    return weft_fault_clear(fault);
}

static bool gives_role(const struct weft_metadata *root, enum weft_role role,
                       const uint8_t identity[WEFT_SHA256_BYTES])
{
    const json_t *keyids = json_object_get(role_of(root->body, role), "keyids");
    for (size_t i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        uint8_t other[WEFT_SHA256_BYTES];
        if (weft_key_identity(json_object_get(json_object_get(root->body, "keys"), keyid), other) &&
            memcmp(identity, other, sizeof other) == 0) {
            return true;
        }
    }
    return false;
}

bool weft_root_lost_key(const struct weft_metadata *before, const struct weft_metadata *after,
                        enum weft_role role)
{
    const json_t *keyids = json_object_get(role_of(before->body, role), "keyids");
    for (size_t i = 0; i < json_array_size(keyids); i++) {
        const char *keyid = json_string_value(json_array_get(keyids, i));
        uint8_t identity[WEFT_SHA256_BYTES];
        const json_t *key = json_object_get(json_object_get(before->body, "keys"), keyid);
        if (weft_key_identity(key, identity) && !gives_role(after, role, identity)) {
            return true;
        }
    }
    return false;
}

bool weft_root_is_consistent(const struct weft_metadata *root)
{
    return json_is_true(json_object_get(root->body, "consistent_snapshot"));
}
