/* SPDX-License-Identifier: Apache-2.0 */
/* First the roles are gathered, then their releases are tried from the highest order down. */
#include "component.h"

#include <string.h>

/* Proposals that the search may turn down before a publisher is taken to be broken. */
#define PROPOSALS_MAX 64

struct gather {
    const struct weft_search *search;                             /* as given */
    const char *component;                                        /* looked for */
    const struct weft_metadata *roles[WEFT_SEARCH_ROLES_MAX + 1]; /* the top-level one first */
    size_t count;                                                 /* of roles */
};

static bool has_role(const struct gather *gather, const char *name)
{
    bool has = false;
    for (size_t i = 0; i < gather->count; i++) {
        has = has || strcmp(gather->roles[i]->name, name) == 0;
    }
    return has;
}

/* Every role that may hold releases of the component, and the roles it delegates them to. */
static enum weft_err gather_roles(struct gather *gather, struct weft_search_result *result,
                                  struct weft_fault *fault)
{
    gather->roles[gather->count++] = gather->search->targets;
    for (size_t i = 0; i < gather->count; i++) {
        size_t cursor = 0;
        while (gather->count <= WEFT_SEARCH_ROLES_MAX &&
               weft_delegation_next_of(gather->roles[i], gather->component, &cursor,
                                       &result->delegation)) {
            const struct weft_metadata *role = NULL;
            if (has_role(gather, result->delegation.name)) {
                continue;
            }
            result->delegator = gather->roles[i];
            enum weft_err err = weft_search_visit(gather->search, &result->delegation,
                                                  result->delegator, &role, fault);
            if (err != WEFT_ERR_OK) {
                return err;
            }
            gather->roles[gather->count++] = role;
        }
    }
    return WEFT_ERR_OK;
}

struct pick {
    const char *component;                 /* looked for */
    const struct weft_release_info *below; /* only older ones count; NULL = no bound */
    struct weft_release_info *best;        /* so far, valid if found */
    bool found;                            /* there is one */
};

static bool consider(void *context, const struct weft_release_info *info)
{
    struct pick *pick = context;
    if (strcmp(info->component, pick->component) == 0 &&
        (!pick->below || weft_catalog_is_newer(pick->below, info)) &&
        (!pick->found || weft_catalog_is_newer(info, pick->best))) {
        *pick->best = *info;
        pick->found = true;
    }
    return true;
}

/* The newest proposal that is older than |below|; NULL = of all. False: there is none. */
static bool propose(const struct gather *gather, const struct weft_release_info *below,
                    struct weft_release_info *best)
{
    struct pick pick = {.component = gather->component, .below = below, .best = best};
    for (size_t i = 0; i < gather->count; i++) {
        weft_catalog_each(gather->roles[i], gather->search->is_consistent, consider, &pick);
    }
    return pick.found;
}

/* Does the search of TUF for the path of |proposal| find this very release? */
static enum weft_err confirm(const struct weft_search *search,
                             const struct weft_release_info *proposal, bool *is_confirmed,
                             struct weft_search_result *result, struct weft_fault *fault)
{
    struct weft_release_info found;
    *is_confirmed = false;
    enum weft_err err = weft_search_target(search, proposal->target, result, fault);
    if (err == WEFT_ERR_OK) {
        *is_confirmed =
            weft_catalog_read(proposal->target, result->entry, search->is_consistent, &found) &&
            found.order == proposal->order && found.id == proposal->id;
    }
    return err == WEFT_ERR_NOT_FOUND ? WEFT_ERR_OK : err;
}

enum weft_err weft_component_current(const struct weft_search *search, const char *component,
                                     struct weft_release_info *info,
                                     struct weft_search_result *result, struct weft_fault *fault)
{
    struct gather gather = {.search = search, .component = component};
    struct weft_release_info below;
    enum weft_err err = gather_roles(&gather, result, fault);
    for (int i = 0; i < PROPOSALS_MAX && err == WEFT_ERR_OK; i++) {
        bool is_confirmed = false;
        if (!propose(&gather, i > 0 ? &below : NULL, info)) {
            break;
        }
        err = confirm(search, info, &is_confirmed, result, fault);
        if (is_confirmed) {
            return weft_fault_clear(fault);
        }
        below = *info;
    }
    return err != WEFT_ERR_OK
               ? err
               : weft_fault_set(fault, WEFT_ERR_NOT_FOUND,
                                "no release of component %.64s is published", component);
}
