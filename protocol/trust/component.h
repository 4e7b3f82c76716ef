/* SPDX-License-Identifier: Apache-2.0 */
/* Which release of a component is current, when several roles may list releases? SPEC.md section
 * "Releases".
 *
 * TUF searches for one path; here the path is what is looked for. So every role that may hold
 * COMPONENT/VERSION/FILE proposes its releases, and the search of TUF decides of each proposal
 * whether it counts: only the role that the search for the very path ends in may list it. */
#ifndef WEFT_TRUST_COMPONENT_H
#define WEFT_TRUST_COMPONENT_H

#include "catalog.h"
#include "search.h"

/* The current release of |component|: of those that count the one with the highest order. While a
 * role that may hold releases of it is not to be had there is no answer: whoever withholds the
 * document of a role must not make a node go back to what other roles listed before.
 * Errors: PENDING: result->delegation names a role whose document is missing. NOT_FOUND; SIGNATURE,
 *         EXPIRED, ...: a role is not to be had; with |fault|. *info is then undefined.
 * Owner:  *result borrows from the documents. */
enum weft_err weft_component_current(const struct weft_search *search, const char *component,
                                     struct weft_release_info *info,
                                     struct weft_search_result *result, struct weft_fault *fault);

#endif
