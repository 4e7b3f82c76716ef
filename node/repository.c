/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and locking a repository. Reading goes through the same client that nodes use, so that a
 * repository which nodes would refuse is refused here first. */
#include "node/repository.h"

#include "node/repository_sign.h"
#include "protocol/trust/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum weft_err weft_repository_at(struct weft_repository *repository, const char *directory,
                                 const char *keys, struct weft_message *message)
{
    keys = keys != NULL ? keys : "";
    if (strlen(directory) >= sizeof repository->directory ||
        strlen(keys) >= sizeof repository->keys) {
        weft_message_set(message, "the path of --repo or --keys is too long");
        return WEFT_ERR_LIMIT;
    }
    snprintf(repository->directory, sizeof repository->directory, "%s", directory);
    snprintf(repository->keys, sizeof repository->keys, "%s", keys);
    return WEFT_ERR_OK;
}

/* Path of |name| below the repository. */
static enum weft_err path_of(const struct weft_repository *repository, const char *name, char *out,
                             struct weft_message *message)
{
    if (weft_fileio_join(out, repository->directory, name)) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message, "the path of repository %.200s... is too long",
                     repository->directory);
    return WEFT_ERR_LIMIT;
}

static enum weft_err make_directories(const struct weft_repository *repository,
                                      struct weft_message *message)
{
    static const char *const names[] = {"metadata", "targets", ".draft"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[WEFT_FILE_PATH_BYTES];
        enum weft_err err = path_of(repository, names[i], path, message);
        if (err == WEFT_ERR_OK) {
            err = weft_fileio_make_dirs(path, 0755);
            if (err != WEFT_ERR_OK) {
                weft_message_set(message, "cannot make the directory %s: %s", path,
                                 weft_err_text(err));
            }
        }
        if (err != WEFT_ERR_OK) {
            return err;
        }
    }
    return WEFT_ERR_OK;
}

static enum weft_err lock(struct weft_repository *repository, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    enum weft_err err = path_of(repository, ".lock", path, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    repository->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (repository->lock < 0) {
        return weft_message_errno(message, errno, "lock", path);
    }
    if (flock(repository->lock, LOCK_EX | LOCK_NB) == 0) {
        return WEFT_ERR_OK;
    }
    if (errno == EWOULDBLOCK) {
        fprintf(stderr, "waiting for another publisher that works on %s\n", repository->directory);
    }
    while (flock(repository->lock, LOCK_EX) != 0) {
        if (errno != EINTR) {
            return weft_message_errno(message, errno, "lock", path);
        }
    }
    return WEFT_ERR_OK;
}

/* Load metadata/NAME. Errors: NOT_FOUND without a message. */
static enum weft_err load_document(const struct weft_repository *repository, const char *name,
                                   uint8_t **bytes, size_t *length, struct weft_message *message)
{
    char path[WEFT_FILE_PATH_BYTES];
    enum weft_err err = path_of(repository, name, path, message);
    if (err == WEFT_ERR_OK) {
        err = weft_fileio_load(path, WEFT_DOCUMENT_BYTES_MAX, bytes, length);
        if (err != WEFT_ERR_OK && err != WEFT_ERR_NOT_FOUND) {
            weft_message_set(message, "cannot read %s: %s", path, weft_err_text(err));
        }
    }
    return err;
}

static enum weft_err say_damaged(const struct weft_repository *repository, const char *name,
                                 struct weft_message *message)
{
    const struct weft_fault *fault = weft_trust_fault(repository->trust);
    weft_message_set(message,
                     "%.200s/%s is damaged: %s. Bring the file back from a backup; without one, "
                     "publish into a new directory",
                     repository->directory, name, fault->text);
    return fault->err;
}

/* Trust the chain of roots up to |version_max|.
 * Errors: NOT_FOUND: there is no root 1. */
static enum weft_err load_roots(struct weft_repository *repository, uint64_t version_max,
                                struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    for (uint64_t version = 1; err == WEFT_ERR_OK && version <= version_max; version++) {
        char name[64];
        uint8_t *bytes = NULL;
        size_t length = 0;
        snprintf(name, sizeof name, "metadata/%llu.root.json", (unsigned long long)version);
        err = load_document(repository, name, &bytes, &length, message);
        if (err == WEFT_ERR_NOT_FOUND) {
            return version > 1 ? WEFT_ERR_OK : WEFT_ERR_NOT_FOUND;
        }
        if (err == WEFT_ERR_OK) {
            err = weft_trust_load_root(repository->trust, bytes, length);
            err = err == WEFT_ERR_OK ? err : say_damaged(repository, name, message);
        }
        free(bytes);
    }
    return err;
}

static void name_of(const struct weft_repository *repository, enum weft_role role, char *name,
                    size_t size)
{
    struct weft_pin pin = {.version = 0};
    bool is_snapshot = role == WEFT_ROLE_SNAPSHOT;
    if (role == WEFT_ROLE_TIMESTAMP) {
        snprintf(name, size, "metadata/timestamp.json");
        return;
    }
    const struct weft_metadata *parent = weft_trust_document(
        repository->trust, is_snapshot ? WEFT_ROLE_TIMESTAMP : WEFT_ROLE_SNAPSHOT);
    weft_metadata_pin(parent, is_snapshot ? "snapshot.json" : "targets.json", &pin);
    snprintf(name, size, "metadata/%llu.%s.json", (unsigned long long)pin.version,
             weft_role_name(role));
}

/* Timestamp, snapshot, targets. No timestamp: nothing was published yet. */
static enum weft_err load_generation(struct weft_repository *repository,
                                     struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        char name[64];
        uint8_t *bytes = NULL;
        size_t length = 0;
        name_of(repository, (enum weft_role)role, name, sizeof name);
        err = load_document(repository, name, &bytes, &length, message);
        if (err == WEFT_ERR_NOT_FOUND && role == WEFT_ROLE_TIMESTAMP) {
            return WEFT_ERR_OK;
        }
        if (err == WEFT_ERR_NOT_FOUND) {
            weft_message_set(message,
                             "%.200s/%s is missing. Bring the file back from a backup; without "
                             "one, publish into a new directory",
                             repository->directory, name);
        }
        if (err == WEFT_ERR_OK) {
            err = weft_trust_load(repository->trust, (enum weft_role)role, bytes, length);
            err = err == WEFT_ERR_OK ? err : say_damaged(repository, name, message);
        }
        free(bytes);
    }
    return err;
}

