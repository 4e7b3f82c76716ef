/* SPDX-License-Identifier: Apache-2.0 */
/* A bucket is kept as the time at which it is full again: a token costs its refill time. */
#include "rate.h"

#include <sodium.h>
#include <string.h>

static const struct weft_rate_limit address_limit = {WEFT_NS_PER_S / WEFT_ADDRESS_PER_S,
                                                     WEFT_ADDRESS_BURST};
static const struct weft_rate_limit total_limit = {WEFT_NS_PER_S / WEFT_TOTAL_PER_S,
                                                   WEFT_TOTAL_BURST};

/* The time at which a bucket is full after |count| tokens were taken; 0 = it has fewer. */
static weft_ns take(weft_ns full_ns, weft_ns now_ns, const struct weft_rate_limit *limit,
                    uint32_t count)
{
    weft_ns from_ns = full_ns > now_ns ? full_ns : now_ns;
    weft_ns next_ns = from_ns + count * limit->token_ns;
    return next_ns - now_ns > limit->burst * limit->token_ns ? 0 : next_ns;
}

bool weft_rate_take_from(weft_ns *full_ns, weft_ns now_ns, const struct weft_rate_limit *limit,
                         uint32_t count)
{
    weft_ns next_ns = take(*full_ns, now_ns, limit, count);
    *full_ns = next_ns == 0 ? *full_ns : next_ns;
    return next_ns != 0;
}

static uint64_t network_of(const struct weft_rate *rate, const struct weft_address *address)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    bool is_ipv4 = memcmp(address->ip, mapped, sizeof(mapped)) == 0;
    uint64_t network = 0;
    crypto_shorthash_siphash24((uint8_t *)&network, address->ip, is_ipv4 ? WEFT_IP_BYTES : 8,
                               (const uint8_t *)rate->key);
    return network == 0 ? 1 : network;
}

/* The bucket of |network|: its own, a free one, or that which is full soonest. */
static struct weft_rate_bucket *bucket_of(struct weft_rate *rate, uint64_t network)
{
    uint64_t row = network % (WEFT_ADDRESSES_MAX / WEFT_RATE_ROW);
    struct weft_rate_bucket *first = &rate->buckets[row * WEFT_RATE_ROW];
    struct weft_rate_bucket *best = first;
    for (uint32_t i = 0; i < WEFT_RATE_ROW; i++) {
        if (first[i].network == network) {
            return &first[i];
        }
        best = first[i].full_ns < best->full_ns ? &first[i] : best;
    }
    return best;
}

bool weft_rate_take(struct weft_rate *rate, const struct weft_address *address, weft_ns now_ns)
{
    uint64_t network = network_of(rate, address);
    struct weft_rate_bucket *bucket = bucket_of(rate, network);
    weft_ns full_ns = bucket->network == network ? bucket->full_ns : 0;
    weft_ns own_ns = take(full_ns, now_ns, &address_limit, 1);
    weft_ns total_ns = take(rate->total_full_ns, now_ns, &total_limit, 1);
    if (own_ns == 0 || total_ns == 0) {
        return false;
    }
    bucket->network = network;
    bucket->full_ns = own_ns;
    rate->total_full_ns = total_ns;
    return true;
}
