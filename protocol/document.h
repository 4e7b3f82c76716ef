/* SPDX-License-Identifier: Apache-2.0 */
/* From whom does a node get a metadata document or a chunk index?
 *
 * First from the peer that announced the metadata, then from linked nodes that know it (the segment
 * before others), at last from the source. An agent that found the news at the source asks the
 * source at once; other nodes give a peer the time to announce it, so that the source serves each
 * document about once per segment. Each holder is asked once; after the source has failed too, the
 * round is repeated after 1 s, three times. Chunk indexes that nobody signed go by the rules of
 * derive.h. SPEC.md section "Documents". Bound: config.documents_max, a further request fails at
 * once.
 * Timers: WAIT for a peer to announce, 300 ms and 50 ms per rank; LINK, 1 s for a stream to the
 * announcing peer; ROUND, 1 s between rounds; LATE, 200 ms to 1 s (1 s to 5 s elsewhere) for a peer
 * that was asked: then another one is, and if all are late the source, one node after the other;
 * AGAIN, 3 s and more for the source: it may never answer one request, and the next one at once. */
#ifndef WEFT_DOCUMENT_H
#define WEFT_DOCUMENT_H

#include "arena.h"
#include "core.h"
#include "limits.h"

#define WEFT_DOCUMENT_TRIED 8

struct weft_document {
    uint64_t token;                          /* the shell's; 0 = free entry */
    uint32_t bytes_max;                      /* the shell's limit */
    weft_bulletin bulletin;                  /* who announced this or a later one may have it */
    weft_node_id hint;                       /* asked first; 0 = nobody */
    weft_node_id tried[WEFT_DOCUMENT_TRIED]; /* peers that failed in this round */
    uint32_t tried_count;                    /* entries of tried */
    uint32_t rounds;                         /* rounds that ended without it */
    bool asked;                              /* a fetch is under way */
    uint32_t at_source;                      /* requests at the source, others beside them or not */
    uint32_t source_asks;                    /* requests that it was sent in this round */
    weft_ns again_ns;                        /* ask the source once more then; NEVER = do not */
    weft_node_id from;                       /* of whom, the last one; 0 = the source */
    weft_ns since_ns;                        /* when it was wanted, or the round began */
    weft_ns wait_ns;                         /* look for a holder again then */
    uint64_t derived_bytes;                  /* an index that is not signed, of a target of this
                                                length + 1; 0 = any other document */
    bool is_own_work;                        /* of it: no peer is asked */
    weft_ns pending_until_ns;                /* of it: somebody works on it, it seems */
    char *path;                              /* below the source's URL; in paths */
};

struct weft_documents {
    uint32_t count;              /* entries in use */
    struct weft_document *items; /* config.documents_max, in no order */
    char *paths;                 /* room of each for config.path_max bytes and 0 */
};

struct weft_core;

/* Take the table from the block. */
void weft_document_carve(struct weft_core *core, struct weft_arena *arena);

/* The shell needs a document. */
void weft_document_on_wanted(struct weft_core *core,
                             const struct weft_event_document_wanted *event);

/* A fetch ended. */
void weft_document_on_end(struct weft_core *core, const struct weft_event_document *event);

/* A linked node that may hold |document| and was not asked in this round: the hint, else a near
 * one, else, if |far|, any; 0 = nobody. */
weft_node_id weft_document_holder(struct weft_core *core, const struct weft_document *document,
                                  bool far);

/* Open a stream to the peer that announced it, if it is not linked. True: worth waiting for. */
bool weft_document_reach_hint(struct weft_core *core, const struct weft_document *document);

/* Ask the next holder of every document that waits. */
void weft_document_expire(struct weft_core *core);

/* When a wait ends. */
weft_ns weft_document_deadline(const struct weft_core *core);

#endif
