/* SPDX-License-Identifier: Apache-2.0 */
/* Is what a node has the same as what was published? One SHA-256 over a file, or over the names,
 * kinds, modes, link targets and contents of a whole tree. */
#ifndef WEFT_DEMO_VERIFY_H
#define WEFT_DEMO_VERIFY_H

#include "protocol/err.h"
#include "protocol/types.h"

/* Hash a file or a tree. Of modes only the owner's right to execute counts; owners and times do
 * not.
 * Shape:  digest[WEFT_SHA256_BYTES].
 * Errors: NOT_FOUND, PERMISSION, IO, MEMORY, UNSUPPORTED (neither file, directory nor symbolic
 *         link). Reads streaming: memory does not depend on sizes. */
enum weft_err weft_demo_verify_hash(const char *path, uint8_t *digest);

#endif
