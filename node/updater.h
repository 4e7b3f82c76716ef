/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the node's trusted metadata: one update at a time, persisted, served to peers. SPEC.md
 * section "Trust".
 *
 * Answers "which documents are needed next, which are trusted, which releases are current?". The
 * verdicts are those of protocol/trust/client.h; the bytes come from the driver through the
 * callbacks below. Reads and writes small files in its directory; opens no socket and reads no
 * clock but through the host.
 *
 * Flow of a document: want() or want_source() with a token -> the driver gets the bytes ->
 * weft_updater_document() -> its verdict. A refused document leaves a want() open: the driver tells
 * the core, which tries another peer or gives up (then weft_updater_document() with that result).
 * A want_source() is over after one answer, whatever it was. Callbacks may be called from within
 * every function here except find, describe and free; a callback must not call back into the
 * updater except weft_updater_document_find(). */
#ifndef WEFT_NODE_UPDATER_H
#define WEFT_NODE_UPDATER_H

#include "../protocol/bulletin.h"
#include "../protocol/err.h"
#include "../protocol/limits.h"
#include "../protocol/trust/catalog.h"
#include "../protocol/trust/fault.h"
#include "../protocol/trust/index.h"

struct weft_updater; /* opaque */
struct weft_trust;   /* client.h */

/* A document that is needed: WEFT_EVENT_DOCUMENT_WANTED with these values. */
struct weft_updater_want {
    uint64_t token;         /* names the request */
    const char *path;       /* below the repository; borrowed for the call */
    uint32_t bytes_max;     /* no longer one is accepted */
    weft_bulletin bulletin; /* metadata that needs it */
    weft_node_id hint;      /* a peer that should hold it; 0 = nobody */
    bool is_derived;  /* a chunk index that is not signed: who has the whole target makes it */
    bool is_own_work; /* of it: peers were wrong too often, it is made here */
};

/* Newer metadata: WEFT_EVENT_BULLETIN. */
struct weft_updater_news {
    weft_bulletin bulletin; /* versions, and a tag of the bytes */
    const uint8_t *bytes;   /* the timestamp document; borrowed */
    size_t length;          /* longer than WEFT_BULLETIN_BYTES_MAX = do not gossip the bytes */
    int64_t fresh_s;        /* from now to the middle of its life; < 0 = it is over */
};

/* What the updater asks of and tells its driver. Pointer arguments are borrowed for the call. now_s
 * NULL = the clock of the machine; accepted, refused NULL = nobody is told. */
struct weft_updater_host {
    void *context; /* passed back */

    /* Seconds since 1970 by the wall clock. */
    int64_t (*now_s)(void *context);

    /* Get a document from a peer or the source. */
    void (*want)(void *context, const struct weft_updater_want *want);

    /* Get |path| from the source only, fresh (no cache): the documents of a look. */
    void (*want_source)(void *context, uint64_t token, const char *path, uint32_t bytes_max);

    /* A newer set of metadata is trusted and stored, with the signed chunk indexes that are wanted
     * unless they are late; or was loaded at start. SPEC.md section "Trust". */
    void (*accepted)(void *context, const struct weft_updater_news *news);

    /* What |peer| announced was not accepted: WEFT_EVENT_BULLETIN_REFUSED. |text| is for the log.
     * result OK = it is not newer than what is trusted, nobody is to blame; EXISTS = it is signed,
     * but not what is trusted of that version. */
    void (*refused)(void *context, weft_node_id peer, weft_bulletin bulletin, enum weft_err result,
                    const char *text);

    /* A look ended: WEFT_EVENT_LOOKED. |text| says why if |result| is not OK. */
    void (*looked)(void *context, enum weft_err result, const char *text);

    /* Subscription number |number| has a current release, at start or a new one. |index| is decoded
     * from |index_bytes| [info->index_bytes], which match |info|; or, unless info->has_index, are
     * what |author| says (0 = this node made it, or found it on its disk). Not called, and may be
     * NULL, if the config wants no index. */
    void (*release)(void *context, uint32_t number, const struct weft_release_info *info,
                    const struct weft_index *index, const uint8_t *index_bytes,
                    weft_node_id author);
};

/* What a node wants to keep current. */
struct weft_updater_subscription {
    const char *name; /* of a component, weft_name_ok(); or the path of a target */
    bool is_target;   /* it is a path */
};

struct weft_updater_config {
    const char *directory; /* DATA/trust; made (0700) if missing, its parent must exist */
    const char *root_file; /* --root FILE */
    const struct weft_updater_subscription *subscriptions; /* [subscription_count]; copied */
    uint32_t subscription_count;                           /* 0..WEFT_COMPONENTS_MAX */
    bool wants_no_index; /* only say what is signed of each: release() is never called */
};

/* What the trusted metadata looks like now, for status. */
struct weft_updater_state {
    uint32_t root_version;      /* newest trusted root, >= 1 */
    uint32_t timestamp_version; /* of the current set, 0 = none yet */
    uint32_t snapshot_version;  /* of the current set, 0 = none yet */
    uint32_t targets_version;   /* of the current set, 0 = none yet */
    int64_t signed_s;  /* when its timestamp was signed, as it says, or accepted; 0 = none */
    int64_t expires_s; /* first moment at which a document of the set is expired; 0 = none */
    bool expired;      /* expires_s has passed: nothing new until the source publishes */
    bool stale;        /* the middle of the timestamp's life has passed */
    bool busy;         /* an update is going on */
    bool announced;    /* the timestamp of the current set was given to accepted() */
    char text[WEFT_FAULT_BYTES];  /* one line for people: "metadata is valid until ...", "metadata
                                     expired on ...", or why the last update failed */
    char clock[WEFT_FAULT_BYTES]; /* what is wrong with this machine's clock; "" = nothing known */
    char alarm[WEFT_FAULT_BYTES]; /* two signed timestamps of one version were seen: both hashes;
                                     "" = never */
};

