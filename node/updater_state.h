/* SPDX-License-Identifier: Apache-2.0 */
/* What the updater keeps, and what its files ask of each other. Included by updater*.c only.
 *
 *   updater.c           who waits for an update; how documents are delivered
 *   updater_update.c    what one update wants, and how it ends
 *   updater_seek.c      delegated documents that subscriptions need
 *   updater_release.c   current releases and their chunk indexes
 *   updater_shelf.c     what peers may ask for
 *   updater_disk.c      roots and top-level documents in the directory
 *   updater_role.c      delegated documents in the directory
 *   updater_index.c     chunk indexes in the directory
 *   updater_clock.c     whether this machine's clock can be right
 *   updater_describe.c  what people are told */
#ifndef WEFT_UPDATER_STATE_H
#define WEFT_UPDATER_STATE_H

#include "node/fileio.h"
#include "node/shelf.h"
#include "node/updater.h"
#include "protocol/trust/client.h"

/* Indexes of one target that proved false and are remembered. */
#define WEFT_UPDATER_FALSE_MAX 4

/* False indexes of one target after which no peer is asked for another one. */
#define WEFT_UPDATER_FALSE_PATIENCE 2

/* News is told at the latest when weft_updater_wake() was called so often after it came. */
#define WEFT_UPDATER_HELD_WAKES 2

/* A look whose source has not answered for so many calls of weft_updater_wake() is late. */
#define WEFT_UPDATER_LATE_WAKES 2

enum weft_update_kind {
    WEFT_UPDATE_NONE,  /* no update is going on */
    WEFT_UPDATE_LOOK,  /* asked by weft_updater_look() */
    WEFT_UPDATE_CHECK, /* asked by weft_updater_check() */
    WEFT_UPDATE_SEEK   /* at start: only what subscriptions need of the current set */
};

/* What a peer announced. */
struct weft_announcement {
    weft_node_id peer;      /* who */
    weft_bulletin bulletin; /* as the peer says */
    uint8_t *bytes;         /* the timestamp document; owned; NULL = to be fetched */
    size_t length;          /* bytes */
};

/* The update that is going on. */
struct weft_update {
    enum weft_update_kind kind;         /* NONE = the rest is not valid */
    struct weft_announcement announced; /* of a CHECK */
    uint64_t token;                     /* of the open want; 0 = none */
    bool source_only;                   /* the open want is a want_source() */
    uint32_t wakes;                     /* calls of wake() since the open want was asked */
    bool seeks;                         /* the top level is done, delegated documents follow */
    uint32_t seek_at;                   /* subscription that is looked for */
    struct weft_fault refusal;          /* of the last refused document */
};

/* A subscription. */
struct weft_updater_component {
    char name[WEFT_PATH_BYTES_MAX]; /* as given */
    bool is_target;                 /* it is the path of a target, not a component */
    enum weft_err seek_err;         /* how the last search ended; PENDING = none yet */
    struct weft_fault seek_fault;   /* why it did not succeed */
    struct weft_release_info found; /* what it found; valid if seek_err is OK */
    struct weft_release_info info;  /* the current release; valid if has_release */
    bool has_release;               /* there is one */
    bool is_told;                   /* release() was called for info */
    uint64_t token;                 /* of the open want of its index; 0 = none */
    uint8_t *derived;               /* the index that is not signed [info.index_bytes]; owned */
    weft_node_id author;            /* who gave it; 0 = made here, or from the disk */
    int64_t failed_s;               /* when nobody had the index; 0 = not so */
    weft_release_id false_ids[WEFT_UPDATER_FALSE_MAX]; /* indexes of this target that were wrong */
    uint32_t false_count;                              /* how many there were */
};

