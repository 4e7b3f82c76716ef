/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a control frame: accepted frames survive being written and read again. */
#include <stdlib.h>
#include <string.h>

#include "protocol/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[WEFT_FRAME_BYTES_MAX];
    struct weft_frame frame;
    struct weft_frame back;
    if (weft_frame_decode(data, size, &frame) != WEFT_REJECT_NONE) {
        return 0;
    }
    uint32_t length = weft_frame_encode(&frame, bytes, sizeof(bytes));
    if (weft_frame_decode(bytes, length, &back) != WEFT_REJECT_NONE || back.kind != frame.kind ||
        back.release != frame.release || back.chunk != frame.chunk || back.value != frame.value ||
        back.flags != frame.flags || back.list.length != frame.list.length) {
        abort();
    }
    return 0;
}
