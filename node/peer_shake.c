/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes over datagrams. As opener: a question for the certificate if the key of the peer is
 * not known, then the handshake that proves it. As answerer: one packet for one packet, and nothing
 * is kept of who is no member. */
#include "peer_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- Opener ---- */

void weft_peer_end_attempt(struct weft_peer *peer)
{
    if (peer->attempt != NULL) {
        sodium_memzero(peer->attempt, sizeof(*peer->attempt));
        free(peer->attempt);
        peer->attempt = NULL;
    }
}

/* Write the macs of an INIT; mac2 is zero without a cookie. */
static void write_macs(struct weft_attempt *attempt, const struct weft_cookie_keys *keys,
                       uint8_t *out)
{
    weft_cookie_mac(out + WEFT_PACKET_INIT_MAC1_AT, keys->mac1, sizeof(keys->mac1), out,
                    WEFT_PACKET_INIT_MAC1_AT);
    memcpy(attempt->mac1, out + WEFT_PACKET_INIT_MAC1_AT, sizeof(attempt->mac1));
    memset(out + WEFT_PACKET_INIT_MAC2_AT, 0, WEFT_COOKIE_MAC_BYTES);
    if (attempt->has_cookie) {
        weft_cookie_mac(out + WEFT_PACKET_INIT_MAC2_AT, attempt->cookie, sizeof(attempt->cookie),
                        out, WEFT_PACKET_INIT_MAC2_AT);
    }
}

/* Send message 1, with a new ephemeral key each time. False: the peer's key is not usable. */
static bool send_init(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns)
{
    struct weft_attempt *attempt = peer->attempt;
    const struct weft_membership *membership = peers->membership;
    const uint8_t *key = attempt->is_question ? membership->contact.open : peer->key;
    uint8_t greeting_bytes[WEFT_GREETING_BYTES];
    uint8_t ephemeral[WEFT_NOISE_KEY_BYTES];
    uint8_t out[WEFT_PACKET_INIT_BYTES];
    struct weft_cookie_keys keys;
    const struct weft_greeting greeting = {.time_ms = weft_peers_time_ms(peers, now_ns),
                                           .certificate = membership->certificate};
    const struct weft_packet packet = {.kind = WEFT_PACKET_INIT, .sender = attempt->own_index};
    weft_greeting_put(&greeting, greeting_bytes);
    randombytes_buf(ephemeral, sizeof(ephemeral));
    weft_noise_begin(&attempt->noise, &membership->own, key, membership->prologue,
                     sizeof(membership->prologue));
    bool written = weft_noise_write_1(&attempt->noise, ephemeral, greeting_bytes,
                                      sizeof(greeting_bytes), out + WEFT_PACKET_1_AT);
    sodium_memzero(ephemeral, sizeof(ephemeral));
    if (written) {
        weft_packet_put(&packet, out);
        weft_cookie_keys_of(&keys, key);
        write_macs(attempt, &keys, out);
        attempt->tries++;
        attempt->sent_ns = now_ns;
        peers->host.send(peers->host.context, &peer->address, out, sizeof(out), false /* local */);
    }
    return written;
}

void weft_peer_shake(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns)
{
    if (peer->attempt != NULL || now_ns < peer->rest_until_ns) {
        return;
    }
    peer->attempt = calloc(1, sizeof(*peer->attempt));
    if (peer->attempt == NULL) {
        return;
    }
    peer->attempt->is_question = !peer->has_key;
    peer->attempt->own_index = weft_peer_index(peers, peer);
    if (!send_init(peers, peer, now_ns)) {
        weft_peer_end_attempt(peer);
        peer->has_key = false;
        peer->rest_until_ns = now_ns + WEFT_REST_MS * WEFT_NS_PER_MS;
    }
}

