/* SPDX-License-Identifier: Apache-2.0 */
/* How fast do bulk bytes move inside a site? Flows are rated max-min fair over the up and down
 * sides of the nodes' cards, at the very moment something changes. What flows to and from other
 * sites take of a card is taken off what the site may use. */
#ifndef WEFT_SIM_LAN_H
#define WEFT_SIM_LAN_H

#include "fair.h"

struct weft_sim_shard;
struct weft_sim_pipe;

struct weft_sim_lan {
    struct weft_sim_fair *fair; /* links: up side of the shard's node k is 2 k, down side 2 k + 1 */
    uint64_t *changes;          /* handles of pipes that began or ended to send; owned */
    uint32_t change_count;      /* entries of changes */
    uint32_t change_room;       /* entries that fit */
};

/* Make the lines of a shard's nodes. */
void weft_sim_lan_begin(struct weft_sim_shard *shard);

/* Free them. */
void weft_sim_lan_end(struct weft_sim_shard *shard);

/* The pipe, inside the site, began or ended to send: rate it when the present entry is done. */
void weft_sim_lan_change(struct weft_sim_shard *shard, const struct weft_sim_pipe *pipe);

/* Rate the flows that the changes reach, and tell their pipes. */
void weft_sim_lan_settle(struct weft_sim_shard *shard);

/* What flows between sites take of a card: leave the rest to the site. Between windows; ends with
 * weft_sim_lan_settle(). */
void weft_sim_lan_take(struct weft_sim_shard *shard, uint32_t node, bool up, uint64_t taken);

/* Load of one side of a card by flows inside the site, 1/256 bytes per second. */
uint64_t weft_sim_lan_load(const struct weft_sim_shard *shard, uint32_t node, bool up);

/* Number of these flows. */
uint32_t weft_sim_lan_flows(const struct weft_sim_shard *shard, uint32_t node, bool up);

#endif
