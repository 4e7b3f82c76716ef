/* SPDX-License-Identifier: Apache-2.0 */
/* Was this datagram here before? A window of WEFT_WINDOW_BITS counters behind the newest one, moved
 * by whole words as RFC 6479 does. SPEC.md section "Sessions". */
#ifndef WEFT_TRANSPORT_WINDOW_H
#define WEFT_TRANSPORT_WINDOW_H

#include "../types.h"
#include "bounds.h"

/* One word more than the window: the newest word is never whole. */
#define WEFT_WINDOW_WORDS (WEFT_WINDOW_BITS / 64 + 1)

/* All zero = nothing was accepted yet. */
struct weft_window {
    uint64_t end;                      /* the newest counter accepted, plus 1 */
    uint64_t words[WEFT_WINDOW_WORDS]; /* a ring of bits: counter was accepted */
};

/* May |counter| be accepted? Changes nothing: it is asked before the seal is checked. */
bool weft_window_is_new(const struct weft_window *window, uint64_t counter);

/* Accept |counter|. Errors: false if it is too old or was accepted before; nothing changes then. */
bool weft_window_accept(struct weft_window *window, uint64_t counter);

#endif
