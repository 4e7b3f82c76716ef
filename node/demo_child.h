/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of the demo: start them, see whether they live, end them. A child dies with its parent,
 * whatever kills the parent (PR_SET_PDEATHSIG); only own children are ever signalled. */
#ifndef WEFT_DEMO_CHILD_H
#define WEFT_DEMO_CHILD_H

#include "protocol/types.h"

#include <sys/types.h>

/* Arguments of one command, the closing NULL not counted. */
#define WEFT_DEMO_ARGUMENTS_MAX 512

/* A command line under construction; texts are copied into |text|. */
struct weft_demo_command {
    char *arguments[WEFT_DEMO_ARGUMENTS_MAX + 1]; /* NULL terminated; point into text */
    uint32_t count;                               /* entries of arguments */
    char text[32768];                             /* the arguments, zero terminated each */
    size_t used;                                  /* bytes of text */
    bool cut;                                     /* something did not fit: it is not run */
};

struct weft_demo_child {
    pid_t pid;      /* 0 = not running */
    bool ended;     /* it was started and is over */
    int exit_code;  /* once ended; 128 + number if a signal ended it */
    char log[4096]; /* file with its output */
};

/* An empty command of this program: "weft" and |word|. */
void weft_demo_command_begin(struct weft_demo_command *command, const char *word);

/* Append an argument. */
void weft_demo_command_add(struct weft_demo_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Start it; output goes to the file |log|.
 * Errors: false, and errno. */
bool weft_demo_child_start(struct weft_demo_child *child, struct weft_demo_command *command,
                           const char *log);

/* Does it run? Learns of its end without waiting. */
bool weft_demo_child_runs(struct weft_demo_child *child);

/* Send a signal, if it runs. */
void weft_demo_child_signal(struct weft_demo_child *child, int number);

/* Print the last lines of its output to stderr, indented. */
void weft_demo_child_quote(const struct weft_demo_child *child);

#endif
