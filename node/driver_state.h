/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a driver, shared by driver*.c, included by nobody else. What each file answers:
 *   driver.c           start and stop; what others may ask
 *   driver_step.c      the one place that steps the core; which function carries out which action
 *   driver_net.c       datagrams, streams, frames
 *   driver_chunk.c     chunks between peers: received, stored, read, sent
 *   driver_source.c    chunks from the source
 *   driver_document.c  metadata documents: asked for, answered, handed to the updater
 *   driver_whole.c     plain targets fetched whole, to make their chunk index
 *   driver_release.c   which releases there are: added, removed, doubted
 *   driver_activate.c  how one takes effect
 *   driver_renew.c     how it stays a member, and admits others
 *   driver_identity.c  who the node is: id, incarnation, peers remembered
 *   driver_place.c     where the node is: address, subnet, network there or not */
#ifndef WEFT_DRIVER_STATE_H
#define WEFT_DRIVER_STATE_H

#include "activate.h"
#include "beacon.h"
#include "driver.h"
#include "http.h"
#include "membership_file.h"
#include "session.h"
#include "store.h"
#include "updater.h"

struct weft_driver_fetch;    /* driver_source.c */
struct weft_driver_document; /* driver_document.c */
struct weft_driver_upload;   /* driver_chunk.c */
struct weft_driver_whole;    /* driver_whole.c */

/* An event that waits until the core may be stepped. */
struct weft_driver_event {
    struct weft_driver_event *next; /* in the queue */
    struct weft_event event;        /* its pointer points at payload */
    size_t payload_bytes;           /* bytes of payload */
    uint8_t payload[];              /* what the event borrows */
};

/* A release this node has or wants. */
struct weft_driver_release {
    struct weft_driver_release *next;    /* in the list */
    struct weft_driver *driver;          /* owner */
    struct weft_release_info info;       /* from signed metadata */
    uint32_t component;                  /* place in options->components */
    struct weft_index *index;            /* owned */
    uint8_t *have;                       /* bit i = chunk i is held; as the core was told */
    char etag[WEFT_HTTP_ETAG_BYTES_MAX]; /* of the source's object; "" = not known */
    bool added;                          /* the store has it, and the core knows it */
    bool shares;                         /* another one with the same content owns it there */
    bool proven;                         /* its index is signed, or the whole was verified */
    weft_node_id author;                 /* who gave the index unless it is signed; 0 = nobody */
    weft_ns progress_ns;                 /* when its last chunk was stored, or others were asked */
    bool current;                        /* newest of its component */
    bool finishing;                      /* the store names it finished */
    bool waits;                          /* finished, activates when the one before it is done */
    bool activated;                      /* in effect */
    uint32_t failures;                   /* of completing it, in a row */
    weft_ns retry_ns;                    /* when it is tried again; 0 = not planned */
};

/* What is known of one component of the options. */
struct weft_driver_part {
    struct weft_driver_component status; /* for `weft status` */
    struct weft_activation *activation;  /* under way; NULL = none */
    uint64_t received_bytes;             /* stored since the start */
};

struct weft_driver {
    struct weft_driver_config config;       /* as given */
    const struct weft_run_options *options; /* flags, borrowed */
    struct weft_core *core;                 /* in core_memory */
    void *core_memory;                      /* owned */
    struct weft_action_queue *actions;      /* owned */
    struct weft_session *session;           /* NULL = closed */
    struct weft_beacon *beacon;             /* NULL = none, or closed */
    struct weft_http *http;                 /* NULL = closed */
    struct weft_store *store;               /* NULL = closed */
    struct weft_updater *updater;           /* NULL = not open yet */
    uv_timer_t tick;                        /* deadline of the core */
    uv_timer_t chores;                      /* every second */
    uv_timer_t stop;                        /* end of a leave */
    weft_ns armed_ns;                       /* what tick is set to */
    uint32_t open_count;                /* handles, store and activations that still call back */
    uint32_t hold_count;                /* > 0: the core or the updater is on the stack */
    bool closing;                       /* weft_driver_close() was called */
    bool leaving;                       /* weft_driver_leave() was called */
    bool left;                          /* the core said goodbye */
    struct weft_driver_event *first;    /* events that wait; NULL = none */
    struct weft_driver_event *last;     /* valid unless empty */
    const struct weft_bulk *offer;      /* being answered; NULL = none */
    uint8_t *offer_buffer;              /* the answer */
    struct weft_driver_upload *uploads; /* being read */
    struct weft_driver_fetch *fetches;  /* from the source */
    struct weft_driver_document *documents;             /* being fetched */
    struct weft_driver_whole *wholes;                   /* being fetched, or to go on with */
    uint64_t next_token;                                /* of document requests to peers */
    struct weft_driver_release *releases;               /* had or wanted */
    struct weft_driver_part parts[WEFT_COMPONENTS_MAX]; /* as options->components */
    bool swept;                                         /* files of unknown releases were removed */
    struct weft_driver_look look;                       /* last look at the source */
    struct weft_membership membership;                  /* keys and certificate */
    struct weft_membership_server server;               /* that admitted it; port 0 = open mesh */
    bool is_server;                                     /* it admits others */
    bool renewing;                                      /* the thread pool asks the server */
    uint64_t renewed_s;         /* when the server was asked last, Unix time */
    uint64_t renew_after_s;     /* not tried before; Unix time */
    uint64_t settle_after_s;    /* likewise, a change of the mesh key */
    uint64_t membership_stamp;  /* of the file, when it was read last */
    struct weft_endpoint self;  /* id and address */
    struct weft_prefix segment; /* own subnet */
    bool has_network;           /* the own address exists */
    uint32_t second_count;      /* of chores */
};

