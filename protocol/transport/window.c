/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of bits of window.h. A word is cleared when the newest counter enters it, so that the
 * cost is that of the words passed, and none of the bits is moved. */
#include "window.h"

#include <string.h>

static uint64_t *word_of(struct weft_window *window, uint64_t counter)
{
    return &window->words[(counter / 64) % WEFT_WINDOW_WORDS];
}

bool weft_window_is_new(const struct weft_window *window, uint64_t counter)
{
    if (counter >= window->end) {
        return counter != UINT64_MAX;
    }
    if (window->end - counter > WEFT_WINDOW_BITS) {
        return false;
    }
    uint64_t word = window->words[(counter / 64) % WEFT_WINDOW_WORDS];
    return (word >> (counter % 64) & 1) == 0;
}

/* Clear the words between that of the newest counter and that of |counter|, the latter included. */
static void advance(struct weft_window *window, uint64_t counter)
{
    uint64_t newest = window->end == 0 ? 0 : (window->end - 1) / 64;
    uint64_t steps = counter / 64 - newest;
    if (steps >= WEFT_WINDOW_WORDS) {
        memset(window->words, 0, sizeof(window->words));
        return;
    }
    for (uint64_t i = 1; i <= steps; i++) {
        window->words[(newest + i) % WEFT_WINDOW_WORDS] = 0;
    }
}

bool weft_window_accept(struct weft_window *window, uint64_t counter)
{
    if (!weft_window_is_new(window, counter)) {
        return false;
    }
    /* Accepted. */
    if (counter >= window->end) {
        advance(window, counter);
        window->end = counter + 1;
    }
    *word_of(window, counter) |= UINT64_C(1) << (counter % 64);
    return true;
}
