/* SPDX-License-Identifier: Apache-2.0 */
/* Help and usage errors of a command. What flags mean is the command's business. */
#include "usage.h"

#include "exit.h"
#include "protocol/manual.h"

#include <stdio.h>

int weft_usage_refuse(const char *command, const char *message)
{
    fprintf(stderr, "weft %s: %s\nTry 'weft %s --help'.\n", command, message, command);
    return WEFT_EXIT_USAGE;
}

static void print_help(const struct weft_usage *usage)
{
    static char buffer[16 * 1024];
    struct weft_text text = weft_text_into(buffer, sizeof(buffer));
    weft_manual_add_help(&text, &usage->set);
    printf("Usage: weft %s %s\n\n%s\n\n%s", usage->command, usage->arguments, usage->about, buffer);
}

bool weft_usage_read(const struct weft_usage *usage, int argc, char **argv,
                     struct weft_flag_list *positionals, int *exit_code)
{
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text message = weft_text_into(buffer, sizeof(buffer));
    enum weft_err err = weft_flag_parse(&usage->set, argc, argv, positionals, &message);
    if (err == WEFT_ERR_OK && *usage->help) {
        print_help(usage);
        *exit_code = WEFT_EXIT_OK;
        return false;
    }
    if (err == WEFT_ERR_OK) {
        err = weft_flag_require(&usage->set, &message);
    }
    if (err != WEFT_ERR_OK) {
        *exit_code = weft_usage_refuse(usage->command, buffer);
        return false;
    }
    return true;
}