/* Load the root file and what the directory holds; calls nothing back.
 * Errors: *updater is NULL, |text| [text_bytes] a message for people: what, where, what to do.
 *         NOT_FOUND, PERMISSION, IO, FORMAT, SIGNATURE (the root file does not belong to the stored
 *         roots, or is not a root), MEMORY. Damaged stored documents other than roots are dropped.
 * Owner:  *updater belongs to the caller; weft_updater_free(). |config| is copied, |host| too. */
enum weft_err weft_updater_open(const struct weft_updater_config *config,
                                const struct weft_updater_host *host, struct weft_updater **updater,
                                char *text, size_t text_bytes);

/* Release everything; calls nothing back. NULL is allowed. */
void weft_updater_free(struct weft_updater *updater);

/* Tell what was loaded: accepted() and release() for what is complete on disk, want() for delegated
 * documents and chunk indexes that are missing. Call once, after the core had its START event. */
void weft_updater_start(struct weft_updater *updater);

/* Look at the source for newer metadata; ends in exactly one looked(). A look that is asked for
 * during another update waits its turn; one asked for while a look waits or runs joins it, and
 * one looked() answers both. If the source has not answered that yet, want_source() is called once
 * more with the same token: the first answer counts, a failure only if no other request is open. */
void weft_updater_look(struct weft_updater *updater);

/* Check what a peer announced (WEFT_ACTION_BULLETIN_CHECK); ends in accepted() or refused(), at
 * once or later. |length| 0 = get metadata/timestamp.json from the peer. Of several announcements
 * during an update the newest one waits, the others are refused as CANCELLED. It does not wait for
 * a source that has not answered a look for two calls of weft_updater_wake(): it goes first, and
 * the look begins anew.
 * Owner:  copies |bytes|. */
void weft_updater_check(struct weft_updater *updater, weft_node_id peer, weft_bulletin bulletin,
                        const uint8_t *bytes, size_t length);

/* Deliver the end of a want() or want_source(). |result| OK: the document is |bytes| [length], from
 * the peer |from| (0 = the source, or made here); otherwise the request is over and nobody has it
 * (NOT_FOUND: certainly not there).
 * Result: OK = the document is accepted; else why not, for WEFT_EVENT_DOCUMENT: a want() stays
 *         open. CANCELLED if |token| is not open (any more).
 * Owner:  copies what it keeps of |bytes|. */
enum weft_err weft_updater_document(struct weft_updater *updater, uint64_t token, weft_node_id from,
                                    enum weft_err result, const uint8_t *bytes, size_t length);

/* A verified document to serve to a peer: every root, the current timestamp, snapshot, targets and
 * delegated roles, the chunk indexes of current releases.
 * Errors: false if there is none at |path| (any string).
 * Owner:  *bytes is borrowed until the next call into |updater| that is not a find. */
bool weft_updater_document_find(const struct weft_updater *updater, const char *path,
                                const uint8_t **bytes, size_t *length);

/* Once a second: metadata that was expired may be valid again when the clock was put right, and
 * news waits no longer than to the second call for its chunk indexes. */
void weft_updater_wake(struct weft_updater *updater);

/* The clock of the source, seconds since 1970, as its web server says: to find a wrong clock here.
 * Nothing else depends on it. */
void weft_updater_note_source_clock(struct weft_updater *updater, int64_t source_s);

/* What is signed of subscription number |number|; valid if the result is OK.
 * Errors: PENDING (not asked yet), NOT_FOUND, SIGNATURE, EXPIRED, ...; |fault| says why. */
enum weft_err weft_updater_signed(const struct weft_updater *updater, uint32_t number,
                                  struct weft_release_info *info, struct weft_fault *fault);

/* What the current set says of the target |path|, subscribed or not; nothing is fetched for it.
 * Errors: PENDING (an update is going on, or a delegated document is not at hand), NOT_FOUND,
 *         EXPIRED, ..., with |fault|; *info is then undefined. */
enum weft_err weft_updater_lookup(struct weft_updater *updater, const char *path,
                                  struct weft_release_info *info, struct weft_fault *fault);

/* The release whose chunk index, which is not signed, has the path |path|; NULL = there is none.
 * Borrowed until the next call into |updater|. */
const struct weft_release_info *weft_updater_derived(const struct weft_updater *updater,
                                                     const char *path);

/* The whole target was verified against its signed hash: the index of release |id| of subscription
 * |number| may be handed to peers. */
void weft_updater_index_proven(struct weft_updater *updater, uint32_t number, weft_release_id id);

/* The index of release |id| of subscription |number| is wrong: every chunk matched it, the whole
 * did not match its signed hash; or nobody brings chunks that match it. It is not taken again, and
 * another one is wanted. */
void weft_updater_index_false(struct weft_updater *updater, uint32_t number, weft_release_id id);

/* What is trusted, for those who show or copy documents. Owner: |updater|; it changes with every
 * call into it. */
const struct weft_trust *weft_updater_trust(const struct weft_updater *updater);

/* The index of release |id| of subscription |number| brings no chunks: others are asked for theirs,
 * and one that differs takes its place. */
void weft_updater_index_doubt(struct weft_updater *updater, uint32_t number, weft_release_id id);

/* Describe the trusted metadata as of now_s() of the host. */
void weft_updater_describe(const struct weft_updater *updater, struct weft_updater_state *state);

#endif