/* Nobody answered: what waits is lost, and the key may be that of an earlier owner. */
static void give_up(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns)
{
    weft_peer_end_attempt(peer);
    peer->rest_until_ns = now_ns + WEFT_REST_MS * WEFT_NS_PER_MS;
    peer->unheard_count = 0;
    struct weft_keypair *pair = weft_peer_pair(peer, now_ns);
    if (pair != NULL && pair->since_ns >= peers->prove_ns) {
        return;
    }
    sodium_memzero(peer->pairs, sizeof(peer->pairs)); /* under a key that counts no more */
    weft_node_id id = peer->id;
    peer->has_key = false;
    weft_peer_flush(peers, peer, NULL);
    if (id == 0) {
        weft_peer_drop(peers, peer);
    } else {
        peers->host.lost(peers->host.context, id);
    }
}

void weft_peer_retry(struct weft_peers *peers, struct weft_peer *peer, weft_ns now_ns)
{
    struct weft_attempt *attempt = peer->attempt;
    if (now_ns - attempt->sent_ns < WEFT_TRY_MS * WEFT_NS_PER_MS) {
        return;
    }
    if (attempt->tries >= WEFT_TRIES_MAX || !send_init(peers, peer, now_ns)) {
        give_up(peers, peer, now_ns);
    }
}

/* The peer told its certificate: take its key, and prove it by a handshake of its own. */
static void on_told(struct weft_peers *peers, struct weft_peer *peer, const uint8_t key[32],
                    weft_node_id id, weft_ns now_ns)
{
    weft_peer_end_attempt(peer);
    if (id == peers->membership->id || (peer->id != 0 && peer->id != id)) {
        /* This node itself, or somebody else lives there now. */
        give_up(peers, peer, now_ns);
        return;
    }
    struct weft_peer *held = weft_peer_find(peers, id);
    if (held != NULL && weft_clone_refuses(&held->clone, &peer->address, false /* by_ip */)) {
        give_up(peers, peer, now_ns);
        return;
    }
    struct weft_peer *other = NULL;
    struct weft_peer *named = weft_peer_name(peers, peer, id, key, &other) ? peer : other;
    peers->host.known(peers->host.context, id);
    struct weft_keypair *pair = weft_peer_pair(named, now_ns);
    if (pair != NULL) {
        weft_peer_flush(peers, named, pair);
    } else {
        named->rest_until_ns = 0;
        weft_peer_shake(peers, named, now_ns);
    }
}

static void install(struct weft_noise *noise, bool opener, struct weft_keypair *pair,
                    uint32_t own_index, uint32_t peer_index, weft_ns now_ns)
{
    struct weft_cipher sending;
    struct weft_cipher receiving;
    weft_noise_split(noise, opener, &sending, &receiving);
    memset(pair, 0, sizeof(*pair));
    memcpy(pair->send_key, sending.key, sizeof(pair->send_key));
    memcpy(pair->receive_key, receiving.key, sizeof(pair->receive_key));
    pair->own_index = own_index;
    pair->peer_index = peer_index;
    pair->since_ns = now_ns;
    weft_cipher_wipe(&sending);
    weft_cipher_wipe(&receiving);
}

static void on_proved(struct weft_peers *peers, struct weft_peer *peer,
                      const struct weft_certificate *certificate, uint32_t peer_index,
                      weft_ns now_ns)
{
    struct weft_keypair *current = &peer->pairs[CURRENT];
    peer->pairs[PREVIOUS] = *current;
    install(&peer->attempt->noise, true, current, peer->attempt->own_index, peer_index, now_ns);
    weft_peer_end_attempt(peer);
    peer->certificate = *certificate;
    peer->heard_ns = now_ns;
    peer->unheard_count = 0;
    if (peers->refusal.id == peer->id) {
        peers->refusal.id = 0; /* it takes this node again */
    }
    weft_peer_flush(peers, peer, current);
}

