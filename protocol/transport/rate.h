/* SPDX-License-Identifier: Apache-2.0 */
/* How many first messages may one address send, and all of them together? Buckets of tokens in a
 * table of fixed size. Only for addresses that are proved (a cookie, TCP): a bucket of an address
 * that anybody can write on a datagram would let him lock others out. SPEC.md section "Handshake".
 */
#ifndef WEFT_TRANSPORT_RATE_H
#define WEFT_TRANSPORT_RATE_H

#include "../types.h"
#include "bounds.h"

/* Entries of a row: an address has its place in one row, by a keyed hash. */
#define WEFT_RATE_ROW 4

struct weft_rate_bucket {
    uint64_t network; /* keyed hash of the address; 0 = free */
    weft_ns full_ns;  /* when it will be full again */
};

/* All zero = nobody has sent. */
struct weft_rate {
    uint64_t key[2];                                     /* of the hash, random */
    weft_ns total_full_ns;                               /* of the bucket of all */
    struct weft_rate_bucket buckets[WEFT_ADDRESSES_MAX]; /* in rows */
};

/* A bucket of |burst| tokens that gets one every |token_ns|. */
struct weft_rate_limit {
    weft_ns token_ns; /* time that a token takes to come */
    uint32_t burst;   /* tokens of a full bucket */
};

/* Take |count| tokens from a bucket; *full_ns is when it is full again.
 * Errors: false if it has fewer; nothing is taken then. */
bool weft_rate_take_from(weft_ns *full_ns, weft_ns now_ns, const struct weft_rate_limit *limit,
                         uint32_t count);

/* Take a token for |address| (an IPv4 address, or the /64 of an IPv6 one) and one of those of all.
 * Errors: false if either has none left; nothing is taken then. */
bool weft_rate_take(struct weft_rate *rate, const struct weft_address *address, weft_ns now_ns);

#endif
