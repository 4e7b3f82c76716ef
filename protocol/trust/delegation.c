/* SPDX-License-Identifier: Apache-2.0 */
/* Delegations of one targets document. Everything that is read later without looking is checked
 * once, with the document. */
#include "delegation.h"

#include <stdio.h>
#include <string.h>

#include "../limits.h"
#include "pattern.h"
#include "sha256.h"

#define BIN_BITS_MAX 32

static enum weft_err check_name(const char *name, struct weft_fault *fault)
{
    if (!name || name[0] == '\0' || weft_role_is_top(name)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "a delegation has no name, or that of a top-level role");
    }
    if (strlen(name) > WEFT_DELEGATION_NAME_BYTES_MAX) {
        return weft_fault_set(fault, WEFT_ERR_LIMIT, "the role name '%.64s...' is too long", name);
    }
    return WEFT_ERR_OK;
}

/* Patterns or prefixes of one role; |count| goes on over the document. */
static enum weft_err check_paths(const char *name, const json_t *list, size_t *count,
                                 struct weft_fault *fault)
{
    size_t here = json_array_size(list);
    *count += here;
    if (*count > WEFT_DELEGATION_PATHS_MAX) {
        return weft_fault_set(fault, WEFT_ERR_LIMIT,
                              "the delegations have more than %d paths in all",
                              WEFT_DELEGATION_PATHS_MAX);
    }
    bool ok = list == NULL || json_is_array(list);
    for (size_t i = 0; i < here; i++) {
        const json_t *text = json_array_get(list, i);
        ok = ok && json_is_string(text) && json_string_length(text) < WEFT_PATH_BYTES_MAX;
    }
    return ok ? WEFT_ERR_OK
              : weft_fault_set(fault, WEFT_ERR_FORMAT,
                               "the delegation to '%.64s' has a path that is no text, or too long",
                               name);
}

/* Check one entry of the list of roles; its name is added to |names|. */
static enum weft_err check_role(const json_t *role, json_t *names, size_t *count,
                                struct weft_fault *fault)
{
    const char *name = weft_json_text(role, "name");
    const json_t *paths = json_object_get(role, "paths");
    const json_t *prefixes = json_object_get(role, "path_hash_prefixes");
    enum weft_err err = check_name(name, fault);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    if (json_object_get(names, name)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT, "role '%.64s' is delegated to twice", name);
    }
    json_object_set_new(names, name, json_true());
    if (!json_is_boolean(json_object_get(role, "terminating")) || (paths && prefixes)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "the delegation to '%.64s' lacks terminating, or has both paths and "
                              "path_hash_prefixes",
                              name);
    }
    err = check_paths(name, paths ? paths : prefixes, count, fault);
    return err == WEFT_ERR_OK ? weft_signers_check(role, name, fault) : err;
}

static enum weft_err check_roles(const json_t *roles, struct weft_fault *fault)
{
    json_t *names = json_object();
    size_t count = 0;
    enum weft_err err =
        names ? WEFT_ERR_OK
              : weft_fault_set(fault, WEFT_ERR_MEMORY, "out of memory to read delegations");
    for (size_t i = 0; i < json_array_size(roles) && err == WEFT_ERR_OK; i++) {
        err = check_role(json_array_get(roles, i), names, &count, fault);
    }
    json_decref(names);
    return err;
}

static enum weft_err check_bins(const json_t *bins, struct weft_fault *fault)
{
    uint64_t bits = 0;
    const char *prefix = weft_json_text(bins, "name_prefix");
    if (!prefix || strlen(prefix) + 1 + BIN_BITS_MAX / 4 > WEFT_DELEGATION_NAME_BYTES_MAX ||
        !weft_json_uint(bins, "bit_length", 1, BIN_BITS_MAX, &bits)) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "succinct_roles has no valid name_prefix or bit_length");
    }
    return weft_signers_check(bins, prefix, fault);
}

enum weft_err weft_delegation_check(const json_t *delegations, struct weft_fault *fault)
{
    const json_t *roles = json_object_get(delegations, "roles");
    const json_t *bins = json_object_get(delegations, "succinct_roles");
    if (!json_is_object(delegations) || !roles == !bins || (roles && !json_is_array(roles))) {
        return weft_fault_set(fault, WEFT_ERR_FORMAT,
                              "delegations have not exactly one of roles and succinct_roles");
    }
    enum weft_err err =
        weft_signers_check_keys(json_object_get(delegations, "keys"), "a delegation", fault);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    return bins ? check_bins(bins, fault) : check_roles(roles, fault);
}

