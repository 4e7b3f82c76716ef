/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a generation, from the bottom up: targets, the snapshot that pins it, the
 * timestamp that pins the snapshot. Each is verified as a node will before the next is written. */
#include "node/repository_sign.h"

#include "node/repository_role.h"
#include "protocol/trust/date.h"
#include "protocol/trust/root.h"
#include "protocol/trust/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version of the specification that our documents follow. */
#define SPEC_VERSION "1.0.31"

json_t *weft_repository_body(const struct weft_repository *repository, enum weft_role role,
                             uint64_t version)
{
    char expires[WEFT_DATE_BYTES];
    weft_date_print(repository->now_s + repository->life.seconds[role], expires);
    return json_pack("{s:s, s:s, s:s, s:I}", "_type", weft_role_name(role), "spec_version",
                     SPEC_VERSION, "expires", expires, "version", (json_int_t)version);
}

static enum weft_err say_memory(struct weft_message *message)
{
    weft_message_set(message, "out of memory to sign a document");
    return WEFT_ERR_MEMORY;
}

static enum weft_err open_ring(struct weft_repository *repository, struct weft_message *message)
{
    return repository->ring != NULL ? WEFT_ERR_OK
                                    : weft_keyring_open(repository->keys, repository->password,
                                                        &repository->ring, message);
}

bool weft_repository_has_keys(struct weft_repository *repository,
                              const struct weft_signers *signers)
{
    struct weft_message unused;
    return open_ring(repository, &unused) == WEFT_ERR_OK &&
           weft_keyring_count(repository->ring, signers) >= signers->threshold;
}

/* Are enough keys of |signers| at hand to sign |whose| documents? Errors: SIGNATURE, ... */
static enum weft_err check_keys(struct weft_repository *repository,
                                const struct weft_signers *signers, const char *whose,
                                struct weft_message *message)
{
    enum weft_err err = open_ring(repository, message);
    uint64_t count = err == WEFT_ERR_OK ? weft_keyring_count(repository->ring, signers) : 0;
    if (err != WEFT_ERR_OK || count >= signers->threshold) {
        return err;
    }
    weft_message_set(message,
                     "%.200s has %llu of the %llu keys that %.200s asks for to sign %s; give the "
                     "--keys that belong to it",
                     repository->keys, (unsigned long long)count,
                     (unsigned long long)signers->threshold, repository->directory, whose);
    return WEFT_ERR_SIGNATURE;
}

enum weft_err weft_repository_sign(struct weft_repository *repository,
                                   const struct weft_signers *signers, const char *whose,
                                   json_t *body, struct weft_repository_text *text,
                                   struct weft_message *message)
{
    enum weft_err err = check_keys(repository, signers, whose, message);
    return err == WEFT_ERR_OK ? weft_keyring_sign(repository->ring, signers, body, &text->bytes,
                                                  &text->length, message)
                              : err;
}

enum weft_err weft_repository_write(const struct weft_repository *repository, const char *name,
                                    const struct weft_repository_text *text,
                                    struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    enum weft_err err = WEFT_ERR_LIMIT;
    if (weft_fileio_join(path, repository->directory, name)) {
        err = weft_fileio_replace(path, text->bytes, text->length, 0644);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %.200s/%s: %s", repository->directory, name,
                         weft_err_text(err));
    }
    return err;
}

