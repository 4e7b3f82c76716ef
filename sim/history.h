/* SPDX-License-Identifier: Apache-2.0 */
/* What a report knows of one run: who, how much, when, from where, and what it waited for; of a
 * bounded size however long the run and however many its nodes. The simulator fills it while time
 * passes (watch.h), a trace file of it or of nodes fills it afterwards (history_read.h).
 *
 * Time is cut into slices of equal width, for each segment. When a run outgrows them the width
 * doubles and neighbours are added, so what a slice counts must be additive. */
#ifndef WEFT_SIM_HISTORY_H
#define WEFT_SIM_HISTORY_H

#include "protocol/address.h"
#include "protocol/trace.h"
#include "protocol/types.h"

/* Slices of a segment: so many with few segments, fewer with many, so that a report stays small. */
#define WEFT_SIM_SLICES_MAX 240
#define WEFT_SIM_SLICES_MIN 24
#define WEFT_SIM_SLICES_ALL 96000

/* Columns of the table of who pulled from whom: segments, several in one if there are more. */
#define WEFT_SIM_GROUPS_MAX 64

/* Entries kept of the lists; further ones are counted. */
#define WEFT_SIM_LANES_MAX 4096
#define WEFT_SIM_INCIDENTS_MAX 512
#define WEFT_SIM_HOPS_MAX 16
#define WEFT_SIM_RULES_MAX 64

/* Not over yet. */
#define WEFT_SIM_OPEN_MS UINT32_MAX

/* In place of a segment: the source, or all of them. */
#define WEFT_SIM_NO_SEGMENT UINT32_MAX

/* What one segment did during one slice of time. */
struct weft_sim_slice {
    uint64_t bytes[WEFT_TIER_COUNT];    /* stored, by where from */
    uint64_t wait_ms[WEFT_STALL_COUNT]; /* time that nodes spent, by what they waited for */
    uint64_t wan_bytes;                 /* payload that came in over the access line */
    uint64_t control_bytes;             /* control messages its nodes sent */
    uint64_t complete;                  /* nodes that completed */
};

struct weft_sim_history_segment {
    char name[WEFT_ADDRESS_TEXT_BYTES]; /* its subnet */
    uint32_t node_count;                /* its nodes */
    uint32_t complete;                  /* of them, complete and honest */
    uint32_t gone;                      /* of them, honest and down for good */
    uint32_t hostile;                   /* of them, hostile: nothing is owed to them */
    uint32_t half_ms;                   /* when half of the honest ones were; OPEN = not yet */
    uint32_t last_ms;                   /* when all but those gone were; OPEN = not yet */
};

/* A node holds the role of Update Agent. */
struct weft_sim_lane {
    weft_node_id node; /* who */
    uint32_t segment;  /* where */
    uint32_t begin_ms; /* since when */
    uint32_t end_ms;   /* until when; OPEN = still */
    bool crashed;      /* it ended because the node was down */
};

/* Something went wrong for a while. */
struct weft_sim_incident {
    char what[32];     /* "crash", "source-down" */
    weft_node_id node; /* whose; 0 = nobody's */
    uint32_t segment;  /* where; NO_SEGMENT = the source */
    uint32_t begin_ms; /* since when */
    uint32_t end_ms;   /* until when; OPEN = still */
};

/* One step of the way that the last chunk of the last finisher took, in order of time. */
struct weft_sim_hop {
    weft_node_id node; /* who stored the chunk */
    weft_node_id from; /* who sent it; 0 = the source */
    uint32_t segment;  /* where the node is */
    uint32_t time_ms;  /* when it was durable */
    uint32_t chunk;    /* which one */
};

/* A rule that was watched. */
struct weft_sim_rule {
    char name[48];       /* "INV-07 never-stuck" */
    char statement[128]; /* what must hold */
    char detail[200];    /* how it was violated; "" = it held */
};

struct weft_sim_history {
    bool is_real;             /* of nodes, not of a simulation */
    char command[2048];       /* that makes the run again; "" = none */
    uint32_t node_count;      /* nodes */
    uint32_t segment_count;   /* entries of segments */
    uint32_t site_count;      /* access lines; a line's bytes are its first segment's */
    uint64_t bytes;           /* of the release */
    uint32_t chunk_count;     /* its chunks */
    uint64_t bound_ms;        /* no system can be faster; 0 = not known */
    uint64_t relay_bound_ms;  /* no system with one relay a segment can be; 0 = not known */
    uint64_t direct_bound_ms; /* no system without peers can be; 0 = not known */
    uint32_t sampled;         /* one node in so many tells what it waits for */
    uint32_t end_ms;          /* the run was watched so far */

