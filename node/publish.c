/* SPDX-License-Identifier: Apache-2.0 */
/* `weft publish` and `weft refresh`. Order of a publish: lock, read, payload, index, targets,
 * snapshot, timestamp, remove what is old. Up to the timestamp nothing changes for readers. */
#include "node/publish.h"

#include "node/exit.h"
#include "node/payload.h"
#include "node/prune.h"
#include "node/repository.h"
#include "node/usage.h"
#include "protocol/trust/date.h"
#include "protocol/trust/sha256.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MS_PER_S 1000
#define MS_PER_YEAR_100 UINT64_C(3155760000000)

/* A root that expires sooner than this is worth a warning. */
#define ROOT_WARNING_S (30 * 86400)

struct options {
    const char *repo;              /* --repo */
    const char *keys;              /* --keys */
    const char *password_file;     /* --password-file; NULL = ask when a key is encrypted */
    const char *version;           /* --version; NULL = the order number */
    uint64_t keep;                 /* --keep */
    uint64_t grace_ms;             /* --grace */
    uint64_t expires_root_ms;      /* --expires-root */
    uint64_t expires_targets_ms;   /* --expires-targets */
    uint64_t expires_snapshot_ms;  /* --expires-snapshot */
    uint64_t expires_timestamp_ms; /* --expires-timestamp */
    bool help;                     /* --help */
    const char *component;         /* first positional argument of publish */
    const char *path;              /* second one */
};

#define EXPIRES_ROW(row_name, field, life, what)                                                   \
    {                                                                                              \
        .name = row_name, .kind = WEFT_FLAG_MS, .standard = life, .minimum = MS_PER_S,             \
        .maximum = MS_PER_YEAR_100, .help = "how long " what " is valid after signing",            \
        WEFT_FLAG_AT(struct options, field)                                                        \
    }

static const struct weft_flag common_rows[] = {
    {.name = "repo",
     .kind = WEFT_FLAG_TEXT,
     .argument = "DIR",
     .required = true,
     .help = "the repository; a web server serves this directory",
     WEFT_FLAG_AT(struct options, repo)},
    {.name = "keys",
     .kind = WEFT_FLAG_TEXT,
     .argument = "DIR",
     .required = true,
     .help = "directory of the key files made by weft keygen",
     WEFT_FLAG_AT(struct options, keys)},
    {.name = "password-file",
     .kind = WEFT_FLAG_TEXT,
     .argument = "FILE",
     .help = "file whose first line is the password of encrypted keys; else it is asked for",
     WEFT_FLAG_AT(struct options, password_file)},
    EXPIRES_ROW("expires-targets", expires_targets_ms, "90d", "the list of releases"),
    EXPIRES_ROW("expires-snapshot", expires_snapshot_ms, "90d", "the snapshot"),
    EXPIRES_ROW("expires-timestamp", expires_timestamp_ms, "7d", "the timestamp"),
    {.name = "help",
     .kind = WEFT_FLAG_BOOL,
     .help = "print this text",
     WEFT_FLAG_AT(struct options, help)},
};

static const struct weft_flag publish_rows[] = {
    {.name = "version",
     .kind = WEFT_FLAG_TEXT,
     .argument = "V",
     .help = "name of the version; without it the next number",
     WEFT_FLAG_AT(struct options, version)},
    {.name = "keep",
     .kind = WEFT_FLAG_COUNT,
     .standard = "3",
     .minimum = 1,
     .maximum = 1000,
     .help = "releases of the component that stay listed",
     WEFT_FLAG_AT(struct options, keep)},
    {.name = "grace",
     .kind = WEFT_FLAG_MS,
     .standard = "1d",
     .maximum = MS_PER_YEAR_100,
     .help = "how long files that are no longer listed stay for slow readers",
     WEFT_FLAG_AT(struct options, grace_ms)},
    EXPIRES_ROW("expires-root", expires_root_ms, "365d", "the root of a new repository"),
};

