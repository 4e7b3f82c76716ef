/* SPDX-License-Identifier: Apache-2.0 */
/* Answers "is this a file of lines of JSON?". */
#include "lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say_where(struct weft_text *message, const char *path, uint64_t number)
{
    weft_text_add(message, path);
    if (number > 0) {
        weft_text_add(message, ":");
        weft_text_add_uint(message, number);
    }
    weft_text_add(message, ": ");
}

/* One line that has |length| bytes. */
static bool read_line(const char *path, uint64_t number, const char *bytes, size_t length,
                      weft_sim_line_taker *take, void *context, struct weft_text *message)
{
    if (length == 0 || length > WEFT_SIM_LINE_BYTES_MAX) {
        say_where(message, path, number);
        weft_text_add(message, length == 0 ? "an empty line" : "a line longer than a mebibyte");
        weft_text_add(message, "; is it a file of --trace?");
        return false;
    }
    json_error_t error;
    json_t *line = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(line)) {
        json_decref(line);
        say_where(message, path, number);
        weft_text_add(message, "no JSON object; is it a file of --trace, and whole?");
        return false;
    }
    char buffer[WEFT_FLAG_MESSAGE_BYTES];
    struct weft_text fault = weft_text_into(buffer, sizeof(buffer));
    bool taken = take(context, line, &fault);
    json_decref(line);
    if (!taken) {
        say_where(message, path, number);
        weft_text_add(message, buffer);
    }
    return taken;
}

bool weft_sim_lines_read(const char *path, weft_sim_line_taker *take, void *context,
                         struct weft_text *message)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    size_t room = 0;
    uint64_t number = 0;
    bool good = file != NULL;
    errno = file == NULL ? errno : 0;
    for (ssize_t length = 0; good && (length = getline(&bytes, &room, file)) > 0;) {
        bool ends = bytes[length - 1] == '\n';
        number++;
        if (!ends && number > 1) {
            break; /* a node was killed while it wrote its last line */
        }
        good = read_line(path, number, bytes, (size_t)length - ends, take, context, message);
    }
    int error = errno;
    if (file == NULL || ferror(file) != 0 || (good && number == 0)) {
        say_where(message, path, 0);
        weft_text_add(message, error != 0 ? strerror(error) : "the file is empty");
        good = false;
    }
    free(bytes);
    if (file != NULL) {
        fclose(file);
    }
    return good;
}

uint64_t weft_sim_line_number(const json_t *line, const char *name, uint64_t maximum,
                              uint64_t other)
{
    const json_t *value = json_object_get(line, name);
    json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    return number >= 0 && (uint64_t)number <= maximum ? (uint64_t)number : other;
}

const char *weft_sim_line_text(const json_t *line, const char *name)
{
    const char *text = json_string_value(json_object_get(line, name));
    return text == NULL ? "" : text;
}

uint64_t weft_sim_read_id(const char *text)
{
    uint64_t id = 0;
    size_t length = strlen(text);
    if (length == 0 || length > 16 || strspn(text, "0123456789abcdef") != length) {
        return 0;
    }
    for (const char *at = text; *at != '\0'; at++) {
        id = id << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    }
    return id;
}

uint64_t weft_sim_line_id(const json_t *line, const char *name)
{
    return weft_sim_read_id(weft_sim_line_text(line, name));
}
