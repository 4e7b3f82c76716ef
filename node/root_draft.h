/* SPDX-License-Identifier: Apache-2.0 */
/* A root document on its way to enough signatures: a file that travels from key holder to key
 * holder. SPEC.md section "Roots". Answers "what does it say, who signed, who has to?"; which
 * command changes it is in root.c. */
#ifndef WEFT_ROOT_DRAFT_H
#define WEFT_ROOT_DRAFT_H

#include "node/keyring.h"

struct weft_root_draft {
    json_t *document;               /* {"signatures", "signed"}; owned */
    struct weft_metadata *previous; /* the root it follows; owned; NULL = not known */
};

/* Who signed for one of the two sets of keys that have to. */
struct weft_root_tally {
    struct weft_signers signers; /* the set; borrows from the draft */
    uint64_t count;              /* distinct keys of it that signed */
    json_t *signed_by;           /* object: their key ids; owned */
};

/* Begin version 1, without keys. Errors: MEMORY. Owner: weft_root_draft_free(). */
enum weft_err weft_root_draft_new(struct weft_root_draft *draft, int64_t expires_s);

/* Begin the version after |root|, which is copied, with its keys. Errors, owner: likewise. */
enum weft_err weft_root_draft_next(struct weft_root_draft *draft, const struct weft_metadata *root,
                                   int64_t expires_s);

/* Read |path|; with |repository| (NULL = none) also the root that it follows.
 * Errors: NOT_FOUND, FORMAT (not a root), ..., with |message|.
 * Owner:  weft_root_draft_free(), also after errors. */
enum weft_err weft_root_draft_load(struct weft_root_draft *draft, const char *path,
                                   const char *repository, struct weft_message *message);

/* Write it to |path|, atomically. Errors: with |message|. */
enum weft_err weft_root_draft_save(const struct weft_root_draft *draft, const char *path,
                                   struct weft_message *message);

/* Release; the struct is the caller's. */
void weft_root_draft_free(struct weft_root_draft *draft);

/* The body; borrowed. */
json_t *weft_root_draft_body(const struct weft_root_draft *draft);

/* Its version. */
uint64_t weft_root_draft_version(const struct weft_root_draft *draft);

/* Give |role| the keys of the files paths[count], instead of those it has, and |threshold|; 0 of
 * either = as it is.
 * Errors: those of weft_keyfile_load(), ARGUMENT (a threshold above the number of keys), with
 *         |message|. */
enum weft_err weft_root_draft_role(struct weft_root_draft *draft, enum weft_role role,
                                   const char *const *paths, uint32_t count, uint64_t threshold,
                                   struct weft_message *message);

/* Take keys out of the document that no role names any more. */
void weft_root_draft_tidy(struct weft_root_draft *draft);

/* Count signatures: for the draft's own root keys, or for those of the root it follows, which is
 * known. Errors: FORMAT, MEMORY. Owner: tally->signed_by; json_decref(). */
enum weft_err weft_root_draft_tally(const struct weft_root_draft *draft, bool for_previous,
                                    struct weft_root_tally *tally);

/* Add signatures by all keys of |ring| that are asked for. *added counts them.
 * Errors: those of weft_keyring_sign(), with |message|. */
enum weft_err weft_root_draft_sign(struct weft_root_draft *draft, struct weft_keyring *ring,
                                   uint64_t *added, struct weft_message *message);

#endif
