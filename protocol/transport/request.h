/* SPDX-License-Identifier: Apache-2.0 */
/* What does a node that cannot reach a server ask of who has the mesh key? Its key and name, with
 * the proof that the key is its own; one word, carried in a file. Bytes and fields only: what
 * becomes of it is the business of node/offline.h. SPEC.md section "Admission by files". */
#ifndef WEFT_TRANSPORT_REQUEST_H
#define WEFT_TRANSPORT_REQUEST_H

#include "armor.h"
#include "certificate.h"
#include "proof.h"

#define WEFT_REQUEST_NONCE_BYTES 16

/* Bytes of the fields and the proof, and characters of the text with the NUL. */
#define WEFT_REQUEST_BYTES (100 + WEFT_PROOF_BYTES)
#define WEFT_REQUEST_TEXT_BYTES WEFT_ARMOR_TEXT_BYTES(WEFT_REQUEST_BYTES)

struct weft_request {
    uint64_t tag;                               /* of the mesh it is in; 0 = of none yet */
    uint64_t made_s;                            /* Unix time */
    uint8_t nonce[WEFT_REQUEST_NONCE_BYTES];    /* random; the answer repeats it */
    uint8_t key[WEFT_NOISE_KEY_BYTES];          /* static key of the node */
    char name[WEFT_CERTIFICATE_NAME_BYTES + 1]; /* it wants to have; see certificate.h */
};

/* Write |request| as text, proved with |secret|, whose public key is request->key.
 * Shape:  |random| is unpredictable and used once. */
void weft_request_format(const struct weft_request *request,
                         const uint8_t secret[WEFT_NOISE_KEY_BYTES], const uint8_t random[32],
                         char text[WEFT_REQUEST_TEXT_BYTES]);

/* Read text[length] and check its proof: every bit counts.
 * Errors: false if it is not a request, cut off, or changed; |request| is then undefined. */
bool weft_request_parse(struct weft_request *request, const char *text, size_t length);

#endif
