/* SPDX-License-Identifier: Apache-2.0 */
/* What travels in the sessions with peers, out and in; see peer.h. Which peer is meant:
 * peer_table.c. */
#include "peer_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct weft_peers *weft_peers_new(struct weft_membership *membership,
                                  const struct weft_peers_host *host, uint64_t time_ms,
                                  weft_ns now_ns)
{
    struct weft_peers *peers = calloc(1, sizeof(*peers));
    if (peers == NULL) {
        return NULL;
    }
    peers->membership = membership;
    peers->host = *host;
    peers->base_ms = time_ms;
    peers->time_ms = time_ms;
    peers->base_ns = now_ns;
    peers->load_since_ns = now_ns;
    peers->secret_since_ns = now_ns;
    weft_cookie_keys_of(&peers->own_keys, membership->own.open);
    weft_cookie_keys_of(&peers->contact_keys, membership->contact.open);
    randombytes_buf(peers->secrets, sizeof(peers->secrets));
    randombytes_buf(peers->rate.key, sizeof(peers->rate.key));
    randombytes_buf(peers->gone.key, sizeof(peers->gone.key));
    return peers;
}

void weft_peers_free(struct weft_peers *peers)
{
    if (peers == NULL) {
        return;
    }
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        if (peers->items[i] != NULL) {
            weft_peer_drop(peers, peers->items[i]);
        }
    }
    sodium_memzero(peers, sizeof(*peers));
    free(peers);
}

/* ---- Out ---- */

static bool is_over(const struct weft_keypair *pair, weft_ns now_ns)
{
    return pair->own_index == 0 || now_ns - pair->since_ns > WEFT_REJECT_MS * WEFT_NS_PER_MS;
}

struct weft_keypair *weft_peer_pair(struct weft_peer *peer, weft_ns now_ns)
{
    if (!is_over(&peer->pairs[CURRENT], now_ns)) {
        return &peer->pairs[CURRENT];
    }
    return is_over(&peer->pairs[NEXT], now_ns) ? NULL : &peer->pairs[NEXT];
}

void weft_peer_seal(struct weft_peers *peers, struct weft_peer *peer, struct weft_keypair *pair,
                    enum weft_packet_kind kind, const uint8_t *bytes, size_t length, bool local)
{
    uint8_t out[WEFT_PACKET_DATA_BYTES_MAX];
    const struct weft_packet packet = {
        .kind = kind, .receiver = pair->peer_index, .counter = pair->counter};
    weft_packet_put(&packet, out);
    weft_aead_seal(pair->send_key, pair->counter, out, WEFT_PACKET_DATA_AT, bytes, length,
                   out + WEFT_PACKET_DATA_AT);
    pair->counter++;
    peer->unheard_count++;
    peers->host.send(peers->host.context, &peer->address, out, length + WEFT_PACKET_DATA_OVERHEAD,
                     local);
}

void weft_peer_flush(struct weft_peers *peers, struct weft_peer *peer, struct weft_keypair *pair)
{
    struct weft_waiting *next = peer->waiting;
    peer->waiting = NULL;
    peers->waiting_total -= peer->waiting_count;
    peer->waiting_count = 0;
    while (next != NULL) {
        struct weft_waiting *item = next;
        next = item->next;
        if (pair != NULL) {
            weft_peer_seal(peers, peer, pair, WEFT_PACKET_DATA, item->bytes, item->length,
                           item->local);
        }
        free(item);
    }
}

static void enqueue(struct weft_peers *peers, struct weft_peer *peer, const uint8_t *bytes,
                    size_t length, bool local)
{
    if (peer->waiting_count == WEFT_WAITING_MAX) {
        struct weft_waiting *oldest = peer->waiting;
        peer->waiting = oldest->next;
        peer->waiting_count--;
        peers->waiting_total--;
        free(oldest);
    }
    struct weft_waiting *item =
        peers->waiting_total < WEFT_WAITING_TOTAL_MAX ? malloc(sizeof(*item) + length) : NULL;
    if (item == NULL) {
        return;
    }
    *item = (struct weft_waiting){.length = length, .local = local};
    memcpy(item->bytes, bytes, length);
    struct weft_waiting **end = &peer->waiting;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = item;
    peer->waiting_count++;
    peers->waiting_total++;
}