/* Add the key of |role| to the body of a root. */
static enum weft_err add_role(const struct weft_repository *repository, enum weft_role role,
                              json_t *body, struct weft_message *message)
{
    struct weft_keyfile *keyfile = NULL;
    char name[64];
    char path[WEFT_FILE_PATH_BYTES];
    snprintf(name, sizeof name, "%s.key", weft_role_name(role));
    enum weft_err err = WEFT_ERR_LIMIT;
    if (weft_fileio_join(path, repository->keys, name)) {
        err = weft_keyfile_load(path, &keyfile, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    const char *id = weft_keyfile_id(keyfile);
    json_t *entry = json_pack("{s:[s], s:i}", "keyids", id, "threshold", 1);
    if (json_object_set(json_object_get(body, "keys"), id, weft_keyfile_public(keyfile)) != 0 ||
        json_object_set_new(json_object_get(body, "roles"), weft_role_name(role), entry) != 0) {
        err = say_memory(message);
    }
    weft_keyfile_free(keyfile);
    return err;
}

enum weft_err weft_repository_create_root(struct weft_repository *repository,
                                          struct weft_message *message)
{
    json_t *body = weft_repository_body(repository, WEFT_ROLE_ROOT, 1);
    if (body == NULL || json_object_set_new(body, "consistent_snapshot", json_true()) != 0 ||
        json_object_set_new(body, "keys", json_object()) != 0 ||
        json_object_set_new(body, "roles", json_object()) != 0) {
        json_decref(body);
        return say_memory(message);
    }
    enum weft_err err = WEFT_ERR_OK;
    for (int role = 0; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        err = add_role(repository, (enum weft_role)role, body, message);
    }
    struct weft_repository_text text = {.bytes = NULL};
    if (err == WEFT_ERR_OK) {
        struct weft_signers signers = weft_root_signers(body, WEFT_ROLE_ROOT);
        err = weft_repository_sign(repository, &signers, "root", body, &text, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_repository_write(repository, "metadata/1.root.json", &text, message);
    }
    free(text.bytes);
    json_decref(body);
    return err;
}

json_t *weft_repository_pin(const struct weft_metadata *document)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char hex[WEFT_SHA256_HEX_BYTES];
    if (!weft_sha256_of(document->bytes, document->length, digest)) {
        return NULL;
    }
    weft_sha256_hex(digest, hex);
    return json_pack("{s:I, s:I, s:{s:s}}", "version", (json_int_t)document->version, "length",
                     (json_int_t)document->length, "hashes", "sha256", hex);
}

static uint64_t next_version(const struct weft_repository *repository, enum weft_role role)
{
    const struct weft_metadata *document = weft_trust_document(repository->trust, role);
    return document != NULL ? document->version + 1 : 1;
}

enum weft_err weft_repository_check_key(struct weft_repository *repository, enum weft_role role,
                                        struct weft_message *message)
{
    struct weft_signers signers = weft_root_signers(repository->root->body, role);
    return check_keys(repository, &signers, weft_role_name(role), message);
}

/* Parse what was signed and verify it as a node will. */
static enum weft_err verify(const struct weft_repository *repository, enum weft_role role,
                            const struct weft_repository_text *text,
                            struct weft_metadata **document, struct weft_message *message)
{
    struct weft_fault fault;
    enum weft_err err =
        weft_metadata_parse(role, NULL, text->bytes, text->length, document, &fault);
    if (err == WEFT_ERR_OK) {
        err = weft_root_verify(repository->root, *document, &fault);
    }
    if (err == WEFT_ERR_OK && text->length > weft_role_bytes_max(role) &&
        role == WEFT_ROLE_TIMESTAMP) {
        err = weft_fault_set(&fault, WEFT_ERR_TOO_LONG, "it is too long");
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "nodes would refuse the new %s document: %s",
                         weft_role_name(role), fault.text);
        weft_metadata_drop(*document);
        *document = NULL;
    }
    return err;
}

/* Sign |body| as the next document of |role|, verify it, write it. Takes over |body|. */
static enum weft_err put_document(struct weft_repository *repository, enum weft_role role,
                                  json_t *body, struct weft_metadata **document,
                                  struct weft_message *message)
{
    *document = NULL;
    char name[64] = "metadata/timestamp.json";
    if (role != WEFT_ROLE_TIMESTAMP) {
        snprintf(name, sizeof name, "metadata/%llu.%s.json",
                 (unsigned long long)next_version(repository, role), weft_role_name(role));
    }
    struct weft_repository_text text = {.bytes = NULL};
    struct weft_signers signers = weft_root_signers(repository->root->body, role);
    enum weft_err err =
        body != NULL
            ? weft_repository_sign(repository, &signers, weft_role_name(role), body, &text, message)
            : say_memory(message);
    if (err == WEFT_ERR_OK) {
        err = verify(repository, role, &text, document, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_repository_write(repository, name, &text, message);
    }
    if (err != WEFT_ERR_OK) {
        weft_metadata_drop(*document);
        *document = NULL;
    }
    free(text.bytes);
    json_decref(body);
    return err;
}

/* A document has to be signed again when half of its life is over, or when the newest root has
 * other keys for it. */
static bool is_old(const struct weft_repository *repository, enum weft_role role)
{
    const struct weft_metadata *document = weft_trust_document(repository->trust, role);
    struct weft_fault unused;
    return document == NULL ||
           weft_root_verify(repository->root, document, &unused) != WEFT_ERR_OK ||
           document->expires_s - repository->now_s < repository->life.seconds[role] / 2;
}

/* A document of the generation that is being made: new, or the one there is. */
struct part {
    struct weft_metadata *document; /* one reference; NULL = nothing */
    bool is_new;                    /* it was signed now */
};

/* Keep the document that is published. */
static enum weft_err keep_part(const struct weft_metadata *old, struct part *part)
{
    struct weft_fault fault;
    part->is_new = false;
    return weft_metadata_parse(old->role, NULL, old->bytes, old->length, &part->document, &fault);
}

/* Set |name| in |body|: |value|, or what the published document |old| has, or nothing. */
static bool carry(json_t *body, const char *name, json_t *value, const struct weft_metadata *old)
{
    json_t *kept = value == NULL && old != NULL ? json_object_get(old->body, name) : value;
    return kept == NULL || json_object_set(body, name, kept) == 0;
}

static enum weft_err make_targets(struct weft_repository *repository,
                                  const struct weft_repository_change *change, struct part *part,
                                  struct weft_message *message)
{
    const struct weft_metadata *old = weft_trust_document(repository->trust, WEFT_ROLE_TARGETS);
    bool is_changed = change->targets != NULL || change->delegations != NULL;
    if (!is_changed && !is_old(repository, WEFT_ROLE_TARGETS)) {
        return keep_part(old, part);
    }
    json_t *body = weft_repository_body(repository, WEFT_ROLE_TARGETS,
                                        next_version(repository, WEFT_ROLE_TARGETS));
    part->is_new = true;
    if (body != NULL && (json_object_set_new(body, "targets", json_object()) != 0 ||
                         !carry(body, "targets", change->targets, old) ||
                         !carry(body, "delegations", change->delegations, old))) {
        json_decref(body);
        body = NULL;
    }
    return put_document(repository, WEFT_ROLE_TARGETS, body, &part->document, message);
}

/* Body of |role| with |meta|, which is taken over. NULL without memory. */
static json_t *parent_body(const struct weft_repository *repository, enum weft_role role,
                           json_t *meta)
{
    json_t *body = weft_repository_body(repository, role, next_version(repository, role));
    if (body == NULL || json_object_set_new(body, "meta", meta) != 0) {
        json_decref(body);
        return NULL;
    }
    return body;
}

/* What the new snapshot lists: everything that the old one does, for no name may vanish from it,
 * the targets, and the newest documents of delegated roles. NULL with |message|. */
static json_t *new_meta(const struct weft_repository *repository,
                        const struct weft_metadata *targets, struct weft_message *message)
{
    const struct weft_metadata *old = weft_trust_document(repository->trust, WEFT_ROLE_SNAPSHOT);
    json_t *meta = old != NULL ? json_copy(json_object_get(old->body, "meta")) : json_object();
    enum weft_err err = json_object_set_new(meta, "targets.json", weft_repository_pin(targets)) == 0
                            ? weft_repository_pin_roles(repository, targets->body, meta, message)
                            : say_memory(message);
    if (err != WEFT_ERR_OK) {
        json_decref(meta);
        return NULL;
    }
    return meta;
}

static enum weft_err make_snapshot(struct weft_repository *repository, const struct part *targets,
                                   struct part *part, struct weft_message *message)
{
    const struct weft_metadata *old = weft_trust_document(repository->trust, WEFT_ROLE_SNAPSHOT);
    json_t *meta = new_meta(repository, targets->document, message);
    if (meta == NULL) {
        return WEFT_ERR_NOT_FOUND;
    }
    if (!is_old(repository, WEFT_ROLE_SNAPSHOT) &&
        json_equal(meta, json_object_get(old->body, "meta"))) {
        json_decref(meta);
        return keep_part(old, part);
    }
    part->is_new = true;
    return put_document(repository, WEFT_ROLE_SNAPSHOT,
                        parent_body(repository, WEFT_ROLE_SNAPSHOT, meta), &part->document,
                        message);
}

enum weft_err weft_repository_commit(struct weft_repository *repository,
                                     const struct weft_repository_change *change,
                                     struct weft_message *message)
{
    struct part targets = {.document = NULL};
    struct part snapshot = {.document = NULL};
    struct weft_metadata *timestamp = NULL;
    enum weft_err err = make_targets(repository, change, &targets, message);
    if (err == WEFT_ERR_OK) {
        err = make_snapshot(repository, &targets, &snapshot, message);
    }
    if (err == WEFT_ERR_OK) {
        json_t *meta = json_pack("{s:o}", "snapshot.json", weft_repository_pin(snapshot.document));
        json_t *body = parent_body(repository, WEFT_ROLE_TIMESTAMP, meta);
        err = put_document(repository, WEFT_ROLE_TIMESTAMP, body, &timestamp, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_repository_load(repository, message);
    }
    weft_metadata_drop(targets.document);
    weft_metadata_drop(snapshot.document);
    weft_metadata_drop(timestamp);
    return err;
}
