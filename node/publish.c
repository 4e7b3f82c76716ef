/* SPDX-License-Identifier: Apache-2.0 */
/* `weft publish` and `weft refresh`. Order of a publish: lock, read, payload, index, targets,
 * snapshot, timestamp, remove what is old. Up to the timestamp nothing changes for readers. */
#include "node/publish.h"

#include "node/exit.h"
#include "node/prune.h"
#include "node/publish_release.h"
#include "node/repository_role.h"
#include "node/rows.h"
#include "node/units.h"
#include "node/usage.h"
#include "protocol/trust/date.h"

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
    struct weft_publish_wish wish; /* --version, and the positional arguments of publish */
    const char *role;              /* --role; NULL = the top-level targets */
    uint64_t keep;                 /* --keep */
    uint64_t grace_ms;             /* --grace */
    uint64_t expires_root_ms;      /* --expires-root */
    uint64_t expires_targets_ms;   /* --expires-targets */
    uint64_t expires_snapshot_ms;  /* --expires-snapshot */
    uint64_t expires_timestamp_ms; /* --expires-timestamp */
    bool help;                     /* --help */
};

#define EXPIRES_ROW(row_name, field, life, what)                                                   \
    {                                                                                              \
        .name = row_name, .kind = WEFT_FLAG_MS, .standard = life, .minimum = MS_PER_S,             \
        .maximum = MS_PER_YEAR_100, .help = "how long " what " is valid after signing",            \
        WEFT_FLAG_AT(struct options, field)                                                        \
    }

static const struct weft_flag common_rows[] = {
    WEFT_ROW_MUST("repo", "DIR", "the repository; a web server serves this directory",
                  WEFT_FLAG_AT(struct options, repo)),
    WEFT_ROW_MUST("keys", "DIR", "directory of the key files made by weft keygen",
                  WEFT_FLAG_AT(struct options, keys)),
    WEFT_ROW_PASSWORD_FILE(WEFT_FLAG_AT(struct options, password_file)),
    EXPIRES_ROW("expires-targets", expires_targets_ms, "90d", "the list of releases"),
    EXPIRES_ROW("expires-snapshot", expires_snapshot_ms, "90d", "the snapshot"),
    EXPIRES_ROW("expires-timestamp", expires_timestamp_ms, "7d", "the timestamp"),
    WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
};

static const struct weft_flag publish_rows[] = {
    WEFT_ROW_TEXT("version", "V", "name of the version; without it the next number",
                  WEFT_FLAG_AT(struct options, wish.version)),
    WEFT_ROW_TEXT("role", "ROLE",
                  "list the release in the document of a role that the component was delegated to "
                  "(weft delegate), signed by the keys of that role",
                  WEFT_FLAG_AT(struct options, role)),
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
    enum weft_err err = weft_repository_at(repository, options->repo, options->keys, message);
    return err == WEFT_ERR_OK ? weft_repository_open(repository, create, message) : err;
}

static void report_timestamp(const struct weft_repository *repository, const char *hint)
{
    char date[WEFT_DATE_BYTES];
    const struct weft_metadata *timestamp =
        weft_trust_document(repository->trust, WEFT_ROLE_TIMESTAMP);
    weft_date_print(timestamp->expires_s, date);
    printf("timestamp version %llu, valid until %s%s\n", (unsigned long long)timestamp->version,
           date, hint);
}

