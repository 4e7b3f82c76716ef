/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of another version of the protocol. A later minor one says more than others know: elements
 * behind the known ones, and kinds of messages that do not exist yet. Another major one is not
 * understood at all, nor does it understand. SPEC.md sections "Wire" and "Streams" say what is owed
 * then, section "Faults of the simulator" when it happens. */
#ifndef WEFT_SIM_DIALECT_H
#define WEFT_SIM_DIALECT_H

#include "protocol/types.h"

struct weft_action_send;
struct weft_sim_shard;
struct weft_sim_world;

/* Does |node| speak a later minor version now? */
bool weft_sim_dialect_is_later(const struct weft_sim_world *world, uint32_t node);

/* Do the two speak major versions that differ? */
bool weft_sim_dialect_differs(const struct weft_sim_world *world, uint32_t one, uint32_t other);

/* |node|, of a later minor version, sends a datagram or a frame as that version would, and now and
 * then another one of a kind that nobody knows. */
void weft_sim_dialect_say(struct weft_sim_shard *shard, uint32_t node, bool is_frame,
                          const struct weft_action_send *send);

/* Make of a datagram what a node of another major version sends: its version is another one. */
void weft_sim_dialect_estrange(uint8_t *bytes, uint32_t length);

#endif