void weft_peer_on_answer(struct weft_peers *peers, const struct weft_address *from,
                         const uint8_t *bytes, weft_ns now_ns)
{
    struct weft_packet packet = weft_packet_read(bytes, WEFT_PACKET_ANSWER_BYTES);
    struct weft_peer *peer = weft_peer_at(peers, packet.receiver);
    uint8_t certificate[WEFT_CERTIFICATE_BYTES];
    struct weft_certificate read;
    weft_node_id id = 0;
    if (peer == NULL || peer->attempt == NULL || peer->attempt->own_index != packet.receiver ||
        !weft_cookie_mac_ok(bytes + WEFT_PACKET_ANSWER_MAC1_AT, peers->own_keys.mac1,
                            sizeof(peers->own_keys.mac1), bytes, WEFT_PACKET_ANSWER_MAC1_AT) ||
        !weft_noise_read_2(&peer->attempt->noise, bytes + WEFT_PACKET_2_AT, WEFT_PACKET_2_BYTES,
                           certificate)) {
        return;
    }
    bool is_question = peer->attempt->is_question;
    bool is_refusal = !is_question && weft_peer_take_refusal(certificate);
    /* What a question is answered with is proved only by the handshake that follows. */
    const uint8_t *key = is_question ? certificate + WEFT_CERTIFICATE_KEY_AT : peer->key;
    enum weft_doubt doubt = weft_membership_check(peers->membership, key, certificate,
                                                  weft_membership_now_s(), &read, &id);
    if (doubt != WEFT_DOUBT_NONE) {
        weft_peers_note_doubt(peers, key, from, doubt);
        give_up(peers, peer, now_ns);
    } else if (is_question) {
        on_told(peers, peer, read.key, id, now_ns);
    } else if (weft_clone_refuses(&peer->clone, from, false /* by_ip */)) {
        give_up(peers, peer, now_ns);
    } else if (is_refusal) {
        weft_peer_on_refusal(peers, peer, &read, now_ns);
        give_up(peers, peer, now_ns);
    } else {
        on_proved(peers, peer, &read, packet.sender, now_ns);
        (void)weft_peer_is_copy(peers, peer, from, now_ns);
    }
}

void weft_peer_on_cookie(struct weft_peers *peers, const uint8_t *bytes)
{
    struct weft_packet packet = weft_packet_read(bytes, WEFT_PACKET_COOKIE_BYTES);
    struct weft_peer *peer = weft_peer_at(peers, packet.receiver);
    struct weft_cookie_keys keys;
    if (peer == NULL || peer->attempt == NULL || peer->attempt->own_index != packet.receiver) {
        return;
    }
    struct weft_attempt *attempt = peer->attempt;
    weft_cookie_keys_of(&keys, attempt->is_question ? peers->membership->contact.open : peer->key);
    if (weft_cookie_open(&keys, bytes + WEFT_PACKET_COOKIE_NONCE_AT, attempt->mac1,
                         bytes + WEFT_PACKET_COOKIE_SEALED_AT, attempt->cookie)) {
        /* Used at the next try, which is soon: whoever answers so has much to do. */
        attempt->has_cookie = true;
    }
}

/* ---- Answerer ---- */

static void send_answer(struct weft_peers *peers, const struct weft_address *to,
                        struct weft_noise *noise, const struct weft_packet *packet,
                        const uint8_t peer_key[32],
                        const uint8_t certificate[WEFT_CERTIFICATE_BYTES])
{
    uint8_t out[WEFT_PACKET_ANSWER_BYTES];
    uint8_t ephemeral[WEFT_NOISE_KEY_BYTES];
    struct weft_cookie_keys keys;
    randombytes_buf(ephemeral, sizeof(ephemeral));
    bool written = weft_noise_write_2(noise, ephemeral, certificate, WEFT_CERTIFICATE_BYTES,
                                      out + WEFT_PACKET_2_AT);
    sodium_memzero(ephemeral, sizeof(ephemeral));
    if (written) {
        weft_packet_put(packet, out);
        weft_cookie_keys_of(&keys, peer_key);
        weft_cookie_mac(out + WEFT_PACKET_ANSWER_MAC1_AT, keys.mac1, sizeof(keys.mac1), out,
                        WEFT_PACKET_ANSWER_MAC1_AT);
        peers->host.send(peers->host.context, to, out, sizeof(out), false /* local */);
    }
}

/* Is |member|, who proved himself, a copy that gets nothing? */
static bool is_refused_copy(struct weft_peers *peers, const struct weft_endpoint *member,
                            weft_ns now_ns)
{
    struct weft_peer *peer = weft_peer_find(peers, member->id);
    return peer != NULL && weft_clone_refuses(&peer->clone, &member->address, false /* by_ip */) &&
           weft_peer_is_copy(peers, peer, &member->address, now_ns);
}

