/* SPDX-License-Identifier: Apache-2.0 */
/* `weft delegate ROLE`: the delegation to a role, whole. It is given anew each time, so that those
 * who sign see all of it; --revoke takes it away. */
#include "node/delegate.h"

#include "node/exit.h"
#include "node/repository_role.h"
#include "node/rows.h"
#include "node/usage.h"
#include "protocol/trust/name.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

struct options {
    const char *repo;                 /* --repo */
    const char *keys;                 /* --keys */
    const char *password_file;        /* --password-file */
    struct weft_flag_list files;      /* --key */
    struct weft_flag_list components; /* --component */
    uint64_t threshold;               /* --threshold */
    bool begin;                       /* --begin */
    bool revoke;                      /* --revoke */
    bool help;                        /* --help */
    const char *role;                 /* positional argument */
};

static const struct weft_flag rows[] = {
    WEFT_ROW_MUST("repo", "DIR", "the repository", WEFT_FLAG_AT(struct options, repo)),
    WEFT_ROW_MUST(
        "keys", "DIR",
        "directory of the key files: of targets, snapshot and timestamp; with --begin of ROLE",
        WEFT_FLAG_AT(struct options, keys)),
    WEFT_ROW_PASSWORD_FILE(WEFT_FLAG_AT(struct options, password_file)),
    WEFT_ROW_LIST("key", "KEY", "key file (.pub) that may sign for ROLE",
                  WEFT_FLAG_AT(struct options, files)),
    {.name = "threshold",
     .kind = WEFT_FLAG_COUNT,
     .standard = "1",
     .minimum = 1,
     .maximum = WEFT_SIGNERS_KEYS_MAX,
     .help = "how many of them have to",
     WEFT_FLAG_AT(struct options, threshold)},
    WEFT_ROW_LIST("component", "NAME", "component that ROLE may publish",
                  WEFT_FLAG_AT(struct options, components)),
    {.name = "begin",
     .kind = WEFT_FLAG_BOOL,
     .help = "sign the first, empty list of ROLE with its keys, which has to be there before "
             "something is delegated to it; its holders do so",
     WEFT_FLAG_AT(struct options, begin)},
    {.name = "revoke",
     .kind = WEFT_FLAG_BOOL,
     .help = "delegate nothing to ROLE any more",
     WEFT_FLAG_AT(struct options, revoke)},
    WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
};

/* Add the keys of the files to |keys| and |keyids|. Errors: with |message|. */
static enum weft_err add_keys(const struct options *options, json_t *keys, json_t *keyids,
                              struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    for (uint32_t i = 0; i < options->files.count && err == WEFT_ERR_OK; i++) {
        struct weft_keyfile *key = NULL;
        err = weft_keyfile_load(options->files.items[i], &key, message);
        if (err == WEFT_ERR_OK) {
            json_object_set(keys, weft_keyfile_id(key), weft_keyfile_public(key));
            json_array_append_new(keyids, json_string(weft_keyfile_id(key)));
        }
        weft_keyfile_free(key);
    }
    return err;
}

/* The entry of ROLE: its keys, and releases of its components, COMPONENT/VERSION/FILE. */
static json_t *entry_of(const struct options *options, json_t *keyids)
{
    json_t *paths = json_array();
    for (uint32_t i = 0; i < options->components.count; i++) {
        char pattern[WEFT_NAME_BYTES_MAX + 8];
        snprintf(pattern, sizeof pattern, "%.*s/*/*", WEFT_NAME_BYTES_MAX,
                 options->components.items[i]);
        json_array_append_new(paths, json_string(pattern));
    }
    return json_pack("{s:s, s:O, s:I, s:o, s:b}", "name", options->role, "keyids", keyids,
                     "threshold", (json_int_t)options->threshold, "paths", paths, "terminating", 0);
}

/* Take ROLE out of |roles|. Result: was it there? */
static bool take_out(json_t *roles, const char *role)
{
    bool found = false;
    for (size_t i = json_array_size(roles); i > 0; i--) {
        const char *name = weft_json_text(json_array_get(roles, i - 1), "name");
        if (name != NULL && strcmp(name, role) == 0) {
            json_array_remove(roles, i - 1);
            found = true;
        }
    }
    return found;
}

/* Keep in |delegations| only keys that a role names. */
static void tidy(json_t *delegations)
{
    json_t *keys = json_object_get(delegations, "keys");
    json_t *used = json_object();
    size_t i;
    size_t k;
    json_t *entry;
    json_t *id;
    json_array_foreach(json_object_get(delegations, "roles"), i, entry)
    {
        json_array_foreach(json_object_get(entry, "keyids"), k, id)
        {
            json_object_set(used, json_string_value(id),
                            json_object_get(keys, json_string_value(id)));
        }
    }
    json_object_set_new(delegations, "keys", used);
}

/* The delegations that are published, to be changed. Owner: the caller. */
static json_t *delegations_of(const struct weft_repository *repository)
{
    const struct weft_metadata *targets = weft_repository_targets(repository);
    json_t *old = json_object_get(targets->body, "delegations");
    return old != NULL ? json_deep_copy(old) : json_pack("{s:{}, s:[]}", "keys", "roles");
}

/* A role that signed nothing yet signs an empty list, so that nodes will find its document. */
static enum weft_err sign_first(struct weft_repository *repository, const struct options *options,
                                const json_t *keys, const json_t *entry,
                                struct weft_message *message)
{
    struct weft_signers signers = weft_signers_of(keys, entry);
    struct weft_metadata *document = weft_repository_role(repository, options->role, &signers);
    enum weft_err err = WEFT_ERR_OK;
    if (document == NULL) {
        json_t *empty = json_object();
        err = weft_repository_sign_role(repository, options->role, &signers, empty, message);
        json_decref(empty);
    }
    weft_metadata_drop(document);
    return err;
}

