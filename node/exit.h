/* SPDX-License-Identifier: Apache-2.0 */
/* The exit codes of every command, once: `weft help` and SPEC.md section "Exit codes" print them.
 * Scripts rely on the numbers; a number never changes its meaning. */
#ifndef WEFT_EXIT_H
#define WEFT_EXIT_H

/* X(name, number, text) */
#define WEFT_EXIT_MAP(X)                                                                           \
    X(OK, 0, "done")                                                                               \
    X(FAILED, 1, "tried, and failed; the last line on stderr says what, where and why")            \
    X(USAGE, 2, "a command, flag or argument is not valid; nothing was done")                      \
    X(NOT_RUNNING, 3, "no node runs on this data directory, or it does not answer")                \
    X(BUSY, 4, "another node uses the data directory, or another program the address")             \
    X(INTERRUPTED, 130, "ended by Ctrl-C or a signal before it was done")

enum weft_exit {
#define X(name, number, text) WEFT_EXIT_##name = (number),
    WEFT_EXIT_MAP(X)
#undef X
};

#endif
