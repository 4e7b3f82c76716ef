/* SPDX-License-Identifier: Apache-2.0 */
/* Making and signing the documents of a repository. Used by repository.c and repository_role.c
 * only; the commit itself is declared in repository.h. */
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

/* What every document of |role| begins with: type, version, expiry. NULL without memory.
 * Owner: the caller; json_decref(). */
json_t *weft_repository_body(const struct weft_repository *repository, enum weft_role role,
                             uint64_t version);

/* What a parent says of |document|: version, length, SHA-256. NULL without memory. Owner: likewise.
 */
json_t *weft_repository_pin(const struct weft_metadata *document);

/* Are enough keys of |signers| at hand? False as well if the keys cannot be read. */
bool weft_repository_has_keys(struct weft_repository *repository,
                              const struct weft_signers *signers);

/* Sign |body| with all keys of |signers| at hand, which have to be enough. |whose| is for messages.
 * Errors: SIGNATURE, ..., with |message|. Owner: text->bytes belongs to the caller; free(). */
enum weft_err weft_repository_sign(struct weft_repository *repository,
                                   const struct weft_signers *signers, const char *whose,
                                   json_t *body, struct weft_repository_text *text,
                                   struct weft_message *message);

/* Write |text| as the file |name| below the repository, atomically. Errors: with |message|. */
enum weft_err weft_repository_write(const struct weft_repository *repository, const char *name,
                                    const struct weft_repository_text *text,
                                    struct weft_message *message);

#endif