/* Is it time for a new session, although this one carries the datagram? */
static bool is_aged(const struct weft_peers *peers, const struct weft_peer *peer,
                    const struct weft_keypair *pair, weft_ns now_ns)
{
    bool is_unproved = pair->since_ns < peers->prove_ns &&
                       now_ns - peers->prove_ns > WEFT_PROVE_AFTER_MS * WEFT_NS_PER_MS;
    return is_unproved || now_ns - pair->since_ns > WEFT_REKEY_MS * WEFT_NS_PER_MS ||
           pair->counter >= WEFT_REKEY_MESSAGES || peer->unheard_count >= WEFT_SILENT_MESSAGES;
}

void weft_peers_send(struct weft_peers *peers, const struct weft_endpoint *to, const uint8_t *bytes,
                     size_t length, bool local, weft_ns now_ns)
{
    const struct weft_endpoint where = weft_peers_where(peers, to);
    struct weft_peer *peer = weft_peer_make(peers, &where);
    if (peer == NULL) {
        return;
    }
    struct weft_keypair *pair = weft_peer_pair(peer, now_ns);
    if (pair != NULL) {
        weft_peer_seal(peers, peer, pair, WEFT_PACKET_DATA, bytes, length, local);
    } else {
        enqueue(peers, peer, bytes, length, local);
    }
    if (pair == NULL || is_aged(peers, peer, pair, now_ns)) {
        weft_peer_shake(peers, peer, now_ns);
    }
}

/* ---- In ---- */

/* The other end uses the session that it opened: it is the one to send in from now on. */
static void promote(struct weft_peer *peer)
{
    peer->pairs[PREVIOUS] = peer->pairs[CURRENT];
    peer->pairs[CURRENT] = peer->pairs[NEXT];
    sodium_memzero(&peer->pairs[NEXT], sizeof(peer->pairs[NEXT]));
}

/* A session that is not known here: tell the sender, who may have missed a restart. */
static void tell_gone(struct weft_peers *peers, const struct weft_address *to, uint32_t index,
                      weft_ns now_ns)
{
    uint8_t out[WEFT_PACKET_DATA_AT];
    const struct weft_packet packet = {.kind = WEFT_PACKET_GONE, .receiver = index};
    if (weft_rate_take(&peers->gone, to, now_ns)) {
        weft_packet_put(&packet, out);
        peers->host.send(peers->host.context, to, out, WEFT_PACKET_GONE_BYTES, false /* local */);
    }
}

/* Open a packet of one of the sessions of |peer|; the number of the session, -1 = it is of none. */
static int open_packet(struct weft_peer *peer, const struct weft_packet *packet,
                       const uint8_t *bytes, size_t length, uint8_t *out, weft_ns now_ns)
{
    for (int i = 0; i < KEYPAIRS; i++) {
        struct weft_keypair *pair = &peer->pairs[i];
        if (pair->own_index != packet->receiver) {
            continue;
        }
        bool opened =
            !is_over(pair, now_ns) && weft_window_is_new(&pair->window, packet->counter) &&
            weft_aead_open(pair->receive_key, packet->counter, bytes, WEFT_PACKET_DATA_AT,
                           bytes + WEFT_PACKET_DATA_AT, length - WEFT_PACKET_DATA_AT, out) &&
            weft_window_accept(&pair->window, packet->counter);
        return opened ? i : KEYPAIRS;
    }
    return -1;
}

/* May |peer|, which is a member, be heard once more, with |length| bytes? */
static bool has_quota(struct weft_peer *peer, size_t length, weft_ns now_ns)
{
    static const struct weft_rate_limit datagrams = {WEFT_NS_PER_S / WEFT_PEER_PER_S,
                                                     WEFT_PEER_BURST};
    static const struct weft_rate_limit bytes = {WEFT_NS_PER_S / WEFT_PEER_BYTES_PER_S,
                                                 WEFT_PEER_BYTES_BURST};
    return weft_rate_take_from(&peer->quota_ns, now_ns, &datagrams, 1) &&
           weft_rate_take_from(&peer->quota_bytes_ns, now_ns, &bytes, (uint32_t)length);
}

