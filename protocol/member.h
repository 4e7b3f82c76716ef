/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in the segment: the table of its members, and what is derived from it.
 *
 * States of a member and what moves it between them are in claim.h, ways into the segment in
 * join.h, how records travel in gossip.h and sync.h, who probes whom in probe.h. A full table drops
 * the tombstone that is oldest; without one a further node is not admitted. SPEC.md section
 * "Membership". */
#ifndef WEFT_MEMBER_H
#define WEFT_MEMBER_H

#include "arena.h"
#include "event.h"
#include "join.h"
#include "message.h"
#include "roster.h"
#include "slots.h"
#include "view.h"

struct weft_core;

/* No such member. */
#define WEFT_MEMBER_NONE UINT32_MAX

/* Attested goodput of a member of which too few observers told: half-octaves. */
#define WEFT_MEMBER_RATE_UNKNOWN UINT8_MAX

/* What a member says of itself, as all who know it see it, is its record; the rest is what this
 * node alone thinks of it. */
struct weft_member {
    uint32_t said;             /* number of its newest record, of which the state counts nothing */
    uint32_t bulletin_version; /* of the newest metadata it said it has: timestamp */
    uint32_t heard_ms;         /* last sign of life first hand; modulo 2^32 */
    uint32_t since_ms;         /* when it came into this state; modulo 2^32 */
    unsigned state : 3;        /* enum weft_member_state, as this node sees it */
    unsigned flaps : 2;        /* refutations lately, 0..3 */
    unsigned is_asked : 1;     /* SUSPECT: was pinged for the last time */
    unsigned is_barred : 1;    /* its certificate says that it may be no Update Agent */
    uint8_t tells;             /* transmissions of its record still to make */
    uint8_t rate;              /* attested goodput, half-octaves, or RATE_UNKNOWN */
    uint8_t bulletin_root;     /* of the newest metadata it said it has: root, modulo 2^8 */
};

_Static_assert(sizeof(struct weft_member) <= 20, "100,000 nodes fit in one process");

struct weft_members {
    struct weft_member *table;        /* table[0] is the own node; dense up to count */
    const struct weft_roster *roster; /* where what they say is; own or the host's */
    struct weft_slots index;          /* open-addressing hash of ids -> place in table, 0 = free */
    uint32_t index_mask;              /* entries of index - 1 */
    uint32_t count;                   /* of table, the own node included */
    uint32_t up_count;                /* ALIVE, the own node included */
    uint32_t suspect_count;           /* SUSPECT */
    uint64_t digest;                  /* order-independent hash of ALIVE and SUSPECT records */
    weft_ns digest_changed_ns;        /* when digest changed last */
    weft_ns suspects_changed_ns;      /* when the set of suspects changed last */
    uint64_t accused;                 /* incarnation to refute at refute_ns, 0 = none */
    weft_ns refute_ns;                /* no refutation before */
    uint32_t refutes;                 /* refutations in a row */
    struct weft_joins join;           /* ways into the segment */
};

/* Take the tables of membership from the block. */
void weft_member_carve(struct weft_core *core, struct weft_arena *arena);

/* A member of the segment other than the own node, in any state.
 * Errors: NULL if unknown.   Owner: the core; valid until the end of the step. */
const struct weft_member *weft_member_find(const struct weft_core *core, weft_node_id id);

/* Have the processor fetch the entry of |id|, which will be looked for soon, from memory. */
void weft_member_fetch(const struct weft_core *core, weft_node_id id);

/* Members in any state, tombstones included, the own node left out. */
uint32_t weft_member_count(const struct weft_core *core);

/* Member |index|, 0..weft_member_count()-1, in no particular order.
 * Owner: the core; valid until the end of the step. */
const struct weft_member *weft_member_at(const struct weft_core *core, uint32_t index);

/* Is it ALIVE? A suspect is not up. */
static inline bool weft_member_is_up(const struct weft_member *member)
{
    return member->state == WEFT_MEMBER_ALIVE;
}