struct weft_updater {
    struct weft_updater_host host;        /* callbacks */
    char directory[WEFT_FILE_PATH_BYTES]; /* DATA/trust */
    bool wants_no_index;                  /* of the config */
    struct weft_trust *trust;             /* owned */
    struct weft_shelf shelf;              /* what peers may ask for */
    struct weft_update update;            /* going on */
    bool look_waits;                      /* a look is to follow */
    bool look_was_late;                   /* one was put off for a check, and none ended since */
    bool check_waits;                     /* next_check is to follow */
    struct weft_announcement next_check;  /* valid if check_waits */
    uint64_t token_last;                  /* tokens count up from 1 */
    bool started;                         /* weft_updater_start() was called */
    weft_bulletin announced;              /* given to accepted(); 0 = none */
    int64_t accepted_s;                   /* when it was */
    uint32_t held_wakes;                  /* calls of wake() that news waited for an index */
    uint64_t stored[WEFT_ROLE_COUNT];     /* versions on disk; 0 = none */
    int64_t clock_floor_s;                /* a moment at which an update succeeded; 0 = none */
    int64_t source_ahead_s;               /* clock of the source minus own clock, when heard */
    bool has_source_clock;                /* source_ahead_s is valid */
    char alarm[WEFT_FAULT_BYTES];         /* equivocation that was seen; "" = none */
    struct weft_fault last;               /* how the last update ended */
    struct weft_updater_component components[WEFT_COMPONENTS_MAX]; /* [component_count] */
    uint32_t component_count;                                      /* subscribed */
};

/* ---- updater.c ---- */

/* An update is over: begin what waits. */
void weft_updater_next(struct weft_updater *updater);

/* Tell the driver that |announced| was not accepted, and why. */
void weft_updater_refuse(struct weft_updater *updater, const struct weft_announcement *announced,
                         enum weft_err err, const char *text);

/* Release what |announcement| holds. */
void weft_updater_clear(struct weft_announcement *announcement);

/* The version of |document|; 0 if it is NULL. */
uint64_t weft_updater_version_of(const struct weft_metadata *document);

/* The bulletin of the current set; 0 = there is none. */
weft_bulletin weft_updater_bulletin(const struct weft_updater *updater);

/* The bulletin of the set that begins with the newest verified timestamp, complete or not; who has
 * announced it has the rest. 0 = there is none. */
weft_bulletin weft_updater_pursued(const struct weft_updater *updater);

/* ---- updater_update.c ---- */

/* Begin an update; none is going on. Takes over |announced|. */
void weft_updater_begin(struct weft_updater *updater, enum weft_update_kind kind,
                        struct weft_announcement announced);

/* The open want is over: a document, or nobody has it. As weft_updater_document(). */
enum weft_err weft_updater_take(struct weft_updater *updater, enum weft_err result,
                                const uint8_t *bytes, size_t length);

/* Ask for the document |want| of the update. */
void weft_updater_ask(struct weft_updater *updater, const struct weft_trust_want *want);

/* The update is over; tell everybody. */
void weft_updater_finish(struct weft_updater *updater, enum weft_err err);

/* Tell of the current set if it is valid and was not told of before; if it |waits|, when no signed
 * index of it is coming any more. Result: true if it is news, told or to be told. */
bool weft_updater_announce(struct weft_updater *updater, bool waits);

/* ---- updater_seek.c ---- */

/* Look for subscriptions, from update.seek_at on, until a document has to be fetched; then the
 * update finishes. */
void weft_updater_seek(struct weft_updater *updater);

/* As weft_updater_take(), while the update seeks. */
enum weft_err weft_updater_seek_take(struct weft_updater *updater, enum weft_err result,
                                     const uint8_t *bytes, size_t length);

/* ---- updater_release.c ---- */

/* See which releases are current now; tell of those whose index is at hand, want the others. */
void weft_updater_release_all(struct weft_updater *updater);

/* Is an index with a signed hash asked for? */
bool weft_updater_index_comes(const struct weft_updater *updater);

/* Ask again for indexes that nobody had a while ago. */
void weft_updater_release_wake(struct weft_updater *updater);