static void on_sealed(struct weft_peers *peers, const struct weft_address *from, uint8_t hop_limit,
                      const struct weft_packet *packet, const uint8_t *bytes, size_t length,
                      weft_ns now_ns)
{
    uint8_t out[WEFT_DATAGRAM_BYTES_MAX];
    struct weft_peer *peer = weft_peer_at(peers, packet->receiver);
    if (peer != NULL && weft_clone_refuses(&peer->clone, from, false /* by_ip */)) {
        /* Not even opened: its number would count as seen, if it was only sent from elsewhere. A
         * copy shakes hands then, and is told that it is one. */
        tell_gone(peers, from, packet->receiver, now_ns);
        return;
    }
    int number = peer == NULL || packet->receiver == 0
                     ? -1
                     : open_packet(peer, packet, bytes, length, out, now_ns);
    if (number < 0) {
        tell_gone(peers, from, packet->receiver, now_ns);
        return;
    }
    if (number == KEYPAIRS) {
        return;
    }
    /* Accepted. */
    peer->heard_ns = now_ns;
    peer->unheard_count = 0;
    if (number == NEXT) {
        promote(peer);
    }
    (void)weft_peer_is_copy(peers, peer, from, now_ns); /* only of what comes next */
    if (!has_quota(peer, length, now_ns)) {
        return;
    }
    if (packet->kind == WEFT_PACKET_CONTROL) {
        weft_peer_on_control(peers, peer, out, length - WEFT_PACKET_DATA_OVERHEAD, now_ns);
    } else {
        const struct weft_endpoint sender = {.id = peer->id, .address = *from};
        peers->host.deliver(peers->host.context, &sender, hop_limit, out,
                            length - WEFT_PACKET_DATA_OVERHEAD);
    }
}

/* A hint that may be forged: nothing ends because of it, a handshake may begin. */
static void on_gone(struct weft_peers *peers, const struct weft_address *from, uint32_t index,
                    weft_ns now_ns)
{
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        struct weft_peer *peer = peers->items[i];
        if (peer != NULL && weft_peer_is_at(peer, from) && peer->pairs[CURRENT].own_index != 0 &&
            peer->pairs[CURRENT].peer_index == index) {
            weft_peer_shake(peers, peer, now_ns);
        }
    }
}

void weft_peers_receive(struct weft_peers *peers, const struct weft_address *from,
                        uint8_t hop_limit, const uint8_t *bytes, size_t length, weft_ns now_ns)
{
    struct weft_packet packet = weft_packet_read(bytes, length);
    switch (packet.kind) {
    case WEFT_PACKET_INIT:
        weft_peer_gate(peers, from, bytes, now_ns);
        break;
    case WEFT_PACKET_ANSWER:
        weft_peer_on_answer(peers, from, bytes, now_ns);
        break;
    case WEFT_PACKET_COOKIE:
        weft_peer_on_cookie(peers, bytes);
        break;
    case WEFT_PACKET_DATA:
    case WEFT_PACKET_CONTROL:
        on_sealed(peers, from, hop_limit, &packet, bytes, length, now_ns);
        break;
    case WEFT_PACKET_GONE:
        on_gone(peers, from, packet.receiver, now_ns);
        break;
    case WEFT_PACKET_NONE:
        break;
    }
}

void weft_peers_prove(struct weft_peers *peers, weft_ns now_ns)
{
    peers->prove_ns = now_ns;
}

/* Did |peer| prove itself before the mesh key changed, and not since, although there was time? */
static bool is_unproved(const struct weft_peers *peers, const struct weft_peer *peer,
                        weft_ns now_ns)
{
    return now_ns - peers->prove_ns > WEFT_PROVE_MS * WEFT_NS_PER_MS &&
           peer->pairs[NEXT].since_ns < peers->prove_ns &&
           peer->pairs[CURRENT].since_ns < peers->prove_ns;
}

void weft_peers_expire(struct weft_peers *peers, weft_ns now_ns)
{
    uint64_t now_s = weft_membership_now_s();
    for (uint32_t i = 0; i < WEFT_PEERS_MAX; i++) {
        struct weft_peer *peer = peers->items[i];
        if (peer == NULL) {
            continue;
        }
        weft_clone_expire(&peer->clone, now_ns);
        bool has_session = peer->pairs[NEXT].own_index != 0 || peer->pairs[CURRENT].own_index != 0;
        if (has_session &&
            (peer->certificate.not_after_s <= now_s || is_unproved(peers, peer, now_ns))) {
            weft_peer_drop(peers, peer);
        } else if (peer->attempt != NULL) {
            weft_peer_retry(peers, peer, now_ns);
        }
    }
    weft_peer_gate_expire(peers, now_ns);
    weft_peer_gossip_expire(peers, now_ns);
}

uint64_t weft_peers_time_ms(struct weft_peers *peers, weft_ns now_ns)
{
    uint64_t time_ms = peers->base_ms + (now_ns - peers->base_ns) / WEFT_NS_PER_MS;
    peers->time_ms = time_ms > peers->time_ms ? time_ms : peers->time_ms + 1;
    return peers->time_ms;
}
