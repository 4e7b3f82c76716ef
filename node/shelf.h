/* SPDX-License-Identifier: Apache-2.0 */
/* Verified documents in memory, by path, for serving to peers. Knows nothing of trust. */
#ifndef WEFT_SHELF_H
#define WEFT_SHELF_H

#include "protocol/err.h"
#include "protocol/types.h"

struct weft_shelf_item {
    char *path;     /* below the repository; owned */
    uint8_t *bytes; /* [length]; owned */
    size_t length;  /* bytes */
};

struct weft_shelf {
    struct weft_shelf_item *items; /* [count], in no order; owned */
    size_t count;                  /* documents; the callers keep them few */
};

/* Put a copy of |bytes| under |path|, instead of what is there.
 * Errors: MEMORY; the shelf is then as before. */
enum weft_err weft_shelf_put(struct weft_shelf *shelf, const char *path, const uint8_t *bytes,
                             size_t length);

/* The document at |path|; NULL if there is none. Borrowed until the shelf changes. */
const struct weft_shelf_item *weft_shelf_find(const struct weft_shelf *shelf, const char *path);

/* Remove every document of which |keep| says false. */
void weft_shelf_sweep(struct weft_shelf *shelf, bool (*keep)(void *context, const char *path),
                      void *context);

/* Release all documents; the struct is the caller's and empty afterwards. */
void weft_shelf_clear(struct weft_shelf *shelf);

#endif
