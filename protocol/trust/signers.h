/* SPDX-License-Identifier: Apache-2.0 */
/* A set of keys of which a number has to sign. SPEC.md section "Keys".
 *
 * Answers "is this document signed by enough of these keys?". A root gives one to each top-level
 * role (root.h), a delegation to each delegated one (delegation.h). */
#ifndef WEFT_TRUST_SIGNERS_H
#define WEFT_TRUST_SIGNERS_H

#include "metadata.h"

/* More keys of one role than any publisher has; bounds the signatures that are checked. */
#define WEFT_SIGNERS_KEYS_MAX 64

struct weft_signers {
    const json_t *keys;   /* object, key id to key; borrowed */
    const json_t *keyids; /* list of those that may sign; borrowed */
    uint64_t threshold;   /* how many of them have to, >= 1 */
};

/* Structural check of an object of keys, member by member. |owner| is for the text of |fault|.
 * Errors: FORMAT, in |fault|. */
enum weft_err weft_signers_check_keys(json_t *keys, const char *owner, struct weft_fault *fault);

/* Structural check of |entry|: key ids without repetition, a threshold of at least 1. There may be
 * fewer keys than the threshold: then nothing verifies. |role| is for the text of |fault|.
 * Errors: FORMAT, LIMIT, in |fault|. */
enum weft_err weft_signers_check(const json_t *entry, const char *role, struct weft_fault *fault);

/* The signers that |entry|, checked before, names among |keys|. Borrows both. */
struct weft_signers weft_signers_of(const json_t *keys, const json_t *entry);

/* Is |document| signed by at least the threshold of distinct keys? One key under two ids is one.
 * Unknown and wrong signatures beside enough right ones do no harm. |whose| says for the text of
 * |fault| who asks for the keys: "root version 3".
 * Errors: SIGNATURE, MEMORY, in |fault|. */
enum weft_err weft_signers_verify(const struct weft_signers *signers, const char *whose,
                                  const struct weft_metadata *document, struct weft_fault *fault);

/* How many distinct keys of |signers| signed |document|, which may be any object with signatures
 * and signed. With |signed_by| (may be NULL) the key ids of those keys are set in that object.
 * Errors: false without memory or if there is no canonical form; *count is then 0. */
bool weft_signers_count(const struct weft_signers *signers, json_t *document, json_t *signed_by,
                        uint64_t *count);

/* Has a key of |before| lost its place in |after|? */
bool weft_signers_lost(const struct weft_signers *before, const struct weft_signers *after);

#endif