/* --begin: done by the holders of the keys, who have no others. */
static enum weft_err begin_role(struct weft_repository *repository, const struct options *options,
                                struct weft_message *message)
{
    json_t *keys = json_object();
    json_t *keyids = json_array();
    enum weft_err err = add_keys(options, keys, keyids, message);
    json_t *entry = entry_of(options, keyids);
    if (err == WEFT_ERR_OK) {
        err = sign_first(repository, options, keys, entry, message);
    }
    json_decref(entry);
    json_decref(keyids);
    json_decref(keys);
    return err;
}

static enum weft_err give(const struct options *options, json_t *delegations,
                          struct weft_message *message)
{
    json_t *keys = json_object_get(delegations, "keys");
    json_t *roles = json_object_get(delegations, "roles");
    json_t *keyids = json_array();
    enum weft_err err = add_keys(options, keys, keyids, message);
    json_t *entry = entry_of(options, keyids);
    json_decref(keyids);
    take_out(roles, options->role);
    if (err == WEFT_ERR_OK && json_array_append(roles, entry) != 0) {
        weft_message_set(message, "out of memory to delegate");
        err = WEFT_ERR_MEMORY;
    }
    json_decref(entry);
    return err;
}

static enum weft_err change(struct weft_repository *repository, const struct options *options,
                            struct weft_message *message)
{
    enum weft_err err = weft_repository_open(repository, false, message);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (weft_repository_targets(repository) == NULL) {
        weft_message_set(message, "nothing is published in %s yet", repository->directory);
        return WEFT_ERR_NOT_FOUND;
    }
    if (options->begin) {
        return begin_role(repository, options, message);
    }
    json_t *delegations = delegations_of(repository);
    if (!options->revoke) {
        err = give(options, delegations, message);
    } else if (!take_out(json_object_get(delegations, "roles"), options->role)) {
        weft_message_set(message, "nothing is delegated to a role %s", options->role);
        err = WEFT_ERR_NOT_FOUND;
    }
    if (err == WEFT_ERR_OK) {
        tidy(delegations);
        struct weft_repository_change new_generation = {.delegations = delegations};
        err = weft_repository_commit(repository, &new_generation, message);
    }
    json_decref(delegations);
    return err;
}

/* Everything that can be wrong before a file is read. Result: the fault; NULL = none. */
static const char *check_arguments(const struct options *options)
{
    if (!weft_name_ok(options->role) || weft_role_is_top(options->role)) {
        return "give ROLE a name of " WEFT_NAME_RULE ", other than that of a top-level role";
    }
    if (options->revoke) {
        return options->files.count + options->components.count > 0
                   ? "--revoke goes without --key and --component"
                   : NULL;
    }
    if (options->begin) {
        return options->files.count == 0 ? "--begin: say with which keys: --key FILE.pub" : NULL;
    }
    if (options->files.count == 0 || options->components.count == 0) {
        return "say who may publish what: --key FILE.pub --component NAME, or --revoke";
    }
    if (options->threshold > options->files.count) {
        return "--threshold: there are fewer keys";
    }
    for (uint32_t i = 0; i < options->components.count; i++) {
        if (!weft_name_ok(options->components.items[i])) {
            return "--component: a component is named by " WEFT_NAME_RULE;
        }
    }
    return NULL;
}

static int run(const struct options *options)
{
    struct weft_password password = {.file = options->password_file};
    struct weft_repository repository = {.lock = -1, .password = &password};
    struct weft_message message = {.text = ""};
    repository.now_s = (int64_t)time(NULL);
    repository.life.seconds[WEFT_ROLE_TARGETS] = INT64_C(90) * DAY_S;
    repository.life.seconds[WEFT_ROLE_SNAPSHOT] = INT64_C(90) * DAY_S;
    repository.life.seconds[WEFT_ROLE_TIMESTAMP] = INT64_C(7) * DAY_S;
    enum weft_err err = weft_repository_at(&repository, options->repo, options->keys, &message);
    if (err == WEFT_ERR_OK) {
        err = change(&repository, options, &message);
    }
    weft_repository_close(&repository);
    weft_password_wipe(&password);
    if (err != WEFT_ERR_OK) {
        fprintf(stderr, "weft delegate: %s\n", message.text);
        return WEFT_EXIT_FAILED;
    }
    if (options->begin) {
        printf("role %s has signed its first list; delegate to it with: weft delegate %s\n",
               options->role, options->role);
    } else if (options->revoke) {
        printf("role %s may publish nothing any more\n", options->role);
    } else {
        printf("role %s may publish: weft publish --role %s\n", options->role, options->role);
    }
    return WEFT_EXIT_OK;
}

int weft_command_delegate(int argc, char **argv)
{
    struct options options = {.repo = NULL};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group group = {
        .flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = &options};
    struct weft_usage usage = {
        .command = "delegate",
        .arguments = "ROLE --repo DIR --keys DIR --key KEY... --component NAME...",
        .about = "Let the holders of other keys publish components, and nothing else. Given\n"
                 "again, it replaces what was delegated to ROLE before; what keys signed that are\n"
                 "not named any more does not count from then on.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc - 1, argv + 1, &words, &exit_code)) {
        return exit_code;
    }
    options.role = words.count == 1 ? words.items[0] : "";
    const char *fault = check_arguments(&options);
    if (fault != NULL) {
        return weft_usage_refuse("delegate", fault);
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "weft delegate: the system gives no random numbers\n");
        return WEFT_EXIT_FAILED;
    }
    return run(&options);
}
