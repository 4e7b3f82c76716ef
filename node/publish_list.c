/* SPDX-License-Identifier: Apache-2.0 */
/* Which document lists a release, and its list: see publish_list.h. */
#include "node/publish_list.h"

#include "protocol/trust/sha256.h"

#include <stdio.h>
#include <string.h>

static bool look_back(void *context, const struct weft_release_info *info)
{
    struct weft_publish_history *history = context;
    if (strcmp(info->component, history->component) != 0) {
        return true;
    }
    history->order_max = info->order > history->order_max ? info->order : history->order_max;
    if (history->version != NULL && strcmp(info->version, history->version) == 0) {
        history->exists = true;
        history->found = *info;
    }
    return true;
}

void weft_publish_look_back(const struct weft_metadata *targets,
                            struct weft_publish_history *history)
{
    if (targets != NULL) {
        weft_catalog_each(targets, true, look_back, history);
    }
}

/* The entry of |info| in the list of targets; NULL without memory. */
static json_t *entry_of(const struct weft_release_info *info)
{
    char hex[WEFT_SHA256_HEX_BYTES];
    char index_hex[WEFT_SHA256_HEX_BYTES];
    weft_sha256_hex(info->pin.sha256, hex);
    weft_sha256_hex(info->index_sha256, index_hex);
    return json_pack("{s:I, s:{s:s}, s:{s:{s:s, s:s, s:I, s:s, s:s, s:{s:I, s:s}}}}", "length",
                     (json_int_t)info->pin.length, "hashes", "sha256", hex, "custom", "weft",
                     "component", info->component, "version", info->version, "order",
                     (json_int_t)info->order, "kind",
                     info->kind == WEFT_RELEASE_TREE ? "tree" : "file", "file", info->file, "index",
                     "length", (json_int_t)info->index_bytes, "sha256", index_hex);
}

/* A release of the component with its place in the list. */
struct fading {
    const char *component;        /* looked for; borrowed */
    uint64_t newer_than;          /* orders up to this are looked at */
    struct weft_release_info old; /* the one with the lowest order */
    uint64_t count;               /* releases of the component */
};

static bool find_oldest(void *context, const struct weft_release_info *info)
{
    struct fading *fading = context;
    if (strcmp(info->component, fading->component) == 0 && info->order > fading->newer_than) {
        if (fading->count == 0 || info->order < fading->old.order) {
            fading->old = *info;
        }
        fading->count++;
    }
    return true;
}

/* Take releases of the component off |list| until, with the new one, --keep are left. */
static void fade(const struct weft_metadata *targets, const char *component, uint64_t keep,
                 json_t *list)
{
    struct fading fading = {.component = component};
    while (targets != NULL) {
        fading.count = 0;
        weft_catalog_each(targets, true, find_oldest, &fading);
        if (fading.count < keep) {
            return;
        }
        char path[WEFT_PATH_BYTES_MAX];
        snprintf(path, sizeof path, "%s/%s/%s", fading.old.component, fading.old.version,
                 fading.old.file);
        json_object_del(list, path);
        fading.newer_than = fading.old.order;
    }
}

json_t *weft_publish_list(const struct weft_metadata *targets, const struct weft_release_info *info,
                          uint64_t keep)
{
    json_t *list =
        targets != NULL ? json_copy(json_object_get(targets->body, "targets")) : json_object();
    char path[WEFT_PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s/%s", info->component, info->version, info->file);
    if (list != NULL) {
        fade(targets, info->component, keep, list);
    }
    if (list != NULL && json_object_set_new(list, path, entry_of(info)) != 0) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

enum weft_err weft_publish_find_place(const struct weft_repository *repository, const char *role,
                                      const char *component, struct weft_publish_place *place,
                                      struct weft_message *message)
{
    *place = (struct weft_publish_place){.old = weft_repository_targets(repository)};
    if (role == NULL) {
        return WEFT_ERR_OK;
    }
    struct weft_delegation covering;
    size_t cursor = 0;
    bool covers = false;
    enum weft_err err = weft_repository_delegation(repository, role, &place->delegation, message);
    while (err == WEFT_ERR_OK && !covers &&
           weft_delegation_next_of(place->old, component, &cursor, &covering)) {
        covers = strcmp(covering.name, role) == 0;
    }
    if (err == WEFT_ERR_OK && !covers) {
        weft_message_set(message, "role %.80s may not list %s; see: weft delegate", role,
                         component);
        err = WEFT_ERR_PERMISSION;
    }
    if (err == WEFT_ERR_OK) {
        place->role = weft_repository_role(repository, role, &place->delegation.signers);
        place->old = place->role;
    }
    return err;
}
