/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of roles that the top-level targets delegate to, on disk: metadata/N.NAME.json. Whoever
 * holds the keys of a role adds a newer one; the next snapshot takes it in. SPEC.md section
 * "Delegated components". */
#ifndef WEFT_REPOSITORY_ROLE_H
#define WEFT_REPOSITORY_ROLE_H

#include "node/repository.h"
#include "protocol/trust/delegation.h"

/* The newest document of the role |name| on disk that |signers| signed; NULL = none.
 * Owner: the caller; weft_metadata_drop(). */
struct weft_metadata *weft_repository_role(const struct weft_repository *repository,
                                           const char *name, const struct weft_signers *signers);

/* The delegation to |name| in the published targets.
 * Errors: NOT_FOUND, with |message|. Owner: borrows from the repository. */
enum weft_err weft_repository_delegation(const struct weft_repository *repository, const char *name,
                                         struct weft_delegation *delegation,
                                         struct weft_message *message);

/* Sign the document of |name| that follows the newest one, with |targets| as its list, and write
 * it. The snapshot does not name it yet.
 * Errors: SIGNATURE (too few keys of |signers| at hand), ..., with |message|. */
enum weft_err weft_repository_sign_role(struct weft_repository *repository, const char *name,
                                        const struct weft_signers *signers, json_t *targets,
                                        struct weft_message *message);

/* Sign documents of delegated roles again that are past half of their life and whose keys are at
 * hand. Errors: with |message|. */
enum weft_err weft_repository_renew_roles(struct weft_repository *repository,
                                          struct weft_message *message);

/* Set in |meta|, the list of a snapshot, what |body|, the body of a targets document, delegates to:
 * the newest document of each role.
 * Errors: NOT_FOUND: a role has none, and what it covers could not be updated; MEMORY; with
 *         |message|. */
enum weft_err weft_repository_pin_roles(const struct weft_repository *repository,
                                        const json_t *body, json_t *meta,
                                        struct weft_message *message);

#endif
