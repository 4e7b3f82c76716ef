/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata documents on their way: from the source, or from the shell of a peer that holds them. */
#ifndef WEFT_SIM_DOCUMENT_H
#define WEFT_SIM_DOCUMENT_H

#include "world.h"

/* An open request, in the shard of the node that asks. */
struct weft_sim_document {
    struct weft_sim_slot slot; /* of the pool */
    uint32_t node;             /* who wants it */
    uint32_t life;             /* in which of its lives */
    uint32_t from;             /* node, or WEFT_SIM_SOURCE */
    uint32_t kind;             /* enum weft_sim_document_kind; KIND_COUNT = nobody has that path */
    uint32_t version;          /* of it; for a timestamp: what the source showed */
    uint64_t token;            /* the core's name of the request; 0 = a look at the source */
    enum weft_err result;      /* how it ended */
};

/* Fetch a document for |wanted->node| from |wanted->from|. It ends in
 * weft_sim_shell_on_document(). */
void weft_sim_document_fetch(struct weft_sim_shard *shard, const struct weft_sim_document *wanted);

/* DOCUMENT_ASKED: it is sent, or refused. */
void weft_sim_document_on_asked(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* DOCUMENT_END: the node has it, or knows that it will not come. */
void weft_sim_document_on_end(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

#endif
