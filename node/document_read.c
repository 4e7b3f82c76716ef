/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the status document. Knows nothing of what its fields mean. */
#include "document_read.h"

#include <string.h>

const json_t *weft_document_at(const json_t *document, const char *path)
{
    char name[64];
    const json_t *at = document;
    while (at != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        if (length >= sizeof(name)) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        at = json_object_get(at, name);
        path += length;
        path += *path == '.' ? 1 : 0;
    }
    return at;
}

const char *weft_document_text(const json_t *document, const char *path)
{
    const char *text = json_string_value(weft_document_at(document, path));
    return text != NULL ? text : "";
}

uint64_t weft_document_number(const json_t *document, const char *path)
{
    json_int_t number = json_integer_value(weft_document_at(document, path));
    return number > 0 ? (uint64_t)number : 0;
}

bool weft_document_flag(const json_t *document, const char *path)
{
    return json_is_true(weft_document_at(document, path));
}

bool weft_document_has(const json_t *document, const char *path)
{
    const json_t *value = weft_document_at(document, path);
    return value != NULL && !json_is_null(value);
}
