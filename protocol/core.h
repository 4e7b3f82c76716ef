/* SPDX-License-Identifier: Apache-2.0 */
/* The whole public surface of the protocol core: events in, actions out (design D1, D2).
 *
 * A driver (node/ with libuv, sim/ under virtual time) owns the memory, the clock, the sockets, the
 * disk and the randomness, and repeats: step an event, carry out the actions, step a TICK at the
 * deadline. The core does no input or output, reads no clock, allocates nothing after init, has no
 * mutable globals and no floating point; a run is a function of its events. */
#ifndef WEFT_CORE_H
#define WEFT_CORE_H

#include "action.h"
#include "event.h"
#include "reserve.h"
#include "trace.h"
#include "tuning.h"

struct weft_core;   /* opaque; one per node */
struct weft_record; /* what a member tells of itself, see message.h */
struct weft_roster; /* where records are kept, see roster.h */

/* Fixed for the life of a core. Capacities decide its memory; none may exceed limits.h. */
struct weft_config {
    struct weft_tuning tuning;         /* flags */
    uint64_t mesh;                     /* tag of the mesh; others' messages are dropped */
    uint64_t seed;                     /* of the node's randomness */
    uint32_t site;                     /* hash of --site; 0 = none given */
    enum weft_agent_class agent_class; /* --agent */
    bool has_source;                   /* false: no source URL was given, peers only */
    uint32_t members_max;              /* 2..WEFT_MEMBERS_MAX, the own node included */
    uint32_t remotes_max;              /* 1..WEFT_REMOTES_MAX */
    uint32_t links_max;                /* 2..WEFT_LINKS_MAX */
    uint32_t releases_max;             /* 1..WEFT_RELEASES_MAX */
    uint32_t downloads_max;            /* 1..WEFT_DOWNLOADS_MAX */
    uint32_t chunks_max;               /* 64..WEFT_CHUNKS_MAX, a multiple of 64 */
    uint32_t extents_max;              /* 1..WEFT_EXTENTS_MAX; weft_release_extents() tells */
    uint32_t documents_max;            /* 1..WEFT_DOCUMENTS_MAX */
    uint32_t path_max;                 /* bytes of a document's path, 1..WEFT_PATH_BYTES_MAX */
    uint32_t bulletin_max;             /* bytes of a bulletin, 1..WEFT_BULLETIN_BYTES_MAX */
    bool shares_records;               /* member records and bulletins are kept by the host:
                                          host.keep, keep_bulletin, roster are set */
    bool shares_reserves;              /* pieces come from the host: host.reserves is set */
};

/* The only calls out of the core; none may call back in. */
struct weft_host {
    void *context;                                                        /* passed back */
    void (*trace)(void *context, const struct weft_trace_record *record); /* NULL = no trace */

    /* Number in |roster| of a copy of |record| that stays as it is, and where it is, while the core
     * lives; equal records of several cores may share one. The state in it counts nothing. */
    uint32_t (*keep)(void *context, const struct weft_record *record);

    /* Where those copies are, see roster.h.   Owner: the host. */
    const struct weft_roster *roster;

    /* The same for the |length| bytes of a bulletin. */
    const uint8_t *(*keep_bulletin)(void *context, const uint8_t *bytes, size_t length);

    /* What this core draws on together with others that are never stepped at the same time; see
     * weft_core_share().   Owner: the host. */
    struct weft_reserves *reserves;
};

/* A configuration with every limit at its maximum and every flag at its default. */
struct weft_config weft_config_default(void);

/* Bytes of memory a core of this configuration needs.
 * Errors: 0 if a capacity is out of its range. */
size_t weft_core_size(const struct weft_config *config);

/* Bytes of memory that the reserves of so many cores of this configuration need.
 * Errors: 0 if a capacity is out of its range. */
size_t weft_core_share_size(const struct weft_config *config, uint32_t core_count);

/* Make the reserves of so many cores in |memory|, which is as for weft_core_init().
 * Shape:  memory[weft_core_share_size()].
 * Owner:  the caller keeps |memory| and |reserves|. */
void weft_core_share(struct weft_reserves *reserves, void *memory, const struct weft_config *config,
                     uint32_t core_count);

/* Make a core in |memory|, which is aligned for any type, zeroed, and not moved while the core
 * lives. Only what the core needs of it is ever written: a table that stays short costs no pages.
 * Shape:  memory[bytes], bytes >= weft_core_size(config).
 * Errors: NULL if |bytes| is too small, a capacity is out of range, or what is shared is
 *         missing in |host|.
 * Owner:  the caller keeps |memory|; the core copies |config| and |host|. Nothing is to be
 *         released, but see weft_core_end(). */
struct weft_core *weft_core_init(void *memory, size_t bytes, const struct weft_config *config,
                                 const struct weft_host *host);

/* The core ends here, without a word to anybody: give back what it took of host.reserves. Its
 * memory can be zeroed and used again. A core with reserves of its own needs no end. */
void weft_core_end(struct weft_core *core);

/* Let the node live through one event; what is to be done is appended to |actions|.
 * Owner:  borrows |event| and |actions| for the call.
 * Spec:   SPEC.md sections "Events" and "Actions". */
void weft_core_step(struct weft_core *core, const struct weft_event *event,
                    struct weft_action_queue *actions);

/* When the core wants a TICK; WEFT_NS_NEVER = not before something else happens. */
weft_ns weft_core_deadline(const struct weft_core *core);

#endif
