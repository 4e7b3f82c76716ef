/* SPDX-License-Identifier: Apache-2.0 */
/* What the updater keeps, and what its files ask of each other. Included by updater*.c only.
 *
 * updater.c: which update runs, what it wants, how it ends. updater_disk.c: DATA/trust.
 * updater_release.c: components and their chunk indexes. */
#ifndef WEFT_UPDATER_STATE_H
#define WEFT_UPDATER_STATE_H

#include "node/fileio.h"
#include "node/shelf.h"
#include "node/updater.h"
#include "protocol/trust/client.h"

enum weft_update_kind {
    WEFT_UPDATE_NONE, /* no update is going on */
    WEFT_UPDATE_LOOK, /* asked by weft_updater_look() */
    WEFT_UPDATE_CHECK /* asked by weft_updater_check() */
};

/* What a peer announced. */
struct weft_announcement {
    weft_node_id peer;     /* who */
    uint32_t version;      /* of the timestamp, as the peer says */
    uint32_t root_version; /* as the peer says */
    uint8_t *bytes;        /* the timestamp document; owned; NULL = to be fetched */
    size_t length;         /* bytes */
};

/* The update that is going on. */
struct weft_update {
    enum weft_update_kind kind;         /* NONE = the rest is not valid */
    struct weft_announcement announced; /* of a CHECK */
    uint64_t token;                     /* of the open want; 0 = none */
    bool source_only;                   /* the open want is a want_source() */
    struct weft_fault refusal;          /* of the last refused document */
};

/* A subscribed component. */
struct weft_updater_component {
    char name[WEFT_NAME_BYTES_MAX + 1]; /* as given by --component */
    struct weft_release_info info;      /* the current release; valid if has_release */
    bool has_release;                   /* the targets list one */
    bool is_told;                       /* release() was called for info */
    uint64_t token;                     /* of the open want of its index; 0 = none */
};

struct weft_updater {
    struct weft_updater_host host;        /* callbacks */
    char directory[WEFT_FILE_PATH_BYTES]; /* DATA/trust */
    struct weft_trust *trust;             /* owned */
    struct weft_shelf shelf;              /* what peers may ask for */
    struct weft_update update;            /* going on */
    bool look_waits;                      /* a look is to follow */
    bool check_waits;                     /* next_check is to follow */
    struct weft_announcement next_check;  /* valid if check_waits */
    uint64_t token_last;                  /* tokens count up from 1 */
    bool started;                         /* weft_updater_start() was called */
    uint64_t announced_version;           /* of the timestamp given to accepted(); 0 = none */
    uint64_t announced_root;              /* version of the root given with it */
    uint64_t stored[WEFT_ROLE_COUNT];     /* versions on disk; 0 = none */
    struct weft_fault last;               /* how the last update ended */
    struct weft_updater_component components[WEFT_COMPONENTS_MAX]; /* [component_count] */
    uint32_t component_count;                                      /* subscribed */
};

/* Load the root file and DATA/trust into trust and shelf.
 * Errors: as weft_updater_open(), with |message|. */
enum weft_err weft_updater_disk_load(struct weft_updater *updater, const char *root_file,
                                     struct weft_message *message);

/* Write what is trusted now and not yet stored, each file atomically; remove what was dropped.
 * Errors: DISK_FULL, IO, ...: it is tried again with the next call. */
enum weft_err weft_updater_disk_store(struct weft_updater *updater);

/* Remove snapshots and targets that are not those of the current set. */
void weft_updater_disk_tidy(const struct weft_updater *updater);

/* The stored chunk index of |info|, verified.
 * Errors: false if it is not there or damaged. Owner: *bytes belongs to the caller; free(). */
bool weft_updater_disk_index(const struct weft_updater *updater,
                             const struct weft_release_info *info, uint8_t **bytes);

/* Store the chunk index of |info|, bytes[info->index_bytes]. Errors: DISK_FULL, IO, ... */
enum weft_err weft_updater_disk_put_index(const struct weft_updater *updater,
                                          const struct weft_release_info *info,
                                          const uint8_t *bytes);

/* Remove stored chunk indexes that no current release names. */
void weft_updater_disk_tidy_indexes(const struct weft_updater *updater);

/* See which releases are current now; tell of those whose index is at hand, want the others. */
void weft_updater_release_all(struct weft_updater *updater);

/* Deliver the end of the want of an index, if |token| is one. Result: as weft_updater_document();
 * *is_of_index says whether the token was one. */
enum weft_err weft_updater_release_document(struct weft_updater *updater, uint64_t token,
                                            enum weft_err result, const uint8_t *bytes,
                                            size_t length, bool *is_of_index);

#endif
