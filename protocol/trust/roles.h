/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of delegated roles that are at hand, by name, and for which of them nobody could
 * help. Knows nothing of who signed them: that is asked anew in every search (search.h). */
#ifndef WEFT_TRUST_ROLES_H
#define WEFT_TRUST_ROLES_H

#include "metadata.h"

/* Delegated documents that are held at most; a further one is refused. */
#define WEFT_ROLES_MAX 256

struct weft_roles_item {
    char *name;                     /* of the role; owned */
    struct weft_metadata *document; /* one reference; NULL = it could not be had */
    enum weft_err err;              /* why not */
};

struct weft_roles {
    struct weft_roles_item *items; /* [count], in no order; owned */
    size_t count;                  /* at most WEFT_ROLES_MAX */
};

/* The item of |name|; NULL if there is none. Borrowed until the table changes. */
const struct weft_roles_item *weft_roles_find(const struct weft_roles *roles, const char *name);

/* Hold |document| under |name|, instead of what is there; NULL: note that it cannot be had.
 * Errors: LIMIT, MEMORY; the table is then as before.
 * Owner:  takes a reference of its own. */
enum weft_err weft_roles_put(struct weft_roles *roles, const char *name,
                             struct weft_metadata *document, enum weft_err err);

/* Remove every item of which |keep| says false. */
void weft_roles_sweep(struct weft_roles *roles,
                      bool (*keep)(const void *context, const struct weft_roles_item *item),
                      const void *context);

/* Release everything; the struct is the caller's and empty afterwards. */
void weft_roles_clear(struct weft_roles *roles);

#endif
