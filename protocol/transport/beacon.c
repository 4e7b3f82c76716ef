/* SPDX-License-Identifier: Apache-2.0 */
/* How does a node say to its link that it is there? */
#include "beacon.h"

#include "hash.h"

#include <sodium.h>
#include <string.h>

/* Beside the kinds of packets, so that neither is ever taken for the other. */
#define BEACON_KIND 7

enum { FLAGS_AT = 4, PORT_AT = 6, ZERO_AT = 8, MAC_AT = WEFT_BEACON_BYTES - WEFT_COOKIE_MAC_BYTES };

_Static_assert(WEFT_BEACON_BYTES <= WEFT_DATAGRAM_BYTES_MAX, "fits a frame of any link");

void weft_beacon_key(uint8_t key[WEFT_COOKIE_KEY_BYTES], const uint8_t contact_open[32])
{
    weft_hash_label(key, WEFT_COOKIE_KEY_BYTES, "weft beacon", contact_open, 32);
}

void weft_beacon_put(const struct weft_beacon_sign *sign, const uint8_t key[WEFT_COOKIE_KEY_BYTES],
                     uint8_t bytes[WEFT_BEACON_BYTES])
{
    memset(bytes, 0, WEFT_BEACON_BYTES);
    weft_bytes_put(bytes, 4, BEACON_KIND);
    bytes[FLAGS_AT] = sign->is_alone ? 1 : 0;
    weft_bytes_put(bytes + PORT_AT, 2, sign->port);
    weft_cookie_mac(bytes + MAC_AT, key, WEFT_COOKIE_KEY_BYTES, bytes, MAC_AT);
}

bool weft_beacon_read(struct weft_beacon_sign *sign, const uint8_t key[WEFT_COOKIE_KEY_BYTES],
                      const uint8_t *bytes, size_t length)
{
    if (length != WEFT_BEACON_BYTES || weft_bytes_get(bytes, 4) != BEACON_KIND ||
        bytes[FLAGS_AT] > 1 || bytes[FLAGS_AT + 1] != 0 ||
        weft_bytes_get(bytes + PORT_AT, 2) == 0 ||
        !sodium_is_zero(bytes + ZERO_AT, MAC_AT - ZERO_AT) ||
        !weft_cookie_mac_ok(bytes + MAC_AT, key, WEFT_COOKIE_KEY_BYTES, bytes, MAC_AT)) {
        return false;
    }
    *sign = (struct weft_beacon_sign){.is_alone = bytes[FLAGS_AT] == 1,
                                      .port = (uint16_t)weft_bytes_get(bytes + PORT_AT, 2)};
    return true;
}
