/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated shell of a node: looks at the source, fetches the signed documents through the core
 * in the order of TUF's client workflow, tells the core of the bulletin and the release, checks the
 * whole at the end. Only the bulletin (timestamp) has bytes, made up from its version, because it
 * travels inside the core's own messages. */
#ifndef WEFT_SIM_SHELL_H
#define WEFT_SIM_SHELL_H

#include "world.h"

struct weft_sim_document;

/* Does the shell hold the document? */
bool weft_sim_shell_holds(const struct weft_sim_updater *updater, uint32_t kind, uint32_t version);

/* |node| has started: tell its core what is on disk. */
void weft_sim_shell_on_start(struct weft_sim_shard *shard, uint32_t node);

/* The action SOURCE_LOOK of |node|. */
void weft_sim_shell_look(struct weft_sim_shard *shard, uint32_t node);

/* The action BULLETIN_CHECK of |node|. */
void weft_sim_shell_check(struct weft_sim_shard *shard, uint32_t node,
                          const struct weft_action_bulletin *bulletin);

/* The action DOCUMENT_FETCH of |node|. */
void weft_sim_shell_fetch(struct weft_sim_shard *shard, uint32_t node,
                          const struct weft_action_document *document);

/* The action DOCUMENT_FAILED of |node|. */
void weft_sim_shell_failed(struct weft_sim_shard *shard, uint32_t node, uint64_t token);

/* The action COMPLETE of |node|. */
void weft_sim_shell_complete(struct weft_sim_shard *shard, uint32_t node, weft_release_id id);

/* A document that |node| fetched has arrived, or will not come. */
void weft_sim_shell_on_document(struct weft_sim_shard *shard,
                                const struct weft_sim_document *document);

/* ACTIVATED: the whole release of a node was checked. */
void weft_sim_shell_on_activated(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

/* VERDICT: the shell has looked at a bulletin that a peer announced. */
void weft_sim_shell_on_verdict(struct weft_sim_shard *shard, const struct weft_sim_entry *entry);

#endif
