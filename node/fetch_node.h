/* SPDX-License-Identifier: Apache-2.0 */
/* What the node on this machine knows of a target, and getting it that way: from the node's store,
 * else from its source. Used by fetch.c only. SPEC.md section "Control socket". */
#ifndef WEFT_FETCH_NODE_H
#define WEFT_FETCH_NODE_H

#include "node/fileio.h"
#include "protocol/trust/catalog.h"

struct weft_fetch_node {
    struct weft_release_info info;     /* as signed: target, file, path, pin */
    char file[WEFT_FILE_PATH_BYTES];   /* the node has it here; "" = it does not have it */
    char source[WEFT_FILE_PATH_BYTES]; /* URL of its source; "" = none */
    const char *how;                   /* where it came from, for people; set by get */
};

/* Ask the node that runs on |data_dir| for the target |path|.
 * Errors: CLOSED (no node answers), NOT_FOUND, EXPIRED, ..., with |message|. */
enum weft_err weft_fetch_node_ask(const char *data_dir, const char *path,
                                  struct weft_fetch_node *node, struct weft_message *message);

/* Bring it to the file |path|, verified. Errors: with |message|; |path| is then as before. */
enum weft_err weft_fetch_node_get(struct weft_fetch_node *node, const char *path,
                                  struct weft_message *message);

#endif
