/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a run. In each window every shard is simulated once, as a rule by the thread that
 * did so before; what comes of it does not depend on which. */
#ifndef WEFT_SIM_CREW_H
#define WEFT_SIM_CREW_H

#include "protocol/types.h"

struct weft_sim_crew; /* opaque */

/* The work on shard |index| in this window, done by thread |worker| (0 = the caller's). */
typedef void weft_sim_work(void *context, uint32_t index, uint32_t worker);

/* A crew of |threads| threads, the caller's included, waiting. Fewer if the system refuses.
 * Owner: the caller; ends with weft_sim_crew_free(). */
struct weft_sim_crew *weft_sim_crew_new(uint32_t threads);

/* End the threads and free the crew; NULL is fine. */
void weft_sim_crew_free(struct weft_sim_crew *crew);

/* Threads of the crew, the caller's included. */
uint32_t weft_sim_crew_size(const struct weft_sim_crew *crew);

/* Do |work| for every index below |count|; returns when all of it is done. */
void weft_sim_crew_run(struct weft_sim_crew *crew, weft_sim_work *work, void *context,
                       uint32_t count);

#endif
