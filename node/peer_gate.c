/* SPDX-License-Identifier: Apache-2.0 */
/* Which first messages are worth a key exchange, which costs a hundred times a mac? None without
 * mac1. Under load only those of proved addresses, and of each and of all a bounded number. */
#include "peer_state.h"

#include "log.h"

#include "../protocol/address.h"

#include <sodium.h>
#include <string.h>

static void send_cookie(struct weft_peers *peers, const struct weft_address *to,
                        const struct weft_cookie_keys *keys, const uint8_t *init)
{
    uint8_t out[WEFT_PACKET_COOKIE_BYTES];
    uint8_t cookie[WEFT_COOKIE_BYTES];
    const struct weft_packet packet = {.kind = WEFT_PACKET_COOKIE,
                                       .receiver =
                                           weft_packet_read(init, WEFT_PACKET_INIT_BYTES).sender};
    weft_packet_put(&packet, out);
    randombytes_buf(out + WEFT_PACKET_COOKIE_NONCE_AT, WEFT_COOKIE_NONCE_BYTES);
    weft_cookie_make(cookie, peers->secrets[0], to);
    weft_cookie_seal(keys, out + WEFT_PACKET_COOKIE_NONCE_AT, init + WEFT_PACKET_INIT_MAC1_AT,
                     cookie, out + WEFT_PACKET_COOKIE_SEALED_AT);
    peers->host.send(peers->host.context, to, out, sizeof(out), false /* local */);
}

/* Where it is remembered that a first message was here: each has a new ephemeral key, so who sends
 * one again is somebody who overheard it and cannot make one. *mark is its mark. */
static uint64_t *place_of(struct weft_peers *peers, const uint8_t *init, uint64_t *mark)
{
    *mark = weft_bytes_get(init + WEFT_PACKET_INIT_MAC1_AT, 8);
    return &peers->inits[*mark % WEFT_INITS_MAX];
}

/* Does mac2 show a cookie of this period or the last one? */
static bool is_proved(const struct weft_peers *peers, const struct weft_address *from,
                      const uint8_t *init)
{
    uint8_t cookie[WEFT_COOKIE_BYTES];
    if (sodium_is_zero(init + WEFT_PACKET_INIT_MAC2_AT, WEFT_COOKIE_MAC_BYTES)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        weft_cookie_make(cookie, peers->secrets[i], from);
        if (weft_cookie_mac_ok(init + WEFT_PACKET_INIT_MAC2_AT, cookie, sizeof(cookie), init,
                               WEFT_PACKET_INIT_MAC2_AT)) {
            return true;
        }
    }
    return false;
}

/* Count a first message; true if there are too many to trust addresses. */
static bool is_loaded(struct weft_peers *peers, weft_ns now_ns)
{
    if (now_ns - peers->load_since_ns >= WEFT_NS_PER_S) {
        bool is_next = now_ns - peers->load_since_ns < 2 * WEFT_NS_PER_S;
        peers->loaded = is_next && peers->load_count > WEFT_LOAD_PER_S;
        peers->load_since_ns = now_ns;
        peers->load_count = 0;
    }
    peers->load_count++;
    return peers->loaded || peers->load_count > WEFT_LOAD_PER_S;
}

static bool is_for(const struct weft_cookie_keys *keys, const uint8_t *init)
{
    return weft_cookie_mac_ok(init + WEFT_PACKET_INIT_MAC1_AT, keys->mac1, sizeof(keys->mac1), init,
                              WEFT_PACKET_INIT_MAC1_AT);
}

void weft_peer_gate(struct weft_peers *peers, const struct weft_address *from, const uint8_t *bytes,
                    weft_ns now_ns)
{
    uint64_t mark = 0;
    uint64_t *place = place_of(peers, bytes, &mark);
    if (*place == mark) {
        return;
    }
    bool is_question = !is_for(&peers->own_keys, bytes);
    if (is_question && !is_for(&peers->contact_keys, bytes)) {
        return;
    }
    *place = mark;
    if (!is_loaded(peers, now_ns)) {
        weft_peer_on_init(peers, from, bytes, is_question, now_ns);
    } else if (!is_proved(peers, from, bytes)) {
        send_cookie(peers, from, is_question ? &peers->contact_keys : &peers->own_keys, bytes);
    } else if (weft_rate_take(&peers->rate, from, now_ns)) {
        weft_peer_on_init(peers, from, bytes, is_question, now_ns);
    }
}

bool weft_peers_admit(struct weft_peers *peers, const struct weft_address *from, weft_ns now_ns)
{
    return !is_loaded(peers, now_ns) || weft_rate_take(&peers->rate, from, now_ns);
}

void weft_peer_gate_expire(struct weft_peers *peers, weft_ns now_ns)
{
    if (now_ns - peers->secret_since_ns >= WEFT_COOKIE_MS * WEFT_NS_PER_MS) {
        memcpy(peers->secrets[1], peers->secrets[0], sizeof(peers->secrets[0]));
        randombytes_buf(peers->secrets[0], sizeof(peers->secrets[0]));
        peers->secret_since_ns = now_ns;
    }
}

bool weft_peer_is_first(struct weft_peers *peers, uint64_t mark)
{
    for (uint32_t i = 0; i < WEFT_PEER_DOUBTS; i++) {
        if (peers->doubts[i] == mark) {
            return false;
        }
    }
    peers->doubts[peers->doubt_count++ % WEFT_PEER_DOUBTS] = mark;
    return true;
}

void weft_peers_note_doubt(struct weft_peers *peers, const uint8_t key[32],
                           const struct weft_address *from, enum weft_doubt doubt)
{
    char text[WEFT_ADDRESS_TEXT_BYTES];
    weft_node_id id = weft_certificate_id(key);
    if (weft_peer_is_first(peers, id + (uint64_t)doubt)) {
        weft_log(WEFT_LOG_WARNING, "refused node %016llx at %s: %s", (unsigned long long)id,
                 weft_address_format(from, text, sizeof(text)), weft_doubt_text(doubt));
    }
}
