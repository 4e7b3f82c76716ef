/* SPDX-License-Identifier: Apache-2.0 */
/* DATA/trust: N.root.json (the chain from the first trusted root), timestamp.json, N.snapshot.json,
 * N.targets.json. Nothing in it is believed: the chain is verified from --root FILE at every start,
 * and everything else from its newest root. */
#include "node/updater_state.h"

#include "protocol/trust/root.h"
#include "protocol/trust/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Roots that a directory may hold; more are an error of whoever filled it. */
#define VERSIONS_MAX 4096

struct versions {
    uint64_t *items; /* [count], ascending; owned */
    size_t count;    /* at most VERSIONS_MAX */
};

static bool path_of(const struct weft_updater *updater, const char *name, char *path)
{
    return weft_fileio_join(path, updater->directory, name);
}

/* The number before ".ROLE.json" in |name|; 0 if it is another name. */
static uint64_t version_of(const char *name, enum weft_role role)
{
    char suffix[32];
    char *end = NULL;
    if (name[0] < '1' || name[0] > '9') {
        return 0;
    }
    snprintf(suffix, sizeof suffix, ".%s.json", weft_role_name(role));
    errno = 0;
    uint64_t version = strtoull(name, &end, 10);
    return errno == 0 && strcmp(end, suffix) == 0 ? version : 0;
}

static int compare_versions(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Stored versions of |role|; none if the directory cannot be read. items belongs to the caller. */
static struct versions list_versions(const struct weft_updater *updater, enum weft_role role)
{
    struct versions versions = {.items = calloc(VERSIONS_MAX, sizeof(uint64_t))};
    DIR *stream = opendir(updater->directory);
    const struct dirent *found;
    while (stream && versions.items && (found = readdir(stream)) != NULL) {
        uint64_t version = version_of(found->d_name, role);
        if (version > 0 && versions.count < VERSIONS_MAX) {
            versions.items[versions.count++] = version;
        }
    }
    if (stream) {
        closedir(stream);
    }
    if (versions.count > 0) {
        qsort(versions.items, versions.count, sizeof *versions.items, compare_versions);
    }
    return versions;
}

static void name_of(enum weft_role role, uint64_t version, char *name, size_t size)
{
    if (role == WEFT_ROLE_TIMESTAMP) {
        snprintf(name, size, "timestamp.json");
    } else {
        snprintf(name, size, "%llu.%s.json", (unsigned long long)version, weft_role_name(role));
    }
}

static enum weft_err load_file(const struct weft_updater *updater, enum weft_role role,
                               uint64_t version, uint8_t **bytes, size_t *length)
{
    char name[64];
    char path[WEFT_FILE_PATH_BYTES];
    name_of(role, version, name, sizeof name);
    return path_of(updater, name, path)
               ? weft_fileio_load(path, WEFT_DOCUMENT_BYTES_MAX, bytes, length)
               : WEFT_ERR_LIMIT;
}

static enum weft_err store_file(const struct weft_updater *updater,
                                const struct weft_metadata *document)
{
    char name[64];
    char path[WEFT_FILE_PATH_BYTES];
    name_of(document->role, document->version, name, sizeof name);
    return path_of(updater, name, path)
               ? weft_fileio_replace(path, document->bytes, document->length, 0600)
               : WEFT_ERR_LIMIT;
}

static void remove_file(const struct weft_updater *updater, enum weft_role role, uint64_t version)
{
    char name[64];
    char path[WEFT_FILE_PATH_BYTES];
    name_of(role, version, name, sizeof name);
    if (path_of(updater, name, path)) {
        unlink(path);
    }
}

static enum weft_err load_root_file(struct weft_updater *updater, const char *root_file,
                                    struct weft_message *message)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum weft_err err =
        weft_fileio_load(root_file, weft_role_bytes_max(WEFT_ROLE_ROOT), &bytes, &length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message,
                         "cannot read --root %s: %s; it is metadata/1.root.json of the publisher's "
                         "repository, brought here on a trusted way",
                         root_file, weft_err_text(err));
        return err;
    }
    err = weft_trust_load_root(updater->trust, bytes, length);
    free(bytes);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message,
                         "--root %s is not a valid root document: %s; it must be an unchanged copy "
                         "of metadata/1.root.json of the publisher's repository",
                         root_file, weft_trust_fault(updater->trust)->text);
    }
    return err;
}