static enum weft_err say_memory(const struct weft_repository *repository,
                                struct weft_message *message)
{
    weft_message_set(message, "out of memory to read %s", repository->directory);
    return WEFT_ERR_MEMORY;
}

/* Everything that is published, as a node sees it that knows the roots up to |version_max|. */
static enum weft_err load_under(struct weft_repository *repository, uint64_t version_max,
                                struct weft_message *message)
{
    weft_trust_free(repository->trust);
    repository->trust = weft_trust_new();
    if (repository->trust == NULL) {
        return say_memory(repository, message);
    }
    enum weft_err err = load_roots(repository, version_max, message);
    return err == WEFT_ERR_OK ? load_generation(repository, message) : err;
}

/* Keep the newest root of the chain by itself. */
static enum weft_err keep_root(struct weft_repository *repository, struct weft_message *message)
{
    const struct weft_metadata *newest = weft_trust_document(repository->trust, WEFT_ROLE_ROOT);
    struct weft_fault fault;
    weft_metadata_drop(repository->root);
    repository->root = NULL;
    enum weft_err err = weft_metadata_parse(WEFT_ROLE_ROOT, NULL, newest->bytes, newest->length,
                                            &repository->root, &fault);
    return err == WEFT_ERR_OK ? err : say_memory(repository, message);
}

enum weft_err weft_repository_load(struct weft_repository *repository, struct weft_message *message)
{
    enum weft_err err = load_under(repository, UINT64_MAX, message);
    if (weft_trust_document(repository->trust, WEFT_ROLE_ROOT) == NULL) {
        return err;
    }
    enum weft_err kept = keep_root(repository, message);
    /* After a rotation of keys documents are signed for an older root until they are signed again:
     * the newest under which all of them verify says what is published. */
    struct weft_message unused;
    for (uint64_t version = repository->root != NULL ? repository->root->version - 1 : 0;
         err == WEFT_ERR_SIGNATURE && version > 0; version--) {
        err = load_under(repository, version, &unused);
    }
    return kept == WEFT_ERR_OK ? err : kept;
}

static enum weft_err load(struct weft_repository *repository, bool create,
                          struct weft_message *message)
{
    enum weft_err err = weft_repository_load(repository, message);
    bool is_missing = err == WEFT_ERR_NOT_FOUND && repository->root == NULL;
    if (is_missing && create) {
        err = weft_repository_create_root(repository, message);
        err = err == WEFT_ERR_OK ? weft_repository_load(repository, message) : err;
    } else if (is_missing) {
        weft_message_set(message, "%s is not a repository (it has no metadata/1.root.json)",
                         repository->directory);
    }
    return err;
}

/* Lock the directory and remove what a crash left behind. */
static enum weft_err begin(struct weft_repository *repository, bool create,
                           struct weft_message *message)
{
    repository->lock = -1;
    repository->trust = NULL;
    repository->root = NULL;
    repository->ring = NULL;
    if (!create && access(repository->directory, F_OK) != 0) {
        return weft_message_errno(message, errno, "open the repository", repository->directory);
    }
    enum weft_err err = create ? make_directories(repository, message) : WEFT_ERR_OK;
    if (err == WEFT_ERR_OK) {
        err = lock(repository, message);
    }
    if (err == WEFT_ERR_OK) {
        char draft[WEFT_FILE_PATH_BYTES];
        weft_repository_draft(repository, draft);
        unlink(draft);
    }
    return err;
}

enum weft_err weft_repository_open(struct weft_repository *repository, bool create,
                                   struct weft_message *message)
{
    enum weft_err err = begin(repository, create, message);
    return err == WEFT_ERR_OK ? load(repository, create, message) : err;
}

