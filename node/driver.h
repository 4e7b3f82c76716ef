/* SPDX-License-Identifier: Apache-2.0 */
/* One node at work: turns what happens on sockets, disk, clock and web into events of the core, and
 * carries out the core's actions, in order. Decides nothing itself. SPEC.md sections "Events",
 * "Actions" and "Data directory".
 *
 * Timers: the core's deadline; the network interfaces are looked at every 5 s; known peers are
 * written once a minute; a stop takes 2 s at most; a peer that was asked for a document may pause
 * for 5 s. */
#ifndef WEFT_DRIVER_H
#define WEFT_DRIVER_H

#include "options.h"
#include "peer.h"

#include "../protocol/core.h"
#include "../protocol/err.h"
#include "../protocol/trust/catalog.h"

#include <uv.h>

enum {
    WEFT_DRIVER_STOP_MS = 2000,     /* from the wish to stop to the end, at most */
    WEFT_DRIVER_LINK_MS = 5000,     /* between two looks at the network interfaces */
    WEFT_DRIVER_PEERS_MS = 60000,   /* between two writes of DATA/peers */
    WEFT_DRIVER_DOCUMENT_MS = 5000, /* pause of a peer that sends a document */
    WEFT_DRIVER_PEERS_MAX = 40 /* entries of DATA/peers; segment first, further ones not kept */
};

struct weft_driver;     /* opaque; one node */
struct weft_membership; /* membership.h */
struct weft_runner;     /* runner.h */
struct weft_updater;    /* updater.h */

struct weft_driver_config {
    const struct weft_run_options *options; /* flags; borrowed for the driver's life */
    uv_loop_t *loop;                        /* outlives the driver */
    struct weft_runner *runner; /* runs --on-update; attached; outlives the driver; NULL = none */
    void *context;              /* passed to both calls below */
    void (*trace)(void *context, const struct weft_trace_record *record); /* NULL = no trace */
    void (*stopped)(void *context); /* the node is done: after a leave, once; close it then */
};

/* Start a node: data directory, store, trust, sockets, core.
 * Errors: ADDRESS_IN_USE, PERMISSION, IO, DISK_FULL, MEMORY, EXISTS (another node uses the data
 *         directory), FORMAT, SIGNATURE, EXPIRED (trusted metadata), ...; *driver is then NULL and
 *         |message| says it for people; message[size], size >= 512.
 * Owner:  the caller, weft_driver_close(). */
enum weft_err weft_driver_open(struct weft_driver **driver, const struct weft_driver_config *config,
                               char *message, size_t size);

/* SIGTERM: hand over, say goodbye, then stopped() within WEFT_DRIVER_STOP_MS. Further calls do
 * nothing. */
void weft_driver_leave(struct weft_driver *driver);

/* SIGHUP: look at the source now. */
void weft_driver_look(struct weft_driver *driver);

/* Close everything; no call back any more. Memory is released when the loop has run the close
 * callbacks: run it until it ends. |driver| may be NULL. */
void weft_driver_close(struct weft_driver *driver);

/* The core, for view.h. Owner: the driver; valid until weft_driver_close(). */
const struct weft_core *weft_driver_core(const struct weft_driver *driver);

/* The updater, for what it tells of components. Owner: the driver. */
const struct weft_updater *weft_driver_updater(const struct weft_driver *driver);

/* Keys and certificate of the node. Owner: the driver. */
const struct weft_membership *weft_driver_membership(const struct weft_driver *driver);

/* Does nobody renew the certificate of the node but people who carry files? */
bool weft_driver_is_renewed_by_hand(const struct weft_driver *driver);

/* The identities that this node hears in two places, at most |limit|; how many. */
uint32_t weft_driver_copies(const struct weft_driver *driver, struct weft_peers_copy *copies,
                            uint32_t limit);

/* Who says that the identity of this node counts elsewhere; false = nobody. */
bool weft_driver_refused(const struct weft_driver *driver, struct weft_peers_refusal *refusal);

/* The name in the certificate that |id| proved; "" = not known. Owner: the driver; until the loop
 * goes on. */
const char *weft_driver_name(const struct weft_driver *driver, weft_node_id id);

/* What the operator wants with --agent, or never if the certificate forbids it. */
enum weft_agent_class weft_driver_class(const struct weft_driver *driver);

/* Own address, with the port that was chosen. */
struct weft_address weft_driver_address(const struct weft_driver *driver);

/* How the last look at the source went. */
struct weft_driver_look {
    int64_t ended_unix_s; /* when it ended; 0 = none yet */
    enum weft_err err;    /* how */
    char text[256];       /* what was wrong, for people; "" = nothing */
};

/* How the last look at the source went. */
struct weft_driver_look weft_driver_last_look(const struct weft_driver *driver);

/* What is going on with one component of the options. */
struct weft_driver_component {
    char target_version[201];  /* newest signed version; "" = none known */
    weft_release_id target_id; /* its release; 0 = none known */
    weft_release_id active_id; /* release in effect (activated, now or earlier); 0 = none */
    char error[256];           /* why its last check or activation failed; "" = it did not */
};

/* What is going on with component |number| (place in options->components), for status.
 * Errors: false if there is no such component; |component| is then untouched. */
bool weft_driver_component(const struct weft_driver *driver, uint32_t number,
                           struct weft_driver_component *component);

/* What a node says of one target. */
struct weft_driver_target {
    struct weft_release_info info; /* as signed */
    bool is_consistent;            /* files have their hash in front of their name */
    char file[4096];               /* finished in the store, under this path; "" = it is not */
};

/* What this node knows of the target |path|, which is any string.
 * Errors: PENDING, NOT_FOUND, EXPIRED, ..., with |text| [size] for people. */
enum weft_err weft_driver_target(struct weft_driver *driver, const char *path,
                                 struct weft_driver_target *target, char *text, size_t size);

/* Bytes of component |number| received and stored since the start, from peers and source. */
uint64_t weft_driver_received_bytes(const struct weft_driver *driver, uint32_t number);

#endif
