/* SPDX-License-Identifier: Apache-2.0 */
/* Targets as releases. A target is a release of Weft if its custom.weft object is complete and
 * agrees with the target itself; anything else is a plain file, known by its path and hash. */
#include "catalog.h"

#include <stdio.h>
#include <string.h>

#include "hex.h"
#include "index.h"
#include "metadata.h"
#include "path.h"
#include "sha256.h"

/* Digits of its hash that name the version of a plain target. */
#define PLAIN_VERSION_DIGITS 16

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
    info->has_index = true;
    info->index_bytes = (uint32_t)bytes;
    info->id = weft_index_release_id(info->index_sha256);
    return info->id != 0;
}

static bool read_weft(const json_t *weft, struct weft_release_info *info)
{
    return copy_name(info->component, WEFT_NAME_BYTES_MAX + 1, weft_json_text(weft, "component"),
                     weft_name_ok) &&
           copy_name(info->version, sizeof info->version, weft_json_text(weft, "version"),
                     weft_name_ok) &&
           copy_name(info->file, sizeof info->file, weft_json_text(weft, "file"),
                     weft_name_file_ok) &&
           weft_json_uint(weft, "order", 1, INT64_MAX, &info->order) &&
           read_kind(weft, &info->kind) && read_index(weft, info);
}

bool weft_catalog_read(const char *path, const json_t *entry, bool is_consistent,
                       struct weft_release_info *info)
{
    const json_t *weft = json_object_get(json_object_get(entry, "custom"), "weft");
    memset(info, 0, sizeof *info);
    if (!json_is_object(weft) || weft_pin_read_target(entry, &info->pin) != WEFT_ERR_OK ||
        !info->pin.has_sha256 || !read_weft(weft, info) ||
        weft_catalog_paths(info, is_consistent) != WEFT_ERR_OK) {
        return false;
    }
    return strcmp(path, info->target) == 0;
}

/* The strongest hash that |pin| states, in hex. */
static void hash_of(const struct weft_pin *pin, char hex[2 * WEFT_SHA512_BYTES + 1])
{
    if (pin->has_sha256) {
        weft_hex_encode(pin->sha256, sizeof pin->sha256, hex);
    } else {
        weft_hex_encode(pin->sha512, sizeof pin->sha512, hex);
    }
}

static enum weft_err locate(struct weft_release_info *info, bool is_consistent)
{
    char hex[2 * WEFT_SHA512_BYTES + 1];
    hash_of(&info->pin, hex);
    bool fits = weft_path_target(info->target, is_consistent ? hex : NULL, info->path) &&
                snprintf(info->index_path, sizeof info->index_path, "%s.index", info->path) <
                    (int)sizeof info->index_path;
    return fits ? WEFT_ERR_OK : WEFT_ERR_LIMIT;
}

bool weft_catalog_read_plain(const char *path, const json_t *entry, bool is_consistent,
                             struct weft_release_info *info)
{
    char hex[2 * WEFT_SHA512_BYTES + 1];
    memset(info, 0, sizeof *info);
    if (weft_pin_read_target(entry, &info->pin) != WEFT_ERR_OK ||
        strlen(path) >= sizeof info->target ||
        !copy_name(info->file, sizeof info->file, weft_path_file(path), weft_name_file_ok)) {
        return false;
    }
    hash_of(&info->pin, hex);
    info->kind = WEFT_RELEASE_FILE;
    info->component[0] = WEFT_NAME_PLAIN_MARK;
    snprintf(info->target, sizeof info->target, "%s", path);
    snprintf(info->version, sizeof info->version, "%.*s", PLAIN_VERSION_DIGITS, hex);
    return weft_path_quote(path, "", info->component + 1, sizeof info->component - 1) &&
           locate(info, is_consistent) == WEFT_ERR_OK;
}

void weft_catalog_each(const struct weft_metadata *targets, bool is_consistent,
                       weft_catalog_visit *visit, void *context)
{
    const char *path;
    json_t *entry;
    json_object_foreach(json_object_get(targets->body, "targets"), path, entry)
    {
        struct weft_release_info info;
        if (weft_catalog_read(path, entry, is_consistent, &info) && !visit(context, &info)) {
            return;
        }
    }
}

bool weft_catalog_is_newer(const struct weft_release_info *left,
                           const struct weft_release_info *right)
{
    return left->order != right->order ? left->order > right->order : left->id > right->id;
}

enum weft_err weft_catalog_paths(struct weft_release_info *info, bool is_consistent)
{
    snprintf(info->target, sizeof info->target, "%.*s/%s/%s", WEFT_NAME_BYTES_MAX, info->component,
             info->version, info->file);
    return locate(info, is_consistent);
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
