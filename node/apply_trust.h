/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed, by the verdict of `weft apply`: the metadata that a node left, verified again
 * from an own root and against own floors. Used by apply.c only. */
#ifndef WEFT_APPLY_TRUST_H
#define WEFT_APPLY_TRUST_H

#include "node/apply_input.h"
#include "node/subscribe.h"
#include "protocol/trust/catalog.h"

struct weft_apply_trust; /* opaque */

struct weft_apply_trust_config {
    const struct weft_input *input; /* the node's data; borrowed */
    const char *directory;          /* STATE/trust: roots and floors of the own; borrowed */
    const char *root_file;          /* --root; borrowed */
    const struct weft_run_component *components; /* [component_count] what is kept; borrowed */
    uint32_t component_count;                    /* entries of it */
};

/* Load what is trusted, and bring it up to date from the node's data.
 * Errors: as the updater's, with |message|; *trust is then NULL.
 * Owner:  weft_apply_trust_close(). */
enum weft_err weft_apply_trust_open(const struct weft_apply_trust_config *config,
                                    struct weft_apply_trust **trust, struct weft_message *message);

/* Release everything; NULL is allowed. */
void weft_apply_trust_close(struct weft_apply_trust *trust);

/* What is signed of component number |number|.
 * Errors: NOT_FOUND, SIGNATURE, EXPIRED, ..., with |message|; *info is then undefined. */
enum weft_err weft_apply_trust_signed(const struct weft_apply_trust *trust, uint32_t number,
                                      struct weft_release_info *info, struct weft_message *message);

#endif
