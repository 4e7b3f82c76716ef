/* SPDX-License-Identifier: Apache-2.0 */
/* What is distributed, and when: releases of one component appear one after the other; release
 * number r comes with version r + 2 of the metadata. Documents are lengths and versions. */
#ifndef WEFT_SIM_PUBLISH_H
#define WEFT_SIM_PUBLISH_H

#include "options.h"
#include "queue.h"

#include "protocol/types.h"

struct weft_sim_world;
struct weft_sim_node;

/* Bytes of a bulletin. */
#define WEFT_SIM_BULLETIN_BYTES 450

/* Bytes that the path of any document fits in, its end included. */
#define WEFT_SIM_PATH_BYTES 64

/* Timestamp version before the first release. */
#define WEFT_SIM_VERSION_OLD 1

/* No release. */
#define WEFT_SIM_NO_RELEASE UINT16_MAX

enum weft_sim_document_kind {
    WEFT_SIM_DOCUMENT_TIMESTAMP, /* shown by the source under a fixed name */
    WEFT_SIM_DOCUMENT_SNAPSHOT,  /* names the version of targets */
    WEFT_SIM_DOCUMENT_TARGETS,   /* names the release and its chunk index */
    WEFT_SIM_DOCUMENT_INDEX,     /* lengths and hashes of the chunks */
    WEFT_SIM_DOCUMENT_KIND_COUNT
};

struct weft_sim_release {
    weft_release_id id;       /* name */
    uint64_t bytes;           /* of the whole */
    uint32_t chunk_bytes;     /* of every chunk but the last */
    uint32_t chunk_count;     /* chunks, at least 1 */
    weft_ns publish_ns;       /* when it appears at the source */
    weft_ns first_known_ns;   /* when the first node knew of it; 0 = none */
    weft_ns last_known_ns;    /* when the last one did */
    weft_ns last_complete_ns; /* when the last node had activated it */
    uint32_t complete_count;  /* living nodes that had activated it when the next one appeared */
};

struct weft_sim_releases {
    struct weft_sim_release *items; /* in order of time; owned */
    uint32_t count;                 /* of items, at least 1 */
    uint32_t newest;                /* the last one that has appeared; NO_RELEASE = none yet */
};

/* Cut the releases that |options| ask for into chunks.
 * Errors: false if one has more chunks than a release may have.
 * Owner:  the caller; ends with weft_sim_publish_end(). */
bool weft_sim_publish_begin(struct weft_sim_releases *releases,
                            const struct weft_sim_options *options);

/* Free them. */
void weft_sim_publish_end(struct weft_sim_releases *releases);

/* Number of the release with that name; NO_RELEASE if there is none. */
uint32_t weft_sim_publish_find(const struct weft_sim_releases *releases, weft_release_id id);

/* Length of a chunk. */
uint32_t weft_sim_publish_chunk_bytes(const struct weft_sim_release *release, uint32_t chunk);

/* Length of the chunk of a name, see weft_sim_chunk_name(). */
static inline uint32_t weft_sim_publish_named_bytes(const struct weft_sim_releases *releases,
                                                    uint32_t name)
{
    return weft_sim_publish_chunk_bytes(&releases->items[name >> 16], name & UINT16_MAX);
}

/* Length of a document of that version. */
uint32_t weft_sim_publish_document_bytes(const struct weft_sim_releases *releases,
                                         enum weft_sim_document_kind kind, uint32_t version);

/* Has the node activated the newest release? */
bool weft_sim_publish_is_complete(const struct weft_sim_world *world,
                                  const struct weft_sim_node *node);

/* Has it, and is it counted? Hostile nodes are not. */
bool weft_sim_publish_counts(const struct weft_sim_world *world, const struct weft_sim_node *node);

/* PUBLISH, between windows: the source shows release number words[0], and somebody is told to
 * look. */
void weft_sim_publish_on_time(struct weft_sim_world *world, const struct weft_sim_entry *entry);

#endif
