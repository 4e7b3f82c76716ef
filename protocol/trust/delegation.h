/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a targets document hands some of its paths to. SPEC.md section "Delegations".
 *
 * Answers "to which roles, in which order, and signed by whom?". In which order roles are visited
 * is asked of search.h. Two forms are read: a list of roles, each with path patterns or with
 * prefixes of the SHA-256 of paths, and one set of hash bins (succinct_roles, TAP 15). */
#ifndef WEFT_TRUST_DELEGATION_H
#define WEFT_TRUST_DELEGATION_H

#include "signers.h"

/* A longer name of a delegated role is refused: it becomes a part of a path. In bytes. */
#define WEFT_DELEGATION_NAME_BYTES_MAX 160

/* Path patterns and hash prefixes of one document, over all its delegations: bounds the work of a
 * search. */
#define WEFT_DELEGATION_PATHS_MAX 65536

struct weft_delegation {
    char name[WEFT_DELEGATION_NAME_BYTES_MAX + 1]; /* of the delegated role */
    struct weft_signers signers;                   /* who may sign for it; borrowed */
    bool is_terminating; /* for paths it covers nothing that comes later is visited */
};

/* Structural check of the member "delegations" of a targets document.
 * Errors: FORMAT, LIMIT (a name that is too long, too many keys), in |fault|. */
enum weft_err weft_delegation_check(const json_t *delegations, struct weft_fault *fault);

/* The next delegation of |targets|, in order of appearance, that covers |path|. *cursor is 0 for
 * the first call and kept for the further ones.
 * Errors: false if there is none any more.
 * Owner:  *delegation borrows from |targets|. */
bool weft_delegation_next(const struct weft_metadata *targets, const char *path, size_t *cursor,
                          struct weft_delegation *delegation);

/* The next delegation that may cover releases of |component|, COMPONENT/VERSION/FILE; only those
 * with path patterns can be found this way. Otherwise as weft_delegation_next(). */
bool weft_delegation_next_of(const struct weft_metadata *targets, const char *component,
                             size_t *cursor, struct weft_delegation *delegation);

/* The delegation to the role |name|, whatever it covers.
 * Errors: false if |targets| has none. Owner: as weft_delegation_next(). */
bool weft_delegation_named(const struct weft_metadata *targets, const char *name,
                           struct weft_delegation *delegation);

#endif
