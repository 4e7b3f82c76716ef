/* SPDX-License-Identifier: Apache-2.0 */
/* Packets on any bytes. Checked: whatever is taken for a packet has a length of its kind and is
 * written again as it was; a first message that nobody sealed is opened by nobody. */
#include "protocol/transport/packet.h"
#include "tests/fuzz/replay.h"

#include <string.h>

static void check_first_message(const uint8_t *bytes)
{
    struct weft_noise noise;
    struct weft_noise_pair own = {.secret = {1, 2, 3}};
    uint8_t greeting[WEFT_GREETING_BYTES];
    weft_noise_publish(&own);
    weft_noise_begin(&noise, &own, NULL, "weft", 4);
    WEFT_FUZZ_CHECK(!weft_noise_read_1(&noise, bytes, WEFT_PACKET_1_BYTES, greeting));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct weft_packet packet = weft_packet_read(bytes, length);
    uint8_t again[WEFT_PACKET_DATA_AT] = {0};
    if (packet.kind == WEFT_PACKET_NONE) {
        return 0;
    }
    weft_packet_put(&packet, again);
    size_t head = packet.kind == WEFT_PACKET_DATA || packet.kind == WEFT_PACKET_CONTROL
                      ? WEFT_PACKET_DATA_AT
                  : packet.kind == WEFT_PACKET_ANSWER ? WEFT_PACKET_2_AT
                                                      : WEFT_PACKET_GONE_BYTES;
    WEFT_FUZZ_CHECK(length >= head && memcmp(again, bytes, head) == 0);
    if (packet.kind == WEFT_PACKET_INIT) {
        check_first_message(bytes + WEFT_PACKET_1_AT);
    }
    return 0;
}
