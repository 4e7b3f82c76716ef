/* SPDX-License-Identifier: Apache-2.0 */
/* DATA/trust/SHA256.index: a signed chunk index by its own hash; DATA/trust/HASH.hint: one that is
 * not signed, by the hash of the target. Nothing in them is believed when they are read. */
#include "node/updater_state.h"

#include "protocol/trust/hex.h"
#include "protocol/trust/sha256.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest name: a SHA-512 in hex, and a suffix. */
#define NAME_BYTES (2 * WEFT_SHA512_BYTES + 8)

static void name_of(const struct weft_release_info *info, char name[NAME_BYTES])
{
    char hex[2 * WEFT_SHA512_BYTES + 1];
    if (info->has_index) {
        weft_sha256_hex(info->index_sha256, hex);
    } else if (info->pin.has_sha256) {
        weft_sha256_hex(info->pin.sha256, hex);
    } else {
        weft_hex_encode(info->pin.sha512, sizeof info->pin.sha512, hex);
    }
    snprintf(name, NAME_BYTES, "%s.%s", hex, info->has_index ? "index" : "hint");
}

static bool path_of(const struct weft_updater *updater, const struct weft_release_info *info,
                    char *path)
{
    char name[NAME_BYTES];
    name_of(info, name);
    return weft_fileio_join(path, updater->directory, name);
}

/* A hint on disk is as good as one of a peer: it must have the regular form. */
static bool check_hint(struct weft_release_info *info, const uint8_t *bytes, size_t length)
{
    info->index_bytes = (uint32_t)length;
    return weft_index_check_derived(bytes, length, info->pin.length, &info->id) == WEFT_ERR_OK;
}

bool weft_updater_index_load(const struct weft_updater *updater, struct weft_release_info *info,
                             uint8_t **bytes)
{
    char path[WEFT_FILE_PATH_BYTES];
    size_t length = 0;
    size_t bytes_max = info->has_index ? info->index_bytes : WEFT_DOCUMENT_BYTES_MAX;
    if (!path_of(updater, info, path) ||
        weft_fileio_load(path, bytes_max, bytes, &length) != WEFT_ERR_OK) {
        return false;
    }
    bool good = info->has_index ? weft_catalog_index_check(info, *bytes, length) == WEFT_ERR_OK
                                : check_hint(info, *bytes, length);
    if (!good) {
        free(*bytes);
        *bytes = NULL;
    }
    return good;
}

enum weft_err weft_updater_index_store(const struct weft_updater *updater,
                                       const struct weft_release_info *info, const uint8_t *bytes)
{
    char path[WEFT_FILE_PATH_BYTES];
    return path_of(updater, info, path) ? weft_fileio_replace(path, bytes, info->index_bytes, 0600)
                                        : WEFT_ERR_LIMIT;
}

void weft_updater_index_remove(const struct weft_updater *updater,
                               const struct weft_release_info *info)
{
    char path[WEFT_FILE_PATH_BYTES];
    if (path_of(updater, info, path)) {
        unlink(path);
    }
}

static bool is_current(const struct weft_updater *updater, const char *file)
{
    bool current = false;
    for (uint32_t i = 0; i < updater->component_count && !current; i++) {
        char name[NAME_BYTES];
        name_of(&updater->components[i].info, name);
        current = updater->components[i].has_release && strcmp(file, name) == 0;
    }
    return current;
}

void weft_updater_index_tidy(const struct weft_updater *updater)
{
    DIR *stream = opendir(updater->directory);
    const struct dirent *found;
    while (stream && (found = readdir(stream)) != NULL) {
        const char *dot = strrchr(found->d_name, '.');
        bool is_index = dot && (strcmp(dot, ".index") == 0 || strcmp(dot, ".hint") == 0);
        if (is_index && !is_current(updater, found->d_name)) {
            unlinkat(dirfd(stream), found->d_name, 0);
        }
    }
    if (stream) {
        closedir(stream);
    }
}
