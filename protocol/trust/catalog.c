/* SPDX-License-Identifier: Apache-2.0 */
/* Releases in a targets document. A target is a release if its custom.weft object is complete and
 * agrees with the target itself; anything else belongs to other users of the repository. */
#include "catalog.h"

#include <stdio.h>
#include <string.h>

#include "hex.h"
#include "metadata.h"
#include "sha256.h"

static bool copy_name(char *to, size_t bytes, const char *from, bool (*is_ok)(const char *))
{
    if (!is_ok(from)) {
        return false;
    }
    snprintf(to, bytes, "%s", from);
    return true;
}

static bool read_kind(const json_t *weft, enum weft_release_kind *kind)
{
    const char *text = weft_json_text(weft, "kind");
    bool is_tree = text && strcmp(text, "tree") == 0;
    *kind = is_tree ? WEFT_RELEASE_TREE : WEFT_RELEASE_FILE;
    return is_tree || (text && strcmp(text, "file") == 0);
}

static bool read_index(const json_t *weft, struct weft_release_info *info)
{
    const json_t *index = json_object_get(weft, "index");
    uint64_t bytes = 0;
    if (!weft_json_uint(index, "length", 1, WEFT_DOCUMENT_BYTES_MAX, &bytes) ||
        !weft_hex_decode(weft_json_text(index, "sha256"), info->index_sha256,
                         sizeof info->index_sha256)) {
        return false;
    }
    info->index_bytes = (uint32_t)bytes;
    info->id = 0;
    for (int i = 0; i < 8; i++) {
        info->id = info->id << 8 | info->index_sha256[i];
    }
    return info->id != 0;
}

static bool read_weft(const json_t *weft, struct weft_release_info *info)
{
    return copy_name(info->component, sizeof info->component, weft_json_text(weft, "component"),
                     weft_name_ok) &&
           copy_name(info->version, sizeof info->version, weft_json_text(weft, "version"),
                     weft_name_ok) &&
           copy_name(info->file, sizeof info->file, weft_json_text(weft, "file"),
                     weft_name_file_ok) &&
           weft_json_uint(weft, "order", 1, INT64_MAX, &info->order) &&
           read_kind(weft, &info->kind) && read_index(weft, info);
}

/* The path of the target has to be COMPONENT/VERSION/FILE. */
static bool is_path_of(const char *path, const struct weft_release_info *info)
{
    char expected[WEFT_PATH_BYTES_MAX];
    snprintf(expected, sizeof expected, "%s/%s/%s", info->component, info->version, info->file);
    return strcmp(path, expected) == 0;
}

static bool read_release(const char *path, const json_t *entry, struct weft_release_info *info)
{
    const json_t *weft = json_object_get(json_object_get(entry, "custom"), "weft");
    struct weft_pin pin;
    memset(info, 0, sizeof *info);
    if (!json_is_object(weft) || weft_pin_read_target(entry, &pin) != WEFT_ERR_OK ||
        !pin.has_sha256 || !read_weft(weft, info) || !is_path_of(path, info)) {
        return false;
    }
    info->bytes = pin.length;
    memcpy(info->sha256, pin.sha256, sizeof info->sha256);
    return weft_catalog_paths(info) == WEFT_ERR_OK;
}

void weft_catalog_each(const struct weft_metadata *targets, weft_catalog_visit *visit,
                       void *context)
{
    const char *path;
    json_t *entry;
    json_object_foreach(json_object_get(targets->body, "targets"), path, entry)
    {
        struct weft_release_info info;
        if (read_release(path, entry, &info) && !visit(context, &info)) {
            return;
        }
    }
}

struct search {
    const char *component;          /* looked for */
    struct weft_release_info *best; /* untouched until found */
    bool found;                     /* best is valid */
};

static bool is_newer(const struct weft_release_info *left, const struct weft_release_info *right)
{
    return left->order != right->order ? left->order > right->order : left->id > right->id;
}

static bool consider(void *context, const struct weft_release_info *info)
{
    struct search *search = context;
    if (strcmp(info->component, search->component) == 0 &&
        (!search->found || is_newer(info, search->best))) {
        *search->best = *info;
        search->found = true;
    }
    return true;
}

enum weft_err weft_catalog_current(const struct weft_metadata *targets, const char *component,
                                   struct weft_release_info *info)
{
    struct search search = {.component = component, .best = info};
    weft_catalog_each(targets, consider, &search);
    return search.found ? WEFT_ERR_OK : WEFT_ERR_NOT_FOUND;
}

enum weft_err weft_catalog_paths(struct weft_release_info *info)
{
    char hex[WEFT_SHA256_HEX_BYTES];
    weft_sha256_hex(info->sha256, hex);
    int length = snprintf(info->path, sizeof info->path, "targets/%s/%s/%s.%s", info->component,
                          info->version, hex, info->file);
    int index_length =
        snprintf(info->index_path, sizeof info->index_path, "targets/%s/%s/%s.%s.index",
                 info->component, info->version, hex, info->file);
    bool fits = length > 0 && index_length < WEFT_PATH_BYTES_MAX;
    return fits ? WEFT_ERR_OK : WEFT_ERR_LIMIT;
}

enum weft_err weft_catalog_index_check(const struct weft_release_info *info, const uint8_t *bytes,
                                       size_t length)
{
    uint8_t digest[WEFT_SHA256_BYTES];
    if (length != info->index_bytes) {
        return length > info->index_bytes ? WEFT_ERR_TOO_LONG : WEFT_ERR_TOO_SHORT;
    }
    if (!weft_sha256_of(bytes, length, digest)) {
        return WEFT_ERR_MEMORY;
    }
    bool equal = memcmp(digest, info->index_sha256, sizeof digest) == 0;
    return equal ? WEFT_ERR_OK : WEFT_ERR_MISMATCH;
}
