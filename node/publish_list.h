/* SPDX-License-Identifier: Apache-2.0 */
/* The list of releases that a publish changes: what stands in it, and what it is with a new release
 * of a component and without the oldest ones. Used by publish.c only. */
#ifndef WEFT_PUBLISH_LIST_H
#define WEFT_PUBLISH_LIST_H

#include "node/repository_role.h"
#include "protocol/trust/catalog.h"

/* The document that lists the release, before and after. */
struct weft_publish_place {
    struct weft_delegation delegation; /* to the role; valid if there is --role */
    struct weft_metadata *role;        /* its newest document; owned; NULL = none */
    const struct weft_metadata *old;   /* that, or the top-level targets; NULL = none; borrowed */
};

/* Find it: that of |role|, which must cover |component|; NULL = the top-level targets.
 * Errors: NOT_FOUND, PERMISSION, with |message|.
 * Owner:  the caller drops place->role, also after errors. */
enum weft_err weft_publish_find_place(const struct weft_repository *repository, const char *role,
                                      const char *component, struct weft_publish_place *place,
                                      struct weft_message *message);

/* What is known of a component before the new release. */
struct weft_publish_history {
    const char *component;          /* looked for; borrowed */
    const char *version;            /* asked for; NULL = none; borrowed */
    uint64_t order_max;             /* highest order so far */
    bool exists;                    /* |version| is published already */
    struct weft_release_info found; /* as which it is published */
};

/* Look into the list of |targets| (NULL = there is none), too. */
void weft_publish_look_back(const struct weft_metadata *targets,
                            struct weft_publish_history *history);

/* The list of |targets| (NULL = empty) with |info|, and of its component only the |keep| newest
 * releases. NULL without memory. Owner: the caller; json_decref(). */
json_t *weft_publish_list(const struct weft_metadata *targets, const struct weft_release_info *info,
                          uint64_t keep);

#endif