/* ---- driver_step.c ---- */

/* Step the core with |event| (now_ns is set here), or later if it is on the stack: then what the
 * event borrows is copied. Lost if memory is short. */
void weft_driver_tell(struct weft_driver *driver, struct weft_event *event);

/* The updater is about to be called: events wait until the same number of releases. */
void weft_driver_hold(struct weft_driver *driver);

/* It has returned. */
void weft_driver_release(struct weft_driver *driver);

/* Forget all events that wait. */
void weft_driver_drop_events(struct weft_driver *driver);

/* The core's deadline has come. */
void weft_driver_on_tick(uv_timer_t *timer);

/* ---- driver_net.c ---- */

/* What the session calls. */
struct weft_session_handler weft_driver_net_handler(struct weft_driver *driver);

/* Begin to send and hear beacons, if they are wanted and the link has any; NULL = it has none. */
struct weft_beacon *weft_driver_net_beacon(struct weft_driver *driver);

/* Carry out DATAGRAM, STREAM_OPEN, STREAM_CLOSE, FRAME. */
void weft_driver_net_act(struct weft_driver *driver, const struct weft_action *action);

/* ---- driver_chunk.c ---- */

/* A peer's chunk begins to arrive. Result: as weft_session_handler.offer. */
uint8_t *weft_driver_chunk_offer(struct weft_driver *driver, const struct weft_bulk *bulk);

/* It has arrived, or never will. Owns bulk->bytes. */
void weft_driver_chunk_received(struct weft_driver *driver, const struct weft_bulk *bulk,
                                enum weft_err result);

/* A chunk was sent, or not. Owns bulk->bytes. */
void weft_driver_chunk_sent(struct weft_driver *driver, const struct weft_bulk *bulk,
                            enum weft_err result);

/* Carry out ACCEPT, DISCARD, UPLOAD, UPLOAD_CANCEL. */
void weft_driver_chunk_act(struct weft_driver *driver, const struct weft_action *action);

/* ---- driver_source.c ---- */

/* Carry out SOURCE_FETCH, SOURCE_CANCEL. */
void weft_driver_source_act(struct weft_driver *driver, const struct weft_action *action);

/* Go on with fetches that waited for the disk, if it is their time. */
void weft_driver_source_expire(struct weft_driver *driver);

/* The client goes away: forget every fetch that waits for it. */
void weft_driver_source_close(struct weft_driver *driver);

/* ---- driver_document.c ---- */

/* What the updater calls. */
struct weft_updater_host weft_driver_document_host(struct weft_driver *driver);

/* Carry out DOCUMENT_FETCH, DOCUMENT_FAILED. */
void weft_driver_document_act(struct weft_driver *driver, const struct weft_action *action);

/* A peer asks for a document. */
void weft_driver_document_request(struct weft_driver *driver, weft_node_id peer, uint64_t token,
                                  const char *path);

/* A peer's document begins to arrive. Result: as weft_session_handler.offer. */
uint8_t *weft_driver_document_offer(struct weft_driver *driver, const struct weft_bulk *bulk);

/* It has arrived, or never will. Owns bulk->bytes. */
void weft_driver_document_received(struct weft_driver *driver, const struct weft_bulk *bulk,
                                   enum weft_err result);

/* The stream to |peer| is down: its documents do not come. */
void weft_driver_document_down(struct weft_driver *driver, weft_node_id peer);

/* Give up on peers that pause too long; pass on what failed at once. */
void weft_driver_document_expire(struct weft_driver *driver);

/* Forget every document. */
void weft_driver_document_close(struct weft_driver *driver);

/* ---- driver_whole.c ---- */

/* Fetch the plain target |info| whole from the source; ends in weft_updater_document() with its
 * chunk index, and a DOCUMENT event for |token|.
 * Errors: it did not begin: LIMIT (too long for this version), UNREACHABLE, DISK_FULL, IO, MEMORY.
 */
enum weft_err weft_driver_whole_fetch(struct weft_driver *driver, uint64_t token,
                                      const struct weft_release_info *info);

/* Is the target whose index has this path being fetched? */
bool weft_driver_whole_is_coming(const struct weft_driver *driver, const char *index_path);

/* Drop what nobody wants any more. */
void weft_driver_whole_expire(struct weft_driver *driver);

/* Forget every fetch; the web client is gone. */
void weft_driver_whole_close(struct weft_driver *driver);

/* ---- driver_release.c ---- */

