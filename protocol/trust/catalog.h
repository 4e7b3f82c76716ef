/* SPDX-License-Identifier: Apache-2.0 */
/* Which release of a component is current, and what its files are. SPEC.md section "Releases".
 *
 * Reads the custom.weft objects of a verified targets document. Does not verify signatures
 * (client.h) and does not look into chunk indexes beyond their length and hash (index.h). */
#ifndef WEFT_TRUST_CATALOG_H
#define WEFT_TRUST_CATALOG_H

#include "../err.h"
#include "../limits.h"
#include "../types.h"
#include "name.h"

struct weft_metadata; /* metadata.h */

enum weft_release_kind {
    WEFT_RELEASE_FILE, /* one file as it was given */
    WEFT_RELEASE_TREE, /* a tar of a directory */
};

struct weft_release_info {
    char component[WEFT_NAME_BYTES_MAX + 1]; /* weft_name_ok() */
    char version[WEFT_NAME_BYTES_MAX + 1];   /* weft_name_ok() */
    char file[WEFT_NAME_FILE_BYTES_MAX + 1]; /* weft_name_file_ok(); the file's own name */
    uint64_t order;                          /* the highest of a component is current */
    enum weft_release_kind kind;             /* how to activate it */
    uint64_t bytes;                          /* length of the payload */
    uint8_t sha256[WEFT_SHA256_BYTES];       /* of the payload */
    uint32_t index_bytes;                    /* length of the chunk index document */
    uint8_t index_sha256[WEFT_SHA256_BYTES]; /* of the chunk index document */
    weft_release_id id;                      /* from index_sha256 */
    char path[WEFT_PATH_BYTES_MAX];          /* of the payload below the source's URL */
    char index_path[WEFT_PATH_BYTES_MAX];    /* of the chunk index below the source's URL */
};

/* Called for each well-formed release, in the order of the document; false ends the walk. */
typedef bool weft_catalog_visit(void *context, const struct weft_release_info *info);

/* Visit all releases of |targets| (role targets, verified). Targets without custom.weft, and those
 * whose custom.weft is malformed or contradicts the target, are passed over.
 * Owner:  borrows everything for the call; |info| of a visit is valid for the visit. */
void weft_catalog_each(const struct weft_metadata *targets, weft_catalog_visit *visit,
                       void *context);

/* The current release of |component|: the one with the highest order (the larger id if two have
 * the same order).
 * Errors: NOT_FOUND if the document has none; *info is then untouched. */
enum weft_err weft_catalog_current(const struct weft_metadata *targets, const char *component,
                                   struct weft_release_info *info);

/* Fill path and index_path of |info| from component, version, file and sha256.
 * Errors: LIMIT if a path would exceed WEFT_PATH_BYTES_MAX. */
enum weft_err weft_catalog_paths(struct weft_release_info *info);

/* Do these bytes match the index that |info| names? Length first, then SHA-256.
 * Errors: TOO_LONG, TOO_SHORT, MISMATCH, MEMORY. */
enum weft_err weft_catalog_index_check(const struct weft_release_info *info, const uint8_t *bytes,
                                       size_t length);

#endif
