/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and thresholds. A threshold counts keys, not key ids, and nothing remembers that a document
 * was verified: it is verified again for whoever asks. */
#include "signers.h"

#include <stdlib.h>
#include <string.h>

#include "key.h"

enum weft_err weft_signers_check_keys(json_t *keys, const char *owner, struct weft_fault *fault)
{
    const char *keyid;
    json_t *key;
    if (!json_is_object(keys)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "%.64s has no valid keys", owner);
    }
    json_object_foreach(keys, keyid, key)
    {
        if (!weft_key_has_form(key)) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT,
                                  "key '%.64s' of %.64s lacks keytype, scheme or keyval", keyid,
                                  owner);
        }
    }
    return WEFT_ERR_OK;
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

enum weft_err weft_signers_check(const json_t *entry, const char *role, struct weft_fault *fault)
{
    const json_t *keyids = json_object_get(entry, "keyids");
    uint64_t threshold = 0;
    if (!weft_json_uint(entry, "threshold", 1, INT64_MAX, &threshold) || !json_is_array(keyids)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "role %.64s is given no keys or no valid threshold", role);
    }
    size_t count = json_array_size(keyids);
    if (count > WEFT_SIGNERS_KEYS_MAX) {
        return weft_fault_set(fault, WEFT_ERR_LIMIT, "role %.64s has more than %d keys", role,
                              WEFT_SIGNERS_KEYS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(keyids, i))) {
            return weft_fault_set(fault, WEFT_ERR_FORMAT, "a key id of role %.64s is not a string",
                                  role);
        }
    }
    if (has_repetition(keyids, count)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "role %.64s names a key twice", role);
    }
    return WEFT_ERR_OK;
}

struct weft_signers weft_signers_of(const json_t *keys, const json_t *entry)
{
    struct weft_signers signers = {
        .keys = keys, .keyids = json_object_get(entry, "keyids"), .threshold = INT64_MAX};
    weft_json_uint(entry, "threshold", 1, INT64_MAX, &signers.threshold);
    return signers;
}

static size_t keyid_count(const struct weft_signers *signers)
{
    size_t count = json_array_size(signers->keyids);
    return count < WEFT_SIGNERS_KEYS_MAX ? count : WEFT_SIGNERS_KEYS_MAX;
}

/* The key behind id number |i|; NULL if the set names one that it does not have. */
static const json_t *key_at(const struct weft_signers *signers, size_t i, const char **keyid)
{
    *keyid = json_string_value(json_array_get(signers->keyids, i));
    return json_object_get(signers->keys, *keyid);
}

static const char *signature_by(const json_t *document, const char *keyid)
{
    const json_t *signatures = json_object_get(document, "signatures");
    for (size_t i = 0; i < json_array_size(signatures); i++) {
        const json_t *signature = json_array_get(signatures, i);
        const char *id = weft_json_text(signature, "keyid");
        if (id && strcmp(id, keyid) == 0) {
            return weft_json_text(signature, "sig");
        }
    }
    return NULL;
}

struct tally {
    uint8_t keys[WEFT_SIGNERS_KEYS_MAX][WEFT_SHA256_BYTES]; /* identities of keys that signed */
    size_t count;                                           /* of keys */
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

bool weft_signers_count(const struct weft_signers *signers, json_t *document, json_t *signed_by,
                        uint64_t *count)
{
    uint8_t *message = NULL;
    size_t length = 0;
    *count = 0;
    if (weft_json_canonical(json_object_get(document, "signed"), &message, &length) !=
        WEFT_ERR_OK) {
        return false;
    }
    struct tally tally = {.count = 0};
    for (size_t i = 0; i < keyid_count(signers); i++) {
        const char *keyid = NULL;
        const json_t *key = key_at(signers, i, &keyid);
        const char *signature = key ? signature_by(document, keyid) : NULL;
        if (signature && weft_key_verify(key, signature, message, length)) {
            count_key(&tally, key);
            json_object_set_new(signed_by, keyid, json_true());
        }
    }
    free(message);
    *count = tally.count;
    return true;
}

enum weft_err weft_signers_verify(const struct weft_signers *signers, const char *whose,
                                  const struct weft_metadata *document, struct weft_fault *fault)
{
    uint64_t count = 0;
    if (!weft_signers_count(signers, document->document, NULL, &count)) {
        return weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to verify a document");
    }
    if (count < signers->threshold) {
        return weft_fault_set(fault, WEFT_ERR_SIGNATURE,
                              "%.64s version %llu is signed by %llu of the %llu keys that %.80s "
                              "asks for",
                              document->name, (unsigned long long)document->version,
                              (unsigned long long)count, (unsigned long long)signers->threshold,
                              whose);
    }
    return weft_fault_clear(fault);
}

static bool has_identity(const struct weft_signers *signers,
                         const uint8_t identity[WEFT_SHA256_BYTES])
{
    for (size_t i = 0; i < keyid_count(signers); i++) {
        const char *keyid = NULL;
        const json_t *key = key_at(signers, i, &keyid);
        uint8_t other[WEFT_SHA256_BYTES];
        if (weft_key_identity(key, other) && memcmp(identity, other, sizeof other) == 0) {
            return true;
        }
    }
    return false;
}

bool weft_signers_lost(const struct weft_signers *before, const struct weft_signers *after)
{
    for (size_t i = 0; i < keyid_count(before); i++) {
        const char *keyid = NULL;
        const json_t *key = key_at(before, i, &keyid);
        uint8_t identity[WEFT_SHA256_BYTES];
        if (weft_key_identity(key, identity) && !has_identity(after, identity)) {
            return true;
        }
    }
    return false;
}
