/* SPDX-License-Identifier: Apache-2.0 */
/* The replay window: steps written out, WireGuard's sequences with this window's size, and a
 * random walk against a model that remembers everything. */
#include "tests/support/check_main.h"

#include "protocol/rng.h"
#include "protocol/transport/window.h"

#include <string.h>

/* Counters in order, and whether each is to be accepted. */
#define W ((uint64_t)WEFT_WINDOW_BITS)
static const struct step {
    uint64_t counter; /* offered */
    bool is_new;      /* to be accepted */
} steps[] = {
    {0, true},
    {1, true},
    {1, false},
    {9, true},
    {8, true},
    {7, true},
    {7, false},
    {W, true},
    {W - 1, true},
    {W - 1, false},
    {W - 2, true},
    {2, true},
    {2, false},
    {W + 16, true},
    {3, false},
    {W + 16, false},
    {4 * W, true},
    {4 * W - (W - 1), true},
    {10, false},
    {4 * W - W, false},
    {4 * W - (W + 1), false},
    {4 * W - (W - 2), true},
    {4 * W + 1 - W, false},
    {0, false},
    {UINT64_MAX, false},
    {UINT64_MAX - 1, true},
    {UINT64_MAX, false},
    {UINT64_MAX - 1, false},
    {UINT64_MAX - 2, true},
    {UINT64_MAX - 3, true},
    {UINT64_MAX - 3, false},
    {UINT64_MAX - 1 - W, false},
    {UINT64_MAX - W, true},
    {0, false},
};

START_TEST(written_steps)
{
    struct weft_window window = {0};
    for (size_t i = 0; i < WEFT_ROWS(steps); i++) {
        ck_assert_msg(weft_window_is_new(&window, steps[i].counter) == steps[i].is_new,
                      "step %zu asked", i);
        ck_assert_msg(weft_window_accept(&window, steps[i].counter) == steps[i].is_new, "step %zu",
                      i);
    }
}
END_TEST

/* WireGuard's bulk sequences: runs up and down over the whole window and past it. */
START_TEST(runs)
{
    struct weft_window window = {0};
    for (uint64_t i = 1; i < W; i++) { /* 1. up, then the oldest that fits */
        ck_assert(weft_window_accept(&window, i));
    }
    ck_assert(weft_window_accept(&window, 0));
    ck_assert(!weft_window_accept(&window, 0));

    memset(&window, 0, sizeof(window));
    for (uint64_t i = 2; i <= W + 1; i++) { /* 2. up, and one too old */
        ck_assert(weft_window_accept(&window, i));
    }
    ck_assert(!weft_window_accept(&window, 1));
    ck_assert(!weft_window_accept(&window, 0));

    memset(&window, 0, sizeof(window));
    for (uint64_t i = W + 1; i-- > 0;) { /* 3. down; the last one is too old */
        ck_assert(weft_window_accept(&window, i) == (i > 0));
    }

    memset(&window, 0, sizeof(window));
    for (uint64_t i = W + 2; i-- > 1;) { /* 4. down from one higher */
        ck_assert(weft_window_accept(&window, i) == (i > 1));
    }
    ck_assert(!weft_window_accept(&window, 0));

    memset(&window, 0, sizeof(window));
    for (uint64_t i = W; i-- > 1;) { /* 5. down, then the next one up */
        ck_assert(weft_window_accept(&window, i));
    }
    ck_assert(weft_window_accept(&window, W));
    ck_assert(!weft_window_accept(&window, 0));

    memset(&window, 0, sizeof(window));
    for (uint64_t i = W; i-- > 1;) { /* 6. down, 0, then up */
        ck_assert(weft_window_accept(&window, i));
    }
    ck_assert(weft_window_accept(&window, 0));
    ck_assert(weft_window_accept(&window, W));
}
END_TEST

/* A model that remembers every counter below LIMIT. */
enum { LIMIT = 1 << 20, WALKS = 100000 };
static uint8_t seen[LIMIT];

START_TEST(random_walk)
{
    struct weft_window window = {0};
    uint64_t rng = 0x5eed;
    uint64_t newest = 0;
    bool any = false;
    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < WALKS; i++) {
        uint64_t spread = weft_rng_below(&rng, 50) == 0 ? 3 * W : W + 40;
        uint64_t base = newest > spread / 2 ? newest - spread / 2 - spread / 3 : 0;
        base = newest > spread ? base : 0;
        uint64_t counter = base + weft_rng_below(&rng, (uint32_t)spread);
        if (counter >= LIMIT) {
            break;
        }
        bool is_new = !seen[counter] && (!any || counter + W > newest);
        ck_assert_msg(weft_window_accept(&window, counter) == is_new, "walk %d, counter %llu", i,
                      (unsigned long long)counter);
        if (is_new) {
            seen[counter] = 1;
            newest = counter > newest || !any ? counter : newest;
            any = true;
        }
    }
    ck_assert_uint_gt(newest, 10 * W);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("window");
    WEFT_ADD(suite, written_steps);
    WEFT_ADD(suite, runs);
    WEFT_ADD(suite, random_walk);
    return suite;
}

WEFT_CHECK_MAIN(make_suite)
