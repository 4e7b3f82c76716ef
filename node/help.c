/* SPDX-License-Identifier: Apache-2.0 */
/* Texts about the program as a whole. Each command's flags are described by the command. */
#include "help.h"

#include "exit.h"
#include "options.h"
#include "version.h"

#include <string.h>

/* Words longer than this are not compared. */
#define WORD_BYTES_MAX 32

struct exit_text {
    int number;       /* exit code */
    const char *text; /* meaning */
};

static const struct exit_text exits[] = {
#define X(name, number, text) {number, text},
    WEFT_EXIT_MAP(X)
#undef X
};

enum { EXITS = sizeof(exits) / sizeof(exits[0]) };

void weft_help_print(const struct weft_help *help, FILE *out)
{
    fputs("weft: every machine takes part in bringing signed updates to all of them.\n\n"
          "Usage: weft COMMAND [FLAG]...\n\nCommands\n",
          out);
    for (size_t i = 0; i < help->count; i++) {
        fprintf(out, "  %-9s %s\n", help->commands[i].name, help->commands[i].summary);
    }
    fputs("  help      show this text, or the flags of a command: weft help COMMAND\n"
          "  version   show the version\n\nExit codes\n",
          out);
    for (size_t i = 0; i < EXITS; i++) {
        fprintf(out, "  %-9d %s\n", exits[i].number, exits[i].text);
    }
}

void weft_help_print_man(const struct weft_help *help, FILE *out)
{
    static char buffer[64 * 1024];
    struct weft_text flags = weft_text_into(buffer, sizeof(buffer));
    weft_options_roff(&flags);
    fprintf(out,
            ".TH WEFT 8 \"\" \"weft %s\" \"Weft\"\n.SH NAME\nweft \\- peer-to-peer distribution of "
            "signed updates\n.SH SYNOPSIS\n.B weft\n.I COMMAND\n[\\fIFLAG\\fR]...\n.SH COMMANDS\n",
            WEFT_VERSION);
    for (size_t i = 0; i < help->count; i++) {
        fprintf(out, ".TP\n.B weft %s\n%s\n", help->commands[i].name, help->commands[i].summary);
    }
    fprintf(out,
            ".PP\n\\fBweft help\\fR \\fICOMMAND\\fR shows the flags of a command.\n"
            ".SH FLAGS OF WEFT RUN\n%s.SH SIGNALS\n.TP\n.B SIGHUP\nlook at the source now\n"
            ".TP\n.B SIGTERM, SIGINT\nhand over, say goodbye, end\n.SH EXIT STATUS\n",
            buffer);
    for (size_t i = 0; i < EXITS; i++) {
        fprintf(out, ".TP\n.B %d\n%s\n", exits[i].number, exits[i].text);
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace) that turn one word into the other (Wagner and Fischer, 1974). */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_BYTES_MAX + 1];
    size_t b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_length; j++) {
            size_t replace = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = smaller(replace, smaller(row[j], row[j + 1]) + 1);
        }
    }
    return row[b_length];
}

static const char *nearest(const struct weft_help *help, const char *word)
{
    const char *best = NULL;
    size_t best_distance = 3;
    for (size_t i = 0; i < help->count && strlen(word) <= WORD_BYTES_MAX; i++) {
        size_t edits = distance(word, help->commands[i].name);
        if (edits < best_distance) {
            best_distance = edits;
            best = help->commands[i].name;
        }
    }
    return best;
}

int weft_help_refuse(const struct weft_help *help, const char *word)
{
    const char *meant = nearest(help, word);
    fprintf(stderr, "weft: there is no command '%.100s'", word);
    if (meant != NULL) {
        fprintf(stderr, "; do you mean '%s'?\n", meant);
    } else {
        fprintf(stderr, "; 'weft help' lists them\n");
    }
    return WEFT_EXIT_USAGE;
}
