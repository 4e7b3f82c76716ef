/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for protocol/transport/aead.c in CONFIG=plain, to measure what sealing costs: the same
 * sizes, nothing sealed, and a tag of zeros. A node that seals and one that does not understand
 * nothing of each other. */
#include "protocol/transport/aead.h"

#include <string.h>

static const uint8_t no_tag[WEFT_AEAD_TAG_BYTES];

void weft_aead_seal(const uint8_t key[WEFT_AEAD_KEY_BYTES], uint64_t nonce, const void *ad,
                    size_t ad_length, const void *bytes, size_t length, uint8_t *out)
{
    (void)key, (void)nonce, (void)ad, (void)ad_length;
    if (length > 0) {
        memmove(out, bytes, length);
    }
    memcpy(out + length, no_tag, sizeof(no_tag));
}

bool weft_aead_open(const uint8_t key[WEFT_AEAD_KEY_BYTES], uint64_t nonce, const void *ad,
                    size_t ad_length, const uint8_t *sealed, size_t length, uint8_t *out)
{
    (void)key, (void)nonce, (void)ad, (void)ad_length;
    size_t bytes = length - WEFT_AEAD_TAG_BYTES;
    bool is_plain = memcmp(sealed + bytes, no_tag, sizeof(no_tag)) == 0;
    if (bytes > 0 && is_plain) {
        memmove(out, sealed, bytes);
    } else if (bytes > 0) {
        memset(out, 0, bytes);
    }
    return is_plain;
}

const char *weft_aead_warning(void)
{
    return "NOTHING IS ENCRYPTED: this program is for measurements, not for use";
}
