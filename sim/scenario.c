/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which flags does a scenario file stand for?". What they mean is options.c's. */
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longest line; longer files than this are no scenarios. */
#define LINE_BYTES 1024
#define LINES_MAX 10000

static const char flag_word[] = "--scenario";

/* The value of --scenario at argv[i], and how many words it takes; 0 = it is another word. */
static int match(int argc, char *const *argv, int i, const char **value)
{
    size_t length = sizeof(flag_word) - 1;
    if (argv[i] == NULL || strncmp(argv[i], flag_word, length) != 0) {
        return 0;
    }
    if (argv[i][length] == '=') {
        *value = argv[i] + length + 1;
        return 1;
    }
    if (argv[i][length] != '\0' || i + 1 >= argc) {
        return 0;
    }
    *value = argv[i + 1];
    return 2;
}

const char *weft_sim_scenario_path(int argc, char *const *argv)
{
    const char *path = NULL;
    for (int i = 0; i < argc; i++) {
        int used = match(argc, argv, i, &path);
        i += used > 0 ? used - 1 : 0;
    }
    return path;
}

static enum weft_err refuse(struct weft_text *message, const char *path, uint32_t line,
                            const char *why)
{
    weft_text_add(message, path);
    if (line > 0) {
        weft_text_add(message, ":");
        weft_text_add_uint(message, line);
    }
    weft_text_add(message, ": ");
    weft_text_add(message, why);
    return WEFT_ERR_ARGUMENT;
}

/* Is |word| the flag of the line at |begin|? */
static bool is_word(const char *begin, const char *word)
{
    size_t length = strlen(word);
    return strncmp(begin, word, length) == 0 && strchr(" \t=", begin[length]) != NULL;
}

/* Cut off a remark: what stands behind a "#" between blanks, or in front of all. In a value, as in
 * "sleep #1,#4", a number follows at once. */
static void cut_remark(char *line)
{
    for (char *at = strchr(line, '#'); at != NULL; at = strchr(at + 1, '#')) {
        bool is_first = strspn(line, " \t") == (size_t)(at - line);
        bool is_apart =
            at > line && strchr(" \t", at[-1]) != NULL && strchr(" \t\r\n", at[1]) != NULL;
        if (is_first || is_apart) {
            *at = '\0';
            return;
        }
    }
}

/* Why a line is wrong in itself; NULL = it is right, or has nothing. Cuts blanks off its ends. */
static const char *trim(char *line, char **begin)
{
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] != '\n' && length == LINE_BYTES - 1) {
        return "the line is too long";
    }
    cut_remark(line);
    length = strlen(line);
    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL) {
        line[--length] = '\0';
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] < ' ' && line[i] != '\t') {
            return "there is a character that is no text; a scenario has a flag and its value a"
                   " line";
        }
    }
    *begin = line + strspn(line, " \t");
    *begin += strncmp(*begin, "--", 2) == 0 ? 2 : 0; /* as it is typed */
    if (is_word(*begin, "scenario") || is_word(*begin, "help")) {
        return "that is for the command line, not for a scenario";
    }
    return NULL;
}

/* Add "name value" as two words, "name" as one. */
static void add_line(struct weft_sim_words *words, uint32_t *lines, char *begin, uint32_t line)
{
    char flag[LINE_BYTES + 2];
    uint32_t first = words->count;
    size_t length = strcspn(begin, " \t");
    char *value = begin + length + strspn(begin + length, " \t");
    snprintf(flag, sizeof(flag), "--%.*s", (int)length, begin);
    weft_sim_words_add(words, flag);
    if (*value != '\0') {
        weft_sim_words_add(words, value);
    }
    for (uint32_t i = first; i < words->count; i++) {
        lines[i] = line;
    }
}

static enum weft_err read_file(struct weft_sim_words *words, uint32_t *lines, const char *path,
                               struct weft_text *message)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return refuse(message, path, 0, strerror(errno));
    }
    char line[LINE_BYTES];
    const char *why = NULL;
    uint32_t number = 0;
    while (why == NULL && fgets(line, sizeof(line), file) != NULL) {
        char *begin = line;
        why = ++number > LINES_MAX ? "the file has too many lines" : trim(line, &begin);
        if (why == NULL && *begin != '\0') {
            add_line(words, lines, begin, number);
            why = words->is_full ? "the file has too many flags" : NULL;
        }
    }
    bool broken = ferror(file) != 0;
    fclose(file);
    if (broken) {
        return refuse(message, path, number, strerror(errno));
    }
    return why == NULL ? WEFT_ERR_OK : refuse(message, path, number, why);
}

enum weft_err weft_sim_scenario_expand(struct weft_sim_words *words, uint32_t *lines, int argc,
                                       char *const *argv, struct weft_text *message)
{
    const char *path = weft_sim_scenario_path(argc, argv);
    memset(words, 0, sizeof(*words));
    enum weft_err err = path == NULL ? WEFT_ERR_OK : read_file(words, lines, path, message);
    for (int i = 0; i < argc && err == WEFT_ERR_OK; i++) {
        int used = match(argc, argv, i, &path);
        if (used > 0) {
            i += used - 1;
        } else {
            lines[words->count < WEFT_SIM_WORDS_MAX ? words->count : 0] = 0;
            weft_sim_words_add(words, argv[i]);
        }
    }
    if (err == WEFT_ERR_OK && words->is_full) {
        weft_text_add(message, "the command line is too long");
        return WEFT_ERR_ARGUMENT;
    }
    return err;
}
