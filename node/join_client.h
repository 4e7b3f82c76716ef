/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a server for a certificate: one stream, one question, one answer, within a few seconds.
 * Blocks; a running node calls it from the thread pool. SPEC.md section "Admission". */
#ifndef WEFT_JOIN_CLIENT_H
#define WEFT_JOIN_CLIENT_H

#include "membership_file.h"

#include "../protocol/transport/token.h"

/* Join with |token| as |name| and make |membership|, whose own.secret is set, that of the node.
 * Errors: UNREACHABLE, TIMEOUT (nobody answers), PERMISSION (the server refused), SIGNATURE (what
 *         answers is not the server of the token), with |message|. */
enum weft_err weft_join_client_join(const struct weft_token *token, const char *name,
                                    struct weft_membership *membership,
                                    struct weft_message *message);

/* Ask |server| for a new certificate of |membership|, which is changed if it comes.
 * Errors: as weft_join_client_join(). */
enum weft_err weft_join_client_renew(const struct weft_membership_server *server,
                                     struct weft_membership *membership,
                                     struct weft_message *message);

/* Take the answer of a server, reply[length], into |membership|. Errors: as above. */
enum weft_err weft_join_client_take(struct weft_membership *membership, const uint8_t *reply,
                                    size_t length, struct weft_message *message);

#endif
