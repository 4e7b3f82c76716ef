/* SPDX-License-Identifier: Apache-2.0 */
/* Prefix and base64url, both ways; there is one text of some bytes. */
#include "armor.h"

#include <sodium.h>
#include <string.h>

void weft_armor_put(const char prefix[WEFT_ARMOR_PREFIX_BYTES], const uint8_t *bytes, size_t length,
                    char *text)
{
    memcpy(text, prefix, WEFT_ARMOR_PREFIX_BYTES);
    sodium_bin2base64(text + WEFT_ARMOR_PREFIX_BYTES,
                      WEFT_ARMOR_TEXT_BYTES(length) - WEFT_ARMOR_PREFIX_BYTES, bytes, length,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool weft_armor_get(const char prefix[WEFT_ARMOR_PREFIX_BYTES], const char *text,
                    size_t text_length, uint8_t *bytes, size_t size, size_t *length)
{
    return text_length >= WEFT_ARMOR_PREFIX_BYTES &&
           memcmp(text, prefix, WEFT_ARMOR_PREFIX_BYTES) == 0 &&
           sodium_base642bin(bytes, size, text + WEFT_ARMOR_PREFIX_BYTES,
                             text_length - WEFT_ARMOR_PREFIX_BYTES, NULL, length, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}
