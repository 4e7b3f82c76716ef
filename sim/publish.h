/* SPDX-License-Identifier: Apache-2.0 */
/* What is distributed, and the simulated shell's share of it: looking at the source, fetching the
 * signed documents in the order of TUF's client workflow through the core, telling the core of the
 * bulletin and the release, checking the whole at the end.
 *
 * Documents are lengths and versions; only the bulletin (timestamp) has bytes, made up from its
 * version, because it travels inside the core's own messages. */
#ifndef WEFT_SIM_PUBLISH_H
#define WEFT_SIM_PUBLISH_H

#include "queue.h"

#include "protocol/action.h"
#include "protocol/event.h"

struct weft_sim_world;
struct weft_sim_document;

/* Bytes of a bulletin. */
#define WEFT_SIM_BULLETIN_BYTES 450

/* Timestamp version before and after time zero. */
#define WEFT_SIM_VERSION_OLD 1
#define WEFT_SIM_VERSION_NEW 2

enum weft_sim_document_kind {
    WEFT_SIM_DOCUMENT_TIMESTAMP, /* shown by the source under a fixed name */
    WEFT_SIM_DOCUMENT_SNAPSHOT,  /* names the version of targets */
    WEFT_SIM_DOCUMENT_TARGETS,   /* names the release and its chunk index */
    WEFT_SIM_DOCUMENT_INDEX,     /* lengths and hashes of the chunks */
    WEFT_SIM_DOCUMENT_KIND_COUNT
};

struct weft_sim_release {
    weft_release_id id;   /* name */
    uint64_t bytes;       /* of the whole */
    uint32_t chunk_bytes; /* of every chunk but the last */
    uint32_t chunk_count; /* chunks, at least 1 */
};

/* Cut a release of |bytes| into chunks; |chunk_bytes| 0 = by the rule of weft publish.
 * Errors: chunk_count is 0 if it has more chunks than a release may have. */
struct weft_sim_release weft_sim_publish_cut(uint64_t bytes, uint32_t chunk_bytes, uint64_t seed);

/* Length of chunk |chunk|. */
uint32_t weft_sim_publish_chunk_bytes(const struct weft_sim_release *release, uint32_t chunk);

/* Length of a document. */
uint32_t weft_sim_publish_document_bytes(const struct weft_sim_release *release,
                                         enum weft_sim_document_kind kind);

/* Does |node| hold the document? */
bool weft_sim_publish_holds(const struct weft_sim_world *world, uint32_t node,
                            const struct weft_sim_document *document);

/* PUBLISH: time zero; the source shows the new version, and somebody is told to look. */
void weft_sim_publish_on_zero(struct weft_sim_world *world);

/* |node| has started: tell its core what is on disk. */
void weft_sim_publish_on_start(struct weft_sim_world *world, uint32_t node);

/* The action SOURCE_LOOK of |node|. */
void weft_sim_publish_look(struct weft_sim_world *world, uint32_t node);

/* The action BULLETIN_CHECK of |node|. */
void weft_sim_publish_check(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_bulletin *bulletin);

/* The action DOCUMENT_FETCH of |node|. */
void weft_sim_publish_fetch(struct weft_sim_world *world, uint32_t node,
                            const struct weft_action_document *document);

/* The action DOCUMENT_FAILED of |node|. */
void weft_sim_publish_failed(struct weft_sim_world *world, uint32_t node, uint64_t token);

/* The action COMPLETE of |node|. */
void weft_sim_publish_complete(struct weft_sim_world *world, uint32_t node, weft_release_id id);

/* A document that |node| fetched has arrived, or will not come. */
void weft_sim_publish_on_document(struct weft_sim_world *world,
                                  const struct weft_sim_document *document);

/* ACTIVATED: the whole release of a node was checked. */
void weft_sim_publish_on_activated(struct weft_sim_world *world,
                                   const struct weft_sim_entry *entry);

/* VERDICT: the shell has looked at a bulletin that a peer announced. */
void weft_sim_publish_on_verdict(struct weft_sim_world *world, const struct weft_sim_entry *entry);

#endif
