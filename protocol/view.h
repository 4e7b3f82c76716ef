/* SPDX-License-Identifier: Apache-2.0 */
/* What a driver may read of a core, for `weft status`, the simulator's checks and the report.
 * Read only; answers are copies, valid whatever happens next. */
#ifndef WEFT_VIEW_H
#define WEFT_VIEW_H

#include "core.h"
#include "penalty.h"

struct weft_view_node {
    struct weft_endpoint self;  /* own id and address */
    struct weft_prefix segment; /* own subnet */
    uint32_t member_count;      /* nodes of the segment held alive, the own one included */
    uint32_t remote_count;      /* nodes of other segments known */
    uint32_t link_count;        /* data streams up */
    bool is_agent;              /* this node is an Update Agent now */
    uint32_t bulletin_version;  /* newest timestamp version accepted, 0 = none */
    enum weft_stall stall;      /* why it waits now */
    bool source_down;           /* the last request to the source failed */
    weft_ns source_retry_ns;    /* when it is tried again, WEFT_NS_NEVER = not planned */
};

enum weft_member_state {
    WEFT_MEMBER_ALIVE,   /* answers */
    WEFT_MEMBER_SUSPECT, /* did not answer; has time to refute */
    WEFT_MEMBER_DEAD,    /* did not refute; kept as a tombstone */
    WEFT_MEMBER_LEFT,    /* said goodbye */
    WEFT_MEMBER_STATE_COUNT
};

struct weft_view_member {
    struct weft_endpoint endpoint;     /* id and address */
    enum weft_member_state state;      /* as this node sees it */
    enum weft_agent_class agent_class; /* what it says of itself */
    bool is_agent;                     /* holds the role of Update Agent now */
    bool is_linked;                    /* a data stream is up */
    bool is_remote;                    /* of another segment */
    uint64_t rate_bytes_per_s;         /* received from it, as this node measured; 0 = unknown */
    uint32_t score;                    /* election score, larger is better; 0 = not eligible */
};

struct weft_view_release {
    weft_release_id id;                      /* name */
    uint32_t component;                      /* as the shell numbered it */
    uint32_t chunk_count;                    /* chunks in all */
    uint32_t chunks_have;                    /* verified and durable */
    uint32_t chunks_in_flight;               /* asked for */
    uint64_t bytes;                          /* of the whole */
    bool wanted;                             /* still being fetched */
    bool activated;                          /* checked as a whole and activated */
    uint64_t bytes_by_tier[WEFT_TIER_COUNT]; /* received and stored, by where from */
    weft_ns added_ns;                        /* when the core was told of it */
    weft_ns completed_ns;                    /* when the last chunk was stored; 0 = not yet */
};

struct weft_view_counters {
    uint64_t datagrams_sent;                    /* since init */
    uint64_t datagrams_received;                /* since init */
    uint64_t control_bytes_sent;                /* datagrams and control frames, payload bytes */
    uint64_t control_bytes_received;            /* likewise */
    uint64_t chunk_bytes_sent[WEFT_TIER_COUNT]; /* to PEER, SITE or REMOTE nodes */
    uint64_t chunks_twice;                      /* received although already there */
    uint64_t chunks_bad;                        /* did not verify */
    uint64_t source_requests;                   /* ranges asked of the source */
    uint64_t source_failures;                   /* of them, ended in an error */
    uint64_t leases_moved;                      /* taken over from another agent */
    uint64_t rejects[WEFT_REJECT_COUNT];        /* messages dropped, by reason */
};

struct weft_view_penalty {
    weft_node_id peer;                  /* proved id of the debtor */
    enum weft_standing standing;        /* what it may still do until all is paid */
    weft_ns until_ns;                   /* when all is paid */
    uint8_t counts[WEFT_OFFENCE_COUNT]; /* offences of each kind since it was clean; stop at 255 */
};

/* The node as a whole. */
struct weft_view_node weft_view_node(const struct weft_core *core);

/* Nodes of the segment held alive, the own one included; what weft_view_node() says, for less. */
uint32_t weft_view_member_count(const struct weft_core *core);

/* Is |endpoint|, id and address, a live member, ALIVE or SUSPECT? Then its BEACONs are nothing new.
 */
bool weft_view_knows(const struct weft_core *core, const struct weft_endpoint *endpoint);

/* Since-init counters. */
struct weft_view_counters weft_view_counters(const struct weft_core *core);

/* Member |index| of the segment, then the remote nodes; the own node is not among them.
 * Errors: false past the last one; |member| is then untouched. */
bool weft_view_member(const struct weft_core *core, uint32_t index,
                      struct weft_view_member *member);

/* Release |index|, in no particular order.
 * Errors: false past the last one; |release| is then untouched. */
bool weft_view_release(const struct weft_core *core, uint32_t index,
                       struct weft_view_release *release);

/* Peer |index| of those who owe something, in no particular order.
 * Errors: false past the last one; |penalty| is then untouched. */
bool weft_view_penalty(const struct weft_core *core, uint32_t index,
                       struct weft_view_penalty *penalty);

/* The chunks of release |id| that are verified and durable.
 * Shape:  words[weft_bitmap_words(chunk_count)].
 * Errors: NULL if the release is unknown.
 * Owner:  the core; valid until the next step. */
const uint64_t *weft_view_have(const struct weft_core *core, weft_release_id id);

#endif