static void report(const struct weft_release_info *info, const struct weft_payload *payload)
{
    printf("published %s %s: %s (%s) in %s of %u KiB\n", info->component, info->version,
           weft_units_count(info->pin.length, "byte").text,
           info->kind == WEFT_RELEASE_TREE ? "tree" : "file",
           weft_units_count(payload->chunk_count, "chunk").text,
           (unsigned)(payload->chunk_bytes / 1024));
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

/* Can a snapshot and a timestamp be signed here? */
static bool has_online_keys(struct weft_repository *repository)
{
    struct weft_message unused;
    return weft_repository_check_key(repository, WEFT_ROLE_SNAPSHOT, &unused) == WEFT_ERR_OK &&
           weft_repository_check_key(repository, WEFT_ROLE_TIMESTAMP, &unused) == WEFT_ERR_OK;
}

/* Bring out the list with |info|: in the top-level targets, or in the document of --role. Without
 * the other keys the latter waits for whoever has them. */
static enum weft_err put_list(struct weft_repository *repository, const struct options *options,
                              const struct weft_publish_place *place,
                              const struct weft_release_info *info, struct weft_message *message)
{
    struct weft_repository_change change = {.targets = NULL};
    json_t *list = weft_publish_list(place->old, info, options->keep);
    enum weft_err err = WEFT_ERR_MEMORY;
    if (list == NULL) {
        weft_message_set(message, "out of memory to list the release");
    } else if (options->role == NULL) {
        change.targets = list;
        err = weft_repository_commit(repository, &change, message);
    } else {
        err = weft_repository_sign_role(repository, options->role, &place->delegation.signers, list,
                                        message);
        if (err == WEFT_ERR_OK && has_online_keys(repository)) {
            err = weft_repository_commit(repository, &change, message);
        } else if (err == WEFT_ERR_OK) {
            printf("signed for role %s; whoever has the snapshot and timestamp keys brings it out "
                   "with: weft refresh\n",
                   options->role);
        }
    }
    json_decref(list);
    return err;
}

/* From the finished payload to the new timestamp. */
static enum weft_err put_release(struct weft_repository *repository, const struct options *options,
                                 const struct weft_publish_place *place,
                                 const struct weft_payload *payload, struct weft_message *message)
{
    struct weft_release_info info;
    bool is_there = false;
    char draft[WEFT_FILE_PATH_BYTES];
    enum weft_err err = weft_publish_describe(repository, place, &options->wish, payload, &info,
                                              &is_there, message);
    if (err == WEFT_ERR_OK && is_there) {
        printf("%s %s is published already, with the same content\n", info.component, info.version);
        return err;
    }
    weft_repository_draft(repository, draft);
    if (err == WEFT_ERR_OK) {
        err = weft_repository_install(repository, &info, draft, payload->index, message);
    }
    if (err == WEFT_ERR_OK) {
        err = put_list(repository, options, place, &info, message);
    }
    if (err == WEFT_ERR_OK) {
        report(&info, payload);
    }
    return err;
}

/* The keys that bring a new generation out, before any work is done. Of --role its own are enough.
 */
static enum weft_err check_keys(struct weft_repository *repository, const struct options *options,
                                struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT; role++) {
        if (err == WEFT_ERR_OK && options->role == NULL) {
            err = weft_repository_check_key(repository, (enum weft_role)role, message);
        }
    }
    return err;
}

/* A generation is out: say how long it is valid, remove what is old. */
static void finish(const struct weft_repository *repository, const struct options *options)
{
    struct weft_message warning = {.text = ""};
    report_timestamp(repository, "; renew it before with: weft refresh");
    if (weft_prune(repository, (int64_t)(options->grace_ms / MS_PER_S), &warning) != WEFT_ERR_OK) {
        fprintf(stderr, "warning: old files were not removed: %s\n", warning.text);
    }
}

static enum weft_err publish(struct weft_repository *repository, const struct options *options,
                             struct weft_message *message)
{
    struct weft_publish_place place = {.role = NULL};
    enum weft_err err = open_repository(repository, options, options->role == NULL, message);
    if (err == WEFT_ERR_OK) {
        err = check_keys(repository, options, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_publish_find_place(repository, options->role, options->wish.component, &place,
                                      message);
    }
    if (err != WEFT_ERR_OK) {
        return err;
    }
    warn_of_root(repository);
    struct weft_payload payload;
    char draft[WEFT_FILE_PATH_BYTES];
    weft_repository_draft(repository, draft);
    err = weft_payload_make(options->wish.path, options->repo, draft, &payload, message);
    if (err == WEFT_ERR_OK) {
        err = put_release(repository, options, &place, &payload, message);
    }
    weft_payload_free(&payload);
    weft_metadata_drop(place.role);
    /* What only a role signed is on nobody's list yet, and would be removed. */
    if (err == WEFT_ERR_OK && (options->role == NULL || has_online_keys(repository))) {
        finish(repository, options);
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
    } else if (options->wish.version != NULL && !weft_name_ok(options->wish.version)) {
        snprintf(text, sizeof text, "--version %.80s: a version is named by %s",
                 options->wish.version, WEFT_NAME_RULE);
    }
    if (text[0] != '\0') {
        *exit_code = weft_usage_refuse("publish", text);
        return false;
    }
    options->wish.component = words->items[0];
    options->wish.path = words->items[1];
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
        {.flags = publish_rows, .flag_count = WEFT_FLAG_COUNT_OF(publish_rows), .target = &options},
        {.flags = common_rows, .flag_count = WEFT_FLAG_COUNT_OF(common_rows), .target = &options}};
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
        err = weft_repository_renew_roles(repository, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_repository_commit(repository, &(struct weft_repository_change){.targets = NULL},
                                     message);
    }
    if (err == WEFT_ERR_OK) {
        report_timestamp(repository, "");
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