/* Deliver the end of the want of an index, if |token| is one; otherwise CANCELLED. As
 * weft_updater_document(). */
enum weft_err weft_updater_release_document(struct weft_updater *updater, uint64_t token,
                                            weft_node_id from, enum weft_err result,
                                            const uint8_t *bytes, size_t length);

/* ---- updater_shelf.c ---- */

/* Put the newest trusted root onto the shelf; all stay there. */
enum weft_err weft_updater_shelve_root(struct weft_updater *updater);

/* Put the current set with its delegated documents onto the shelf, instead of an older one. */
enum weft_err weft_updater_shelve_generation(struct weft_updater *updater);

/* Put a chunk index onto the shelf. */
enum weft_err weft_updater_shelve_index(struct weft_updater *updater,
                                        const struct weft_release_info *info, const uint8_t *bytes);

/* Take chunk indexes off the shelf that no current release has. */
void weft_updater_shelve_tidy(struct weft_updater *updater);

/* ---- updater_disk.c ---- */

/* Load the root file and the directory into trust and shelf.
 * Errors: as weft_updater_open(), with |message|. */
enum weft_err weft_updater_disk_load(struct weft_updater *updater, const char *root_file,
                                     struct weft_message *message);

/* Write what is trusted now and not yet stored, each file atomically; remove what was dropped.
 * Errors: DISK_FULL, IO, ...: it is tried again with the next call. */
enum weft_err weft_updater_disk_store(struct weft_updater *updater);

/* Remove snapshots and targets that are not those of the current set. */
void weft_updater_disk_tidy(const struct weft_updater *updater);

/* ---- updater_role.c ---- */

/* Load the delegated documents that belong to the current set. */
void weft_updater_role_load(struct weft_updater *updater);

/* Store a delegated document. Errors: DISK_FULL, IO, ...: it is fetched again after a restart. */
enum weft_err weft_updater_role_store(const struct weft_updater *updater,
                                      const struct weft_metadata *document);

/* Remove stored delegated documents that are not held. */
void weft_updater_role_tidy(const struct weft_updater *updater);

/* ---- updater_index.c ---- */

/* The stored chunk index of |info|, verified if it is signed; else its length and id are set in
 * |info|, and it has the form that an honest node would give it.
 * Errors: false if it is not there or damaged. Owner: *bytes belongs to the caller; free(). */
bool weft_updater_index_load(const struct weft_updater *updater, struct weft_release_info *info,
                             uint8_t **bytes);

/* Store the chunk index of |info|, bytes[info->index_bytes]. Errors: DISK_FULL, IO, ... */
enum weft_err weft_updater_index_store(const struct weft_updater *updater,
                                       const struct weft_release_info *info, const uint8_t *bytes);

/* Remove the stored chunk index of |info|. */
void weft_updater_index_remove(const struct weft_updater *updater,
                               const struct weft_release_info *info);

/* Remove stored chunk indexes that no current release has. */
void weft_updater_index_tidy(const struct weft_updater *updater);

/* ---- updater_clock.c ---- */

/* Load the moment of the last success. */
void weft_updater_clock_load(struct weft_updater *updater);

/* Seconds since 1970 as the clock of the machine, or the driver's, says. */
int64_t weft_updater_clock_wall(const struct weft_updater *updater);

/* The time that expiry is measured with: the wall clock, but not before a moment that was. */
int64_t weft_updater_clock_now(const struct weft_updater *updater);

/* An update succeeded now. */
void weft_updater_clock_success(struct weft_updater *updater);

/* Say in text[WEFT_FAULT_BYTES] what is wrong with the clock; "" = nothing known. */
void weft_updater_clock_describe(const struct weft_updater *updater, char *text);

/* When the current timestamp was signed, as it says itself, else when it was accepted; 0 = none. */
int64_t weft_updater_clock_signed(const struct weft_updater *updater);

#endif
