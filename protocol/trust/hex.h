/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as hex digits and back. */
#ifndef WEFT_TRUST_HEX_H
#define WEFT_TRUST_HEX_H

#include "../types.h"

/* Write |length| bytes as lower-case hex with a NUL into |text| [2 * length + 1]. */
void weft_hex_encode(const uint8_t *bytes, size_t length, char *text);

/* Read exactly |length| bytes from the 2 * length hex digits (either case) that |text| is.
 * Errors: false if |text| is NULL, has another length or another character; |bytes| is then
 *         undefined. */
bool weft_hex_decode(const char *text, uint8_t *bytes, size_t length);

#endif
