/* SPDX-License-Identifier: Apache-2.0 */
/* What `weft publish` makes of a file or directory: the payload and its chunk index. SPEC.md
 * section "Payload". Answers "which bytes are published?", not "under which name?". */
#ifndef WEFT_PAYLOAD_H
#define WEFT_PAYLOAD_H

#include "node/fileio.h"
#include "protocol/trust/catalog.h"

struct weft_payload {
    enum weft_release_kind kind;             /* what PATH was */
    uint64_t bytes;                          /* length of the payload */
    uint8_t sha256[WEFT_SHA256_BYTES];       /* of the payload */
    uint8_t *index;                          /* [index_bytes] chunk index document; owned */
    size_t index_bytes;                      /* of index */
    uint8_t index_sha256[WEFT_SHA256_BYTES]; /* of index */
    uint32_t chunk_count;                    /* chunks of the index */
    uint32_t chunk_bytes;                    /* length of all chunks but the last */
};

/* Make the payload of |path| in the new file |target_path|, durably: a copy of the file, or the tar
 * of the directory. |repository| is the repository's directory, which must not be inside.
 * Errors: those of weft_tree_write(), LIMIT (too large), TOO_SHORT (changed meanwhile), NOT_FOUND,
 *         PERMISSION, DISK_FULL, IO, MEMORY, with |message|.
 * Owner:  weft_payload_free() releases what |payload| holds, also after errors. */
enum weft_err weft_payload_make(const char *path, const char *repository, const char *target_path,
                                struct weft_payload *payload, struct weft_message *message);

/* Release what |payload| holds; the struct is the caller's. */
void weft_payload_free(struct weft_payload *payload);

#endif
