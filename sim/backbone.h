/* SPDX-License-Identifier: Apache-2.0 */
/* How fast do bulk bytes move between sites? Flows over access lines and the source's uplink are
 * rated together, max-min fair, between two windows: a window is no longer than a message between
 * sites takes, and no sender learns sooner that others began or ended. Within a window rates stay.
 *
 * A node's card belongs to the site as well (lan.h). Flows between sites get their fair part of it,
 * or what the site leaves over if that is more. */
#ifndef WEFT_SIM_BACKBONE_H
#define WEFT_SIM_BACKBONE_H

#include "fair.h"
#include "topology.h"

struct weft_sim_world;
struct weft_sim_shard;
struct weft_sim_pipe;

/* A flow between sites that began or ended, waiting for the end of the window. */
struct weft_sim_far_change {
    uint64_t pipe; /* handle in the shard's pool, which may be void */
    uint32_t flow; /* to be removed, its pipe is closed; WEFT_SIM_NO_FLOW = look at the pipe */
    uint32_t from; /* of the flow to be removed: node, or WEFT_SIM_SOURCE */
    uint32_t to;   /* of the flow to be removed: node */
};

/* What one shard has changed in this window. */
struct weft_sim_far {
    struct weft_sim_far_change *changes; /* in order; owned */
    uint32_t count;                      /* entries */
    uint32_t room;                       /* entries that fit */
};

/* A line between sites: the source's uplink, or one direction of an access line. */
struct weft_sim_long_line {
    uint64_t rate;  /* of payload if it carried nothing else, 1/256 bytes per second */
    uint64_t taken; /* of it by messages and acknowledgements, as of the last look */
};

struct weft_sim_backbone {
    struct weft_sim_fair *fair; /* links: source; up and down of site k at 1 + 2 k; cards behind */
    struct weft_sim_long_line *lines; /* by the numbers of their links; owned */
    uint32_t line_count;              /* entries of lines */
    weft_ns looked_ns;                /* when what they carry beside payload was looked at */
    uint32_t *engaged;                /* nodes with flows between sites; owned */
    uint32_t engaged_count;           /* entries of engaged */
    uint32_t engaged_room;            /* entries that fit */
};

/* The lines of all sites and of the source, idle. */
void weft_sim_backbone_begin(struct weft_sim_world *world);

/* Free them. */
void weft_sim_backbone_end(struct weft_sim_world *world);

/* The pipe, between sites, began or ended to send; counts from the end of the window. */
void weft_sim_backbone_change(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe);

/* The pipe is about to be closed: its flow ends with the window. */
void weft_sim_backbone_close(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe);

/* Between windows: the access line of |site| has |parts| of |whole| of its rate. */
void weft_sim_backbone_slow(struct weft_sim_world *world, uint32_t site, uint64_t parts,
                            uint64_t whole);

/* Between windows: the uplink of the source has another rate. */
void weft_sim_backbone_source(struct weft_sim_world *world, uint64_t bytes_per_s);

/* Number of a line: of the source if |node| is WEFT_SIM_SOURCE, or of the node's site, away from
 * it if |up|. Nothing is counted on the source's line towards it: never ask for that. */
uint32_t weft_sim_backbone_line(const struct weft_sim_topology *topology, uint32_t node, bool up);

/* Between windows: rate what the changes reach, and tell the pipes. */
void weft_sim_backbone_settle(struct weft_sim_world *world);

/* How full is the fullest access line between them, in 1/1024 of its capacity? */
uint32_t weft_sim_backbone_fullness(const struct weft_sim_world *world, uint32_t from, uint32_t to);

/* Rate that one more flow between them would get at most, 1/256 bytes per second. */
uint64_t weft_sim_backbone_share(const struct weft_sim_world *world, uint32_t from, uint32_t to);

#endif
