/* SPDX-License-Identifier: Apache-2.0 */
/* How does a node become and stay a member when it cannot reach whoever has the mesh key? Files
 * are carried: the node writes a request, who has the key answers it (admit_files.c), the node
 * takes the answer. DATA/request remembers what was asked, so that an answer is taken once and only
 * by who asked. SPEC.md section "Admission by files". */
#ifndef WEFT_OFFLINE_H
#define WEFT_OFFLINE_H

#include "membership_file.h"

#include "../protocol/transport/admission.h"

/* Read a file that holds one word, or a revocation: text[*length]. A word is given without the
 * white space behind it; a revocation, whose last byte may be anything, as it is.
 * Errors: TOO_LONG, of fileio.h, with |message|.
 * Owner:  the caller; free(*text). */
enum weft_err weft_offline_load(const char *path, char **text, size_t *length,
                                struct weft_message *message);

/* Write the request of the node of |data_dir| to be admitted as |name| to |path|; its keys are made
 * if there are none. An earlier request is void then.
 * Errors: of membership_file.h and fileio.h, with |message|. */
enum weft_err weft_offline_request(const char *data_dir, const char *name, const char *path,
                                   struct weft_message *message);

/* Take what stands in |path| into |data_dir|: the answer to the request, or the file `revoked` of
 * the mesh. A running node sees it within a second. What was taken is said in |message|, too.
 * Errors: NOT_FOUND (nothing was asked), FORMAT (damaged), PERMISSION (for another node, request or
 *         mesh), EXPIRED, of fileio.h, with |message|. */
enum weft_err weft_offline_take(const char *data_dir, const char *path,
                                struct weft_message *message);

#endif
