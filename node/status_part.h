/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that draw the status document share; included by nobody else.
 *   status_draw.c  releases, segment, source
 *   status_mesh.c  membership */
#ifndef WEFT_STATUS_PART_H
#define WEFT_STATUS_PART_H

#include "status.h"

/* A drawing under way. */
struct weft_status_drawing {
    struct weft_page *page; /* target */
    const json_t *document; /* what is drawn; borrowed */
    uint32_t value_column;  /* where values begin */
};

/* Begin a line with |text| in the column of labels. */
void weft_status_label(const struct weft_status_drawing *drawing, enum weft_style style,
                       const char *text);

/* Who may take part, and is this node still among them? */
void weft_status_draw_mesh(const struct weft_status_drawing *drawing);

/* What confines the process of the node, and what does not and why? */
void weft_status_draw_sandbox(const struct weft_status_drawing *drawing);

#endif
