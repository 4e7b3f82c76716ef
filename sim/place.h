/* SPDX-License-Identifier: Apache-2.0 */
/* What the sites of a network are like, if they are not all alike: how many nodes stand in how many
 * segments, behind which line, how many are on Wi-Fi or on battery, and when they are switched on.
 * SPEC.md section "Scenarios". */
#ifndef WEFT_SIM_PLACE_H
#define WEFT_SIM_PLACE_H

#include "protocol/types.h"

struct weft_sim_entry;
struct weft_sim_options;
struct weft_sim_shard;
struct weft_sim_topology;
struct weft_sim_world;
struct weft_text;

/* Kinds of sites in one network. */
#define WEFT_SIM_PLACES_MAX 32

#define WEFT_SIM_MINUTES_A_DAY (24 * 60)

/* Sites that are alike; one --site. */
struct weft_sim_place {
    uint32_t sites;            /* so many of them */
    uint32_t segments;         /* in each */
    uint32_t nodes;            /* in each segment */
    uint64_t lan_bytes_per_s;  /* a node's card, each way; 0 = no limit */
    uint64_t down_bytes_per_s; /* the access line, towards the site; 0 = no limit */
    uint64_t up_bytes_per_s;   /* the access line, away from it; 0 = no limit */
    uint32_t wifi_ppm;         /* nodes whose card is a radio of --wifi-rate */
    uint32_t battery_ppm;      /* nodes that never become agents */
    uint32_t busy_ppm;         /* part of the access line that others take */
    uint32_t shift_ppm;        /* nodes that are on from |from_min| to |to_min| only */
    uint32_t from_min;         /* minute of the day */
    uint32_t to_min;           /* minute of the day, later than from_min */
};

/* Read "20 x 1 x 60 lan 1gbit wan 10mbit up 2mbit wifi 30% battery 10% busy 40%
 * hours 8:00-17:00 90%"; only the numbers at the beginning are needed.
 * Errors: false if it is anything else, and |message| says which word of it. Rates that are not
 *         named are those in |place| before. */
bool weft_sim_place_read(const char *text, struct weft_sim_place *place, struct weft_text *message);

/* Read "8:30" into minutes. Errors: false if it is anything else. */
bool weft_sim_place_read_time(const char *text, uint32_t *minutes);

/* Rate of the card of |node|, bytes per second; 0 = no limit. */
uint64_t weft_sim_place_card(const struct weft_sim_options *options,
                             const struct weft_sim_topology *topology, uint32_t node);

/* What its nodes say of their site; 0 = nothing, as where every segment is a site of its own. */
uint32_t weft_sim_place_site(const struct weft_sim_world *world, uint32_t node);

/* Is |node| on battery? */
bool weft_sim_place_is_battery(const struct weft_sim_world *world, uint32_t node);

/* When a node that would start at |time_ns| is switched on. */
weft_ns weft_sim_place_start_ns(const struct weft_sim_world *world, uint32_t node, weft_ns time_ns);

/* |node| has started: plan when it is switched off. */
void weft_sim_place_on_start(struct weft_sim_shard *shard, uint32_t node);

/* EVENING: the node is switched off until its next morning. */
void weft_sim_place_on_evening(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* How long nodes may be off: what a run has to wait for; 0 = none is ever switched off. */
weft_ns weft_sim_place_night_ns(const struct weft_sim_options *options);

#endif
