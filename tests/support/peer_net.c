/* SPDX-License-Identifier: Apache-2.0 */
/* The network of peer_net.h: a queue of packets, and a clock that tests turn. */
#include "tests/support/peer_net.h"

#include "node/log.h"
#include "protocol/rng.h"

#include <check.h>
#include <sodium.h>
#include <string.h>

struct node nodes[NODES];
struct packet queue[QUEUE];
uint32_t queued;
weft_ns now_ns;
struct packet tapped;
enum weft_packet_kind tap;
bool is_lossy;
uint64_t rng;
uint8_t mesh_secret[2][WEFT_MESH_SECRET_BYTES];
uint8_t mesh[2][WEFT_MESH_KEY_BYTES];

struct weft_address net_address_of(uint32_t number)
{
    struct weft_address address = {.ip = {[10] = 0xff, 0xff, 10}, .port = 7767};
    weft_bytes_put(address.ip + 13, 3, number);
    return address;
}

static void on_send(void *context, const struct weft_address *to, const uint8_t *bytes,
                    size_t length, bool local)
{
    struct node *node = context;
    struct packet packet = {.from = node->self.address, .to = *to, .length = length};
    (void)local;
    memcpy(packet.bytes, bytes, length);
    node->bytes_out += length;
    if (weft_packet_read(bytes, length).kind == tap) {
        tapped = packet;
    }
    ck_assert_uint_lt(queued, QUEUE);
    if (!is_lossy || weft_rng_below(&rng, 10) >= 3) {
        queue[queued++] = packet;
    }
}

static void on_deliver(void *context, const struct weft_endpoint *from, uint8_t hop_limit,
                       const uint8_t *bytes, size_t length)
{
    struct node *node = context;
    (void)hop_limit;
    node->heard++;
    node->last_from = from->id;
    memcpy(node->last, bytes, length < sizeof(node->last) ? length : sizeof(node->last));
}

static void on_known(void *context, weft_node_id id)
{
    (void)id;
    ((struct node *)context)->known++;
}

static void on_lost(void *context, weft_node_id id)
{
    (void)id;
    ((struct node *)context)->lost++;
}

static void on_revoked(void *context)
{
    ((struct node *)context)->revoked++;
}

static void on_cloned(void *context)
{
    ((struct node *)context)->cloned++;
}

void net_admit(struct node *node, int which, uint64_t from_s, uint64_t to_s)
{
    struct weft_certificate certificate = {
        .serial = 100, .not_before_s = from_s, .not_after_s = to_s, .name = "node"};
    memcpy(certificate.key, node->membership.own.open, 32);
    memcpy(node->membership.mesh, mesh[which], WEFT_MESH_KEY_BYTES);
    memcpy(node->membership.signer, mesh[which], WEFT_MESH_KEY_BYTES);
    weft_certificate_sign(&certificate, mesh[which], mesh_secret[which],
                          node->membership.certificate);
    ck_assert_int_eq(weft_membership_complete(&node->membership), WEFT_DOUBT_NONE);
}

void net_run(struct node *node)
{
    const struct weft_peers_host host = {node,    on_send,    on_deliver, on_known,
                                         on_lost, on_revoked, on_cloned};
    node->self.id = node->membership.id;
    node->peers = weft_peers_new(&node->membership, &host, now_ns / WEFT_NS_PER_MS, now_ns);
}

void net_start(void)
{
    const uint8_t seeds[2][32] = {{1}, {2}};
    uint64_t now_s = weft_membership_now_s();
    weft_log_level(WEFT_LOG_ERROR);
    ck_assert_int_ge(sodium_init(), 0);
    now_ns = 1000 * WEFT_NS_PER_S;
    rng = 42;
    for (int i = 0; i < 2; i++) {
        crypto_sign_ed25519_seed_keypair(mesh[i], mesh_secret[i], seeds[i]);
    }
    for (uint32_t i = 0; i < NODES; i++) {
        memset(&nodes[i], 0, sizeof(nodes[i]));
        nodes[i].membership.own.secret[1] = (uint8_t)(i + 1); /* low bits do not count */
        nodes[i].membership.contact.secret[1] = 99;
        weft_noise_publish(&nodes[i].membership.own);
        net_admit(&nodes[i], 0, now_s - 4000, now_s + 4000);
        nodes[i].self.address = net_address_of(i);
        net_run(&nodes[i]);
    }
}

void net_stop(void)
{
    for (uint32_t i = 0; i < NODES; i++) {
        weft_peers_free(nodes[i].peers);
    }
}

/* Deliver everything that is under way, and what comes of it. */
void net_settle(void)
{
    for (uint32_t at = 0; at < queued; at++) {
        struct packet packet = queue[at];
        for (uint32_t i = 0; i < NODES; i++) {
            if (memcmp(&nodes[i].self.address, &packet.to, sizeof(packet.to)) == 0 &&
                nodes[i].peers != NULL) {
                weft_peers_receive(nodes[i].peers, &packet.from, 255, packet.bytes, packet.length,
                                   now_ns);
            }
        }
    }
    queued = 0;
}

void net_pass(uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i += 250) {
        now_ns += 250 * WEFT_NS_PER_MS;
        for (uint32_t k = 0; k < NODES; k++) {
            if (nodes[k].peers != NULL) {
                weft_peers_expire(nodes[k].peers, now_ns);
            }
        }
        net_settle();
    }
}

void net_say(struct node *from, const struct weft_endpoint *to, const char *text)
{
    weft_peers_send(from->peers, to, (const uint8_t *)text, strlen(text) + 1, true, now_ns);
}
