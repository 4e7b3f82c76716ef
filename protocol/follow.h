/* SPDX-License-Identifier: Apache-2.0 */
/* Whose chunks of a release does this node get pushed, and who gets its?
 *
 * A child says FOLLOW to its parent in the tree of a stripe (tree.h), as soon as both know the
 * release; from then on it is pushed every chunk of that stripe that the parent stores (push.h).
 * The root follows every agent, for the chunks that these bring over the WAN. A parent that has
 * children enough, or cannot keep up, says DECLINE. Who has no parent takes the next node above it
 * that it is linked with, and until then asks for what it lacks (pick.h), which is also the way for
 * chunks that a parent does not push in time. A parent that lets too many chunks come from
 * elsewhere is left. SPEC.md section "Push trees". Bound: WEFT_FOLLOWERS_MAX children of a node in
 * a stripe and WEFT_ROOTS_MAX of an agent; a further one is declined.
 * Timer: SEEK, 200 ms after a download began, then every second while a parent is missing. */
#ifndef WEFT_FOLLOW_H
#define WEFT_FOLLOW_H

#include "link.h"
#include "release.h"
#include "tree.h"

/* Children of a node in a stripe. */
#define WEFT_FOLLOWERS_MAX 6

/* Roots that follow an agent in a stripe: one, but for views that differ. */
#define WEFT_ROOTS_MAX 2

struct weft_core;
struct weft_frame;

/* A download began: no parent yet. */
void weft_follow_begin(struct weft_core *core, uint32_t download);

/* A neighbour told that it knows the release: it may be the parent. */
void weft_follow_seek(struct weft_core *core, uint32_t download);

/* FOLLOW: a neighbour wants to be pushed chunks of these stripes, and of no others. */
void weft_follow_on_follow(struct weft_core *core, struct weft_link *link,
                           const struct weft_frame *frame);

/* The neighbour sent a bad chunk: it is no parent any more. */
void weft_follow_quit(struct weft_core *core, struct weft_link *link);

/* DECLINE: a parent pushes us nothing of these stripes. */
void weft_follow_on_decline(struct weft_core *core, struct weft_link *link,
                            const struct weft_frame *frame);

/* A link goes down: its stripes are without a parent. */
void weft_follow_on_link_down(struct weft_core *core, struct weft_link *link);

/* Somebody came, went or changed his role: this node may be a root now, or have other agents. */
void weft_follow_on_view(struct weft_core *core);

/* A chunk from |from| (NULL = the source) was stored: a parent that would have pushed it is told at
 * once, and left if that was one too many. */
void weft_follow_on_stored(struct weft_core *core, const struct weft_link *from, uint32_t download,
                           uint32_t chunk);

/* This node cannot push as much as comes: it has no children any more, and is no root. */
void weft_follow_give_up(struct weft_core *core, uint32_t download);

/* Look again for parents that are missing. */
void weft_follow_expire(struct weft_core *core);

/* When that is due. */
weft_ns weft_follow_deadline(const struct weft_core *core);

#endif