static enum weft_err open_repository(struct weft_repository *repository,
                                     const struct options *options, bool create,
                                     struct weft_message *message)
{
    repository->password->file = options->password_file;
    repository->now_s = (int64_t)time(NULL);
    repository->life.seconds[WEFT_ROLE_ROOT] = (int64_t)(options->expires_root_ms / MS_PER_S);
    repository->life.seconds[WEFT_ROLE_TARGETS] = (int64_t)(options->expires_targets_ms / MS_PER_S);
    repository->life.seconds[WEFT_ROLE_SNAPSHOT] =
        (int64_t)(options->expires_snapshot_ms / MS_PER_S);
    repository->life.seconds[WEFT_ROLE_TIMESTAMP] =
        (int64_t)(options->expires_timestamp_ms / MS_PER_S);
    if (strlen(options->repo) >= sizeof repository->directory ||
        strlen(options->keys) >= sizeof repository->keys) {
        weft_message_set(message, "the path of --repo or --keys is too long");
        return WEFT_ERR_LIMIT;
    }
    snprintf(repository->directory, sizeof repository->directory, "%s", options->repo);
    snprintf(repository->keys, sizeof repository->keys, "%s", options->keys);
    return weft_repository_open(repository, create, message);
}

/* What is known of the component before the new release. */
struct history {
    const char *component;          /* looked for; borrowed */
    const char *version;            /* asked for; NULL = none; borrowed */
    uint64_t order_max;             /* highest order so far */
    bool exists;                    /* |version| is published already */
    struct weft_release_info found; /* as which it is published */
};

static bool look_back(void *context, const struct weft_release_info *info)
{
    struct history *history = context;
    if (strcmp(info->component, history->component) != 0) {
        return true;
    }
    history->order_max = info->order > history->order_max ? info->order : history->order_max;
    if (history->version != NULL && strcmp(info->version, history->version) == 0) {
        history->exists = true;
        history->found = *info;
    }
    return true;
}

static struct history history_of(const struct weft_repository *repository, const char *component,
                                 const char *version)
{
    struct history history = {.component = component, .version = version};
    const struct weft_metadata *targets = weft_repository_targets(repository);
    if (targets != NULL) {
        weft_catalog_each(targets, true, look_back, &history);
    }
    return history;
}

/* Version and order of the new release. Without --version the next number that is free. */
static struct history choose_version(const struct weft_repository *repository,
                                     const struct options *options, struct weft_release_info *info)
{
    struct history history = history_of(repository, options->component, options->version);
    info->order = history.order_max + 1;
    snprintf(info->component, sizeof info->component, "%s", options->component);
    if (options->version != NULL) {
        snprintf(info->version, sizeof info->version, "%s", options->version);
        return history;
    }
    do {
        snprintf(info->version, sizeof info->version, "%llu", (unsigned long long)info->order);
        history = history_of(repository, options->component, info->version);
        info->order += history.exists;
    } while (history.exists);
    return history;
}

