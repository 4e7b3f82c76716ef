/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants of SPEC.md section "Invariants" that the simulator watches, one function each.
 * Cheap enough to be always on. The first violation ends the run. */
#ifndef WEFT_SIM_CHECK_H
#define WEFT_SIM_CHECK_H

#include "protocol/types.h"

struct weft_sim_options;
struct weft_sim_world;
struct weft_sim_shard;

/* X(name, number, word, statement) */
#define WEFT_SIM_CHECK_MAP(X)                                                                      \
    X(SERVE_DURABLE, "INV-01", "serve-durable", "a node sends only chunks that are on its disk")   \
    X(ONLY_SENT, "INV-02", "only-sent", "a chunk is received only from a node that sent it")       \
    X(BYTES_KEPT, "INV-03", "bytes-kept", "bytes begun = stored + discarded + cut + on the way")   \
    X(BELIEVES_DISK, "INV-04", "believes-disk", "a core holds a chunk only if it is on disk")      \
    X(COMPLETE_WHOLE, "INV-05", "complete-whole", "completion is asked for whole releases only")   \
    X(STAYS_COMPLETE, "INV-06", "stays-complete", "a completed node never lacks a chunk again")    \
    X(NEVER_STUCK, "INV-07", "never-stuck", "an incomplete node has a timer or an operation")      \
    X(NO_SPIN, "INV-08", "no-spin", "a core's deadline moves on after a TICK")                     \
    X(ACTIONS_FIT, "INV-09", "actions-fit", "a step never asks for more than the queue holds")     \
    X(OFFER_ANSWERED, "INV-10", "offer-answered", "an OFFER is answered in its own step, once")    \
    X(STREAM_KNOWN, "INV-11", "stream-known", "frames and chunks go over streams that are up")     \
    X(CAPS_RESPECTED, "INV-12", "caps-respected",                                                  \
      "uploads stay within limits but if they are stuck")                                          \
    X(ALL_COMPLETE, "INV-13", "all-complete", "every living node completes within the time limit") \
    X(VERIFIED_INSTALL, "INV-29", "verified-install", "only chunks that verify are activated")     \
    X(NO_ROLLBACK, "INV-30", "no-rollback", "the active release of a node never gets older")       \
    X(SHUNNED, "INV-31", "bad-peer-shunned", "nothing is asked of a peer that sent bad chunks")    \
    X(LINE_RATE, "INV-32", "line-rate", "no line carries more than its rate")                      \
    X(BYTES_SENT, "INV-33", "bytes-sent", "no more bytes are received than were sent")             \
    X(VERSION_GROWS, "INV-34", "version-grows", "the metadata version of a node never falls")      \
    X(IDLE_QUIET, "INV-35", "idle-quiet", "without a release a node sends little control traffic") \
    X(BUSY_QUIET, "INV-36", "busy-quiet", "control traffic is small beside the payload moved")     \
    X(FEW_TWICE, "INV-37", "few-twice", "without faults hardly a chunk is stored twice")           \
    X(AGENT_PRESENT, "INV-38", "agent-present", "when all has healed, each segment has an agent")  \
    X(MEMBERS_AGREE, "INV-39", "members-agree", "when all has healed, views name who is alive")    \
    X(WAN_COPIES, "INV-40", "wan-copies", "without faults a site takes one copy over its line")    \
    X(MAKESPAN, "INV-41", "makespan", "without faults the makespan is near its lower bound")       \
    X(EXPECTED, "INV-42", "expected", "what --expect says holds at the end")

enum weft_sim_check {
#define X(name, number, word, statement) WEFT_SIM_CHECK_##name,
    WEFT_SIM_CHECK_MAP(X)
#undef X
        WEFT_SIM_CHECK_COUNT
};

/* What a node was seen to have; what is there later must not be less. */
struct weft_sim_seen {
    uint32_t version;       /* metadata */
    uint32_t held;          /* number of the active release + 1, 0 = none */
    uint32_t bad_stored;    /* chunks and documents taken that do not verify: there are none */
    uint64_t control_bytes; /* sent when its control traffic was last looked at */
    uint64_t moved_bytes;   /* payload sent and received by then */
};

