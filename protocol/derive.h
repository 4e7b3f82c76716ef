/* SPDX-License-Identifier: Apache-2.0 */
/* From whom does a node get the chunk index of a plain target, which nobody signed, and when does
 * it make it itself by fetching the whole target from the source?
 *
 * A node hands such an index out only when it has verified the whole target; who works on it says
 * PENDING. So peers are asked again and again, and the first agent to hear of the target fetches
 * it: the agents of a segment in rendezvous order of (path, agent), ordinary nodes only if no agent
 * does. Whoever is told PENDING waits, but not for ever: a liar delays a node by as long as an
 * honest fetch over a slow line would take. Bound: WEFT_DERIVE_MAX of the documents that are
 * wanted, WEFT_DERIVE_WORK_MAX fetches at a time; a further one fails at once, and the shell asks
 * again later. SPEC.md section "Plain targets".
 * Timers: AGAIN 1 s between rounds; PLACE 2 s for each agent before this one; tuning.fallback_ms
 * and RANK 5 s each for ordinary nodes; PATIENCE with PENDING: fallback_ms and 1 s for each 256 KiB
 * of the target. */
#ifndef WEFT_DERIVE_H
#define WEFT_DERIVE_H

#include "document.h"

#define WEFT_DERIVE_MAX 8
#define WEFT_DERIVE_WORK_MAX 2

/* Is there room for one more wanted index? */
bool weft_derive_has_room(const struct weft_core *core);

/* What is to be done now for |document|, whose length is document->derived_bytes.
 * Result: true: ask *from (0 = make it); false: wait until document->wait_ns. */
bool weft_derive_next(struct weft_core *core, struct weft_document *document, weft_node_id *from);

/* MISLED: the author of a false index is banned for an hour and not believed; the author of one
 * that only brought no chunks is not believed for a while. */
void weft_derive_on_misled(struct weft_core *core, const struct weft_event_misled *event);

/* The answer of event->from was event->result, not OK. */
void weft_derive_on_end(struct weft_core *core, struct weft_document *document,
                        const struct weft_event_document *event);

#endif
