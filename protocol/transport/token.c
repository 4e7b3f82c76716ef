/* SPDX-License-Identifier: Apache-2.0 */
/* 126 bytes: mesh key 32 | server key 32 | id 8 | secret 16 | expires 8 | IP 16 | port 2 | zero 4 |
 * check 8, the digest of what stands before it, so that a mistyped token is told from a refused
 * one. */
#include "token.h"

#include "bytes.h"
#include "hash.h"

#include <sodium.h>
#include <string.h>

enum { SERVER = 32, ID = 64, SECRET = 72, EXPIRES = 88, IP = 96, PORT = 112, CHECK = 118 };

static const char prefix[WEFT_ARMOR_PREFIX_BYTES] = {'w', 'j', 't', '1'};

static void check_of(const uint8_t *bytes, uint8_t check[8])
{
    uint8_t digest[32];
    weft_hash_label(digest, sizeof(digest), "weft token check", bytes, CHECK);
    memcpy(check, digest, 8);
}

void weft_token_put(const struct weft_token *token, uint8_t bytes[WEFT_TOKEN_BYTES])
{
    memset(bytes, 0, WEFT_TOKEN_BYTES);
    memcpy(bytes, token->mesh, WEFT_MESH_KEY_BYTES);
    memcpy(bytes + SERVER, token->server, 32);
    memcpy(bytes + ID, token->id, sizeof(token->id));
    memcpy(bytes + SECRET, token->secret, sizeof(token->secret));
    weft_bytes_put(bytes + EXPIRES, 8, token->expires_s);
    memcpy(bytes + IP, token->address.ip, WEFT_IP_BYTES);
    weft_bytes_put(bytes + PORT, 2, token->address.port);
    check_of(bytes, bytes + CHECK);
}

void weft_token_format(const struct weft_token *token, char text[WEFT_TOKEN_TEXT_BYTES])
{
    uint8_t bytes[WEFT_TOKEN_BYTES];
    weft_token_put(token, bytes);
    weft_armor_put(prefix, bytes, sizeof(bytes), text);
    sodium_memzero(bytes, sizeof(bytes));
}

bool weft_token_parse(const char *text, struct weft_token *token)
{
    uint8_t bytes[WEFT_TOKEN_BYTES];
    uint8_t again[WEFT_TOKEN_BYTES];
    size_t length = 0;
    if (!weft_armor_get(prefix, text, strlen(text), bytes, sizeof(bytes), &length) ||
        length != WEFT_TOKEN_BYTES) {
        return false;
    }
    memcpy(token->mesh, bytes, WEFT_MESH_KEY_BYTES);
    memcpy(token->server, bytes + SERVER, 32);
    memcpy(token->id, bytes + ID, sizeof(token->id));
    memcpy(token->secret, bytes + SECRET, sizeof(token->secret));
    token->expires_s = weft_bytes_get(bytes + EXPIRES, 8);
    memcpy(token->address.ip, bytes + IP, WEFT_IP_BYTES);
    token->address.port = (uint16_t)weft_bytes_get(bytes + PORT, 2);
    /* There is one text for one token: this compares the check, too. */
    weft_token_put(token, again);
    bool is_right = memcmp(again, bytes, sizeof(again)) == 0 && token->address.port != 0;
    sodium_memzero(bytes, sizeof(bytes));
    sodium_memzero(again, sizeof(again));
    return is_right;
}

void weft_token_digest(const uint8_t bytes[WEFT_TOKEN_BYTES],
                       uint8_t digest[WEFT_TOKEN_DIGEST_BYTES])
{
    weft_hash_label(digest, WEFT_TOKEN_DIGEST_BYTES, "weft token", bytes, WEFT_TOKEN_BYTES);
}

bool weft_token_has_digest(const uint8_t token[WEFT_TOKEN_BYTES],
                           const uint8_t digest[WEFT_TOKEN_DIGEST_BYTES])
{
    uint8_t right[WEFT_TOKEN_DIGEST_BYTES];
    weft_token_digest(token, right);
    return sodium_memcmp(right, digest, sizeof(right)) == 0;
}
