/* SPDX-License-Identifier: Apache-2.0 */
/* The leaves without a state of their own: error words, trace lines, action queue, random numbers,
 * bitmaps. */
#include "tests/support/check_main.h"

#include "protocol/action.h"
#include "protocol/bitmap.h"
#include "protocol/err.h"
#include "protocol/rng.h"
#include "protocol/trace.h"

#include <string.h>

/* ---- Error words ---- */

/* A number from outside: what a damaged file or a newer peer may hold. */
static int outside(int number)
{
    volatile int kept = number;
    return kept;
}

START_TEST(test_error_words)
{
    ck_assert_str_eq(weft_err_name(WEFT_ERR_DISK_FULL), "DISK_FULL");
    ck_assert_str_eq(weft_err_text(WEFT_ERR_DISK_FULL), "no space left on device");
    ck_assert_str_eq(weft_err_text(WEFT_ERR_COUNT), "unknown error");
    ck_assert_str_eq(weft_err_text((enum weft_err)outside(-1)), "unknown error");
    ck_assert_str_eq(weft_reject_name(WEFT_REJECT_HOP_LIMIT), "HOP_LIMIT");
    ck_assert_str_eq(weft_reject_text(WEFT_REJECT_NONE), "accepted");
    ck_assert_str_eq(weft_reject_text(WEFT_REJECT_COUNT), "unknown reason");
    ck_assert_str_eq(weft_reject_name((enum weft_reject)outside(-1)), "UNKNOWN");
    for (int i = 0; i < WEFT_ERR_COUNT; i++) {
        ck_assert_uint_gt(strlen(weft_err_name((enum weft_err)i)), 0);
        ck_assert_uint_gt(strlen(weft_err_text((enum weft_err)i)), 0);
    }
}
END_TEST

/* ---- Trace lines ---- */

struct trace_row {
    struct weft_trace_record record;
    const char *line; /* what it is written as */
};

static const struct trace_row lines[] = {
    {{.kind = WEFT_TRACE_START}, "[0.000] 0000000000000000 start"},
    {{.time_ns = 110250999, .node = 2, .kind = WEFT_TRACE_MEMBER_DEAD, .peer = 0xabc, .value = 7},
     "[110.250] 0000000000000002 member-dead peer=0000000000000abc value=7"},
    {{.time_ns = 1000000000,
      .node = UINT64_C(0x123456789abcdef0),
      .kind = WEFT_TRACE_CHUNK,
      .peer = 1,
      .release = 0xff,
      .chunk = 16383,
      .value = WEFT_TIER_AGENT},
     "[1000.000] 123456789abcdef0 chunk peer=0000000000000001 release=00000000000000ff "
     "chunk=16383 value=1"},
};

START_TEST(test_trace_line)
{
    char text[160];
    size_t length = weft_trace_format(&lines[_i].record, text, sizeof(text));
    ck_assert_str_eq(text, lines[_i].line);
    ck_assert_uint_eq(length, strlen(lines[_i].line));
}
END_TEST

START_TEST(test_trace_longest_line_fits)
{
    char text[160];
    for (int kind = 0; kind < WEFT_TRACE_KIND_COUNT; kind++) {
        struct weft_trace_record record = {UINT64_MAX, UINT64_MAX, (enum weft_trace_kind)kind,
                                           UINT64_MAX, UINT64_MAX, UINT32_MAX,
                                           UINT64_MAX};
        size_t length = weft_trace_format(&record, text, sizeof(text));
        ck_assert_uint_lt(length, sizeof(text) - 1);
        ck_assert_uint_eq(weft_trace_format(&record, text, 10), 9);
        ck_assert_str_eq(text, "[18446744");
    }
    ck_assert_str_eq(weft_trace_word((enum weft_trace_kind)outside(-1)), "unknown");
    ck_assert_str_eq(weft_stall_word(WEFT_STALL_NO_PEER), "no-peer");
    ck_assert_str_eq(weft_stall_word(WEFT_STALL_COUNT), "unknown");
}
END_TEST

/* ---- Action queue ---- */

START_TEST(test_action_queue)
{
    static struct weft_action_queue queue;
    for (uint32_t i = 0; i < WEFT_ACTIONS_PER_STEP_MAX; i++) {
        struct weft_action *action = weft_action_push(&queue, WEFT_ACTION_COMPLETE);
        ck_assert_ptr_eq(action, &queue.items[i]);
        action->release = i + 1;
    }
    ck_assert_ptr_null(weft_action_push(&queue, WEFT_ACTION_LEFT));
    ck_assert_uint_eq(queue.dropped_count, 1);
    ck_assert_uint_eq(queue.count, WEFT_ACTIONS_PER_STEP_MAX);
    weft_action_reset(&queue);
    struct weft_action *action = weft_action_push(&queue, WEFT_ACTION_UPLOAD);
    ck_assert_int_eq(action->kind, WEFT_ACTION_UPLOAD);
    ck_assert_uint_eq(action->chunk.peer, 0);
    ck_assert_uint_eq(queue.dropped_count, 1);
}
END_TEST