    uint32_t width_ms;                         /* of a slice */
    uint32_t slice_count;                      /* slices of each segment */
    struct weft_sim_slice *slices;             /* [segment * slice_count + time]; owned */
    struct weft_sim_history_segment *segments; /* segment_count; owned */
    uint32_t group_count;                      /* columns of pulled but the source's */
    uint64_t *pulled;                          /* bytes [segment * (group_count + 1) + group]; the
                                                  last column is the source's; owned */

    struct weft_sim_lane *lanes;                    /* owned */
    uint32_t lane_count;                            /* entries of lanes */
    uint32_t lanes_left_out;                        /* beyond its limit */
    struct weft_sim_incident *incidents;            /* owned */
    uint32_t incident_count;                        /* entries of incidents */
    uint32_t incidents_left_out;                    /* beyond its limit */
    struct weft_sim_hop hops[WEFT_SIM_HOPS_MAX];    /* from the source to the last finisher */
    uint32_t hop_count;                             /* entries of hops */
    struct weft_sim_rule rules[WEFT_SIM_RULES_MAX]; /* invariants */
    uint32_t rule_count;                            /* entries of rules */
    char *summary; /* the figures as one JSON object, as of --json; "" = none yet; owned, free() */
};

/* An empty history of |segment_count| segments whose slices are |width_ms| wide at first.
 * Owner: the caller; ends with weft_sim_history_end(). */
void weft_sim_history_begin(struct weft_sim_history *history, uint32_t segment_count,
                            uint32_t width_ms);

/* Free what it owns. */
void weft_sim_history_end(struct weft_sim_history *history);

/* A new release: time begins anew, with slices |width_ms| wide. Who holds a role goes on holding
 * it, what is broken stays broken, the rest is forgotten. */
void weft_sim_history_restart(struct weft_sim_history *history, uint32_t width_ms);

/* Make slices wide enough that |time_ms| has one. */
void weft_sim_history_reach(struct weft_sim_history *history, uint32_t time_ms);

/* The slice of |segment| at |time_ms|, which weft_sim_history_reach() has made room for. */
static inline struct weft_sim_slice *weft_sim_history_slice(const struct weft_sim_history *history,
                                                            uint32_t segment, uint32_t time_ms)
{
    return &history->slices[(size_t)segment * history->slice_count + time_ms / history->width_ms];
}

/* Add part number |part| of |parts| equal ones of |more|; all parts together are |more|. */
void weft_sim_history_add_part(struct weft_sim_slice *slice, const struct weft_sim_slice *more,
                               uint32_t part, uint32_t parts);

/* Slices of a segment in use, up to end_ms. */
uint32_t weft_sim_history_used(const struct weft_sim_history *history);

/* The column of pulled for |segment|. */
static inline uint32_t weft_sim_history_group(const struct weft_sim_history *history,
                                              uint32_t segment)
{
    return (uint32_t)((uint64_t)segment * history->group_count / history->segment_count);
}

/* |segment| received |bytes| from |from|, a segment or NO_SEGMENT for the source. */
static inline void weft_sim_history_pull(const struct weft_sim_history *history, uint32_t segment,
                                         uint32_t from, uint64_t bytes)
{
    uint32_t column =
        from == WEFT_SIM_NO_SEGMENT ? history->group_count : weft_sim_history_group(history, from);
    history->pulled[(size_t)segment * (history->group_count + 1) + column] += bytes;
}

/* |node| of |segment| became an Update Agent. No effect if it is one. */
void weft_sim_history_agent(struct weft_sim_history *history, uint32_t segment, weft_node_id node,
                            uint32_t time_ms);

/* |node| is no Update Agent any more. No effect if it was none. */
void weft_sim_history_no_agent(struct weft_sim_history *history, weft_node_id node,
                               uint32_t time_ms, bool crashed);

/* |what| begins at |node| (0 = nobody's) of |segment| (or NO_SEGMENT). */
void weft_sim_history_begins(struct weft_sim_history *history, const char *what, uint32_t segment,
                             weft_node_id node, uint32_t time_ms);

/* |what| is over at |node|. No effect if it had not begun. */
void weft_sim_history_ends(struct weft_sim_history *history, const char *what, weft_node_id node,
                           uint32_t time_ms);

#endif
