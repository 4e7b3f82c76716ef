/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded JSON, and its canonical form. Depth is checked before parsing, on the bytes, because the
 * parser recurses 2048 deep before it complains. */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts that are larger than this grow by doubling. */
#define OUTPUT_BYTES_FIRST 1024

struct output {
    uint8_t *bytes;  /* owned */
    size_t length;   /* bytes in use */
    size_t capacity; /* bytes allocated */
    enum weft_err err;
};

static enum weft_err put_value(struct output *output, json_t *value, int depth);

static bool too_deep(const uint8_t *bytes, size_t length)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (in_string && bytes[i] == '\\') {
            i++; /* whatever is escaped does not end the string */
        } else if (in_string) {
            in_string = bytes[i] != '"';
        } else if (bytes[i] == '"') {
            in_string = true;
        } else if (bytes[i] == '{' || bytes[i] == '[') {
            if (++depth > WEFT_JSON_DEPTH_MAX) {
                return true;
            }
        } else if (bytes[i] == '}' || bytes[i] == ']') {
            depth--;
        }
    }
    return false;
}

/* Real numbers have no canonical form, so a document with one could never be verified. */
static bool has_real(json_t *value)
{
    if (json_is_real(value)) {
        return true;
    }
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (has_real(json_array_get(value, i))) {
                return true;
            }
        }
    }
    if (json_is_object(value)) {
        const char *name;
        json_t *member;
        json_object_foreach(value, name, member)
        {
            if (has_real(member)) {
                return true;
            }
        }
    }
    return false;
}

enum weft_err weft_json_parse(const uint8_t *bytes, size_t length, json_t **value)
{
    *value = NULL;
    if (length == 0 || too_deep(bytes, length)) {
        return WEFT_ERR_FORMAT;
    }
    json_error_t error;
    json_t *parsed = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, &error);
    if (!parsed || !json_is_object(parsed) || has_real(parsed)) {
        json_decref(parsed);
        return WEFT_ERR_FORMAT;
    }
    *value = parsed;
    return WEFT_ERR_OK;
}

static void put_bytes(struct output *output, const void *bytes, size_t length)
{
    if (output->err != WEFT_ERR_OK || length == 0) {
        return;
    }
    if (!output->bytes || output->capacity - output->length < length) {
        size_t capacity = output->capacity > 0 ? output->capacity : OUTPUT_BYTES_FIRST;
        while (capacity - output->length < length) {
            capacity *= 2;
        }
        uint8_t *grown = realloc(output->bytes, capacity);
        if (!grown) {
            output->err = WEFT_ERR_MEMORY;
            return;
        }
        output->bytes = grown;
        output->capacity = capacity;
    }
    memcpy(output->bytes + output->length, bytes, length);
    output->length += length;
}

static void put_string(struct output *output, const char *text, size_t length)
{
    put_bytes(output, "\"", 1);
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            put_bytes(output, text + from, i - from);
            put_bytes(output, "\\", 1);
            from = i;
        }
    }
    put_bytes(output, text + from, length - from);
    put_bytes(output, "\"", 1);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Names of the members, sorted; NULL without memory. Belongs to the caller, the names do not. */
static const char **sorted_names(json_t *object)
{
    size_t count = json_object_size(object);
    const char **names = malloc((count + 1) * sizeof *names);
    if (!names) {
        return NULL;
    }
    size_t i = 0;
    const char *name;
    json_t *member;
    json_object_foreach(object, name, member)
    {
        names[i++] = name;
    }
    qsort(names, count, sizeof *names, compare_names);
    return names;
}

static enum weft_err put_object(struct output *output, json_t *object, int depth)
{
    const char **names = sorted_names(object);
    if (!names) {
        output->err = WEFT_ERR_MEMORY;
        return output->err;
    }
    put_bytes(output, "{", 1);
    for (size_t i = 0; i < json_object_size(object); i++) {
        put_bytes(output, ",", i > 0);
        put_string(output, names[i], strlen(names[i]));
        put_bytes(output, ":", 1);
        put_value(output, json_object_get(object, names[i]), depth + 1);
    }
    put_bytes(output, "}", 1);
    free(names);
    return output->err;
}

static enum weft_err put_array(struct output *output, const json_t *array, int depth)
{
    put_bytes(output, "[", 1);
    for (size_t i = 0; i < json_array_size(array); i++) {
        put_bytes(output, ",", i > 0);
        put_value(output, json_array_get(array, i), depth + 1);
    }
    put_bytes(output, "]", 1);
    return output->err;
}

static void put_integer(struct output *output, const json_t *value)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
    put_bytes(output, text, (size_t)length);
}

/* Result: the first error of |output|, which stays. */
static enum weft_err put_value(struct output *output, json_t *value, int depth)
{
    if (output->err == WEFT_ERR_OK && (!value || depth > WEFT_JSON_DEPTH_MAX)) {
        output->err = WEFT_ERR_FORMAT;
    }
    if (output->err != WEFT_ERR_OK) {
        return output->err;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return put_object(output, value, depth);
    case JSON_ARRAY:
        return put_array(output, value, depth);
    case JSON_STRING:
        put_string(output, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        put_integer(output, value);
        break;
    case JSON_TRUE:
        put_bytes(output, "true", 4);
        break;
    case JSON_FALSE:
        put_bytes(output, "false", 5);
        break;
    case JSON_NULL:
        put_bytes(output, "null", 4);
        break;
    case JSON_REAL:
    default:
        output->err = WEFT_ERR_FORMAT;
        break;
    }
    return output->err;
}

enum weft_err weft_json_canonical(json_t *value, uint8_t **bytes, size_t *length)
{
    struct output output = {.err = WEFT_ERR_OK};
    enum weft_err err = put_value(&output, value, 0);
    if (err != WEFT_ERR_OK) {
        free(output.bytes);
        *bytes = NULL;
        *length = 0;
        return err;
    }
    *bytes = output.bytes;
    *length = output.length;
    return WEFT_ERR_OK;
}

bool weft_json_uint(const json_t *object, const char *name, uint64_t min, uint64_t max,
                    uint64_t *value)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_integer(member) || json_integer_value(member) < 0) {
        return false;
    }
    uint64_t number = (uint64_t)json_integer_value(member);
    if (number < min || number > max) {
        return false;
    }
    *value = number;
    return true;
}

const char *weft_json_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}
