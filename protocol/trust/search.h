/* SPDX-License-Identifier: Apache-2.0 */
/* Which role is responsible for a target? The search of TUF (section 5.6.7): depth first, a role
 * before the ones it delegates to, in order of appearance. SPEC.md section "Delegations".
 *
 * Looks only at documents that its caller holds, and names the first one that is missing; the
 * caller gets it and searches again from the begin. A document that is held proves nothing: in
 * every search each role is verified against the delegator that leads to it this time, so that
 * authority of one path never counts on another. */
#ifndef WEFT_TRUST_SEARCH_H
#define WEFT_TRUST_SEARCH_H

#include "delegation.h"

/* Delegated roles that one search visits at most. */
#define WEFT_SEARCH_ROLES_MAX 32

struct weft_search {
    const struct weft_metadata *targets; /* the top-level document, verified */
    bool is_consistent;                  /* files have their hash in front of their name */
    int64_t now_s;                       /* delegated documents must be valid then */
    void *context;                       /* of held() */

    /* The document of the delegated role |name|, borrowed. NULL with |fault| OK = it has to be
     * fetched; NULL with any other |fault| = it cannot be had, but never NOT_FOUND. */
    const struct weft_metadata *(*held)(void *context, const char *name, struct weft_fault *fault);
};

struct weft_search_result {
    const struct weft_metadata *role;      /* that lists the target; valid if found; borrowed */
    const json_t *entry;                   /* of the target in it; valid if found; borrowed */
    struct weft_delegation delegation;     /* to the role that has to be fetched, if PENDING */
    const struct weft_metadata *delegator; /* that states |delegation|; borrowed */
};

/* Search for the target |path|.
 * Errors: PENDING: result->delegation names the role whose document is missing. NOT_FOUND: nobody
 *         who may list it does; LIMIT: not within WEFT_SEARCH_ROLES_MAX roles; SIGNATURE, EXPIRED,
 *         or what held() said: a role on the way is not to be had, which ends the search. All with
 *         |fault|.
 * Owner:  *result borrows from the documents. */
enum weft_err weft_search_target(const struct weft_search *search, const char *path,
                                 struct weft_search_result *result, struct weft_fault *fault);

/* The document of the role that |delegator| delegates to, if it is held, signed by the signers of
 * |delegation| and valid.
 * Errors: PENDING, SIGNATURE, EXPIRED, MEMORY, or what held() said; in |fault|.
 * Owner:  *role is borrowed. */
enum weft_err weft_search_visit(const struct weft_search *search,
                                const struct weft_delegation *delegation,
                                const struct weft_metadata *delegator,
                                const struct weft_metadata **role, struct weft_fault *fault);

/* Is |document| signed by the signers of |delegation|, which |delegator| states, and valid?
 * Errors: SIGNATURE, EXPIRED, MEMORY, in |fault|. */
enum weft_err weft_search_verify(const struct weft_delegation *delegation,
                                 const struct weft_metadata *delegator,
                                 const struct weft_metadata *document, int64_t now_s,
                                 struct weft_fault *fault);

#endif
