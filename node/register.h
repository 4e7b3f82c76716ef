/* SPDX-License-Identifier: Apache-2.0 */
/* Whom does this server admit? The mesh key, tokens and admitted nodes of a mesh, in DATA/admit.
 * Each call reads what it needs under a lock and replaces files whole, so that commands and a
 * running node may use it at the same time. SPEC.md section "Admission". */
#ifndef WEFT_REGISTER_H
#define WEFT_REGISTER_H

#include "membership_file.h"

#include "../protocol/transport/admission.h"
#include "../protocol/transport/token.h"

/* First bytes of requests; what follows is the business of register.c and join_client.c. */
enum {
    WEFT_REGISTER_JOIN = 128, /* token 126, name: let me in */
    WEFT_REGISTER_RENEW = 129 /* nothing: a new certificate for a node that is in the register */
};

/* Answer: status 0, certificate 168, contact secret 32, signer 32, next signer 32, revocation; or
 * status 1 and a sentence. */
enum {
    WEFT_REGISTER_CONTACT_AT = 1 + WEFT_CERTIFICATE_BYTES,
    WEFT_REGISTER_SIGNER_AT = WEFT_REGISTER_CONTACT_AT + 32,
    WEFT_REGISTER_NEXT_AT = WEFT_REGISTER_SIGNER_AT + WEFT_MESH_KEY_BYTES,
    WEFT_REGISTER_REVOCATION_AT = WEFT_REGISTER_NEXT_AT + WEFT_MESH_KEY_BYTES,
    WEFT_REGISTER_ANSWER_BYTES_MAX = WEFT_REGISTER_REVOCATION_AT + WEFT_REVOCATION_BYTES_MAX
};

/* Is |data_dir| that of a server? */
bool weft_register_exists(const char *data_dir);

/* Make a mesh: its key, an empty register, and the server's own membership, all in |data_dir|.
 * |address| is where others join, NULL = nowhere: they are admitted by files.
 * Errors: EXISTS (there is a membership already), of fileio.h, with |message|. */
enum weft_err weft_register_init(const char *data_dir, const struct weft_address *address,
                                 const char *name, struct weft_message *message);

/* Make a token that admits |uses| nodes for |hours| into |group|, |is_no_agent|: which may be no
 * Update Agents; its text form.
 * Errors: NOT_FOUND (no server), LIMIT (WEFT_TOKENS_MAX), ARGUMENT (the mesh has no server where
 *         one could join), of fileio.h, with |message|. */
enum weft_err weft_register_token(const char *data_dir, uint32_t uses, uint32_t hours,
                                  uint16_t group, bool is_no_agent,
                                  char text[WEFT_TOKEN_TEXT_BYTES], struct weft_message *message);

/* Answer the request of the node with the proven static key |key|.
 * Shape:  request[length]; reply[WEFT_REGISTER_ANSWER_BYTES_MAX]; its length, 0 = say nothing. */
size_t weft_register_answer(const char *data_dir, const uint8_t key[32], const uint8_t *request,
                            size_t length, uint8_t *reply);

/* Write the membership of a node into |node_dir| without a token: who has the register admits.
 * Errors: as weft_register_token(). */
enum weft_err weft_register_place(const char *data_dir, const char *node_dir, const char *name,
                                  struct weft_message *message);

/* Admit or renew the node of |request| into |group|, 0 = as before, for |days|: what it has to know
 * is written as text. |is_no_agent|: it may be no Update Agent, from now on.
 * Errors: PERMISSION (refused), as weft_register_token(), with |message|. */
enum weft_err weft_register_admit(const char *data_dir, const struct weft_request *request,
                                  uint16_t group, bool is_no_agent, uint32_t days,
                                  char text[WEFT_ADMISSION_TEXT_BYTES],
                                  struct weft_message *message);

/* Throw |node_text| out, an id of 16 hex digits or a name: DATA/revoked gets a higher number. If
 * somebody has to carry that, |message| says so, also below.
 * Errors: NOT_FOUND (no such node), LIMIT (WEFT_REVOKED_MAX), with |message|. */
enum weft_err weft_register_revoke(const char *data_dir, const char *node_text, weft_node_id *id,
                                   struct weft_message *message);

/* Change the mesh key: make another one, make every certificate void that was issued so far, so
 * that all nodes ask and learn of it, and let it take the place of the present one after |grace_s|.
 * What was signed with that does not count then. Nodes that are thrown out do not follow, and the
 * list of them is empty again. During a change: only its end moves to |grace_s| from now.
 * Errors: as weft_register_token(); |message| says when it ends. */
enum weft_err weft_register_rotate(const char *data_dir, uint64_t grace_s,
                                   struct weft_message *message);

/* End a change of the mesh key if its time has come. Cheap if there is none.
 * Errors: as weft_register_token(). */
enum weft_err weft_register_settle(const char *data_dir, struct weft_message *message);

#endif
