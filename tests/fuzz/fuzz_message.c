/* SPDX-License-Identifier: Apache-2.0 */
/* The datagram decoder on any bytes. Checked: what is accepted is within its limits and, written
 * again, is read as the same message; nothing else happens. */
#include "protocol/message.h"
#include "tests/fuzz/replay.h"

#include <string.h>

static uint8_t first[WEFT_DATAGRAM_BYTES_MAX];
static uint8_t second[WEFT_DATAGRAM_BYTES_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct weft_message message;
    if (weft_message_decode(bytes, length, &message) != WEFT_REJECT_NONE) {
        return 0;
    }
    WEFT_FUZZ_CHECK(message.sender != 0);
    /* Unknown trailing elements are lost, so the second writing is the one that must not change. */
    uint32_t first_length = weft_message_encode(&message, first, sizeof(first));
    WEFT_FUZZ_CHECK(first_length > 0);
    WEFT_FUZZ_CHECK(weft_message_decode(first, first_length, &message) == WEFT_REJECT_NONE);
    WEFT_FUZZ_CHECK(weft_message_encode(&message, second, sizeof(second)) == first_length);
    WEFT_FUZZ_CHECK(memcmp(first, second, first_length) == 0);
    return 0;
}