/* A peer that a node holds something against. */
struct weft_sim_grudge {
    uint32_t node;     /* who holds it */
    uint32_t life;     /* in which of its lives */
    weft_node_id peer; /* against whom: a name, as its clones are meant, too */
    weft_ns last_ns;   /* when the last bad chunk came, on the node's own clock */
    uint32_t count;    /* bad chunks, 0 = other offences only */
    bool is_forgotten; /* it may be: the node held something against more peers than fit */
};

struct weft_sim_checks {
    bool failed;               /* something was violated */
    enum weft_sim_check check; /* what, first */
    uint32_t node;             /* who */
    weft_ns time_ns;           /* when, virtual time */
    char detail[160];          /* in which way, zero terminated */
};

/* "INV-07 never-stuck"; static storage. */
const char *weft_sim_check_name(enum weft_sim_check check);

/* 7 of "INV-07". */
uint32_t weft_sim_check_number(enum weft_sim_check check);

/* The statement of an invariant; static storage. */
const char *weft_sim_check_statement(enum weft_sim_check check);

/* Report that |node| violates |check|; |format| as for printf says how. Only the first counts. */
void weft_sim_check_fail(struct weft_sim_shard *shard, enum weft_sim_check check, uint32_t node,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* INV-07, INV-08, INV-09 after a step of |node| that ended with this deadline (virtual time). */
void weft_sim_check_step(struct weft_sim_shard *shard, uint32_t node, weft_ns deadline_ns);

/* INV-01 before |node| sends |chunk| of release number |release|. */
void weft_sim_check_serve(struct weft_sim_shard *shard, uint32_t node, uint32_t release,
                          uint32_t chunk);

/* INV-12 when |node| has begun another upload and now carries out |count|. */
void weft_sim_check_caps(struct weft_sim_shard *shard, uint32_t node, uint32_t count);

/* INV-05 and INV-04 when |node| asks for completion. */
void weft_sim_check_complete(struct weft_sim_shard *shard, uint32_t node);

/* INV-04: does the core of |node| hold only chunks of that release that are on disk? */
void weft_sim_check_belief(struct weft_sim_shard *shard, uint32_t node, uint32_t number);

/* INV-29, INV-30 when |node| has activated a release. */
void weft_sim_check_activated(struct weft_sim_shard *shard, uint32_t node);

/* INV-34 when |node| starts, or trusts other metadata than before. */
void weft_sim_check_version(struct weft_sim_shard *shard, uint32_t node);

/* The core of |node| holds something against |peer|: a name. */
void weft_sim_check_penalty(struct weft_sim_shard *shard, uint32_t node, weft_node_id peer);

/* |node| got a bad chunk from |peer|, a name; before its core is told. */
void weft_sim_check_bad_chunk(struct weft_sim_shard *shard, uint32_t node, weft_node_id peer);

/* INV-31 before |node| sends a control frame to |peer|. Owed while |node| is sure to remember: once
 * it held something against more than WEFT_PENALTIES_MAX peers, it has forgotten one. */
void weft_sim_check_frame(struct weft_sim_shard *shard, uint32_t node, uint32_t peer,
                          const uint8_t *bytes, uint32_t length);

/* --- check_lines.c, between windows --- */

/* INV-32 and INV-36, now and then: as often as the size of the network allows. */
void weft_sim_check_meeting(struct weft_sim_world *world);

/* INV-35 when the first release is about to appear. */
void weft_sim_check_idle(struct weft_sim_world *world);

/* --- check_end.c --- */

/* Is all so that has to be so after --settle: an agent in each segment, and views that agree? */
bool weft_sim_check_is_healed(const struct weft_sim_world *world);

/* Do the flags ask for no fault at all, and for no other tuning than the standard? */
bool weft_sim_check_is_calm(const struct weft_sim_options *options);

/* INV-02 to INV-04, INV-06, INV-13, INV-33 and INV-37 to INV-41 when the run is over; also tells
 * the world what failed. */
void weft_sim_check_end(struct weft_sim_world *world);

#endif
