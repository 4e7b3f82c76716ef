/* SPDX-License-Identifier: Apache-2.0 */
/* The TUF client workflow (TUF 1.0, section 5) as a state machine without I/O. SPEC.md section
 * "Client workflow".
 *
 * Answers "which document is needed next?", "may this one be trusted?" and "what is signed of this
 * component or target?". Whoever drives it gets and keeps the bytes. Two sets are held: the
 * *trusted* documents, each the newest that passed its checks (they are what rollback is measured
 * against, and must be persisted after every step), and the *current* set, the last one in which
 * timestamp, snapshot and targets belong together (what releases are read from and peers are
 * served). After an interrupted update they differ. */
#ifndef WEFT_TRUST_CLIENT_H
#define WEFT_TRUST_CLIENT_H

#include "catalog.h"
#include "delegation.h"

/* New roots that one update follows at most. */
#define WEFT_TRUST_ROOTS_PER_UPDATE_MAX 256

enum weft_trust_stage {
    WEFT_TRUST_IDLE,      /* no update was begun */
    WEFT_TRUST_ROOT,      /* wants the next root */
    WEFT_TRUST_TIMESTAMP, /* wants the timestamp */
    WEFT_TRUST_SNAPSHOT,  /* wants the snapshot that the timestamp names */
    WEFT_TRUST_TARGETS,   /* wants the targets that the snapshot names */
    WEFT_TRUST_DONE,      /* the update succeeded; the current set is the trusted one */
    WEFT_TRUST_FAILED     /* the update ended before; weft_trust_fault() says why */
};

struct weft_trust; /* opaque */

struct weft_trust_want {
    enum weft_role role;                           /* of the document that is wanted */
    char name[WEFT_DELEGATION_NAME_BYTES_MAX + 1]; /* of a delegated role (TARGETS); else empty */
    uint64_t version;               /* that it must have; 0 = not known (timestamp) */
    uint32_t bytes_max;             /* no longer document is accepted */
    char path[WEFT_PATH_BYTES_MAX]; /* below the repository: "metadata/3.snapshot.json" */
};

/* Make a client that trusts nothing yet.
 * Errors: NULL without memory.
 * Owner:  the caller; weft_trust_free(). */
struct weft_trust *weft_trust_new(void);

/* Release |trust| and all documents; NULL is allowed. */
void weft_trust_free(struct weft_trust *trust);

/* Trust a root: the first one because the caller says so (it must be signed by its own keys), each
 * further one because it follows the one before. Expiry is not looked at. Only outside of updates.
 * Errors: FORMAT, SIGNATURE, ROLLBACK, LIMIT, MEMORY, with weft_trust_fault(). */
enum weft_err weft_trust_load_root(struct weft_trust *trust, const uint8_t *bytes, size_t length);

/* Take back a document of an earlier run, after the roots and in the order timestamp, snapshot,
 * targets. It must be signed for the trusted root; expiry is not looked at. A snapshot and targets
 * that belong together make up the current set again, even if the timestamp is newer.
 * Errors: FORMAT, SIGNATURE, MISMATCH, ..., with weft_trust_fault(); the document is ignored. */
enum weft_err weft_trust_load(struct weft_trust *trust, enum weft_role role, const uint8_t *bytes,
                              size_t length);

/* Begin an update; one that is going on is forgotten. |now_s| (seconds since 1970) is its time
 * until it ends. New roots are followed to |root_version_max|; UINT64_MAX = until there is none. */
void weft_trust_begin(struct weft_trust *trust, int64_t now_s, uint64_t root_version_max);

/* Which document the update wants now.
 * Errors: false if it wants none: it was not begun or is over; *want is then untouched. */
bool weft_trust_wanted(const struct weft_trust *trust, struct weft_trust_want *want);

/* Give the wanted document.
 * Errors: why it is refused, with weft_trust_fault(); then it is still wanted and nothing changed.
 *         OK = it is trusted now; but the update may have ended in FAILED all the same, when the
 *         last root or a document that needs no fetching has expired: ask weft_trust_stage(). */
