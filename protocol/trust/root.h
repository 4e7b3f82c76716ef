/* SPDX-License-Identifier: Apache-2.0 */
/* What a root document says: which keys sign for which top-level role. SPEC.md section "Keys".
 * Whether enough of them signed is counted by signers.h. */
#ifndef WEFT_TRUST_ROOT_H
#define WEFT_TRUST_ROOT_H

#include "signers.h"

/* Structural check of the body of a root document: keys, and four roles with their signers.
 * Errors: FORMAT, LIMIT, in |fault|. */
enum weft_err weft_root_check(const json_t *body, struct weft_fault *fault);

/* The signers that the body of a root gives to |role|. Borrowed from |body|. */
struct weft_signers weft_root_signers(const json_t *body, enum weft_role role);

/* Is |document| signed by at least the threshold of distinct keys that |root| gives to the role of
 * |document|?
 * Errors: SIGNATURE, MEMORY, in |fault|. */
enum weft_err weft_root_verify(const struct weft_metadata *root,
                               const struct weft_metadata *document, struct weft_fault *fault);

/* Has a key of |role| in |before| lost that role in |after|? */
bool weft_root_lost_key(const struct weft_metadata *before, const struct weft_metadata *after,
                        enum weft_role role);

/* Does |root| promise consistent snapshots (versions and hashes in file names)? */
bool weft_root_is_consistent(const struct weft_metadata *root);

#endif