static enum weft_err say_wrong_root(const struct weft_updater *updater, const char *root_file,
                                    const char *why, struct weft_message *message)
{
    weft_message_set(message,
                     "--root %.200s does not belong to the roots in %.200s: %s. Give the root of "
                     "the same publisher; to change the publisher for good, remove that directory",
                     root_file, updater->directory, why);
    return WEFT_ERR_SIGNATURE;
}

/* Parse a stored root without trusting it; NULL if it is missing or damaged. */
static struct weft_metadata *peek_root(const struct weft_updater *updater, uint64_t version)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_metadata *root = NULL;
    struct weft_fault fault;
    if (load_file(updater, WEFT_ROLE_ROOT, version, &bytes, &length) == WEFT_ERR_OK) {
        weft_metadata_parse(WEFT_ROLE_ROOT, NULL, bytes, length, &root, &fault);
        free(bytes);
    }
    return root;
}

/* Is the root file the stored root of its version, or a successor of the newest stored one? A root
 * file with an older version is judged by the chain that follows. */
static enum weft_err compare_root(const struct weft_updater *updater, const char *root_file,
                                  const struct versions *stored, struct weft_message *message)
{
    const struct weft_metadata *root = weft_trust_document(updater->trust, WEFT_ROLE_ROOT);
    if (stored->count == 0) {
        return WEFT_ERR_OK;
    }
    uint64_t newest = stored->items[stored->count - 1];
    struct weft_metadata *other =
        peek_root(updater, newest < root->version ? newest : root->version);
    enum weft_err err = WEFT_ERR_OK;
    struct weft_fault fault;
    if (other && other->version == root->version && !json_equal(other->body, root->body)) {
        err = say_wrong_root(updater, root_file, "the root of this version there is another one",
                             message);
    } else if (other && other->version < root->version &&
               weft_root_verify(other, root, &fault) != WEFT_ERR_OK) {
        err = say_wrong_root(updater, root_file, fault.text, message);
    }
    weft_metadata_drop(other);
    return err;
}

/* Follow the stored chain from the root file on. */
static enum weft_err follow_roots(struct weft_updater *updater, const char *root_file,
                                  const struct versions *stored, struct weft_message *message)
{
    enum weft_err err = weft_updater_shelve_root(updater);
    for (size_t i = 0; i < stored->count && err == WEFT_ERR_OK; i++) {
        uint64_t trusted = weft_trust_document(updater->trust, WEFT_ROLE_ROOT)->version;
        uint8_t *bytes = NULL;
        size_t length = 0;
        if (stored->items[i] <= trusted) {
            continue;
        }
        err = load_file(updater, WEFT_ROLE_ROOT, stored->items[i], &bytes, &length);
        if (err == WEFT_ERR_OK) {
            err = weft_trust_load_root(updater->trust, bytes, length);
        }
        free(bytes);
        if (err != WEFT_ERR_OK) {
            return say_wrong_root(updater, root_file, weft_trust_fault(updater->trust)->text,
                                  message);
        }
        err = weft_updater_shelve_root(updater);
    }
    return err;
}

static enum weft_err make_directory(const struct weft_updater *updater,
                                    struct weft_message *message)
{
    enum weft_err err = weft_fileio_make_dirs(updater->directory, 0700);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot make the directory %s: %s", updater->directory,
                         weft_err_text(err));
    }
    return err;
}

