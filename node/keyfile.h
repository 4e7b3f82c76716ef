/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a publisher on disk, and signatures made with them. SPEC.md section "Keys".
 *
 * NAME.key, mode 0600, JSON: keytype, scheme, keyval.public, and the private key (a 32-byte seed)
 * either as it is (keyval.private, hex) or under a password ("sealed", keyfile_seal.h). NAME.pub
 * is the same without the private key, to give to others. */
#ifndef WEFT_KEYFILE_H
#define WEFT_KEYFILE_H

#include "node/fileio.h"
#include "node/password.h"
#include "protocol/trust/metadata.h"

/* No key file is longer, in bytes. */
#define WEFT_KEYFILE_BYTES_MAX 8192

struct weft_keyfile; /* opaque; one key in memory */

/* Make a new key and write DIRECTORY/NAME.key and NAME.pub, durably.
 * Shape:  |password| NULL = the private key is not encrypted; else the password is chosen if it is
 *         not known; id gets the key id in hex.
 * Errors: EXISTS (nothing is overwritten), PERMISSION, DISK_FULL, IO, MEMORY, ARGUMENT (no
 *         password), with |message|. */
enum weft_err weft_keyfile_create(const char *directory, const char *name,
                                  struct weft_password *password,
                                  char id[2 * WEFT_SHA256_BYTES + 1], struct weft_message *message);

/* Read bytes[length] of a file of either kind; |path| is for messages and copied.
 * Shape:  sodium_init() was called.
 * Errors: FORMAT, MEMORY; *keyfile is then NULL.
 * Owner:  the caller; weft_keyfile_free(). */
enum weft_err weft_keyfile_parse(const char *path, const uint8_t *bytes, size_t length,
                                 struct weft_keyfile **keyfile);

/* Read the key file |path|.
 * Errors: NOT_FOUND, PERMISSION (also if it has a private key that others than the owner may read),
 *         FORMAT, IO, MEMORY, with |message|; *keyfile is then NULL.
 * Owner:  the caller; weft_keyfile_free(). */
enum weft_err weft_keyfile_load(const char *path, struct weft_keyfile **keyfile,
                                struct weft_message *message);

/* Wipe and release |keyfile|; NULL is allowed. */
void weft_keyfile_free(struct weft_keyfile *keyfile);

/* The key id in hex; borrowed from |keyfile|. */
const char *weft_keyfile_id(const struct weft_keyfile *keyfile);

/* The public key object for documents; borrowed from |keyfile|. */
json_t *weft_keyfile_public(const struct weft_keyfile *keyfile);

/* Is there a private key in the file, sealed or not? */
bool weft_keyfile_is_private(const struct weft_keyfile *keyfile);

/* Make the private key ready, with |password| if it is sealed; nothing to do if it is.
 * Errors: NOT_FOUND (a public key only), SIGNATURE (wrong password), MEMORY, those of
 *         weft_password_get(), with |message|. */
enum weft_err weft_keyfile_unlock(struct weft_keyfile *keyfile, struct weft_password *password,
                                  struct weft_message *message);

/* Sign the canonical form of |body|; the key is unlocked.
 * Shape:  the signature as it stands in documents: {"keyid", "sig"}.
 * Errors: NULL: there is no canonical form, or no memory.
 * Owner:  the caller; json_decref(). */
json_t *weft_keyfile_sign(const struct weft_keyfile *keyfile, json_t *body);

#endif
