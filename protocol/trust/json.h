/* SPDX-License-Identifier: Apache-2.0 */
/* JSON texts from untrusted places, bounded, and the canonical form over which signatures are made.
 * SPEC.md section "Metadata".
 *
 * Canonical is the form of TUF (OLPC): object members sorted by the bytes of their names, no white
 * space, in strings only quote and backslash escaped, integers only. */
#ifndef WEFT_TRUST_JSON_H
#define WEFT_TRUST_JSON_H

#include <jansson.h>

#include "../err.h"
#include "../types.h"

/* Arrays and objects inside each other. */
#define WEFT_JSON_DEPTH_MAX 24

/* Parse |length| bytes as one JSON object. Refused: duplicate members, invalid UTF-8, NUL in a
 * string, deeper nesting than WEFT_JSON_DEPTH_MAX, bytes after the object, real numbers and
 * integers outside of 64 bits. The caller bounds |length|.
 * Errors: FORMAT (also without memory: the library does not tell); *value is then NULL.
 * Owner:  *value belongs to the caller; json_decref(). */
enum weft_err weft_json_parse(const uint8_t *bytes, size_t length, json_t **value);

/* The canonical form of |value|, which is not changed; not terminated.
 * Errors: FORMAT (a real number, too deep), MEMORY; *bytes is then NULL.
 * Owner:  *bytes belongs to the caller; free(). */
enum weft_err weft_json_canonical(json_t *value, uint8_t **bytes, size_t *length);

/* Member |name| of |object| as an integer of |min|..|max|.
 * Errors: false if it is missing, of another type or out of range; *value is then untouched. */
bool weft_json_uint(const json_t *object, const char *name, uint64_t min, uint64_t max,
                    uint64_t *value);

/* Member |name| of |object| as a string; NULL if it is missing or of another type. Borrowed from
 * |object|. */
const char *weft_json_text(const json_t *object, const char *name);

#endif
