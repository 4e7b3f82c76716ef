/* SPDX-License-Identifier: Apache-2.0 */
/* `weft keygen`: four keys, one per role of TUF, or one of any name. All or none: when one exists
 * already, nothing is made, so that a half set of keys never arises by a second call. */
#include "node/keygen.h"

#include "node/exit.h"
#include "node/keyfile.h"
#include "node/rows.h"
#include "node/usage.h"
#include "protocol/trust/name.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *keys;              /* --keys */
    const char *name;              /* --name; NULL = one for each role */
    const char *password_file;     /* --password-file; NULL = ask, if the keys are encrypted */
    bool encrypt;                  /* --encrypt */
    bool help;                     /* --help */
    struct weft_password password; /* of all keys that are made */
};

static const struct weft_flag rows[] = {
    WEFT_ROW_MUST("keys", "DIR", "directory for the key files; made if missing",
                  WEFT_FLAG_AT(struct options, keys)),
    WEFT_ROW_TEXT(
        "name", "NAME",
        "make one key NAME.key instead of the four; for a further holder of a role, or for "
        "somebody who publishes a component of his own",
        WEFT_FLAG_AT(struct options, name)),
    {.name = "encrypt",
     .kind = WEFT_FLAG_BOOL,
     .help = "encrypt the private keys with a password, which is asked for",
     WEFT_FLAG_AT(struct options, encrypt)},
    WEFT_ROW_TEXT("password-file", "FILE", "encrypt with the first line of FILE instead",
                  WEFT_FLAG_AT(struct options, password_file)),
    WEFT_FLAG_HELP_ROW(WEFT_FLAG_AT(struct options, help)),
};

static bool read_options(struct options *options, int argc, char **argv, int *exit_code)
{
    struct weft_flag_group group = {
        .flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = options};
    struct weft_usage usage = {
        .command = "keygen",
        .arguments = "--keys DIR [--name NAME] [--encrypt]",
        .about = "Make the keys of a publisher: root, targets, snapshot and timestamp (Ed25519).\n"
                 "Keep root.key off-line after the first publish; who has targets.key can\n"
                 "publish. NAME.pub beside each NAME.key is the public key, to give to others.",
        .set = {.groups = &group, .group_count = 1},
        .help = &options->help};
    return weft_usage_read(&usage, argc, argv, NULL, exit_code);
}

static enum weft_err make_directory(const char *directory, struct weft_message *message)
{
    enum weft_err err = weft_fileio_make_dirs(directory, 0700);
    struct stat status;
    if (err != WEFT_ERR_OK) {
        weft_message_set(message, "cannot make the directory %s: %s", directory,
                         weft_err_text(err));
        return err;
    }
    if (stat(directory, &status) != 0) {
        return weft_message_errno(message, errno, "read", directory);
    }
    if ((status.st_mode & 022) != 0) {
        weft_message_set(message,
                         "other users can write to %s (mode %04o) and could replace keys; run: "
                         "chmod 700 %s",
                         directory, (unsigned)(status.st_mode & 07777), directory);
        return WEFT_ERR_PERMISSION;
    }
    return WEFT_ERR_OK;
}

static enum weft_err refuse_existing(const struct options *options, const char *key,
                                     struct weft_message *message)
{
    char name[WEFT_NAME_BYTES_MAX + 8];
    char path[WEFT_FILE_PATH_BYTES];
    snprintf(name, sizeof name, "%s.key", key);
    if (weft_fileio_join(path, options->keys, name) && access(path, F_OK) == 0) {
        weft_message_set(message,
                         "%s exists already; nothing was made. Name another --keys directory, or "
                         "move the old keys away if you are sure that no node trusts them",
                         path);
        return WEFT_ERR_EXISTS;
    }
    return WEFT_ERR_OK;
}

static enum weft_err make_key(struct options *options, const char *key,
                              struct weft_message *message)
{
    char id[2 * WEFT_SHA256_BYTES + 1];
    bool is_sealed = options->encrypt || options->password_file != NULL;
    enum weft_err err =
        weft_keyfile_create(options->keys, key, is_sealed ? &options->password : NULL, id, message);
    if (err == WEFT_ERR_OK) {
        printf("%s/%s.key  key id %s%s\n", options->keys, key, id, is_sealed ? "  encrypted" : "");
    }
    return err;
}

static enum weft_err make_keys(struct options *options, struct weft_message *message)
{
    const char *names[WEFT_ROLE_COUNT] = {options->name};
    size_t count = options->name != NULL ? 1 : WEFT_ROLE_COUNT;
    for (size_t i = 0; options->name == NULL && i < count; i++) {
        names[i] = weft_role_name((enum weft_role)i);
    }
    enum weft_err err = make_directory(options->keys, message);
    for (size_t i = 0; i < count && err == WEFT_ERR_OK; i++) {
        err = refuse_existing(options, names[i], message);
    }
    for (size_t i = 0; i < count && err == WEFT_ERR_OK; i++) {
        err = make_key(options, names[i], message);
    }
    return err;
}

int weft_command_keygen(int argc, char **argv)
{
    struct options options = {.keys = NULL};
    struct weft_message message = {.text = ""};
    int exit_code = WEFT_EXIT_OK;
    if (!read_options(&options, argc - 1, argv + 1, &exit_code)) {
        return exit_code;
    }
    if (options.name != NULL && !weft_name_ok(options.name)) {
        return weft_usage_refuse("keygen", "--name: a key is named by " WEFT_NAME_RULE);
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "weft keygen: the system gives no random numbers\n");
        return WEFT_EXIT_FAILED;
    }
    options.password.file = options.password_file;
    enum weft_err err = make_keys(&options, &message);
    weft_password_wipe(&options.password);
    if (err != WEFT_ERR_OK) {
        fprintf(stderr, "weft keygen: %s\n", message.text);
        return WEFT_EXIT_FAILED;
    }
    if (options.name == NULL) {
        printf("Next: weft publish --repo DIR --keys %s NAME PATH\n", options.keys);
    }
    return WEFT_EXIT_OK;
}
