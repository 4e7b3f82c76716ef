/* SPDX-License-Identifier: Apache-2.0 */
/* Delegated documents on disk. */
#include "node/repository_role.h"

#include "node/repository_sign.h"
#include "protocol/trust/path.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version in the file name VERSION.NAME.json; 0 = it is another one. */
static uint64_t version_in(const char *file, const char *name)
{
    char expected[WEFT_PATH_BYTES_MAX];
    uint64_t version = strtoull(file, NULL, 10);
    if (!weft_path_metadata(name, version, expected) || version == 0) {
        return 0;
    }
    return strcmp(weft_path_file(expected), file) == 0 ? version : 0;
}

/* The highest version of |name| on disk that is below |below|; 0 = none. */
static uint64_t version_below(const struct weft_repository *repository, const char *name,
                              uint64_t below)
{
    char path[WEFT_FILE_PATH_BYTES];
    uint64_t highest = 0;
    DIR *stream = weft_fileio_join(path, repository->directory, "metadata") ? opendir(path) : NULL;
    const struct dirent *found;
    while (stream != NULL && (found = readdir(stream)) != NULL) {
        uint64_t version = version_in(found->d_name, name);
        highest = version < below && version > highest ? version : highest;
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return highest;
}

/* That version, if it can be read; NULL. */
static struct weft_metadata *read_role(const struct weft_repository *repository, const char *name,
                                       uint64_t version)
{
    char below[WEFT_PATH_BYTES_MAX];
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_metadata *document = NULL;
    struct weft_fault unused;
    if (!weft_path_metadata(name, version, below) ||
        !weft_fileio_join(path, repository->directory, below) ||
        weft_fileio_load(path, WEFT_DOCUMENT_BYTES_MAX, &bytes, &length) != WEFT_ERR_OK) {
        return NULL;
    }
    weft_metadata_parse(WEFT_ROLE_TARGETS, name, bytes, length, &document, &unused);
    free(bytes);
    return document;
}

struct weft_metadata *weft_repository_role(const struct weft_repository *repository,
                                           const char *name, const struct weft_signers *signers)
{
    uint64_t version = UINT64_MAX;
    while ((version = version_below(repository, name, version)) > 0) {
        struct weft_metadata *document = read_role(repository, name, version);
        struct weft_fault unused;
        if (document != NULL && document->version == version &&
            weft_signers_verify(signers, "the delegation", document, &unused) == WEFT_ERR_OK) {
            return document;
        }
        weft_metadata_drop(document);
    }
    return NULL;
}

enum weft_err weft_repository_delegation(const struct weft_repository *repository, const char *name,
                                         struct weft_delegation *delegation,
                                         struct weft_message *message)
{
    const struct weft_metadata *targets = weft_repository_targets(repository);
    if (targets != NULL && weft_delegation_named(targets, name, delegation)) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message, "%.200s delegates nothing to a role %.80s; see: weft delegate",
                     repository->directory, name);
    return WEFT_ERR_NOT_FOUND;
}

enum weft_err weft_repository_sign_role(struct weft_repository *repository, const char *name,
                                        const struct weft_signers *signers, json_t *targets,
                                        struct weft_message *message)
{
    struct weft_repository_text text = {.bytes = NULL};
    char path[WEFT_PATH_BYTES_MAX];
    uint64_t version = version_below(repository, name, UINT64_MAX) + 1;
    json_t *body = weft_repository_body(repository, WEFT_ROLE_TARGETS, version);
    weft_path_metadata(name, version, path);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (body == NULL || json_object_set(body, "targets", targets) != 0) {
        weft_message_set(message, "out of memory to sign a document");
    } else {
        err = weft_repository_sign(repository, signers, name, body, &text, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_repository_write(repository, path, &text, message);
    }
    free(text.bytes);
    json_decref(body);
    return err;
}

static bool is_old(const struct weft_repository *repository, const struct weft_metadata *document)
{
    int64_t left_s = document->expires_s - repository->now_s;
    return left_s < repository->life.seconds[WEFT_ROLE_TARGETS] / 2;
}

/* Renew the role of one delegation if it is time and this is the place. */
static enum weft_err renew(struct weft_repository *repository,
                           const struct weft_delegation *delegation, struct weft_message *message)
{
    const char *name = delegation->name;
    struct weft_metadata *document = weft_repository_role(repository, name, &delegation->signers);
    enum weft_err err = WEFT_ERR_OK;
    if (document != NULL && is_old(repository, document) &&
        weft_repository_has_keys(repository, &delegation->signers)) {
        err = weft_repository_sign_role(repository, name, &delegation->signers,
                                        json_object_get(document->body, "targets"), message);
    }
    weft_metadata_drop(document);
    return err;
}

enum weft_err weft_repository_renew_roles(struct weft_repository *repository,
                                          struct weft_message *message)
{
    const struct weft_metadata *targets = weft_repository_targets(repository);
    enum weft_err err = WEFT_ERR_OK;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(json_object_get(targets->body, "delegations"), "roles"), i,
                       entry)
    {
        struct weft_delegation delegation;
        const char *name = weft_json_text(entry, "name");
        if (err == WEFT_ERR_OK && weft_delegation_named(targets, name, &delegation)) {
            err = renew(repository, &delegation, message);
        }
    }
    return err;
}

/* Pin the newest document of the role that |entry| delegates to. */
static enum weft_err pin_role(const struct weft_repository *repository, const json_t *keys,
                              const json_t *entry, json_t *meta, struct weft_message *message)
{
    char member[WEFT_DELEGATION_NAME_BYTES_MAX + 8];
    const char *name = weft_json_text(entry, "name");
    struct weft_signers signers = weft_signers_of(keys, entry);
    struct weft_metadata *document = weft_repository_role(repository, name, &signers);
    if (document == NULL) {
        weft_message_set(message,
                         "the role %.80s has no document signed by its keys, so that nodes could "
                         "not update what it covers; its holders make one with: weft delegate "
                         "%.80s --begin",
                         name, name);
        return WEFT_ERR_NOT_FOUND;
    }
    snprintf(member, sizeof member, "%s.json", name);
    int failed = json_object_set_new(meta, member, weft_repository_pin(document));
    weft_metadata_drop(document);
    if (failed != 0) {
        weft_message_set(message, "out of memory to sign a document");
    }
    return failed != 0 ? WEFT_ERR_MEMORY : WEFT_ERR_OK;
}

enum weft_err weft_repository_pin_roles(const struct weft_repository *repository,
                                        const json_t *body, json_t *meta,
                                        struct weft_message *message)
{
    const json_t *delegations = json_object_get(body, "delegations");
    enum weft_err err = WEFT_ERR_OK;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(delegations, "roles"), i, entry)
    {
        if (err == WEFT_ERR_OK) {
            err = pin_role(repository, json_object_get(delegations, "keys"), entry, meta, message);
        }
    }
    return err;
}