static enum weft_err load_roots(struct weft_updater *updater, const char *root_file,
                                struct weft_message *message)
{
    enum weft_err err = load_root_file(updater, root_file, message);
    if (err == WEFT_ERR_OK) {
        err = make_directory(updater, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    const struct weft_metadata *given = weft_trust_document(updater->trust, WEFT_ROLE_ROOT);
    struct versions stored = list_versions(updater, WEFT_ROLE_ROOT);
    err = compare_root(updater, root_file, &stored, message);
    if (err == WEFT_ERR_OK) {
        err = store_file(updater, given);
        if (err != WEFT_ERR_OK) {
            weft_message_set(message, "cannot write to %s: %s", updater->directory,
                             weft_err_text(err));
        }
    }
    if (err == WEFT_ERR_OK) {
        err = follow_roots(updater, root_file, &stored, message);
    }
    free(stored.items);
    return err;
}

static bool load_document(struct weft_updater *updater, enum weft_role role, uint64_t version)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    bool ok = load_file(updater, role, version, &bytes, &length) == WEFT_ERR_OK &&
              weft_trust_load(updater->trust, role, bytes, length) == WEFT_ERR_OK;
    free(bytes);
    return ok;
}

/* Oldest snapshot first: the last one whose targets are there becomes the current set, the last one
 * at all what rollback is measured against. What does not verify is left out. */
static void load_generations(struct weft_updater *updater)
{
    struct versions snapshots = list_versions(updater, WEFT_ROLE_SNAPSHOT);
    load_document(updater, WEFT_ROLE_TIMESTAMP, 0);
    for (size_t i = 0; i < snapshots.count; i++) {
        struct weft_pin pin;
        if (load_document(updater, WEFT_ROLE_SNAPSHOT, snapshots.items[i]) &&
            weft_metadata_pin(weft_trust_document(updater->trust, WEFT_ROLE_SNAPSHOT),
                              "targets.json", &pin) == WEFT_ERR_OK) {
            load_document(updater, WEFT_ROLE_TARGETS, pin.version);
        }
    }
    free(snapshots.items);
}

static void note_stored(struct weft_updater *updater)
{
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        const struct weft_metadata *document =
            weft_trust_document(updater->trust, (enum weft_role)role);
        updater->stored[role] = document ? document->version : 0;
    }
}

enum weft_err weft_updater_disk_load(struct weft_updater *updater, const char *root_file,
                                     struct weft_message *message)
{
    enum weft_err err = load_roots(updater, root_file, message);
    if (err == WEFT_ERR_OK) {
        load_generations(updater);
        note_stored(updater);
    } else if (message->text[0] == '\0') {
        weft_message_set(message, "cannot load %s: %s", updater->directory, weft_err_text(err));
    }
    return err;
}

/* A floor that was dropped (keys were rotated) must not come back after a restart. */
static void forget(struct weft_updater *updater, enum weft_role role)
{
    const struct weft_metadata *current = weft_trust_current(updater->trust, role);
    if (role == WEFT_ROLE_TIMESTAMP || !current || current->version != updater->stored[role]) {
        remove_file(updater, role, updater->stored[role]);
    }
    updater->stored[role] = 0;
}

enum weft_err weft_updater_disk_store(struct weft_updater *updater)
{
    enum weft_err err = WEFT_ERR_OK;
    for (int i = 0; i < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; i++) {
        enum weft_role role = (enum weft_role)i;
        const struct weft_metadata *document = weft_trust_document(updater->trust, role);
        if (!document && updater->stored[role] != 0) {
            forget(updater, role);
        }
        if (!document || document->version == updater->stored[role]) {
            continue;
        }
        err = store_file(updater, document);
        if (err == WEFT_ERR_OK && role == WEFT_ROLE_ROOT) {
            err = weft_updater_shelve_root(updater);
        }
        if (err == WEFT_ERR_OK) {
            updater->stored[role] = document->version;
        }
    }
    return err;
}

static void tidy_role(const struct weft_updater *updater, enum weft_role role)
{
    const struct weft_metadata *current = weft_trust_current(updater->trust, role);
    struct versions versions = list_versions(updater, role);
    for (size_t i = 0; i < versions.count && current; i++) {
        if (versions.items[i] != current->version) {
            remove_file(updater, role, versions.items[i]);
        }
    }
    free(versions.items);
}

void weft_updater_disk_tidy(const struct weft_updater *updater)
{
    tidy_role(updater, WEFT_ROLE_SNAPSHOT);
    tidy_role(updater, WEFT_ROLE_TARGETS);
}
