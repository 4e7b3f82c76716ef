/* SPDX-License-Identifier: Apache-2.0 */
/* Are the files there that a targets document lists? Used by verify.c only. */
#ifndef WEFT_VERIFY_TARGET_H
#define WEFT_VERIFY_TARGET_H

#include "node/fileio.h"
#include "protocol/trust/catalog.h"

/* What is told of a problem: where and what, and what mends it. Texts are borrowed for the call. */
typedef void weft_verify_problem(void *context, const char *what, const char *mend);

/* Check the payload of the target |path|, whose entry in a verified document is |entry|, and its
 * chunk index if one is signed, below the directory |repository|. Every problem is told. */
void weft_verify_target(const char *repository, bool is_consistent, const char *path,
                        const json_t *entry, weft_verify_problem *problem, void *context);

#endif
