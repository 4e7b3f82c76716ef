/* SPDX-License-Identifier: Apache-2.0 */
/* The same run once more with all nodes honest: what hostile ones cost is measured beside it. */
#ifndef WEFT_SIM_HONEST_H
#define WEFT_SIM_HONEST_H

#include <stdbool.h>

struct weft_sim_options;
struct weft_sim_summary;

/* Run |options| without hostile nodes, and sum it up. Errors: false if it could not begin, violated
 * an invariant, or was interrupted (|stop| is set). */
bool weft_sim_honest_run(const struct weft_sim_options *options, struct weft_sim_summary *summary,
                         const volatile int *stop);

#endif
