/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a command line into the places a table of flags names. Answers "which flags were given?";
 * one value is value.c's question, whether all make sense together the command's. */
#include "flag.h"

#include "suggest.h"
#include "value.h"

#include <string.h>

/* A row and where its value goes. */
struct binding {
    const struct weft_flag *flag; /* NULL = no such flag */
    uint8_t *place;               /* in the target of its group */
};

static struct binding bind(const struct weft_flag_group *group, size_t row)
{
    const struct weft_flag *flag = &group->flags[row];
    return (struct binding){flag, (uint8_t *)group->target + flag->offset};
}

static enum weft_err complain_of_name(const struct weft_flag_set *set, const char *name,
                                      size_t length, struct weft_text *message)
{
    const struct weft_flag *near = weft_suggest_flag(set, name, length);
    weft_text_add(message, "unknown flag ");
    weft_value_add_quoted(message, name - 2, length + 2);
    if (near != NULL) {
        weft_text_add(message, "; did you mean --");
        weft_text_add(message, near->name);
        weft_text_add(message, "?");
    } else {
        weft_text_add(message, "; --help lists all flags");
    }
    return WEFT_ERR_ARGUMENT;
}

/* Store the default of one flag. Without one every kind is all zero: false, 0, NULL, empty. */
static enum weft_err set_default(struct binding binding, struct weft_text *message)
{
    const struct weft_flag *flag = binding.flag;
    memset(binding.place, 0, flag->size);
    if (flag->standard == NULL || flag->kind == WEFT_FLAG_LIST) {
        return WEFT_ERR_OK;
    }
    return weft_value_store(flag, binding.place, flag->standard, WEFT_AMOUNT_BARE, message);
}

enum weft_err weft_flag_defaults(const struct weft_flag_set *set, struct weft_text *message)
{
    for (size_t i = 0; i < set->group_count; i++) {
        for (size_t j = 0; j < set->groups[i].flag_count; j++) {
            enum weft_err err = set_default(bind(&set->groups[i], j), message);
            if (err != WEFT_ERR_OK) {
                return err;
            }
        }
    }
    return WEFT_ERR_OK;
}

/* "--data: a value is missing: --data DIR" */
static enum weft_err complain_of_lack(const struct weft_flag *flag, const char *lack,
                                      struct weft_text *message)
{
    weft_value_begin(message, flag);
    weft_text_add(message, lack);
    weft_text_add(message, ": --");
    weft_text_add(message, flag->name);
    weft_text_add(message, " ");
    weft_value_add_argument(message, flag);
    return WEFT_ERR_ARGUMENT;
}

static struct binding find(const struct weft_flag_set *set, const char *name, size_t length)
{
    for (size_t i = 0; i < set->group_count; i++) {
        const struct weft_flag_group *group = &set->groups[i];
        for (size_t j = 0; j < group->flag_count; j++) {
            if (weft_text_equal(name, length, group->flags[j].name)) {
                return bind(group, j);
            }
        }
    }
    return (struct binding){NULL, NULL};
}

static size_t name_length(const char *name)
{
    size_t length = 0;
    while (name[length] != '\0' && name[length] != '=') {
        length++;
    }
    return length;
}

/* Arguments and how far they are read. */
struct line {
    char *const *argv; /* argv[argc] */
    int argc;          /* arguments */
    int at;            /* the one that is read now */
};

/* Take a flag, which begins with two dashes, and its value. */
static enum weft_err take_flag(const struct weft_flag_set *set, struct line *line,
                               struct weft_text *message)
{
    const char *name = line->argv[line->at] + 2;
    size_t length = name_length(name);
    struct binding binding = find(set, name, length);
    const struct weft_flag *flag = binding.flag;
    if (flag == NULL) {
        return complain_of_name(set, name, length, message);
    }
    if (name[length] == '=') {
        const char *value = name + length + 1;
        return weft_value_store(flag, binding.place, value, WEFT_AMOUNT_STRICT, message);
    }
    if (flag->kind == WEFT_FLAG_BOOL) {
        return weft_value_store(flag, binding.place, "yes", WEFT_AMOUNT_STRICT, message);
    }
    const char *value = line->at + 1 < line->argc ? line->argv[line->at + 1] : "--";
    if (value[0] == '-' && value[1] == '-') {
        return complain_of_lack(flag, "a value is missing", message);
    }
    line->at++;
    return weft_value_store(flag, binding.place, value, WEFT_AMOUNT_STRICT, message);
}

