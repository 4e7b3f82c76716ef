/* SPDX-License-Identifier: Apache-2.0 */
/* How far is every node? Asks all control sockets at once and keeps what they say. */
#ifndef WEFT_DEMO_POLL_H
#define WEFT_DEMO_POLL_H

#include "demo_mesh.h"

/* Ask every node, wait at most |timeout_ms| for all answers; a node that does not answer in time
 * keeps what it said before. */
void weft_demo_poll(struct weft_demo_mesh *mesh, int timeout_ms);

#endif