/* Tell a copy that it is one: in what only the owner of its key can read, and only this node can
 * write. No session comes of it. */
static void refuse(struct weft_peers *peers, const struct weft_endpoint *member,
                   const struct weft_certificate *certificate, struct weft_noise *noise,
                   uint32_t peer_index)
{
    uint8_t refusal[WEFT_CERTIFICATE_BYTES];
    const struct weft_packet packet = {.kind = WEFT_PACKET_ANSWER, .receiver = peer_index};
    memcpy(refusal, peers->membership->certificate, sizeof(refusal));
    weft_peer_make_refusal(refusal);
    send_answer(peers, &member->address, noise, &packet, certificate->key, refusal);
}

/* A member shakes hands: a session comes to be, unless the greeting was there before. */
static void on_member(struct weft_peers *peers, const struct weft_endpoint *member,
                      const struct weft_certificate *certificate, uint64_t time_ms,
                      struct weft_noise *noise, uint32_t peer_index, weft_ns now_ns)
{
    if (is_refused_copy(peers, member, now_ns)) {
        refuse(peers, member, certificate, noise, peer_index);
        return;
    }
    struct weft_peer *peer = weft_peer_make(peers, member);
    if (peer == NULL || time_ms <= peer->time_ms) {
        return;
    }
    /* Accepted. */
    bool was_known = peer->has_key;
    peer->time_ms = time_ms;
    peer->has_key = true;
    memcpy(peer->key, certificate->key, sizeof(peer->key));
    peer->certificate = *certificate;
    peer->heard_ns = now_ns;
    (void)weft_peer_is_copy(peers, peer, &member->address, now_ns); /* not of this one, see above */
    struct weft_packet packet = {
        .kind = WEFT_PACKET_ANSWER, .sender = weft_peer_index(peers, peer), .receiver = peer_index};
    send_answer(peers, &member->address, noise, &packet, certificate->key,
                peers->membership->certificate);
    install(noise, false, &peer->pairs[NEXT], packet.sender, peer_index, now_ns);
    struct weft_keypair *pair = weft_peer_pair(peer, now_ns);
    if (pair == &peer->pairs[NEXT]) {
        weft_peer_flush(peers, peer, pair);
    }
    if (!was_known) {
        peers->host.known(peers->host.context, peer->id);
    }
}

void weft_peer_on_init(struct weft_peers *peers, const struct weft_address *from,
                       const uint8_t *bytes, bool is_question, weft_ns now_ns)
{
    const struct weft_membership *membership = peers->membership;
    struct weft_packet packet = weft_packet_read(bytes, WEFT_PACKET_INIT_BYTES);
    struct weft_noise noise;
    uint8_t greeting_bytes[WEFT_GREETING_BYTES];
    struct weft_greeting greeting;
    struct weft_certificate read;
    struct weft_endpoint member = {.address = *from};
    weft_noise_begin(&noise, is_question ? &membership->contact : &membership->own, NULL,
                     membership->prologue, sizeof(membership->prologue));
    if (!weft_noise_read_1(&noise, bytes + WEFT_PACKET_1_AT, WEFT_PACKET_1_BYTES, greeting_bytes) ||
        !weft_greeting_read(&greeting, greeting_bytes)) {
        weft_noise_wipe(&noise);
        return;
    }
    enum weft_doubt doubt = weft_membership_check(membership, noise.peer, greeting.certificate,
                                                  weft_membership_now_s(), &read, &member.id);
    if (doubt != WEFT_DOUBT_NONE) {
        weft_peers_note_doubt(peers, noise.peer, from, doubt);
    } else if (weft_peer_is_twin(peers, &member, greeting.time_ms)) {
        /* Nothing is kept of it, and it hears nothing. */
    } else if (is_question) { /* of a copy, too: what comes of it is a refusal */
        const struct weft_packet answer = {.kind = WEFT_PACKET_ANSWER, .receiver = packet.sender};
        send_answer(peers, from, &noise, &answer, read.key, membership->certificate);
    } else if (member.id != membership->id) {
        on_member(peers, &member, &read, greeting.time_ms, &noise, packet.sender, now_ns);
    }
    weft_noise_wipe(&noise);
}
