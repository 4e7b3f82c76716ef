/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants of SPEC.md section "Invariants" that the simulator watches, one function each.
 * Cheap enough to be always on. The first violation ends the run. */
#ifndef WEFT_SIM_CHECK_H
#define WEFT_SIM_CHECK_H

#include "protocol/types.h"

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
    X(CAPS_RESPECTED, "INV-12", "caps-respected", "uploads of a node stay within its limits")      \
    X(ALL_COMPLETE, "INV-13", "all-complete", "every living node completes within the time limit")

enum weft_sim_check {
#define X(name, number, word, statement) WEFT_SIM_CHECK_##name,
    WEFT_SIM_CHECK_MAP(X)
#undef X
        WEFT_SIM_CHECK_COUNT
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

/* INV-03, INV-04, INV-06 and INV-13 when the run is over; also tells the world what failed. */
void weft_sim_check_end(struct weft_sim_world *world);

#endif
