/* SPDX-License-Identifier: Apache-2.0 */
/* How does a node say to its link that it is there? A packet of fixed layout, to a multicast group
 * that no router passes on. It proves that its maker is a member of the mesh or overheard one, and
 * nothing else: a hint. As long as the first messages that it may lead to, so that nobody can turn
 * it into more bytes for somebody else. SPEC.md section "Beacons".
 *
 *   BEACON  939  type 4 | flags 1 | zero 1 | port 2 | zero 915 | mac 16 */
#ifndef WEFT_TRANSPORT_BEACON_H
#define WEFT_TRANSPORT_BEACON_H

#include "packet.h"

#define WEFT_BEACON_BYTES (WEFT_TRIES_MAX * WEFT_PACKET_INIT_BYTES)

/* Beacons of others in company that make an own one needless; of an answer one is enough. */
#define WEFT_BEACON_ENOUGH 2

/* Mean time, in ms, to the first beacon and to an answer, which comes by BEACON_ANSWER_MS. */
#define WEFT_BEACON_SOON_MS (WEFT_BEACON_ANSWER_MS * 2 / 3)

struct weft_beacon_sign {
    bool is_alone; /* the sender knows nobody in its segment */
    uint16_t port; /* where it listens, at the address it sends from; not 0 */
};

/* The key of the mac, from the public half of the key that all members share. */
void weft_beacon_key(uint8_t key[WEFT_COOKIE_KEY_BYTES], const uint8_t contact_open[32]);

/* Write a beacon. */
void weft_beacon_put(const struct weft_beacon_sign *sign, const uint8_t key[WEFT_COOKIE_KEY_BYTES],
                     uint8_t bytes[WEFT_BEACON_BYTES]);

/* Read a beacon; |sign| is set if it is one.
 * Errors: false if it has another length, layout or key. */
bool weft_beacon_read(struct weft_beacon_sign *sign, const uint8_t key[WEFT_COOKIE_KEY_BYTES],
                      const uint8_t *bytes, size_t length);

#endif
