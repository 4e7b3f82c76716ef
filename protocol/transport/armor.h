/* SPDX-License-Identifier: Apache-2.0 */
/* How are bytes written as one word that can be pasted, mailed and kept in a file? Four letters
 * that say what it is, then base64url without padding. SPEC.md section "Admission". */
#ifndef WEFT_TRANSPORT_ARMOR_H
#define WEFT_TRANSPORT_ARMOR_H

#include "../types.h"

#define WEFT_ARMOR_PREFIX_BYTES 4

/* Characters of the text of |bytes| bytes, with the NUL. */
#define WEFT_ARMOR_TEXT_BYTES(bytes) (WEFT_ARMOR_PREFIX_BYTES + ((bytes)*4 + 2) / 3 + 1)

/* Write bytes[length] as text[WEFT_ARMOR_TEXT_BYTES(length)]. */
void weft_armor_put(const char prefix[WEFT_ARMOR_PREFIX_BYTES], const uint8_t *bytes, size_t length,
                    char *text);

/* Read text[text_length] into bytes[size]; *length is how many there are.
 * Errors: false if it has another prefix, is not base64url, or is longer. */
bool weft_armor_get(const char prefix[WEFT_ARMOR_PREFIX_BYTES], const char *text,
                    size_t text_length, uint8_t *bytes, size_t size, size_t *length);

#endif