/* Is it ALIVE or SUSPECT? Then it counts in the digest, and nobody looks for it. */
static inline bool weft_member_is_live(const struct weft_member *member)
{
    return member->state == WEFT_MEMBER_ALIVE || member->state == WEFT_MEMBER_SUSPECT;
}

/* Members that are up, the own node included. */
uint32_t weft_member_up_count(const struct weft_core *core);

/* The own node's entry; its incarnation equals core->incarnation.
 * Owner: the core. */
const struct weft_member *weft_member_self(const struct weft_core *core);

/* Place of |id| in the table, the own node at 0; for modules that walk the table.
 * Errors: WEFT_MEMBER_NONE if unknown. */
uint32_t weft_member_slot(const struct weft_core *core, weft_node_id id);

/* The newest metadata that |member| said it has, without a tag. Of its root only the last 8 bits
 * are kept; they stand for the version nearest to the own one. */
weft_bulletin weft_member_bulletin(const struct weft_core *core, const struct weft_member *member);

/* First-hand sign of life of |id|, which said it accepted |bulletin|.
 * A suspect is alive again for this node; a dead or unknown one stays as it is.
 * Errors: NULL if the node is no member.   Owner: the core. */
const struct weft_member *weft_member_heard(struct weft_core *core, weft_node_id id,
                                            weft_bulletin bulletin);

/* The certificate of |id| says, or does not, that it may be no Update Agent. */
void weft_member_bar(struct weft_core *core, weft_node_id id, bool no_agent);

/* The class of |member| as it counts: never if it is barred. */
enum weft_agent_class weft_member_class(const struct weft_core *core,
                                        const struct weft_member *member);

/* The incarnation at which the reader of a message is held suspect or dead; 0 = it is not. */
uint64_t weft_member_suspected(const struct weft_core *core, weft_node_id id);

/* Add a member that is not in the table, in the state |record| says; nothing is traced or told.
 * Errors: WEFT_MEMBER_NONE, counted as FULL, if there is no room. */
uint32_t weft_member_add(struct weft_core *core, const struct weft_record *record);

/* Replace the entry at |slot| by |next| with |record|, which has the same id and may be the one it
 * has: keeps counts, digest and epoch, and traces a change of state. */
void weft_member_put(struct weft_core *core, uint32_t slot, const struct weft_member *next,
                     const struct weft_record *record);

/* The segment was left: nobody but the own node is a member any more. */
void weft_member_forget_others(struct weft_core *core);

/* Drop the member at |slot|; the last one takes its place. */
void weft_member_remove(struct weft_core *core, uint32_t slot);

/* Set how often the record at |slot| has still to be sent. */
void weft_member_set_tells(struct weft_core *core, uint32_t slot, uint8_t tells);

/* Set the attested goodput of the member at |slot|. */
void weft_member_set_rate(struct weft_core *core, uint32_t slot, uint8_t half_octaves);

/* The record of the member at |slot|, as it is told: with the state in which this node sees it. */
struct weft_record weft_member_record(const struct weft_core *core, uint32_t slot);

/* Up to |wanted| different members that are up, at random, neither the own node nor |except|.
 * Shape:  slots[wanted]. Returns how many. */
uint32_t weft_member_sample(struct weft_core *core, weft_node_id except, uint32_t wanted,
                            uint32_t *slots);

/* Where the member at |slot| is reached. */
struct weft_endpoint weft_member_endpoint(const struct weft_core *core, uint32_t slot);

/* How many of the up members other than |subject| come before this node in the rendezvous order of
 * |subject|, counted up to |limit|: place < 3 makes it one of the first three. */
uint32_t weft_member_place_for(const struct weft_core *core, weft_node_id subject, uint32_t limit);

/* Contribution of a record to the digest of a view. */
uint64_t weft_member_hash(const struct weft_core *core, const struct weft_member *member);

/* Milliseconds of core->now_ns, modulo 2^32: the clock of heard_ms and since_ms. */
uint32_t weft_member_clock_ms(const struct weft_core *core);

#endif
