/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a generation, from the bottom up: targets, the snapshot that pins it, the
 * timestamp that pins the snapshot. Each is verified as a node will before the next is written. */
#include "node/repository_sign.h"

#include "protocol/trust/date.h"
#include "protocol/trust/root.h"
#include "protocol/trust/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version of the specification that our documents follow. */
#define SPEC_VERSION "1.0.31"

static json_t *new_body(const struct weft_repository *repository, enum weft_role role,
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

/* Sign |body| with all keys that the body of the root |root| gives to |role|. */
static enum weft_err sign(struct weft_repository *repository, const json_t *root,
                          enum weft_role role, json_t *body, struct weft_repository_text *text,
                          struct weft_message *message)
{
    struct weft_signers signers = weft_root_signers(root, role);
    enum weft_err err = open_ring(repository, message);
    return err == WEFT_ERR_OK ? weft_keyring_sign(repository->ring, &signers, body, &text->bytes,
                                                  &text->length, message)
                              : err;
}

static enum weft_err write_document(const struct weft_repository *repository, const char *name,
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
    json_t *body = new_body(repository, WEFT_ROLE_ROOT, 1);
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
        err = sign(repository, body, WEFT_ROLE_ROOT, body, &text, message);
    }
    if (err == WEFT_ERR_OK) {
        err = write_document(repository, "metadata/1.root.json", &text, message);
    }
    free(text.bytes);
    json_decref(body);
    return err;
}

/* What a parent says of the document |bytes|: version, length, SHA-256. NULL without memory. */
static json_t *pin_of(const uint8_t *bytes, size_t length, uint64_t version)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char hex[WEFT_SHA256_HEX_BYTES];
    if (!weft_sha256_of(bytes, length, digest)) {
        return NULL;
    }
    weft_sha256_hex(digest, hex);
    return json_pack("{s:I, s:I, s:{s:s}}", "version", (json_int_t)version, "length",
                     (json_int_t)length, "hashes", "sha256", hex);
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
    enum weft_err err = open_ring(repository, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    uint64_t count = weft_keyring_count(repository->ring, &signers);
    if (count >= signers.threshold) {
        return WEFT_ERR_OK;
    }
    weft_message_set(
        message,
        "%.200s has %llu of the %llu keys that root version %llu of %.200s asks for to "
        "sign %s; give the --keys that belong to it",
        repository->keys, (unsigned long long)count, (unsigned long long)signers.threshold,
        (unsigned long long)repository->root->version, repository->directory, weft_role_name(role));
    return WEFT_ERR_SIGNATURE;
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
    enum weft_err err =
        body != NULL ? weft_repository_check_key(repository, role, message) : say_memory(message);
    if (err == WEFT_ERR_OK) {
        err = sign(repository, repository->root->body, role, body, &text, message);
    }
    if (err == WEFT_ERR_OK) {
        err = verify(repository, role, &text, document, message);
    }
    if (err == WEFT_ERR_OK) {
        err = write_document(repository, name, &text, message);
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

/* The list of the published targets document; empty if there is none. */
static json_t *old_targets(const struct weft_repository *repository)
{
    const struct weft_metadata *document =
        weft_trust_document(repository->trust, WEFT_ROLE_TARGETS);
    json_t *list = document != NULL ? json_object_get(document->body, "targets") : NULL;
    return list != NULL ? json_incref(list) : json_object();
}

/* A document of the generation that is being made: new, or the one there is. */
struct part {
    struct weft_metadata *document; /* one reference; NULL = nothing */
    bool is_new;                    /* it was signed now */
};

static enum weft_err make_targets(struct weft_repository *repository, json_t *targets,
                                  struct part *part, struct weft_message *message)
{
    const struct weft_metadata *old = weft_trust_document(repository->trust, WEFT_ROLE_TARGETS);
    part->is_new = targets != NULL || is_old(repository, WEFT_ROLE_TARGETS);
    if (!part->is_new) {
        struct weft_fault fault;
        return weft_metadata_parse(WEFT_ROLE_TARGETS, NULL, old->bytes, old->length,
                                   &part->document, &fault);
    }
    json_t *body =
        new_body(repository, WEFT_ROLE_TARGETS, next_version(repository, WEFT_ROLE_TARGETS));
    json_t *list = targets != NULL ? json_incref(targets) : old_targets(repository);
    if (body != NULL && json_object_set_new(body, "targets", list) != 0) {
        json_decref(body);
        body = NULL;
    }
    return put_document(repository, WEFT_ROLE_TARGETS, body, &part->document, message);
}

/* Body of |role| whose "meta" pins |child| under |name|. NULL without memory. */
static json_t *parent_body(const struct weft_repository *repository, enum weft_role role,
                           const char *name, const struct weft_metadata *child)
{
    json_t *body = new_body(repository, role, next_version(repository, role));
    json_t *pin = pin_of(child->bytes, child->length, child->version);
    json_t *meta = pin != NULL ? json_pack("{s:o}", name, pin) : NULL;
    if (body == NULL || meta == NULL || json_object_set_new(body, "meta", meta) != 0) {
        json_decref(body);
        return NULL;
    }
    return body;
}

static enum weft_err make_snapshot(struct weft_repository *repository, const struct part *targets,
                                   struct part *part, struct weft_message *message)
{
    const struct weft_metadata *old = weft_trust_document(repository->trust, WEFT_ROLE_SNAPSHOT);
    part->is_new = targets->is_new || is_old(repository, WEFT_ROLE_SNAPSHOT);
    if (!part->is_new) {
        struct weft_fault fault;
        return weft_metadata_parse(WEFT_ROLE_SNAPSHOT, NULL, old->bytes, old->length,
                                   &part->document, &fault);
    }
    json_t *body = parent_body(repository, WEFT_ROLE_SNAPSHOT, "targets.json", targets->document);
    return put_document(repository, WEFT_ROLE_SNAPSHOT, body, &part->document, message);
}

enum weft_err weft_repository_commit(struct weft_repository *repository, json_t *targets_list,
                                     struct weft_message *message)
{
    struct part targets = {.document = NULL};
    struct part snapshot = {.document = NULL};
    struct weft_metadata *timestamp = NULL;
    enum weft_err err = make_targets(repository, targets_list, &targets, message);
    if (err == WEFT_ERR_OK) {
        err = make_snapshot(repository, &targets, &snapshot, message);
    }
    if (err == WEFT_ERR_OK) {
        json_t *body =
            parent_body(repository, WEFT_ROLE_TIMESTAMP, "snapshot.json", snapshot.document);
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
