/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of sandbox.h, for sandbox.c only. Each confines this process, or says why it does not:
 * false with a text like "this kernel has no Landlock". */
#ifndef WEFT_SANDBOX_STEP_H
#define WEFT_SANDBOX_STEP_H

#include "node/sandbox.h"

/* Give up capabilities, the way to get new privileges, core dumps and being traced.
 * Errors: false with |why|. */
bool weft_sandbox_rights(const struct weft_sandbox *sandbox, struct weft_message *why);

/* Close all files but those that sandbox->paths allow. Errors: false with |why|. */
bool weft_sandbox_files(const struct weft_sandbox *sandbox, struct weft_message *why);

/* Close all system calls but those that a node needs. Errors: false with |why|. */
bool weft_sandbox_calls(const struct weft_sandbox *sandbox, struct weft_message *why);

#endif