/* The name that the file keeps on every node. */
static enum weft_err choose_file(const char *path, struct weft_release_info *info,
                                 struct weft_message *message)
{
    if (info->kind == WEFT_RELEASE_TREE) {
        snprintf(info->file, sizeof info->file, "%.*s.tar", WEFT_NAME_BYTES_MAX, info->component);
        return WEFT_ERR_OK;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (!weft_name_file_ok(name)) {
        weft_message_set(message,
                         "%s: this file name cannot be published; use at most %d bytes of valid "
                         "UTF-8 without control characters and backslashes, not beginning with a "
                         "dot",
                         path, WEFT_NAME_FILE_BYTES_MAX);
        return WEFT_ERR_ARGUMENT;
    }
    memcpy(info->file, name, strlen(name) + 1); /* its length was checked just now */
    return WEFT_ERR_OK;
}

static enum weft_err describe(const struct options *options, const struct weft_payload *payload,
                              struct weft_release_info *info, struct weft_message *message)
{
    info->kind = payload->kind;
    info->pin = (struct weft_pin){.has_length = true, .length = payload->bytes, .has_sha256 = true};
    info->has_index = true;
    info->index_bytes = (uint32_t)payload->index_bytes;
    memcpy(info->pin.sha256, payload->sha256, sizeof info->pin.sha256);
    memcpy(info->index_sha256, payload->index_sha256, sizeof info->index_sha256);
    enum weft_err err = choose_file(options->path, info, message);
    return err == WEFT_ERR_OK ? weft_catalog_paths(info, true) : err;
}

/* The entry of |info| in the list of targets; NULL without memory. */
static json_t *entry_of(const struct weft_release_info *info)
{
    char hex[WEFT_SHA256_HEX_BYTES];
    char index_hex[WEFT_SHA256_HEX_BYTES];
    weft_sha256_hex(info->pin.sha256, hex);
    weft_sha256_hex(info->index_sha256, index_hex);
    return json_pack("{s:I, s:{s:s}, s:{s:{s:s, s:s, s:I, s:s, s:s, s:{s:I, s:s}}}}", "length",
                     (json_int_t)info->pin.length, "hashes", "sha256", hex, "custom", "weft",
                     "component", info->component, "version", info->version, "order",
                     (json_int_t)info->order, "kind",
                     info->kind == WEFT_RELEASE_TREE ? "tree" : "file", "file", info->file, "index",
                     "length", (json_int_t)info->index_bytes, "sha256", index_hex);
}

/* A release of the component with its place in the list. */
struct fading {
    const char *component;        /* looked for; borrowed */
    uint64_t newer_than;          /* orders up to this are looked at */
    struct weft_release_info old; /* the one with the lowest order */
    uint64_t count;               /* releases of the component */
};

static bool find_oldest(void *context, const struct weft_release_info *info)
{
    struct fading *fading = context;
    if (strcmp(info->component, fading->component) == 0 && info->order > fading->newer_than) {
        if (fading->count == 0 || info->order < fading->old.order) {
            fading->old = *info;
        }
        fading->count++;
    }
    return true;
}

/* Take releases of the component off |list| until, with the new one, --keep are left. */
static void fade(const struct weft_repository *repository, const struct options *options,
                 json_t *list)
{
    const struct weft_metadata *targets = weft_repository_targets(repository);
    struct fading fading = {.component = options->component};
    while (targets != NULL) {
        fading.count = 0;
        weft_catalog_each(targets, true, find_oldest, &fading);
        if (fading.count < options->keep) {
            return;
        }
        char path[WEFT_PATH_BYTES_MAX];
        snprintf(path, sizeof path, "%s/%s/%s", fading.old.component, fading.old.version,
                 fading.old.file);
        json_object_del(list, path);
        fading.newer_than = fading.old.order;
    }
}

/* The list of targets with |info| added; NULL without memory. */
static json_t *new_list(const struct weft_repository *repository, const struct options *options,
                        const struct weft_release_info *info)
{
    const struct weft_metadata *targets = weft_repository_targets(repository);
    json_t *list =
        targets != NULL ? json_copy(json_object_get(targets->body, "targets")) : json_object();
    char path[WEFT_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s/%s", info->component, info->version, info->file);
    if (list != NULL) {
        fade(repository, options, list);
    }
    if (list != NULL && json_object_set_new(list, path, entry_of(info)) != 0) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

static enum weft_err refuse_other_content(const struct weft_release_info *info,
                                          const struct weft_release_info *found,
                                          struct weft_message *message)
{
    if (found->pin.length == info->pin.length && found->kind == info->kind &&
        memcmp(found->pin.sha256, info->pin.sha256, sizeof info->pin.sha256) == 0) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message,
                     "%s %s is published already, with other content; a version never changes, "
                     "give another --version",
                     info->component, info->version);
    return WEFT_ERR_EXISTS;
}

static void report(const struct weft_repository *repository, const struct weft_release_info *info,
                   const struct weft_payload *payload)
{
    char date[WEFT_DATE_BYTES];
    const struct weft_metadata *timestamp =
        weft_trust_document(repository->trust, WEFT_ROLE_TIMESTAMP);
    weft_date_print(timestamp->expires_s, date);
    printf("published %s %s: %llu bytes (%s) in %u chunks of %u KiB\n", info->component,
           info->version, (unsigned long long)info->pin.length,
           info->kind == WEFT_RELEASE_TREE ? "tree" : "file", (unsigned)payload->chunk_count,
           (unsigned)(payload->chunk_bytes / 1024));
    printf("timestamp version %llu, valid until %s; renew it before with: weft refresh\n",
           (unsigned long long)timestamp->version, date);
}

static void warn_of_root(const struct weft_repository *repository)
{
    char date[WEFT_DATE_BYTES];
    const struct weft_metadata *root = repository->root;
    if (root->expires_s - repository->now_s < ROOT_WARNING_S) {
        weft_date_print(root->expires_s, date);
        fprintf(stderr, "warning: the root of %s expires on %s; nodes refuse everything after it\n",
                repository->directory, date);
    }
}

/* From the finished payload to the new timestamp. */
static enum weft_err put_release(struct weft_repository *repository, const struct options *options,
                                 const struct weft_payload *payload, struct weft_message *message)
{
    struct weft_release_info info;
    char draft[WEFT_FILE_PATH_BYTES];
    memset(&info, 0, sizeof info);
    struct history history = choose_version(repository, options, &info);
    enum weft_err err = describe(options, payload, &info, message);
    if (err == WEFT_ERR_OK && history.exists) {
        err = refuse_other_content(&info, &history.found, message);
        if (err == WEFT_ERR_OK) {
            printf("%s %s is published already, with the same content\n", info.component,
                   info.version);
        }
        return err;
    }
    weft_repository_draft(repository, draft);
    if (err == WEFT_ERR_OK) {
        err = weft_repository_install(repository, &info, draft, payload->index, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    json_t *list = new_list(repository, options, &info);
    if (list == NULL) {
        weft_message_set(message, "out of memory to list the release");
        return WEFT_ERR_MEMORY;
    }
    err = weft_repository_commit(repository, list, message);
    json_decref(list);
    if (err == WEFT_ERR_OK) {
        report(repository, &info, payload);
    }
    return err;
}

static enum weft_err publish(struct weft_repository *repository, const struct options *options,
                             struct weft_message *message)
{
    enum weft_err err = open_repository(repository, options, true, message);
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        err = weft_repository_check_key(repository, (enum weft_role)role, message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    warn_of_root(repository);
    struct weft_payload payload;
    char draft[WEFT_FILE_PATH_BYTES];
    weft_repository_draft(repository, draft);
    err = weft_payload_make(options->path, options->repo, draft, &payload, message);
    if (err == WEFT_ERR_OK) {
        err = put_release(repository, options, &payload, message);
    }
    weft_payload_free(&payload);
    if (err == WEFT_ERR_OK) {
        struct weft_message warning = {.text = ""};
        if (weft_prune(repository, (int64_t)(options->grace_ms / MS_PER_S), &warning) !=
            WEFT_ERR_OK) {
            fprintf(stderr, "warning: old files were not removed: %s\n", warning.text);
        }
    }
    return err;
}

/* Positional arguments and names, before anything is touched. */
static bool check_arguments(struct options *options, const struct weft_flag_list *words,
                            int *exit_code)
{
    char text[WEFT_MESSAGE_BYTES] = "";
    if (words->count != 2) {
        snprintf(text, sizeof text, "give the NAME of the component and the PATH to publish");
    } else if (!weft_name_ok(words->items[0])) {
        snprintf(text, sizeof text, "NAME '%.80s': a component is named by %s", words->items[0],
                 WEFT_NAME_RULE);
    } else if (options->version != NULL && !weft_name_ok(options->version)) {
        snprintf(text, sizeof text, "--version %.80s: a version is named by %s", options->version,
                 WEFT_NAME_RULE);
    }
    if (text[0] != '\0') {
        *exit_code = weft_usage_refuse("publish", text);
        return false;
    }
    options->component = words->items[0];
    options->path = words->items[1];
    return true;
}

static int end(const char *command, enum weft_err err, const struct weft_message *message)
{
    if (err != WEFT_ERR_OK) {
        fprintf(stderr, "weft %s: %s\n", command, message->text);
    }
    return err == WEFT_ERR_OK ? WEFT_EXIT_OK : WEFT_EXIT_FAILED;
}

int weft_command_publish(int argc, char **argv)
{
    struct options options = {.repo = NULL};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group groups[] = {
        {.flags = common_rows, .flag_count = WEFT_FLAG_COUNT_OF(common_rows), .target = &options},
        {.flags = publish_rows,
         .flag_count = WEFT_FLAG_COUNT_OF(publish_rows),
         .target = &options}};
    struct weft_usage usage = {
        .command = "publish",
        .arguments = "--repo DIR --keys DIR [--version V] NAME PATH",
        .about = "Add a release of component NAME to a repository: PATH is a file, or a directory\n"
                 "that is published as a tree. A repository is made where there is none. Readers\n"
                 "of a web server that serves DIR see the old generation or the new one.",
        .set = {.groups = groups, .group_count = 2},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc - 1, argv + 1, &words, &exit_code) ||
        !check_arguments(&options, &words, &exit_code)) {
        return exit_code;
    }
    struct weft_message message = {.text = ""};
    struct weft_password password = {.file = NULL};
    struct weft_repository repository = {.lock = -1, .password = &password};
    enum weft_err err = sodium_init() < 0 ? WEFT_ERR_IO : publish(&repository, &options, &message);
    weft_repository_close(&repository);
    weft_password_wipe(&password);
    return end("publish", err, &message);
}

static enum weft_err refresh(struct weft_repository *repository, const struct options *options,
                             struct weft_message *message)
{
    enum weft_err err = open_repository(repository, options, false, message);
    if (err == WEFT_ERR_OK && weft_repository_targets(repository) == NULL) {
        weft_message_set(message, "nothing is published in %s yet", repository->directory);
        err = WEFT_ERR_NOT_FOUND;
    }
    if (err == WEFT_ERR_OK) {
        warn_of_root(repository);
        err = weft_repository_commit(repository, NULL, message);
    }
    if (err == WEFT_ERR_OK) {
        char date[WEFT_DATE_BYTES];
        const struct weft_metadata *timestamp =
            weft_trust_document(repository->trust, WEFT_ROLE_TIMESTAMP);
        weft_date_print(timestamp->expires_s, date);
        printf("timestamp version %llu, valid until %s\n", (unsigned long long)timestamp->version,
               date);
    }
    return err;
}

int weft_command_refresh(int argc, char **argv)
{
    struct options options = {.repo = NULL};
    struct weft_flag_group group = {
        .flags = common_rows, .flag_count = WEFT_FLAG_COUNT_OF(common_rows), .target = &options};
    struct weft_usage usage = {
        .command = "refresh",
        .arguments = "--repo DIR --keys DIR",
        .about = "Sign the timestamp of a repository again, and the snapshot and the list of\n"
                 "releases when half of their life is over. Needs the keys of what it signs.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc - 1, argv + 1, NULL, &exit_code)) {
        return exit_code;
    }
    struct weft_message message = {.text = ""};
    struct weft_password password = {.file = NULL};
    struct weft_repository repository = {.lock = -1, .password = &password};
    enum weft_err err = sodium_init() < 0 ? WEFT_ERR_IO : refresh(&repository, &options, &message);
    weft_repository_close(&repository);
    weft_password_wipe(&password);
    return end("refresh", err, &message);
}
