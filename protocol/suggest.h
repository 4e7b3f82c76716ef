/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the flag somebody may have meant. Answers "which name is nearest?". */
#ifndef WEFT_SUGGEST_H
#define WEFT_SUGGEST_H

#include "flag.h"

/* The flag of |set| whose name is nearest to the |length| bytes at |name|, by letters inserted,
 * deleted, changed or swapped; the beginning of a name is near to it.
 * Errors: NULL if no name is near enough to be meant. */
const struct weft_flag *weft_suggest_flag(const struct weft_flag_set *set, const char *name,
                                          size_t length);

#endif
