/* SPDX-License-Identifier: Apache-2.0 */
/* Making and signing the documents of a repository. Used by repository.c only; the commit itself is
 * declared in repository.h. */
#ifndef WEFT_REPOSITORY_SIGN_H
#define WEFT_REPOSITORY_SIGN_H

#include "node/repository.h"

/* A signed document as it is written. */
struct weft_repository_text {
    uint8_t *bytes; /* [length]; owned */
    size_t length;  /* bytes */
};

/* Write metadata/1.root.json with the public keys of all four key files, signed by the root key.
 * Errors: with |message|. */
enum weft_err weft_repository_create_root(struct weft_repository *repository,
                                          struct weft_message *message);

#endif
