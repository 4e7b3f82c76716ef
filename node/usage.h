/* SPDX-License-Identifier: Apache-2.0 */
/* What does a command answer to --help and to a wrong command line? The same for every command of
 * this folder: help on stdout and success, or fault and hint on stderr and WEFT_EXIT_USAGE. */
#ifndef WEFT_USAGE_H
#define WEFT_USAGE_H

#include "protocol/flag.h"

struct weft_usage {
    const char *command;      /* "status" */
    const char *arguments;    /* after the command in the usage line */
    const char *about;        /* one paragraph, wrapped by hand, without final newline */
    struct weft_flag_set set; /* its flags */
    const bool *help;         /* target of --help */
};

/* Read the command line.
 * Shape:  argv[argc] without the command; |positionals| may be NULL: none is allowed.
 * Result: true = go on. false = leave with *exit_code; help or the fault was printed. */
bool weft_usage_read(const struct weft_usage *usage, int argc, char **argv,
                     struct weft_flag_list *positionals, int *exit_code);

/* Print "weft COMMAND: MESSAGE" and where help is to be had to stderr; returns WEFT_EXIT_USAGE. */
int weft_usage_refuse(const char *command, const char *message);

#endif
