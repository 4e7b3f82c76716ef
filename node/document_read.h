/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the status document: a value by its path, or a harmless one where it is missing, because
 * the node that answered may be of another version. Used by status and demo. */
#ifndef WEFT_DOCUMENT_READ_H
#define WEFT_DOCUMENT_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The value at |path| ("node.segment").
 * Errors: NULL if it is missing. Owner: borrowed from |document|. */
const json_t *weft_document_at(const json_t *document, const char *path);

/* A text; "" if it is missing, null or of another type. Owner: borrowed. */
const char *weft_document_text(const json_t *document, const char *path);

/* A number that is not negative; 0 if it is missing, null, negative or of another type. */
uint64_t weft_document_number(const json_t *document, const char *path);

/* A boolean; false if it is missing. */
bool weft_document_flag(const json_t *document, const char *path);

/* Is there a value that is not null? */
bool weft_document_has(const json_t *document, const char *path);

#endif
