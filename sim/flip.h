/* SPDX-License-Identifier: Apache-2.0 */
/* Bits that flip: on the wire between nodes, where a transport notices; on the way from the source,
 * where only a hash or a signature does; and in the memory of a sick machine, likewise. SPEC.md
 * section "Faults of the simulator". */
#ifndef WEFT_SIM_FLIP_H
#define WEFT_SIM_FLIP_H

#include "protocol/types.h"

/* Above the numbers of all chunks. */
#define WEFT_SIM_FLIP_DOCUMENT (UINT32_C(1) << 16)

struct weft_sim_shard;
struct weft_sim_world;

/* Does a bit flip in the datagram that |from|, of this shard, has just sent? Then it is not genuine
 * any more, and nobody gets it. */
bool weft_sim_flip_hits_datagram(struct weft_sim_shard *shard, uint32_t from);

/* Does a bit flip in one of the records of the |bytes| that |from|, of this shard, sends over its
 * stream to |to|? Then that stream is closed when they arrive. */
bool weft_sim_flip_hits_records(struct weft_sim_shard *shard, uint32_t from, uint32_t to,
                                uint32_t bytes);

/* Does a bit flip in the |bytes| of a document that |node|, of this shard, now gets over a stream
 * from another node? Then that stream is closed. |kind|: enum weft_sim_document_kind. */
bool weft_sim_flip_hits_document(struct weft_sim_shard *shard, uint32_t node, uint32_t kind,
                                 uint32_t bytes);

/* Does a bit flip in the |bytes| that |node|, of this shard, now has from the source? |what|: chunk
 * of a release, or WEFT_SIM_FLIP_DOCUMENT and the kind of a document. */
bool weft_sim_flip_hits_body(struct weft_sim_shard *shard, uint32_t node, uint32_t what,
                             uint32_t bytes);

/* Does a bit flip in the memory of a machine, sick by a BAD_MEMORY, that sends |chunk| or that gets
 * it and checks it, in the window that is simulated? |node| is the one that gets it. */
bool weft_sim_flip_hits_chunk(const struct weft_sim_world *world, uint32_t node, uint32_t chunk);

#endif