START_TEST(test_action_arena)
{
    static struct weft_action_queue queue;
    uint8_t *first = weft_action_room(&queue, WEFT_ACTION_ARENA_BYTES);
    ck_assert_ptr_eq(first, queue.arena);
    ck_assert_ptr_null(weft_action_room(&queue, WEFT_ACTION_ARENA_BYTES + 1));
    weft_action_claim(&queue, 100);
    ck_assert_ptr_eq(weft_action_room(&queue, 1), queue.arena + 100);
    ck_assert_ptr_null(weft_action_room(&queue, WEFT_ACTION_ARENA_BYTES - 99));
    ck_assert_ptr_null(weft_action_room(&queue, UINT32_MAX));
    weft_action_claim(&queue, UINT32_MAX);
    ck_assert_uint_eq(queue.arena_used, WEFT_ACTION_ARENA_BYTES);
    ck_assert_ptr_null(weft_action_room(&queue, 1));
    weft_action_reset(&queue);
    ck_assert_ptr_eq(weft_action_room(&queue, 1), queue.arena);
}
END_TEST

/* ---- Random numbers ---- */

START_TEST(test_rng_is_splitmix64)
{
    /* First outputs of the published reference implementation for the seed 1234567. */
    static const uint64_t expected[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
    uint64_t state = 1234567;
    for (size_t i = 0; i < WEFT_ROWS(expected); i++) {
        ck_assert_uint_eq(weft_rng_next(&state), expected[i]);
    }
}
END_TEST

START_TEST(test_rng_below_is_even)
{
    uint32_t seen[7] = {0};
    uint64_t state = 1;
    for (int i = 0; i < 70000; i++) {
        seen[weft_rng_below(&state, 7)]++;
    }
    for (size_t i = 0; i < 7; i++) {
        ck_assert_uint_gt(seen[i], 9600);
        ck_assert_uint_lt(seen[i], 10400);
    }
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(weft_rng_below(&state, 1), 0);
        ck_assert_uint_lt(weft_rng_below(&state, UINT32_MAX), UINT32_MAX);
    }
}
END_TEST

/* A node that leaves takes only its own keys with it: the order of the others stays. */
START_TEST(test_rendezvous_spreads)
{
    uint32_t won[10] = {0};
    for (uint64_t key = 0; key < 10000; key++) {
        uint64_t best = 0;
        for (uint64_t node = 1; node < 10; node++) {
            best = weft_rendezvous(key, node) > weft_rendezvous(key, best) ? node : best;
        }
        won[best]++;
    }
    for (size_t node = 0; node < 10; node++) {
        ck_assert_uint_gt(won[node], 850);
        ck_assert_uint_lt(won[node], 1150);
    }
}
END_TEST

/* ---- Bitmaps ---- */

START_TEST(test_bitmap)
{
    uint64_t words[3] = {0};
    bool model[192] = {false};
    uint64_t rng = 5;
    ck_assert_uint_eq(weft_bitmap_words(0), 0);
    ck_assert_uint_eq(weft_bitmap_words(1), 1);
    ck_assert_uint_eq(weft_bitmap_words(64), 1);
    ck_assert_uint_eq(weft_bitmap_words(65), 2);
    for (int round = 0; round < 2000; round++) {
        uint32_t index = weft_rng_below(&rng, 192);
        model[index] = weft_rng_below(&rng, 2) == 1;
        if (model[index]) {
            weft_bitmap_set(words, index);
        } else {
            weft_bitmap_clear(words, index);
        }
        uint32_t count = 0;
        for (uint32_t i = 0; i < 192; i++) {
            ck_assert(weft_bitmap_has(words, i) == model[i]);
            count += model[i];
        }
        ck_assert_uint_eq(weft_bitmap_count(words, 3), count);
    }
}
END_TEST

static Suite *leaves_suite(void)
{
    Suite *suite = suite_create("leaves");
    WEFT_ADD(suite, test_error_words);
    WEFT_ADD_ROWS(suite, test_trace_line, lines);
    WEFT_ADD(suite, test_trace_longest_line_fits);
    WEFT_ADD(suite, test_action_queue);
    WEFT_ADD(suite, test_action_arena);
    WEFT_ADD(suite, test_rng_is_splitmix64);
    WEFT_ADD(suite, test_rng_below_is_even);
    WEFT_ADD(suite, test_rendezvous_spreads);
    WEFT_ADD(suite, test_bitmap);
    return suite;
}

WEFT_CHECK_MAIN(leaves_suite)
