/* SPDX-License-Identifier: Apache-2.0 */
/* 196 bytes: "WFQ1" 4 | mesh tag 8 | made 8 | nonce 16 | key 32 | name 32, zero padded | proof 96
 * of the label below and the bytes before. Numbers are big endian. */
#include "request.h"

#include "bytes.h"

#include <string.h>

enum { TAG = 4, MADE = 12, NONCE = 20, KEY = 36, NAME = 68, PROOF = 100 };

static const char magic[4] = {'W', 'F', 'Q', '1'};
static const char prefix[WEFT_ARMOR_PREFIX_BYTES] = {'w', 'j', 'q', '1'};
static const char label[12] = "weft request";

struct to_prove {
    uint8_t bytes[sizeof(label) + PROOF]; /* label, fields */
};

static struct to_prove lay_out(const uint8_t *fields)
{
    struct to_prove out;
    memcpy(out.bytes, label, sizeof(label));
    memcpy(out.bytes + sizeof(label), fields, PROOF);
    return out;
}

void weft_request_format(const struct weft_request *request,
                         const uint8_t secret[WEFT_NOISE_KEY_BYTES], const uint8_t random[32],
                         char text[WEFT_REQUEST_TEXT_BYTES])
{
    uint8_t bytes[WEFT_REQUEST_BYTES] = {0};
    memcpy(bytes, magic, sizeof(magic));
    weft_bytes_put(bytes + TAG, 8, request->tag);
    weft_bytes_put(bytes + MADE, 8, request->made_s);
    memcpy(bytes + NONCE, request->nonce, WEFT_REQUEST_NONCE_BYTES);
    memcpy(bytes + KEY, request->key, sizeof(request->key));
    memcpy(bytes + NAME, request->name, strlen(request->name));
    struct to_prove proved = lay_out(bytes);
    weft_proof_make(secret, random, proved.bytes, sizeof(proved.bytes), bytes + PROOF);
    weft_armor_put(prefix, bytes, sizeof(bytes), text);
}

bool weft_request_parse(struct weft_request *request, const char *text, size_t length)
{
    uint8_t bytes[WEFT_REQUEST_BYTES];
    size_t got = 0;
    if (!weft_armor_get(prefix, text, length, bytes, sizeof(bytes), &got) || got != sizeof(bytes) ||
        memcmp(bytes, magic, sizeof(magic)) != 0) {
        return false;
    }
    *request = (struct weft_request){.tag = weft_bytes_get(bytes + TAG, 8),
                                     .made_s = weft_bytes_get(bytes + MADE, 8)};
    memcpy(request->nonce, bytes + NONCE, WEFT_REQUEST_NONCE_BYTES);
    memcpy(request->key, bytes + KEY, sizeof(request->key));
    memcpy(request->name, bytes + NAME, WEFT_CERTIFICATE_NAME_BYTES);
    struct to_prove proved = lay_out(bytes);
    /* Behind the end of the name there is nothing. */
    size_t name_length = strlen(request->name);
    bool is_padded = true;
    for (size_t i = name_length; i < WEFT_CERTIFICATE_NAME_BYTES; i++) {
        is_padded = is_padded && request->name[i] == '\0';
    }
    return is_padded && weft_certificate_name_ok(request->name) &&
           weft_proof_ok(request->key, proved.bytes, sizeof(proved.bytes), bytes + PROOF);
}
