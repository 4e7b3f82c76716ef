/* SPDX-License-Identifier: Apache-2.0 */
/* To whom does this node keep a data stream?
 *
 * Links stay open while both ends live: a broken one is the fastest sign of a crash, and a small
 * release must not wait for a connection. Which ones are opened: link_review.h; when one that
 * failed is tried again: link_pause.h. SPEC.md section "Links".
 * Bound: config.links_max; a further stream is closed at once, as is one from another segment
 *        beyond twice tuning.far_links. */
#ifndef WEFT_LINK_H
#define WEFT_LINK_H

#include "arena.h"
#include "core.h"
#include "reserve.h"

/* What this node knows of one neighbour's chunks of one download. */
struct weft_link_map {
    uint32_t told_count; /* entries of the download's log it was told of */
    uint16_t have_at;    /* of the set of chunks it has, see weft_link_have() */
    uint16_t have_count; /* bits set in that */
    bool known;          /* it sent a MAP: it knows the release */
    bool wanted;         /* it wants the chunks it lacks */
    uint8_t declined;    /* stripes in which it is no parent for us */
    uint8_t missed;      /* chunks in a row that it, a parent, let come from elsewhere */
    uint16_t crossed[2]; /* last chunks pushed to it, + 1, see take_crossing(); 0 = none */
    weft_ns moved_ns;    /* a chunk of an extent that it leases was seen near, or it began to */
};

_Static_assert(sizeof(struct weft_link_map) <= 24, "a node has a map of each neighbour");

/* All that is known of a neighbour lies together: the link, its maps, and the sets of those. What
 * every chunk needs, from the name of the peer to the first map, lies on a cache line or two. */
struct weft_link {
    weft_ns since_ns;            /* when it came up, or when opening began */
    weft_ns tardy_ns;            /* a document was late: not asked first before */
    struct weft_endpoint peer;   /* id 0 = free entry */
    weft_ns busy_until_ns;       /* it refused or was slow: not asked before */
    weft_ns push_after_ns;       /* a push failed: none before; it may ask */
    uint32_t pushed;             /* chunks ever sent that it did not ask for */
    uint16_t pushing;            /* chunks under way that it did not ask for */
    bool up;                     /* the stream can be used; else it is being opened */
    bool far;                    /* to another segment */
    bool agent;                  /* the peer is an agent of our segment now */
    bool sends;                  /* it has begun to send a chunk, and is believed since */
    bool silent;                 /* it sent none, or a bad one: what it tells does not count */
    bool broken;                 /* of a request it sent nothing: its MAPs count no more */
    uint8_t asked;               /* requests of ours it has not answered */
    uint8_t late;                /* requests given up that it may still answer; stops at 255 */
    uint8_t slow;                /* requests in a row that were overdue; stops at 255 */
    struct weft_link_map maps[]; /* config.downloads_max of them */
};

struct weft_links {
    struct weft_reserve *reserve; /* where links come from; its piece 0 stays zero: no link */
    uint32_t *places;             /* piece of each of config.links_max entries; 0 = free */
    uint32_t *tags;               /* low half of peer.id of each entry, dense for the search */
    uint32_t found;               /* entry that was looked up last */
    uint32_t end;                 /* entries from here on are free */
    uint32_t up_count;            /* links that are up */
    uint32_t far_count;           /* of them to other segments */
    weft_ns review_ns;            /* next review, see link_review.h */
    uint64_t marked;              /* names the agents for whom |agent| of each link is right */
};

struct weft_core;

/* Entry |index|, below config.links_max. One that is free is read only: its peer.id is 0. */
static inline struct weft_link *weft_link_at(const struct weft_links *links, uint32_t index)
{
    return weft_reserve_at(links->reserve, links->places[index]);
}

/* The set of chunks that the neighbour of |map| has: |have_at| words behind the map, where the maps
 * of its link have ended.
 * Shape: words[weft_bitmap_words(config.chunks_max)]. */
static inline uint64_t *weft_link_have(struct weft_link_map *map)
{
    return (uint64_t *)(void *)map + map->have_at;
}

/* The same, to be read. */
static inline const uint64_t *weft_link_have_of(const struct weft_link_map *map)
{
    return (const uint64_t *)(const void *)map + map->have_at;
}

/* Bytes of a link with its maps, and a set of config.chunks_max of each map. */
size_t weft_link_bytes(const struct weft_config *config);

/* Take the tables from the block, and empty them. */
void weft_link_carve(struct weft_core *core, struct weft_arena *arena);

/* Know where links come from. */
void weft_link_init(struct weft_core *core);

/* The core ends: give back every link, without a word. */
void weft_link_end(struct weft_core *core);

/* A stream is ready: exchange maps. Closed at once if there is no room or the peer is banned. */
void weft_link_on_up(struct weft_core *core, const struct weft_event_stream *event);

/* A stream ended: forget the peer's maps, free what was asked of it, doubt the member. */
void weft_link_on_down(struct weft_core *core, const struct weft_event_stream *event);

/* The link to |peer|, up or not; NULL = none. */
struct weft_link *weft_link_find(struct weft_core *core, weft_node_id peer);

/* The entry of |link|, which is in use. */
uint32_t weft_link_index(struct weft_core *core, const struct weft_link *link);

struct weft_frame;

/* Send a control frame on a link that is up; lost, and counted, if the queue is full. */
void weft_link_send(struct weft_core *core, const struct weft_link *link,
                    const struct weft_frame *frame);

/* Open a stream to |peer| unless there is one, it is paused, or there is no room. */
void weft_link_open(struct weft_core *core, const struct weft_endpoint *peer, bool far);

/* How many links there are, up or being opened, |far| ones or those inside the segment. */
uint32_t weft_link_count(const struct weft_core *core, bool far);

/* How many links are not up yet. */
uint32_t weft_link_opening_count(const struct weft_core *core);

/* |link| did not come up in time: close it, and leave the peer alone for a while. */
void weft_link_give_up(struct weft_core *core, struct weft_link *link);

/* Close the link to |peer|, if there is one: it was banned. */
void weft_link_shut(struct weft_core *core, weft_node_id peer);

/* The tier of bytes that come from the other end of |link|. */
enum weft_tier weft_link_tier(const struct weft_core *core, const struct weft_link *link);

/* Close every stream: the node leaves, or its address changed. */
void weft_link_close_all(struct weft_core *core);

#endif
