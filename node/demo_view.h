/* SPDX-License-Identifier: Apache-2.0 */
/* What does the spectator see while the release travels? On a terminal a page that is painted over,
 * elsewhere a line every two seconds. */
#ifndef WEFT_DEMO_VIEW_H
#define WEFT_DEMO_VIEW_H

#include "demo_mesh.h"
#include "meter.h"
#include "page.h"

struct weft_demo_view {
    struct weft_meter source; /* bytes that left the source */
    uint32_t painted_lines;   /* of the page on the terminal */
    int64_t line_ms;          /* when the last line was printed, elsewhere */
};

/* Draw the mesh as it is. */
void weft_demo_view_draw(struct weft_page *page, const struct weft_demo_mesh *mesh,
                         uint64_t source_rate_bytes_per_s);

/* Show the mesh as it is; |last| = it will not change any more. */
void weft_demo_view_show(struct weft_demo_view *view, const struct weft_demo_mesh *mesh, bool last);

/* Print a finished step: "  label     text". */
void weft_demo_view_step(const char *label, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
