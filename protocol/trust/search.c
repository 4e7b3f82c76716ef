/* SPDX-License-Identifier: Apache-2.0 */
/* The search keeps one frame for each role on the way down: how far its delegations were looked at.
 * A terminating delegation that covers the path closes its frame and all frames above. */
#include "search.h"

#include <stdio.h>
#include <string.h>

#include "rules.h"

struct frame {
    const struct weft_metadata *role; /* whose delegations are looked at */
    size_t cursor;                    /* of weft_delegation_next() */
    bool is_closed;                   /* nothing more of it is visited */
};

struct walk {
    const char *path;                                        /* looked for */
    struct frame frames[WEFT_SEARCH_ROLES_MAX + 1];          /* [depth] */
    size_t depth;                                            /* frames in use */
    const struct weft_metadata *seen[WEFT_SEARCH_ROLES_MAX]; /* delegated roles visited */
    size_t seen_count;                                       /* of them */
};

enum weft_err weft_search_verify(const struct weft_delegation *delegation,
                                 const struct weft_metadata *delegator,
                                 const struct weft_metadata *document, int64_t now_s,
                                 struct weft_fault *fault)
{
    char whose[96];
    snprintf(whose, sizeof whose, "%.48s version %llu", delegator->name,
             (unsigned long long)delegator->version);
    enum weft_err err = weft_signers_verify(&delegation->signers, whose, document, fault);
    return err == WEFT_ERR_OK ? weft_rules_expiry(document, now_s, fault) : err;
}

static bool was_seen(const struct walk *walk, const char *name)
{
    bool seen = false;
    for (size_t i = 0; i < walk->seen_count; i++) {
        seen = seen || strcmp(walk->seen[i]->name, name) == 0;
    }
    return seen;
}

/* Enter |role|: does it list the target itself? */
static bool enter(struct walk *walk, const struct weft_metadata *role,
                  struct weft_search_result *result)
{
    walk->frames[walk->depth++] = (struct frame){.role = role};
    result->entry = json_object_get(json_object_get(role->body, "targets"), walk->path);
    result->role = role;
    return result->entry != NULL;
}

/* The next delegation to a role that was not visited. False: there is none any more. */
static bool next(struct walk *walk, struct weft_search_result *result)
{
    struct weft_delegation *delegation = &result->delegation;
    while (walk->depth > 0) {
        struct frame *frame = &walk->frames[walk->depth - 1];
        if (frame->is_closed ||
            !weft_delegation_next(frame->role, walk->path, &frame->cursor, delegation)) {
            walk->depth--;
            continue;
        }
        for (size_t i = 0; i < walk->depth && delegation->is_terminating; i++) {
            walk->frames[i].is_closed = true;
        }
        if (!was_seen(walk, delegation->name)) {
            result->delegator = frame->role;
            return true;
        }
    }
    return false;
}

enum weft_err weft_search_visit(const struct weft_search *search,
                                const struct weft_delegation *delegation,
                                const struct weft_metadata *delegator,
                                const struct weft_metadata **role, struct weft_fault *fault)
{
    weft_fault_clear(fault);
    *role = search->held(search->context, delegation->name, fault);
    if (!*role && fault->err == WEFT_ERR_OK) {
        return weft_fault_set(fault, WEFT_ERR_PENDING, "the document of role '%.64s' is missing",
                              delegation->name);
    }
    if (!*role) {
        return fault->err;
    }
    return weft_search_verify(delegation, delegator, *role, search->now_s, fault);
}

enum weft_err weft_search_target(const struct weft_search *search, const char *path,
                                 struct weft_search_result *result, struct weft_fault *fault)
{
    struct walk walk = {.path = path};
    bool found = enter(&walk, search->targets, result);
    while (!found && next(&walk, result)) {
        const struct weft_metadata *role = NULL;
        if (walk.seen_count == WEFT_SEARCH_ROLES_MAX) {
            return weft_fault_set(fault, WEFT_ERR_LIMIT,
                                  "target '%.64s' was not found in the first %d roles", path,
                                  WEFT_SEARCH_ROLES_MAX);
        }
        enum weft_err err =
            weft_search_visit(search, &result->delegation, result->delegator, &role, fault);
        if (err != WEFT_ERR_OK) {
            return err;
        }
        walk.seen[walk.seen_count++] = role;
        found = enter(&walk, role, result);
    }
    if (!found) {
        return weft_fault_set(fault, WEFT_ERR_NOT_FOUND, "the metadata lists no target '%.64s'",
                              path);
    }
    return weft_fault_clear(fault);
}
