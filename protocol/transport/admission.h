/* SPDX-License-Identifier: Apache-2.0 */
/* What does who has the mesh key answer to a request? All that a member has to know, signed by the
 * mesh key, sealed for the one node that asked; one word, carried in a file. SPEC.md section
 * "Admission by files". */
#ifndef WEFT_TRANSPORT_ADMISSION_H
#define WEFT_TRANSPORT_ADMISSION_H

#include "request.h"
#include "revocation.h"

/* Bytes before the revocation, and of the whole before and after it is sealed. */
#define WEFT_ADMISSION_BODY_BYTES (4 + 16 + 3 * 32 + 32 + 16 + 2 + 32 + WEFT_CERTIFICATE_BYTES)
#define WEFT_ADMISSION_BYTES_MAX (WEFT_ADMISSION_BODY_BYTES + WEFT_REVOCATION_BYTES_MAX + 64)
#define WEFT_ADMISSION_SEALED_BYTES_MAX (WEFT_ADMISSION_BYTES_MAX + 48)
#define WEFT_ADMISSION_TEXT_BYTES WEFT_ARMOR_TEXT_BYTES(WEFT_ADMISSION_SEALED_BYTES_MAX)

struct weft_admission {
    uint8_t nonce[WEFT_REQUEST_NONCE_BYTES];       /* of the request */
    uint8_t mesh[WEFT_MESH_KEY_BYTES];             /* names the mesh */
    uint8_t signer[WEFT_MESH_KEY_BYTES];           /* its present key */
    uint8_t next[WEFT_MESH_KEY_BYTES];             /* the one that takes its place; zero = none */
    uint8_t server[32];                            /* static key of the server */
    struct weft_address address;                   /* of the server; port 0 = there is none */
    uint8_t contact[32];                           /* secret of the key that members share */
    uint8_t certificate[WEFT_CERTIFICATE_BYTES];   /* of the node; not checked here */
    uint8_t revocation[WEFT_REVOCATION_BYTES_MAX]; /* newest; not checked here */
    size_t revocation_length;                      /* of it; 0 = none */
};

/* Sign with |secret| of admission->signer, seal for the static key |key|, and write as text.
 * Errors: false if |key| is not a usable one. */
bool weft_admission_format(const struct weft_admission *admission,
                           const uint8_t secret[WEFT_MESH_SECRET_BYTES], const uint8_t key[32],
                           char text[WEFT_ADMISSION_TEXT_BYTES]);

/* Take the text form apart: text[length] -> sealed[*sealed_length].
 * Errors: false if it is not an admission, or cut off. */
bool weft_admission_parse(const char *text, size_t length,
                          uint8_t sealed[WEFT_ADMISSION_SEALED_BYTES_MAX], size_t *sealed_length);

/* Open sealed[length] with the static key |own|, and check the signature of admission->signer.
 * Result: NONE; KEY if it was sealed for another key, or changed; FORMAT or SIGNATURE if who has
 *         that key sealed something else. |admission| is undefined unless it is NONE. */
enum weft_doubt weft_admission_open(struct weft_admission *admission,
                                    const struct weft_noise_pair *own, const uint8_t *sealed,
                                    size_t length);

#endif
