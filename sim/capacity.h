/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as large as this network needs them, and no larger: memory is nodes times tables. */
#ifndef WEFT_SIM_CAPACITY_H
#define WEFT_SIM_CAPACITY_H

#include "protocol/core.h"

struct weft_sim_world;

/* The configuration of every core, but for its seed, site and class. The releases are known. */
struct weft_config weft_sim_capacity_config(const struct weft_sim_world *world);

/* Give each shard the reserves of its cores, which are stepped one after the other. What is never
 * taken of them costs nothing.
 * Owner: the shards. */
void weft_sim_capacity_reserve(struct weft_sim_world *world);

#endif