static enum weft_err take_positional(struct weft_flag_list *positionals, const char *argument,
                                     struct weft_text *message)
{
    if (positionals == NULL || positionals->count == WEFT_FLAG_LIST_MAX) {
        weft_text_add(message, "unexpected argument ");
        weft_value_add_quoted(message, argument, weft_text_length(argument));
        return WEFT_ERR_ARGUMENT;
    }
    positionals->items[positionals->count++] = argument;
    return WEFT_ERR_OK;
}

static enum weft_err take_argument(const struct weft_flag_set *set, struct line *line,
                                   struct weft_flag_list *positionals, struct weft_text *message)
{
    const char *argument = line->argv[line->at];
    if (argument[0] != '-' || argument[1] == '\0') {
        return take_positional(positionals, argument, message);
    }
    if (argument[1] != '-') {
        weft_text_add(message, "unknown flag ");
        weft_value_add_quoted(message, argument, weft_text_length(argument));
        weft_text_add(message, "; flags begin with two dashes");
        return WEFT_ERR_ARGUMENT;
    }
    return take_flag(set, line, message);
}

enum weft_err weft_flag_parse(const struct weft_flag_set *set, int argc, char *const *argv,
                              struct weft_flag_list *positionals, struct weft_text *message)
{
    struct line line = {.argv = argv, .argc = argc, .at = 0};
    bool only_positionals = false;
    enum weft_err err = weft_flag_defaults(set, message);
    if (positionals != NULL) {
        memset(positionals, 0, sizeof(*positionals));
    }
    for (; line.at < argc && err == WEFT_ERR_OK; line.at++) {
        const char *argument = argv[line.at];
        if (only_positionals) {
            err = take_positional(positionals, argument, message);
        } else if (weft_text_equal(argument, weft_text_length(argument), "--")) {
            only_positionals = true;
        } else {
            err = take_argument(set, &line, positionals, message);
        }
    }
    return err;
}

/* Was a TEXT or LIST given? */
static bool is_given(struct binding binding)
{
    struct weft_flag_list list;
    const char *text = NULL;
    if (binding.flag->kind == WEFT_FLAG_LIST) {
        memcpy(&list, binding.place, sizeof(list));
        return list.count > 0;
    }
    memcpy(&text, binding.place, sizeof(text));
    return text != NULL;
}

enum weft_err weft_flag_require(const struct weft_flag_set *set, struct weft_text *message)
{
    for (size_t i = 0; i < set->group_count; i++) {
        const struct weft_flag_group *group = &set->groups[i];
        for (size_t j = 0; j < group->flag_count; j++) {
            struct binding binding = bind(group, j);
            if (binding.flag->required && !is_given(binding)) {
                return complain_of_lack(binding.flag, "required, but not given", message);
            }
        }
    }
    return WEFT_ERR_OK;
}

/* ---- Tuning flags ---- */

#define KIND_COUNT WEFT_FLAG_COUNT
#define KIND_MS WEFT_FLAG_MS
#define KIND_BYTES WEFT_FLAG_BYTES
#define KIND_RATE WEFT_FLAG_RATE

static const struct weft_flag tuning_rows[] = {
#define X(flag, field, unit, default_number, min, max, words)                                      \
    {.name = flag,                                                                                 \
     .kind = KIND_##unit,                                                                          \
     .standard = #default_number,                                                                  \
     .minimum = (min),                                                                             \
     .maximum = (max),                                                                             \
     .help = words,                                                                                \
     WEFT_FLAG_AT(struct weft_tuning, field)},
    WEFT_TUNING_MAP(X)
#undef X
};

struct weft_flag_group weft_flag_tuning(struct weft_tuning *target)
{
    return (struct weft_flag_group){
        .heading = "Tuning",
        .flags = tuning_rows,
        .flag_count = WEFT_FLAG_COUNT_OF(tuning_rows),
        .target = target,
    };
}
