/* SPDX-License-Identifier: Apache-2.0 */
/* From what is signed to releases that can be fetched: the current release of each subscription,
 * and its chunk index. A component's index has a signed hash. The index of a plain target is a hint
 * of whoever had the whole target: it has to have the one form that this version gives it, so that
 * it can lie in nothing but hashes, and the signed hash of the whole decides in the end. */
#include "node/updater_state.h"

#include <stdlib.h>
#include <string.h>

/* An index that nobody had is asked for again after this time. */
#define AGAIN_S 10

static bool was_false(const struct weft_updater_component *component, weft_release_id id)
{
    bool was = false;
    for (uint32_t i = 0; i < WEFT_UPDATER_FALSE_MAX; i++) {
        was = was || component->false_ids[i] == id;
    }
    return was;
}

/* Keep an index that is not signed until it is proven. */
static enum weft_err keep(struct weft_updater_component *component, const uint8_t *bytes)
{
    uint8_t *copy = malloc(component->info.index_bytes);
    if (!copy) {
        return WEFT_ERR_MEMORY;
    }
    memcpy(copy, bytes, component->info.index_bytes);
    free(component->derived);
    component->derived = copy;
    return WEFT_ERR_OK;
}

/* Tell the driver of a release. Errors: why the index is not usable. */
static enum weft_err tell(struct weft_updater *updater, uint32_t number, const uint8_t *bytes,
                          weft_node_id author)
{
    struct weft_updater_component *component = &updater->components[number];
    const struct weft_release_info *info = &component->info;
    struct weft_index *index = NULL;
    enum weft_err err = weft_index_decode(bytes, info->index_bytes, info->pin.length, &index);
    if (err == WEFT_ERR_OK) {
        err = info->has_index ? weft_updater_shelve_index(updater, info, bytes)
                              : keep(component, bytes);
    }
    if (err == WEFT_ERR_OK) {
        component->is_told = true;
        component->author = author;
        updater->host.release(updater->host.context, number, info, index, bytes, author);
    }
    weft_index_free(index);
    return err;
}

bool weft_updater_index_comes(const struct weft_updater *updater)
{
    bool comes = false;
    for (uint32_t i = 0; i < updater->component_count; i++) {
        const struct weft_updater_component *component = &updater->components[i];
        comes = comes || (component->token != 0 && component->info.has_index);
    }
    return comes;
}

/* The index is fetched from whoever announced the metadata, or anybody. */
static void want_index(struct weft_updater *updater, uint32_t number)
{
    struct weft_updater_component *component = &updater->components[number];
    const struct weft_release_info *info = &component->info;
    const struct weft_update *update = &updater->update;
    struct weft_updater_want want = {
        .path = info->index_path,
        .bytes_max = info->has_index ? info->index_bytes : WEFT_DOCUMENT_BYTES_MAX,
        .bulletin = weft_updater_bulletin(updater),
        .hint = update->kind == WEFT_UPDATE_CHECK ? update->announced.peer : 0,
        .is_derived = !info->has_index,
        .is_own_work = component->false_count >= WEFT_UPDATER_FALSE_PATIENCE,
    };
    want.token = ++updater->token_last;
    component->token = want.token;
    updater->host.want(updater->host.context, &want);
}

static bool is_same(const struct weft_release_info *left, const struct weft_release_info *right)
{
    return strcmp(left->index_path, right->index_path) == 0 && left->order == right->order &&
           left->has_index == right->has_index && (!left->has_index || left->id == right->id);
}

/* Take over what was found; whatever was known of another release is forgotten. */
static void adopt(struct weft_updater_component *component)
{
    if (component->has_release && is_same(&component->info, &component->found)) {
        return;
    }
    free(component->derived);
    component->derived = NULL;
    component->info = component->found;
    component->has_release = true;
    component->is_told = false;
    component->token = 0; /* an index that is still coming is of the release before */
    component->failed_s = 0;
    component->author = 0;
    component->false_count = 0;
    memset(component->false_ids, 0, sizeof component->false_ids);
}

static void revise(struct weft_updater *updater, uint32_t number)
{
    struct weft_updater_component *component = &updater->components[number];
    if (component->seek_err == WEFT_ERR_NOT_FOUND) {
        component->has_release = false;
        component->token = 0;
    }
    if (component->seek_err != WEFT_ERR_OK) {
        return; /* what cannot be told now stays as it is */
    }
    adopt(component);
    if (component->is_told || component->token != 0) {
        return;
    }
    uint8_t *bytes = NULL;
    bool told = weft_updater_index_load(updater, &component->info, &bytes) &&
                !was_false(component, component->info.id) &&
                tell(updater, number, bytes, 0 /* author */) == WEFT_ERR_OK;
    free(bytes);
    if (!told) {
        want_index(updater, number);
    }
}

void weft_updater_release_all(struct weft_updater *updater)
{
    if (updater->wants_no_index || !updater->started) {
        return;
    }
    for (uint32_t i = 0; i < updater->component_count; i++) {
        revise(updater, i);
    }
    weft_updater_shelve_tidy(updater);
    weft_updater_index_tidy(updater);
}

/* Is an index that is not signed worth a try? One that is in doubt is not confirmed by its own
 * author. */
