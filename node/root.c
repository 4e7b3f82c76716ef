/* SPDX-License-Identifier: Apache-2.0 */
/* `weft root ACTION FILE`: new or rotate begin a draft, sign adds signatures, status says who is
 * missing, install brings it into the repository. Each holder of a key signs on his own machine;
 * only the file travels. */
#include "node/root.h"

#include "node/exit.h"
#include "node/repository.h"
#include "node/root_draft.h"
#include "node/rows.h"
#include "node/usage.h"
#include "protocol/trust/date.h"
#include "protocol/trust/root.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS_PER_S 1000
#define MS_PER_YEAR_100 UINT64_C(3155760000000)

struct options {
    const char *repo;                             /* --repo */
    const char *keys;                             /* --keys */
    const char *password_file;                    /* --password-file */
    uint64_t expires_ms;                          /* --expires */
    struct weft_flag_list roles[WEFT_ROLE_COUNT]; /* --root, ...: key files */
    uint32_t thresholds[WEFT_ROLE_COUNT];         /* --root-threshold, ...; 0 = not given */
    bool help;                                    /* --help */
    const char *file;                             /* second positional argument */
};

#define ROLE_ROWS(word, role)                                                                      \
    {.name = word,                                                                                 \
     .kind = WEFT_FLAG_LIST,                                                                       \
     .argument = "KEY",                                                                            \
     .help = "key file (.pub) that may sign " word ": all that may, instead of those before",      \
     WEFT_FLAG_AT(struct options, roles[role])},                                                   \
    {                                                                                              \
        .name = word "-threshold", .kind = WEFT_FLAG_COUNT, .maximum = WEFT_SIGNERS_KEYS_MAX,      \
        .help = "how many of them have to; 0 = as before, or 1",                                   \
        WEFT_FLAG_AT(struct options, thresholds[role])                                             \
    }

static const struct weft_flag rows[] = {
    WEFT_ROW_TEXT("repo", "DIR",
                  "the repository; to sign and for status its metadata/N.root.json are enough",
                  WEFT_FLAG_AT(struct options, repo)),
    WEFT_ROW_TEXT("keys", "DIR", "directory of the key files to sign with",
                  WEFT_FLAG_AT(struct options, keys)),
    WEFT_ROW_PASSWORD_FILE(WEFT_FLAG_AT(struct options, password_file)),
    {.name = "expires",
     .kind = WEFT_FLAG_MS,
     .standard = "365d",
     .minimum = MS_PER_S,
     .maximum = MS_PER_YEAR_100,
     .help = "how long a root that is begun now is valid",
     WEFT_FLAG_AT(struct options, expires_ms)},
    ROLE_ROWS("root", WEFT_ROLE_ROOT),
    ROLE_ROWS("targets", WEFT_ROLE_TARGETS),
    ROLE_ROWS("snapshot", WEFT_ROLE_SNAPSHOT),
    ROLE_ROWS("timestamp", WEFT_ROLE_TIMESTAMP),
    WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
};

static int64_t expires_s(const struct options *options)
{
    return (int64_t)time(NULL) + (int64_t)(options->expires_ms / MS_PER_S);
}

static enum weft_err insist(const char *value, const char *flag, struct weft_message *message)
{
    if (value != NULL) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message, "this needs %s DIR", flag);
    return WEFT_ERR_ARGUMENT;
}

/* Keys whose signatures are missing, and how many of them are enough. Result: is it complete? */
static bool print_tally(const char *whose, const struct weft_root_tally *tally)
{
    size_t i;
    json_t *id;
    bool is_complete = tally->count >= tally->signers.threshold;
    printf("%s: signed by %llu of %zu keys, %llu are needed%s\n", whose,
           (unsigned long long)tally->count, json_array_size(tally->signers.keyids),
           (unsigned long long)tally->signers.threshold, is_complete ? "" : "; missing:");
    json_array_foreach(tally->signers.keyids, i, id)
    {
        if (!is_complete && json_object_get(tally->signed_by, json_string_value(id)) == NULL) {
            printf("    key id %s\n", json_string_value(id));
        }
    }
    return is_complete;
}

static enum weft_err tally_one(const struct weft_root_draft *draft, bool for_previous,
                               bool *is_complete, struct weft_message *message)
{
    struct weft_root_tally tally;
    char whose[80];
    enum weft_err err = weft_root_draft_tally(draft, for_previous, &tally);
    snprintf(whose, sizeof whose, "root keys of version %llu",
             (unsigned long long)weft_root_draft_version(draft) - for_previous);
    if (err == WEFT_ERR_OK) {
        *is_complete = print_tally(whose, &tally) && *is_complete;
    } else {
        weft_message_set(message, "out of memory to count signatures");
    }
    json_decref(tally.signed_by);
    return err;
}

