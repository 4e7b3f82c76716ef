/* SPDX-License-Identifier: Apache-2.0 */
/* Path patterns of delegations, as TUF means them. SPEC.md section "Delegations".
 *
 * Answers "does this pattern match that path?". A pattern is matched element by element, so that no
 * wildcard matches a slash: `*` any number of bytes, `?` one character, `[abc]`, `[a-c]`, `[!a-c]`
 * one character of a set (a `[` without `]` stands for itself). Everything else stands for itself;
 * case matters; there is no escape. */
#ifndef WEFT_TRUST_PATTERN_H
#define WEFT_TRUST_PATTERN_H

#include "../types.h"

/* Does |pattern| match |path|? Both are valid UTF-8.
 * Cost: at most the product of both lengths. */
bool weft_pattern_match(const char *pattern, const char *path);

/* Can |pattern| match a path of three elements whose first one is |first|: a release of that
 * component? |first| has no slash. */
bool weft_pattern_meets(const char *pattern, const char *first);

#endif
