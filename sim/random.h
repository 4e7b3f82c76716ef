/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness by counter: a value is a function of (seed, purpose, entity, counter), so that taking
 * away one fault or one node shifts nobody else's luck, and there is no state to keep. */
#ifndef WEFT_SIM_RANDOM_H
#define WEFT_SIM_RANDOM_H

#include "protocol/rng.h"

/* What a value is drawn for. */
enum weft_sim_purpose {
    WEFT_SIM_FOR_ID = 1,  /* names of nodes */
    WEFT_SIM_FOR_JOIN,    /* when a node starts */
    WEFT_SIM_FOR_CLOCK,   /* where its clock begins */
    WEFT_SIM_FOR_CORE,    /* seed of its core */
    WEFT_SIM_FOR_DELAY,   /* jitter of a message */
    WEFT_SIM_FOR_LOSS,    /* whether a datagram is lost */
    WEFT_SIM_FOR_FAULT,   /* who fails, and when */
    WEFT_SIM_FOR_CONTENT, /* bytes of made-up documents */
    WEFT_SIM_FOR_MISHAP,  /* who has what mishap, and when */
    WEFT_SIM_FOR_ECHO,    /* whether a datagram comes twice, again, or late */
    WEFT_SIM_FOR_SWARM,   /* what a seed of a sweep is made of */
    WEFT_SIM_FOR_PLACE,   /* what a node of a site is, and when it is on */
    WEFT_SIM_FOR_SHARE,   /* how much of a full line a connection gets */
    WEFT_SIM_FOR_HOSTILE, /* who of a segment is hostile first, second... */
    WEFT_SIM_FOR_BEACON,  /* when a node says on its link that it is there, and who hears it */
    WEFT_SIM_FOR_FLIP,    /* whether a bit flips in a datagram, a record, a chunk */
    WEFT_SIM_FOR_BODY     /* whether one flips in what is fetched: a range, a document */
};

/* The value number |counter| of |entity| for |purpose|. */
static inline uint64_t weft_sim_random(uint64_t seed, enum weft_sim_purpose purpose,
                                       uint32_t entity, uint64_t counter)
{
    uint64_t stream = weft_mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)purpose);
    return weft_mix(weft_mix(stream ^ entity) + counter * UINT64_C(0x9e3779b97f4a7c15));
}

/* Map a random |value| to [0, bound); 0 if |bound| is 0. */
static inline uint64_t weft_sim_random_below(uint64_t value, uint64_t bound)
{
    /* Multiply-shift on the upper half keeps everything in 64 bits; bounds stay below 2^32. */
    return ((value >> 32) * (bound & UINT32_MAX)) >> 32;
}

#endif
