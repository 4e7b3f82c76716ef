/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for protocol/transport/bulk.c in CONFIG=plain: see aead.c beside it. */
#include "protocol/transport/bulk.h"

#include <stdlib.h>
#include <string.h>

struct weft_bulk_cipher {
    uint8_t tag[WEFT_AEAD_TAG_BYTES]; /* of every record: zeros */
};

struct weft_bulk_cipher *weft_bulk_cipher_new(const struct weft_cipher *cipher, bool sealing)
{
    (void)cipher, (void)sealing;
    return calloc(1, sizeof(struct weft_bulk_cipher));
}

void weft_bulk_cipher_free(struct weft_bulk_cipher *bulk)
{
    free(bulk);
}

bool weft_bulk_cipher_begin(struct weft_bulk_cipher *bulk, const void *ad, size_t length)
{
    (void)bulk, (void)ad, (void)length;
    return true;
}

bool weft_bulk_cipher_add(struct weft_bulk_cipher *bulk, const void *bytes, size_t length,
                          uint8_t *out)
{
    (void)bulk;
    if (length > 0 && out != bytes) {
        memcpy(out, bytes, length);
    }
    return true;
}

bool weft_bulk_cipher_end(struct weft_bulk_cipher *bulk, uint8_t tag[WEFT_AEAD_TAG_BYTES])
{
    memcpy(tag, bulk->tag, sizeof(bulk->tag));
    return true;
}

bool weft_bulk_cipher_verify(struct weft_bulk_cipher *bulk, const uint8_t tag[WEFT_AEAD_TAG_BYTES])
{
    return memcmp(tag, bulk->tag, sizeof(bulk->tag)) == 0;
}
