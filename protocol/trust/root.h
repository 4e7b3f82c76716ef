/* SPDX-License-Identifier: Apache-2.0 */
/* What a root document says: which keys sign for which role, and how many of them. SPEC.md section
 * "Keys". Answers "is this document signed by enough trusted keys?". */
#ifndef WEFT_TRUST_ROOT_H
#define WEFT_TRUST_ROOT_H

#include "metadata.h"

/* Structural check of the body of a root document: keys, and four roles with key ids without
 * repetition and a threshold of at least 1. A role other than root may have too few keys: then
 * nothing verifies for it.
 * Errors: FORMAT, LIMIT, in |fault|. */
enum weft_err weft_root_check(const json_t *body, struct weft_fault *fault);

/* Is |document| signed by at least the threshold of distinct keys that |root| gives to the role of
 * |document|? Unknown and wrong signatures beside enough right ones do no harm.
 * Errors: SIGNATURE, MEMORY, in |fault|. */
enum weft_err weft_root_verify(const struct weft_metadata *root,
                               const struct weft_metadata *document, struct weft_fault *fault);

/* Has a key of |role| in |before| lost that role in |after|? */
bool weft_root_lost_key(const struct weft_metadata *before, const struct weft_metadata *after,
                        enum weft_role role);

/* Does |root| promise consistent snapshots (versions and hashes in file names)? */
bool weft_root_is_consistent(const struct weft_metadata *root);

#endif
