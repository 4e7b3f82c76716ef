/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts of root documents. A draft has the form of a root from its first moment, only signatures
 * are missing; so the code that verifies roots reads it. */
#include "node/root_draft.h"

#include "protocol/trust/date.h"
#include "protocol/trust/root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEC_VERSION "1.0.31"

json_t *weft_root_draft_body(const struct weft_root_draft *draft)
{
    return json_object_get(draft->document, "signed");
}

uint64_t weft_root_draft_version(const struct weft_root_draft *draft)
{
    uint64_t version = 0;
    weft_json_uint(weft_root_draft_body(draft), "version", 1, INT64_MAX, &version);
    return version;
}

/* The document around |body|, which is taken over. */
static enum weft_err begin(struct weft_root_draft *draft, json_t *body)
{
    *draft = (struct weft_root_draft){.document =
                                          json_pack("{s:[], s:o}", "signatures", "signed", body)};
    return draft->document != NULL ? WEFT_ERR_OK : WEFT_ERR_MEMORY;
}

enum weft_err weft_root_draft_new(struct weft_root_draft *draft, int64_t expires_s)
{
    char expires[WEFT_DATE_BYTES];
    weft_date_print(expires_s, expires);
    json_t *body = json_pack("{s:s, s:s, s:s, s:i, s:b, s:{}, s:{}}", "_type", "root",
                             "spec_version", SPEC_VERSION, "expires", expires, "version", 1,
                             "consistent_snapshot", 1, "keys", "roles");
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        json_object_set_new(json_object_get(body, "roles"), weft_role_name((enum weft_role)role),
                            json_pack("{s:[], s:i}", "keyids", "threshold", 1));
    }
    return begin(draft, body);
}

enum weft_err weft_root_draft_next(struct weft_root_draft *draft, const struct weft_metadata *root,
                                   int64_t expires_s)
{
    char expires[WEFT_DATE_BYTES];
    weft_date_print(expires_s, expires);
    json_t *body = json_deep_copy(root->body);
    json_object_set_new(body, "expires", json_string(expires));
    json_object_set_new(body, "version", json_integer((json_int_t)root->version + 1));
    return begin(draft, body);
}

/* Read the file |path| as a root. */
static enum weft_err read_root(const char *path, struct weft_metadata **root,
                               struct weft_message *message)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_fault fault;
    *root = NULL;
    enum weft_err err =
        weft_fileio_load(path, weft_role_bytes_max(WEFT_ROLE_ROOT), &bytes, &length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot read %s: %s", path, weft_err_text(err));
        return err;
    }
    err = weft_metadata_parse(WEFT_ROLE_ROOT, NULL, bytes, length, root, &fault);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "%s is not a root document: %s", path, fault.text);
    }
    free(bytes);
    return err;
}

static enum weft_err read_previous(struct weft_root_draft *draft, const char *repository,
                                   struct weft_message *message)
{
    uint64_t version = weft_root_draft_version(draft);
    char name[64];
    char path[WEFT_FILE_PATH_BYTES];
    if (version <= 1 || repository == NULL) {
        return WEFT_ERR_OK;
    }
    snprintf(name, sizeof name, "metadata/%llu.root.json", (unsigned long long)version - 1);
    if (!weft_fileio_join(path, repository, name)) {
        weft_message_set(message, "the path of --repo is too long");
        return WEFT_ERR_LIMIT;
    }
    return read_root(path, &draft->previous, message);
}

