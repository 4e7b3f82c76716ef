/* SPDX-License-Identifier: Apache-2.0 */
/* What may peers ask for? Every root, the current set with its delegated documents, and the chunk
 * indexes of current releases; nothing older, and nothing that was not verified here. */
#include "node/updater_state.h"

#include "protocol/trust/path.h"
#include "protocol/trust/root.h"

#include <string.h>

static enum weft_err put(struct weft_updater *updater, const struct weft_metadata *document,
                         bool is_numbered)
{
    char path[WEFT_PATH_BYTES_MAX];
    if (!weft_path_metadata(document->name, is_numbered ? document->version : 0, path)) {
        return WEFT_ERR_OK; /* nobody can ask for it */
    }
    return weft_shelf_put(&updater->shelf, path, document->bytes, document->length);
}

enum weft_err weft_updater_shelve_root(struct weft_updater *updater)
{
    return put(updater, weft_trust_document(updater->trust, WEFT_ROLE_ROOT),
               true /* is_numbered */);
}

static bool is_not_generation(void *context, const char *path)
{
    (void)context;
    return strncmp(path, "metadata/", 9) != 0 || strstr(path, ".root.json") != NULL;
}

enum weft_err weft_updater_shelve_generation(struct weft_updater *updater)
{
    enum weft_err err = WEFT_ERR_OK;
    const struct weft_metadata *document;
    const struct weft_trust *trust = updater->trust;
    bool numbered = weft_root_is_consistent(weft_trust_document(trust, WEFT_ROLE_ROOT));
    weft_shelf_sweep(&updater->shelf, is_not_generation, NULL);
    for (int role = WEFT_ROLE_TIMESTAMP; role < WEFT_ROLE_COUNT && err == WEFT_ERR_OK; role++) {
        document = weft_trust_current(trust, (enum weft_role)role);
        if (document) {
            err = put(updater, document, numbered && role != WEFT_ROLE_TIMESTAMP);
        }
    }
    for (size_t i = 0; err == WEFT_ERR_OK && (document = weft_trust_role_at(trust, i)); i++) {
        err = put(updater, document, numbered);
    }
    return err;
}

enum weft_err weft_updater_shelve_index(struct weft_updater *updater,
                                        const struct weft_release_info *info, const uint8_t *bytes)
{
    return weft_shelf_put(&updater->shelf, info->index_path, bytes, info->index_bytes);
}

static bool is_needed(void *context, const char *path)
{
    const struct weft_updater *updater = context;
    if (strncmp(path, "targets/", 8) != 0) {
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

void weft_updater_shelve_tidy(struct weft_updater *updater)
{
    weft_shelf_sweep(&updater->shelf, is_needed, updater);
}
