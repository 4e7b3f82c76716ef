/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys of a publisher on disk, and signatures made with them. SPEC.md section "Keys".
 *
 * A key file is DIR/ROLE.key, mode 0600, JSON: keytype, scheme, keyval.public, keyval.private (the
 * 32-byte seed in hex). */
#ifndef WEFT_KEYFILE_H
#define WEFT_KEYFILE_H

#include "node/fileio.h"
#include "protocol/trust/metadata.h"

struct weft_keyfile; /* opaque; one private key in memory */

/* Make a new key for |role| and write it to |directory|, durably.
 * Shape:  id gets the key id in hex.
 * Errors: EXISTS (nothing is overwritten), PERMISSION, DISK_FULL, IO, MEMORY, with |message|. */
enum weft_err weft_keyfile_create(const char *directory, enum weft_role role,
                                  char id[2 * WEFT_SHA256_BYTES + 1], struct weft_message *message);

/* Read the key of |role| from |directory|.
 * Errors: NOT_FOUND, PERMISSION (also if others than the owner may read it), FORMAT, IO, MEMORY,
 *         with |message|; *keyfile is then NULL.
 * Owner:  the caller; weft_keyfile_free(). */
enum weft_err weft_keyfile_load(const char *directory, enum weft_role role,
                                struct weft_keyfile **keyfile, struct weft_message *message);

/* Wipe and release |keyfile|; NULL is allowed. */
void weft_keyfile_free(struct weft_keyfile *keyfile);

/* The key id in hex; borrowed from |keyfile|. */
const char *weft_keyfile_id(const struct weft_keyfile *keyfile);

/* The public key object for root documents; borrowed from |keyfile|. */
json_t *weft_keyfile_public(const struct weft_keyfile *keyfile);

/* Make the document {"signatures": [by |keyfile|], "signed": |body|} as JSON text.
 * Errors: FORMAT (|body| has no canonical form), MEMORY; *bytes is then NULL.
 * Owner:  *bytes belongs to the caller; free(). */
enum weft_err weft_keyfile_sign(const struct weft_keyfile *keyfile, json_t *body, uint8_t **bytes,
                                size_t *length);

#endif
