/* SPDX-License-Identifier: Apache-2.0 */
/* Which peer is meant: by id, by address, by the index of a session? And whose place does a new one
 * take? See peer.h. */
#include "peer_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The low bits of an index are the place of the peer in the table. */
#define PLACE_MASK ((uint32_t)WEFT_PEERS_MAX - 1)

_Static_assert((WEFT_PEERS_MAX & (WEFT_PEERS_MAX - 1)) == 0, "places are masked");

static uint32_t place_of(const struct weft_peers *peers, const struct weft_peer *peer)
{
    uint32_t place = 0;
    while (peers->items[place] != peer) {
        place++;
    }
    return place;
}

struct weft_peer *weft_peer_find(const struct weft_peers *peers, weft_node_id id)
{
    for (uint32_t i = 0; i < WEFT_PEERS_MAX && id != 0; i++) {
        if (peers->ids[i] == id) {
            return peers->items[i];
        }
    }
    return NULL;
}

bool weft_peer_is_at(const struct weft_peer *peer, const struct weft_address *address)
{
    return peer->address.port == address->port &&
           memcmp(peer->address.ip, address->ip, WEFT_IP_BYTES) == 0;
}

/* The peer at |address| that was heard last; |unnamed|: only one whose id is not known. */
static struct weft_peer *find_at(const struct weft_peers *peers, const struct weft_address *address,
                                 bool unnamed)
{
    struct weft_peer *found = NULL;
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        struct weft_peer *peer = peers->items[i];
        if (peer != NULL && weft_peer_is_at(peer, address) && (peer->id == 0 || !unnamed) &&
            (found == NULL || peer->heard_ns > found->heard_ns)) {
            found = peer;
        }
    }
    return found;
}

/* A free place; if there is none, that of the peer not heard for longest. */
static uint32_t make_room(struct weft_peers *peers)
{
    uint32_t place = 0;
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        if (peers->items[i] == NULL) {
            return i;
        }
        place = peers->items[i]->heard_ns < peers->items[place]->heard_ns ? i : place;
    }
    weft_peer_drop(peers, peers->items[place]);
    return place;
}

struct weft_peer *weft_peer_make(struct weft_peers *peers, const struct weft_endpoint *to)
{
    struct weft_peer *peer =
        to->id != 0 ? weft_peer_find(peers, to->id) : find_at(peers, &to->address, false);
    if (peer == NULL) {
        peer = calloc(1, sizeof(*peer));
        if (peer == NULL) {
            return NULL;
        }
        uint32_t place = make_room(peers);
        peer->id = to->id;
        peers->items[place] = peer;
        peers->ids[place] = to->id;
        peer->address = to->address;
    } else if (!weft_peer_is_at(peer, &to->address)) {
        /* What was tried elsewhere is no reason to wait here: that address may have been a lie. */
        weft_peer_end_attempt(peer);
        peer->rest_until_ns = 0;
        peer->address = to->address;
    }
    return peer;
}

uint8_t weft_peers_flags(const struct weft_peers *peers, weft_node_id id)
{
    const struct weft_peer *peer = weft_peer_find(peers, id);
    return peer != NULL ? peer->certificate.flags : 0;
}

const char *weft_peers_name(const struct weft_peers *peers, weft_node_id id)
{
    const struct weft_peer *peer = weft_peer_find(peers, id);
    return peer != NULL ? peer->certificate.name : "";
}

uint32_t weft_peer_index(const struct weft_peers *peers, const struct weft_peer *peer)
{
    uint32_t index = 0;
    while (index == 0) {
        index = (randombytes_random() & ~PLACE_MASK) | place_of(peers, peer);
    }
    return index;
}

struct weft_peer *weft_peer_at(const struct weft_peers *peers, uint32_t own_index)
{
    return peers->items[own_index & PLACE_MASK];
}

static void move_waiting(struct weft_peer *to, struct weft_peer *from)
{
    struct weft_waiting **end = &to->waiting;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = from->waiting;
    to->waiting_count += from->waiting_count;
    from->waiting = NULL;
    from->waiting_count = 0;
}

bool weft_peer_name(struct weft_peers *peers, struct weft_peer *peer, weft_node_id id,
                    const uint8_t key[32], struct weft_peer **other)
{
    *other = weft_peer_find(peers, id);
    struct weft_peer *named = *other != NULL ? *other : peer;
    memcpy(named->key, key, sizeof(named->key));
    named->has_key = true;
    if (named != peer) {
        named->address = peer->address;
        move_waiting(named, peer);
        weft_peer_drop(peers, peer);
        return false;
    }
    peer->id = id;
    peers->ids[place_of(peers, peer)] = id;
    return true;
}

void weft_peer_drop(struct weft_peers *peers, struct weft_peer *peer)
{
    uint32_t place = place_of(peers, peer);
    weft_peer_end_attempt(peer);
    weft_peer_flush(peers, peer, NULL);
    peers->items[place] = NULL;
    peers->ids[place] = 0;
    sodium_memzero(peer, sizeof(*peer));
    free(peer);
}

bool weft_peers_key(const struct weft_peers *peers, weft_node_id id, uint8_t key[32])
{
    const struct weft_peer *peer = weft_peer_find(peers, id);
    if (peer == NULL || !peer->has_key) {
        return false;
    }
    memcpy(key, peer->key, 32);
    return true;
}

void weft_peers_ask(struct weft_peers *peers, const struct weft_endpoint *to, weft_ns now_ns)
{
    const struct weft_endpoint where = weft_peers_where(peers, to);
    struct weft_peer *peer = weft_peer_make(peers, &where);
    if (peer != NULL && !peer->has_key) {
        weft_peer_shake(peers, peer, now_ns);
    }
}
