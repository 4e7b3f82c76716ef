/* SPDX-License-Identifier: Apache-2.0 */
/* From verified targets to releases that can be fetched: the current release of each subscribed
 * component, and its chunk index, whose length and SHA-256 the targets state. */
#include "node/updater_state.h"

#include <stdlib.h>
#include <string.h>

static bool is_index(const char *path)
{
    return strncmp(path, "targets/", 8) == 0;
}

static bool is_needed(void *context, const char *path)
{
    const struct weft_updater *updater = context;
    if (!is_index(path)) {
        return true;
    }
    for (uint32_t i = 0; i < updater->component_count; i++) {
        const struct weft_updater_component *component = &updater->components[i];
        if (component->has_release && strcmp(component->info.index_path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* Tell the driver of a release. Errors: why the index is not usable. */
static enum weft_err tell(struct weft_updater *updater, uint32_t number, const uint8_t *bytes)
{
    struct weft_updater_component *component = &updater->components[number];
    const struct weft_release_info *info = &component->info;
    struct weft_index *index = NULL;
    enum weft_err err = weft_index_decode(bytes, info->index_bytes, info->pin.length, &index);
    if (err == WEFT_ERR_OK) {
        err = weft_shelf_put(&updater->shelf, info->index_path, bytes, info->index_bytes);
    }
    if (err == WEFT_ERR_OK) {
        component->is_told = true;
        updater->host.release(updater->host.context, number, info, index, bytes);
    }
    weft_index_free(index);
    return err;
}

/* The index is fetched from whoever announced the metadata, or anybody. */
static void want_index(struct weft_updater *updater, uint32_t number)
{
    struct weft_updater_component *component = &updater->components[number];
    const struct weft_update *update = &updater->update;
    weft_node_id hint = update->kind == WEFT_UPDATE_CHECK ? update->announced.peer : 0;
    component->token = ++updater->token_last;
    updater->host.want(updater->host.context, component->token, component->info.index_path,
                       component->info.index_bytes, (uint32_t)updater->announced_version, hint);
}

static bool is_same(const struct weft_release_info *left, const struct weft_release_info *right)
{
    return left->id == right->id && left->order == right->order &&
           strcmp(left->index_path, right->index_path) == 0;
}

static void revise(struct weft_updater *updater, const struct weft_metadata *targets,
                   uint32_t number)
{
    struct weft_updater_component *component = &updater->components[number];
    struct weft_release_info info;
    (void)targets;
    if (weft_trust_seek_component(updater->trust, component->name, &info) != WEFT_ERR_OK) {
        component->has_release = false;
        component->token = 0;
        return;
    }
    if (!component->has_release || !is_same(&component->info, &info)) {
        component->info = info;
        component->has_release = true;
        component->is_told = false;
        component->token = 0; /* an index that is still coming is of the release before */
    }
    if (component->is_told || component->token != 0) {
        return;
    }
    uint8_t *bytes = NULL;
    bool told = weft_updater_disk_index(updater, &info, &bytes) &&
                tell(updater, number, bytes) == WEFT_ERR_OK;
    free(bytes);
    if (!told) {
        want_index(updater, number);
    }
}

void weft_updater_release_all(struct weft_updater *updater)
{
    const struct weft_metadata *targets = weft_trust_current(updater->trust, WEFT_ROLE_TARGETS);
    if (!targets || !updater->started) {
        return;
    }
    for (uint32_t i = 0; i < updater->component_count; i++) {
        revise(updater, targets, i);
    }
    weft_shelf_sweep(&updater->shelf, is_needed, updater);
    weft_updater_disk_tidy_indexes(updater);
}

/* Verify an index that arrived, keep it, tell of the release. */
static enum weft_err take_index(struct weft_updater *updater, uint32_t number, const uint8_t *bytes,
                                size_t length)
{
    struct weft_updater_component *component = &updater->components[number];
    enum weft_err err = weft_catalog_index_check(&component->info, bytes, length);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_updater_disk_put_index(updater, &component->info, bytes);
    if (err == WEFT_ERR_OK) {
        err = tell(updater, number, bytes);
    }
    if (err != WEFT_ERR_OK) {
        weft_fault_set(&updater->last, err, "the chunk index of %s %s cannot be used: %s",
                       component->name, component->info.version, weft_err_text(err));
    }
    return err;
}

enum weft_err weft_updater_release_document(struct weft_updater *updater, uint64_t token,
                                            enum weft_err result, const uint8_t *bytes,
                                            size_t length, bool *is_of_index)
{
    uint32_t number = 0;
    while (number < updater->component_count && updater->components[number].token != token) {
        number++;
    }
    *is_of_index = number < updater->component_count;
    if (!*is_of_index) {
        return WEFT_ERR_CANCELLED;
    }
    struct weft_updater_component *component = &updater->components[number];
    if (result == WEFT_ERR_OK) {
        result = take_index(updater, number, bytes, length);
        component->token = result == WEFT_ERR_OK ? 0 : component->token;
        return result;
    }
    /* Nobody has it now; the end of the next update asks again. */
    component->token = 0;
    weft_fault_set(&updater->last, result, "cannot get the chunk index of %s %s: %s",
                   component->name, component->info.version, weft_err_text(result));
    return result;
}
