/* SPDX-License-Identifier: Apache-2.0 */
/* The newest metadata (a bulletin is a signed timestamp document): who has it, who must hear it.
 *
 * Every datagram carries the bulletin its sender accepted (bulletin.h). Timers: a bulletin goes at
 * once to every linked node, and with its bytes to three members, the own agents and (agents, and
 * whoever knows it first) four agents elsewhere; hints follow after 50, 200, 500 and 1000 ms to
 * others that are not known to have it. A node with an older one is sent the bulletin, at most
 * every 300 ms each; whether a newer one is asked for is in bulletin_check.h, when to look at the
 * source in look.h. SPEC.md section "Bulletins". */
#ifndef WEFT_ANNOUNCE_H
#define WEFT_ANNOUNCE_H

#include "arena.h"
#include "bulletin_check.h"
#include "event.h"
#include "limits.h"
#include "look.h"
#include "message.h"
#include "reserve.h"

struct weft_core;
struct weft_link;
struct weft_frame;

/* Messages sent lately that are remembered; the oldest gives way. */
#define WEFT_ANNOUNCE_SENT_MAX 16

/* To whom something was sent lately. */
struct weft_announce_sent {
    weft_node_id peer; /* 0 = free */
    weft_ns at_ns;     /* when */
};

_Static_assert(WEFT_ANNOUNCE_SENT_MAX * sizeof(struct weft_announce_sent) <= WEFT_ROWS_BYTES,
               "they fit in one piece");

struct weft_announces {
    weft_bulletin bulletin;     /* accepted, 0 = none */
    weft_bulletin contradicted; /* other bytes of the same versions, seen and told of; 0 = none */
    uint32_t length;            /* of bytes; 0 = none, or too long for gossip */
    uint32_t hints;             /* rounds of hints made for this bulletin */
    bool is_first;              /* not learned from a peer: tell other segments too */
    weft_ns accepted_ns;        /* when bulletin was accepted */
    uint32_t sent_at;           /* next place in sent */
    uint32_t gets;              /* entries of sent, as bits, that were ANNOUNCE_GET, not ANNOUNCE */
    void *sent;                 /* rate limit: a piece of rows, NULL = nothing sent lately */
    const uint8_t *bytes;       /* the signed timestamp document, config.bulletin_max at most */
    uint8_t *room;              /* for bytes; NULL = the host keeps them */
    struct weft_bulletin_check check; /* whose word is checked */
    struct weft_looks look;           /* looks at the source */
};

/* Take room for a bulletin from the block. */
void weft_announce_carve(struct weft_core *core, struct weft_arena *arena);

/* The core ends: give back the tables. */
void weft_announce_end(struct weft_core *core);

/* BULLETIN: the shell accepted metadata; tell others. */
void weft_announce_on_bulletin(struct weft_core *core, const struct weft_event_bulletin *event);

/* A datagram of |from| said it accepted |bulletin|: send it ours, or ask for its. */
void weft_announce_on_heard(struct weft_core *core, const struct weft_endpoint *from,
                            weft_bulletin bulletin);

/* BULLETIN: a linked node said what it accepted. Its bytes are fetched over the link. */
void weft_announce_on_frame(struct weft_core *core, struct weft_link *link,
                            const struct weft_frame *frame);

/* |link| came up: say what this node accepted. */
void weft_announce_on_link_up(struct weft_core *core, const struct weft_link *link);

/* ANNOUNCE_GET arrived. */
void weft_announce_on_get(struct weft_core *core, const struct weft_endpoint *from);

/* Ask |to| for the bytes of its bulletin, unless it was asked lately. */
void weft_announce_get(struct weft_core *core, const struct weft_endpoint *to);

/* Did |id|, a member or a remote node, say it accepted |bulletin| or a later one? */
bool weft_announce_has(const struct weft_core *core, weft_node_id id, weft_bulletin bulletin);

/* Newest metadata accepted; 0 = none. */
weft_bulletin weft_announce_bulletin(const struct weft_core *core);

/* Its timestamp version; 0 = none. */
uint32_t weft_announce_version(const struct weft_core *core);

/* Tell, check and look, whatever is due. */
void weft_announce_expire(struct weft_core *core);

#endif
