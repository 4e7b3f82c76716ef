/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on their way in the simulator: none is mixed up with another, and the memory of a storm
 * is given back when it is over. */
#include "tests/support/check_main.h"

#include "sim/buffer.h"

#include "protocol/limits.h"

#include <string.h>

static struct weft_sim_buffers buffers;

static void setup(void)
{
    weft_sim_buffer_begin(&buffers);
}

static void teardown(void)
{
    weft_sim_buffer_end(&buffers);
}

static uint32_t keep(uint32_t length, uint8_t mark)
{
    static uint8_t bytes[WEFT_FRAME_BYTES_MAX];
    memset(bytes, mark, length);
    uint32_t name = weft_sim_buffer_keep(&buffers, bytes, length);
    ck_assert_uint_ne(name, WEFT_SIM_BUFFER_NONE);
    return name;
}

static bool holds(uint32_t name, uint32_t length, uint8_t mark)
{
    const uint8_t *bytes = weft_sim_buffer_bytes(&buffers, name);
    for (uint32_t i = 0; i < length; i++) {
        if (bytes[i] != mark) {
            return false;
        }
    }
    return true;
}

/* Buffers that there is memory for. */
static uint32_t buffer_count(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < WEFT_SIM_BUFFER_SIZES; i++) {
        count += buffers.sizes[i].used_count;
    }
    return count;
}

START_TEST(every_length_has_a_place)
{
    for (uint32_t length = 1; length <= WEFT_FRAME_BYTES_MAX; length++) {
        uint32_t name = keep(length, (uint8_t)length);
        ck_assert(holds(name, length, (uint8_t)length));
        weft_sim_buffer_give(&buffers, name);
    }
    ck_assert_uint_eq(weft_sim_buffer_keep(&buffers, NULL, WEFT_FRAME_BYTES_MAX + 1),
                      WEFT_SIM_BUFFER_NONE);
}
END_TEST

START_TEST(a_storm_gives_its_memory_back)
{
    enum { STORM = 1000 };
    static uint32_t names[STORM];
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < STORM; i++) {
            names[i] = keep(1 + i % WEFT_DATAGRAM_BYTES_MAX, (uint8_t)(i * 7));
        }
        ck_assert_uint_ge(buffer_count(), STORM);
        for (uint32_t i = 0; i < STORM; i++) {
            uint32_t at = (i * 7) % STORM; /* in another order */
            ck_assert(holds(names[at], 1 + at % WEFT_DATAGRAM_BYTES_MAX, (uint8_t)(at * 7)));
            weft_sim_buffer_give(&buffers, names[at]);
        }
        ck_assert_uint_le(buffer_count(), 16 * WEFT_SIM_BUFFER_SIZES);
    }
}
END_TEST

static Suite *buffer_suite(void)
{
    const TTest *const tests[] = {every_length_has_a_place, a_storm_gives_its_memory_back};
    Suite *suite = suite_create("sim_buffer");
    weft_check_case(suite, "buffer", setup, teardown, tests, WEFT_ROWS(tests));
    return suite;
}

WEFT_CHECK_MAIN(buffer_suite)
