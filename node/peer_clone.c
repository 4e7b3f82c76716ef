/* SPDX-License-Identifier: Apache-2.0 */
/* What follows when an identity runs in two places (clone.h): only the address that was there first
 * is heard and written to, and people are told once. SPEC.md section "Copied identities". */
#include "peer_state.h"

#include "log.h"

#include "../protocol/address.h"

#include <sodium.h>
#include <string.h>

/* What is told once of |id|, kept in one place and heard in another. */
static uint64_t mark_of(weft_node_id id, const struct weft_address *kept,
                        const struct weft_address *other)
{
    uint8_t bytes[8 + 2 * (WEFT_IP_BYTES + 2)];
    uint8_t mark[crypto_generichash_BYTES_MIN];
    const struct weft_address *addresses[] = {kept, other};
    weft_bytes_put(bytes, 8, id);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *at = bytes + 8 + i * (WEFT_IP_BYTES + 2);
        memcpy(at, addresses[i]->ip, WEFT_IP_BYTES);
        weft_bytes_put(at + WEFT_IP_BYTES, 2, addresses[i]->port);
    }
    crypto_generichash(mark, sizeof(mark), bytes, sizeof(bytes), NULL, 0);
    return weft_bytes_get(mark, 8);
}

static void tell(struct weft_peers *peers, const struct weft_peer *peer,
                 const struct weft_address *other)
{
    char kept_text[WEFT_ADDRESS_TEXT_BYTES];
    char other_text[WEFT_ADDRESS_TEXT_BYTES];
    if (!weft_peer_is_first(peers, mark_of(peer->id, &peer->clone.kept, other))) {
        return;
    }
    weft_address_format(other, other_text, sizeof(other_text));
    weft_log(WEFT_LOG_WARNING,
             "refused a copy of node %016llx, %s: it runs at %s and at %s, which gets nothing; on "
             "the copy, stop it, remove node.key and membership from its data directory DIR, and "
             "run: weft join TOKEN --data DIR",
             (unsigned long long)peer->id, peer->certificate.name,
             weft_address_format(&peer->clone.kept, kept_text, sizeof(kept_text)), other_text);
}

bool weft_peer_is_twin(struct weft_peers *peers, const struct weft_endpoint *member,
                       uint64_t time_ms)
{
    static const struct weft_address here = {.port = 0};
    char text[WEFT_ADDRESS_TEXT_BYTES];
    weft_node_id id = peers->membership->id;
    if (member->id != id || time_ms <= peers->time_ms) {
        return false;
    }
    if (weft_peer_is_first(peers, mark_of(id, &here, &member->address))) {
        weft_log(WEFT_LOG_WARNING,
                 "another machine, at %s, has the identity of this node; on the one that is the "
                 "copy, stop it, remove node.key and membership from its data directory DIR, and "
                 "run: weft join TOKEN --data DIR",
                 weft_address_format(&member->address, text, sizeof(text)));
    }
    return true;
}

/* ---- The other side: this node is refused ---- */

/* The letter of a certificate, and that of a refusal. */
#define CERTIFICATE_LETTER 'W'
#define REFUSAL_LETTER 'w'

/* Units: ns; so long a refusal is shown. */
#define SHOWN_NS (600 * WEFT_NS_PER_S)

void weft_peer_make_refusal(uint8_t certificate[WEFT_CERTIFICATE_BYTES])
{
    certificate[0] = REFUSAL_LETTER;
}

bool weft_peer_take_refusal(uint8_t certificate[WEFT_CERTIFICATE_BYTES])
{
    bool is_refusal = certificate[0] == REFUSAL_LETTER;
    certificate[0] = is_refusal ? CERTIFICATE_LETTER : certificate[0];
    return is_refusal;
}

/* A member can say so falsely: nothing follows from it but a line. */
void weft_peer_on_refusal(struct weft_peers *peers, const struct weft_peer *peer,
                          const struct weft_certificate *certificate, weft_ns now_ns)
{
    static const struct weft_address here = {.port = 0};
    char text[WEFT_ADDRESS_TEXT_BYTES];
    peers->refusal =
        (struct weft_peers_refusal){.id = peer->id, .address = peer->address, .at_ns = now_ns};
    memcpy(peers->refusal.name, certificate->name, sizeof(peers->refusal.name));
    if (weft_peer_is_first(peers, mark_of(peers->membership->id, &here, &here))) {
        weft_log(WEFT_LOG_WARNING,
                 "the identity of this node is in use elsewhere: %s at %s hears the other one, and "
                 "this node gets nothing; on the one that is the copy, stop it, remove node.key "
                 "and membership from its data directory DIR, and run: weft join TOKEN --data DIR",
                 certificate->name, weft_address_format(&peer->address, text, sizeof(text)));
    }
}

bool weft_peers_refused(const struct weft_peers *peers, weft_ns now_ns,
                        struct weft_peers_refusal *refusal)
{
    if (peers->refusal.id == 0 || now_ns - peers->refusal.at_ns > SHOWN_NS) {
        return false;
    }
    *refusal = peers->refusal;
    return true;
}

/* ---- Who is refused here ---- */

/* What is under way to the copy comes to nothing. */
static void move_back(struct weft_peer *peer)
{
    if (!weft_peer_is_at(peer, &peer->clone.kept)) {
        weft_peer_end_attempt(peer);
        peer->rest_until_ns = 0;
        peer->address = peer->clone.kept;
    }
}

bool weft_peer_is_copy(struct weft_peers *peers, struct weft_peer *peer,
                       const struct weft_address *from, weft_ns now_ns)
{
    enum weft_clone_verdict verdict = weft_clone_hear(&peer->clone, from, now_ns);
    if (verdict == WEFT_CLONE_FOUND) {
        tell(peers, peer, &peer->clone.other);
        move_back(peer);
        peers->host.cloned(peers->host.context);
    } else if (verdict == WEFT_CLONE_REFUSED) {
        tell(peers, peer, from);
        peer->clone.other = *from;
    }
    return verdict == WEFT_CLONE_REFUSED;
}

bool weft_peers_is_copy(const struct weft_peers *peers, weft_node_id id,
                        const struct weft_address *from)
{
    const struct weft_peer *peer = weft_peer_find(peers, id);
    return peer != NULL && weft_clone_refuses(&peer->clone, from, true /* by_ip */);
}

struct weft_endpoint weft_peers_where(const struct weft_peers *peers,
                                      const struct weft_endpoint *to)
{
    const struct weft_peer *peer = weft_peer_find(peers, to->id);
    return (struct weft_endpoint){.id = to->id,
                                  .address = peer != NULL && peer->clone.is_held ? peer->clone.kept
                                                                                 : to->address};
}

uint32_t weft_peers_copies(const struct weft_peers *peers, struct weft_peers_copy *copies,
                           uint32_t limit)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WEFT_PEERS_MAX && count < limit; i++) {
        const struct weft_peer *peer = peers->items[i];
        if (peer != NULL && peer->clone.is_held) {
            struct weft_peers_copy *copy = &copies[count++];
            copy->id = peer->id;
            memcpy(copy->name, peer->certificate.name, sizeof(copy->name));
            copy->kept = peer->clone.kept;
            copy->other = peer->clone.other;
        }
    }
    return count;
}
