/* SPDX-License-Identifier: Apache-2.0 */
/* What does `weft help` say? Commands, exit codes, and the man page made of them. */
#ifndef WEFT_HELP_H
#define WEFT_HELP_H

#include <stddef.h>
#include <stdio.h>

/* One command as help shows it. */
struct weft_help_command {
    const char *name;    /* word on the command line */
    const char *summary; /* what it does, one line without a full stop */
};

struct weft_help {
    const struct weft_help_command *commands; /* in the order of help; borrowed */
    size_t count;                             /* entries of commands */
};

/* Print commands and exit codes. */
void weft_help_print(const struct weft_help *help, FILE *out);

/* Print the manual page weft(8) as roff source. */
void weft_help_print_man(const struct weft_help *help, FILE *out);

/* Say on stderr that |word| is no command, and which one may be meant; returns WEFT_EXIT_USAGE. */
int weft_help_refuse(const struct weft_help *help, const char *word);

#endif
