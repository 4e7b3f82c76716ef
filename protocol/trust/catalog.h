/* SPDX-License-Identifier: Apache-2.0 */
/* What a target is as a release: names, length, hashes, paths, chunk index. SPEC.md section
 * "Releases".
 *
 * Reads targets of a verified document. Does not verify signatures (client.h), does not say which
 * release of a component is current (component.h), and does not look into chunk indexes beyond
 * their length and hash (index.h). */
#ifndef WEFT_TRUST_CATALOG_H
#define WEFT_TRUST_CATALOG_H

#include "../err.h"
#include "../limits.h"
#include "../types.h"
#include "name.h"
#include "pin.h"

struct weft_metadata; /* metadata.h */

enum weft_release_kind {
    WEFT_RELEASE_FILE, /* one file as it was given */
    WEFT_RELEASE_TREE, /* a tar of a directory */
};

struct weft_release_info {
    char target[WEFT_PATH_BYTES_MAX];        /* path of the target in the metadata */
    char component[WEFT_NAME_PLACE_BYTES];   /* weft_name_place_ok(): its place on a node */
    char version[WEFT_NAME_BYTES_MAX + 1];   /* weft_name_ok() */
    char file[WEFT_NAME_FILE_BYTES_MAX + 1]; /* weft_name_file_ok(); the file's own name */
    uint64_t order;                          /* the highest of a component is current */
    enum weft_release_kind kind;             /* how to activate it */
    struct weft_pin pin;                     /* length and hashes of the payload, as signed */
    bool has_index;                          /* the chunk index is signed: the next two are valid */
    uint32_t index_bytes;                    /* length of the chunk index document */
    uint8_t index_sha256[WEFT_SHA256_BYTES]; /* of the chunk index document */
    weft_release_id id;                      /* from index_sha256; 0 = not known yet */
    char path[WEFT_PATH_BYTES_MAX];          /* of the payload below the repository (path.h) */
    char index_path[WEFT_PATH_BYTES_MAX];    /* of the chunk index below the repository */
};

/* Called for each well-formed release, in the order of the document; false ends the walk. */
typedef bool weft_catalog_visit(void *context, const struct weft_release_info *info);

/* Visit all releases of |targets| (role TARGETS, verified). Targets without custom.weft, and those
 * whose custom.weft is malformed or contradicts the target, are passed over.
 * Shape:  |is_consistent| = files have their hash in front of their name (root.h).
 * Owner:  borrows everything for the call; |info| of a visit is valid for the visit. */
void weft_catalog_each(const struct weft_metadata *targets, bool is_consistent,
                       weft_catalog_visit *visit, void *context);

/* Read the target |path|, whose entry in a targets document is |entry|, as a release of Weft.
 * Errors: false if it is none, or malformed; *info is then undefined. */
bool weft_catalog_read(const char *path, const json_t *entry, bool is_consistent,
                       struct weft_release_info *info);

/* Read any target as a file without a signed chunk index: component "@PATH" with the path quoted,
 * version the first digits of its hash.
 * Errors: false if its file name or path is not allowed on a node; *info is then undefined. */
bool weft_catalog_read_plain(const char *path, const json_t *entry, bool is_consistent,
                             struct weft_release_info *info);

/* Is |left| the newer one of two releases of a component? Higher order, then larger id. */
bool weft_catalog_is_newer(const struct weft_release_info *left,
                           const struct weft_release_info *right);

/* Fill target, path and index_path of |info| from component, version, file and pin.
 * Errors: LIMIT if a path would exceed WEFT_PATH_BYTES_MAX. */
enum weft_err weft_catalog_paths(struct weft_release_info *info, bool is_consistent);

/* Do these bytes match the signed index that |info| names? Length first, then SHA-256.
 * Errors: TOO_LONG, TOO_SHORT, MISMATCH, MEMORY. */
enum weft_err weft_catalog_index_check(const struct weft_release_info *info, const uint8_t *bytes,
                                       size_t length);

#endif
