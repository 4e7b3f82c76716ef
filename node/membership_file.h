/* SPDX-License-Identifier: Apache-2.0 */
/* Where is the membership of a node on disk? Three files in the data directory: node.key (its
 * secret key, made once), membership (mesh, shared key, server, certificate; written by `weft
 * init`, `weft join` and renewals) and revoked (the newest revocation). Without `membership` the
 * node is in the open mesh of its publisher. SPEC.md section "Data directory". */
#ifndef WEFT_MEMBERSHIP_FILE_H
#define WEFT_MEMBERSHIP_FILE_H

#include "fileio.h"
#include "membership.h"

/* Where a certificate is renewed. */
struct weft_membership_server {
    uint8_t key[32];             /* static key of the server */
    struct weft_address address; /* where it listens; port 0 = there is none */
};

/* Read or make node.key: 32 secret bytes that only the owner may read.
 * Errors: PERMISSION (others may read it), FORMAT (damaged), of fileio.h, with |message|. */
enum weft_err weft_membership_file_key(const char *data_dir, struct weft_noise_pair *own,
                                       struct weft_message *message);

/* What others may read is stolen already: is the secret file |path| for its owner alone?
 * Errors: NOT_FOUND, PERMISSION, ..., with what to do in |message|. */
enum weft_err weft_membership_file_guard(const char *path, struct weft_message *message);

/* A number that changes whenever `membership` is replaced; 0 = there is none. */
uint64_t weft_membership_file_stamp(const char *data_dir);

/* Is there a membership in |data_dir|? */
bool weft_membership_file_exists(const char *data_dir);

/* Read the membership of |data_dir|, and the newest revocation; a certificate whose date is over is
 * fine. |server| may be NULL.
 * Errors: NOT_FOUND, PERMISSION, FORMAT (damaged, or for another key), of fileio.h, with |message|.
 */
enum weft_err weft_membership_file_load(const char *data_dir, struct weft_membership *membership,
                                        struct weft_membership_server *server,
                                        struct weft_message *message);

/* Write mesh, shared key, server and certificate, for the owner's eyes only.
 * Errors: of fileio.h, with |message|. */
enum weft_err weft_membership_file_save(const char *data_dir,
                                        const struct weft_membership *membership,
                                        const struct weft_membership_server *server,
                                        struct weft_message *message);

/* Write the newest revocation. Errors: of fileio.h. */
enum weft_err weft_membership_file_save_revoked(const char *data_dir,
                                                const struct weft_membership *membership);

/* Read the signed revocation of |data_dir| into bytes[WEFT_REVOCATION_BYTES_MAX]; its length, 0 =
 * there is none. Not checked. */
size_t weft_membership_file_read_revoked(const char *data_dir, uint8_t *bytes);

#endif