/* Say who signed and who is missing. *is_complete = nobody is. */
static enum weft_err print_status(const struct weft_root_draft *draft, bool *is_complete,
                                  struct weft_message *message)
{
    uint64_t version = weft_root_draft_version(draft);
    const char *expires = weft_json_text(weft_root_draft_body(draft), "expires");
    printf("root version %llu, valid until %s\n", (unsigned long long)version, expires);
    *is_complete = true;
    enum weft_err err = WEFT_ERR_OK;
    if (draft->previous != NULL) {
        err = tally_one(draft, true, is_complete, message);
    } else if (version > 1) {
        printf("root keys of version %llu have to sign, too: see with --repo DIR\n",
               (unsigned long long)version - 1);
        *is_complete = false;
    }
    return err == WEFT_ERR_OK ? tally_one(draft, false, is_complete, message) : err;
}

/* Give the roles what the flags say, write the draft, and say what comes next. */
static enum weft_err finish_draft(struct weft_root_draft *draft, const struct options *options,
                                  struct weft_message *message)
{
    enum weft_err err = WEFT_ERR_OK;
    bool unused;
    for (int role = 0; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        err = weft_root_draft_role(draft, (enum weft_role)role, options->roles[role].items,
                                   options->roles[role].count, options->thresholds[role], message);
    }
    if (err == WEFT_ERR_OK) {
        weft_root_draft_tidy(draft);
        err = weft_root_draft_save(draft, options->file, message);
    }
    if (err == WEFT_ERR_OK) {
        err = print_status(draft, &unused, message);
    }
    if (err == WEFT_ERR_OK) {
        printf("Next: weft root sign %s --keys DIR%s\n", options->file,
               weft_root_draft_version(draft) > 1 ? " --repo DIR" : "");
    }
    return err;
}

static enum weft_err refuse_existing(const struct options *options, struct weft_message *message)
{
    if (access(options->file, F_OK) != 0) {
        return WEFT_ERR_OK;
    }
    weft_message_set(message, "%s exists already; signatures in it would be lost. Remove it first",
                     options->file);
    return WEFT_ERR_EXISTS;
}

static enum weft_err begin_new(const struct options *options, struct weft_message *message)
{
    struct weft_root_draft draft = {.document = NULL};
    enum weft_err err = refuse_existing(options, message);
    if (err == WEFT_ERR_OK) {
        err = weft_root_draft_new(&draft, expires_s(options));
    }
    if (err == WEFT_ERR_OK) {
        err = finish_draft(&draft, options, message);
    }
    weft_root_draft_free(&draft);
    return err;
}

/* Open --repo for reading roots; weft_repository_close() in any case. */
static enum weft_err open_repository(const struct options *options, bool create,
                                     struct weft_repository *repository,
                                     struct weft_message *message)
{
    enum weft_err err = insist(options->repo, "--repo", message);
    if (err == WEFT_ERR_OK) {
        err = weft_repository_at(repository, options->repo, NULL, message);
    }
    if (err == WEFT_ERR_OK) {
        err = create ? weft_repository_prepare(repository, message)
                     : weft_repository_open(repository, false, message);
    }
    return err;
}

