/* SPDX-License-Identifier: Apache-2.0 */
/* The only randomness of the core, and the mixing function behind every rendezvous order.
 * SplitMix64 (Steele, Lea, Flood 2014): one 64-bit state per node, seeded by the driver. */
#ifndef WEFT_RNG_H
#define WEFT_RNG_H

#include "types.h"

/* Mix 64 bits so that every output bit depends on every input bit; a bijection. */
static inline uint64_t weft_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* Rendezvous weight of |node| for |key| (highest random weight, Thaler and Ravishankar 1998). */
static inline uint64_t weft_rendezvous(uint64_t key, uint64_t node)
{
    return weft_mix(weft_mix(key + UINT64_C(0x9e3779b97f4a7c15)) ^ node);
}

/* Next 64 random bits; advances |state|. */
static inline uint64_t weft_rng_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return weft_mix(*state);
}

/* A number in [0, bound), bound >= 1; the bias of the multiplication is below 2^-32. */
static inline uint32_t weft_rng_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(((weft_rng_next(state) >> 32) * bound) >> 32);
}

#endif
