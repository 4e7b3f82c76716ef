/* SPDX-License-Identifier: Apache-2.0 */
/* Which names of components, versions and files are allowed. SPEC.md section "Repository".
 *
 * They become path elements, URL parts, log lines and JSON; so little is allowed. */
#ifndef WEFT_TRUST_NAME_H
#define WEFT_TRUST_NAME_H

#include "../limits.h"
#include "../types.h"

/* Longest file name of a release, in bytes, without the NUL: with the SHA-256 in front and
 * ".index" behind it still fits into the 255 bytes of common file systems. */
#define WEFT_NAME_FILE_BYTES_MAX 180

/* Bytes of the place of a release on a node, with the NUL: a component, or the mark and the quoted
 * path of a plain target. */
#define WEFT_NAME_PLACE_BYTES 200

/* Stands in front of the quoted path of a plain target, so that no component has the same place. */
#define WEFT_NAME_PLAIN_MARK '@'

/* What is allowed as a component or version, for messages to people. */
#define WEFT_NAME_RULE "1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot or a dash"

/* Is |name| fit as a component or version: WEFT_NAME_RULE? NULL is not. */
bool weft_name_ok(const char *name);

/* Is |name| fit as a directory of a node: weft_name_ok(), or WEFT_NAME_PLAIN_MARK and then letters,
 * digits and `%-._~`, shorter than WEFT_NAME_PLACE_BYTES? NULL is not. */
bool weft_name_place_ok(const char *name);

/* Is |name| fit as a file name: 1 to WEFT_NAME_FILE_BYTES_MAX bytes of valid UTF-8 without slash,
 * backslash and control characters, not beginning with a dot? NULL is not. */
bool weft_name_file_ok(const char *name);

/* Is |path| fit as a document path below the repository: at most WEFT_PATH_BYTES_MAX - 1 bytes,
 * elements joined by single slashes, no element empty or beginning with a dot, no control
 * characters, no backslash, valid UTF-8? NULL is not. */
bool weft_name_path_ok(const char *path);

#endif
