/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher's repository on disk: what is in it, and how a new generation gets in. SPEC.md
 * section "Repository".
 *
 * Every file is written once under a name that nothing refers to yet; only metadata/timestamp.json
 * is ever replaced, last, by one rename. So a reader sees the old generation or the new one, and a
 * crash at any step leaves the old one valid; what it left behind is overwritten or removed by the
 * next call. One writer at a time, by a lock on DIR/.lock. */
#ifndef WEFT_REPOSITORY_H
#define WEFT_REPOSITORY_H

#include "node/fileio.h"
#include "node/keyring.h"
#include "protocol/trust/client.h"
#include "protocol/trust/catalog.h"

/* How long documents of each role are valid after signing, in seconds. */
struct weft_repository_life {
    int64_t seconds[WEFT_ROLE_COUNT]; /* by role, > 0 */
};

struct weft_repository {
    char directory[WEFT_FILE_PATH_BYTES]; /* DIR, as given */
    char keys[WEFT_FILE_PATH_BYTES];      /* directory of the key files, as given */
    struct weft_repository_life life;     /* for what is signed now */
    int64_t now_s;                        /* time of the call, seconds since 1970 */
    int lock;                             /* descriptor of DIR/.lock, -1 = not locked */
    struct weft_password *password;       /* of key files; borrowed */
    struct weft_keyring *ring;            /* the keys at hand, once one was needed; owned */
    struct weft_metadata *root;           /* newest root: what is signed now is signed for it */
    struct weft_trust *trust;             /* what is published; owned. Its root may be an older one,
                                             as long as nothing was signed again under the newest */
};

/* Say where the repository is, and its keys (NULL = none are needed).
 * Errors: LIMIT, with |message|. */
enum weft_err weft_repository_at(struct weft_repository *repository, const char *directory,
                                 const char *keys, struct weft_message *message);

/* Lock and read the repository, all of it verified; wait if another publisher works on it. With
 * |create| a missing repository is begun: directories, and a root signed with the root key.
 * Shape:  |repository| has directory, keys, password, life and now_s set; the rest is set here.
 * Errors: NOT_FOUND (none, and not |create|), PERMISSION, FORMAT, SIGNATURE, MISMATCH (damaged, or
 *         the keys are of another repository), IO, ..., with |message|.
 * Owner:  weft_repository_close() in any case. */
enum weft_err weft_repository_open(struct weft_repository *repository, bool create,
                                   struct weft_message *message);

/* Make the directories of a repository where they are missing, lock and read it; there need not be
 * a root yet.
 * Errors, owner: as weft_repository_open(). */
enum weft_err weft_repository_prepare(struct weft_repository *repository,
                                      struct weft_message *message);

/* Add the root bytes[length], which has to follow the newest one: verified as a node will, then
 * written. What was signed for the root before is still published until it is signed again.
 * Errors: SIGNATURE, ROLLBACK (another version), FORMAT, IO, ..., with |message|. */
enum weft_err weft_repository_add_root(struct weft_repository *repository, const uint8_t *bytes,
                                       size_t length, struct weft_message *message);

/* Unlock and release; the struct is the caller's. */
void weft_repository_close(struct weft_repository *repository);

/* Read the repository again, as after the commit of another publisher.
 * Errors: as weft_repository_open(). */
enum weft_err weft_repository_load(struct weft_repository *repository,
                                   struct weft_message *message);

/* Are enough keys at hand to sign a document of |role| for the newest root?
 * Errors: SIGNATURE (no), NOT_FOUND, PERMISSION, FORMAT, ..., with |message|. */
enum weft_err weft_repository_check_key(struct weft_repository *repository, enum weft_role role,
                                        struct weft_message *message);

/* The targets document that is published; NULL = nothing yet. Borrowed. */
const struct weft_metadata *weft_repository_targets(const struct weft_repository *repository);

/* Path of the file that a payload is made in before it has a name; out[WEFT_FILE_PATH_BYTES]. On
 * the same file system as the repository, removed by open and close. */
void weft_repository_draft(const struct weft_repository *repository, char *out);

/* Where the payload of |info| is (info->path, not quoted) with |suffix| behind its name ("" or
 * ".index"), into out[WEFT_FILE_PATH_BYTES]. Errors: false if it does not fit. */
bool weft_repository_file(const struct weft_repository *repository,
                          const struct weft_release_info *info, const char *suffix, char *out);

/* Move the file at |draft| to its place as the payload of |info| and write |index|
 * [info->index_bytes] beside it, durably. Errors: with |message|. */
enum weft_err weft_repository_install(const struct weft_repository *repository,
                                      const struct weft_release_info *info, const char *draft,
                                      const uint8_t *index, struct weft_message *message);

/* What a new generation says otherwise than the published one; NULL = as it is. */
struct weft_repository_change {
    json_t *targets;     /* list of the top-level targets document; borrowed */
    json_t *delegations; /* its member "delegations"; borrowed */
};

/* Publish a generation: a new targets document if |change| says so or it is past half of its life,
 * a new snapshot if needed, with the newest documents of delegated roles, a new timestamp; the
 * timestamp last. weft_repository_targets() gives the new document afterwards.
 * Errors: with |message|; before the timestamp was replaced nothing has changed for readers. */
enum weft_err weft_repository_commit(struct weft_repository *repository,
                                     const struct weft_repository_change *change,
                                     struct weft_message *message);

#endif
