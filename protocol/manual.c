/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a table of flags for people. Answers "how does it look?", for three readers: a terminal,
 * man, and a Markdown renderer. */
#include "manual.h"

#include "value.h"

/* Columns for "--name ARGUMENT" in help; a longer one has the line for itself. */
#define LEFT_MAX 26
#define INDENT 2
#define GAP 2

/* Room for one flag's meaning with its default and range. */
#define MEANING_BYTES 768

/* Call |write| for every flag of the set, with a heading before each group if |head| is given. */
struct walk {
    void (*head)(struct weft_text *text, const char *heading, bool is_first);
    void (*row)(struct weft_text *text, const struct weft_flag *flag, size_t left_width);
    size_t left_width; /* passed to |row| */
};

static void walk_set(struct weft_text *text, const struct weft_flag_set *set,
                     const struct walk *walk)
{
    for (size_t i = 0; i < set->group_count; i++) {
        const struct weft_flag_group *group = &set->groups[i];
        if (walk->head != NULL && group->heading != NULL) {
            walk->head(text, group->heading, i == 0);
        }
        for (size_t j = 0; j < group->flag_count; j++) {
            walk->row(text, &group->flags[j], walk->left_width);
        }
    }
}

/* "--name ARGUMENT" */
static void add_usage(struct weft_text *text, const struct weft_flag *flag)
{
    weft_text_add(text, "--");
    weft_text_add(text, flag->name);
    if (flag->kind != WEFT_FLAG_BOOL) {
        weft_text_add(text, " ");
        weft_value_add_argument(text, flag);
    }
}

/* Begin a remark in brackets, or go on with the next one. */
static void add_remark(struct weft_text *text, bool *is_open, const char *label)
{
    weft_text_add(text, *is_open ? "; " : " (");
    weft_text_add(text, label);
    *is_open = true;
}

/* What the flag does, with default and range in brackets. */
static void add_meaning(struct weft_text *text, const struct weft_flag *flag)
{
    char buffer[MEANING_BYTES];
    bool is_open = false;
    weft_text_add(text, flag->help);
    struct weft_text standard = weft_text_into(buffer, sizeof(buffer));
    weft_value_add_standard(&standard, flag);
    if (standard.length > 0) {
        add_remark(text, &is_open, "default ");
        weft_text_add(text, buffer);
    }
    struct weft_text range = weft_text_into(buffer, sizeof(buffer));
    weft_value_add_range(&range, flag);
    if (range.length > 0) {
        add_remark(text, &is_open, buffer);
    }
    if (flag->required) {
        add_remark(text, &is_open, "required");
    }
    if (flag->kind == WEFT_FLAG_LIST) {
        add_remark(text, &is_open, "may be repeated");
    }
    weft_text_add(text, is_open ? ")" : "");
}

/* ---- Terminal ---- */

static size_t usage_length(const struct weft_flag *flag)
{
    char buffer[128];
    struct weft_text usage = weft_text_into(buffer, sizeof(buffer));
    add_usage(&usage, flag);
    return usage.length;
}

static size_t left_width_of(const struct weft_flag_set *set)
{
    size_t width = 0;
    for (size_t i = 0; i < set->group_count; i++) {
        for (size_t j = 0; j < set->groups[i].flag_count; j++) {
            size_t length = usage_length(&set->groups[i].flags[j]);
            width = length > width && length <= LEFT_MAX ? length : width;
        }
    }
    return INDENT + width + GAP;
}

/* Append |words| from column |left| on, broken at blanks so that no line is too wide. */
static void add_wrapped(struct weft_text *text, const char *words, size_t left)
{
    size_t column = left;
    while (*words != '\0') {
        size_t length = 0;
        while (words[length] != '\0' && words[length] != ' ') {
            length++;
        }
        if (column > left && column + 1 + length > WEFT_MANUAL_COLUMNS) {
            weft_text_add(text, "\n");
            weft_text_add_fill(text, ' ', left);
            column = left;
        }
        if (column > left) {
            weft_text_add(text, " ");
            column++;
        }
        weft_text_add_bytes(text, words, length);
        column += length;
        words += length;
        words += *words == ' ';
    }
    weft_text_add(text, "\n");
}

static void add_help_heading(struct weft_text *text, const char *heading, bool is_first)
{
    weft_text_add(text, is_first ? "" : "\n");
    weft_text_add(text, heading);
    weft_text_add(text, ":\n");
}