static bool covers_by_pattern(const json_t *paths, const char *path)
{
    bool covers = false;
    for (size_t i = 0; i < json_array_size(paths) && !covers; i++) {
        covers = weft_pattern_match(json_string_value(json_array_get(paths, i)), path);
    }
    return covers;
}

static bool covers_by_hash(const json_t *prefixes, const char *path)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char hex[WEFT_SHA256_HEX_BYTES];
    bool covers = false;
    if (json_array_size(prefixes) == 0 || !weft_sha256_of(path, strlen(path), digest)) {
        return false;
    }
    weft_sha256_hex(digest, hex);
    for (size_t i = 0; i < json_array_size(prefixes) && !covers; i++) {
        const char *prefix = json_string_value(json_array_get(prefixes, i));
        covers = strncmp(hex, prefix, strlen(prefix)) == 0;
    }
    return covers;
}

static bool may_hold(const json_t *paths, const char *component)
{
    bool holds = false;
    for (size_t i = 0; i < json_array_size(paths) && !holds; i++) {
        holds = weft_pattern_meets(json_string_value(json_array_get(paths, i)), component);
    }
    return holds;
}

static const json_t *delegations_of(const struct weft_metadata *targets)
{
    return json_object_get(targets->body, "delegations");
}

static void describe(const json_t *delegations, const json_t *role, const char *name,
                     struct weft_delegation *delegation)
{
    snprintf(delegation->name, sizeof delegation->name, "%s", name);
    delegation->signers = weft_signers_of(json_object_get(delegations, "keys"), role);
    delegation->is_terminating = json_is_true(json_object_get(role, "terminating"));
}

/* The one bin that |path| belongs to: its number is the first bits of the SHA-256 of the path. */
static bool find_bin(const json_t *delegations, const json_t *bins, const char *path,
                     struct weft_delegation *delegation)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    char name[WEFT_DELEGATION_NAME_BYTES_MAX + 1];
    uint64_t bits = 0;
    if (!weft_json_uint(bins, "bit_length", 1, BIN_BITS_MAX, &bits) ||
        !weft_sha256_of(path, strlen(path), digest)) {
        return false;
    }
    uint32_t first = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 |
                     (uint32_t)digest[2] << 8 | digest[3];
    int digits = (int)((bits + 3) / 4);
    snprintf(name, sizeof name, "%s-%0*x", weft_json_text(bins, "name_prefix"), digits,
             first >> (BIN_BITS_MAX - bits));
    describe(delegations, bins, name, delegation);
    delegation->is_terminating = true; /* a path has one bin */
    return true;
}

bool weft_delegation_next(const struct weft_metadata *targets, const char *path, size_t *cursor,
                          struct weft_delegation *delegation)
{
    const json_t *delegations = delegations_of(targets);
    const json_t *roles = json_object_get(delegations, "roles");
    const json_t *bins = json_object_get(delegations, "succinct_roles");
    if (bins) {
        return (*cursor)++ == 0 && find_bin(delegations, bins, path, delegation);
    }
    while (*cursor < json_array_size(roles)) {
        const json_t *role = json_array_get(roles, (*cursor)++);
        if (covers_by_pattern(json_object_get(role, "paths"), path) ||
            covers_by_hash(json_object_get(role, "path_hash_prefixes"), path)) {
            describe(delegations, role, weft_json_text(role, "name"), delegation);
            return true;
        }
    }
    return false;
}

bool weft_delegation_next_of(const struct weft_metadata *targets, const char *component,
                             size_t *cursor, struct weft_delegation *delegation)
{
    const json_t *delegations = delegations_of(targets);
    const json_t *roles = json_object_get(delegations, "roles");
    while (*cursor < json_array_size(roles)) {
        const json_t *role = json_array_get(roles, (*cursor)++);
        if (may_hold(json_object_get(role, "paths"), component)) {
            describe(delegations, role, weft_json_text(role, "name"), delegation);
            return true;
        }
    }
    return false;
}

bool weft_delegation_named(const struct weft_metadata *targets, const char *name,
                           struct weft_delegation *delegation)
{
    const json_t *delegations = delegations_of(targets);
    const json_t *roles = json_object_get(delegations, "roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const json_t *role = json_array_get(roles, i);
        if (strcmp(weft_json_text(role, "name"), name) == 0) {
            describe(delegations, role, name, delegation);
            return true;
        }
    }
    return false;
}
