/* SPDX-License-Identifier: Apache-2.0 */
/* `weft keygen`: four keys, one per role of TUF. All or none: when one exists already, nothing is
 * made, so that a half set of keys never arises by a second call. */
#include "node/keygen.h"

#include "node/exit.h"
#include "node/keyfile.h"
#include "node/usage.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *keys; /* --keys */
    bool help;        /* --help */
};

static const struct weft_flag rows[] = {
    {.name = "keys",
     .kind = WEFT_FLAG_TEXT,
     .argument = "DIR",
     .required = true,
     .help = "directory to make, for the four key files",
     WEFT_FLAG_AT(struct options, keys)},
    {.name = "help",
     .kind = WEFT_FLAG_BOOL,
     .help = "print this text",
     WEFT_FLAG_AT(struct options, help)},
};

static bool read_options(struct options *options, int argc, char **argv, int *exit_code)
{
    struct weft_flag_group group = {
        .flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = options};
    struct weft_usage usage = {
        .command = "keygen",
        .arguments = "--keys DIR",
        .about = "Make the keys of a publisher: root, targets, snapshot and timestamp (Ed25519).\n"
                 "Keep root.key offline after the first publish; who has targets.key can publish.",
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

static enum weft_err refuse_existing(const char *directory, struct weft_message *message)
{
    for (int role = 0; role < WEFT_ROLE_COUNT; role++) {
        char name[64];
        char path[WEFT_FILE_PATH_BYTES];
        snprintf(name, sizeof name, "%s.key", weft_role_name((enum weft_role)role));
        if (weft_fileio_join(path, directory, name) && access(path, F_OK) == 0) {
            weft_message_set(message,
                             "%s exists already; nothing was made. Name another --keys directory, "
                             "or move the old keys away if you are sure that no node trusts them",
                             path);
            return WEFT_ERR_EXISTS;
        }
    }
    return WEFT_ERR_OK;
}

static enum weft_err make_keys(const char *directory, struct weft_message *message)
{
    enum weft_err err = make_directory(directory, message);
    if (err == WEFT_ERR_OK) {
        err = refuse_existing(directory, message);
    }
    for (int role = 0; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        char id[2 * WEFT_SHA256_BYTES + 1];
        err = weft_keyfile_create(directory, (enum weft_role)role, id, message);
        if (err == WEFT_ERR_OK) {
            printf("%s/%s.key  key id %s\n", directory, weft_role_name((enum weft_role)role), id);
        }
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
    if (sodium_init() < 0) {
        fprintf(stderr, "weft keygen: the system gives no random numbers\n");
        return WEFT_EXIT_FAILED;
    }
    if (make_keys(options.keys, &message) != WEFT_ERR_OK) {
        fprintf(stderr, "weft keygen: %s\n", message.text);
        return WEFT_EXIT_FAILED;
    }
    printf("Next: weft publish --repo DIR --keys %s NAME PATH\n", options.keys);
    return WEFT_EXIT_OK;
}
