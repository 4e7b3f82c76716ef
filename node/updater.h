/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the node's trusted metadata: one update at a time, persisted, served to peers. SPEC.md
 * section "Trust".
 *
 * Answers "which documents are needed next, which are trusted, which releases are current?". The
 * verdicts are those of protocol/trust/client.h; the bytes come from the driver through the
 * callbacks below. Reads and writes small files in DATA/trust; opens no socket and reads no clock
 * but through the host.
 *
 * Flow of a document: want() or want_source() with a token -> the driver gets the bytes ->
 * weft_updater_document() -> its verdict. A refused document leaves a want() open: the driver tells
 * the core, which tries another peer or gives up (then weft_updater_document() with that result).
 * A want_source() is over after one answer, whatever it was. Callbacks may be called from within
 * every function here except find, describe and free; a callback must not call back into the
 * updater except weft_updater_document_find(). */
#ifndef WEFT_NODE_UPDATER_H
#define WEFT_NODE_UPDATER_H

#include "../protocol/err.h"
#include "../protocol/limits.h"
#include "../protocol/trust/index.h"
#include "../protocol/trust/catalog.h"
#include "../protocol/types.h"

struct weft_updater; /* opaque */

/* What the updater asks of and tells its driver. Pointer arguments are borrowed for the call. */
struct weft_updater_host {
    void *context; /* passed back */

    /* Seconds since 1970 by the wall clock. */
    int64_t (*now_s)(void *context);

    /* Get |path| from a peer or the source: WEFT_EVENT_DOCUMENT_WANTED with these values. */
    void (*want)(void *context, uint64_t token, const char *path, uint32_t bytes_max,
                 uint32_t bulletin, weft_node_id hint);

    /* Get |path| from the source only, fresh (no cache): the documents of a look. */
    void (*want_source)(void *context, uint64_t token, const char *path, uint32_t bytes_max);

    /* A newer set of metadata is trusted and stored, or was loaded at start: WEFT_EVENT_BULLETIN.
     * |bytes| is the timestamp document; longer than WEFT_BULLETIN_BYTES_MAX = do not gossip. */
    void (*accepted)(void *context, uint32_t version, uint32_t root_version, const uint8_t *bytes,
                     size_t length);

    /* What |peer| announced was not accepted: WEFT_EVENT_BULLETIN_REFUSED. |text| is for the log.
     * result OK = it is not newer than what is trusted, nobody is to blame. */
    void (*refused)(void *context, weft_node_id peer, uint32_t version, enum weft_err result,
                    const char *text);

    /* A look ended: WEFT_EVENT_LOOKED. |text| says why if |result| is not OK. */
    void (*looked)(void *context, enum weft_err result, const char *text);

    /* Component number |component| has a current release, at start or a new one. |index| is decoded
     * from |index_bytes| [info->index_bytes], which match |info|. */
    void (*release)(void *context, uint32_t component, const struct weft_release_info *info,
                    const struct weft_index *index, const uint8_t *index_bytes);
};

struct weft_updater_config {
    const char *directory;         /* DATA/trust; made (0700) if missing, its parent must exist */
    const char *root_file;         /* --root FILE */
    const char *const *components; /* [component_count] names of --component, weft_name_ok() */
    uint32_t component_count;      /* 0..WEFT_COMPONENTS_MAX */
};

/* What the trusted metadata looks like now, for status. */
struct weft_updater_state {
    uint32_t root_version;      /* newest trusted root, >= 1 */
    uint32_t timestamp_version; /* of the current set, 0 = none yet */
    uint32_t snapshot_version;  /* of the current set, 0 = none yet */
    uint32_t targets_version;   /* of the current set, 0 = none yet */
    int64_t expires_s; /* first moment at which a document of the set is expired; 0 = none */
    bool expired;      /* expires_s has passed: nothing new until the source publishes */
    bool busy;         /* an update is going on */
    bool announced;    /* the timestamp of the current set was given to accepted() */
    char text[256];    /* one line for people: "metadata is valid until ...", "metadata
                                   expired on ..., the source must publish again", or why the last
                                   update failed */
};

/* Load the root file and what DATA/trust holds; calls nothing back.
 * Errors: *updater is NULL, |text| [text_bytes] a message for people: what, where, what to do.
 *         NOT_FOUND, PERMISSION, IO, FORMAT, SIGNATURE (the root file does not belong to the stored
 *         roots, or is not a root), MEMORY. Damaged stored documents other than roots are dropped.
 * Owner:  *updater belongs to the caller; weft_updater_free(). |config| is copied, |host| too. */
enum weft_err weft_updater_open(const struct weft_updater_config *config,
                                const struct weft_updater_host *host, struct weft_updater **updater,
                                char *text, size_t text_bytes);

/* Release everything; calls nothing back. NULL is allowed. */
void weft_updater_free(struct weft_updater *updater);

/* Tell what was loaded: accepted() and release() for what is complete on disk, want() for the chunk
 * indexes of current releases that are missing. Call once, after the core had its START event. */
void weft_updater_start(struct weft_updater *updater);

/* Look at the source for newer metadata; ends in exactly one looked(). A look that is asked for
 * during another update waits its turn; one asked for while a look waits or runs joins it, and
 * one looked() answers both. */
void weft_updater_look(struct weft_updater *updater);

/* Check what a peer announced (WEFT_ACTION_BULLETIN_CHECK); ends in accepted() or refused(), at
 * once or later. |length| 0 = get metadata/timestamp.json from the peer. Of several announcements
 * during an update the one with the highest version waits, the others are refused as CANCELLED.
 * Owner:  copies |bytes|. */
void weft_updater_check(struct weft_updater *updater, weft_node_id peer, uint32_t version,
                        uint32_t root_version, const uint8_t *bytes, size_t length);

/* Deliver the end of a want() or want_source(). |result| OK: the document is |bytes| [length];
 * otherwise the request is over and nobody has it (NOT_FOUND: certainly not there).
 * Result: OK = the document is accepted; else why not, for WEFT_EVENT_DOCUMENT: a want() stays
 *         open. CANCELLED if |token| is not open (any more).
 * Owner:  copies what it keeps of |bytes|. */
enum weft_err weft_updater_document(struct weft_updater *updater, uint64_t token,
                                    enum weft_err result, const uint8_t *bytes, size_t length);

/* A verified document to serve to a peer: every root, the current timestamp, snapshot and targets,
 * the chunk indexes of current releases.
 * Errors: false if there is none at |path| (any string).
 * Owner:  *bytes is borrowed until the next call into |updater| that is not a find. */
bool weft_updater_document_find(const struct weft_updater *updater, const char *path,
                                const uint8_t **bytes, size_t *length);

/* Describe the trusted metadata as of now_s() of the host. */
void weft_updater_describe(const struct weft_updater *updater, struct weft_updater_state *state);

#endif
