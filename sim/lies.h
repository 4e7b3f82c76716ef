/* SPDX-License-Identifier: Apache-2.0 */
/* What hostile nodes make of the datagrams of their cores: about rates, news and members. */
#ifndef WEFT_SIM_LIES_H
#define WEFT_SIM_LIES_H

#include <stdbool.h>

struct weft_message;
struct weft_sim_hostile;
struct weft_sim_world;

/* The core of |self| sends |message|: change it as the class of |self| does.
 * Errors: false: it sends nothing instead. */
bool weft_sim_lies_tell(const struct weft_sim_world *world, struct weft_sim_hostile *self,
                        struct weft_message *message);

#endif
