/* SPDX-License-Identifier: Apache-2.0 */
/* The flags of `weft apply`: see apply_options.h. */
#include "node/apply_options.h"

#include "node/exit.h"
#include "node/guard.h"
#include "node/rows.h"
#include "node/usage.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

/* Lists as they stand on the command line. */
struct texts {
    struct weft_flag_list components; /* --component */
    struct weft_flag_list targets;    /* --target */
};

#define OPTION(field) WEFT_FLAG_AT(struct weft_apply_options, field)
#define TEXTS(field) WEFT_FLAG_AT(struct texts, field)

static const struct weft_flag rows[] = {
    WEFT_ROW_DATA("data directory of the node; nothing in it is believed or changed",
                  OPTION(data_dir)),
    {.name = "state",
     .kind = WEFT_FLAG_TEXT,
     .argument = "DIR",
     .standard = "/var/lib/weft-apply",
     .help = "directory of what is trusted and in effect here; made if missing",
     OPTION(state_dir)},
    WEFT_ROW_MUST("root", "FILE",
                  "root metadata to trust first, a copy that the node cannot change",
                  OPTION(root_file)),
    WEFT_ROW_TEXT("on-update", "CMD", "shell command to run after each activation, as this user",
                  OPTION(on_update)),
    WEFT_ROW_SANDBOX("confine this process to its directories, without network", OPTION(sandbox)),
    WEFT_FLAG_HELP_ROW(OPTION(help)),
};

static const struct weft_flag list_rows[] = {
    WEFT_ROW_LIST(
        "component", "NAME[=LINK]",
        "put this component into effect, and point the symbolic link LINK at its directory",
        TEXTS(components)),
    WEFT_ROW_TARGETS(TEXTS(targets)),
};

/* What is wrong with |list|, in |message|, or NULL. */
static const char *read_list(struct weft_apply_options *options, const struct weft_flag_list *list,
                             bool is_target, char *message, size_t size)
{
    const char *value = NULL;
    const char *fault =
        weft_subscribe_all(options->components, &options->component_count, list, is_target, &value);
    if (fault == NULL) {
        return NULL;
    }
    snprintf(message, size, "--%s %.100s: %s", is_target ? "target" : "component", value, fault);
    return message;
}

bool weft_apply_options_read(struct weft_apply_options *options, int argc, char **argv,
                             int *exit_code)
{
    struct texts texts = {.components = {.count = 0}};
    char message[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_flag_group groups[] = {
        {.flags = list_rows, .flag_count = WEFT_FLAG_COUNT_OF(list_rows), .target = &texts},
        {.flags = rows, .flag_count = WEFT_FLAG_COUNT_OF(rows), .target = options},
    };
    const struct weft_usage usage = {
        .command = "apply",
        .arguments = "--root FILE --component NAME[=LINK] [FLAG]...",
        .about = "Put into effect what the node on this machine has fetched: verify its metadata\n"
                 "from an own root, copy each release while hashing it, move LINK by one rename.\n"
                 "For root, so that the node need not be; runs once and has no network.",
        .set = {.groups = groups, .group_count = 2},
        .help = &options->help};
    memset(options, 0, sizeof(*options));
    if (!weft_usage_read(&usage, argc, argv, NULL, exit_code)) {
        return false;
    }
    const char *fault = read_list(options, &texts.components, false, message, sizeof(message));
    if (fault == NULL) {
        fault = read_list(options, &texts.targets, true, message, sizeof(message));
    }
    if (fault == NULL && options->component_count == 0) {
        fault = "name what to put into effect: --component NAME=LINK";
    }
    if (fault != NULL) {
        *exit_code = weft_usage_refuse("apply", fault);
    }
    return fault == NULL;
}

/* The directory of LINK number |number|, in static memory; NULL = it has none. */
static const char *place_of_link(const struct weft_apply_options *options, uint32_t number)
{
    static char path[WEFT_FILE_PATH_BYTES];
    const char *link = options->components[number].link;
    bool fits = link != NULL && snprintf(path, sizeof(path), "%s", link) < (int)sizeof(path);
    return fits ? dirname(path) : NULL;
}

enum weft_err weft_apply_options_check(const struct weft_apply_options *options,
                                       struct weft_message *message)
{
    if (weft_fileio_make_dirs(options->state_dir, 0755) != WEFT_ERR_OK) {
        weft_message_errno(message, errno, "make --state", options->state_dir);
        return WEFT_ERR_ARGUMENT;
    }
    enum weft_err err = weft_guard_check("--state", options->state_dir, message);
    if (err == WEFT_ERR_OK) {
        err = weft_guard_check("--root", options->root_file, message);
    }
    for (uint32_t i = 0; err == WEFT_ERR_OK && i < options->component_count; i++) {
        const char *place = place_of_link(options, i);
        err = place != NULL ? weft_guard_check("directory of LINK", place, message) : err;
    }
    return err;
}

enum weft_err weft_apply_options_confine(const struct weft_apply_options *options,
                                         struct weft_message *report)
{
    struct weft_sandbox sandbox;
    weft_sandbox_init(&sandbox, options->sandbox);
    sandbox.reads_all = true; /* the node's files are the node's alone */
    weft_sandbox_allow(&sandbox, options->data_dir, WEFT_SANDBOX_READ);
    weft_sandbox_allow(&sandbox, options->root_file, WEFT_SANDBOX_READ);
    weft_sandbox_allow(&sandbox, options->state_dir, WEFT_SANDBOX_WRITE);
    for (uint32_t i = 0; i < options->component_count; i++) {
        const char *place = place_of_link(options, i);
        if (place != NULL) {
            weft_sandbox_allow(&sandbox, place, WEFT_SANDBOX_LINK);
        }
    }
    return weft_sandbox_enter(&sandbox, report);
}