enum weft_err weft_root_draft_load(struct weft_root_draft *draft, const char *path,
                                   const char *repository, struct weft_message *message)
{
    struct weft_metadata *root = NULL;
    *draft = (struct weft_root_draft){.document = NULL};
    enum weft_err err = read_root(path, &root, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    draft->document = json_incref(root->document);
    weft_metadata_drop(root);
    return read_previous(draft, repository, message);
}

enum weft_err weft_root_draft_save(const struct weft_root_draft *draft, const char *path,
                                   struct weft_message *message)
{
    char *text = json_dumps(draft->document, JSON_INDENT(1) | JSON_SORT_KEYS);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (text != NULL) {
        err = weft_fileio_replace(path, text, strlen(text), 0644);
        free(text);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}

void weft_root_draft_free(struct weft_root_draft *draft)
{
    json_decref(draft->document);
    weft_metadata_drop(draft->previous);
    *draft = (struct weft_root_draft){.document = NULL};
}

/* Add the key of the file |path| to the document and to |keyids|. */
static enum weft_err add_key(struct weft_root_draft *draft, json_t *keyids, const char *path,
                             struct weft_message *message)
{
    struct weft_keyfile *key = NULL;
    enum weft_err err = weft_keyfile_load(path, &key, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    const char *id = weft_keyfile_id(key);
    json_t *keys = json_object_get(weft_root_draft_body(draft), "keys");
    if (json_object_set(keys, id, weft_keyfile_public(key)) != 0 ||
        json_array_append_new(keyids, json_string(id)) != 0) {
        weft_message_set(message, "out of memory to add a key");
        err = WEFT_ERR_MEMORY;
    }
    weft_keyfile_free(key);
    return err;
}

enum weft_err weft_root_draft_role(struct weft_root_draft *draft, enum weft_role role,
                                   const char *const *paths, uint32_t count, uint64_t threshold,
                                   struct weft_message *message)
{
    const char *name = weft_role_name(role);
    json_t *entry = json_object_get(json_object_get(weft_root_draft_body(draft), "roles"), name);
    json_t *keyids = json_object_get(entry, "keyids");
    enum weft_err err = WEFT_ERR_OK;
    if (count > 0) {
        json_array_clear(keyids);
    }
    for (uint32_t i = 0; i < count && err == WEFT_ERR_OK; i++) {
        err = add_key(draft, keyids, paths[i], message);
    }
    if (err == WEFT_ERR_OK && threshold > 0) {
        json_object_set_new(entry, "threshold", json_integer((json_int_t)threshold));
    }
    struct weft_signers signers = weft_root_signers(weft_root_draft_body(draft), role);
    if (err == WEFT_ERR_OK && signers.threshold > json_array_size(keyids)) {
        weft_message_set(message,
                         "role %s has %zu keys, but %llu of them would have to sign; give it more "
                         "with --%s FILE.pub or lower its --%s-threshold",
                         name, json_array_size(keyids), (unsigned long long)signers.threshold, name,
                         name);
        err = WEFT_ERR_ARGUMENT;
    }
    return err;
}

static bool is_named(const json_t *roles, const char *keyid)
{
    const char *role;
    json_t *entry;
    json_object_foreach((json_t *)(uintptr_t)roles, role, entry)
    {
        size_t i;
        json_t *id;
        json_array_foreach(json_object_get(entry, "keyids"), i, id)
        {
            if (strcmp(json_string_value(id), keyid) == 0) {
                return true;
            }
        }
    }
    return false;
}

void weft_root_draft_tidy(struct weft_root_draft *draft)
{
    json_t *body = weft_root_draft_body(draft);
    json_t *keys = json_object_get(body, "keys");
    const char *keyid;
    json_t *key;
    void *next;
    json_object_foreach_safe(keys, next, keyid, key)
    {
        if (!is_named(json_object_get(body, "roles"), keyid)) {
            json_object_del(keys, keyid);
        }
    }
}

static struct weft_signers signers_of(const struct weft_root_draft *draft, bool for_previous)
{
    const json_t *body = for_previous ? draft->previous->body : weft_root_draft_body(draft);
    return weft_root_signers(body, WEFT_ROLE_ROOT);
}

enum weft_err weft_root_draft_tally(const struct weft_root_draft *draft, bool for_previous,
                                    struct weft_root_tally *tally)
{
    *tally = (struct weft_root_tally){.signers = signers_of(draft, for_previous),
                                      .signed_by = json_object()};
    return tally->signed_by != NULL && weft_signers_count(&tally->signers, draft->document,
                                                          tally->signed_by, &tally->count)
               ? WEFT_ERR_OK
               : WEFT_ERR_MEMORY;
}

/* Put |signature| into the document, instead of one by the same key. */
static void put_signature(struct weft_root_draft *draft, json_t *signature)
{
    json_t *list = json_object_get(draft->document, "signatures");
    const char *keyid = weft_json_text(signature, "keyid");
    for (size_t i = json_array_size(list); i > 0; i--) {
        if (strcmp(weft_json_text(json_array_get(list, i - 1), "keyid"), keyid) == 0) {
            json_array_remove(list, i - 1);
        }
    }
    json_array_append(list, signature);
}

static enum weft_err sign_for(struct weft_root_draft *draft, struct weft_keyring *ring,
                              bool for_previous, uint64_t *added, struct weft_message *message)
{
    struct weft_signers signers = signers_of(draft, for_previous);
    uint8_t *bytes = NULL;
    size_t length = 0;
    json_t *signed_document = NULL;
    enum weft_err err =
        weft_keyring_sign(ring, &signers, weft_root_draft_body(draft), &bytes, &length, message);
    if (err == WEFT_ERR_OK) {
        err = weft_json_parse(bytes, length, &signed_document);
    }
    size_t i;
    json_t *signature;
    json_array_foreach(json_object_get(signed_document, "signatures"), i, signature)
    {
        put_signature(draft, signature);
        (*added)++;
    }
    json_decref(signed_document);
    free(bytes);
    return err;
}

enum weft_err weft_root_draft_sign(struct weft_root_draft *draft, struct weft_keyring *ring,
                                   uint64_t *added, struct weft_message *message)
{
    *added = 0;
    enum weft_err err = sign_for(draft, ring, false, added, message);
    if (err == WEFT_ERR_OK && draft->previous != NULL) {
        uint64_t again = 0;
        err = sign_for(draft, ring, true, &again, message);
        *added = again > *added ? again : *added;
    }
    return err;
}
