/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a repository nobody needs any more. SPEC.md section "Publishing". */
#ifndef WEFT_PRUNE_H
#define WEFT_PRUNE_H

#include "node/repository.h"

/* Remove payloads, chunk indexes, snapshots and targets documents that no kept snapshot refers to.
 * Kept are the newest snapshot, the one before it, and each one that was the newest at some time
 * within the last |grace_s| seconds: a reader that is slower is told NOT_FOUND and looks again.
 * Also removes what an interrupted publish left behind.
 * Errors: IO, PERMISSION, MEMORY, with |message|; what was not removed is removed the next time. */
enum weft_err weft_prune(const struct weft_repository *repository, int64_t grace_s,
                         struct weft_message *message);

#endif
