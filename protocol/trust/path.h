/* SPDX-License-Identifier: Apache-2.0 */
/* Where a document or a target lies below a repository. SPEC.md section "Paths".
 *
 * A path here is written as it stands in a URL: what is not a letter, digit or one of `-._~` is
 * percent-encoded, byte by byte, in role names the slash too. So one text names the same thing at
 * the source, among peers and on disk, whatever a role or target is called. */
#ifndef WEFT_TRUST_PATH_H
#define WEFT_TRUST_PATH_H

#include "../limits.h"
#include "../types.h"

/* Percent-encode |text| into out[size]; bytes of |keep| stay as they are.
 * Errors: false if it does not fit; |out| is then empty. */
bool weft_path_quote(const char *text, const char *keep, char *out, size_t size);

/* Undo weft_path_quote() into out[size].
 * Errors: false if it does not fit, or is not what weft_path_quote() makes; |out| is then
 *         undefined. */
bool weft_path_unquote(const char *text, char *out, size_t size);

/* The path of the metadata of the role |name|: "metadata/VERSION.NAME.json"; version 0 = without.
 * Errors: false if it does not fit; |path| is then empty. */
bool weft_path_metadata(const char *name, uint64_t version, char path[WEFT_PATH_BYTES_MAX]);

/* The path of |target|: "targets/DIRECTORIES/HASH.FILE"; |hash| (hex) NULL = without.
 * Errors: false if it does not fit, or if an element of |target| is empty, "." or "..", so that it
 *         would lead elsewhere; |path| is then empty. */
bool weft_path_target(const char *target, const char *hash, char path[WEFT_PATH_BYTES_MAX]);

/* The last element of |target|: its file name. Borrowed from |target|. */
const char *weft_path_file(const char *target);

#endif
