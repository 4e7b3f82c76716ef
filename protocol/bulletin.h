/* SPDX-License-Identifier: Apache-2.0 */
/* Which metadata is newer? One number that every datagram carries. SPEC.md section "Bulletins".
 *
 * A publisher that recovers from a stolen key counts timestamps from the start again under a new
 * root, so the root's version stands in front. The tag at the end differs if two timestamps of one
 * version differ: whoever signed both tells different nodes different things. */
#ifndef WEFT_BULLETIN_H
#define WEFT_BULLETIN_H

#include "types.h"

/* Root version 16 bits, timestamp version 32 bits, tag 16 bits; 0 = no metadata. */
typedef uint64_t weft_bulletin;

/* Newest versions that a bulletin can name. */
#define WEFT_BULLETIN_ROOT_MAX UINT16_MAX
#define WEFT_BULLETIN_VERSION_MAX UINT32_MAX

/* The bulletin of these versions and |tag|. */
static inline weft_bulletin weft_bulletin_of(uint32_t root_version, uint32_t version, uint16_t tag)
{
    return (uint64_t)root_version << 48 | (uint64_t)version << 16 | tag;
}

/* Version of the root under which |bulletin| was accepted. */
static inline uint32_t weft_bulletin_root(weft_bulletin bulletin)
{
    return (uint32_t)(bulletin >> 48);
}

/* Version of the timestamp. */
static inline uint32_t weft_bulletin_version(weft_bulletin bulletin)
{
    return (uint32_t)(bulletin >> 16);
}

/* |bulletin| without its tag: what is compared. */
static inline uint64_t weft_bulletin_rank(weft_bulletin bulletin)
{
    return bulletin >> 16;
}

/* Is |left| newer than |right|, whatever their tags? */
static inline bool weft_bulletin_is_newer(weft_bulletin left, weft_bulletin right)
{
    return weft_bulletin_rank(left) > weft_bulletin_rank(right);
}

/* Do they name the same versions with different bytes? */
static inline bool weft_bulletin_contradicts(weft_bulletin left, weft_bulletin right)
{
    return left != right && weft_bulletin_rank(left) == weft_bulletin_rank(right);
}

#endif
