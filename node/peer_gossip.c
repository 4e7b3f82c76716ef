/* SPDX-License-Identifier: Apache-2.0 */
/* How does a revocation reach every member? Whoever takes a newer one sends it to a few peers at
 * once; and everybody tells somebody the number of his own every few seconds, so that who missed it
 * asks by telling a lower one. Sessions of those it hits end at once.
 *
 * A CONTROL packet is the number, 8 bytes, or the signed record. */
#include "peer_state.h"

#include <sodium.h>

/* Peers that hear of a new record from each node that takes it: three rounds reach a thousand. */
#define FANOUT 10

/* Units: ns; between two peers that are told the number. */
#define TELL_NS (5 * WEFT_NS_PER_S)

enum { NUMBER_BYTES = 8 };

/* Choose up to |count| peers with a session at random, each with the same probability (reservoir
 * sampling); how many there are. */
static uint32_t choose(struct weft_peers *peers, struct weft_peer **chosen, uint32_t count,
                       weft_ns now_ns)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        struct weft_peer *peer = peers->items[i];
        if (peer == NULL || weft_peer_pair(peer, now_ns) == NULL) {
            continue;
        }
        uint32_t place = seen < count ? seen : randombytes_uniform(seen + 1);
        if (place < count) {
            chosen[place] = peer;
        }
        seen++;
    }
    return seen < count ? seen : count;
}

static void send_record(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns)
{
    struct weft_keypair *pair = weft_peer_pair(peer, now_ns);
    if (pair != NULL && peers->membership->revocation_length > 0) {
        weft_peer_seal(peers, peer, pair, WEFT_PACKET_CONTROL, peers->membership->revocation,
                       peers->membership->revocation_length, false /* local */);
    }
}

static void send_number(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns)
{
    uint8_t bytes[NUMBER_BYTES];
    struct weft_keypair *pair = weft_peer_pair(peer, now_ns);
    if (pair != NULL) {
        weft_bytes_put(bytes, sizeof(bytes), peers->membership->revoked.number);
        weft_peer_seal(peers, peer, pair, WEFT_PACKET_CONTROL, bytes, sizeof(bytes),
                       false /* local */);
    }
}

/* End the sessions of those who are named. A session under a certificate that is only below the
 * floor goes on until it is renewed: in it its owner hears that he needs a new one. */
static void end_sessions(struct weft_peers *peers)
{
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        struct weft_peer *peer = peers->items[i];
        if (peer != NULL && weft_revocation_names(&peers->membership->revoked, peer->id)) {
            weft_peer_drop(peers, peer);
        }
    }
}

enum weft_doubt weft_peers_revoke(struct weft_peers *peers, const uint8_t *bytes, size_t length,
                                  weft_ns now_ns)
{
    enum weft_doubt doubt = weft_membership_revoke(peers->membership, bytes, length);
    if (doubt != WEFT_DOUBT_NONE) {
        return doubt;
    }
    struct weft_peer *chosen[FANOUT];
    uint32_t count = choose(peers, chosen, FANOUT, now_ns);
    for (uint32_t i = 0; i < count; i++) {
        send_record(peers, chosen[i], now_ns);
    }
    end_sessions(peers);
    peers->host.revoked(peers->host.context);
    return WEFT_DOUBT_NONE;
}

void weft_peer_on_control(struct weft_peers *peers, struct weft_peer *peer, const uint8_t *bytes,
                          size_t length, weft_ns now_ns)
{
    if (length != NUMBER_BYTES) {
        /* May end the session of |peer| itself. */
        (void)weft_peers_revoke(peers, bytes, length, now_ns);
        return;
    }
    uint64_t number = weft_bytes_get(bytes, NUMBER_BYTES);
    if (number < peers->membership->revoked.number) {
        send_record(peers, peer, now_ns);
    } else if (number > peers->membership->revoked.number) {
        send_number(peers, peer, now_ns);
    }
}

void weft_peer_gossip_expire(struct weft_peers *peers, weft_ns now_ns)
{
    if (now_ns - peers->gossip_ns < TELL_NS || peers->membership->is_open) {
        return;
    }
    peers->gossip_ns = now_ns;
    struct weft_peer *peer = NULL;
    if (choose(peers, &peer, 1, now_ns) == 1) {
        send_number(peers, peer, now_ns);
    }
}
