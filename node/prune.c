/* SPDX-License-Identifier: Apache-2.0 */
/* Marks what the kept snapshots name, then removes the rest. A payload file is recognised by the
 * SHA-256 in front of its name; files without one are not ours and stay. */
#include "node/prune.h"

#include "protocol/trust/delegation.h"
#include "protocol/trust/hex.h"
#include "protocol/trust/path.h"
#include "protocol/trust/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* targets/COMPONENT/VERSION/FILE; other tools may nest deeper. */
#define DEPTH_MAX 8

/* Snapshots that are kept in any case. */
#define GENERATIONS_MIN 2

struct snapshot {
    uint64_t version;  /* from its file name */
    int64_t written_s; /* when it became the newest, roughly: time of the file */
};

struct prune {
    const struct weft_repository *repository; /* borrowed */
    struct weft_message *message;             /* borrowed */
    json_t *documents;                        /* names in metadata/ to keep; owned */
    json_t *hashes;                           /* SHA-256 (hex) of payloads to keep; owned */
    struct snapshot *snapshots;               /* newest first; owned */
    size_t count;                             /* of snapshots */
};

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

static int compare_snapshots(const void *left, const void *right)
{
    const struct snapshot *a = left;
    const struct snapshot *b = right;
    return (a->version < b->version) - (a->version > b->version);
}

static enum weft_err add_snapshot(struct prune *prune, int directory, const char *name)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return weft_message_errno(prune->message, errno, "read", name);
    }
    struct snapshot *grown =
        realloc(prune->snapshots, (prune->count + 1) * sizeof *prune->snapshots);
    if (grown == NULL) {
        return WEFT_ERR_MEMORY;
    }
    prune->snapshots = grown;
    grown[prune->count++] = (struct snapshot){.version = version_of(name, WEFT_ROLE_SNAPSHOT),
                                              .written_s = status.st_mtime};
    return WEFT_ERR_OK;
}

/* All snapshots up to the published one; a higher one was left behind by a crash. */
static enum weft_err list_snapshots(struct prune *prune, DIR *stream)
{
    uint64_t newest = weft_trust_document(prune->repository->trust, WEFT_ROLE_SNAPSHOT)->version;
    enum weft_err err = WEFT_ERR_OK;
    const struct dirent *found;
    while (err == WEFT_ERR_OK && (found = readdir(stream)) != NULL) {
        uint64_t version = version_of(found->d_name, WEFT_ROLE_SNAPSHOT);
        if (version > 0 && version <= newest) {
            err = add_snapshot(prune, dirfd(stream), found->d_name);
        }
    }
    if (prune->count > 0) {
        qsort(prune->snapshots, prune->count, sizeof *prune->snapshots, compare_snapshots);
    }
    return err;
}

/* Read metadata/NAME and mark it as kept; NULL if it is missing or damaged. */
static struct weft_metadata *keep_document(struct prune *prune, enum weft_role role,
                                           const char *delegated, uint64_t version)
{
    char below[WEFT_PATH_BYTES_MAX];
    char path[WEFT_FILE_PATH_BYTES];
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct weft_metadata *document = NULL;
    struct weft_fault fault;
    if (!weft_path_metadata(delegated ? delegated : weft_role_name(role), version, below)) {
        return NULL;
    }
    json_object_set_new(prune->documents, weft_path_file(below), json_true());
    if (!weft_fileio_join(path, prune->repository->directory, below) ||
        weft_fileio_load(path, WEFT_DOCUMENT_BYTES_MAX, &bytes, &length) != WEFT_ERR_OK) {
        return NULL;
    }
    weft_metadata_parse(role, delegated, bytes, length, &document, &fault);
    free(bytes);
    return document;
}

