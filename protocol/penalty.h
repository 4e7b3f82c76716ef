/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what no honest node does, and for how long is it held against him?
 *
 * One debt for every kind of offence, paid by waiting: each offence adds its price in seconds, a
 * further one of the same kind `again` times the price of the one before; nobody owes more than
 * WEFT_PENALTY_MAX_S. Who owes WEFT_PENALTY_DOUBT_S is doubted, who owes WEFT_PENALTY_BAN_S is
 * banned, until all is paid. Debts belong to ids that the transport proved, never to addresses,
 * which anybody can write on a datagram; and they are told to nobody, because an accusation proves
 * nothing. What this node owes others in service is not less because of them. SPEC.md section
 * "Penalties". Bound: WEFT_PENALTIES_MAX peers; who has paid first is forgotten. */
#ifndef WEFT_PENALTY_H
#define WEFT_PENALTY_H

#include "limits.h"
#include "reserve.h"

/* X(name, price of the first in s, how many times that the next one costs, worst standing that
 * comes of it, what the peer did) */
#define WEFT_OFFENCE_MAP(X)                                                                        \
    X(MALFORMED, 1, 1, BANNED, "a datagram or control frame that no version of weft writes")       \
    X(BREACH, 60, 1, BANNED,                                                                       \
      "other rules of a stream broken, or a MAP or HAVE of chunks that do not exist")              \
    X(METADATA, 30, 2, BANNED, "a bulletin or document that is not signed or not well formed")     \
    X(CHUNK, 60, 60, DOUBTED, "a chunk that does not match its signed hash")                       \
    X(STALL, 60, 2, DOUBTED, "leases held, and nothing brought while others brought chunks")       \
    X(FALSE_INDEX, 3600, 1, BANNED, "a chunk index that nobody signed, and that was false")

enum weft_offence {
#define X(name, first_s, again, worst, what) WEFT_OFFENCE_##name,
    WEFT_OFFENCE_MAP(X) WEFT_OFFENCE_COUNT
#undef X
};

/* What a peer may still do, best first. */
enum weft_standing {
    WEFT_STANDING_GOOD,    /* everything */
    WEFT_STANDING_DOUBTED, /* nothing that it announces is checked, no document is asked of it */
    WEFT_STANDING_BANNED   /* its link is closed, and no stream is taken from it */
};

struct weft_penalty {
    weft_node_id peer;                  /* proved id */
    weft_ns until_ns;                   /* when all is paid */
    uint8_t counts[WEFT_OFFENCE_COUNT]; /* offences of each kind since it was clean; stop at 255 */
    uint8_t standing;                   /* enum weft_standing until then */
};

struct weft_penalties {
    uint32_t count; /* entries in use; they stay, who has paid first gives way */
    void *pieces[WEFT_ROW_PIECES(WEFT_PENALTIES_MAX, struct weft_penalty)]; /* dense */
};

struct weft_core;

/* The core ends: give back the table. */
void weft_penalty_end(struct weft_core *core);

/* |peer| (0 = nobody, nothing happens) committed |offence|: note it, and close the link to who is
 * banned by it. */
void weft_penalty_add(struct weft_core *core, weft_node_id peer, enum weft_offence offence);

/* Is the word of |peer| worth nothing at the moment? */
bool weft_penalty_is_doubted(const struct weft_core *core, weft_node_id peer);

/* Is no stream wanted with |peer| at the moment? */
bool weft_penalty_is_banned(const struct weft_core *core, weft_node_id peer);

/* What |peer| owes; 0 = nothing.   Units: ns. */
weft_ns weft_penalty_owed_ns(const struct weft_core *core, weft_node_id peer);

/* Debtor |index| of those who owe something now, in no particular order; NULL past the last one. */
const struct weft_penalty *weft_penalty_debtor(const struct weft_core *core, uint32_t index);

#endif