enum weft_err weft_repository_prepare(struct weft_repository *repository,
                                      struct weft_message *message)
{
    enum weft_err err = begin(repository, true, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_repository_load(repository, message);
    return err == WEFT_ERR_NOT_FOUND && repository->root == NULL ? WEFT_ERR_OK : err;
}

/* Would a node that has the newest root follow to bytes[length]? */
static enum weft_err check_root(const struct weft_repository *repository, const uint8_t *bytes,
                                size_t length, struct weft_message *message)
{
    const struct weft_metadata *root = repository->root;
    struct weft_trust *node = weft_trust_new();
    enum weft_err err = node != NULL ? WEFT_ERR_OK : say_memory(repository, message);
    if (err == WEFT_ERR_OK && root != NULL) {
        err = weft_trust_load_root(node, root->bytes, root->length);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_trust_load_root(node, bytes, length);
    }
    if (err != WEFT_ERR_OK && node != NULL) {
        weft_message_set(message, "nodes would refuse this root: %s", weft_trust_fault(node)->text);
    }
    weft_trust_free(node);
    return err;
}

enum weft_err weft_repository_add_root(struct weft_repository *repository, const uint8_t *bytes,
                                       size_t length, struct weft_message *message)
{
    char name[64];
    char path[WEFT_FILE_PATH_BYTES];
    uint64_t version = repository->root != NULL ? repository->root->version + 1 : 1;
    enum weft_err err = check_root(repository, bytes, length, message);
    snprintf(name, sizeof name, "metadata/%llu.root.json", (unsigned long long)version);
    if (err == WEFT_ERR_OK) {
        err = path_of(repository, name, path, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_fileio_replace(path, bytes, length, 0644);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
        return err;
    }
    return weft_repository_load(repository, message);
}

void weft_repository_close(struct weft_repository *repository)
{
    if (repository->lock >= 0) {
        char draft[WEFT_FILE_PATH_BYTES];
        weft_repository_draft(repository, draft);
        unlink(draft);
        close(repository->lock);
    }
    weft_trust_free(repository->trust);
    weft_metadata_drop(repository->root);
    weft_keyring_free(repository->ring);
    repository->lock = -1;
    repository->trust = NULL;
    repository->root = NULL;
    repository->ring = NULL;
}

const struct weft_metadata *weft_repository_targets(const struct weft_repository *repository)
{
    return weft_trust_document(repository->trust, WEFT_ROLE_TARGETS);
}

void weft_repository_draft(const struct weft_repository *repository, char *out)
{
    weft_fileio_join(out, repository->directory, ".draft/payload");
}

/* Make targets/COMPONENT/VERSION and make its existence durable. */
static enum weft_err make_home(const struct weft_repository *repository,
                               const struct weft_release_info *info, char *home,
                               struct weft_message *message)
{
    char component[WEFT_FILE_PATH_BYTES];
    char name[WEFT_PATH_BYTES_MAX];
    snprintf(name, sizeof name, "targets/%s", info->component);
    enum weft_err err = path_of(repository, name, component, message);
    snprintf(name, sizeof name, "targets/%s/%s", info->component, info->version);
    if (err == WEFT_ERR_OK) {
        err = path_of(repository, name, home, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    char targets[WEFT_FILE_PATH_BYTES];
    weft_fileio_join(targets, repository->directory, "targets");
    err = weft_fileio_make_dirs(home, 0755);
    err = err == WEFT_ERR_OK ? weft_fileio_sync_dir(targets) : err;
    err = err == WEFT_ERR_OK ? weft_fileio_sync_dir(component) : err;
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot make the directory %s: %s", home, weft_err_text(err));
    }
    return err;
}

bool weft_repository_file(const struct weft_repository *repository,
                          const struct weft_release_info *info, const char *suffix, char *out)
{
    char hex[WEFT_SHA256_HEX_BYTES];
    char name[WEFT_PATH_BYTES_MAX];
    weft_sha256_hex(info->pin.sha256, hex);
    int length = snprintf(name, sizeof name, "targets/%s/%s/%s.%s%s", info->component,
                          info->version, hex, info->file, suffix);
    return length < (int)sizeof name && weft_fileio_join(out, repository->directory, name);
}

enum weft_err weft_repository_install(const struct weft_repository *repository,
                                      const struct weft_release_info *info, const char *draft,
                                      const uint8_t *index, struct weft_message *message)
{
    char home[WEFT_FILE_PATH_BYTES];
    char path[WEFT_FILE_PATH_BYTES];
    char index_path[WEFT_FILE_PATH_BYTES];
    enum weft_err err = make_home(repository, info, home, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (!weft_repository_file(repository, info, "", path) ||
        !weft_repository_file(repository, info, ".index", index_path)) {
        weft_message_set(message, "the path of repository %.200s... is too long",
                         repository->directory);
        return WEFT_ERR_LIMIT;
    }
    err = weft_fileio_replace(index_path, index, info->index_bytes, 0644);
    if (err == WEFT_ERR_OK && rename(draft, path) != 0) {
        err = weft_fileio_error(errno);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_fileio_sync_dir(home);
    }
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot write %s: %s", path, weft_err_text(err));
    }
    return err;
}