static enum weft_err begin_rotation(const struct options *options, struct weft_message *message)
{
    struct weft_root_draft draft = {.document = NULL};
    struct weft_repository repository = {.lock = -1};
    enum weft_err err = refuse_existing(options, message);
    if (err == WEFT_ERR_OK) {
        err = open_repository(options, false, &repository, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_root_draft_next(&draft, repository.root, expires_s(options));
        draft.previous = weft_metadata_keep(repository.root);
    }
    if (err == WEFT_ERR_OK) {
        err = finish_draft(&draft, options, message);
    }
    weft_root_draft_free(&draft);
    weft_repository_close(&repository);
    return err;
}

static enum weft_err sign_with(struct weft_root_draft *draft, const struct options *options,
                               struct weft_message *message)
{
    struct weft_password password = {.file = options->password_file};
    struct weft_keyring *ring = NULL;
    uint64_t added = 0;
    enum weft_err err = weft_keyring_open(options->keys, &password, &ring, message);
    if (err == WEFT_ERR_OK) {
        err = weft_root_draft_sign(draft, ring, &added, message);
    }
    if (err == WEFT_ERR_OK && added == 0) {
        bool is_alone = weft_root_draft_version(draft) > 1 && draft->previous == NULL;
        weft_message_set(
            message, "no key in %.200s is asked for by %.200s%s; see: weft root status",
            options->keys, options->file,
            is_alone ? " itself; those of the root before are known with --repo DIR" : "");
        err = WEFT_ERR_NOT_FOUND;
    }
    weft_keyring_free(ring);
    weft_password_wipe(&password);
    return err;
}

static enum weft_err sign(const struct options *options, struct weft_message *message)
{
    struct weft_root_draft draft = {.document = NULL};
    bool is_complete = false;
    enum weft_err err = insist(options->keys, "--keys", message);
    if (err == WEFT_ERR_OK) {
        err = weft_root_draft_load(&draft, options->file, options->repo, message);
    }
    if (err == WEFT_ERR_OK) {
        err = sign_with(&draft, options, message);
    }
    if (err == WEFT_ERR_OK) {
        err = weft_root_draft_save(&draft, options->file, message);
    }
    if (err == WEFT_ERR_OK) {
        err = print_status(&draft, &is_complete, message);
    }
    if (err == WEFT_ERR_OK && is_complete) {
        printf("complete; next: weft root install %s --repo DIR\n", options->file);
    }
    weft_root_draft_free(&draft);
    return err;
}

static enum weft_err status(const struct options *options, struct weft_message *message)
{
    struct weft_root_draft draft = {.document = NULL};
    bool is_complete = false;
    enum weft_err err = weft_root_draft_load(&draft, options->file, options->repo, message);
    if (err == WEFT_ERR_OK) {
        err = print_status(&draft, &is_complete, message);
    }
    weft_root_draft_free(&draft);
    if (err == WEFT_ERR_OK && !is_complete) {
        weft_message_set(message, "%s is not complete", options->file);
        err = WEFT_ERR_SIGNATURE;
    }
    return err;
}

static enum weft_err install(const struct options *options, struct weft_message *message)
{
    struct weft_repository repository = {.lock = -1};
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum weft_err err =
        weft_fileio_load(options->file, weft_role_bytes_max(WEFT_ROLE_ROOT), &bytes, &length);
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot read %s: %s", options->file, weft_err_text(err));
        return err;
    }
    err = open_repository(options, true, &repository, message);
    if (err == WEFT_ERR_OK) {
        err = weft_repository_add_root(&repository, bytes, length, message);
    }
    if (err == WEFT_ERR_OK) {
        printf("root version %llu is in %s; sign what hangs on its keys: weft refresh\n",
               (unsigned long long)repository.root->version, options->repo);
    }
    weft_repository_close(&repository);
    free(bytes);
    return err;
}

static const struct action {
    const char *name; /* first word */
    enum weft_err (*run)(const struct options *options, struct weft_message *message);
} actions[] = {
    {"new", begin_new}, {"rotate", begin_rotation}, {"sign", sign},
    {"status", status}, {"install", install},
};

static const struct action *find_action(const struct weft_flag_list *words)
{
    for (size_t i = 0; words->count == 2 && i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i].name, words->items[0]) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

int weft_command_root(int argc, char **argv)
{
    struct options options = {.repo = NULL};
    struct weft_flag_list words = {.count = 0};
    struct weft_flag_group group = {
        .flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = &options};
    struct weft_usage usage = {
        .command = "root",
        .arguments = "new|rotate|sign|status|install FILE [FLAG]...",
        .about = "Make or change the root of a repository: which keys sign what, and how many of\n"
                 "them have to. FILE is a draft that travels from one holder of a key to the\n"
                 "next.\n\n"
                 "  new      begin version 1: give the keys of all four roles\n"
                 "  rotate   begin the version after the newest one in --repo: give what changes\n"
                 "  sign     add signatures by the keys in --keys\n"
                 "  status   say who signed and who is missing; exit code 1 = not complete\n"
                 "  install  bring the complete draft into --repo, which is made if it is missing",
        .set = {.groups = &group, .group_count = 1},
        .help = &options.help};
    int exit_code = WEFT_EXIT_OK;
    if (!weft_usage_read(&usage, argc - 1, argv + 1, &words, &exit_code)) {
        return exit_code;
    }
    const struct action *action = find_action(&words);
    if (action == NULL) {
        return weft_usage_refuse("root", "give new, rotate, sign, status or install, and a FILE");
    }
    options.file = words.items[1];
    struct weft_message message = {.text = "the system gives no random numbers"};
    enum weft_err err = sodium_init() < 0 ? WEFT_ERR_IO : action->run(&options, &message);
    if (err != WEFT_ERR_OK) {
        fprintf(stderr, "weft root: %s\n", message.text);
    }
    return err == WEFT_ERR_OK ? WEFT_EXIT_OK : WEFT_EXIT_FAILED;
}
