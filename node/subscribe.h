/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept current: the values of --component and --target, of every command that has them. */
#ifndef WEFT_SUBSCRIBE_H
#define WEFT_SUBSCRIBE_H

#include "protocol/flag.h"
#include "protocol/limits.h"
#include "protocol/trust/name.h"
#include "protocol/types.h"

/* One --component NAME[=LINK], or one --target PATH[=LINK]. */
struct weft_run_component {
    char name[WEFT_PATH_BYTES_MAX];    /* of the component, or path of the target */
    char place[WEFT_NAME_PLACE_BYTES]; /* its directory below DATA/active, weft_name_place_ok() */
    bool is_target;                    /* it is a path */
    const char *link; /* symbolic link to keep pointing at the active release; NULL = none; argv */
};

/* Read |value|, NAME[=LINK] or, if |is_target|, PATH[=LINK], behind the |count| entries of
 * components[WEFT_COMPONENTS_MAX].
 * Errors: what is wrong with it, for people, a literal; NULL = it was added.
 * Owner:  the entry borrows |value|. */
const char *weft_subscribe(struct weft_run_component *components, uint32_t *count,
                           const char *value, bool is_target);

/* Read all values of a flag in this way.
 * Errors: what is wrong with *fault, the first value that is not good; NULL = none is. */
const char *weft_subscribe_all(struct weft_run_component *components, uint32_t *count,
                               const struct weft_flag_list *values, bool is_target,
                               const char **fault);

#endif