static void keep_targets(struct prune *prune, const struct weft_metadata *targets)
{
    const char *path;
    json_t *entry;
    json_object_foreach(json_object_get(targets->body, "targets"), path, entry)
    {
        struct weft_pin pin;
        char hex[WEFT_SHA256_HEX_BYTES];
        if (weft_pin_read_target(entry, &pin) == WEFT_ERR_OK && pin.has_sha256) {
            weft_sha256_hex(pin.sha256, hex);
            json_object_set_new(prune->hashes, hex, json_true());
        }
    }
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t suffix_length = strlen(suffix);
    return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

/* Keep the targets document that a snapshot lists as |member| (NAME.json), and what it lists. */
static void keep_listed(struct prune *prune, const struct weft_metadata *snapshot,
                        const char *member)
{
    char name[WEFT_DELEGATION_NAME_BYTES_MAX + 1];
    struct weft_pin pin;
    int length = (int)strlen(member) - (int)strlen(".json");
    if (length <= 0 || length >= (int)sizeof name || !ends_with(member, ".json") ||
        weft_metadata_pin(snapshot, member, &pin) != WEFT_ERR_OK) {
        return;
    }
    snprintf(name, sizeof name, "%.*s", length, member);
    bool is_top = strcmp(member, "targets.json") == 0;
    struct weft_metadata *targets =
        keep_document(prune, WEFT_ROLE_TARGETS, is_top ? NULL : name, pin.version);
    if (targets != NULL) {
        keep_targets(prune, targets);
    }
    weft_metadata_drop(targets);
}

static void keep_snapshot(struct prune *prune, uint64_t version)
{
    struct weft_metadata *snapshot = keep_document(prune, WEFT_ROLE_SNAPSHOT, NULL, version);
    const char *member;
    json_t *entry;
    if (snapshot != NULL) {
        json_object_foreach(json_object_get(snapshot->body, "meta"), member, entry)
        {
            keep_listed(prune, snapshot, member);
        }
    }
    weft_metadata_drop(snapshot);
}

/* A snapshot was the newest until the next one was written. */
static void mark(struct prune *prune, int64_t grace_s)
{
    int64_t since_s = prune->repository->now_s - grace_s;
    for (size_t i = 0; i < prune->count; i++) {
        bool recent = i > 0 && prune->snapshots[i - 1].written_s > since_s;
        if (i < GENERATIONS_MIN || recent) {
            keep_snapshot(prune, prune->snapshots[i].version);
        }
    }
}

static void sweep_documents(struct prune *prune, DIR *stream)
{
    const struct dirent *found;
    rewinddir(stream);
    while ((found = readdir(stream)) != NULL) {
        const char *name = found->d_name;
        bool numbered =
            version_of(name, WEFT_ROLE_SNAPSHOT) > 0 || version_of(name, WEFT_ROLE_TARGETS) > 0;
        bool dropped = numbered && json_object_get(prune->documents, name) == NULL;
        if (dropped || ends_with(name, ".json.tmp")) {
            unlinkat(dirfd(stream), name, 0);
        }
    }
}

/* Is |name| a payload or index whose SHA-256 no kept document names, or a part of one? */
static bool is_garbage(const struct prune *prune, const char *name)
{
    char hex[WEFT_SHA256_HEX_BYTES];
    uint8_t digest[WEFT_SHA256_BYTES];
    if (strlen(name) < sizeof hex || name[sizeof hex - 1] != '.') {
        return false;
    }
    memcpy(hex, name, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    if (!weft_hex_decode(hex, digest, sizeof digest)) {
        return false;
    }
    return json_object_get(prune->hashes, hex) == NULL || ends_with(name, ".index.tmp");
}

static void sweep_payloads(const struct prune *prune, int directory, int depth);

static void sweep_entry(const struct prune *prune, int directory, const char *name, int depth)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    if (S_ISREG(status.st_mode) && is_garbage(prune, name)) {
        unlinkat(directory, name, 0);
    }
    if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
        int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0) {
            sweep_payloads(prune, below, depth + 1);
            unlinkat(directory, name, AT_REMOVEDIR); /* succeeds if nothing is left in it */
        }
    }
}

/* Closes |directory|. */
static void sweep_payloads(const struct prune *prune, int directory, int depth)
{
    DIR *stream = fdopendir(directory);
    if (stream == NULL) {
        close(directory);
        return;
    }
    const struct dirent *found;
    while ((found = readdir(stream)) != NULL) {
        if (found->d_name[0] != '.') {
            sweep_entry(prune, directory, found->d_name, depth);
        }
    }
    closedir(stream);
}

static enum weft_err run(struct prune *prune, int64_t grace_s)
{
    char path[WEFT_FILE_PATH_BYTES];
    const char *directory = prune->repository->directory;
    if (!weft_fileio_join(path, directory, "metadata")) {
        return WEFT_ERR_LIMIT;
    }
    DIR *stream = opendir(path);
    if (stream == NULL) {
        return weft_message_errno(prune->message, errno, "read", path);
    }
    enum weft_err err = list_snapshots(prune, stream);
    if (err == WEFT_ERR_OK) {
        mark(prune, grace_s);
        sweep_documents(prune, stream);
    }
    closedir(stream);
    if (err == WEFT_ERR_OK && weft_fileio_join(path, directory, "targets")) {
        int targets = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (targets < 0) {
            return weft_message_errno(prune->message, errno, "read", path);
        }
        sweep_payloads(prune, targets, 0);
    }
    return err;
}

enum weft_err weft_prune(const struct weft_repository *repository, int64_t grace_s,
                         struct weft_message *message)
{
    struct prune prune = {.repository = repository,
                          .message = message,
                          .documents = json_object(),
                          .hashes = json_object()};
    enum weft_err err = WEFT_ERR_OK;
    if (prune.documents == NULL || prune.hashes == NULL) {
        weft_message_set(message, "out of memory to remove old files");
        err = WEFT_ERR_MEMORY;
    } else if (weft_trust_document(repository->trust, WEFT_ROLE_SNAPSHOT) != NULL) {
        err = run(&prune, grace_s);
    }
    json_decref(prune.documents);
    json_decref(prune.hashes);
    free(prune.snapshots);
    return err;
}
