/* SPDX-License-Identifier: Apache-2.0 */
/* A command of weft called from a test as a shell would call it. */
#ifndef WEFT_TEST_WORDS_H
#define WEFT_TEST_WORDS_H

/* Run a command with the words of |line|, separated by blanks; "@" stands for |base|. What it
 * prints on stdout is dropped. Result: its exit code. */
int words_run(int (*run)(int argc, char **argv), const char *line, const char *base);

#endif
