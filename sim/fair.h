/* SPDX-License-Identifier: Apache-2.0 */
/* How fast is each flow? Max-min fair rates of flows over links of limited capacity, as long-lived
 * TCP flows share a network: no flow can become faster without making one slower that is not
 * faster than itself. Equivalently, and that is what the solver establishes: every flow has a
 * bottleneck, a link that is full and on which no flow is faster.
 *
 * Flows may have weights: all of this holds then for rates divided by weights.
 *
 * Exact and incremental: after a change only the flows are rated again whose bottleneck the change
 * reaches. Integers only; rates are rounded down, so that a link never carries more than its
 * capacity, and two rates count as equal if they differ by less than WEFT_SIM_FAIR_SLACK.
 * SPEC.md section "Model of the simulator". */
#ifndef WEFT_SIM_FAIR_H
#define WEFT_SIM_FAIR_H

#include "protocol/types.h"

/* Links of one flow's path, at most: host, segment, site, and the same on the other side, and a
 * limit of its own. */
#define WEFT_SIM_FAIR_HOPS 7

/* Rates and capacities are in 1/256 bytes per second. */
#define WEFT_SIM_FAIR_UNIT UINT64_C(256)

/* Rates this close are equal: a quarter of a byte per second. */
#define WEFT_SIM_FAIR_SLACK UINT64_C(64)

/* The rate of a flow over no link at all: 1 TB/s. */
#define WEFT_SIM_FAIR_UNLIMITED (UINT64_C(1000000000000) * WEFT_SIM_FAIR_UNIT)

struct weft_sim_fair; /* opaque */

/* A network without links.
 * Owner: the caller; ends with weft_sim_fair_free(). */
struct weft_sim_fair *weft_sim_fair_new(void);

/* Free it; NULL is fine. */
void weft_sim_fair_free(struct weft_sim_fair *fair);

/* Add a link of |capacity| (1/256 bytes per second). Returns its number, counted from 0. */
uint32_t weft_sim_fair_add_link(struct weft_sim_fair *fair, uint64_t capacity);

/* Change the capacity of a link; counts from the next weft_sim_fair_solve() on. */
void weft_sim_fair_set_capacity(struct weft_sim_fair *fair, uint32_t link, uint64_t capacity);

/* Add a flow over |links|; it has the rate 0 until weft_sim_fair_solve().
 * Shape:  links[count], count <= WEFT_SIM_FAIR_HOPS, each link at most once; |owner| is given back
 *         by weft_sim_fair_changed().
 * Returns its number, used again after weft_sim_fair_remove(). */
uint32_t weft_sim_fair_add(struct weft_sim_fair *fair, const uint32_t *links, uint32_t count,
                           uint64_t owner);

/* The same for a flow that is |weight| times as fast as one of weight 1 with its bottleneck. */
uint32_t weft_sim_fair_add_weighted(struct weft_sim_fair *fair, const uint32_t *links,
                                    uint32_t count, uint64_t owner, uint32_t weight);

/* Take a flow away; others become faster with the next weft_sim_fair_solve(). */
void weft_sim_fair_remove(struct weft_sim_fair *fair, uint32_t flow);

/* Rate everything anew that the changes since the last call reach.
 * Returns how many flows have another rate now; see weft_sim_fair_changed(). */
uint32_t weft_sim_fair_solve(struct weft_sim_fair *fair);

/* The flow number |index| of those that the last solve changed. */
uint32_t weft_sim_fair_changed(const struct weft_sim_fair *fair, uint32_t index);

/* What the caller named the flow. */
uint64_t weft_sim_fair_owner(const struct weft_sim_fair *fair, uint32_t flow);

/* Rate of a flow, 1/256 bytes per second. */
uint64_t weft_sim_fair_rate(const struct weft_sim_fair *fair, uint32_t flow);

/* Sum of the rates over a link, never more than its capacity. */
uint64_t weft_sim_fair_load(const struct weft_sim_fair *fair, uint32_t link);

/* Capacity of a link. */
uint64_t weft_sim_fair_capacity(const struct weft_sim_fair *fair, uint32_t link);

/* Flows over a link. */
uint32_t weft_sim_fair_flows(const struct weft_sim_fair *fair, uint32_t link);

#endif