enum weft_err weft_trust_feed(struct weft_trust *trust, const uint8_t *bytes, size_t length);

/* Say that the wanted document cannot be had because of |reason| (not OK). A next root that is
 * NOT_FOUND ends the chain of roots if |root_version_max| was UINT64_MAX; else the update FAILED.
 * Result: OK if the update goes on, otherwise the error of the update. */
enum weft_err weft_trust_give_up(struct weft_trust *trust, enum weft_err reason);

/* Where the update is. */
enum weft_trust_stage weft_trust_stage(const struct weft_trust *trust);

/* The newest trusted document of |role|; NULL = none. Borrowed until the next call that changes
 * |trust|. */
const struct weft_metadata *weft_trust_document(const struct weft_trust *trust,
                                                enum weft_role role);

/* The document of |role| in the current set; NULL = there is no current set. Root is always the
 * newest trusted one. The timestamp is NULL if the set was loaded and the stored timestamp names
 * another snapshot. Borrowed until the next call that changes |trust|. */
const struct weft_metadata *weft_trust_current(const struct weft_trust *trust, enum weft_role role);

/* First moment at which root or a document of the current set is expired, seconds since 1970;
 * INT64_MAX = there is no current set. */
int64_t weft_trust_expires_s(const struct weft_trust *trust);

/* ---- Delegated roles ----
 *
 * A search that needs the document of a delegated role ends with PENDING: get what
 * weft_trust_wanted_role() names, weft_trust_feed_role() it or give it up, and search again. The
 * time of the last update is what expiry is measured with; before the first one nothing expires. */

/* The current release of |component| in the current set.
 * Errors: PENDING; NOT_FOUND; SIGNATURE, EXPIRED, ...: see component.h; with weft_trust_fault();
 *         *info is then undefined. */
enum weft_err weft_trust_seek_component(struct weft_trust *trust, const char *component,
                                        struct weft_release_info *info);

/* What the current set says of the target |path|, as a plain file.
 * Errors: PENDING; NOT_FOUND; LIMIT, SIGNATURE, EXPIRED, ...: see search.h; UNSAFE_PATH: no node
 *         can keep a file of this name; with weft_trust_fault(); *info is then undefined. */
enum weft_err weft_trust_seek_target(struct weft_trust *trust, const char *path,
                                     struct weft_release_info *info);

/* Which document the last search wants.
 * Errors: false if it wants none; *want is then undefined. */
bool weft_trust_wanted_role(const struct weft_trust *trust, struct weft_trust_want *want);

/* Give it. Errors: why it is refused, with weft_trust_fault(); it is then still wanted. */
enum weft_err weft_trust_feed_role(struct weft_trust *trust, const uint8_t *bytes, size_t length);

/* It cannot be had because of |reason| (not OK): until the next update searches that need it end
 * with |reason|. Errors: LIMIT, MEMORY: searches go on to want it. */
enum weft_err weft_trust_give_up_role(struct weft_trust *trust, enum weft_err reason);

/* Take back the document of a delegated role of an earlier run, after the current set. Who signed
 * it is asked in the searches. Errors: NOT_FOUND (the snapshot does not list it), FORMAT, MISMATCH,
 * ..., with weft_trust_fault(); the document is ignored. */
enum weft_err weft_trust_load_role(struct weft_trust *trust, const char *name, const uint8_t *bytes,
                                   size_t length);

/* Document number |index|, from 0, of the delegated roles that are held; NULL = there are fewer.
 * Borrowed until the next call that changes |trust|. */
const struct weft_metadata *weft_trust_role_at(const struct weft_trust *trust, size_t index);

/* The held document of the delegated role |name|; NULL = there is none. Borrowed likewise. */
const struct weft_metadata *weft_trust_role_named(const struct weft_trust *trust, const char *name);

/* The longest document of |role| that is accepted when its parent states |pin|, in bytes. */
uint32_t weft_trust_bytes_max(enum weft_role role, const struct weft_pin *pin);

/* Why the last document was refused or the last update failed; borrowed from |trust|. */
const struct weft_fault *weft_trust_fault(const struct weft_trust *trust);

#endif
