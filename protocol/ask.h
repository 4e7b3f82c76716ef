/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody says of a member what only that member can know: where it listens, what it is, which
 * life it is in. Is it true?
 *
 * A record is proved hop by hop only, so whoever passes it on could have changed it. Instead of
 * believing it this node asks the owner, by a PING to the address in question; the transport proves
 * who answers. The owner answers with its own record if its view differs from this node's. Bound:
 * WEFT_ASKS_MAX questions without an answer within tuning.probe_timeout_ms, one of them to each
 * member; what is not asked now comes up again with the next copy of the news. SPEC.md section
 * "Hearsay". */
#ifndef WEFT_ASK_H
#define WEFT_ASK_H

#include "limits.h"
#include "types.h"

struct weft_core;

/* A question under way. */
struct weft_ask {
    weft_node_id id; /* who is asked; 0 = free */
    weft_ns sent_ns; /* when */
};

struct weft_asks {
    struct weft_ask items[WEFT_ASKS_MAX]; /* under way, or over for want of an answer */
};

/* Ask |owner|, at the address that somebody says it has, for its record. */
void weft_ask(struct weft_core *core, const struct weft_endpoint *owner);

/* |id| told of itself: a question to it is answered. */
void weft_ask_on_answer(struct weft_core *core, weft_node_id id);

#endif
