/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of TUF, and whether a signature is of one. SPEC.md section "Keys".
 *
 * One table of key types; a type that is not in it is carried along but never verifies. */
#ifndef WEFT_TRUST_KEY_H
#define WEFT_TRUST_KEY_H

#include "json.h"

/* Is |key| an object with keytype and scheme as strings and keyval as an object (whatever they are;
 * other tools have key types of their own)? */
bool weft_key_has_form(const json_t *key);

/* Does a type of |key| that can verify exist, whatever the key itself is worth? */
bool weft_key_is_known(const json_t *key);

/* Is |signature| (as it stands in a document: hex) one of |key| over |length| bytes at |message|?
 * False as well for unknown types and for malformed keys and signatures. */
bool weft_key_verify(const json_t *key, const char *signature, const uint8_t *message,
                     size_t length);

/* What makes |key| the same key as another, however it is written: to count keys, not names.
 * Errors: false for unknown types and malformed keys, which never verify anything. */
bool weft_key_identity(const json_t *key, uint8_t identity[WEFT_SHA256_BYTES]);

/* The public key object of an Ed25519 key, as it stands in root documents.
 * Errors: NULL without memory.
 * Owner:  the caller; json_decref(). */
json_t *weft_key_of_ed25519(const uint8_t public_key[32]);

/* The key id that publishers use: hex of the SHA-256 of the canonical form of |key|.
 * Errors: FORMAT, MEMORY; |id| is then empty. */
enum weft_err weft_key_id(json_t *key, char id[2 * WEFT_SHA256_BYTES + 1]);

#endif
