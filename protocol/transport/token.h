/* SPDX-License-Identifier: Apache-2.0 */
/* What is pasted into `weft join`: one word that pins the mesh and its server and lets a node in.
 * Text to fields and back; how often and how long it is good is the server's business
 * (node/register.h). SPEC.md section "Admission". */
#ifndef WEFT_TRANSPORT_TOKEN_H
#define WEFT_TRANSPORT_TOKEN_H

#include "armor.h"
#include "certificate.h"

/* Bytes of the fields before the text form, and of their digest. */
#define WEFT_TOKEN_BYTES 126
#define WEFT_TOKEN_DIGEST_BYTES 32

/* Characters of a token, with the NUL. */
#define WEFT_TOKEN_TEXT_BYTES WEFT_ARMOR_TEXT_BYTES(WEFT_TOKEN_BYTES)

struct weft_token {
    uint8_t mesh[WEFT_MESH_KEY_BYTES]; /* public key of the mesh */
    uint8_t server[32];                /* static key of the server */
    uint8_t id[8];                     /* names the token at the server */
    uint8_t secret[16];                /* random */
    uint64_t expires_s;                /* Unix time; a hint, the server's own value counts */
    struct weft_address address;       /* of the server, port not 0 */
};

/* The fields as bytes: what a joining node sends. */
void weft_token_put(const struct weft_token *token, uint8_t bytes[WEFT_TOKEN_BYTES]);

/* The text form: "wjt1" and base64url. */
void weft_token_format(const struct weft_token *token, char text[WEFT_TOKEN_TEXT_BYTES]);

/* Read the text form. Errors: false if it is not a token of this version, cut off or mistyped. */
bool weft_token_parse(const char *text, struct weft_token *token);

/* The digest that the server keeps instead of the token: every bit of it counts. */
void weft_token_digest(const uint8_t bytes[WEFT_TOKEN_BYTES],
                       uint8_t digest[WEFT_TOKEN_DIGEST_BYTES]);

/* Is |token| the one with |digest|? Takes as long whatever it is. */
bool weft_token_has_digest(const uint8_t token[WEFT_TOKEN_BYTES],
                           const uint8_t digest[WEFT_TOKEN_DIGEST_BYTES]);

#endif
