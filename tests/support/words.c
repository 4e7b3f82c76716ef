/* SPDX-License-Identifier: Apache-2.0 */
/* Commands called from tests. */
#include "tests/support/words.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 1024
#define WORDS_MAX 32

/* |line| with every "@" replaced, cut if it does not fit. */
static void expand(char *text, const char *line, const char *base)
{
    size_t length = 0;
    for (const char *at = line; *at && length < LINE_BYTES - 1; at++) {
        const char *piece = *at == '@' ? base : at;
        size_t bytes = *at == '@' ? strlen(base) : 1;
        if (length + bytes >= LINE_BYTES) {
            break;
        }
        memcpy(text + length, piece, bytes);
        length += bytes;
    }
    text[length] = '\0';
}

static int split(char *text, char **words)
{
    int count = 0;
    char *at = text;
    while (*at && count < WORDS_MAX - 1) {
        words[count++] = at;
        at += strcspn(at, " ");
        while (*at == ' ') {
            *at++ = '\0';
        }
    }
    words[count] = NULL;
    return count;
}

int words_run(int (*run)(int argc, char **argv), const char *line, const char *base)
{
    char text[LINE_BYTES];
    char *words[WORDS_MAX];
    expand(text, line, base);
    int count = split(text, words);
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (before < 0 || nowhere < 0) {
        abort();
    }
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
    int result = run(count, words);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    return result;
}
