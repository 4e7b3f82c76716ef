/* SPDX-License-Identifier: Apache-2.0 */
/* The keys at hand: every *.key of one directory. Who may sign what is said by documents; whatever
 * a file is called, its key signs what it may. */
#ifndef WEFT_KEYRING_H
#define WEFT_KEYRING_H

#include "node/keyfile.h"
#include "protocol/trust/signers.h"

/* More key files in one directory are refused. */
#define WEFT_KEYRING_MAX 64

struct weft_keyring; /* opaque */

/* Read all key files of |directory|; private keys stay sealed until one has to sign.
 * Errors: NOT_FOUND (no directory), PERMISSION, FORMAT, LIMIT, MEMORY, ..., with |message|;
 *         *ring is then NULL.
 * Owner:  the caller; weft_keyring_free(). Borrows |password|. */
enum weft_err weft_keyring_open(const char *directory, struct weft_password *password,
                                struct weft_keyring **ring, struct weft_message *message);

/* Wipe and release; NULL is allowed. */
void weft_keyring_free(struct weft_keyring *ring);

/* How many keys of |signers| are at hand. */
uint64_t weft_keyring_count(const struct weft_keyring *ring, const struct weft_signers *signers);

/* Make the document {"signatures": [by all keys of |signers| at hand], "signed": |body|} as JSON
 * text; passwords are asked for.
 * Errors: of weft_keyfile_unlock(), FORMAT, MEMORY, with |message|; *bytes is then NULL.
 * Owner:  *bytes belongs to the caller; free(). */
enum weft_err weft_keyring_sign(struct weft_keyring *ring, const struct weft_signers *signers,
                                json_t *body, uint8_t **bytes, size_t *length,
                                struct weft_message *message);

#endif
