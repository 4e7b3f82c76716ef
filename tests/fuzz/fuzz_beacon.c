/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons on any bytes. Checked: what has no mac of the key is none; with a mac made for it, it is
 * one only if it is what is written for what it says. */
#include "protocol/transport/beacon.h"
#include "tests/fuzz/replay.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const uint8_t key[WEFT_COOKIE_KEY_BYTES] = {7};
    uint8_t sealed[WEFT_BEACON_BYTES] = {0};
    uint8_t again[WEFT_BEACON_BYTES];
    struct weft_beacon_sign sign;
    size_t body = sizeof(sealed) - WEFT_COOKIE_MAC_BYTES;
    WEFT_FUZZ_CHECK(!weft_beacon_read(&sign, key, bytes, length));
    memcpy(sealed, bytes, length < body ? length : body);
    weft_cookie_mac(sealed + body, key, sizeof(key), sealed, body);
    if (weft_beacon_read(&sign, key, sealed, sizeof(sealed))) {
        weft_beacon_put(&sign, key, again);
        WEFT_FUZZ_CHECK(memcmp(again, sealed, sizeof(sealed)) == 0);
    }
    return 0;
}
