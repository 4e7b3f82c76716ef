/* SPDX-License-Identifier: Apache-2.0 */
/* What a node has left in its data directory, read by somebody who does not trust the node: bytes
 * to be verified, never paths to be followed. Used by apply*.c. SPEC.md section "weft apply".
 *
 * Every directory is opened from the one above and every file once, without following links or
 * waiting for a fifo; it must be a regular file of the owner of the data directory. What was opened
 * may still change: callers verify the very bytes that they use. */
#ifndef WEFT_APPLY_INPUT_H
#define WEFT_APPLY_INPUT_H

#include "node/fileio.h"

struct weft_input {
    int data_fd;    /* the data directory */
    uid_t owner;    /* of it */
    char path[256]; /* of it, for messages; cut */
};

/* Open the data directory |path| of a node.
 * Errors: NOT_FOUND, PERMISSION, with |message|.
 * Owner:  weft_input_close(). */
enum weft_err weft_input_open(struct weft_input *input, const char *path,
                              struct weft_message *message);

/* Close it. */
void weft_input_close(struct weft_input *input);

/* Read the document |path| of a repository ("metadata/..."), as the node keeps it: below trust/ or
 * trust/roles/, with its version in front of the name also if the repository has none there.
 * Errors: NOT_FOUND = the node does not have it; TOO_LONG = more than |bytes_max|; FORMAT = what is
 *         there is no file of the node; IO, MEMORY.
 * Owner:  the caller releases *bytes with free(). */
enum weft_err weft_input_document(const struct weft_input *input, const char *path,
                                  uint32_t bytes_max, uint8_t **bytes, size_t *length);

/* Open the finished release |id|: releases/ID.data.
 * Errors: NOT_FOUND = it is not finished; FORMAT as above; IO; with |message|.
 * Owner:  the caller closes *fd. */
enum weft_err weft_input_release(const struct weft_input *input, weft_release_id id, int *fd,
                                 struct weft_message *message);

/* The id under which the node keeps what it has active at |place|, below active/; 0 = none. Only a
 * hint: nothing is signed of it. */
weft_release_id weft_input_active(const struct weft_input *input, const char *place);

#endif