/* Releases may go while the store or an activation works on them: its callbacks carry this. */
struct weft_driver_ticket {
    struct weft_driver *driver; /* owner */
    weft_release_id id;         /* of the release */
    uint32_t component;         /* of the release */
};

/* A ticket for |release|. Errors: NULL without memory. Owner: weft_driver_release_redeem(). */
struct weft_driver_ticket *weft_driver_release_ticket(const struct weft_driver_release *release);

/* The release a ticket stands for; frees the ticket. NULL: it is gone, or the driver closes. */
struct weft_driver_release *weft_driver_release_redeem(struct weft_driver_ticket *ticket);

/* Remember what went wrong, for `weft status`; NULL = nothing any more. */
void weft_driver_release_note_error(struct weft_driver_release *release, const char *text);

/* RELEASE event. */
void weft_driver_release_tell_core(struct weft_driver_release *release);

/* Try it again in a while. */
void weft_driver_release_plan_retry(struct weft_driver_release *release);

/* Remove older releases of a component: all of them, or only those that are not whole. */
void weft_driver_release_remove_older(struct weft_driver *driver, uint32_t component,
                                      bool whole_ones_too);

/* Its index, which nobody signed, is false: remove it, tell on its author, look for another one. */
void weft_driver_release_misled(struct weft_driver_release *release);

/* Is a release whose index has this path, and is not proven, making progress? */
bool weft_driver_release_is_coming(const struct weft_driver *driver, const char *index_path);

/* The release named |id|; NULL = unknown, or not with the store yet. */
struct weft_driver_release *weft_driver_release_find(const struct weft_driver *driver,
                                                     weft_release_id id);

/* The updater says that component |component| has this current release; |author| gave its index,
 * unless that is signed (0 = it was made here, or found on the disk). */
void weft_driver_release_add(struct weft_driver *driver, uint32_t component,
                             const struct weft_release_info *info, const uint8_t *index_bytes,
                             weft_node_id author);

/* Chunk |chunk| of |id| was stored: |bytes| from a peer or the source. */
void weft_driver_release_stored(struct weft_driver *driver, weft_release_id id, uint32_t chunk,
                                uint32_t bytes);

/* The store found a chunk damaged. |context| is the driver. */
void weft_driver_release_damaged(void *context, weft_release_id id, uint32_t chunk);

/* A chunk that was to be sent is not held any more: tell the core what is, and so the peers. */
void weft_driver_release_lost(struct weft_driver *driver, weft_release_id id, uint32_t chunk);

/* Try again what failed a while ago. */
void weft_driver_release_expire(struct weft_driver *driver);

/* Free the list. */
void weft_driver_release_close(struct weft_driver *driver);

/* ---- driver_activate.c ---- */

/* Carry out COMPLETE. */
void weft_driver_release_act(struct weft_driver *driver, const struct weft_action *action);

/* Lay it out and let it take effect, after an activation of its component that is under way. */
void weft_driver_release_activate(struct weft_driver_release *release);

/* Ask running activations to end. */
void weft_driver_release_cancel(struct weft_driver *driver);

/* ---- driver_identity.c ---- */

/* The node's keys and certificate: those it was admitted with, else those of the open mesh.
 * Errors: of membership_file.h, with |message|. */
enum weft_err weft_driver_identity_join(const struct weft_run_options *options,
                                        struct weft_membership *membership,
                                        struct weft_membership_server *server,
                                        struct weft_message *message);

/* The node's next incarnation: Unix time in ms, or more after a clock went back.
 * Errors: of fileio.h, with |message|. */
enum weft_err weft_driver_identity_load(const char *data_dir, uint64_t *incarnation,
                                        struct weft_message *message);

/* Seeds of the options, then peers remembered.
 * Shape:  known[size]; the number of entries. */
size_t weft_driver_identity_known(const struct weft_driver *driver, struct weft_endpoint *known,
                                  size_t size);

/* Write the time of the next greeting into DATA/incarnation. */
void weft_driver_identity_save_time(const struct weft_driver *driver);

/* Write the members the core knows into DATA/peers. */
void weft_driver_identity_save_peers(const struct weft_driver *driver);

/* ---- driver_renew.c ---- */

/* Renew the certificate if it is time, or remind of it; take what commands wrote. */
void weft_driver_renew_expire(struct weft_driver *driver);

/* See weft_session_handler.admit. */
size_t weft_driver_renew_admit(void *context, const uint8_t key[32],
                               const struct weft_address *from, const uint8_t *request,
                               size_t length, uint8_t *reply);

/* Was this node thrown out? */
bool weft_driver_renew_is_revoked(const struct weft_driver *driver);

/* ---- driver_place.c ---- */

/* The subnet of |address|: --subnet, else that of the interface; a segment of one if neither is
 * known. *exists tells whether the machine has the address. */
struct weft_prefix weft_driver_place_segment(const struct weft_run_options *options,
                                             const struct weft_address *address, bool *exists);

/* Look whether the network came or went; LINK event if so. */
void weft_driver_place_check(struct weft_driver *driver);

/* ---- driver.c ---- */

/* One of open_count is done; the last one frees a driver that is closing. */
void weft_driver_unref(struct weft_driver *driver);

#endif
