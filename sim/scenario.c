/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "which flags does a scenario file stand for?". What they mean is options.c's. */
#include "scenario.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longest line; longer files than this are no scenarios. */
#define LINE_BYTES 1024
#define LINES_MAX 10000

/* What some editors put before the text of a file. */
#define MARK "\xef\xbb\xbf"

#define NO_TEXT "there is a character that is no text; a scenario has a flag and its value a line"

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

/* How many files |argv| names; |*path| is the last of them, if there is one. */
static uint32_t count_paths(int argc, char *const *argv, const char **path)
{
    uint32_t count = 0;
    for (int i = 0; i < argc; i++) {
        int used = match(argc, argv, i, path);
        count += used > 0 ? 1 : 0;
        i += used > 0 ? used - 1 : 0;
    }
    return count;
}

const char *weft_sim_scenario_path(int argc, char *const *argv)
{
    const char *path = NULL;
    (void)count_paths(argc, argv, &path);
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

/* Read a line of text into |line|; false: there is none. Its length, in which a zero counts. */
static bool read_line(FILE *file, char line[LINE_BYTES], size_t *length)
{
    int byte = 0;
    *length = 0;
    while (*length < LINE_BYTES - 1 && byte != '\n' && (byte = getc(file)) != EOF) {
        line[(*length)++] = (char)byte;
    }
    line[*length] = '\0';
    return *length > 0;
}

/* Why a line is wrong in itself; NULL = it is right, or has nothing. Cuts blanks off its ends. */
static const char *trim(char *line, size_t length, char **begin)
{
    if (length == LINE_BYTES - 1 && line[length - 1] != '\n') {
        return "the line is too long";
    }
    if (strlen(line) != length) {
        return NO_TEXT;
    }
    cut_remark(line);
    length = strlen(line);
    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL) {
        line[--length] = '\0';
    }
    for (const char *at = line; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' && *at != '\t') {
            return NO_TEXT;
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
    char line[LINE_BYTES] = "";
    size_t length = 0;
    const char *why = NULL;
    uint32_t number = 0;
    while (why == NULL && read_line(file, line, &length)) {
        size_t mark = number == 0 && strncmp(line, MARK, strlen(MARK)) == 0 ? strlen(MARK) : 0;
        char *begin = line + mark;
        why = ++number > LINES_MAX ? "the file has too many lines"
                                   : trim(line + mark, length - mark, &begin);
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
    if (why == NULL && words->count == 0) {
        number = 0;
        why = "no line of it has a flag; a scenario has a flag and its value a line";
    }
    return why == NULL ? WEFT_ERR_OK : refuse(message, path, number, why);
}

enum weft_err weft_sim_scenario_expand(struct weft_sim_words *words, uint32_t *lines, int argc,
                                       char *const *argv, struct weft_text *message)
{
    const char *path = NULL;
    uint32_t count = count_paths(argc, argv, &path);
    memset(words, 0, sizeof(*words));
    if (count > 1 || (path != NULL && *path == '\0')) {
        weft_text_add(message, count > 1 ? "--scenario: one file at a time; put them into one"
                                         : "--scenario: the value is empty");
        return WEFT_ERR_ARGUMENT;
    }
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