static enum weft_err check_derived(const struct weft_updater_component *component,
                                   weft_node_id from, const uint8_t *bytes, size_t length,
                                   weft_release_id *id)
{
    enum weft_err err = weft_index_check_derived(bytes, length, component->info.pin.length, id);
    bool is_same = component->is_told && *id == component->info.id && from != 0;
    if (err == WEFT_ERR_OK &&
        (was_false(component, *id) || (is_same && from == component->author))) {
        err = WEFT_ERR_MISMATCH;
    }
    return err;
}

/* An index that is not signed arrived: try it, unless it is the one that is being tried. */
static enum weft_err take_derived(struct weft_updater *updater, uint32_t number, weft_node_id from,
                                  const uint8_t *bytes, size_t length)
{
    struct weft_updater_component *component = &updater->components[number];
    struct weft_release_info *info = &component->info;
    weft_release_id id = 0;
    enum weft_err err = check_derived(component, from, bytes, length, &id);
    if (err != WEFT_ERR_OK || (component->is_told && id == info->id)) {
        return err;
    }
    info->index_bytes = (uint32_t)length;
    info->id = id;
    err = weft_updater_index_store(updater, info, bytes);
    if (err == WEFT_ERR_OK) {
        err = tell(updater, number, bytes, from);
    }
    if (err == WEFT_ERR_OK && from == 0) {
        weft_updater_index_proven(updater, number, id); /* made from the whole target */
    }
    return err;
}

static enum weft_err take_signed(struct weft_updater *updater, uint32_t number,
                                 const uint8_t *bytes, size_t length)
{
    const struct weft_release_info *info = &updater->components[number].info;
    enum weft_err err = weft_catalog_index_check(info, bytes, length);
    if (err != WEFT_ERR_OK) {
        return err;
    }
    err = weft_updater_index_store(updater, info, bytes);
    if (err == WEFT_ERR_OK) {
        err = tell(updater, number, bytes, 0 /* author */);
    }
    if (err != WEFT_ERR_OK) {
        weft_fault_set(&updater->last, err, "the chunk index of %.64s %s cannot be used: %s",
                       updater->components[number].name, info->version, weft_err_text(err));
    }
    return err;
}

enum weft_err weft_updater_release_document(struct weft_updater *updater, uint64_t token,
                                            weft_node_id from, enum weft_err result,
                                            const uint8_t *bytes, size_t length)
{
    uint32_t number = 0;
    while (number < updater->component_count && updater->components[number].token != token) {
        number++;
    }
    if (number == updater->component_count) {
        return WEFT_ERR_CANCELLED;
    }
    struct weft_updater_component *component = &updater->components[number];
    if (result == WEFT_ERR_OK) {
        result = component->info.has_index ? take_signed(updater, number, bytes, length)
                                           : take_derived(updater, number, from, bytes, length);
        component->token = result == WEFT_ERR_OK ? 0 : component->token;
        return result;
    }
    /* Nobody has it now; it is asked for again in a while. */
    component->token = 0;
    component->failed_s = weft_updater_clock_wall(updater);
    weft_fault_set(&updater->last, result, "cannot get the chunk index of %.64s %s: %s",
                   component->name, component->info.version, weft_err_text(result));
    return result;
}

const struct weft_release_info *weft_updater_derived(const struct weft_updater *updater,
                                                     const char *path)
{
    for (uint32_t i = 0; i < updater->component_count; i++) {
        const struct weft_release_info *info = &updater->components[i].info;
        if (updater->components[i].has_release && !info->has_index &&
            strcmp(info->index_path, path) == 0) {
            return info;
        }
    }
    return NULL;
}

void weft_updater_index_proven(struct weft_updater *updater, uint32_t number, weft_release_id id)
{
    struct weft_updater_component *component = &updater->components[number];
    if (component->has_release && component->derived && component->info.id == id) {
        weft_updater_shelve_index(updater, &component->info, component->derived);
    }
}

void weft_updater_index_doubt(struct weft_updater *updater, uint32_t number, weft_release_id id)
{
    const struct weft_updater_component *component = &updater->components[number];
    if (component->is_told && !component->info.has_index && component->info.id == id &&
        component->token == 0) {
        want_index(updater, number);
    }
}

void weft_updater_release_wake(struct weft_updater *updater)
{
    int64_t now_s = weft_updater_clock_wall(updater);
    for (uint32_t i = 0; i < updater->component_count; i++) {
        struct weft_updater_component *component = &updater->components[i];
        bool is_due = component->failed_s != 0 &&
                      (now_s < component->failed_s || now_s - component->failed_s >= AGAIN_S);
        if (is_due && component->has_release && !component->is_told && component->token == 0) {
            component->failed_s = 0;
            want_index(updater, i);
        }
    }
}

void weft_updater_index_false(struct weft_updater *updater, uint32_t number, weft_release_id id)
{
    struct weft_updater_component *component = &updater->components[number];
    if (!component->has_release || component->info.has_index || component->info.id != id) {
        return;
    }
    component->false_ids[component->false_count % WEFT_UPDATER_FALSE_MAX] = id;
    component->false_count++;
    component->is_told = false;
    free(component->derived);
    component->derived = NULL;
    component->info.id = 0;
    weft_updater_index_remove(updater, &component->info);
    if (component->token == 0) {
        want_index(updater, number);
    }
}
