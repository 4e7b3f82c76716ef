/* SPDX-License-Identifier: Apache-2.0 */
/* What did it take? The table at the end of a demo. */
#ifndef WEFT_DEMO_SUMMARY_H
#define WEFT_DEMO_SUMMARY_H

#include "demo_mesh.h"
#include "page.h"

/* Least time in which the release can reach every node: the source sends every byte once at least.
 * Result: milliseconds; 0 = the source is not limited. */
uint64_t weft_demo_summary_bound_ms(uint64_t bytes, uint64_t source_rate_bytes_per_s);

/* Draw the table and what it means. */
void weft_demo_summary_draw(struct weft_page *page, const struct weft_demo_mesh *mesh);

#endif
