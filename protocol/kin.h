/* SPDX-License-Identifier: Apache-2.0 */
/* Which neighbours push chunks of a release to this node, and to which does it push?
 *
 * One set for each stripe, so that a chunk finds its few parents and children without a look at the
 * many other links. Who becomes one, and until when: follow.h. */
#ifndef WEFT_KIN_H
#define WEFT_KIN_H

#include "limits.h"
#include "tree.h"

/* Of one download; all are sets of entries of links, of links that are up. */
struct weft_kin {
    uint64_t parents[WEFT_STRIPES];  /* we follow them in the stripe: FOLLOW sent */
    uint64_t children[WEFT_STRIPES]; /* they follow us in the stripe: FOLLOW received */
    uint64_t roots;                  /* children that follow an agent, for what that brings itself;
                                        means nothing of others */
};

_Static_assert(WEFT_LINKS_MAX <= 64, "a word has a bit for each link");

/* The set of entry |link| alone. */
static inline uint64_t weft_kin_bit(uint32_t link)
{
    return UINT64_C(1) << link;
}

/* In which stripes is |link| one of |sets|? As a set of bits.   Shape: sets[WEFT_STRIPES]. */
static inline uint8_t weft_kin_stripes(const uint64_t *sets, uint32_t link)
{
    uint32_t stripes = 0;
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        stripes |= (uint32_t)((sets[stripe] >> link) & 1) << stripe;
    }
    return (uint8_t)stripes;
}

/* |link| is one of |sets| in |stripes|, a set of bits, and in no others. */
static inline void weft_kin_set(uint64_t *sets, uint32_t link, uint32_t stripes)
{
    for (uint32_t stripe = 0; stripe < WEFT_STRIPES; stripe++) {
        uint64_t bit = (uint64_t)((stripes >> stripe) & 1) << link;
        sets[stripe] = (sets[stripe] & ~weft_kin_bit(link)) | bit;
    }
}

/* Does |link| push |chunk| to us? */
static inline bool weft_kin_is_parent(const struct weft_kin *kin, uint32_t link, uint32_t chunk)
{
    return (kin->parents[chunk % WEFT_STRIPES] & weft_kin_bit(link)) != 0;
}

/* The set of those to whom |chunk| is pushed; |first|: it came over the WAN. */
static inline uint64_t weft_kin_followers(const struct weft_kin *kin, uint32_t chunk, bool first)
{
    uint64_t children = kin->children[chunk % WEFT_STRIPES];
    return first ? children : children & ~kin->roots;
}

/* The first entry of |set| from |link| on; WEFT_LINKS_MAX = none further. */
static inline uint32_t weft_kin_next(uint64_t set, uint32_t link)
{
    uint64_t left = link < WEFT_LINKS_MAX ? set >> link : 0;
    return left == 0 ? WEFT_LINKS_MAX : link + (uint32_t)__builtin_ctzll(left);
}

#endif