static void add_help_row(struct weft_text *text, const struct weft_flag *flag, size_t left_width)
{
    char meaning[MEANING_BYTES];
    struct weft_text line = weft_text_into(meaning, sizeof(meaning));
    add_meaning(&line, flag);
    weft_text_add_fill(text, ' ', INDENT);
    add_usage(text, flag);
    size_t used = INDENT + usage_length(flag);
    if (used + GAP > left_width) {
        weft_text_add(text, "\n");
        used = 0;
    }
    weft_text_add_fill(text, ' ', left_width - used);
    add_wrapped(text, meaning, left_width);
}

void weft_manual_add_help(struct weft_text *text, const struct weft_flag_set *set)
{
    struct walk walk = {add_help_heading, add_help_row, left_width_of(set)};
    walk_set(text, set, &walk);
}

/* ---- man ---- */

/* Append |words| so that roff prints them as they are. */
static void add_roff_text(struct weft_text *text, const char *words)
{
    if (*words == '.' || *words == '\'') {
        weft_text_add(text, "\\&");
    }
    for (; *words != '\0'; words++) {
        if (*words == '\\') {
            weft_text_add(text, "\\e");
        } else if (*words == '-') {
            weft_text_add(text, "\\-");
        } else {
            weft_text_add_bytes(text, words, 1);
        }
    }
}

static void add_roff_heading(struct weft_text *text, const char *heading, bool is_first)
{
    (void)is_first;
    weft_text_add(text, ".SS ");
    add_roff_text(text, heading);
    weft_text_add(text, "\n");
}

static void add_roff_row(struct weft_text *text, const struct weft_flag *flag, size_t left_width)
{
    (void)left_width;
    char buffer[MEANING_BYTES];
    weft_text_add(text, ".TP\n\\fB\\-\\-");
    add_roff_text(text, flag->name);
    weft_text_add(text, "\\fR");
    struct weft_text argument = weft_text_into(buffer, sizeof(buffer));
    weft_value_add_argument(&argument, flag);
    if (argument.length > 0) {
        weft_text_add(text, " \\fI");
        add_roff_text(text, buffer);
        weft_text_add(text, "\\fR");
    }
    weft_text_add(text, "\n");
    struct weft_text meaning = weft_text_into(buffer, sizeof(buffer));
    add_meaning(&meaning, flag);
    add_roff_text(text, buffer);
    weft_text_add(text, "\n");
}

void weft_manual_add_roff(struct weft_text *text, const struct weft_flag_set *set)
{
    struct walk walk = {add_roff_heading, add_roff_row, 0};
    walk_set(text, set, &walk);
}

/* ---- Markdown ---- */

/* Append |words| so that they stay inside their table cell. */
static void add_cell(struct weft_text *text, const char *words)
{
    for (; *words != '\0'; words++) {
        weft_text_add(text, *words == '|' ? "\\" : "");
        weft_text_add_bytes(text, words, 1);
    }
}

static void add_markdown_row(struct weft_text *text, const struct weft_flag *flag,
                             size_t left_width)
{
    (void)left_width;
    char buffer[MEANING_BYTES];
    struct weft_text usage = weft_text_into(buffer, sizeof(buffer));
    add_usage(&usage, flag);
    weft_text_add(text, "| `");
    add_cell(text, buffer);
    weft_text_add(text, "` | ");
    struct weft_text standard = weft_text_into(buffer, sizeof(buffer));
    weft_value_add_standard(&standard, flag);
    add_cell(text, flag->required ? "required" : buffer);
    weft_text_add(text, " | ");
    struct weft_text range = weft_text_into(buffer, sizeof(buffer));
    weft_value_add_range(&range, flag);
    add_cell(text, buffer);
    weft_text_add(text, " | ");
    add_cell(text, flag->help);
    weft_text_add(text, flag->kind == WEFT_FLAG_LIST ? " (may be repeated) |\n" : " |\n");
}

void weft_manual_add_markdown(struct weft_text *text, const struct weft_flag_set *set)
{
    struct walk walk = {NULL, add_markdown_row, 0};
    weft_text_add(text, "| flag | default | range | meaning |\n|---|---|---|---|\n");
    walk_set(text, set, &walk);
}
