/* SPDX-License-Identifier: Apache-2.0 */
/* A private key under a password: Argon2id, then XSalsa20-Poly1305 (secretbox). SPEC.md section
 * "Keys". Used by keyfile.c only. */
#ifndef WEFT_KEYFILE_SEAL_H
#define WEFT_KEYFILE_SEAL_H

#include "protocol/trust/json.h"

/* Bytes of a private key: an Ed25519 seed. */
#define WEFT_KEYFILE_SEED_BYTES 32

/* Is |sealed| an object of this form, with a cost that is worth paying?
 * Errors: false. */
bool weft_keyfile_seal_has_form(const json_t *sealed);

/* Seal |seed| under |password| with a new salt.
 * Errors: NULL without memory (Argon2id takes 256 MiB).
 * Owner:  the caller; json_decref(). */
json_t *weft_keyfile_seal(const uint8_t seed[WEFT_KEYFILE_SEED_BYTES], const char *password);

/* Open |sealed|, which has the form.
 * Errors: SIGNATURE (another password, or changed), MEMORY; |seed| is then zero. */
enum weft_err weft_keyfile_open_seal(const json_t *sealed, const char *password,
                                     uint8_t seed[WEFT_KEYFILE_SEED_BYTES]);

#endif
