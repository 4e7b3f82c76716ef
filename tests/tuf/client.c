/* SPDX-License-Identifier: Apache-2.0 */
/* The client under test of theupdateframework/tuf-conformance: its command line (CLIENT-CLI.md)
 * over the code that `weft fetch` ships. All it adds is where the suite wants to see files: what is
 * trusted as METADATA_DIR/ROLE.json, targets as TARGET_DIR/QUOTED_PATH. scripts/tuf-conformance
 * runs the suite. */
#include "node/fetcher.h"
#include "protocol/trust/client.h"
#include "protocol/trust/path.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the client keeps what it trusts, below METADATA_DIR. */
#define OWN_DIRECTORY "weft"

struct arguments {
    const char *metadata_dir;                 /* --metadata-dir */
    const char *metadata_url;                 /* --metadata-url */
    const char *target_url;                   /* --target-base-url */
    const char *target_dir;                   /* --target-dir */
    const char *targets[WEFT_COMPONENTS_MAX]; /* --target-name, in order */
    uint32_t target_count;                    /* of targets */
    const char *command;                      /* init, refresh, download */
    const char *root;                         /* of init */
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "weft tuf client: %s: %s\n", what, why);
    return 1;
}

static bool read_flag(struct arguments *arguments, const char *name, const char *value)
{
    const struct {
        const char *name;   /* of the flag */
        const char **place; /* of its value */
    } flags[] = {{"--metadata-dir", &arguments->metadata_dir},
                 {"--metadata-url", &arguments->metadata_url},
                 {"--target-base-url", &arguments->target_url},
                 {"--target-dir", &arguments->target_dir}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].place = value;
            return true;
        }
    }
    bool is_target =
        strcmp(name, "--target-name") == 0 && arguments->target_count < WEFT_COMPONENTS_MAX;
    if (is_target) {
        arguments->targets[arguments->target_count++] = value;
    }
    return is_target;
}

static bool read_arguments(struct arguments *arguments, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (i + 1 == argc || !read_flag(arguments, argv[i], argv[i + 1])) {
                return false;
            }
            i++;
        } else if (arguments->command == NULL) {
            arguments->command = argv[i];
        } else {
            arguments->root = argv[i];
        }
    }
    return arguments->metadata_dir != NULL && arguments->command != NULL;
}

/* Path of NAME.json in METADATA_DIR, the name quoted. */
static bool path_of(const struct arguments *arguments, const char *name, char *path)
{
    char quoted[512];
    char file[520];
    return weft_path_quote(name, "", quoted, sizeof quoted) &&
           snprintf(file, sizeof file, "%s.json", quoted) < (int)sizeof file &&
           weft_fileio_join(path, arguments->metadata_dir, file);
}

static int init(const struct arguments *arguments)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    char path[WEFT_FILE_PATH_BYTES];
    if (arguments->root == NULL || !path_of(arguments, "root", path) ||
        weft_fileio_load(arguments->root, 1 << 20, &bytes, &length) != WEFT_ERR_OK) {
        return fail("init", "cannot read the root");
    }
    enum weft_err err = weft_fileio_replace(path, bytes, length, 0644);
    free(bytes);
    return err == WEFT_ERR_OK ? 0 : fail("init", weft_err_text(err));
}

static void put(const struct arguments *arguments, const struct weft_metadata *document)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (document != NULL && path_of(arguments, document->name, path)) {
        weft_fileio_replace(path, document->bytes, document->length, 0644);
    }
}

/* Show what is trusted now, and nothing that is not. */
static void show(const struct arguments *arguments, const struct weft_trust *trust)
{
    char path[WEFT_FILE_PATH_BYTES];
    for (int i = 0; i < WEFT_ROLE_COUNT; i++) {
        enum weft_role role = (enum weft_role)i;
        if (weft_trust_document(trust, role) == NULL &&
            path_of(arguments, weft_role_name(role), path)) {
            unlink(path);
        }
        put(arguments, weft_trust_document(trust, role));
    }
    for (size_t i = 0; weft_trust_role_at(trust, i) != NULL; i++) {
        put(arguments, weft_trust_role_at(trust, i));
    }
}

static int download(const struct arguments *arguments, struct weft_fetcher *fetcher,
                    uint32_t number)
{
    struct weft_message message = {.text = ""};
    struct weft_release_info info;
    char path[WEFT_FILE_PATH_BYTES];
    bool was_there = false;
    if (weft_fetcher_signed(fetcher, number, &info, &message) != WEFT_ERR_OK) {
        return fail(arguments->targets[number], message.text);
    }
    if (!weft_fileio_join(path, arguments->target_dir, info.component)) {
        return fail(info.target, "the path is too long");
    }
    if (weft_fetcher_download(fetcher, &info, path, &was_there, &message) != WEFT_ERR_OK) {
        return fail(info.target, message.text);
    }
    return 0;
}

static int update(const struct arguments *arguments)
{
    struct weft_message message = {.text = ""};
    struct weft_fetcher *fetcher = NULL;
    char root[WEFT_FILE_PATH_BYTES];
    char directory[WEFT_FILE_PATH_BYTES];
    if (arguments->metadata_url == NULL || !path_of(arguments, "root", root) ||
        !weft_fileio_join(directory, arguments->metadata_dir, OWN_DIRECTORY)) {
        return fail(arguments->command, "--metadata-url is missing, or a path is too long");
    }
    const struct weft_fetcher_config config = {.metadata_url = arguments->metadata_url,
                                               .targets_url = arguments->target_url,
                                               .directory = directory,
                                               .root_file = root,
                                               .targets = arguments->targets,
                                               .target_count = arguments->target_count};
    if (weft_fetcher_open(&config, &fetcher, &message) != WEFT_ERR_OK) {
        return fail(arguments->command, message.text);
    }
    int code = 0;
    if (weft_fetcher_refresh(fetcher, &message) != WEFT_ERR_OK) {
        code = fail(arguments->command, message.text);
    }
    show(arguments, weft_fetcher_trust(fetcher));
    for (uint32_t i = 0; i < arguments->target_count && code == 0; i++) {
        code = download(arguments, fetcher, i);
    }
    weft_fetcher_close(fetcher);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.command = NULL};
    if (!read_arguments(&arguments, argc, argv) || sodium_init() < 0) {
        return fail("usage", "--metadata-dir DIR [FLAG VALUE]... init|refresh|download");
    }
    if (strcmp(arguments.command, "init") == 0) {
        return init(&arguments);
    }
    bool is_download = strcmp(arguments.command, "download") == 0;
    if (!is_download && strcmp(arguments.command, "refresh") != 0) {
        return fail(arguments.command, "unknown command");
    }
    if (is_download && (arguments.target_dir == NULL || arguments.target_url == NULL)) {
        return fail("download", "--target-dir or --target-base-url is missing");
    }
    arguments.target_count = is_download ? arguments.target_count : 0;
    return update(&arguments);
}
